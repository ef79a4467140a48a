"""What the events of a group of failures have in the place that fails, side by side: it mostly tells what is wrong.

Of an update that was refused these are the values that were sent, of a rule that failed those that it read, of a lead
that is not known what it was looked for by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson

from relay.explain import Explained
from relay.expressions.parts import Seen, all_seen
from relay.model import Death, Json, StoredEvent
from relay.store import Store
from relay.store.groups import Group

#: Events that are looked at: the newest; of those that must be explained, which takes longer, fewer.
LOOKED_AT, EXPLAINED = 200, 20
#: Values that are told of one place, and places that are told of where it is not known which one fails.
MOST_VALUES, MOST_PLACES = 8, 8
OF_THE_RULES = (Death.MAPPING.value, "value held back", "no id", "no identity")
OF_THE_LEAD = (Death.LEAD_NOT_FOUND.value, "lead gone")
OF_ITS_NAMES = ("unknown lead", "ambiguous")


class Tally(NamedTuple):
    """One value, and how many of the events have it."""

    value: Json
    #: Whether there was none.
    missing: bool
    events: int
    #: The newest event that has it.
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One place, and what stands there."""

    #: A register, an expression of a rule, or what a lead is known by.
    name: str
    #: The most frequent first.
    values: tuple[Tally, ...]
    #: Further values that differ from these.
    more: int


class RuleAt(NamedTuple):
    """A rule that sets what fails, and where that stands."""

    name: str
    file: str
    #: 0 where it is not known.
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """All of it, of the newest events of a group."""

    looked_at: int
    places: tuple[Suspect, ...]
    rules: tuple[RuleAt, ...]


Explain = Callable[[StoredEvent], Explained]
#: Name, value, and whether there is none.
Place = tuple[str, Json, bool]
#: A value as JSON, whether there is none, and the event that has it.
Value = tuple[bytes, bool, str]


def suspects(store: Store, group: Group, explain: Explain) -> Suspects:
    """Look at the newest events of a group. Raises StoreError."""
    most = EXPLAINED if group.kind in OF_THE_RULES else LOOKED_AT
    events = list(store.events.events(store.groups.newest(group.id, most)))
    found: dict[str, list[Value]] = {}
    for event in events:
        places = [(name, orjson.dumps(value), missing) for name, value, missing in places_of(event, group, explain)]
        for name, packed, missing in dict.fromkeys(places):
            found.setdefault(name, []).append((packed, missing, event.id))
    shown = sorted(found.items(), key=lambda one: -len(one[1]))[:MOST_PLACES]
    return Suspects(
        looked_at=len(events),
        places=tuple(_suspect(name, values) for name, values in shown),
        rules=tuple(_rules(events, group, explain)),
    )


def _suspect(name: str, values: Sequence[Value]) -> Suspect:
    counts = Counter((packed, missing) for packed, missing, _ in values)
    newest = {(packed, missing): event for packed, missing, event in reversed(values)}
    tallies = [
        Tally(value=orjson.loads(packed), missing=missing, events=events, newest=newest[packed, missing])
        for (packed, missing), events in counts.most_common(MOST_VALUES)
    ]
    return Suspect(name=name, values=tuple(tallies), more=len(counts) - len(tallies))


def places_of(event: StoredEvent, group: Group, explain: Explain) -> Iterator[Place]:
    """Give what one event has where its group fails: name, value, and whether there is none."""
    if group.kind == Death.REFUSED.value:
        values = {register: value for update in event.updates for register, value in update.set.items()}
        fails = [group.field] if group.field in values else list(values)
        yield from ((register, values[register], False) for register in fails)
    elif group.kind in OF_THE_LEAD:
        yield "lead", event.lead, not event.lead
    elif group.kind in OF_ITS_NAMES:
        yield from ((name.kind, name.value, False) for name in event.names)
    elif group.kind in OF_THE_RULES:
        yield from ((one.source, one.value, one.missing) for one in _read_by_rules(explain(event), group))


def _read_by_rules(told: Explained, group: Group) -> Iterator[Seen]:
    """Give what the rule that failed has read, or what should have named the lead."""
    if told.explanation is None:
        return
    lead = told.explanation.lead
    if group.kind in ("no id", "no identity"):
        yield from ([lead.value] if lead.value else [])
        yield from (name.value for name in lead.names)
        return
    for rule in told.explanation.rules:
        if rule.considered and rule.held is None and rule.when is not None:
            yield from all_seen(rule.when)
        for one in rule.settings:
            if one.fault and group.field in ("", one.register):
                yield from one.seen


def _rules(events: Iterable[StoredEvent], group: Group, explain: Explain) -> Iterator[RuleAt]:
    """Give the rules that set what fails in the newest event."""
    event = next(iter(events), None)
    if event is None or not group.field:
        return
    told = explain(event)
    set_by = [update.by[group.field] for update in event.updates if group.field in update.by]
    failed = [fault.rule for fault in event.faults if fault.register == group.field]
    for name in dict.fromkeys([*set_by, *failed]):
        yield RuleAt(name=name, file=told.file, line=told.line_of(name, group.field))


def suspects_json(found: Suspects) -> dict[str, Json]:
    """Give them as JSON."""
    return {
        "looked_at": found.looked_at,
        "rules": [{"rule": one.name, "file": one.file, "line": one.line} for one in found.rules],
        "places": [
            {
                "name": one.name,
                "values": [
                    {"value": each.value, "missing": each.missing, "events": each.events, "newest": each.newest}
                    for each in one.values
                ],
                "more": one.more,
            }
            for one in found.places
        ],
    }
