"""A person drops dead or parked events for good, many at once: what was counted is what is dropped.

``choose`` says which a filter finds, newest first and not more than a person waits for, and ``drop`` ends them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.errors import CommandError
from relay.finding import Filter, page
from relay.model import StoredEvent
from relay.store import Store

#: Dropped in one go; the same act again drops the next ones.
MOST = 5_000
#: Pages that are looked through for them, each with a bound of its own.
MOST_PAGES = 40
PAGE = 500
DROPPABLE = ("dead", "parked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Events that a filter finds."""

    #: The newest first.
    ids: tuple[str, ...]
    #: Whether there may be more.
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What became of them."""

    count: int
    #: What was not dropped, and why, one line each.
    refused: tuple[str, ...]


def choose(store: Store, wanted: Filter, *, most: int = MOST) -> Chosen:
    """Give the newest events that a filter finds. Raises CommandError unless it is of dead or of parked ones."""
    if wanted.state not in DROPPABLE:
        raise CommandError(f"only dead and parked events can be dropped: choose one of {', '.join(DROPPABLE)}")
    most = min(most, wanted.limit or most)
    ids: list[str] = []
    after = ""
    for _ in range(MOST_PAGES):
        found = page(store, wanted, after=after, size=min(PAGE, most - len(ids)))
        ids += [event.id for event in found.events]
        after = found.next
        if not after or len(ids) >= most:
            break
    return Chosen(ids=tuple(ids), more=bool(after))


def drop(store: Store, ids: Sequence[str], *, who: str, why: str) -> Dropped:
    """Drop each of these events, and go on where one can't be dropped."""
    refused: list[str] = []
    for event, id in zip(_each(store, ids), ids, strict=True):
        try:
            if event is None:
                raise CommandError(f"event {id}: it is not kept any more")
            store.letters.discard(event, who=who, why=why)
        except CommandError as error:
            refused.append(str(error))
    return Dropped(count=len(ids) - len(refused), refused=tuple(refused))


def _each(store: Store, ids: Sequence[str]) -> Iterator[StoredEvent | None]:
    """Read events page by page, None for each that is gone."""
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        found = {event.id: event for event in store.events.events(some)}
        yield from (found.get(id) for id in some)
