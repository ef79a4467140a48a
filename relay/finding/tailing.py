"""What came to pass since the last look: events that are new, and those that have come into another state since.

A command and a page look again and again; what they have seen they keep themselves, and bring with them.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from itertools import islice

from relay.finding.filters import Filter, fits, fits_header
from relay.finding.walking import walk
from relay.model import State, StoredEvent
from relay.store import Store
from relay.store.events import Header

#: Looked at in one go: of more new ones than these, the newest are told.
MOST_NEW = 1_000
#: Events that are watched until they end, the newest of them; and those of whom it is remembered that they were told.
MOST_WATCHED, MOST_SEEN = 2_000, 20_000
#: States that mostly are the last.
ENDED = frozenset((State.DELIVERED, State.SUPERSEDED, State.IGNORED, State.DISCARDED))


def newer(store: Store, wanted: Filter, since_ms: int, seen: MutableMapping[str, State]) -> Iterator[StoredEvent]:
    """Give events received since then that are not seen yet, and those seen whose state is another now, oldest first.

    ``seen`` (state by id) is brought up to date, and kept small. An event is given when it comes to fit the filter,
    so that one may wait for those that die.
    """
    news = [*_changed(store, seen), *_new(store, wanted, since_ms, seen)]
    seen.update({header.id: header.state for header in news})
    _forget(seen)
    told = [header.id for header in news if fits_header(header, replace(wanted, since_ms=None))]
    for event in _in_group(store, wanted, list(store.events.events(told))):
        if fits(event, wanted) and (wanted.state != "faulty" or event.faults):
            yield event


def _new(store: Store, wanted: Filter, since_ms: int, seen: MutableMapping[str, State]) -> list[Header]:
    # In any state: what is in flight now may come to fit.
    steps = islice(walk(store, Filter(state="", hook=wanted.hook, since_ms=since_ms)), MOST_NEW)
    return [step.header for step in steps if step.header.id not in seen][::-1]


def _changed(store: Store, seen: MutableMapping[str, State]) -> list[Header]:
    watched = [id for id, state in seen.items() if state not in ENDED][-MOST_WATCHED:]
    return [header for header in store.events.headers(watched) if header.state is not seen[header.id]]


def _in_group(store: Store, wanted: Filter, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
    if not wanted.group:
        return events
    groups = store.groups.of([event.id for event in events])
    return [event for event in events if groups.get(event.id) == wanted.group]


def _forget(seen: MutableMapping[str, State]) -> None:
    """Forget the oldest that have ended, then the oldest of all."""
    if len(seen) <= MOST_SEEN:
        return
    ended = [id for id, state in seen.items() if state in ENDED]
    for id in [*ended, *seen][: len(seen) - MOST_SEEN // 2]:
        seen.pop(id, None)
