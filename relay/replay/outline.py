"""A plan as a record keeps it: what was counted, and which fields would change, without its single events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.model import Json, Update
from relay.replay.plan import Change, Fate, Plan
from relay.store.replays import Replay

#: Reasons for which events are left as they are, the most frequent ones.
MOST_REASONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a replay was found to do when it was planned."""

    #: Events that were looked at, and leads of those that are replayed.
    events: int
    leads: int
    fates: Mapping[Fate, int]
    #: Why events are left as they are, and how many for each reason.
    left: Mapping[str, int]
    changes: tuple[Change, ...]
    #: Changes beyond those told.
    more_changes: int
    destinations: tuple[str, ...]
    #: By which version of its hook file each hook's events are mapped again.
    versions: Mapping[str, str]
    #: The updates that a person wrote, where the event was edited.
    edit: tuple[Update, ...]


def outline_of(planned: Plan) -> Outline:
    return Outline(
        events=len(planned.items),
        leads=planned.leads,
        fates={fate: planned.count(fate) for fate in Fate},
        left=dict(Counter(planned.left).most_common(MOST_REASONS)),
        changes=planned.changes,
        more_changes=planned.more_changes,
        destinations=tuple(sorted({item.destination for item in planned.to_run})),
        versions=planned.versions,
        edit=planned.edit,
    )


def read_outline(record: Replay) -> Outline | None:
    """Read the outline of a record; None while it is being planned."""
    told: Any = record.plan
    if not told:
        return None
    return Outline(
        events=told["events"],
        leads=told["leads"],
        fates={fate: told["fates"][fate.value] for fate in Fate},
        left=told["left"],
        changes=tuple(Change(**one) for one in told["changes"]),
        more_changes=told["more_changes"],
        destinations=tuple(told["destinations"]),
        versions=told["versions"],
        edit=tuple(Update(**one) for one in told["edit"]),
    )


def write_outline(outline: Outline) -> dict[str, Json]:
    return {
        "events": outline.events,
        "leads": outline.leads,
        "fates": {fate.value: number for fate, number in outline.fates.items()},
        "left": dict(outline.left),
        "changes": [change_json(one) for one in outline.changes],
        "more_changes": outline.more_changes,
        "destinations": list(outline.destinations),
        "versions": dict(outline.versions),
        "edit": [{"set": one.set, "by": dict(one.by), "each": one.each} for one in outline.edit],
    }


def change_json(one: Change) -> dict[str, Json]:
    return {name: getattr(one, name) for name in ("lead", "register", "set_by", "known", "now", "then", "event")}
