"""Google Ads lead forms: the key in the body, and answers by the ids of their columns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event, Name, State
from relay.senders import google_ads
from relay.sending import Request
from tests.example_hooks import CONTACT, mapped_examples
from tests.sender_security import PAYLOADS, SECRET, sent


def told(file: str) -> Event:
    (event,) = google_ads.parse(sent(google_ads, PAYLOADS / "google_ads" / file))
    return event


def request(content: Any) -> Request:
    return Request(headers={}, body=json.dumps(content).encode(), received_ms=0)


def test_each_answer_is_found_by_the_id_of_its_column_in_either_spelling() -> None:
    event = told("lead.json")

    assert event.fields == {
        "FULL_NAME": "María José Muñoz Peña",
        "full_name": "María José Muñoz Peña",
        "EMAIL": "mj.munoz@example.com",
        "email": "mj.munoz@example.com",
        "PHONE_NUMBER": "+56987654321",
        "phone_number": "+56987654321",
        "CITY": "Ñuñoa",
        "city": "Ñuñoa",
        "GOVERNMENT_ISSUED_ID_RUT_CL": "12.345.678-5",
        "government_issued_id_rut_cl": "12.345.678-5",
        "cuántos_dormitorios_buscas": "3",
        "cuantos_dormitorios_buscas": "3",
        "NUMBER_OF_BEDROOMS": "3",
        "number_of_bedrooms": "3",
    }
    assert event.form == {"id": "40000000000"}
    assert event.campaign == {
        "campaign_id": "12345678901",
        "adgroup_id": "20000000000",
        "creative_id": "30000000000",
        "gcl_id": "Cj0KCQjw-EXAMPLE-gclid_AbCdEf",
    }
    assert (event.kind, event.at_ms, event.test) == ("lead", 1_790_433_227_000, False)
    assert event.id.startswith("TeSter-123-")


def test_what_the_form_sends_to_try_it_out_is_a_test() -> None:
    assert told("lead_test.json").test


def test_answers_of_old_payloads_are_found_by_the_names_of_their_columns() -> None:
    event = told("lead_old.json")

    assert event.fields == {
        "Full Name": "María José",
        "full_name": "María José",
        "User Phone": "+56987654321",
        "user_phone": "+56987654321",
        "GIVEN_NAME": "María",
        "FIRST_NAME": "María",
        "given_name": "María",
        "first_name": "María",
    }
    assert event.form == {"id": "40000000000"}


def test_the_key_is_shown_to_no_rule_and_no_page() -> None:
    event = told("lead.json")

    assert isinstance(event.raw, dict)
    assert event.raw["google_key"] == "***"
    assert SECRET not in repr(event.raw)


@pytest.mark.parametrize("key", [None, "", 3, ["a"], {"a": 1}])
def test_a_body_without_a_key_is_refused(key: Any) -> None:
    with pytest.raises(BadSignature, match=r"^there is no google_key in the body; "):
        google_ads.verify(request({"lead_id": "a", "google_key": key}), [SECRET])


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b"\xff"])
def test_a_body_that_can_hold_no_key_is_refused_before_it_is_read(body: bytes) -> None:
    with pytest.raises(BadSignature):
        google_ads.verify(Request(headers={}, body=body, received_ms=0), [SECRET])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "lead_id is missing"),
        ({"lead_id": True}, "lead_id is missing"),
        ({"lead_id": "a", "user_column_data": {}}, None),
        ({"lead_id": "a", "user_column_data": {"a": 1}}, "user_column_data is an object, not a list"),
        ({"lead_id": "a", "user_column_data": [3]}, "a column of user_column_data is a number, not an object"),
    ],
)
def test_google_says_which_part_can_not_be_read(content: Any, words: str | None) -> None:
    if words is None:
        assert google_ads.parse(request(content))[0].fields == {}
        return
    with pytest.raises(BadBody) as refusal:
        google_ads.parse(request(content))
    assert str(refusal.value) == words


def test_the_google_example_becomes_this_update() -> None:
    (mapped,) = mapped_examples("google_ads", "lead")

    (update,) = mapped.updates
    assert update.set == {
        **CONTACT,
        "company": "Constructora Andes",
        "metadata.comuna": "Ñuñoa",
        "metadata.dormitorios": 3,
        "metadata.rut": "12.345.678-5",
        "metadata.broker_asociado": "Carolina Rojas",
        "metadata.utm_source": "google",
        "metadata.gclid": "Cj0KCQjw-EXAMPLE-gclid_AbCdEf",
        "metadata.campana_google": "12345678901",
    }
    assert mapped.names == (Name("phone", CONTACT["phone"]), Name("email", CONTACT["email"]))
    assert (mapped.faults, mapped.state) == ((), State.IN_FLIGHT)


def test_the_test_of_the_google_example_is_not_delivered() -> None:
    (mapped,) = mapped_examples("google_ads", "test")

    assert mapped.state is State.IGNORED
