"""What the lead API's own webhooks may look like: each likely signature, and a body that is customised."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadSignature
from relay.model import Event
from relay.senders import lead_api
from tests.example_hooks import LEAD, updated
from tests.sender_security import PAYLOADS, SECRET, request, signed

FOLDER = PAYLOADS / "lead_api"
BODY = '{"test": "señal"}'.encode()
MADE = hmac.digest(SECRET.encode(), BODY, "sha256")
HEX, BASE64 = MADE.hex(), base64.b64encode(MADE).decode()


def read_lead_api(content: Any) -> Event:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (event,) = lead_api.parse(signed(lead_api, raw))
    return event


def example(name: str) -> Event:
    return read_lead_api((FOLDER / f"{name}.json").read_bytes())


@pytest.mark.parametrize("prefix", ["", "sha256="])
@pytest.mark.parametrize("made", [HEX, HEX.upper(), BASE64])
def test_the_lead_api_may_write_its_signature_in_any_of_these_ways(prefix: str, made: str) -> None:
    lead_api.verify(request({"X-Nexor-Signature": prefix + made}, BODY), ["old", SECRET])


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer a-token"},
        {"X-Api-Key": "a-token"},
        {"Authorization": "Basic " + base64.b64encode(b"relay:a-token").decode()},
        {"X-Nexor-Signature": "of a kind that nobody has described", "X-Api-Key": "a-token"},
    ],
)
def test_the_lead_api_may_bring_the_secret_itself(headers: dict[str, str]) -> None:
    lead_api.verify(request(headers, BODY), [SECRET, "a-token"])


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (
            {},
            "there is no Authorization or X-Api-Key header; "
            "let the webhook sign (X-Nexor-Signature) or add such a header to it, with the hook's secret",
        ),
        (
            {"X-Nexor-Signature": BASE64.swapcase()},
            "the X-Nexor-Signature header does not match any of the hook's secrets",
        ),
        ({"X-Nexor-Signature": HEX[:-1]}, "the X-Nexor-Signature header does not match any of the hook's secrets"),
        (
            {"X-Nexor-Signature": "x", "X-Api-Key": "y"},
            "the X-Nexor-Signature header does not match any of the hook's secrets",
        ),
        ({"X-Api-Key": "y"}, "the Authorization or X-Api-Key header does not match any of the hook's secrets"),
    ],
)
def test_the_lead_api_is_refused_with_anything_less(headers: dict[str, str], words: str) -> None:
    with pytest.raises(BadSignature) as refusal:
        lead_api.verify(request(headers, BODY), [SECRET])

    assert str(refusal.value) == words


LEAD_FIELDS = {
    "id": LEAD,
    "first_name": "María José",
    "last_name": "Muñoz Peña",
    "phone": "+56987654321",
    "email": "mj.munoz@example.com",
    "metadata": {"comuna": "Ñuñoa"},
}


def test_a_changed_status_gives_what_stands_in_data() -> None:
    event = example("status_changed")

    assert event.fields == {
        "from_status": {"key": "contactado", "label": "Contactado", "category": "open"},
        "to_status": {"key": "visita_agendada", "label": "Visita agendada", "category": "won"},
        "trigger": {"trigger_type": "manual", "actor_type": "user"},
        "lead": LEAD_FIELDS,
        "workflow": {"id": "a9140c3e-1b7d-4e52-8f96-3d0c5a7e2b18", "name": "Ventas"},
    }
    assert (event.id, event.kind) == ("b8f4c9de-3a57-4d21-9c0e-5f7a6b1d2e30", "workflow_run.status_changed")
    assert (event.at_ms, event.test) == (1_790_433_227_250, False)
    assert (event.hidden, event.form, event.campaign) == ({}, {}, {})


def test_a_test_of_the_lead_api_is_marked_as_one() -> None:
    real, test = example("status_changed"), example("status_changed_test")

    assert (test.test, test.fields, test.kind) == (True, real.fields, real.kind)
    assert test.id == "c0a7d1e2-4b68-4f93-a5d0-6e8f1b2c3d41"


def test_a_meeting_names_its_lead_too() -> None:
    event = example("meeting_scheduled")

    assert event.fields == {
        "lead": {"id": LEAD, "first_name": "María José", "last_name": "Muñoz Peña"},
        "meeting": {"title": "Visita al piloto de Ñuñoa", "start_time": "2026-10-03T15:00:00Z"},
    }
    assert (event.kind, event.at_ms) == ("meeting.scheduled", 1_790_434_800_000)
    assert event.id == "d1b8e2f3-5c79-4a04-b6e1-7f9a2c3d4e52"


def test_a_customised_body_gives_its_own_keys() -> None:
    event = example("body_of_its_own")

    assert event.fields == {"lead_id": LEAD, "estado": "visita_agendada", "corredor": "Andrés Núñez"}
    assert (event.kind, event.at_ms, event.test, len(event.id)) == ("", None, False, 32)


@pytest.mark.parametrize(
    ("content", "event_id"),
    [
        ({"event_id": "e", "delivery_id": "d"}, "e"),
        ({"event_id": None, "delivery_id": "d"}, "d"),
        ({"event_id": 12}, "12"),
    ],
)
def test_the_event_is_known_by_its_id_before_its_delivery(content: dict[str, Any], event_id: str) -> None:
    assert read_lead_api(content).id == event_id


def test_a_body_without_any_id_is_known_by_its_content_on_one_day() -> None:
    one = signed(lead_api, b'{"estado": "ganado", "lead_id": "x"}')
    (first,) = lead_api.parse(one)
    (reordered,) = lead_api.parse(replace(one, body=b'{"lead_id":"x","estado":"ganado"}'))
    (tomorrow,) = lead_api.parse(replace(one, received_ms=one.received_ms + 86_400_000))

    assert first.id == reordered.id
    assert first.id != tomorrow.id


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"event_type": "a", "test": False, "estado": "x"}, {"estado": "x"}),
        ({"event_type": 3, "data": None, "timestamp": 5}, {"data": None}),
        ({"event_type": ["a"], "data": [1], "test": "true"}, {"data": [1]}),
        ({"data": {}}, {}),
    ],
)
def test_no_part_of_the_envelope_is_required_or_breaks_the_rest(content: Any, fields: Any) -> None:
    event = read_lead_api(content)

    assert (event.fields, event.test, event.at_ms) == (fields, False, None)


def test_the_lead_api_examples_become_these_updates() -> None:
    assert updated("lead_api", "status_changed") == {
        "metadata.estado_lead": "visita agendada",
        "metadata.estado_anterior": "contactado",
        "metadata.estado_desde": "2026-09-26T14:33:47.250Z",
    }
    assert updated("lead_api", "meeting") == {"metadata.reunion": "agendada"}
