"""What the Typeform adapter signs, and what it reads out of a form response."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadBody
from relay.model import Event
from relay.senders import typeform
from tests.sender_security import PAYLOADS, request, signed

VECTORS = Path(__file__).parent / "vectors"
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def typeform_event(**changes: Any) -> dict[str, Any]:
    """Give a small Typeform body with these parts of its ``form_response`` changed; None leaves one out."""
    response = {
        "form_id": "Ab12Cd34",
        "token": "tok1",
        "submitted_at": "2026-09-26T14:33:47Z",
        "answers": [],
        **changes,
    }
    kept = {name: value for name, value in response.items() if value is not None}
    return {"event_id": "e1", "event_type": "form_response", "form_response": kept}


def read_typeform(content: Any) -> Event:
    (event,) = typeform.parse(signed(typeform, json.dumps(content).encode()))
    return event


@pytest.mark.parametrize("vector", json.loads((VECTORS / "typeform.json").read_bytes()), ids=lambda one: one["id"])
def test_typeform_signs_as_its_page_says(vector: dict[str, Any]) -> None:
    body = vector["body"].encode()

    headers = typeform.signature(body, vector["secret"])

    assert headers == {"Typeform-Signature": vector["expected"]}
    typeform.verify(request(vector["headers"], body), [vector["secret"]])


def test_typeform_gives_each_answer_as_a_plain_value_under_its_ref() -> None:
    event = read_typeform(json.loads((PAYLOADS / "typeform" / "form_response_full.json").read_bytes()))

    assert event.fields == {
        "nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "tipo_propiedad": "Departamento",
        "comunas": ["Ñuñoa", "Providencia"],
        "dormitorios": 3,
        "fecha_visita": "2026-10-03",
        "preaprobado": True,
        "acepta": True,
        "url_publicacion": "https://inmobiliaria.example/prop/123",
        "carta": "https://api.typeform.com/responses/files/0f1e2d3c/carta.pdf",
        "mensaje": "Busco con terraza y estacionamiento. ¡Gracias!",
    }
    assert event.hidden == {"lead_id": LEAD, "utm_source": "instagram"}
    assert event.form == {"id": "Ab12Cd34", "title": "Cotiza tu departamento"}
    assert (event.id, event.kind) == ("k3j9s0d8f7g6h5j4k3l2m1n0b9v8c7x6", "form_response")
    assert (event.at_ms, event.test) == (1_790_433_227_000, False)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"type": "choice", "choice": {"label": "Casa", "id": "c"}}, "Casa"),
        ({"type": "choice", "choice": {"other": "Parcela", "id": "other"}}, "Parcela"),
        ({"type": "choice", "choice": {}}, None),
        ({"type": "choices", "choices": {"labels": ["A", "B"], "other": "C"}}, ["A", "B", "C"]),
        ({"type": "choices", "choices": {"other": "C"}}, ["C"]),
        ({"type": "choices", "choices": {"labels": "A"}}, ["A"]),
        ({"type": "payment", "payment": {"amount": "12.50", "last4": "4242", "success": True}}, "12.50"),
        ({"type": "boolean", "boolean": False}, False),
        ({"type": "calendly", "calendly": {"start": "10:00"}}, {"start": "10:00"}),
        ({"type": "text", "text": None}, None),
        ({"type": "text"}, None),
        ({"type": ["text"], "text": "a"}, None),
        ({"text": "a"}, None),
    ],
)
def test_typeform_reads_the_value_of_each_answer_type(answer: dict[str, Any], value: Any) -> None:
    event = read_typeform(typeform_event(answers=[{**answer, "field": {"id": "i", "ref": "r"}}]))

    assert event.fields == {"r": value}


def test_typeform_falls_back_to_the_id_of_a_question_without_a_ref() -> None:
    event = read_typeform(typeform_event(answers=[{"type": "text", "text": "a", "field": {"id": "old1"}}]))

    assert event.fields == {"old1": "a"}


def test_typeform_parts_that_are_optional_may_be_missing() -> None:
    event = read_typeform(typeform_event(answers=None, submitted_at=None))

    assert (event.fields, event.hidden, event.form) == ({}, {}, {"id": "Ab12Cd34", "title": None})
    assert event.at_ms is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"event_type": "form_response"}, "form_response is missing"),
        ({"event_type": "form_response", "form_response": []}, "form_response is a list, not an object"),
        ({"form_response": {"token": "t"}}, "event_type is missing"),
        ({"event_type": 3, "form_response": {"token": "t"}}, "event_type is a number, not text"),
        (typeform_event(token=None), "form_response.token is missing"),
        (typeform_event(token=["t"]), "form_response.token is a list, not text"),
        (typeform_event(answers={"a": 1}), "form_response.answers is an object, not a list"),
        (typeform_event(answers=["a"]), "an answer of form_response is text, not an object"),
        (typeform_event(answers=[{"type": "text"}]), "the field of an answer is missing"),
        (typeform_event(answers=[{"field": {"ref": 3}}]), "the field of an answer has no ref and no id"),
        (typeform_event(hidden="a"), "form_response.hidden is text, not an object"),
        (typeform_event(definition=[1]), "form_response.definition is a list, not an object"),
    ],
)
def test_typeform_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_typeform(content)

    assert str(refusal.value) == words


def test_a_partial_typeform_response_is_an_event_of_its_own_and_so_is_a_later_one() -> None:
    def of(kind: str, time: str) -> str:
        return read_typeform({**typeform_event(submitted_at=time), "event_type": kind}).id

    early, late = "2026-09-26T14:33:47Z", "2026-09-26T14:40:00Z"

    assert of("form_response", early) == of("form_response", late) == "tok1"
    assert len({of("form_response_partial", early), of("form_response_partial", late), "tok1"}) == 3


@pytest.mark.parametrize(
    ("submitted_at", "at_ms"),
    [
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T00:00:01.234567Z", 1_234),
        ("1970-01-01T00:00:01", 1_000),
        ("1970-01-01T03:00:00+02:00", 3_600_000),
        ("0001-01-01T00:00:00+14:00", 0),
        ("9999-12-31T23:59:59-14:00", 253_402_351_199_000),
        ("yesterday", None),
        (1_790_000_000, None),
    ],
)
def test_typeform_times_are_read_to_the_millisecond(submitted_at: Any, at_ms: int | None) -> None:
    assert read_typeform(typeform_event(submitted_at=submitted_at)).at_ms == at_ms
