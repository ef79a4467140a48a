"""Proves that nothing accepted is lost: adds up every event's own record, and holds queues and records together.

``accepted = delivered + superseded + ignored + parked + dead + discarded + in flight``, for each hook and day.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from relay.errors import StoreError
from relay.model import State
from relay.store import Store
from relay.store.events import date_of

#: By itself an audit is run once in so long, and only where no more events than this are kept: it reads each of them.
EVERY_MS = 3_600_000
MOST_BY_ITSELF = 50_000
#: Faults that are kept with the verdict.
TOLD = 5
#: Events move while they are read: what looks wrong is looked at so often before it is said.
LOOKS = 5

log = logging.getLogger("relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """One hook's events of one day, by where their own records say they stand."""

    hook: str
    day: int
    #: Events that the log of the day names.
    accepted: int
    states: Mapping[State, int]
    #: The same by the counters, with 'accepted'; None where events moved at every look, so that they can't be compared.
    counted: Mapping[str, int] | None

    @property
    def missing(self) -> int:
        """Accepted events that have no record: lost."""
        return self.accepted - sum(self.states.values())

    @property
    def holds(self) -> bool:
        """Whether nothing is missing and the counters say the same."""
        by_records = {"accepted": self.accepted} | {state.word: n for state, n in self.states.items()}
        names = ("accepted", *(state.word for state in State))
        counted = by_records if self.counted is None else self.counted
        return self.missing == 0 and all(counted.get(name, 0) == by_records.get(name, 0) for name in names)

    def __str__(self) -> str:
        parts = " + ".join(f"{self.states.get(state, 0)} {state.word}" for state in State)
        lost = f", {self.missing} have no record" if self.missing else "" if self.holds else ", the counters differ"
        return f"{self.hook} {date_of(self.day)}: {self.accepted} accepted = {parts}{lost}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found."""

    sums: tuple[Sum, ...]
    #: Sentences, one for each thing that is not as it must be.
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults and all(one.holds for one in self.sums)

    @property
    def accepted(self) -> int:
        return sum(one.accepted for one in self.sums)

    def told(self) -> tuple[str, ...]:
        """Give what is wrong, in sentences."""
        return (*self.faults, *(str(one) for one in self.sums if not one.holds))


def audit(store: Store) -> Audit:
    """Add everything up, for all days of which the records are still kept, and note the verdict."""
    sums = tuple(_sum(store, hook, day) for hook, day in _days(store))
    found = Audit(sums=sums, faults=tuple(_lasting_faults(store)))
    # A Redis that is full, or read-only, can be audited all the same.
    with suppress(StoreError):
        store.proofs.note(holds=found.holds, events=found.accepted, faults=found.told()[:TOLD])
    return found


def now_and_then(store: Store) -> Audit | None:
    """Audit by itself where it is time and where that is soon done; None where it is not. Raises StoreError."""
    if kept(store) > MOST_BY_ITSELF or not store.proofs.turn(EVERY_MS):
        return None
    found = audit(store)
    if not found.holds:
        log.error("audit.fails", extra={"faults": len(found.told())})
    return found


def kept(store: Store) -> int:
    """Give how many events an audit would read, by the counters."""
    today = store.events.today()
    counts = store.overview.counts(range(_first(store, today), today + 1))
    return sum(one["accepted"] for one in counts.values())


def _first(store: Store, today: int) -> int:
    """Give the first day of which all records are still kept."""
    return today - store.retention_ms // 86_400_000 + 1


def _days(store: Store) -> list[tuple[str, int]]:
    """Give hooks and days that have a log, or a counter that says they must have one."""
    today = store.events.today()
    first = _first(store, today)
    counted = {
        (hook, day)
        for day in range(first, today + 1)
        for hook, counts in store.events.counts(day).items()
        if counts.get("accepted")
    }
    return sorted(counted | {(hook, day) for hook, day in store.events.days() if day >= first})


def _sum(store: Store, hook: str, day: int) -> Sum:
    """Add up one day's records, and compare them with counters that stood still meanwhile."""
    for _ in range(LOOKS):
        before = store.events.counts(day).get(hook, {})
        ids = store.events.log(hook, day)
        states = Counter(header.state for header in store.events.headers(ids))
        still = before == store.events.counts(day).get(hook, {})
        one = Sum(hook=hook, day=day, accepted=len(ids), states=states, counted=before if still else None)
        if still or one.missing:
            break
    return one


def _lasting_faults(store: Store) -> Iterator[str]:
    found = set(store.strays())
    for _ in range(LOOKS):
        if not found:
            return
        found &= set(store.strays())
    yield from sorted(found)
