"""What the Zapier adapter lets in, and what it reads out of JSON and form posts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import zapier
from relay.sending import Request
from tests.sender_security import RECEIVED_MS, request

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({"Authorization": "Bearer s3cr3t"}, "s3cr3t"),
        ({"Authorization": "bearer  s3cr3t "}, "s3cr3t"),
        ({"X-Api-Key": "s3cr3t"}, "s3cr3t"),
        ({"X-API-KEY": "s3cr3t", "Authorization": "Bearer other"}, "s3cr3t"),
        ({"Authorization": basic("relay:s3cr3t")}, "relay:s3cr3t"),
        ({"Authorization": basic("anyone:s3cr3t")}, "s3cr3t"),
        ({"Authorization": basic("anyone:s3:cr3t")}, "s3:cr3t"),
        ({"Authorization": basic("anyone:contraseña")}, "contraseña"),
    ],
)
def test_zapier_may_bring_its_secret_in_any_of_these_headers(headers: dict[str, str], secret: str) -> None:
    zapier.verify(request(headers, b"{}"), ["old", secret])


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "s3cr3t"},
        {"Authorization": "Digest s3cr3t"},
        {"Authorization": "Bearer s3cr3T"},
        {"Authorization": basic("s3cr3t:other")},
        {"Authorization": basic("s3cr3t:")},
        {"Authorization": "Basic s3cr3t"},
        {"X-Api-Key": "s3cr3t,s3cr3t"},
    ],
)
def test_zapier_is_refused_with_anything_less_than_its_secret(headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        zapier.verify(request(headers, b"{}"), ["s3cr3t"])


def test_zapier_is_told_which_header_to_look_at() -> None:
    with pytest.raises(BadSignature) as missing:
        zapier.verify(request({}, b"{}"), ["s3cr3t"])
    with pytest.raises(BadSignature) as wrong:
        zapier.verify(request({"X-Api-Key": "other"}, b"{}"), ["s3cr3t"])

    assert str(missing.value) == (
        "there is no Authorization or X-Api-Key header; add one to the Zap, with the hook's secret"
    )
    assert str(wrong.value) == "the Authorization or X-Api-Key header does not match any of the hook's secrets"


def read_zapier(body: Any, *, content_type: str = "application/json", **headers: str) -> list[Event]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return zapier.parse(request({"Content-Type": content_type, **headers}, raw))


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Teléfono", "telefono"),
        (" Fecha de  visita ", "fecha_de_visita"),
        ("AÑO", "ano"),
        ("lead_id", "lead_id"),
        ("your-name", "your_name"),
        ("¿Cuál es tu teléfono?", "cual_es_tu_telefono"),
        ("Presupuesto (UF):", "presupuesto_uf"),
        ("???", "???"),
    ],
)
def test_zapier_keys_are_found_as_typed_and_in_plain_spelling(typed: str, plain: str) -> None:
    (event,) = read_zapier({typed: "x"})

    assert event.fields == {typed: "x", plain: "x"}


def test_a_plain_zapier_key_is_not_overwritten_by_a_similar_one() -> None:
    (event,) = read_zapier({"Correo": "a@example.com", "correo": "b@example.com"})

    assert event.fields == {"Correo": "a@example.com", "correo": "b@example.com"}


def test_zapier_objects_stay_nested() -> None:
    (event,) = read_zapier({"contacto": {"Teléfono": "1"}, "lead_id": LEAD})

    assert event.fields == {"contacto": {"Teléfono": "1"}, "lead_id": LEAD}
    assert event.raw == event.fields
    assert (event.hidden, event.at_ms) == ({}, None)


def test_a_zapier_list_gives_an_event_for_each_item_which_its_own_body_gives_again() -> None:
    events = read_zapier([{"event_id": 1, "n": "Ñ"}, {"event_id": "2"}])

    assert [one.id for one in events] == ["1", "2"]
    assert [one.body for one in events] == ['[{"event_id":1,"n":"Ñ"}]'.encode(), b'[{"event_id":"2"}]']
    assert [read_zapier(one.body) for one in events] == [[one] for one in events]


def test_a_zapier_list_of_one_is_the_same_event_as_its_item() -> None:
    (wrapped,) = read_zapier([{"nombre": "Ana"}])
    (bare,) = read_zapier({"nombre": "Ana"})

    assert wrapped.id == bare.id


@pytest.mark.parametrize(
    ("body", "headers", "event_id"),
    [
        ({"event_id": "abc"}, {}, "abc"),
        ({"event_id": " abc "}, {"Idempotency-Key": "key"}, "abc"),
        ({"event_id": 12}, {}, "12"),
        ({"event_id": ""}, {"Idempotency-Key": "key"}, "key"),
        ({"event_id": True}, {"Idempotency-Key": "key"}, "key"),
        ({"event_id": {"a": 1}}, {"Idempotency-Key": "key"}, "key"),
        ({"event_id": 1e30}, {"Idempotency-Key": "key"}, "key"),
        ({}, {"Idempotency-Key": "key"}, "key"),
    ],
)
def test_a_zapier_event_is_known_by_its_own_id_before_the_requests(
    body: dict[str, Any], headers: dict[str, str], event_id: str
) -> None:
    (event,) = read_zapier(body, **headers)

    assert event.id == event_id


def test_items_under_one_idempotency_key_are_different_events_which_their_bodies_give_again() -> None:
    events = read_zapier([{"a": 1}, {"a": 2}], **{"Idempotency-Key": "key"})

    assert len({one.id for one in events}) == 2
    assert [read_zapier(one.body, **{"Idempotency-Key": "key"}) for one in events] == [[one] for one in events]


def test_a_zapier_event_without_an_id_is_known_by_its_content_on_one_day() -> None:
    def on(received_ms: int, body: bytes) -> str:
        return zapier.parse(request({}, body, received_ms=received_ms))[0].id

    today = on(RECEIVED_MS, b'{"a": 1, "b": 2}')

    assert today == on(RECEIVED_MS, b'{"b":2,"a":1}')
    assert today != on(RECEIVED_MS, b'{"b":2,"a":2}')
    assert today != on(RECEIVED_MS + 86_400_000, b'{"a": 1, "b": 2}')


def test_an_id_of_absurd_length_is_cut_to_a_hash_that_still_tells_events_apart() -> None:
    (one,) = read_zapier({"event_id": "a" * 100_000})
    (other,) = read_zapier({"event_id": "a" * 99_999})

    assert len(one.id) == len(other.id) == 32
    assert one.id != other.id


def test_a_zapier_form_post_gives_fields_and_a_list_where_a_key_repeats() -> None:
    body = b"Tel%C3%A9fono=%2B569+1&comuna=%C3%91u%C3%B1oa&comuna=Maip%C3%BA&vacio="

    (event,) = read_zapier(body, content_type="application/x-www-form-urlencoded; charset=utf-8")

    fields = {"Teléfono": "+569 1", "comuna": ["Ñuñoa", "Maipú"], "vacio": ""}
    assert event.raw == fields
    assert event.fields == {**fields, "telefono": "+569 1"}
    assert event.body == body


MULTIPART = (
    b'--xyz\r\nContent-Disposition: form-data; name="nombre"\r\n\r\nMar\xc3\xada\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="carta"; filename="c.pdf"\r\n\r\n%PDF\r\n--xyz--\r\n'
)


@pytest.mark.parametrize("declared", ["multipart/form-data; boundary=xyz", 'Multipart/Form-Data; boundary="xyz"'])
def test_a_zapier_post_with_a_file_gives_its_text_fields(declared: str) -> None:
    (event,) = read_zapier(MULTIPART, content_type=declared)

    assert event.fields == {"nombre": "María"}
    assert event.body == MULTIPART


def test_json_that_is_declared_as_a_form_is_read_as_json() -> None:
    (event,) = read_zapier({"nombre": "Ana"}, content_type="application/x-www-form-urlencoded")

    assert event.fields == {"nombre": "Ana"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nombre=Mu%F1oz", "application/x-www-form-urlencoded"),
        (b"nombre=Mu\xf1oz", "application/x-www-form-urlencoded"),
        (b"&".join(b"a=1" for _ in range(1_001)), "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data"),
        (MULTIPART, "multipart/form-data; boundary=ñ"),
        (MULTIPART, "multipart/form-data; boundary=other"),
    ],
)
def test_a_form_that_can_not_be_read_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_zapier(body, content_type=content_type)

    assert str(refusal.value) == "the body can't be read as a form of at most 1000 fields in UTF-8"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([{"a": 1}, "b"], "item 2 of the body is text, not an object"),
        ([None], "item 1 of the body is missing"),
        ([[]], "item 1 of the body is a list, not an object"),
    ],
)
def test_zapier_says_which_item_of_a_list_is_none(body: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_zapier(body)

    assert str(refusal.value) == words


def test_an_empty_zapier_list_is_refused() -> None:
    with pytest.raises(BadBody, match=r"^the body is an empty list$"):
        read_zapier([])


def test_adapters_keep_the_request_they_were_given() -> None:
    given = Request(headers={}, body=b'{"a": 1}', received_ms=RECEIVED_MS)

    (event,) = zapier.parse(given)

    assert event.body is given.body
