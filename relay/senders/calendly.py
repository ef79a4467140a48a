"""Calendly: an invitee who booked or cancelled in each signed request, answers by the text of their question.

A meeting that is moved comes as two: the old one cancelled with ``rescheduled``, and a new one with ``old_invitee``.
Sources: developer.calendly.com, "Webhook signatures", "Webhook timeouts and retries", "Webhook payload".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.model import Event, Json
from relay.senders.base import bounded_id, list_of, object_of, read_json, text_of, time_ms
from relay.senders.plain_keys import with_plain_keys
from relay.senders.timed import TimedSignature
from relay.sending import About, Request

name = "calendly"
about = About(
    title="Calendly",
    proof="the signing key given when the webhook subscription was made",
    variable="CALENDLY_SIGNING_KEY",
    lead="hidden.utm_content",
    ids=("payload.uri",),
    times=("created_at",),
    given={"form": ("id", "title"), "campaign": ()},
    hidden=True,
)

SIGNATURE = TimedSignature(
    header="Calendly-Webhook-Signature",
    part="v1",
    where="make the webhook subscription anew with a signing_key, the same as the hook's secret",
    # Calendly's own example refuses after three minutes.
    tolerance_s=180,
)
#: What has a place of its own.
APART = ("questions_and_answers", "tracking", "scheduled_event", "cancellation")


def verify(request: Request, secrets: Sequence[str]) -> None:
    SIGNATURE.verify(request, secrets)


sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    kind = text_of(body.get("event"), "event")
    invitee = object_of(body.get("payload"), "payload")
    meeting = object_of(invitee.get("scheduled_event") or {}, "payload.scheduled_event")
    return [
        Event(
            id=event_id(kind, invitee, body.get("created_at")),
            fields=fields_of(invitee, meeting),
            hidden=object_of(invitee.get("tracking") or {}, "payload.tracking"),
            form={"id": meeting.get("event_type"), "title": meeting.get("name")},
            kind=kind,
            at_ms=time_ms(body.get("created_at")),
            raw=body,
            body=request.body,
        )
    ]


def event_id(kind: str, invitee: Mapping[str, Json], created_at: Json) -> str:
    """Name what happened by the invitee's address at Calendly, which stays the same from booking to cancelling."""
    return bounded_id(f"{kind}:{text_of(invitee.get('uri'), 'payload.uri')}:{created_at}")


def fields_of(invitee: Mapping[str, Json], meeting: Mapping[str, Json]) -> dict[str, Json]:
    """Give what Calendly knows of invitee and meeting, then the answers, which overwrite none of it."""
    cancellation = object_of(invitee.get("cancellation") or {}, "payload.cancellation")
    fields = {key: value for key, value in invitee.items() if key not in APART}
    fields |= {
        "start_time": meeting.get("start_time"),
        "end_time": meeting.get("end_time"),
        "canceled_by": cancellation.get("canceled_by"),
        "cancel_reason": cancellation.get("reason"),
    }
    for one in list_of(invitee.get("questions_and_answers") or [], "payload.questions_and_answers"):
        answer = object_of(one, "an answer of payload")
        fields.setdefault(text_of(answer.get("question"), "the question of an answer"), answer.get("answer"))
    return with_plain_keys(fields)
