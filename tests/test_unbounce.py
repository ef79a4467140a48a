"""What the Unbounce adapter reads out of a lead, however it comes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import unbounce
from tests.example_hooks import CONTACT, LEAD, updated
from tests.sender_security import PAYLOADS, SECRET, request, sent, signed

FOLDER = PAYLOADS / "unbounce"
FORM = "application/x-www-form-urlencoded"
PAGE = {"id": "a2838d98-4cf4-11df-a3fd-00163e372d58", "title": "Cotiza", "url": "http://landing.example/cotiza/"}


def read_lead(content: Any) -> Event:
    (event,) = unbounce.parse(signed(unbounce, json.dumps(content).encode()))
    return event


def read_form_post(**parts: str) -> Event:
    (event,) = unbounce.parse(signed(unbounce, urlencode(parts).encode(), content_type=FORM))
    return event


def test_unbounce_is_told_where_to_set_the_header() -> None:
    with pytest.raises(BadSignature) as missing:
        unbounce.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no Authorization or X-Api-Key header; add one to the webhook at Unbounce, with the hook's secret"
    )


def test_unbounce_gives_each_value_out_of_its_list() -> None:
    event = read_lead(json.loads((FOLDER / "data_json_parsed.json").read_bytes()))

    assert event.fields == {
        "nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "lead_id": LEAD,
        "ip_address": "200.27.1.2",
        "page_uuid": PAGE["id"],
        "variant": "a",
        "time_submitted": "02:33 PM UTC",
        "date_submitted": "2026-09-26",
        "page_url": PAGE["url"],
        "page_name": "Cotiza",
    }
    assert event.form == {**PAGE, "variant": "a"}
    assert (event.hidden, event.campaign, event.kind) == ({}, {}, "")
    assert (event.at_ms, event.test, len(event.id)) == (1_790_433_180_000, False, 32)


def test_unbounce_reads_the_lead_of_a_form_post_out_of_its_data_json() -> None:
    one = sent(unbounce, FOLDER / "form_urlencoded_with_data_json.json")

    (event,) = unbounce.parse(one)

    assert event.fields == {
        "nombre": "Pedro Ñancupil",
        "telefono": "+56976543210",
        "correo": "p.nancupil@example.com",
        "lead_id": LEAD,
        "ip_address": "200.27.1.2",
        "page_uuid": PAGE["id"],
        "variant": "a",
        "time_submitted": "10:57 PM UTC",
        "date_submitted": "2026-09-26",
        "page_url": PAGE["url"],
        "page_name": "Cotiza",
        "comunas": ["Ñuñoa", "Providencia"],
    }
    assert (event.form, event.at_ms) == ({**PAGE, "variant": "a"}, 1_790_463_420_000)
    assert event.body == one.body


def test_the_same_lead_is_the_same_event_as_a_form_post_and_as_json() -> None:
    lead = json.loads((FOLDER / "data_json_parsed.json").read_bytes())

    assert read_form_post(**{"data.json": json.dumps(lead)}).id == read_lead(lead).id


def test_the_page_of_a_form_post_stands_in_for_what_its_lead_does_not_say() -> None:
    event = read_form_post(
        page_id="p1", page_name="Cotiza", page_url="http://a.example/", variant="b", **{"data.json": "{}"}
    )

    assert event.form == {"id": "p1", "title": "Cotiza", "url": "http://a.example/", "variant": "b"}
    assert event.fields == {}


@pytest.mark.parametrize(
    ("day", "minute", "at_ms"),
    [
        (["1970-01-01"], ["00:01 AM UTC"], None),
        (["1970-01-01"], ["12:01 AM UTC"], 60_000),
        (["2026-09-26"], ["02:33 PM CLT"], None),
        (["26/09/2026"], ["02:33 PM UTC"], None),
        ([], None, None),
        ({"a": 1}, 3, None),
    ],
)
def test_unbounce_times_are_read_only_as_it_writes_them(day: Any, minute: Any, at_ms: int | None) -> None:
    assert read_lead({"date_submitted": day, "time_submitted": minute}).at_ms == at_ms


def test_leads_of_different_minutes_are_different_events_and_an_id_of_their_own_comes_first() -> None:
    early = read_lead({"date_submitted": ["2026-09-26"], "time_submitted": ["02:33 PM UTC"]})
    late = read_lead({"date_submitted": ["2026-09-26"], "time_submitted": ["02:34 PM UTC"]})

    assert early.id != late.id
    assert read_lead({"event_id": ["e1"]}).id == "e1"
    assert read_form_post(event_id="e2", **{"data.json": '{"event_id": ["e1"]}'}).id == "e2"


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"page_id": "p1"}, "data.json is missing"),
        ({"data.json": ""}, "data.json is missing"),
        ({"data.json": "[]"}, "data.json is a list, not an object"),
        ({"data.json": '{"nombre": "Ana'}, "data.json is not JSON: line 1, column 16: unexpected end of data"),
    ],
)
def test_unbounce_says_what_is_wrong_with_a_form_post(parts: dict[str, str], words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_form_post(**parts)

    assert str(refusal.value) == words


def test_an_unbounce_lead_in_xml_is_refused() -> None:
    with pytest.raises(BadBody, match=r"^the body is not JSON: line 1, column 1: "):
        unbounce.parse(signed(unbounce, b"<form_data/>", content_type="application/xml"))


def test_the_unbounce_examples_become_these_updates() -> None:
    page = {"metadata.landing": "Cotiza", "metadata.landing_url": PAGE["url"], "metadata.landing_variante": "A"}

    assert updated("unbounce", "json") == {**CONTACT, **page}
    assert updated("unbounce", "form_post") == {
        "first_name": "Pedro",
        "last_name": "Ñancupil",
        "phone": "+56976543210",
        "email": "p.nancupil@example.com",
        **page,
        "metadata.comunas": "Ñuñoa, Providencia",
    }
