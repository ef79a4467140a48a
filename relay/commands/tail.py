"""``relay tail``: events as they come in, and again as they end, until Ctrl-C."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, filtered, local
from relay.commands.screen import errors, out, print_json_line
from relay.commands.told import event_json, state_text
from relay.errors import StoreError
from relay.finding import Filter, newer
from relay.model import State, StoredEvent
from relay.store import Store
from relay.store.record import lead_name
from relay.telling import why_ignored, why_of

LOOK_AGAIN_S = 1.0
#: So far back each look goes behind the one before, for events that were not to be seen yet.
OVERLAP_MS = 2_000


@filtered(without=("limit", "until"))
def tail(wanted: Filter, as_json: JsonOption = False) -> None:
    """Follow events live: a line as each is accepted, and one more as it ends. Ctrl-C ends it.

    --since begins with what has come in since then.
    """
    store = wiring.store(settings.load())
    with suppress(KeyboardInterrupt):
        follow(store, wanted, as_json=as_json)


def follow(store: Store, wanted: Filter, *, as_json: bool) -> None:
    seen: dict[str, State] = {}
    since_ms = wanted.since_ms if wanted.since_ms is not None else store.events.now_ms()
    bare, away = replace(wanted, since_ms=None), False
    while True:
        try:
            now_ms = store.events.now_ms()
            for event in newer(store, bare, since_ms, seen):
                show(event, as_json=as_json)
            since_ms, away = max(since_ms, now_ms - OVERLAP_MS), False
        except StoreError as error:
            if not away:
                errors.print(Text(f"{error}; looking again", "red"))
            away = True
        time.sleep(LOOK_AGAIN_S)


def show(event: StoredEvent, *, as_json: bool) -> None:
    if as_json:
        print_json_line(event_json(event))
        return
    line = Text(f"{local(event.received_ms)[11:]} {event.id} {event.hook} ")
    line.append_text(state_text(event.state))
    if event.lead:
        line.append(f" {lead_name(event.destination, event.lead)}")
    if words := words_of(event):
        line.append(f" {words}", "dim")
    # On a narrow screen a line is cut, not broken: the next one stands below it at the same places.
    out.print(line, no_wrap=True, overflow="ellipsis" if out.is_terminal else "ignore", crop=out.is_terminal)


def words_of(event: StoredEvent) -> str:
    if event.state is State.IGNORED:
        return why_ignored(event)
    kind, words = why_of(event)
    return f"{kind}: {words}" if kind else words
