"""``relay event``: one event, from the sender to the CRM's answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, local, nothing, zone
from relay.commands.screen import out, print_json
from relay.commands.told import (
    event_json,
    happening_json,
    happenings_table,
    plain_table,
    state_text,
    value_text,
)
from relay.model import Json, State, StoredEvent
from relay.store import Store
from relay.store.gates import Pause
from relay.telling import why_ignored
from relay.timeline import happenings_of

WORDS = {
    State.IN_FLIGHT: "in flight: it waits for its delivery",
    State.DELIVERED: "delivered: the CRM took it",
    State.SUPERSEDED: "superseded: newer events had set all that it wanted to set",
    State.PARKED: "parked: its lead is not known",
    State.DEAD: "dead: delivery was given up",
    State.DISCARDED: "discarded: somebody dropped it",
}


def event(
    id: Annotated[str, typer.Argument(help="The event's id, as the door answered it.")],
    as_json: JsonOption = False,
    body: Annotated[bool, typer.Option("--body", help="Print only the body, as it was received.")] = False,
) -> None:
    """Show one event: what it wanted, what became of it, and why; exit code 3 when it is not kept."""
    store = wiring.store(settings.load())
    found = store.events.event(id)
    if found is None:
        raise nothing(f"event {id}: is not kept")
    show_event(store, found, as_json=as_json, body=body)


def standing(event: StoredEvent, pause: Pause | None = None) -> str:
    """Say where an event stands, and by what pause it is kept back, if by any."""
    if pause is not None:
        return f"in flight: {pause.of} is {'being resumed, paused' if pause.resuming else 'paused'} {pause.words}"
    if event.state is State.IGNORED:
        return f"ignored: {why_ignored(event)}"
    if event.state is not State.IN_FLIGHT or event.lead:
        return WORDS[event.state]
    return "in flight: its answers are asked for" if event.fetch else "in flight: its lead is looked for"


def show_event(store: Store, event: StoredEvent, *, as_json: bool, body: bool) -> None:
    if as_json:
        happenings = [happening_json(one) for one in happenings_of(store, event)]
        text = {"body": event.body.decode(errors="replace")} if body else {}
        pause = store.steering.pause_of(event)
        kept_back: Json = None if pause is None else {"of": pause.of, "words": pause.words}
        print_json({**event_json(event), "kept_back": kept_back, "happenings": happenings, **text})
    elif body:
        sys.stdout.buffer.write(event.body)
    else:
        show(store, event)


def show(store: Store, event: StoredEvent) -> None:
    facts = plain_table("", "")
    facts.show_header = False
    for name, said in facts_of(event, store.steering.pause_of(event)):
        facts.add_row(Text(name, "bold"), said)
    out.print(facts)
    if event.updates:
        out.print()
        show_updates(event)
    for fault in event.faults:
        name = fault.register or "the whole rule"
        out.print(Text(f"held back by rule {fault.rule}: {name} {fault.words}", "yellow"))
    happenings = happenings_of(store, event)
    if happenings:
        out.print()
        out.print(happenings_table(happenings))


def facts_of(event: StoredEvent, pause: Pause | None) -> Iterator[tuple[str, Text]]:
    kind = f", {event.kind}" if event.kind else ""
    yield "event", Text(event.id)
    yield "state", Text(standing(event, pause), state_text(event.state).style)
    if event.reason:
        status = f" ({event.reason.status})" if event.reason.status else ""
        yield "reason", Text(f"{event.reason.kind}{status}: {event.reason.words}", "red")
    yield "hook", Text(f"{event.hook} ({event.sender}{kind}{', a test' if event.test else ''})")
    yield "sender's id", Text(event.sender_id)
    yield "happened", Text(f"{local(event.stamp.at_ms)} {zone()}")
    yield "received", Text(f"{local(event.received_ms)} {zone()}")
    yield "rules", Text(f"version {event.version}")
    destination = "" if event.destination == "default" else f" at {event.destination}"
    yield "lead", Text(f"{event.lead}{destination}" if event.lead else "not known")
    if event.names:
        by = ", ".join(f"{name.kind}:{name.value}" for name in event.names)
        yield ("found by" if event.found else "looked for by"), Text(by)
    if event.fetch or event.fetched:
        yield "answers", Text(answers_of(event))
    yield "body", Text(f"{len(event.body)} bytes of {event.content_type or 'no type'} (--body prints them)")


def answers_of(event: StoredEvent) -> str:
    """Say what was to be fetched at the sender, and whether it was."""
    if event.fetched:
        return f"fetched at {event.sender}: {len(event.fetched)} bytes"
    waits = "to be fetched" if event.state is State.IN_FLIGHT else "were not fetched"
    return f"{waits} at {event.sender}, which calls them {event.fetch}"


def show_updates(event: StoredEvent) -> None:
    table = plain_table("field", "value", "rule", "state")
    states = event.update_states or (event.state,) * len(event.updates)
    for update, state in zip(event.updates, states, strict=True):
        for register, value in update.set.items():
            alone = " (sent alone)" if update.each else ""
            row = (register, value_text(value, known=True), f"{update.by[register]}{alone}", state_text(state))
            table.add_row(*row)
    out.print(table)
