"""What a sender that nobody knows may send: with a token, as JSON, as a list, or as a form post."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import generic
from tests.sender_security import PAYLOADS, RECEIVED_MS, request, sent

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def read_generic(body: Any, *, content_type: str = JSON, received_ms: int = RECEIVED_MS, **headers: str) -> list[Event]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return generic.parse(request({"Content-Type": content_type, **headers}, raw, received_ms=received_ms))


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer s3cr3t"},
        {"X-Api-Key": "s3cr3t"},
        {"Authorization": "Basic " + base64.b64encode(b"relay:s3cr3t").decode()},
    ],
)
def test_a_generic_sender_may_bring_its_token_in_any_of_these_headers(headers: dict[str, str]) -> None:
    generic.verify(request(headers, b"{}"), ["old", "s3cr3t"])


def test_a_generic_sender_without_a_token_is_told_of_both_ways() -> None:
    with pytest.raises(BadSignature) as refusal:
        generic.verify(request({}, b"{}"), ["s3cr3t"])

    assert str(refusal.value) == (
        "there is no Authorization or X-Api-Key header; "
        "add one at the sender, with the hook's secret, or describe its signature"
    )


def test_an_object_gives_its_keys_as_typed_and_in_plain_spelling() -> None:
    (event,) = generic.parse(sent(generic, PAYLOADS / "generic" / "object.json"))

    assert event.fields == {
        "id": "ev-1",
        "type": "lead.created",
        "created_at": "2026-09-26T14:33:47Z",
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "lead_id": LEAD,
    }
    assert (event.id[:5], event.kind, event.at_ms, event.test) == ("ev-1:", "lead.created", 1_790_433_227_000, False)
    assert (event.hidden, event.form, event.campaign, event.fetch) == ({}, {}, {}, "")
    assert event.raw == json.loads(event.body)


def test_a_list_gives_an_event_for_each_item_which_its_own_body_gives_again() -> None:
    one = sent(generic, PAYLOADS / "generic" / "list.json")

    events = generic.parse(one)

    assert [(event.id[:1], event.fields) for event in events] == [
        ("1", {"id": 1, "nombre": "Ana"}),
        ("2", {"id": 2, "nombre": "Eva"}),
    ]
    assert [event.body for event in events] == [b'[{"id":1,"nombre":"Ana"}]', b'[{"id":2,"nombre":"Eva"}]']
    assert [generic.parse(replace(one, body=event.body)) for event in events] == [[event] for event in events]


def test_a_form_post_gives_its_fields() -> None:
    (event,) = generic.parse(sent(generic, PAYLOADS / "generic" / "form.json"))

    assert event.fields == {
        "event_id": "f-1",
        "Nombre": "María José",
        "nombre": "María José",
        "telefono": "+56987654321",
    }
    assert (event.id, event.kind, event.at_ms) == ("f-1", "", None)
    assert event.body == b"event_id=f-1&Nombre=Mar%C3%ADa+Jos%C3%A9&telefono=%2B56987654321"


@pytest.mark.parametrize(
    ("body", "headers", "event_id"),
    [
        ({"id": "a", "eventId": "b", "event_id": "c"}, {"Idempotency-Key": " key "}, "key"),
        ({"id": "a", "eventId": "b", "event_id": "c"}, {}, "c"),
        ({"id": "a", "eventId": "b", "event_id": ""}, {}, "b"),
        ({"eventId": 12, "event_id": ["c"]}, {}, "12"),
        ({"event_id": " a ", "eventId": True}, {"Idempotency-Key": " "}, "a"),
    ],
)
def test_an_event_is_known_by_its_requests_key_or_its_own_id(
    body: dict[str, Any], headers: dict[str, str], event_id: str
) -> None:
    (event,) = read_generic(body, **headers)

    assert event.id == event_id


def test_a_bare_id_may_be_the_persons_so_that_a_changed_answer_is_another_event() -> None:
    (event,) = read_generic({"id": 7, "plan": "a", "name": "Ana"})
    (again,) = read_generic({"name": "Ana", "plan": "a", "id": 7}, received_ms=RECEIVED_MS + 3 * 86_400_000)
    (changed,) = read_generic({"id": 7, "plan": "b", "name": "Ana"})

    assert event.id == again.id
    assert event.id != changed.id


@pytest.mark.parametrize("own", [{}, {"id": 1.5}, {"id": {"a": 1}}, {"id": None, "event_id": False}])
def test_an_event_without_an_id_is_known_by_its_content_on_one_day(own: dict[str, Any]) -> None:
    (event,) = read_generic({"a": 1, "b": 2, **own})
    (same,) = read_generic({"b": 2, "a": 1, **own})
    (other,) = read_generic({"a": 2, "b": 2, **own})
    (later,) = read_generic({"a": 1, "b": 2, **own}, received_ms=RECEIVED_MS + 86_400_000)

    assert event.id == same.id
    assert len({event.id, other.id, later.id}) == 3


def test_items_under_one_key_of_their_request_are_different_events() -> None:
    events = read_generic([{"id": 1}, {"id": 2}, {"a": 1}, {"a": 2}], **{"Idempotency-Key": "key"})

    assert [one.id[:6] for one in events[:2]] == ["key:1:", "key:2:"]
    assert len({one.id for one in events}) == 4


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"type": "a", "event": "b", "event_type": "c"}, "a"),
        ({"type": 1, "event": {"name": "b"}, "event_type": "c"}, "c"),
        ({"type": "", "event": "b"}, "b"),
        ({"kind": "a"}, ""),
    ],
)
def test_what_happened_is_the_bodys_word_for_it(body: dict[str, Any], kind: str) -> None:
    (event,) = read_generic(body)

    assert event.kind == kind


MOMENT = 1_790_433_227_000


@pytest.mark.parametrize(
    ("body", "at_ms"),
    [
        ({"created": "2026-09-26T14:33:47Z"}, MOMENT),
        ({"created_at": "2026-09-26 11:33:47-03:00"}, MOMENT),
        ({"created_at": "2026-09-26T11:33:47.250-0300"}, MOMENT + 250),
        ({"timestamp": 1_790_433_227}, MOMENT),
        ({"timestamp": 1_790_433_227.5}, MOMENT + 500),
        ({"time": 1_790_433_227_000}, MOMENT),
        ({"time": "1790433227"}, MOMENT),
        ({"time": "1790433227000"}, MOMENT),
        # An object that is changed was created long ago.
        ({"created_at": "2020-01-01T00:00:00Z", "updated_at": "2026-09-26T14:33:47Z"}, MOMENT),
        ({"created": "hoy", "time": 1_790_433_227}, MOMENT),
        # What may be something else is no moment: the receipt counts.
        ({"created": "2026-09-26T14:33:47"}, None),
        ({"created": "2026-09-26"}, None),
        ({"created": "26/09/2026 14:33"}, None),
        ({"time": "11:30"}, None),
        ({"time": 1130}, None),
        ({"time": "1130"}, None),
        ({"time": 56_987_654_321}, None),
        ({"time": "9" * 400}, None),
        ({"time": "١٧٩٠٤٣٣٢٢٧"}, None),
        ({"time": True, "created": None, "timestamp": {"s": 1}, "created_at": [1_790_433_227]}, None),
        ({"date": "2026-09-26T14:33:47Z"}, None),
    ],
)
def test_only_an_unmistakable_moment_is_the_events_time(body: dict[str, Any], at_ms: int | None) -> None:
    (event,) = read_generic(body)

    assert event.at_ms == at_ms


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"[]", JSON, "the body is an empty list"),
        (b'[{"a": 1}, 2]', JSON, "item 2 of the body is a number, not an object"),
        (b"a=%FF", FORM, "the body can't be read as a form of at most 1000 fields in UTF-8"),
        (b"nombre=Ana", "text/plain", "the body is not JSON: line 1, column "),
    ],
)
def test_a_body_that_is_no_event_is_named(body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_generic(body, content_type=content_type)

    assert str(refusal.value).startswith(words)


def test_an_id_of_absurd_length_is_cut_wherever_it_stands() -> None:
    long = "a" * 100_000
    ids = [
        one.id
        for events in (
            read_generic({"event_id": long}),
            read_generic({"id": 1}, **{"Idempotency-Key": long}),
            read_generic([{"id": 1}, {"id": 2}], **{"Idempotency-Key": long}),
        )
        for one in events
    ]

    assert [len(one) for one in ids] == [32, 32, 32, 32]
    assert len(set(ids[1:])) == 3
