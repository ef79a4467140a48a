"""What the Tally adapter lets in, and what it reads out of a form response."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import tally
from tests.example_hooks import CONTACT, updated
from tests.sender_security import PAYLOADS, SECRET, request, signed

VECTORS = json.loads((Path(__file__).parent / "vectors" / "tally.json").read_bytes())
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def tally_response(*fields: Any, **changes: Any) -> dict[str, Any]:
    """Give a small Tally body with these fields, and these parts of its ``data`` changed; None leaves one out."""
    response = {"responseId": "r1", "formId": "f1", "formName": "Cotiza", "fields": list(fields), **changes}
    kept = {name: value for name, value in response.items() if value is not None}
    return {"eventId": "e1", "eventType": "FORM_RESPONSE", "createdAt": "2026-09-26T14:33:47.889Z", "data": kept}


def answer(value: Any, **more: Any) -> dict[str, Any]:
    return {"key": "question_1", "label": "Campo", "type": "INPUT_TEXT", "value": value, **more}


def read_tally(content: Any) -> Event:
    (event,) = tally.parse(signed(tally, json.dumps(content).encode()))
    return event


def example(name: str) -> Event:
    return read_tally(json.loads((PAYLOADS / "tally" / f"{name}.json").read_bytes()))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["id"])
def test_tally_signs_as_its_page_says(vector: dict[str, Any]) -> None:
    one = request(vector["headers"], vector["body"].encode())

    tally.verify(one, ["old", vector["secret"]])

    made = tally.sign(replace(one, headers={}), vector["secret"])
    assert made.headers == {"tally-signature": vector["expected"]}


def test_tally_is_told_where_to_set_what() -> None:
    with pytest.raises(BadSignature) as missing:
        tally.verify(request({}, b"{}"), [SECRET])
    with pytest.raises(BadSignature) as wrong:
        tally.verify(request({"Tally-Signature": "abc="}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no Tally-Signature header; set a signing secret at the Tally webhook, the same as the hook's"
    )
    assert str(wrong.value) == "the Tally-Signature header does not match any of the hook's secrets"


def test_tally_gives_answers_under_their_labels_with_the_texts_of_choices() -> None:
    event = example("form_response")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "Fecha de visita": "2026-10-03",
        "fecha_de_visita": "2026-10-03",
        "Tipo": "Departamento",
        "tipo": "Departamento",
        "Dormitorios": "3",
        "dormitorios": "3",
        "Comentario": None,
        "comentario": None,
    }
    assert event.hidden == {"lead_id": LEAD}
    assert (event.form, event.campaign) == ({"id": "mV425y", "title": "Cotiza tu departamento"}, {})
    assert (event.id, event.kind) == ("LQy7MJ", "FORM_RESPONSE")
    assert (event.at_ms, event.test) == (1_790_433_227_000, False)


def test_tally_responses_of_old_had_no_lists_and_no_time_of_their_own() -> None:
    event = example("form_response_2021")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Tipo": "Casa",
        "tipo": "Casa",
    }
    assert event.hidden == {"lead_id": LEAD}
    assert event.form == {"id": "mV425y", "title": "Cotiza tu departamento"}
    assert (event.id, event.kind, event.at_ms) == ("wzXzbw", "FORM_RESPONSE", 1_636_036_427_889)


def test_tally_gives_check_boxes_as_a_list_and_files_as_addresses() -> None:
    event = example("form_response_choices_and_files")

    assert event.fields == {
        "¿En qué comunas?": ["Ñuñoa"],
        "en_que_comunas": ["Ñuñoa"],
        "Carta": ["https://storage.tally.so/private/carta.pdf"],
        "carta": ["https://storage.tally.so/private/carta.pdf"],
        "Presupuesto": 4500,
        "presupuesto": 4500,
        "question_r3": 9000,
        "question_sinEtiqueta": "Busco con terraza",
        "question_sinetiqueta": "Busco con terraza",
    }
    assert (event.id, event.hidden) == ("pBx0Kd", {"lead_id": LEAD})
    assert event.form == {"id": "mV425y", "title": "Cotiza tu departamento"}
    assert (event.kind, event.at_ms) == ("FORM_RESPONSE", 1_790_434_930_000)


OPTIONS = [{"id": "a", "text": "Casa"}, {"id": "b", "text": "Parcela"}]


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (answer(["a"], type="MULTIPLE_CHOICE", options=OPTIONS), "Casa"),
        (answer(["a", "b"], type="MULTIPLE_CHOICE", options=OPTIONS), ["Casa", "Parcela"]),
        (answer([], type="DROPDOWN", options=OPTIONS), None),
        (answer("b", type="DROPDOWN", options=OPTIONS), "Parcela"),
        (answer(["b"], type="CHECKBOXES", options=OPTIONS), ["Parcela"]),
        (answer([], type="CHECKBOXES", options=OPTIONS), []),
        (answer(True, type="CHECKBOXES"), True),
        (answer(["z"], type="DROPDOWN", options=OPTIONS), "z"),
        (answer(["a"], type="DROPDOWN", options=None), "a"),
        (answer(["a"], type="DROPDOWN", options={"id": "a"}), "a"),
        (answer(["a"], type="DROPDOWN", options=["a", {"id": 3}, {"text": "x"}]), "a"),
        (answer([{"name": "sin dirección"}], type="FILE_UPLOAD"), [{"name": "sin dirección"}]),
        (answer({"fila": ["columna"]}, type="MATRIX"), {"fila": ["columna"]}),
        (answer(0, type="RATING"), 0),
        (answer("a", type=["DROPDOWN"]), "a"),
    ],
)
def test_tally_reads_the_value_of_each_kind_of_question(one: dict[str, Any], value: Any) -> None:
    assert read_tally(tally_response(one)).fields == {"Campo": value, "campo": value}


def test_tally_parts_that_are_optional_may_be_missing() -> None:
    body = tally_response(fields=None, formId=None, formName=None)
    del body["createdAt"], body["eventId"]

    event = read_tally(body)

    assert (event.fields, event.hidden, event.form) == ({}, {}, {"id": None, "title": None})
    assert (event.id, event.at_ms) == ("r1", None)


def test_a_tally_response_is_known_by_its_id_and_what_else_is_told_of_it_is_another_event() -> None:
    sent_again = {**tally_response(), "eventId": "e2"}
    other = {**tally_response(), "eventType": "FORM_RESPONSE_CHANGED"}

    assert read_tally(sent_again).id == read_tally(tally_response()).id == "r1"
    assert read_tally(other).id == "r1:FORM_RESPONSE_CHANGED:e1"
    assert read_tally(tally_response(responseId=None, submissionId="s1")).id == "s1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "the body is a list, not an object"),
        ({"data": {"responseId": "r"}}, "eventType is missing"),
        ({"eventType": "FORM_RESPONSE"}, "data is missing"),
        ({"eventType": "FORM_RESPONSE", "data": []}, "data is a list, not an object"),
        (tally_response(responseId=None), "data.responseId is missing"),
        (tally_response(responseId=3), "data.responseId is a number, not text"),
        (tally_response(fields={"a": 1}), "data.fields is an object, not a list"),
        (tally_response("a"), "a field of data is text, not an object"),
        (tally_response({"label": "", "value": "a"}), "the key of a field is missing"),
        (tally_response({"label": None, "key": 3}), "the key of a field is a number, not text"),
    ],
)
def test_tally_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_tally(content)

    assert str(refusal.value) == words


def test_the_tally_example_becomes_this_update() -> None:
    assert updated("tally", "response") == {
        **CONTACT,
        "metadata.formulario": "Cotiza tu departamento",
        "metadata.tipo_propiedad": "Departamento",
        "metadata.dormitorios": 3,
        "metadata.fecha_visita": "2026-10-03",
        "metadata.comunas": "Ñuñoa, Providencia",
        "metadata.broker_asociado": "Carolina Rojas",
    }
