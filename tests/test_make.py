"""What the Make adapter lets in, and by which id it knows what a scenario sends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import make
from tests.example_hooks import CONTACT, LEAD, mapped_examples, updated
from tests.sender_security import PAYLOADS, SECRET, request, sent

FOLDER = PAYLOADS / "make"


def read_make(content: Any, **headers: str) -> list[Event]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return make.parse(request({"Content-Type": "application/json", **headers}, raw))


def test_make_is_told_where_to_set_the_header() -> None:
    with pytest.raises(BadSignature) as missing:
        make.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no Authorization or X-Api-Key header; add one to the HTTP module, with the hook's secret"
    )


def test_make_gives_the_keys_of_the_body() -> None:
    (event,) = make.parse(sent(make, FOLDER / "http_module_json.json"))

    assert event.fields == {
        "nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "dormitorios": 3,
        "lead_id": LEAD,
        "idempotency_key": "make-{{executionId}}-1",
    }
    assert (event.hidden, event.form, event.campaign, event.kind) == ({}, {}, {}, "")
    assert (event.at_ms, event.test) == (None, False)


def test_make_gives_the_fields_of_a_form_as_typed_and_in_plain_spelling() -> None:
    (event,) = make.parse(sent(make, FOLDER / "form_with_key_in_header.json"))

    assert event.fields == {
        "Nombre completo": "María José Muñoz Peña",
        "nombre_completo": "María José Muñoz Peña",
        "Teléfono": "+56 9 8765 4321",
        "telefono": "+56 9 8765 4321",
        "lead_id": LEAD,
    }
    assert event.id == "4712-1"


def test_make_mends_a_line_break_in_json_that_was_put_together_as_text() -> None:
    (event,) = make.parse(sent(make, FOLDER / "broken_by_a_line_break.json"))

    assert event.fields == {
        "nombre": "Ana Núñez",
        "mensaje": "Busco con terraza.\nGracias",
        "idempotency_key": "4713-1",
        "lead_id": LEAD,
    }


def test_a_list_of_make_gives_an_event_for_each_bundle_in_the_same_envelope() -> None:
    events = make.parse(sent(make, FOLDER / "list_of_bundles.json"))

    first = {"idempotency_key": "4711-1", "nombre": "Ana Núñez", "lead_id": LEAD}
    assert [one.id for one in events] == ["4711-1", "4711-2"]
    assert events[0].fields == events[0].raw == first
    assert [json.loads(one.body) for one in events] == [[events[0].raw], [events[1].raw]]


@pytest.mark.parametrize(
    ("body", "headers", "event_id"),
    [
        ({"event_id": 12, "idempotency_key": "a"}, {}, "12"),
        ({"idempotency_key": "a"}, {"Idempotency-Key": "key"}, "a"),
        ({"idempotency_key": ""}, {"Idempotency-Key": "key"}, "key"),
        ({"idempotency_key": "{{1.id}}"}, {"Idempotency-Key": "key"}, "key"),
        ({}, {"Idempotency-Key": " key "}, "key"),
    ],
)
def test_a_make_event_is_known_by_the_id_that_is_mapped(
    body: dict[str, Any], headers: dict[str, str], event_id: str
) -> None:
    (event,) = read_make(body, **headers)

    assert event.id == event_id


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "{{executionId}}"}])
def test_an_id_that_was_typed_and_not_mapped_makes_no_duplicates(headers: dict[str, str]) -> None:
    (one,) = read_make({"a": 1, "event_id": "{{1.id}}"}, **headers)
    (other,) = read_make({"a": 2, "event_id": "{{1.id}}"}, **headers)

    assert one.id != other.id


def test_bundles_under_one_key_are_different_events_whatever_their_place() -> None:
    one, other = read_make([{"a": 1}, {"a": 2}], **{"Idempotency-Key": "key"})
    (alone,) = read_make(other.body, **{"Idempotency-Key": "key"})

    assert one.id != other.id
    assert alone == other


def test_a_make_event_without_an_id_is_known_by_its_content_on_one_day() -> None:
    one = request({}, b'{"a": 1, "b": 2}')
    (first,) = make.parse(one)
    (reordered,) = make.parse(replace(one, body=b'{"b":2,"a":1}'))
    (tomorrow,) = make.parse(replace(one, received_ms=one.received_ms + 86_400_000))

    assert first.id == reordered.id
    assert first.id != tomorrow.id


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "the body is an empty list"),
        ([{"a": 1}, "b"], "item 2 of the body is text, not an object"),
        ([None], "item 1 of the body is missing"),
        ("a", "the body is text, not an object"),
    ],
)
def test_make_says_what_is_no_bundle(body: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_make(body)

    assert str(refusal.value) == words


def test_the_make_examples_become_these_updates() -> None:
    assert updated("make", "bundle") == {
        **CONTACT,
        "metadata.dormitorios": 3,
        "metadata.presupuesto_uf": 3500,
        "metadata.mensaje": "Quiero visitar el sábado",
        "metadata.estado_lead": "calificado",
    }
    assert [one.updates[0].set for one in mapped_examples("make", "list")] == [
        {"first_name": "Ana", "last_name": "Núñez"},
        {"first_name": "Pedro", "last_name": "Ñancupil"},
    ]
