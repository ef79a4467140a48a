"""As many of the events that a filter finds as a person acts on at once, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from relay.finding.filters import Filter, fits_header
from relay.finding.paging import page
from relay.finding.walking import walk
from relay.store import Store

MOST = 2_000
#: Headers that are looked at for them; of filters that read whole records, pages, each with a bound of its own.
MOST_HEADERS, MOST_PAGES = 20_000, 20
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
    return _by_records(store, wanted, most) if wanted.reads_records else _by_headers(store, wanted, most)


def _by_headers(store: Store, wanted: Filter, most: int) -> Chosen:
    ids: list[str] = []
    looked = 0
    for step in islice(walk(store, wanted), MOST_HEADERS):
        looked += 1
        if fits_header(step.header, wanted):
            if len(ids) == most:
                return Chosen(ids=tuple(ids), more=True)
            ids.append(step.header.id)
    return Chosen(ids=tuple(ids), more=looked == MOST_HEADERS)


def _by_records(store: Store, wanted: Filter, most: int) -> Chosen:
    ids: list[str] = []
    after = ""
    for _ in range(MOST_PAGES):
        found = page(store, wanted, after=after, size=min(PAGE, most - len(ids)))
        ids += [event.id for event in found.events]
        after = found.next
        if not after or len(ids) >= most:
            break
    return Chosen(ids=tuple(ids), more=bool(after))
