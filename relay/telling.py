"""How events, leads and what happened to them look as JSON: the same words from commands and from the page's API."""

from __future__ import annotations

from datetime import UTC, datetime

from relay.model import Fault, Json, Reason, StoredEvent
from relay.replay import Change, Fate, Item, Plan
from relay.timeline import Happening, Identity, Part, Setting, Standing, Story


def times(name: str, ms: int | None) -> dict[str, Json]:
    """Give a time twice: in ms since 1970, and as ISO in UTC."""
    iso = None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
    return {f"{name}_ms": ms, name: iso and iso.replace("+00:00", "Z")}


def event_json(event: StoredEvent) -> dict[str, Json]:
    """Give all of an event but its body."""
    states = event.update_states or (event.state,) * len(event.updates)
    updates: list[Json] = [
        {"set": update.set, "by": update.by, "each": update.each, "state": state.word}
        for update, state in zip(event.updates, states, strict=True)
    ]
    return {
        "id": event.id,
        "hook": event.hook,
        "sender": event.sender,
        "sender_id": event.sender_id,
        "kind": event.kind,
        "test": event.test,
        "rules_version": event.version,
        "destination": event.destination,
        "lead": event.lead,
        "names": [{"kind": name.kind, "value": name.value} for name in event.names],
        "found_by_name": event.found,
        "fetch": event.fetch,
        "fetched_bytes": len(event.fetched),
        "state": event.state.word,
        **times("happened", event.stamp.at_ms),
        **times("received", event.received_ms),
        "updates": updates,
        "faults": [fault_json(fault) for fault in event.faults],
        "reason": reason_json(event.reason),
    }


def fault_json(fault: Fault) -> dict[str, Json]:
    return {"rule": fault.rule, "field": fault.register, "words": fault.words}


def reason_json(reason: Reason | None) -> Json:
    if reason is None:
        return None
    return {
        "kind": reason.kind,
        "words": reason.words,
        "status": reason.status,
        "attempts": reason.attempts,
        **times("at", reason.at_ms or None),
    }


def happening_json(one: Happening) -> dict[str, Json]:
    return {
        **times("at", one.at_ms),
        "status": one.status,
        "words": one.words,
        "took_ms": one.took_ms,
        "attempt": one.attempt,
        "events": [part_json(part) for part in one.parts],
    }


def part_json(part: Part) -> dict[str, Json]:
    return {
        "event": part.event,
        "hook": part.hook,
        "set": {rule: list(registers) for rule, registers in part.set.items()},
        "superseded_by": part.superseded_by,
    }


def story_json(told: Story) -> dict[str, Json]:
    return {
        "lead": told.name,
        "happenings": [happening_json(one) for one in told.happenings],
        "fields": [field_json(one) for one in told.fields],
        "identities": [identity_json(one) for one in told.identities],
        "pending": [event_json(event) for event in told.pending],
        "dead": [event_json(event) for event in told.dead],
        "events": [event_json(event) for event in told.events],
        "older": told.older,
        **times("due", told.due_ms),
    }


def field_json(one: Standing) -> dict[str, Json]:
    return {
        "field": one.register,
        "known": one.known,
        "value": one.value,
        "event": one.event,
        "hook": one.hook,
        "rule": one.rule,
        **times("happened", one.at_ms),
        "before": setting_json(one.before),
        "pending": setting_json(one.pending),
    }


def setting_json(one: Setting | None) -> Json:
    if one is None:
        return None
    return {
        "value": one.value,
        "event": one.event,
        "hook": one.hook,
        "rule": one.rule,
        **times("happened", one.at_ms),
    }


def identity_json(one: Identity) -> dict[str, Json]:
    return {"kind": one.name.kind, "value": one.name.value, "leads": list(one.leads)}


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
