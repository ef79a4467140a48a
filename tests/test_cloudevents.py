"""What producers of CloudEvents send in each of the three modes, how they ask first, and with which token."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import flask
import pytest

from relay import receive
from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import cloudevents
from relay.senders.base import Reply
from relay.sending import Request
from tests.doors import MemoryStore, hook
from tests.example_hooks import CONTACT, updated
from tests.sender_security import ADDRESS, PAYLOADS, RECEIVED_MS, SECRET, request, sent

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SOURCE = "https://forms.example.cl/cotiza"
MOMENT = 1_790_433_227_000
FIELDS = {
    "nombre": "María José Muñoz Peña",
    "telefono": "+56987654321",
    "correo": "mj.munoz@example.com",
    "lead_id": LEAD,
}
MINIMAL = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}


def example(name: str) -> list[Event]:
    return cloudevents.parse(sent(cloudevents, PAYLOADS / "cloudevents" / f"{name}.json"))


def read(content: Any, *, content_type: str = "application/cloudevents+json", **headers: str) -> Event:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    (event,) = cloudevents.parse(request({"Content-Type": content_type, **named}, body))
    return event


def test_a_structured_event_gives_its_data_and_its_attributes_stand_in_raw() -> None:
    (event,) = example("structured_single")

    assert event.fields == FIELDS
    assert (event.id, event.kind, event.at_ms) == (f"{SOURCE} A234-1234-1234", "cl.example.lead.created", MOMENT)
    assert (event.hidden, event.form, event.campaign, event.test) == ({}, {}, {}, False)
    assert isinstance(event.raw, dict)
    assert event.raw["subject"] == LEAD


def test_a_binary_event_gives_the_same_from_its_headers_and_body() -> None:
    (event,) = example("binary_headers")

    assert event.fields == FIELDS
    assert (event.kind, event.at_ms) == ("cl.example.lead.created", MOMENT)
    assert isinstance(event.raw, dict)
    assert event.raw == {
        "specversion": "1.0",
        "id": event.id.removeprefix(f"{SOURCE} "),
        "source": SOURCE,
        "type": "cl.example.lead.created",
        "time": "2026-09-26T14:33:47Z",
        "data": FIELDS,
    }


def test_a_batch_gives_an_event_for_each_which_its_own_body_gives_again() -> None:
    one = sent(cloudevents, PAYLOADS / "cloudevents" / "batched.json")

    events = cloudevents.parse(one)

    assert [event.kind for event in events] == ["cl.example.lead.created", "cl.example.lead.updated"]
    assert [event.fields for event in events] == [{"lead_id": LEAD}] * 2
    assert [event.at_ms for event in events] == [None, None]
    assert [cloudevents.parse(replace(one, body=event.body)) for event in events] == [[event] for event in events]


def test_data_in_base64_is_read() -> None:
    (event,) = example("data_base64")

    assert event.fields == {"nombre": "María José"}
    assert (event.id, event.at_ms) == ("/formularios/cotiza A234-1234-1236", MOMENT + 500)


def test_an_empty_batch_tells_of_nothing() -> None:
    assert cloudevents.parse(request({"Content-Type": "application/cloudevents-batch+json"}, b"[]")) == []


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ({}, {}),
        ({"data": None}, {}),
        ({"data": {"Teléfono": 1}}, {"Teléfono": 1, "telefono": 1}),
        ({"data": "texto"}, {"data": "texto"}),
        ({"data": [1, 2]}, {"data": [1, 2]}),
        ({"data_base64": b64encode(b"[1]").decode()}, {"data": [1]}),
    ],
)
def test_data_of_any_kind_is_kept(part: dict[str, Any], fields: dict[str, Any]) -> None:
    assert read({**MINIMAL, **part}).fields == fields


@pytest.mark.parametrize(
    ("change", "id"),
    [
        ({}, "/s 1"),
        ({"source": "/t"}, "/t 1"),
        ({"source": None}, "1"),
        ({"id": 1}, "/s 1"),
    ],
)
def test_an_event_is_known_by_its_source_and_its_id(change: dict[str, Any], id: str) -> None:
    assert read({**MINIMAL, **change}).id == id


def test_the_content_type_says_where_the_attributes_are() -> None:
    structured = read(MINIMAL, ce_id="9", ce_source="/h")
    binary = read(MINIMAL, content_type="application/json", ce_id="9", ce_source="/h%20%C3%B1")
    bare = read(MINIMAL, content_type="application/json")

    assert (structured.id, structured.fields) == ("/s 1", {})
    assert (binary.id, binary.fields) == ("/h ñ 9", MINIMAL)
    assert bare.id == "/s 1"


def test_a_binary_event_may_be_a_form_or_have_no_data() -> None:
    form = read(b"nombre=Ana", content_type="application/x-www-form-urlencoded", ce_id="1")
    empty = read(b"", content_type="", ce_id="1", ce_type="t")

    assert form.fields == {"nombre": "Ana"}
    assert (empty.fields, empty.kind) == ({}, "t")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"type": "t"}, "the event has no id: neither an attribute of the body nor a ce-id header"),
        ({**MINIMAL, "id": ""}, "the event has no id: neither an attribute of the body nor a ce-id header"),
        ([MINIMAL, 3], "item 2 of the body is a number, not an object"),
        ({**MINIMAL, "data_base64": "ñ"}, "data_base64 is no base64 of JSON"),
        ({**MINIMAL, "data_base64": 3}, "data_base64 is empty"),
        ({**MINIMAL, "data_base64": "AAAA"}, "data_base64 is not JSON: line 1, column 1"),
    ],
)
def test_a_body_that_is_no_event_is_named(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read(content)

    assert str(refusal.value).startswith(words)


def test_the_token_may_stand_in_the_address_as_the_format_asks() -> None:
    bare = replace(request({}, b"{}"), url=ADDRESS)

    cloudevents.verify(replace(bare, url=f"{ADDRESS}?access_token=s3cr3t"), ["old", "s3cr3t"])
    with pytest.raises(BadSignature):
        cloudevents.verify(replace(bare, url=f"{ADDRESS}?access_token=another"), ["s3cr3t"])
    with pytest.raises(BadSignature) as refusal:
        cloudevents.verify(bare, ["s3cr3t"])
    assert str(refusal.value) == (
        "there is no Authorization or X-Api-Key header, and no access_token in the address; "
        "have the producer send the hook's secret as a bearer token"
    )


def asked(headers: dict[str, str], *, method: str = "OPTIONS", url: str = ADDRESS) -> Reply | None:
    lowered = {name.lower(): value for name, value in headers.items()}
    one = Request(headers=lowered, body=b"", received_ms=RECEIVED_MS, method=method, url=url)
    return cloudevents.handshake(one, [SECRET], {})


ORIGIN = {"WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "120"}


def test_who_asks_whether_it_may_send_gets_our_consent() -> None:
    assert asked(ORIGIN) == Reply(
        b"",
        headers={
            "Allow": "POST",
            "WebHook-Allowed-Origin": "eventemitter.example.com",
            "WebHook-Allowed-Rate": "*",
        },
    )


def test_who_asks_with_a_token_must_bring_the_right_one() -> None:
    assert asked(ORIGIN, url=f"{ADDRESS}?access_token={'una contraseña larga y aleatoria'.replace(' ', '%20')}")
    for headers, url in (
        ({**ORIGIN, "Authorization": "Bearer another"}, ADDRESS),
        (ORIGIN, f"{ADDRESS}?access_token=another"),
        (ORIGIN, f"{ADDRESS}?access_token="),
    ):
        with pytest.raises(BadSignature):
            asked(headers, url=url)


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ({}, "OPTIONS"),
        ({"WebHook-Request-Origin": ""}, "OPTIONS"),
        ({"WebHook-Request-Origin": "a\r\nSet-Cookie: a"}, "OPTIONS"),
        ({"WebHook-Request-Origin": "ñ.cl"}, "OPTIONS"),
        ({"WebHook-Request-Origin": "a" * 254}, "OPTIONS"),
        (ORIGIN, "GET"),
    ],
)
def test_anything_else_is_no_handshake(headers: dict[str, str], method: str) -> None:
    assert asked(headers, method=method) is None


def test_the_door_hands_out_the_consent_and_takes_events_after_it() -> None:
    store = MemoryStore()
    app = flask.Flask("tests")
    hooks = {"eventos": hook("eventos", "cloudevents"), "cotiza": hook("cotiza", "typeform")}
    app.register_blueprint(receive.door(hooks, store=store, known=store.ever_known, max_body=100_000))
    client = app.test_client()

    consent = client.options("/hooks/eventos", headers=ORIGIN)
    other = client.options("/hooks/cotiza", headers=ORIGIN)
    wrong = client.options("/hooks/eventos?access_token=x", headers=ORIGIN)
    taken = client.post(
        "/hooks/eventos",
        data=b'{"nombre": "Ana"}',
        headers={
            "Authorization": f"Bearer {SECRET}".encode().decode("latin-1"),
            "Content-Type": "application/json",
            "ce-id": "1",
            "ce-source": "/s",
        },
    )

    assert (consent.status_code, consent.data) == (200, b"")
    assert consent.headers["WebHook-Allowed-Origin"] == "eventemitter.example.com"
    assert consent.headers["WebHook-Allowed-Rate"] == "*"
    assert consent.headers["Allow"] == "POST"
    assert (other.status_code, wrong.status_code, taken.status_code) == (405, 401, 200)
    (arrival,) = store.arrivals.values()
    assert arrival.headers == {"ce-id": "1", "ce-source": "/s"}


def test_the_examples_become_these_updates() -> None:
    assert updated("cloudevents", "structured") == {**CONTACT, "metadata.origen": SOURCE}
    assert updated("cloudevents", "without_envelope") == {"phone": "+56987654321", "metadata.origen": SOURCE}
