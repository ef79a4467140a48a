"""Which events a person means: a filter in, ids out, oldest first. What is counted is what is acted on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from relay.model import State, StoredEvent
from relay.store import Store
from relay.store.events import Header, day_of
from relay.store.record import lead_name

#: What ``Filter.state`` may be.
STATES = ("dead", "parked", "faulty", "delivered", "superseded", "ignored")
PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What events have in common; an empty part asks for nothing."""

    #: One of STATES. 'faulty' are those that went on without some value that could not be used.
    state: str = "dead"
    hook: str = ""
    #: Why it is dead or parked: 'refused', 'mapping', ...
    kind: str = ""
    #: Received at this time or later, and before that one, in ms since 1970.
    since_ms: int | None = None
    until_ms: int | None = None
    #: Text in the words of the reason or of a fault, whatever its capitals.
    words: str = ""
    #: The lead's id, or its destination and id: ``acme/<id>``.
    lead: str = ""
    #: So many at the most, the oldest; 0 for all.
    limit: int = 0

    @property
    def chooses(self) -> bool:
        """Whether it leaves anything out of its state."""
        return replace(self, state="dead") != Filter()


def select(store: Store, wanted: Filter) -> list[str]:
    """Give the ids of the events that the filter finds, oldest first."""
    ids = (header.id for header in _headers(store, wanted) if _fits(header, wanted))
    if wanted.kind or wanted.words or wanted.lead:
        ids = (event.id for event in _events(store, ids) if _holds(event, wanted))
    return list(islice(ids, wanted.limit or None))


def _headers(store: Store, wanted: Filter) -> Iterator[Header]:
    """Read the states of all events that may be meant: from an index where there is one, else from the days' logs."""
    indexes: dict[str, Callable[[], list[str]]] = {
        "dead": store.events.dead,
        "parked": store.events.parked,
        "faulty": store.events.faulty,
    }
    if wanted.state in indexes:
        yield from store.events.headers(indexes[wanted.state]())
        return
    for hook, day in sorted(store.events.days(), key=lambda one: one[1]):
        if _may_fit(hook, day, wanted):
            yield from store.events.headers(store.events.log(hook, day))


def _may_fit(hook: str, day: int, wanted: Filter) -> bool:
    if wanted.hook not in ("", hook):
        return False
    return (wanted.since_ms is None or day >= day_of(wanted.since_ms)) and (
        wanted.until_ms is None or day <= day_of(wanted.until_ms)
    )


def _fits(header: Header, wanted: Filter) -> bool:
    if wanted.hook not in ("", header.hook):
        return False
    if wanted.since_ms is not None and header.received_ms < wanted.since_ms:
        return False
    if wanted.until_ms is not None and header.received_ms >= wanted.until_ms:
        return False
    return wanted.state == "faulty" or header.state is State[wanted.state.upper()]


def _events(store: Store, ids: Iterable[str]) -> Iterator[StoredEvent]:
    rest = iter(ids)
    while page := list(islice(rest, PAGE)):
        yield from store.events.events(page)


def _holds(event: StoredEvent, wanted: Filter) -> bool:
    if wanted.kind and (event.reason is None or event.reason.kind != wanted.kind):
        return False
    if wanted.lead and wanted.lead.lower() not in (event.lead, lead_name(event.destination, event.lead)):
        return False
    said = [event.reason.words if event.reason else "", *(f"{fault.register} {fault.words}" for fault in event.faults)]
    return wanted.words.lower() in "\n".join(said).lower()
