"""All events that a filter finds, for an act on them. What is counted is what is acted on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from relay.finding.filters import Filter, fits, fits_header
from relay.finding.walking import LISTS, walk
from relay.model import StoredEvent
from relay.store import Store

PAGE = 500


def select(store: Store, wanted: Filter) -> list[str]:
    """Give the ids of the events that the filter finds, oldest first."""
    ids = (step.header.id for step in walk(store, wanted) if fits_header(step.header, wanted))
    if wanted.reads_records:
        ids = (event.id for event in _events(store, ids) if fits(event, wanted))
    found = list(ids)[::-1]
    return found[: wanted.limit] if wanted.limit else found


def count(store: Store, wanted: Filter) -> int:
    """Say how many events the filter finds."""
    bare = wanted == Filter(state=wanted.state, group=wanted.group)
    if bare and (wanted.group or wanted.state in LISTS):
        return store.events.size(f"in:{wanted.group}" if wanted.group else wanted.state)
    return len(select(store, wanted))


def _events(store: Store, ids: Iterable[str]) -> Iterator[StoredEvent]:
    rest = iter(ids)
    while page := list(islice(rest, PAGE)):
        yield from store.events.events(page)
