"""Goes through events from the newest to the oldest, from anywhere on, without reading more than is asked for.

Dead and parked events, and those with a value held back, stand in lists by when that happened; those of a lead in an
index, 64 of each day at the most; all others are found through what each hook accepted, day by day.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from relay.errors import CommandError
from relay.finding.filters import Filter
from relay.store import Store
from relay.store.events import Header, day_of

#: Those of a hook's events of a day that are read at first; twice as many each time that was not enough.
FIRST, MOST = 32, 512
LISTS = ("dead", "parked", "faulty")


class Step(NamedTuple):
    """One event on the way, and where to go on behind it."""

    header: Header
    #: For ``walk``: text that means nothing to anybody else.
    here: str


def walk(store: Store, wanted: Filter, *, after: str = "") -> Iterator[Step]:
    """Give events that may be meant, newest first, behind ``after``. Raises CommandError where that can't be read."""
    if wanted.group:
        return _lists(store, [f"in:{wanted.group}"], after)
    if wanted.state in LISTS:
        return _lists(store, _keys(store, wanted), after)
    if wanted.lead:
        return _of_lead(store, wanted.lead, after)
    return _days(store, wanted, after)


def _keys(store: Store, wanted: Filter) -> list[str]:
    """Name the lists that hold what is meant: those of groups, where they leave something out, else the state's own."""
    # An event that is dead stands with the dead, whatever was held back before: groups of faulty ones are not all.
    if wanted.state == "faulty" or not (wanted.hook or wanted.kind):
        return [wanted.state]
    groups = store.groups.open(trends=False)
    if len(groups) >= store.groups.most:
        return [wanted.state]
    return [
        f"in:{group.id}"
        for group in groups
        if group.what == wanted.state and wanted.hook in ("", group.hook) and wanted.kind in ("", group.kind)
    ]


def _lists(store: Store, keys: list[str], after: str) -> Iterator[Step]:
    """Merge lists by time; ``after`` is the time and id of the last event."""
    before = _time_and_id(after) if after else None
    ways = [store.events.newest(key, before) for key in keys]
    merged = heapq.merge(*ways, reverse=True)
    while page := list(islice(merged, MOST // 4)):
        headers = {header.id: header for header in store.events.headers([id for _, id in page])}
        for at_ms, id in page:
            if id in headers:
                yield Step(headers[id], f"{at_ms}:{id}")


def _of_lead(store: Store, lead: str, after: str) -> Iterator[Step]:
    """Give the events that the index has for a lead, by their receipt; ``after`` is that and the number of the last."""
    before = _time_and_id(after) if after else None
    found = [
        (one.received_ms, f"{one.number:014d}", one) for one in store.events.headers(store.finder.by_lead(lead.lower()))
    ]
    for at_ms, number, header in sorted(found, key=lambda one: one[:2], reverse=True):
        if before is None or (at_ms, number) < before:
            yield Step(header, f"{at_ms}:{number}")


def _time_and_id(after: str) -> tuple[int, str]:
    at_ms, _, id = after.partition(":")
    if not at_ms.isdecimal() or not id.isalnum():
        raise CommandError("that place in the list can't be read: begin at its start")
    return int(at_ms), id


def _days(store: Store, wanted: Filter, after: str) -> Iterator[Step]:
    """Go through the days; ``after`` is a day, and how many events each hook had accepted on it up to there."""
    today, start = store.events.today(), _place(after)
    first = start[0] if start else today
    if wanted.until_ms is not None:
        first = min(first, day_of(wanted.until_ms - 1))
    last = today - store.retention_ms // 86_400_000 - 2
    if wanted.since_ms is not None:
        last = max(last, day_of(wanted.since_ms))
    for day in range(first, last - 1, -1):
        places = start[1] if start and day == start[0] else None
        for step in _day(store, wanted, day, places):
            if wanted.since_ms is not None and step.header.received_ms < wanted.since_ms:
                return
            yield step


def _place(after: str) -> tuple[int, dict[str, int]] | None:
    """Read ``20417;cotiza=12;zapier=3``."""
    if not after:
        return None
    day, *hooks = after.split(";")
    told = [hook.rpartition("=")[::2] for hook in hooks]
    if not day.isdecimal() or not all(name and place.isdecimal() for name, place in told):
        raise CommandError("that place in the list can't be read: begin at its start")
    return int(day), {name: int(place) for name, place in told}


def _day(store: Store, wanted: Filter, day: int, places: Mapping[str, int] | None) -> Iterator[Step]:
    """Merge the hooks' events of one day; a hook that had none in the state that is meant is passed over."""
    hooks = [
        hook
        for hook, counts in sorted(store.events.counts(day).items())
        if wanted.hook in ("", hook) and counts.get(wanted.state or "accepted")
    ]
    known = store.events.log_sizes(hooks, day) if places is None else dict(places)
    at = {hook: known.get(hook, 0) for hook in hooks}
    ways = [_hook(store, hook, day, at[hook], first=FIRST if len(hooks) > 1 else 2 * FIRST) for hook in hooks]
    for place, header in heapq.merge(*ways, key=lambda one: (-one[1].received_ms, -one[1].number)):
        at[header.hook] = place
        yield Step(header, ";".join([str(day), *(f"{hook}={number}" for hook, number in at.items())]))


def _hook(store: Store, hook: str, day: int, end: int, *, first: int) -> Iterator[tuple[int, Header]]:
    """Give one hook's events of a day, the newest first, each with how many came before it."""
    size = first
    while end > 0:
        start = max(0, end - size)
        ids = store.events.log(hook, day, start, end)
        places = {id: start + number for number, id in enumerate(ids)}
        for header in store.events.headers(ids[::-1]):
            yield places[header.id], header
        end, size = start, min(MOST, size * 2)
