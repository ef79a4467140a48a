"""Unbounce: one lead of a landing page in each request, a form post with the lead in ``data.json``, or JSON alone.

It signs nothing; the secret comes in a header that it is told to add. Every value is a list.
Source: documentation.unbounce.com, "Integrating via Webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson

from relay.model import Event, Json
from relay.senders.base import EPOCH, MILLISECOND, alone, digest, object_of, read_json, text_of
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

name = "unbounce"
about = About(
    title="Unbounce",
    proof="a long random text, sent as the header Authorization: Bearer that the webhook adds",
    variable="UNBOUNCE_TOKEN",
    lead="fields.lead_id",
    ids=("event_id+",),
    given={"form": ("id", "title", "url", "variant"), "campaign": ()},
)

LEAD = "data.json"
#: Its time is told to the minute: 2026-09-26 and 02:33 PM UTC.
MINUTE = "%Y-%m-%d %I:%M %p UTC"


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one to the webhook at Unbounce, with the hook's secret")


sign = with_token


def parse(request: Request) -> list[Event]:
    page, lead = parts_of(request)
    fields = {key: alone(value) for key, value in lead.items()}
    return [
        Event(
            id=given_id(page.get("event_id"), fields.get("event_id")) or event_id(lead, request.received_ms),
            fields=with_plain_keys(fields),
            form={
                "id": fields.get("page_uuid") or page.get("page_id"),
                "title": fields.get("page_name") or page.get("page_name"),
                "url": fields.get("page_url") or page.get("page_url"),
                "variant": fields.get("variant") or page.get("variant"),
            },
            at_ms=minute_ms(fields.get("date_submitted"), fields.get("time_submitted")),
            raw=lead,
            body=request.body,
        )
    ]


def parts_of(request: Request) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """Give what the request says of the page, and the lead itself. Raises BadBody."""
    if not is_form(request):
        return {}, object_of(read_json(request.body), "the body")
    page = read_form(request)
    lead = text_of(page.get(LEAD), LEAD)
    return page, object_of(read_json(lead.encode(), LEAD), LEAD)


def event_id(lead: Mapping[str, Json], received_ms: int) -> str:
    """Name the lead by all that it holds: page, variant and minute are among it, else the day is added."""
    if "date_submitted" in lead and "time_submitted" in lead:
        return digest(orjson.dumps(lead, option=orjson.OPT_SORT_KEYS))
    return id_of_day(lead, received_ms)


def minute_ms(day: Json, minute: Json) -> int | None:
    """Read day and minute as ms since 1970; None where they are not written as Unbounce writes them."""
    try:
        time = datetime.strptime(f"{day} {minute}", MINUTE)
    except ValueError:
        return None
    return max(0, (time.replace(tzinfo=UTC) - EPOCH) // MILLISECOND)
