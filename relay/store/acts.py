"""What people did: who, when, what and why, newest first, in a capped list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from relay.store.events import Events
from relay.store.scripts import store_errors

ACTS = "relay:acts"
KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that a person did."""

    at_ms: int
    who: str
    #: 'drop' or 'replay'.
    what: str
    #: The event, or in words how many there were.
    about: str
    why: str


class Acts:
    """The list of acts. Dropping writes its own entry in the step that drops."""

    def __init__(self, client: Any, events: Events) -> None:
        self._client = client
        self._events = events

    def note(self, *, who: str, what: str, about: str, why: str = "") -> None:
        """Write an act down."""
        entry = orjson.dumps([self._events.now_ms(), who, what, about, why])
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.lpush(ACTS, entry)
            pipe.ltrim(ACTS, 0, KEPT - 1)
            pipe.execute()

    def last(self, most: int) -> list[Act]:
        """Give the last acts, newest first."""
        with store_errors():
            rows = self._client.lrange(ACTS, 0, most - 1)
        return [_act(row) for row in rows]


def _act(row: bytes) -> Act:
    at_ms, who, what, about, why = orjson.loads(row)
    return Act(at_ms=at_ms, who=who, what=what, about=about, why=why)
