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
    #: 'drop', 'replay', 'cancel', 'pause', 'resume', 'slow', 'probe', 'link', 'import', 'form meant', 'save'.
    what: str
    #: The event, the hook, the destination, or in words how many there were.
    about: str
    why: str
    #: The filter that chose what it was about, in words; empty where nothing was filtered.
    filter: str = ""
    #: How many events it concerned; 0 where that says nothing, and in entries older than this field.
    count: int = 0
    #: Id of the replay that it started or ended; empty where it did neither, and in entries older than this field.
    replay: str = ""


class Acts:
    """The list of acts. What is done in one step in the store writes its own entry in that step."""

    def __init__(self, client: Any, events: Events) -> None:
        self._client = client
        self._events = events

    def note(  # noqa: PLR0913 -- the facts of one act
        self, *, who: str, what: str, about: str, why: str = "", filter: str = "", count: int = 0
    ) -> None:
        """Write an act down."""
        now_ms = self._events.now_ms()
        act = Act(at_ms=now_ms, who=who, what=what, about=about, why=why, filter=filter, count=count)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.lpush(ACTS, write_act(act))
            pipe.ltrim(ACTS, 0, KEPT - 1)
            pipe.execute()

    def last(self, most: int) -> list[Act]:
        """Give the last acts, newest first."""
        with store_errors():
            rows = self._client.lrange(ACTS, 0, most - 1)
        return [read_act(row) for row in rows]


def write_act(act: Act) -> bytes:
    return orjson.dumps([act.at_ms, act.who, act.what, act.about, act.why, act.filter, act.count, act.replay])


def read_act(row: bytes) -> Act:
    """Read an entry; older ones have five parts, or seven."""
    told: list[Any] = orjson.loads(row)
    told += ["", 0, ""][len(told) - 5 :]
    at_ms, who, what, about, why, filter, count, replay = told
    return Act(at_ms=at_ms, who=who, what=what, about=about, why=why, filter=filter, count=count, replay=replay)
