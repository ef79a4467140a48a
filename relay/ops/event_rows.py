"""Events as rows of a table: what each is about, where it stands, and why, in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from relay.model import METADATA, Json, State, StoredEvent, Update
from relay.ops.sentences import say
from relay.ops.words import _, ngettext, words
from relay.store import Store
from relay.store.record import lead_name
from relay.telling import why_ignored

#: Values that a row names.
MOST_VALUES = 4
LONGEST_VALUE = 60
LONGEST_WHY = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event, as a list shows it."""

    event: StoredEvent
    #: Its lead, in short; '' where it is not known.
    lead: str
    lead_href: str
    #: Why it stands where it stands, or what it sets.
    why: str
    #: How many values were held back.
    faults: int
    #: Whether it is in flight, and a person keeps its hook or its destination paused.
    paused: bool = False


def rows_of(store: Store, events: Iterable[StoredEvent]) -> list[Row]:
    several = list(events)
    kept_back = store.steering.kept_back(several)
    return [row_of(event, paused=event.id in kept_back) for event in several]


def row_of(event: StoredEvent, *, paused: bool = False) -> Row:
    return Row(
        event=event,
        lead=event.lead[:8],
        lead_href=lead_href(event),
        why=why_of(event),
        faults=len(event.faults),
        paused=paused,
    )


def lead_href(event: StoredEvent) -> str:
    """Give the address of an event's lead; '' where that is not known."""
    return href_of_lead(lead_name(event.destination, event.lead)) if event.lead else ""


def href_of_lead(name: str) -> str:
    return f"/ops/leads/{quote(name)}"


def why_of(event: StoredEvent) -> str:
    """Say in one line why an event stands where it stands, else what it sets."""
    if event.reason is not None:
        status = f" {event.reason.status}" if event.reason.status else ""
        return f"{words(event.reason.kind)}{status}: {say(event.reason.words, event.reason.status)}"[:LONGEST_WHY]
    if event.state is State.IGNORED:
        return words(why_ignored(event))
    if event.state is State.IN_FLIGHT and not event.lead:
        return _("its answers are asked for") if event.fetch and not event.fetched else _("its lead is looked for")
    return sets(event)


def sets(event: StoredEvent) -> str:
    """Name what an event sets: ``phone +56 9 1234 5678 · estado_lead calificado · and 2 more``."""
    return sets_of(event.updates)


def sets_of(updates: Iterable[Update]) -> str:
    """Name what updates set, in the same way."""
    values: dict[str, Json] = {}
    for update in updates:
        values |= update.set
    named = [" ".join(one) for one in list(_named(values))[:MOST_VALUES]]
    more = len(values) - MOST_VALUES
    return " · ".join([*named, ngettext("and %(num)s more", "and %(num)s more", more)] if more > 0 else named)


def _named(values: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for register, value in values.items():
        yield register.removeprefix(METADATA), plain(value)


def plain(value: Json) -> str:
    """Write a value in a few characters: text as it is, all else as JSON."""
    text = _("cleared") if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
