"""Make: whatever the HTTP module of a scenario is built to send, as JSON, a list of JSON objects, or a form post.

Make signs nothing and gives no id; the secret comes in a header, and an id where the scenario maps one.
Source: apps.make.com/http, the pages of the HTTP app; help.make.com, "Error handling".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import bounded_id, object_of
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.hand_made import read_hand_made
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

name = "make"
about = About(
    title="Make",
    proof="a long random text, sent as the header Authorization: Bearer or X-Api-Key, or as the Basic auth password",
    variable="MAKE_TOKEN",
    lead="fields.lead_id",
    ids=("idempotency_key+", "*.idempotency_key+"),
    headers=("idempotency-key",),
)

#: Begins a variable of Make: an id with one in it was typed, not mapped, and would be the same for every event.
UNFILLED = "{{"


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one to the HTTP module, with the hook's secret")


sign = with_token


def parse(request: Request) -> list[Event]:
    content = read_form(request) if is_form(request) else read_hand_made(request.body)
    if not isinstance(content, list):
        item = object_of(content, "the body")
        return [event_of(item, request, id=own_id(item) or key_of(request) or id_of_day(item, request.received_ms))]
    if not content:
        raise BadBody("the body is an empty list")
    return [one_of_list(object_of(one, f"item {number} of the body"), request) for number, one in enumerate(content, 1)]


def one_of_list(item: Mapping[str, Json], request: Request) -> Event:
    """Give the event of an item; a request's key is not enough to tell it from the others."""
    key, content = key_of(request), id_of_day(item, request.received_ms)
    event_id = own_id(item) or (bounded_id(f"{key}:{content}") if key else content)
    return event_of(item, request, id=event_id, body=orjson.dumps([item]))


def event_of(item: Mapping[str, Json], request: Request, *, id: str, body: bytes | None = None) -> Event:
    return Event(id=id, fields=with_plain_keys(item), raw=item, body=request.body if body is None else body)


def own_id(item: Mapping[str, Json]) -> str:
    """Give the id that the scenario maps into the body; empty where there is none."""
    return filled(given_id(item.get("event_id"), item.get("idempotency_key")))


def key_of(request: Request) -> str:
    return filled(given_id(request.headers.get("idempotency-key")))


def filled(key: str) -> str:
    return "" if UNFILLED in key else key
