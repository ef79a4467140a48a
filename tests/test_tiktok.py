"""TikTok: whatever shape its leads come in, and proved by a signature or by a token."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadSignature
from relay.model import Event, Name, State
from relay.senders import tiktok
from relay.sending import Request
from tests.example_hooks import CONTACT, mapped_examples
from tests.sender_security import ADDRESS, PAYLOADS, RECEIVED_MS, SECRET, request, sent

[VECTOR] = json.loads((Path(__file__).parent / "vectors" / "tiktok.json").read_bytes())


def told(file: str) -> Event:
    (event,) = tiktok.parse(sent(tiktok, PAYLOADS / "tiktok" / file))
    return event


def read(content: Any) -> list[Event]:
    return tiktok.parse(Request(headers={}, body=json.dumps(content).encode(), received_ms=RECEIVED_MS))


def test_tiktok_signs_as_its_page_says() -> None:
    moment = int(VECTOR["headers"]["TikTok-Signature"].split(",")[0][2:]) * 1000

    tiktok.verify(request(VECTOR["headers"], VECTOR["body"].encode(), received_ms=moment), [VECTOR["secret"]])


@pytest.mark.parametrize("query", [f"?token={SECRET.replace(' ', '%20')}", ""])
def test_without_a_signature_a_token_proves_it(query: str) -> None:
    headers = {} if query else {"X-Api-Key": SECRET.encode().decode("latin-1")}
    one = replace(request(headers, b"{}"), url=ADDRESS + query)

    tiktok.verify(one, [SECRET])
    with pytest.raises(BadSignature):
        tiktok.verify(one, ["another"])


def test_a_signature_that_is_wrong_is_not_saved_by_a_token() -> None:
    one = request({"TikTok-Signature": "t=1,s=00", "X-Api-Key": SECRET.encode().decode("latin-1")}, b"{}")

    with pytest.raises(BadSignature):
        tiktok.verify(one, [SECRET])


ANSWERS = {"phone_number": "+56987654321", "email": "mj.munoz@example.com"}


def test_a_lead_with_field_data_is_read() -> None:
    event = told("lead_field_data_shape_UNCONFIRMED.json")

    assert event.fields == {"full_name": "María José Muñoz Peña", **ANSWERS}
    assert (event.id, event.kind, event.at_ms) == ("7300000000000000001", "lead", 1_790_433_226_000)
    assert event.form == {"id": "7200000000000000001"}
    assert event.campaign == {"advertiser_id": "7100000000000000001"}


def test_a_lead_in_the_manner_of_meta_is_read() -> None:
    event = told("lead_entry_shape_UNCONFIRMED.json")

    assert event.fields["name"] == "María José Muñoz Peña"
    assert event.fields["email"] == "mj.munoz@example.com"
    assert (event.id, event.at_ms) == ("7300000000000000002", 1_790_433_226_000)
    assert event.campaign["campaign_name"] == "Lanzamiento"


def test_an_envelope_that_tells_of_no_lead_is_kept_whole() -> None:
    event = told("envelope_with_serialized_content.json")

    assert (event.kind, event.fields) == ("authorization.removed", {})
    assert isinstance(event.raw, dict)
    assert event.raw["content"] == {"reason": 1}


def test_a_serialized_content_may_hold_the_lead() -> None:
    (event,) = read({"event": "lead", "create_time": 5, "content": '{"lead_id": 7, "email": "a@b.cl"}'})

    assert (event.id, event.fields, event.at_ms) == ("7", {"email": "a@b.cl"}, 5_000)


def test_many_leads_are_an_event_each_and_each_can_be_read_again_alone() -> None:
    leads = [{"lead_id": str(n), "email": f"{n}@b.cl"} for n in range(3)]

    events = read({"event": "lead", "data": {"leads": leads}})

    assert [one.id for one in events] == ["0", "1", "2"]
    again = [Request(headers={}, body=one.body, received_ms=RECEIVED_MS) for one in events]
    assert [tiktok.parse(one) for one in again] == [[one] for one in events]


def read_again(events: list[Event]) -> list[Event]:
    """Read what is kept of each event, alone."""
    again = [Request(headers={}, body=one.body, received_ms=RECEIVED_MS) for one in events]
    return [event for one in again for event in tiktok.parse(one)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            {"event": "lead", "data": {"leads": [{"lead_id": 1, "email": "a@b.cl"}, {"email": "c@d.cl"}, 3]}},
            [("1", "lead"), (None, "unknown"), (None, "unknown")],
        ),
        ({"leads": [{"lead_id": 1, "email": "a@b.cl"}, {"lead_id": 2}]}, [("1", "lead"), ("2", "lead")]),
        (
            {"entry": [{"id": 1, "changes": [{"field": "email", "value": "a@b.cl"}]}, {"id": 2, "email": "c@d.cl"}, 3]},
            [("1", "lead"), ("2", "lead"), (None, "unknown")],
        ),
        (
            {"entry": [{"id": "page", "changes": [{"value": {"lead_id": 1}}, {"value": {"email": "c@d.cl"}}]}]},
            [("1", "lead"), (None, "unknown")],
        ),
        (
            {"entry": [{"id": "e", "changes": [{"value": {"lead_id": 1}}, {"field": "email", "value": "c@d.cl"}, 3]}]},
            [("1", "lead"), ("e", "lead")],
        ),
        ({"entry": [{"id": "page", "changes": [{"value": {"lead_id": 1}}, 3]}]}, [("1", "lead")]),
    ],
)
def test_no_part_of_a_request_with_many_is_lost(content: Any, found: list[tuple[str | None, str]]) -> None:
    events = read(content)

    assert [(one.id if one.kind == "lead" else None, one.kind) for one in events] == found
    assert len({one.id for one in events}) == len(events)
    assert read_again(events) == events


def test_a_part_of_a_batch_keeps_its_envelope_and_so_its_time() -> None:
    events = read({"event": "lead", "create_time": 5, "content": '{"leads": [{"lead_id": 1}, {"lead_id": 2}]}'})

    assert [(one.id, one.at_ms, one.kind) for one in events] == [("1", 5_000, "lead"), ("2", 5_000, "lead")]
    assert read_again(events) == events


def test_ids_that_come_as_numbers_are_text() -> None:
    (event,) = read({"data": {"lead_id": 7, "form_id": 8, "campaign_id": 9}})

    assert (event.id, event.form, event.campaign) == ("7", {"id": "8"}, {"campaign_id": "9"})


@pytest.mark.parametrize("content", [{}, {"data": 3}, {"entry": [3]}, {"entry": [{"changes": 3}]}, {"content": "{"}])
def test_a_shape_that_nobody_told_of_is_kept_as_unknown(content: Any) -> None:
    (event,) = read(content)

    assert (event.kind, event.raw) == ("unknown", content)


def test_the_tiktok_example_becomes_this_update() -> None:
    (mapped,) = mapped_examples("tiktok", "lead")

    (update,) = mapped.updates
    assert update.set == {**CONTACT, "metadata.utm_source": "tiktok"}
    assert mapped.names == (Name("phone", CONTACT["phone"]), Name("email", CONTACT["email"]))
    assert (mapped.faults, mapped.state) == ((), State.IN_FLIGHT)
