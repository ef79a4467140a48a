"""Follows events from the door to their end, for ``relay send``: what became of each, and of their leads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from relay.errors import CommandError
from relay.lead_fields import FIELDS
from relay.model import METADATA, Json, State, StoredEvent
from relay.telling import why_ignored

LONGEST_S = 60.0
LOOK_AGAIN_S = 0.05
COLOURS = {State.DELIVERED: "green", State.SUPERSEDED: "yellow", State.IGNORED: "yellow", State.PARKED: "magenta"}

Find = Callable[[str], StoredEvent | None]


def follow(ids: Sequence[str], find: Find) -> list[StoredEvent]:
    """Wait until all of them have ended. Raises CommandError when one takes too long or is not there."""
    deadline = time.monotonic() + LONGEST_S
    return [ended(one, find, deadline) for one in dict.fromkeys(ids)]


def ended(id: str, find: Find, deadline: float) -> StoredEvent:
    while True:
        event = find(id)
        if event is None:
            raise CommandError(
                f"event {id}: is not in this Redis: does REDIS_URL name the one of the relay it went to?"
            )
        if event.state is not State.IN_FLIGHT:
            return event
        if time.monotonic() > deadline:
            raise CommandError(f"event {id}: still in flight after {LONGEST_S:g} s: look again with relay event {id}")
        time.sleep(LOOK_AGAIN_S)


def outcome(event: StoredEvent) -> Text:
    """Say in one line what became of an event."""
    line = Text.assemble(f"event {event.id}: ", (event.state.word, COLOURS.get(event.state, "red")))
    if event.state is State.IGNORED:
        line.append(f": {why_ignored(event)}")
    if event.reason is not None:
        line.append(f": {event.reason.words}")
    for fault in event.faults:
        line.append(f"\n  held back: {fault.register or fault.rule}: {fault.words}", "yellow")
    return line


def setters(events: Iterable[StoredEvent]) -> dict[str, str]:
    """Give for each register the rule that set it."""
    return {register: rule for event in events for update in event.updates for register, rule in update.by.items()}


def lead_table(lead: str, now: Mapping[str, Json], by: Mapping[str, str]) -> Table:
    """Show what a lead is now, and which rule of these events set what."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=f"lead {lead}", title_justify="left")
    for column in ("field", "now", "set by rule"):
        table.add_column(column)
    metadata = now.get("metadata")
    values = {name: now[name] for name in FIELDS if now.get(name) is not None}
    if isinstance(metadata, Mapping):
        values |= {METADATA + key: value for key, value in metadata.items()}
    for register, value in values.items():
        rule = by.get(register, "")
        table.add_row(register, Text(shown(value), "green" if rule else "dim"), Text(rule))
    return table


def shown(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
