"""As many of the events that a filter finds as a person acts on at once, however many there are."""

from __future__ import annotations

from dataclasses import dataclass

from relay.finding.filters import Filter
from relay.finding.paging import page
from relay.store import Store

MOST = 5_000
#: Pages that are looked through for them, each with a bound of its own.
MOST_PAGES = 40
PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Events that were chosen, to be acted on."""

    #: The newest first.
    ids: tuple[str, ...]
    #: Whether there may be more that are meant; the same act again is about the next ones.
    more: bool = False


def choose(store: Store, wanted: Filter, *, most: int = MOST) -> Chosen:
    """Give the newest events that a filter finds."""
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
