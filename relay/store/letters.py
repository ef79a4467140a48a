"""What a person does with events: replay them, or drop a dead or parked one with a reason. Each is one atomic step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import orjson

from relay.errors import CommandError
from relay.model import Arrival, Mapped, Registers, StoredEvent, Update
from relay.store import lead as leads
from relay.store import record
from relay.store.acts import Act, read_act, write_act
from relay.store.delivery import CLOCK_FACTOR, HISTORY
from relay.store.errands import errand_of
from relay.store.events import Events
from relay.store.lead import Entry
from relay.store.names import Names
from relay.store.scripts import Scripts, store_errors


class Step(NamedTuple):
    """The place of one event in a replay that has a record, and who drives that."""

    replay: str
    driver: str
    place: int
    lease_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a person changed of an event when it was replayed: values by register, for each of its updates."""

    at_ms: int
    who: str
    before: tuple[Registers, ...]
    after: tuple[Registers, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """That a person dropped an event."""

    at_ms: int
    who: str
    why: str


class Letters:
    """Replays and discards."""

    def __init__(self, scripts: Scripts, events: Events, names: Names, *, retention_ms: int, lookup: bool) -> None:
        self._scripts = scripts
        self._names = names
        self._lookup = lookup
        self._events = events
        self._retention_ms = retention_ms

    def replay(self, event: StoredEvent, *, who: str, force: bool = False, step: Step | None = None) -> bool:
        """Send an event again as it was mapped. Dead updates alone where there are any, else all of them.

        It keeps its stamp, so what newer events have set stays; ``force`` gives it the stamp of now and sends it whole.
        Raises CommandError where it is in flight, or gone, or was mapped to no update. False, and nothing is done,
        where the replay of which it is a ``step`` was cancelled, or is driven by another.
        """
        if not event.updates or not event.lead:
            raise CommandError(f"event {event.id}: {nothing_to_send(event)}")
        updates, fault = len(event.updates), record.write_fault(event.faults)
        return self._replay(
            event, "p", event.lead, event.destination, updates, b"", "as mapped", who, force, fault=fault, step=step
        )

    def edit(
        self, event: StoredEvent, updates: Sequence[Update], *, who: str, force: bool = False, step: Step | None = None
    ) -> bool:
        """Send an event again with other updates, and keep what they were. Raises and gives as ``replay`` does."""
        if not event.lead:
            raise CommandError(f"event {event.id}: {nothing_to_send(event)}")
        before, after = ([dict(one.set) for one in some] for some in (event.updates, updates))
        lead = "" if event.found else event.lead
        names = event.names
        mapped = Mapped(event_id=event.sender_id, at_ms=None, lead=lead, names=names, updates=tuple(updates))
        return self._replay(
            event,
            "p",
            event.lead,
            event.destination,
            len(updates),
            record.pack(event.as_arrival(replace(mapped, missing=event.missing))),
            "edited",
            who,
            force,
            edit=orjson.dumps([self._events.now_ms(), who, before, after]),
            step=step,
        )

    def edits(self, id: str) -> list[Edit]:
        """Give what people have changed of an event, oldest first."""
        with store_errors():
            rows: list[bytes] = self._scripts.client.lrange(f"relay:edits:{id}", 0, -1)  # type: ignore[assignment]
        told = [orjson.loads(row) for row in rows]
        return [Edit(at_ms=at_ms, who=who, before=tuple(old), after=tuple(new)) for at_ms, who, old, new in told]

    def remap(
        self, event: StoredEvent, arrival: Arrival, *, who: str, force: bool = False, step: Step | None = None
    ) -> bool:
        """Send an event again as the rules of now map it (``arrival``). Raises CommandError as ``replay`` does."""
        mapped = arrival.mapped
        return self._replay(
            event,
            mapped.state.value,
            mapped.lead,
            arrival.destination,
            len(mapped.updates),
            record.pack(arrival),
            "remapped",
            who,
            force,
            why=record.write_reason(mapped.reason),
            fault=record.write_fault(mapped.faults),
            names=self._names.packed(arrival.destination, mapped.names),
            missing=mapped.missing,
            errand=errand_of(arrival, lookup=self._lookup),
            step=step,
        )

    def _replay(  # noqa: PLR0913, PLR0917 -- the arguments of one script
        self,
        event: StoredEvent,
        state: str,
        lead: str,
        destination: str,
        updates: int,
        blob: bytes,
        how: str,
        who: str,
        force: bool,
        *,
        why: bytes = b"",
        fault: bytes = b"",
        names: str = "",
        missing: str = "park",
        errand: str = "",
        edit: bytes = b"",
        step: Step | None = None,
    ) -> bool:
        words = f"replayed {how} by {who}" + (", with the stamp of now" if force else "")
        entry = Entry(at_ms=self._events.now_ms(), events=(event.id,), words=words)
        answer = self._scripts.run(
            "replay",
            event.id,
            destination,
            record.lead_name(destination, lead) if lead else "",
            state,
            updates,
            blob,
            why,
            "1" if force else "",
            leads.write_entry(entry),
            self._retention_ms,
            self._retention_ms * CLOCK_FACTOR,
            HISTORY,
            record.lead_name(event.destination, event.lead) if event.lead else "",
            fault,
            names,
            missing,
            errand,
            self._names.packed(event.destination, event.names),
            edit,
            *(step or ()),
        )
        if answer == b"stopped":
            return False
        _raise_unless_done(event.id, answer.decode())
        return True

    def dropped(self, id: str) -> Dropped | None:
        """Say who dropped an event, when and why, for as long as it is kept."""
        with store_errors():
            row: bytes | None = self._scripts.client.get(f"relay:dropped:{id}")  # type: ignore[assignment]
        if row is None:
            return None
        act = read_act(row)
        return Dropped(at_ms=act.at_ms, who=act.who, why=act.why)

    def discard(self, event: StoredEvent, *, who: str, why: str, told: bool = True) -> None:
        """Drop a dead or parked event for good. Raises CommandError where it is neither.

        ``told`` is whether the list of acts says so of this event; not where one entry there is for many.
        """
        at_ms = self._events.now_ms()
        entry = Entry(at_ms=at_ms, events=(event.id,), words=f"dropped by {who}: {why}")
        answer = self._scripts.run(
            "discard",
            event.id,
            record.lead_name(event.destination, event.lead) if event.lead else "",
            leads.write_entry(entry),
            write_act(Act(at_ms=at_ms, who=who, what="drop", about=event.id, why=why, count=1)),
            self._retention_ms,
            self._retention_ms * CLOCK_FACTOR,
            HISTORY,
            self._names.packed(event.destination, event.names),
            "1" if told else "",
        )
        _raise_unless_done(event.id, answer.decode())


def nothing_to_send(event: StoredEvent) -> str:
    """Say why an event can't be sent again as it was mapped, and what can be done instead."""
    if event.fetch and not event.fetched:
        return "its answers were never fetched: replay it remapped"
    if event.updates:
        return "its lead is not known: link it, as in relay leads link phone:+56... LEAD, or replay it remapped"
    return "it was mapped to no update of a lead: replay it remapped"


def _raise_unless_done(id: str, answer: str) -> None:
    if answer == "gone":
        raise CommandError(f"event {id}: it is not kept any more")
    if answer == "in flight":
        raise CommandError(f"event {id}: it is in flight already; wait until it has ended")
    if answer != "done":
        raise CommandError(f"event {id}: only dead and parked events can be dropped")
