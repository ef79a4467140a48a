"""Some events, newest first, and where the next are; however many there are, a page reads a bounded number of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from relay.finding.filters import Filter, fits, fits_header
from relay.finding.walking import Step, walk
from relay.model import StoredEvent
from relay.store import Store

SIZE = 50
#: Looked at for one page, headers and whole records; then it ends, and says how far back it looked.
MOST_HEADERS, MOST_RECORDS = 4_000, 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the events that a filter finds."""

    #: The newest first.
    events: tuple[StoredEvent, ...]
    #: Where the next page begins; empty where there is none.
    next: str
    #: Where more may follow though the page is not full: up to when it was looked, in ms since 1970; else None.
    back_to_ms: int | None = None


def page(store: Store, wanted: Filter, *, after: str = "", size: int = SIZE) -> Page:
    """Give some of the events that are meant, behind ``after``, the ``next`` of the page before.

    Raises CommandError where ``after`` can't be read.
    """
    reads = wanted.reads_records
    looked = islice(walk(store, wanted, after=after), MOST_RECORDS * 10 if reads else MOST_HEADERS)
    events: list[StoredEvent] = []
    last: Step | None = None
    read = 0
    for some in _batches(looked, size):
        fitting = [step for step in some if fits_header(step.header, wanted)]
        records = {event.id: event for event in store.events.events([step.header.id for step in fitting])}
        read += len(fitting)
        for step in some:
            if len(events) == size:
                return Page(events=tuple(events), next=last.here if last else "")
            last = step
            event = records.get(step.header.id)
            if event is not None and fits(event, wanted):
                events.append(event)
        if reads and read >= MOST_RECORDS:
            break
    more = last is not None and next(walk(store, wanted, after=last.here), None) is not None
    if not more or last is None:
        return Page(events=tuple(events), next="")
    back_to_ms = last.header.received_ms if len(events) < size else None
    return Page(events=tuple(events), next=last.here, back_to_ms=back_to_ms)


def _batches(steps: Iterator[Step], size: int) -> Iterator[list[Step]]:
    """Cut the way into pieces: the first as long as a page, since mostly all fit, then longer ones."""
    while some := list(islice(steps, size)):
        yield some
        size = min(500, size * 2)
