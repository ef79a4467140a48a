"""Bodies of whatever shape somebody has built: a JSON object, a list of them with an event each, or a form post.

What an event is called, when it happened and what kind it is are read where most senders say it; nothing is required.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import bounded_id, digest, object_of, read_json, time_ms
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.sending import Request

#: Keys that hold the event's id, its kind, and when it happened. What was changed was created earlier.
IDS = ("event_id", "eventId")
KINDS = ("type", "event", "event_type")
TIMES = ("updated_at", "created", "created_at", "timestamp", "time")
#: Numbers that can only be a moment: seconds of the years 2001 to 2286, and the same in milliseconds.
SECONDS = range(10**9, 10**10)
MILLISECONDS = range(10**12, 10**13)
#: Shortest ISO time with its zone: 2026-09-26T14:33Z.
ISO_LENGTH = 17

Item = Mapping[str, Json]


def events_of(request: Request, *, id: str = "", kind: str = "") -> list[Event]:
    """Read the events; ``id`` and ``kind`` are what the request's headers say of it. Raises BadBody."""
    content = read_form(request) if is_form(request) else read_json(request.body)
    if not isinstance(content, list):
        item = object_of(content, "the body")
        return [event_of(item, request, id=bounded_id(id) or own_id(item, request), kind=kind)]
    if not content:
        raise BadBody("the body is an empty list")
    items = [object_of(one, f"item {number} of the body") for number, one in enumerate(content, 1)]
    return [one_of_list(one, request, id=id, kind=kind) for one in items]


def one_of_list(item: Item, request: Request, *, id: str, kind: str) -> Event:
    """Give the event of an item; an id of the whole request is not enough to tell it from the others."""
    own = own_id(item, request)
    event_id = bounded_id(f"{id}:{own}") if id else own
    return event_of(item, request, id=event_id, kind=kind, body=orjson.dumps([item]))


def event_of(item: Item, request: Request, *, id: str, kind: str, body: bytes | None = None) -> Event:
    return Event(
        id=id,
        fields=with_plain_keys(item),
        kind=kind or kind_in(item),
        at_ms=moment_in(item),
        raw=item,
        body=request.body if body is None else body,
    )


def own_id(item: Item, request: Request) -> str:
    """Take the event's own id; or a bare ``id`` with the content; or the content and the day on which it came.

    A bare ``id`` may be the person's: then the same again is a duplicate, and a changed answer an event.
    """
    if own := given_id(*(item.get(key) for key in IDS)):
        return own
    bare = given_id(item.get("id"))
    if not bare:
        return id_of_day(item, request.received_ms)
    return bounded_id(f"{bare}:{digest(orjson.dumps(item, option=orjson.OPT_SORT_KEYS))}")


def kind_in(item: Item) -> str:
    """Give the body's word for what happened; empty where there is none."""
    return next((one for key in KINDS if isinstance(one := item.get(key), str) and one), "")


def moment_in(item: Item) -> int | None:
    """Give the first moment of the body that can't be anything else, in ms since 1970."""
    moments = (moment_ms(item.get(key)) for key in TIMES)
    return next((one for one in moments if one is not None), None)


def moment_ms(value: Json) -> int | None:
    """Read ISO text with its zone, or seconds or milliseconds since 1970; None for what may be something else.

    A time without a zone is some place's own: it would be hours away from the truth.
    """
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        return time_ms(value) if has_zone(value) else None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    number = float(value)
    if SECONDS.start <= number < SECONDS.stop:
        return int(number * 1000)
    return int(number) if MILLISECONDS.start <= number < MILLISECONDS.stop else None


def has_zone(text: str) -> bool:
    """Whether text is long enough for an ISO time with a zone, and has one: ``Z``, ``+02:00`` or ``-0300``."""
    time = text[11:]
    return len(text) >= ISO_LENGTH and (time.endswith(("Z", "z")) or "+" in time or "-" in time)
