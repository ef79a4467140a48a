"""What is told of events, of what happened to them and of what people did: the same JSON for commands and for the desk.

Times stand twice: in ms since 1970, and as ISO in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

from relay.explain import Explained
from relay.explain.as_json import explanation_json
from relay.finding import Found, Page
from relay.model import Fault, Json, Reason, StoredEvent
from relay.store import Store
from relay.store.acts import Act
from relay.store.gates import Gate, Pause
from relay.store.serving import FaultyFile
from relay.texts import N_
from relay.timeline import Happening, Identity, Part, Setting, Standing, Story, happenings_of

#: Why an event is kept and not sent.
NO_RULE_HELD = N_("no rule held")
IS_A_TEST = N_("it is a test; 'tests: deliver' in the hook file sends them")
NO_LEAD = N_("no lead is known for it")


def times(name: str, ms: int | None) -> dict[str, Json]:
    """Give a time twice."""
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


def whole_json(store: Store, event: StoredEvent, told: Explained) -> dict[str, Json]:
    """Give all of an event but its body, with what happened to it and why it was mapped as it was."""
    pause = store.steering.pause_of(event)
    return {
        **event_json(event),
        "kept_back": None if pause is None else {"of": pause.of, "words": pause.words},
        "headers": {**event.came, **event.headers},
        "explanation": explanation_json(told),
        "happenings": [happening_json(one) for one in happenings_of(store, event)],
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


def why_of(event: StoredEvent) -> tuple[str, str]:
    """Give kind and words of the reason, else the faults."""
    if event.reason:
        status = f"{event.reason.status} " if event.reason.status else ""
        return event.reason.kind, f"{status}{event.reason.words}"
    return "", "; ".join(f"{fault.register or fault.rule} {fault.words}" for fault in event.faults)


def why_ignored(event: StoredEvent) -> str:
    """Say why an event is kept and not sent."""
    if not event.updates:
        return NO_RULE_HELD
    return IS_A_TEST if event.test else NO_LEAD


def page_json(found: Page) -> dict[str, Json]:
    """Give a page of events: ``next`` is the ``after`` of the next one, '' where there is none.

    ``back_to_ms`` is set where more may follow though the page is not full: so far back it was looked.
    """
    events: list[Json] = [event_json(event) for event in found.events]
    return {"events": events, "next": found.next, **times("back_to", found.back_to_ms)}


def found_json(found: Found) -> dict[str, Json]:
    """Give what a search found."""
    return {"leads": list(found.leads), "events": [event_json(event) for event in found.events]}


def act_json(act: Act) -> dict[str, Json]:
    told: dict[str, Json] = {"who": act.who, "what": act.what, "about": act.about, "why": act.why}
    return {**times("at", act.at_ms), **told, "filter": act.filter, "count": act.count, "replay": act.replay}


def gate_json(gate: Gate, *, served: bool) -> dict[str, Json]:
    """Give how a destination fares; ``served`` says whether it has an address here."""
    return {
        "destination": gate.destination,
        "served": served,
        "state": gate.state,
        "words": gate.words,
        "leads_waiting": gate.leads,
        "due": gate.due,
        "oldest_wait_ms": gate.oldest_ms,
        "paused": None if gate.pause is None else pause_json(gate.destination, gate.pause),
        "rate_by_hand": gate.rate,
    }


def pause_json(name: str, pause: Pause) -> dict[str, Json]:
    return {
        "name": name,
        "who": pause.who,
        "why": pause.why,
        **times("since", pause.at_ms),
        "resuming": pause.resuming,
        "events_kept_back": pause.shelved,
    }


def faulty_json(one: FaultyFile) -> dict[str, Json]:
    """Give what is wrong with a hook file, and what serves instead."""
    served = one.served
    return {
        "hook": one.hook,
        "faults": list(one.lines),
        **times("since", one.since_ms),
        "serves": served.version if served else "",
        **times("serves_since", served.since_ms if served else None),
    }


def errands_json(gate: Gate) -> dict[str, Json]:
    """Give how a queue of errands fares."""
    return {
        "queue": gate.destination,
        "state": gate.state,
        "words": gate.words,
        "events_waiting": gate.leads,
        "due": gate.due,
        "oldest_wait_ms": gate.oldest_ms,
    }
