"""``relay event``: one event, from the sender to the CRM's answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, local, nothing, zone
from relay.commands.explained import headers_text, hooks_now, show_rules, verified_text
from relay.commands.screen import out, print_json
from relay.commands.told import (
    happenings_table,
    plain_table,
    state_text,
    value_text,
)
from relay.explain import Explained, Explainer
from relay.explain.body import body_tree
from relay.hooks import Hook
from relay.model import State, StoredEvent
from relay.settings import Settings
from relay.store import Store
from relay.store.gates import Pause
from relay.telling import whole_json, why_ignored
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
    unmasked: Annotated[bool, typer.Option("--unmasked", help="With --body: with the secrets in it.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Every part of every rule, with its values.")] = False,
) -> None:
    """Show one event: what came, what was made of it and why, what became of it; exit code 3 if not kept."""
    now = settings.load()
    store = wiring.store(now)
    found = store.events.event(id)
    if found is None:
        raise nothing(f"event {id}: is not kept")
    show_event(now, store, found, as_json=as_json, body=body, unmasked=unmasked, explain=explain)


def show_event(
    now: Settings,
    store: Store,
    found: StoredEvent,
    *,
    as_json: bool,
    body: bool,
    unmasked: bool = False,
    explain: bool = False,
) -> None:
    hooks = hooks_now(now)
    text = found.body if unmasked else masked_body(found, hooks.get(found.hook))
    if body and not as_json:
        sys.stdout.buffer.write(text)
        return
    told = Explainer(store, hooks).explain(found)
    if as_json:
        show_json(store, found, told, text if body else None)
    else:
        show(store, found, told, whole=explain)


def masked_body(event: StoredEvent, hook: Hook | None) -> bytes:
    """Give the body without its secrets; where there are none, byte by byte as it came."""
    body = body_tree(event, hook)
    return body.text.encode() if body.masked else event.body


def standing(event: StoredEvent, pause: Pause | None = None) -> str:
    """Say where an event stands, and by what pause it is kept back, if by any."""
    if pause is not None:
        return f"in flight: {pause.of} is {'being resumed, paused' if pause.resuming else 'paused'} {pause.words}"
    if event.state is State.IGNORED:
        return f"ignored: {why_ignored(event)}"
    if event.state is not State.IN_FLIGHT or event.lead:
        return WORDS[event.state]
    return "in flight: its answers are asked for" if event.fetch else "in flight: its lead is looked for"


def show_json(store: Store, event: StoredEvent, told: Explained, body: bytes | None) -> None:
    text = {} if body is None else {"body": body.decode(errors="replace")}
    print_json({**whole_json(store, event, told), **text})


def show(store: Store, event: StoredEvent, told: Explained, *, whole: bool) -> None:
    facts = plain_table("", "")
    facts.show_header = False
    for name, said in facts_of(event, told, store.steering.pause_of(event)):
        facts.add_row(Text(name, "bold"), said)
    out.print(facts)
    if event.updates:
        out.print()
        show_updates(event, told)
    for fault in event.faults:
        name = fault.register or "the whole rule"
        out.print(Text(f"held back by rule {fault.rule}: {name} {fault.words}", "yellow"))
    out.print()
    show_rules(told, whole=whole)
    if not whole and told.explanation is not None:
        out.print(Text(f"each value on its way through the rules: relay explain {event.id}", "dim"))
    happenings = happenings_of(store, event)
    if happenings:
        out.print()
        out.print(happenings_table(happenings))


def facts_of(event: StoredEvent, told: Explained, pause: Pause | None) -> Iterator[tuple[str, Text]]:
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
    yield "verified", verified_text(told)
    known = told.file and told.as_then
    yield "rules", Text(f"{told.file}, version {event.version}" if known else f"version {event.version}")
    destination = "" if event.destination == "default" else f" at {event.destination}"
    yield "lead", Text(f"{event.lead}{destination}" if event.lead else "not known")
    if event.names:
        by = ", ".join(f"{name.kind}:{name.value}" for name in event.names)
        yield ("found by" if event.found else "looked for by"), Text(by)
    if event.fetch or event.fetched:
        yield "answers", Text(answers_of(event))
    if event.came or event.headers:
        yield "headers", headers_text(event)
    yield "body", Text(f"{len(event.body)} bytes of {event.content_type or 'no type'} (--body prints them)")


def answers_of(event: StoredEvent) -> str:
    """Say what was to be fetched at the sender, and whether it was."""
    if event.fetched:
        return f"fetched at {event.sender}: {len(event.fetched)} bytes"
    waits = "to be fetched" if event.state is State.IN_FLIGHT else "were not fetched"
    return f"{waits} at {event.sender}, which calls them {event.fetch}"


def show_updates(event: StoredEvent, told: Explained) -> None:
    table = plain_table("field", "value", "rule", "line", "state")
    states = event.update_states or (event.state,) * len(event.updates)
    for update, state in zip(event.updates, states, strict=True):
        for register, value in update.set.items():
            alone = " (sent alone)" if update.each else ""
            rule = update.by[register]
            line = str(told.line_of(rule, register) or "")
            table.add_row(register, value_text(value, known=True), f"{rule}{alone}", line, state_text(state))
    out.print(table)
