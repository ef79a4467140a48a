"""What the Calendly adapter lets in, and what it reads out of bookings, cancellations and moved meetings."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event, State
from relay.senders import calendly
from relay.senders.signing import hmac_hex
from tests.example_hooks import CONTACT, LEAD, mapped_examples, updated
from tests.sender_security import PAYLOADS, RECEIVED_MS, SECRET, request, signed

FOLDER = PAYLOADS / "calendly"
MEETINGS = "https://api.calendly.com/scheduled_events"
FIRST = f"{MEETINGS}/8f2b6c1a-9d3e-4a7f-b5c2-1e6f9a0d4b7c"
SECOND = f"{MEETINGS}/2d9f5c34-7b1e-4f60-8a93-c4e1b7d20f58"
INVITEE = f"{FIRST}/invitees/1a4d7e2b-5c8f-4a1d-9b3e-6f0c8d2a5b7e"
MOVED = f"{FIRST}/invitees/2b5e8f3c-5c8f-4a1d-9b3e-6f0c8d2a5b7e"
MOVED_TO = f"{SECOND}/invitees/6b3e9f10-4c7d-4e2a-9f85-1d0a7c6b2e94"

#: What the four examples have in common.
FIELDS = {
    "uri": INVITEE,
    "email": "mj.munoz@example.com",
    "name": "María José Muñoz Peña",
    "first_name": None,
    "last_name": None,
    "status": "active",
    "timezone": "America/Santiago",
    "event": FIRST,
    "text_reminder_number": "+56987654321",
    "rescheduled": False,
    "old_invitee": None,
    "new_invitee": None,
    "cancel_url": "https://calendly.com/cancellations/3f6a1c2e",
    "reschedule_url": "https://calendly.com/reschedulings/3f6a1c2e",
    "created_at": "2026-09-26T14:33:47.000000Z",
    "updated_at": "2026-09-26T14:33:47.000000Z",
    "start_time": "2026-10-03T15:00:00.000000Z",
    "end_time": "2026-10-03T15:30:00.000000Z",
    "canceled_by": None,
    "cancel_reason": None,
    "Teléfono": "+56987654321",
    "telefono": "+56987654321",
}
HIDDEN = {
    "utm_campaign": None,
    "utm_source": "relay",
    "utm_medium": None,
    "utm_content": LEAD,
    "utm_term": None,
    "salesforce_uuid": None,
}


def example(name: str) -> Event:
    return read_calendly(json.loads((FOLDER / f"{name}.json").read_bytes()))


def read_calendly(content: Any) -> Event:
    (event,) = calendly.parse(signed(calendly, json.dumps(content).encode()))
    return event


def calendly_event(**invitee: Any) -> dict[str, Any]:
    return {"event": "invitee.created", "created_at": "2026-09-26T14:33:47Z", "payload": {"uri": "i1", **invitee}}


def header_of(moment: str, *signatures: str) -> dict[str, str]:
    return {"Calendly-Webhook-Signature": ",".join([f"t={moment}", *(f"v1={one}" for one in signatures)])}


@pytest.mark.parametrize("place", [0, 1])
def test_any_of_several_calendly_signatures_is_enough(place: int) -> None:
    moment = str(RECEIVED_MS // 1000)
    signatures = ["0" * 64, "1" * 64]
    signatures[place] = hmac_hex(SECRET, f"{moment}.{{}}".encode()).decode()

    calendly.verify(request(header_of(moment, *signatures), b"{}"), [SECRET])


@pytest.mark.parametrize(
    ("later_s", "words"), [(181, "is 181 s old, more than 180 s"), (-181, "is 181 s in the future, more than 180 s")]
)
def test_a_calendly_signature_is_good_for_three_minutes(later_s: int, words: str) -> None:
    one = signed(calendly, b"{}")

    with pytest.raises(BadSignature) as refusal:
        calendly.verify(replace(one, received_ms=RECEIVED_MS + later_s * 1000), [SECRET])

    assert str(refusal.value) == f"the Calendly-Webhook-Signature header {words}; set the clocks, or send it anew"


def test_calendly_is_told_how_to_sign() -> None:
    with pytest.raises(BadSignature) as missing:
        calendly.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no Calendly-Webhook-Signature header; "
        "make the webhook subscription anew with a signing_key, the same as the hook's secret"
    )


def test_a_calendly_booking_gives_invitee_answers_and_meeting() -> None:
    event = example("invitee_created")

    assert event.fields == FIELDS
    assert event.hidden == HIDDEN
    assert event.form == {"id": None, "title": "Visita piloto"}
    assert (event.id, event.kind) == (
        f"invitee.created:{INVITEE}:2026-09-26T14:33:47.000000Z",
        "invitee.created",
    )
    assert (event.at_ms, event.test, event.campaign) == (1_790_433_227_000, False, {})


def test_a_calendly_cancellation_says_by_whom_and_why() -> None:
    event = example("invitee_canceled")

    assert event.fields == {
        **FIELDS,
        "status": "canceled",
        "updated_at": "2026-09-27T09:12:03.250000Z",
        "canceled_by": "María José Muñoz Peña",
        "cancel_reason": "No alcanzo a llegar",
    }
    assert (event.kind, event.at_ms, event.hidden) == ("invitee.canceled", 1_790_500_323_250, HIDDEN)
    assert event.id == f"invitee.canceled:{INVITEE}:2026-09-27T09:12:03.250000Z"


def test_a_moved_calendly_meeting_is_two_events_that_name_each_other() -> None:
    old, new = example("invitee_canceled_rescheduled"), example("invitee_created_rescheduled")

    assert old.fields == {
        **FIELDS,
        "uri": MOVED,
        "status": "canceled",
        "rescheduled": True,
        "new_invitee": MOVED_TO,
        "canceled_by": "María José Muñoz Peña",
    }
    assert new.fields == {
        **FIELDS,
        "uri": MOVED_TO,
        "event": SECOND,
        "old_invitee": MOVED,
        "start_time": "2026-10-05T18:00:00.000000Z",
        "end_time": "2026-10-05T18:30:00.000000Z",
    }
    assert (old.kind, new.kind) == ("invitee.canceled", "invitee.created")
    assert old.at_ms == new.at_ms == 1_790_611_510_000
    assert new.form == {"id": "https://api.calendly.com/event_types/BBBBBBBBBBBBBBBB", "title": "Visita piloto"}


def test_an_answer_overwrites_nothing_that_calendly_itself_knows() -> None:
    answers = [{"question": "name", "answer": "x"}, {"question": "Email", "answer": "y"}, {"question": "¿Qué día?"}]

    event = read_calendly(calendly_event(name="Ana", email="a@example.com", questions_and_answers=answers))

    assert (event.fields["name"], event.fields["email"], event.fields["Email"]) == ("Ana", "a@example.com", "y")
    assert event.fields["que_dia"] is None


@pytest.mark.parametrize("nothing", [{}, dict.fromkeys(("questions_and_answers", "tracking", "scheduled_event"))])
def test_calendly_parts_that_are_optional_may_be_missing(nothing: dict[str, None]) -> None:
    event = read_calendly({**calendly_event(**nothing), "created_at": None})

    assert event.fields == {
        "uri": "i1",
        "start_time": None,
        "end_time": None,
        "canceled_by": None,
        "cancel_reason": None,
    }
    assert (event.hidden, event.form, event.at_ms) == ({}, {"id": None, "title": None}, None)


def test_another_calendly_event_is_read_as_far_as_it_goes() -> None:
    answers = [{"question_uuid": "q1", "question": "¿Qué buscas?", "answer": "Casa"}]
    content = calendly_event(questions_and_answers=answers, tracking={"utm_content": LEAD}, submitter=None)

    event = read_calendly({**content, "event": "routing_form_submission.created"})

    assert event.kind == "routing_form_submission.created"
    assert (event.fields["que_buscas"], event.hidden) == ("Casa", {"utm_content": LEAD})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"payload": {"uri": "i1"}}, "event is missing"),
        ({"event": "invitee.created"}, "payload is missing"),
        ({"event": "invitee.created", "payload": "i1"}, "payload is text, not an object"),
        (calendly_event(uri=None), "payload.uri is missing"),
        (calendly_event(uri=3), "payload.uri is a number, not text"),
        (calendly_event(tracking="a"), "payload.tracking is text, not an object"),
        (calendly_event(scheduled_event=[1]), "payload.scheduled_event is a list, not an object"),
        (calendly_event(cancellation="a"), "payload.cancellation is text, not an object"),
        (calendly_event(questions_and_answers={"a": 1}), "payload.questions_and_answers is an object, not a list"),
        (calendly_event(questions_and_answers=["a"]), "an answer of payload is text, not an object"),
        (calendly_event(questions_and_answers=[{}]), "the question of an answer is missing"),
    ],
)
def test_calendly_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_calendly(content)

    assert str(refusal.value) == words


def test_the_calendly_examples_become_these_updates() -> None:
    booked = {
        **CONTACT,
        "metadata.estado_lead": "visita agendada",
        "metadata.visita": "Visita piloto",
        "metadata.visita_inicio": "2026-10-03T15:00:00.000000Z",
        "metadata.visita_link_cambio": "https://calendly.com/reschedulings/3f6a1c2e",
    }

    assert updated("calendly", "booked") == booked
    assert updated("calendly", "moved_new") == {**booked, "metadata.visita_inicio": "2026-10-05T18:00:00.000000Z"}
    assert updated("calendly", "cancelled") == {
        "metadata.estado_lead": "visita cancelada",
        "metadata.visita_motivo": "No alcanzo a llegar",
    }
    (moved,) = mapped_examples("calendly", "moved_old")
    assert (moved.updates, moved.state) == ((), State.IGNORED)
