"""Maps stored events again by the very rules that mapped them, and holds each against its record: nothing may differ.

What a person has edited is held against what it was before. An event is compared by the version of its hook file that
mapped it last; where the text of that is not kept any more, it is said that it was not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import orjson

from relay.backtest.stored import Reading
from relay.hooks import Hook
from relay.model import Mapped, Registers, State, StoredEvent, Update
from relay.replay.versions import Versions
from relay.store import Store
from relay.store.letters import Edit

PAGE = 500
#: Events that differ are told one by one up to here.
MOST_TOLD = 100
#: Where an event may stand that was mapped like this. One with updates may be anywhere by now.
AFTER = {
    State.DEAD: {State.DEAD, State.DISCARDED},
    State.PARKED: {State.PARKED, State.DISCARDED},
    State.IGNORED: {State.IGNORED},
}
FETCHING = {State.IN_FLIGHT, State.DEAD, State.DISCARDED}


@dataclass(slots=True)
class Again:
    """What came of mapping events again."""

    #: Events that were mapped again.
    events: int = 0
    differ: int = 0
    #: Events that differ, each with what: no values stand in it.
    told: list[tuple[str, str]] = field(default_factory=list)
    #: Why others were not compared, and how many for each reason.
    left: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        return self.differ == 0

    def __str__(self) -> str:
        left = f", {self.left.total():,} not compared" if self.left else ""
        return f"mapped again: {self.events:,} events, {self.differ:,} differ{left}"


def prove(
    store: Store, hooks: Mapping[str, Hook], ids: Iterable[str], *, seen: Callable[[], None] = lambda: None
) -> Again:
    """Map these events again by the versions that mapped them; ``hooks`` are those of now. ``seen`` hears of each."""
    versions, found, rest = Versions(store, hooks), Again(), iter(ids)
    while page := list(islice(rest, PAGE)):
        for stored in store.events.events(page):
            _look(store, stored, versions.then(stored), found)
            seen()
    return found


def _look(store: Store, stored: StoredEvent, hook: Hook | None, found: Again) -> None:
    if hook is None:
        found.left[f"version {stored.version} of hook '{stored.hook}' is not kept"] += 1
        return
    found.events += 1
    words = ", ".join(differing(stored, hook))
    if words and (before := as_mapped(stored, store.letters.edits(stored.id))):
        words = ", ".join(differing(before, hook, edited=True))
    if words:
        found.differ += 1
        if len(found.told) < MOST_TOLD:
            found.told.append((stored.id, words))


def differing(stored: StoredEvent, hook: Hook, *, edited: bool = False) -> Iterator[str]:
    """Name what this hook file makes otherwise of an event than its record has it.

    Of one that was ``edited`` only the values are known as they were before, not which rules they were from.
    """
    made = Reading(stored).by(hook)
    if made.mapped is None:
        yield made.unreadable
        return
    mapped = made.mapped
    if mapped.lead != ("" if stored.found else stored.lead):
        yield "lead"
    if not mapped.lead and (mapped.names, mapped.missing if mapped.names else "") != (
        stored.names,
        stored.missing if stored.names else "",
    ):
        yield "names"
    if mapped.fetch != stored.fetch:
        yield "fetch"
    if hook.destination != stored.destination:
        yield "destination"
    if edited:
        yield from () if _values(mapped.updates) == _values(stored.updates) else ("updates",)
        return
    if not _allowed(mapped, stored.state):
        yield f"state: {mapped.state.word}, and it is {stored.state.word}"
    if _written(mapped.updates) != _written(stored.updates):
        yield "updates"
    if mapped.faults != stored.faults:
        yield "faults"


def _allowed(mapped: Mapped, state: State) -> bool:
    if mapped.fetch:
        return state in FETCHING
    return bool(mapped.updates and mapped.lead) or state in AFTER.get(mapped.state, State)


def _written(updates: Sequence[Update]) -> bytes:
    """Write updates so that all that is kept of them shows: types, order, rules."""
    return orjson.dumps([[list(one.set.items()), [one.by[name] for name in one.set], one.each] for one in updates])


def _values(updates: Sequence[Update]) -> list[bytes]:
    return [orjson.dumps(dict(one.set), option=orjson.OPT_SORT_KEYS) for one in updates]


def as_mapped(stored: StoredEvent, edits: Sequence[Edit]) -> StoredEvent | None:
    """Give an event with the values that it had before people edited it; None where its updates are of no person."""
    values: Sequence[Registers] = [one.set for one in stored.updates]
    for edit in reversed(edits):
        if list(edit.after) != list(values):
            break
        values = edit.before
    if list(values) == [one.set for one in stored.updates]:
        return None
    return replace(stored, updates=tuple(Update(set=one, by={}) for one in values))
