"""What the Jotform adapter lets in, and what it reads out of a submission."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import jotform
from relay.senders.examples import example_of
from relay.sending import Request
from tests.example_hooks import CONTACT, updated
from tests.sender_security import ADDRESS, PAYLOADS, RECEIVED_MS, SECRET, request

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
FORM = {"id": "243231271343446", "title": "Cotiza tu departamento"}


def jotform_post(**parts: str) -> Request:
    """Give a form post with these parts."""
    content = {"_transport": {"content_type": "multipart/form-data"}, "form": {"submissionID": "1", **parts}}
    return example_of(content, jotform.about).request(url=ADDRESS, now_ms=RECEIVED_MS)


def read_jotform(**parts: str) -> Event:
    (event,) = jotform.parse(jotform_post(**parts))
    return event


def answered(**raw_request: Any) -> dict[str, Any]:
    """Give the fields of a submission with these answers."""
    return dict(read_jotform(rawRequest=json.dumps(raw_request)).fields)


def example(name: str) -> Event:
    content = json.loads((PAYLOADS / "jotform" / f"{name}.json").read_bytes())
    (event,) = jotform.parse(example_of(content, jotform.about).request(url=ADDRESS, now_ms=RECEIVED_MS))
    return event


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (f"{ADDRESS}?token=s3cr3t", {}),
        (f"{ADDRESS}?a=b&token=s3cr3t", {}),
        (ADDRESS, {"x-api-key": "s3cr3t"}),
        (f"{ADDRESS}?token=other", {"authorization": "Bearer s3cr3t"}),
    ],
)
def test_jotform_brings_its_secret_in_the_address_and_a_header_does_too(url: str, headers: dict[str, str]) -> None:
    jotform.verify(replace(request(headers, b""), url=url), ["old", "s3cr3t"])


@pytest.mark.parametrize("query", ["?token=", "?token=s3cr3", "?Token=s3cr3t", "?token=s3cr3t%20", "?token=ñ", "?s3"])
def test_jotform_is_refused_with_anything_less_than_its_secret(query: str) -> None:
    with pytest.raises(BadSignature):
        jotform.verify(replace(request({}, b""), url=ADDRESS + query), ["s3cr3t"])


def test_jotform_is_told_where_to_set_what() -> None:
    with pytest.raises(BadSignature) as missing:
        jotform.verify(replace(request({}, b""), url=ADDRESS), [SECRET])

    assert str(missing.value) == (
        "there is no Authorization or X-Api-Key header, and no token in the address; "
        "end the address at Jotform with ?token=<the secret>"
    )


CARTA = "https://www.jotform.com/uploads/acme/243231271343446/6084250982513018472/carta.pdf"


def test_jotform_gives_answers_under_the_names_and_numbers_of_their_questions() -> None:
    event = example("submission_multipart_fields")

    assert event.fields == {
        "nombre": "María José Muñoz Peña",
        "nombre_first": "María José",
        "nombre_last": "Muñoz Peña",
        "q3": "María José Muñoz Peña",
        "correo": "mj.munoz@example.com",
        "q4": "mj.munoz@example.com",
        "telefono": "+56987654321",
        "q5": "+56987654321",
        "tipo": ["Departamento"],
        "q6": ["Departamento"],
        "leadId": LEAD,
        "leadid": LEAD,
        "q7": LEAD,
        "fechaVisita": "2026-10-03",
        "fechavisita": "2026-10-03",
        "q8": "2026-10-03",
        "carta": [CARTA],
    }
    assert (event.form, event.hidden, event.campaign) == (FORM, {}, {})
    assert event.id.startswith("6084250982513018472:")
    assert (event.kind, event.at_ms, event.test) == ("", None, False)
    assert isinstance(event.raw, dict)
    assert (event.raw["ip"], event.raw["rawRequest"]["q6_tipo"]) == ("200.27.1.2", ["Departamento"])


def test_jotform_gives_answers_under_their_labels_where_their_json_is_broken() -> None:
    event = example("broken_raw_request")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Tipo": "Departamento",
        "tipo": "Departamento",
        "leadId": LEAD,
        "leadid": LEAD,
    }
    assert (event.form, event.at_ms) == (FORM, None)
    assert event.id.startswith("6084250982513018473:")
    assert isinstance(event.raw, dict)
    assert isinstance(event.raw["rawRequest"], str)


def test_jotform_joins_an_area_and_a_phone_and_keeps_an_address_in_its_parts() -> None:
    event = example("area_and_address")
    address = {
        "addr_line1": "Av. Irarrázaval 2401",
        "addr_line2": "",
        "city": "Ñuñoa",
        "state": "RM",
        "postal": "7750000",
    }
    moment = {"month": "10", "day": "3", "year": "2026", "timeInput": "10:30", "hour": "10", "min": "30"}

    assert event.fields == {
        "nombre": "Sra. María José Muñoz Peña",
        "nombre_prefix": "Sra.",
        "nombre_first": "María José",
        "nombre_last": "Muñoz Peña",
        "q3": "Sra. María José Muñoz Peña",
        "telefono": "9 8765 4321",
        "q5": "9 8765 4321",
        "direccion": address,
        "q10": address,
        "tipo": "Casa",
        "q6": "Casa",
        "fechaVisita": moment,
        "fechavisita": moment,
        "q8": moment,
        "leadId": LEAD,
        "leadid": LEAD,
        "q7": LEAD,
    }


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("", ""),
        (None, None),
        (3, 3),
        (["a"], ["a"]),
        ({}, {}),
        ({"first": "", "last": ""}, ""),
        ({"full": ""}, ""),
        ({"full": None}, None),
        ({"country": "56", "area": "9", "phone": "87654321"}, "56 9 87654321"),
        ({"area": None, "phone": "87654321"}, "87654321"),
        ({"day": "31", "month": "02", "year": "2026"}, {"day": "31", "month": "02", "year": "2026"}),
        ({"day": "", "month": "", "year": ""}, {"day": "", "month": "", "year": ""}),
        ({"day": "1", "month": "1", "year": "9" * 30}, {"day": "1", "month": "1", "year": "9" * 30}),
        ({"day": "3", "year": "2026"}, {"day": "3", "year": "2026"}),
        ({"full": ["a"]}, {"full": ["a"]}),
        ({"0": {"1": "x"}}, {"0": {"1": "x"}}),
    ],
)
def test_jotform_reads_the_value_of_each_kind_of_question(sent: Any, value: Any) -> None:
    fields = answered(q1_campo=sent)

    assert (fields["campo"], fields["q1"]) == (value, value)


def test_jotforms_own_keys_are_no_answers() -> None:
    fields = answered(
        slug="submit/1",
        buildDate="1732271172685",
        event_id="1_2_3",
        temp_upload={"q9_carta": ["carta.pdf#x"]},
        q1="no name",
        qx_campo="no number",
    )

    assert fields == {}


@pytest.mark.parametrize(
    ("pretty", "fields"),
    [
        ("", {}),
        ("sin nada", {}),
        ("Nombre:", {"Nombre": ""}),
        ("Hora:10:30, Web:https://a.cl/x", {"Hora": "10:30", "Web": "https://a.cl/x"}),
        ("Comunas:Ñuñoa, Maipú, Tipo:Casa", {"Comunas": "Ñuñoa, Maipú", "Tipo": "Casa"}),
        ("Enlaces:https://a.cl, https://b.cl", {"Enlaces": "https://a.cl, https://b.cl"}),
    ],
)
def test_jotform_parts_the_text_of_a_submission_at_its_labels(pretty: str, fields: dict[str, str]) -> None:
    event = read_jotform(rawRequest='{"q3_nombre": ', pretty=pretty)

    assert {key: value for key, value in event.fields.items() if not key.islower()} == fields


@pytest.mark.parametrize("raw_request", ["", "[]", "null", "3", '"a"', '{"a": "\\ud800"}', "[" * 300 + "]" * 300])
def test_what_is_no_object_of_answers_is_read_from_the_text_too(raw_request: str) -> None:
    assert read_jotform(rawRequest=raw_request, pretty="nombre:Ana").fields == {"nombre": "Ana"}


def test_a_jotform_submission_of_which_nothing_can_be_read_is_kept() -> None:
    event = read_jotform(rawRequest="{", formID="9")

    assert (event.fields, event.form) == ({}, {"id": "9", "title": None})


def test_a_jotform_submission_of_any_length_is_read() -> None:
    text = "a" * 900_000

    assert answered(q1_mensaje=text)["mensaje"] == text


def test_a_jotform_submission_that_is_edited_is_another_event() -> None:
    def of(**parts: str) -> str:
        return read_jotform(**parts).id

    first = of(rawRequest='{"q1_tipo": "Casa", "buildDate": "1"}')

    assert first == of(rawRequest='{"buildDate": "2", "q1_tipo": "Casa"}', webhookURL="https://other.example")
    assert first != of(rawRequest='{"q1_tipo": "Parcela"}')
    assert first != of(rawRequest='{"q1_tipo": "Casa"}', submissionID="2")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (jotform_post(submissionID=""), "submissionID is missing"),
        (request({}, b"{}"), "the body is no form post; Jotform sends multipart/form-data"),
        (request(URLENCODED, b"a=1"), "submissionID is missing"),
        (request(URLENCODED, b"submissionID=1&submissionID=2"), "submissionID is a list, not text"),
    ],
)
def test_jotform_says_which_part_can_not_be_read(one: Request, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        jotform.parse(one)

    assert str(refusal.value) == words


def test_the_jotform_examples_become_these_updates() -> None:
    contact = {**CONTACT, "metadata.formulario": "Cotiza tu departamento", "metadata.tipo_propiedad": "Departamento"}

    assert updated("jotform", "submission") == {
        **contact,
        "first_name": "María José",
        "last_name": "Muñoz Peña",
        "metadata.fecha_visita": "2026-10-03",
        "metadata.carta": CARTA,
    }
    assert updated("jotform", "submission_broken") == contact
