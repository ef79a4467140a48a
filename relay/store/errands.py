"""What is to be done for an event before it can go on: fetch its answers at its sender, find its lead at the CRM.

Each queue of errands has a gate of its own, as destinations have: a token that stopped working holds one hook's events
and nobody else's. What is to do stands here; a job is only a nudge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from relay.model import Arrival, Reason, State, StoredEvent
from relay.store import record
from relay.store.arming import SILENT_MS, START_MS
from relay.store.names import Names
from relay.store.scripts import Scripts, store_errors

#: First part of a queue's name; behind it stands the hook, or the destination.
FETCH, FIND = "fetch", "find"


def errand_of(arrival: Arrival, *, lookup: bool) -> str:
    """Name the queue of an event whose answers, or whose lead, are to be asked for; empty where nobody is asked."""
    mapped = arrival.mapped
    if mapped.fetch:
        return f"{FETCH}:{arrival.hook}"
    asks = mapped.names and not mapped.lead and (lookup or mapped.missing == "create")
    return f"{FIND}:{arrival.destination}" if asks else ""


class Tried(NamedTuple):
    """What one errand has been through."""

    attempts: int = 0
    #: When it first failed, in ms; 0 while it did not.
    first_ms: int = 0
    #: Whether a lead may have been created of which we were not told.
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """Errands of one queue that are ours until their leases end."""

    #: No errand will be due, or allowed, before that many ms have passed.
    wait_ms: int
    #: Why nothing, or a single probe, was given: '', 'slowed', 'held', 'open'.
    gate: str
    #: What was tried, by event.
    events: dict[str, Tried]


class Errandry:
    """The background worker's side of the store."""

    def __init__(self, scripts: Scripts, names: Names, *, retention_ms: int) -> None:
        self._scripts = scripts
        self._names = names
        self._retention_ms = retention_ms

    def queues(self) -> list[str]:
        """Give the queues that have something to do, now or later."""
        with store_errors():
            names: Any = self._scripts.client.smembers("relay:errands")
        return sorted(name.decode() for name in names)

    def arm(self, name: str) -> bool:
        """Take the place of the one job that runs errands, for a job of this name; False where none is wanted."""
        return int(self._scripts.run("summon", name, START_MS, "")) == 1

    def keep(self, name: str) -> bool:
        """Say that this job lives; False where its place is another's by now."""
        return int(self._scripts.run("summon", name, SILENT_MS, "keep")) == 1

    def leave(self, name: str) -> None:
        """Give the place up."""
        self._scripts.run("summon", name, 0, "leave")

    def claim(self, queue: str, *, room: int, lease_ms: int) -> Errands:
        wait_ms, gate, *found = self._scripts.run("errands", queue, room, lease_ms)
        events = {id.decode(): Tried(*orjson.loads(text)) if text else Tried() for id, text in found}
        return Errands(wait_ms=int(wait_ms), gate=gate.decode(), events=events)

    def prolong(self, queue: str, ids: Sequence[str], *, lease_ms: int) -> None:
        """Say that these errands are still being run."""
        if ids:
            self._scripts.run("prolong", queue, lease_ms, *ids)

    def rest(self, queue: str, id: str, tried: Tried, *, rest_ms: int, gate: tuple[str, str] = ("", "")) -> None:
        """Put an errand off. ``gate`` is what its gate hears, 'answered', 'failed', 'denied' or ms, and its words."""
        self._scripts.run("rest", queue, id, rest_ms, orjson.dumps(list(tried)), gate[0], gate[1][:200])

    def heard(self, queue: str) -> None:
        """Say that the far side answered."""
        self._scripts.run("rest", queue, "", 0, "", "answered", "")

    def go_on(self, event: StoredEvent, queue: str, *, why: Reason, missing: str = "park") -> bool:
        """Have an event go on as it was mapped: to its lead if one is known by now, else parked, or ignored."""
        answer = self._scripts.run(
            "settle",
            event.id,
            queue,
            event.destination,
            "",
            State.IN_FLIGHT.value,
            len(event.updates),
            b"",
            record.write_reason(why),
            record.write_fault(event.faults),
            self._names.packed(event.destination, event.names),
            missing,
            "",
            self._retention_ms,
            b"",
        )
        return int(answer) == 1

    def settle(self, id: str, queue: str, arrival: Arrival, *, errand: str = "") -> bool:
        """Have an event go on as it is mapped now; ``errand`` is where its lead is looked for next, if anywhere."""
        mapped = arrival.mapped
        answer = self._scripts.run(
            "settle",
            id,
            queue,
            arrival.destination,
            record.lead_name(arrival.destination, mapped.lead) if mapped.lead else "",
            mapped.state.value,
            len(mapped.updates),
            record.pack(arrival),
            record.write_reason(mapped.reason),
            record.write_fault(mapped.faults),
            self._names.packed(arrival.destination, mapped.names),
            mapped.missing,
            errand,
            self._retention_ms,
            self._names.filed(arrival.terms, mapped),
        )
        return int(answer) == 1
