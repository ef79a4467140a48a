"""Zapier's "Webhooks by Zapier": JSON, a list of JSON objects, or a form post, as whoever built the Zap chose.

Zapier signs nothing, so the secret itself comes in a header: Bearer, ``X-Api-Key``, or the Basic Auth field
(written ``user|password`` in Zapier). It gives no event id and no time either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import bounded_id, digest, object_of, read_json
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

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
        item = object_of(content, "the body")
        return [event_of(item, id=own_id(item) or key_of(request) or day_id(item, request), body=request.body)]
    if not content:
        raise BadBody("the body is an empty list")
    return [one_of_list(object_of(one, f"item {number} of the body"), request) for number, one in enumerate(content, 1)]


def one_of_list(item: Mapping[str, Json], request: Request) -> Event:
    """Give the event of an item; a request's key is not enough to tell it from the others."""
    key = key_of(request)
    keyed = bounded_id(f"{key}:{digest(orjson.dumps(item, option=orjson.OPT_SORT_KEYS))}") if key else ""
    return event_of(item, id=own_id(item) or keyed or day_id(item, request), body=orjson.dumps([item]))


def event_of(item: Mapping[str, Json], *, id: str, body: bytes) -> Event:
    return Event(id=id, fields=with_plain_keys(item), raw=item, body=body)


def own_id(item: Mapping[str, Json]) -> str:
    """Give the id that the Zap maps into the body; empty where there is none."""
    return given_id(item.get("event_id"))


def key_of(request: Request) -> str:
    return given_id(request.headers.get("idempotency-key"))


def day_id(item: Mapping[str, Json], request: Request) -> str:
    """Name an item by its content and the UTC day: a Zap replayed on that day is a duplicate, next month an event."""
    return id_of_day(item, request.received_ms)
