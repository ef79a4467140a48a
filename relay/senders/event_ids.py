"""Ids for the events of senders that give them none: one that a customer maps, or else the content and the day."""

from __future__ import annotations

import orjson

from relay.model import Json
from relay.senders.base import bounded_id, digest

DAY_MS = 86_400_000


def given_id(*candidates: Json) -> str:
    """Take the first that may be an id, text or a whole number; empty where none is."""
    for one in candidates:
        if isinstance(one, (str, int)) and not isinstance(one, bool) and (text := str(one).strip()):
            return bounded_id(text)
    return ""


def as_text(id: Json) -> Json:
    """Give an id that came as a number as text: many who read it would round it."""
    return str(id) if isinstance(id, int) and not isinstance(id, bool) else id


def id_of_day(content: Json, received_ms: int) -> str:
    """Name an event by its content and the UTC day on which it came, whatever the order of its keys.

    What is sent again on the same day is a duplicate; the same answers next month are an event.
    """
    return digest(orjson.dumps([received_ms // DAY_MS, content], option=orjson.OPT_SORT_KEYS))
