"""What the last full audit found, so that a page can say it without reading every record again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from relay.store.events import Events
from relay.store.scripts import store_errors

PROOF, TURN = "relay:proof", "relay:proof-turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The verdict of one audit over all records that were kept then."""

    at_ms: int
    holds: bool
    #: Accepted events that were added up.
    events: int
    #: What was wrong, the first few sentences.
    faults: tuple[str, ...] = ()


class Proofs:
    """Keeps the last verdict."""

    def __init__(self, client: Any, events: Events) -> None:
        self._client = client
        self._events = events

    def note(self, *, holds: bool, events: int, faults: tuple[str, ...] = ()) -> None:
        """Write down what an audit has found just now."""
        with store_errors():
            self._client.set(PROOF, orjson.dumps([self._events.now_ms(), holds, events, faults]))

    def last(self) -> Proof | None:
        """Give the last verdict; None where there was never an audit."""
        with store_errors():
            packed = self._client.get(PROOF)
        if packed is None:
            return None
        at_ms, holds, events, faults = orjson.loads(packed)
        return Proof(at_ms=at_ms, holds=holds, events=events, faults=tuple(faults))

    def turn(self, ms: int) -> bool:
        """Whether nobody has begun an audit by itself for so long; then it is the caller's turn."""
        with store_errors():
            return bool(self._client.set(TURN, 1, nx=True, px=ms))
