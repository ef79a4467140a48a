"""What the HubSpot adapter lets in by which signature, and what it reads out of subscriptions and workflows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import hubspot
from relay.senders.hubspot_signature import addresses
from relay.sending import Request
from tests.example_hooks import LEAD, updated
from tests.sender_security import ADDRESS, PAYLOADS, RECEIVED_MS, SECRET, request, sent, signed

FOLDER = PAYLOADS / "hubspot"
VECTORS = {one["id"]: one for one in json.loads((Path(__file__).parent / "vectors" / "hubspot.json").read_bytes())}
V3 = "x-hubspot-signature-v3"
MOMENT = "x-hubspot-request-timestamp"


def request_of(vector: dict[str, Any]) -> Request:
    """Give the request of a vector: its method and address stand among its headers."""
    headers = {name.lower(): value for name, value in vector["headers"].items() if not name.startswith("_")}
    return Request(
        headers=headers,
        body=vector["body"].encode(),
        received_ms=1_790_433_227_000,
        method=vector["headers"].get("_method", "POST"),
        url=vector["headers"].get("_url", ADDRESS),
    )


def read_hubspot(content: Any) -> list[Event]:
    return hubspot.parse(signed(hubspot, json.dumps(content).encode()))


def example(name: str) -> Sequence[Event]:
    return hubspot.parse(sent(hubspot, FOLDER / f"{name}.json"))


def older(version: str, message: str) -> dict[str, str]:
    """Give the headers of version 1 or 2 for a message, which begins with the secret."""
    made = sha256((SECRET + message).encode()).hexdigest()
    return {"X-HubSpot-Signature": made, **({"X-HubSpot-Signature-Version": version} if version else {})}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_hubspot_signs_as_its_pages_say(vector: dict[str, Any]) -> None:
    one = request_of(vector)

    hubspot.verify(one, ["old", vector["secret"]])

    with pytest.raises(BadSignature):
        hubspot.verify(replace(one, body=one.body + b" "), [vector["secret"]])


def test_hubspot_signs_version_3_as_the_vector() -> None:
    vector = VECTORS["hubspot-v3-synthetic-decoded-uri"]

    made = hubspot.sign(replace(request_of(vector), headers={}), vector["secret"])

    assert made.headers == {V3: vector["expected"], MOMENT: "1790433227000"}


@pytest.mark.parametrize("part", ["method", "url"])
def test_version_3_covers_method_and_address(part: str) -> None:
    one = signed(hubspot, b"{}")
    changed = replace(one, method="PUT") if part == "method" else replace(one, url=ADDRESS + "?a=b")

    hubspot.verify(one, [SECRET])
    with pytest.raises(BadSignature) as refusal:
        hubspot.verify(changed, [SECRET])

    assert str(refusal.value) == "the X-HubSpot-Signature-v3 header does not match any of the hook's secrets"


@pytest.mark.parametrize(
    ("url", "both"),
    [
        ("https://r.example/h", ["https://r.example/h"]),
        ("https://r.example/h?a=b%20c", ["https://r.example/h?a=b%20c"]),
        (
            "https://r.example/h?a=%3A%2F%3f%40%21%24%27%28%29%2A%2C%3B%26",
            ["https://r.example/h?a=:/?@!$'()*,;%26", "https://r.example/h?a=%3A%2F%3f%40%21%24%27%28%29%2A%2C%3B%26"],
        ),
    ],
)
def test_an_address_counts_as_it_was_called_and_with_some_escapes_decoded(url: str, both: list[str]) -> None:
    assert addresses(url) == both


@pytest.mark.parametrize(
    ("later_ms", "words"),
    [
        (301_000, "is 301 s old, more than 300 s; set the clocks, or send it anew"),
        (-301_000, "is 301 s in the future, more than 300 s; set the clocks, or send it anew"),
    ],
)
def test_version_3_is_good_for_five_minutes(later_ms: int, words: str) -> None:
    one = signed(hubspot, b"{}")

    with pytest.raises(BadSignature) as refusal:
        hubspot.verify(replace(one, received_ms=RECEIVED_MS + later_ms), [SECRET])

    assert str(refusal.value) == f"the X-HubSpot-Request-Timestamp header {words}"


def test_a_moment_of_another_request_does_not_make_a_signature_fresh() -> None:
    one = signed(hubspot, b"{}")
    later = replace(one, received_ms=RECEIVED_MS + 3_600_000)

    with pytest.raises(BadSignature, match="does not match"):
        hubspot.verify(replace(later, headers={**one.headers, MOMENT: str(later.received_ms)}), [SECRET])


def test_a_wrong_version_3_is_not_made_good_by_an_older_one() -> None:
    good = older("v1", "{}")

    hubspot.verify(request(good, b"{}"), [SECRET])
    with pytest.raises(BadSignature):
        hubspot.verify(request({**good, V3: "x", MOMENT: str(RECEIVED_MS)}, b"{}"), [SECRET])


@pytest.mark.parametrize(
    ("version", "message", "good"),
    [
        ("v1", "{}", True),
        ("v1", f"POST{ADDRESS}{{}}", False),
        ("v2", f"POST{ADDRESS}{{}}", True),
        ("v2", "{}", False),
        ("", "{}", True),
        ("", f"POST{ADDRESS}{{}}", True),
        ("v9", "{}", False),
    ],
)
def test_an_older_signature_is_checked_as_its_version_says(version: str, message: str, good: bool) -> None:
    one = replace(request(older(version, message), b"{}"), url=ADDRESS)

    if good:
        hubspot.verify(one, [SECRET])
    else:
        with pytest.raises(BadSignature) as refusal:
            hubspot.verify(one, [SECRET])
        assert str(refusal.value) == "the X-HubSpot-Signature header does not match any of the hook's secrets"


def test_hubspot_is_told_what_is_missing() -> None:
    with pytest.raises(BadSignature) as missing:
        hubspot.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no X-HubSpot-Signature-v3 or X-HubSpot-Signature header; "
        "let HubSpot call the hook from an app whose client secret is the hook's secret"
    )


CONTACT = {
    "firstname": "María José",
    "lastname": "Muñoz Peña",
    "phone": "+56987654321",
    "email": "mj.munoz@example.com",
    "relay_lead_id": LEAD,
    "hs_object_id": "251",
}


@pytest.mark.parametrize("name", ["workflow_webhook_contact", "crm_object_v3"])
def test_a_contact_is_read_alike_in_its_old_and_its_new_shape(name: str) -> None:
    (event,) = example(name)

    assert event.fields == CONTACT
    assert (event.kind, event.at_ms, event.test, len(event.id)) == ("workflow", None, False, 32)
    assert (event.hidden, event.form, event.campaign) == ({}, {}, {})


def test_a_workflow_body_of_chosen_keys_is_read_as_it_is() -> None:
    (event,) = example("workflow_chosen_keys")

    assert event.fields == {
        "hs_object_id": "252",
        "firstname": "Pedro",
        "lastname": "Ñancupil",
        "phone": "+56976543210",
        "relay_lead_id": LEAD,
    }
    assert event.kind == "workflow"


def test_each_event_of_a_hubspot_list_is_one_of_its_own_in_the_same_envelope() -> None:
    events = example("subscription_batch")

    assert [one.fields for one in events] == [
        {"hs_object_id": "1801", "lastname": "Muñoz Peña"},
        {"hs_object_id": "1801"},
        {"hs_object_id": "1801", "relay_lead_id": LEAD},
    ]
    assert [one.kind for one in events] == [
        "contact.propertyChange",
        "contact.creation",
        "contact.propertyChange",
    ]
    assert [one.id for one in events] == [
        "2409503945:62515:2426762:1790433226780",
        "4023112300:62515:2426754:1790433226780",
        "4081501134:62515:2426760:1790433226781",
    ]
    assert [one.at_ms for one in events] == [1_790_433_226_780, 1_790_433_226_780, 1_790_433_226_781]
    assert [json.loads(one.body) for one in events] == [[one.raw] for one in events]


def test_a_hubspot_list_of_one_keeps_its_body_as_it_came() -> None:
    one = sent(hubspot, FOLDER / "subscription_of_one.json")

    (event,) = hubspot.parse(one)

    assert event.body == one.body
    assert (event.id, event.kind) == ("1:62515:12345:1564113600000", "contact.creation")
    assert (event.fields, event.at_ms) == ({"hs_object_id": "123"}, 1_564_113_600_000)


def test_a_repeated_attempt_is_the_same_hubspot_event() -> None:
    item = {"eventId": 7, "subscriptionType": "contact.deletion", "objectId": 1, "attemptNumber": 0}

    assert read_hubspot([item])[0].id == read_hubspot([{**item, "attemptNumber": 3}])[0].id == "7:::"


@pytest.mark.parametrize(
    ("item", "fields", "at_ms"),
    [
        ({}, {"hs_object_id": None}, None),
        ({"propertyName": "phone"}, {"hs_object_id": None, "phone": None}, None),
        ({"propertyName": 3, "propertyValue": "a", "objectId": "x"}, {"hs_object_id": "x"}, None),
        ({"occurredAt": "soon", "objectId": 1.5}, {"hs_object_id": None}, None),
        ({"occurredAt": True}, {"hs_object_id": None}, None),
    ],
)
def test_hubspot_parts_that_are_optional_may_be_missing(
    item: dict[str, Any], fields: dict[str, Any], at_ms: int | None
) -> None:
    (event,) = read_hubspot({"eventId": "e", "subscriptionType": "contact.deletion", **item})

    assert (event.fields, event.at_ms) == (fields, at_ms)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "the body is an empty list"),
        ([1], "item 1 of the body is a number, not an object"),
        ([{"eventId": 1}], "subscriptionType is missing"),
        ([{"subscriptionType": "contact.creation"}], "eventId is missing"),
        ({"eventId": 1, "subscriptionType": 3}, "subscriptionType is a number, not text"),
        ({}, "properties is missing"),
        ({"vid": 1, "properties": {}}, "properties is missing"),
        ({"vid": 1, "properties": []}, "properties is a list, not an object"),
    ],
)
def test_hubspot_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_hubspot(content)

    assert str(refusal.value) == words


def test_a_record_that_did_not_change_is_one_event_on_one_day() -> None:
    one = sent(hubspot, FOLDER / "workflow_webhook_contact.json")
    (first,) = hubspot.parse(one)
    (tomorrow,) = hubspot.parse(replace(one, received_ms=one.received_ms + 86_400_000))
    (changed,) = hubspot.parse(replace(one, body=one.body.replace(b"56987654321", b"56976543210")))

    assert len({first.id, tomorrow.id, changed.id}) == 3


def test_the_hubspot_example_becomes_this_update() -> None:
    assert updated("hubspot", "contact") == {
        "first_name": "María José",
        "last_name": "Muñoz Peña",
        "phone": "+56987654321",
        "email": "mj.munoz@example.com",
        "company": "Constructora Andes",
        "metadata.hubspot_id": "251",
        "metadata.etapa_hubspot": "opportunity",
    }
