"""The hook files in ``rules/`` make of the example events beside them exactly what they say."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import orjson

from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Mapped, State
from relay.rulebook import check
from relay.senders import ABOUT, typeform, zapier
from relay.sending import Request

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NOW = 1_790_500_000_000
SUBMITTED = 1_790_433_227_000
EXAMPLES = Path(__file__).parent.parent / "rules"


def example_hooks() -> dict[str, Hook]:
    environment = {"TYPEFORM_SECRET": "s", "ZAPIER_TOKEN": "t"}
    hooks, faults = check(EXAMPLES, environment=environment, senders=ABOUT, destinations=("default",))
    assert faults == ()
    return hooks


def mapped_example(hook: str, name: str) -> Mapped:
    body = (EXAMPLES / hook / f"{name}.json").read_bytes()
    request = Request(headers={"content-type": "application/json"}, body=body, received_ms=NOW)
    sender = {"cotiza": typeform, "zapier": zapier}[hook]
    (event,) = sender.parse(request)
    return map_event(event, example_hooks()[hook], received_ms=NOW)


CONTACT = {
    "first_name": "María",
    "last_name": "José Muñoz Peña",
    "phone": "+56987654321",
    "email": "mj.munoz@example.com",
}


def test_the_whole_typeform_example_becomes_this_update() -> None:
    result = mapped_example("cotiza", "full")

    (update,) = result.updates
    assert update.set == {
        **CONTACT,
        "metadata.utm_source": "instagram",
        "metadata.formulario": "Cotiza tu departamento",
        "metadata.tipo_propiedad": "Departamento",
        "metadata.comunas": "Ñuñoa, Providencia",
        "metadata.dormitorios": 3,
        "metadata.fecha_visita": "2026-10-03",
        "metadata.preaprobado": True,
        "metadata.mensaje": "Busco con terraza y estacionamiento. ¡Gracias!",
        "metadata.broker_asociado": "Carolina Rojas",
        "metadata.estado_lead": "calificado",
        "metadata.resumen": "Departamento de 3 dormitorios en Ñuñoa o Providencia",
    }
    assert (result.lead, result.state, result.faults, result.at_ms) == (LEAD, State.IN_FLIGHT, (), SUBMITTED)


def test_the_partial_typeform_example_leaves_out_what_was_not_answered() -> None:
    (update,) = mapped_example("cotiza", "partial").updates

    assert update.set == {
        "first_name": "María",
        "last_name": "José Muñoz Peña",
        "phone": "+56987654321",
        "metadata.formulario": "Cotiza tu departamento",
    }


def test_the_flat_zapier_example_becomes_this_update() -> None:
    result = mapped_example("zapier", "flat")

    (update,) = result.updates
    assert update.set == {
        **CONTACT,
        "metadata.dormitorios": 3,
        "metadata.presupuesto_uf": 4500,
        "metadata.acepta_contacto": True,
        "metadata.fecha_solicitud": "2026-09-26",
        "metadata.estado_lead": "calificado",
    }
    assert (result.lead, result.state, result.at_ms) == (LEAD, State.IN_FLIGHT, None)


def test_the_form_post_of_the_zapier_examples_becomes_this_update() -> None:
    fields = orjson.loads((EXAMPLES / "zapier" / "form.json").read_bytes())["form"]
    headers = {"content-type": "application/x-www-form-urlencoded"}
    (event,) = zapier.parse(Request(headers=headers, body=urlencode(fields).encode(), received_ms=NOW))

    (update,) = map_event(event, example_hooks()["zapier"], received_ms=NOW).updates

    assert update.set == CONTACT


def test_the_grouped_zapier_example_becomes_this_update() -> None:
    (update,) = mapped_example("zapier", "unflattened").updates

    assert update.set == {**CONTACT, "metadata.tipo_propiedad": "Departamento", "metadata.dormitorios": 3}
