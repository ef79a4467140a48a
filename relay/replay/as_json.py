"""How a plan looks as JSON: the same for commands and for the desk."""

from __future__ import annotations

from relay.model import Json
from relay.replay.plan import Change, Fate, Item, Plan


def plan_json(planned: Plan) -> dict[str, Json]:
    return {
        "events": len(planned.items),
        "leads": planned.leads,
        "remapped": planned.remapped,
        "force": planned.force,
        **{fate.value: planned.count(fate) for fate in Fate},
        "changes": len(planned.changes) + planned.more_changes,
        "items": [item_json(item) for item in planned.items],
        "fields": [change_json(change) for change in planned.changes],
    }


def item_json(item: Item) -> dict[str, Json]:
    return {"event": item.event, "lead": item.lead, "fate": item.fate.value, "words": item.words}


def change_json(one: Change) -> dict[str, Json]:
    return {
        "lead": one.lead,
        "field": one.register,
        "set_by": one.set_by,
        "known": one.known,
        "now": one.now,
        "then": one.then,
        "event": one.event,
    }
