"""``relay explain``: why an event became what it became, rule by rule, with every value on its way."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, nothing
from relay.commands.event import standing
from relay.commands.explained import hooks_now
from relay.commands.explaining import say, show_explanation
from relay.commands.screen import print_json
from relay.commands.told import state_text
from relay.explain import Explained, Explainer
from relay.explain.as_json import explanation_json
from relay.model import StoredEvent
from relay.telling import event_json


def explain(
    id: Annotated[str, typer.Argument(help="The event's id, as the door answered it.")],
    of_now: Annotated[bool, typer.Option("--now", help="By the rules of now, not by those that mapped it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Explain an event: each rule and its condition, each field and its filters, faults, and why this lead.

    It is explained by the version of its hook file that mapped it. Exit code 3 if the event is not kept.
    """
    now = settings.load()
    store = wiring.store(now)
    event = store.events.event(id)
    if event is None:
        raise nothing(f"event {id}: is not kept")
    explainer = Explainer(store, hooks_now(now))
    told = explainer.explain_now(event) if of_now else explainer.explain(event)
    if as_json:
        print_json({"event": event_json(event), "explanation": explanation_json(told)})
    else:
        show(event, told, standing(event, store.steering.pause_of(event)))


def show(event: StoredEvent, told: Explained, stands: str) -> None:
    say(Text.assemble("event ", (event.id, "bold"), "  ", (stands, state_text(event.state).style)))
    if event.reason is not None:
        say(Text(f"{event.reason.kind}: {event.reason.words}", "red"), 2)
    say(Text(f"hook {event.hook} ({event.sender}), {by_which(told)}"), 2)
    if event.lead or told.explanation is None:  # else the end of it says what there is of a lead, and why
        say(Text(lead_of(event)), 2)
    for fault in event.faults:
        say(Text(f"held back by rule {fault.rule}: {fault.register or 'the whole rule'} {fault.words}", "yellow"), 2)
    if told.differs:
        words = f"these rules would set otherwise: {', '.join(told.differs)}"
        say(Text(words if not told.as_then else f"{words}; what was sent was edited, or mapped otherwise", "yellow"), 2)
    show_explanation(told)


def by_which(told: Explained) -> str:
    if not told.file:
        return "no hook file"
    return f"{told.file}, version {told.version}, {'which mapped it' if told.as_then else 'of now'}"


def lead_of(event: StoredEvent) -> str:
    if not event.lead:
        return "lead not known"
    where = "" if event.destination == "default" else f" at {event.destination}"
    how = ", found by " + ", ".join(f"{one.kind} {one.value}" for one in event.names) if event.found else ""
    return f"lead {event.lead}{where}{how}"
