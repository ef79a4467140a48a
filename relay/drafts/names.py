"""The names that events bring, each with an example and with where a draft reads it; and those that none brings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from relay.errors import CommandError
from relay.expressions.missing import is_missing
from relay.hooks import Hook
from relay.mapping.uses import Use, uses
from relay.model import Event, Json, StoredEvent
from relay.new_hook.seen import GROUPS, Place, leaves, seen_in
from relay.replay.remap import as_came

#: Names that are told; a body may have thousands.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """One name, as a rule writes it."""

    name: str
    #: The same key as it was typed, where it was spelled anew.
    label: str = ""
    #: The newest value that is not empty; None where none is.
    sample: Json = None
    #: Events that bring it with a value.
    events: int = 0
    #: Lines of the draft that read it.
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a person can write into rules of a hook."""

    #: Events that were looked at.
    events: int
    #: In the order in which the newest events have them.
    brought: tuple[AtHand, ...]
    #: What the draft reads, and none of the events brings.
    missed: tuple[AtHand, ...]


def names_in(stored: Iterable[StoredEvent], now: Hook | None, draft: Hook | None) -> Names:
    """Gather the names of events, as the adapter of their hook reads them; newest first."""
    hook = draft or now
    events = list(read(stored, hook)) if hook else []
    used = uses(draft) if draft else ()
    counts = Counter(
        place
        for event in events
        for group in GROUPS
        for place, value in leaves((group,), getattr(event, group))
        if not is_missing(value)
    )
    seen = seen_in(events)[:MOST]
    brought = [
        AtHand(
            name=one.expression,
            label=one.label,
            sample=None if one.empty else one.value,
            events=counts[one.place],
            lines=lines_of(use for use in used if leads_to(use, one.place)),
        )
        for one in seen
    ]
    return Names(events=len(events), brought=tuple(brought), missed=tuple(missed(used, list(counts))))


def read(stored: Iterable[StoredEvent], hook: Hook) -> Iterator[Event]:
    for one in stored:
        try:
            yield as_came(one, hook)[0]
        except CommandError:
            continue


def leads_to(use: Use, place: Place) -> bool:
    """Whether what is read is this place, or something in it, or something that it is in."""
    keys = tuple(str(key) for key in use.names)
    return keys[: len(place)] == place or place[: len(keys)] == keys


def missed(used: Iterable[Use], places: Sequence[Place]) -> Iterator[AtHand]:
    """Give the names of events' own parts that are read, and that no event has."""
    found: dict[str, list[Use]] = {}
    for use in used:
        own = len(use.names) > 1 and use.names[0] in GROUPS
        if own and not any(leads_to(use, place) for place in places):
            found.setdefault(use.name, []).append(use)
    for name, several in found.items():
        yield AtHand(name=name, lines=lines_of(several))


def lines_of(several: Iterable[Use]) -> tuple[int, ...]:
    return tuple(sorted({use.line for use in several if use.line}))
