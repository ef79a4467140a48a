"""Zapier's "Webhooks by Zapier": JSON, a list of JSON objects, or a form post, as whoever built the Zap chose.

Zapier signs nothing, so the secret itself comes in a header: Bearer, ``X-Api-Key``, or the Basic Auth field
(written ``user|password`` in Zapier). It gives no event id and no time either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import About, Event, Json, Request
from relay.senders.base import bounded_id, object_of, read_json
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token

name = "zapier"
about = About(
    title="Zapier",
    proof="a long random text, sent as the header Authorization: Bearer, X-Api-Key, or as the Basic Auth password",
    variable="ZAPIER_TOKEN",
    lead="fields.lead_id",
    ids=("event_id+", "*.event_id+"),
    headers=("idempotency-key",),
)


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one to the Zap, with the hook's secret")


sign = with_token


def parse(request: Request) -> list[Event]:
    content = read_form(request) if is_form(request) else read_json(request.body)
    if not isinstance(content, list):
        return [event_of(object_of(content, "the body"), request, number=0)]
    if not content:
        raise BadBody("the body is an empty list")
    events = []
    for number, one in enumerate(content):
        item = object_of(one, f"item {number + 1} of the body")
        events.append(event_of(item, request, number=number, body=orjson.dumps(item)))
    return events


def event_of(item: Mapping[str, Json], request: Request, *, number: int, body: bytes | None = None) -> Event:
    return Event(
        id=event_id(item, request, number=number),
        fields=with_plain_keys(item),
        raw=item,
        body=request.body if body is None else body,
    )


def event_id(item: Mapping[str, Json], request: Request, *, number: int) -> str:
    """Take the id that the Zap maps, or the request's idempotency key, or the content and the UTC day.

    The last one makes a Zap replayed on the same day a duplicate, and the same answers next month an event.
    """
    if own := given_id(item.get("event_id")):
        return own
    if key := request.headers.get("idempotency-key"):
        return bounded_id(f"{key}:{number}" if number else key)
    return id_of_day(item, request.received_ms)
