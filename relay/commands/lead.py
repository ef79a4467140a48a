"""``relay lead``: everything that happened to one lead, and which event and rule set each of its fields."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, local, nothing, zone
from relay.commands.screen import counted, out, print_json
from relay.commands.told import WHEN, events_table, happenings_table, plain_table, value_text
from relay.telling import story_json
from relay.timeline import Standing, Story, story


def lead(
    id: Annotated[str, typer.Argument(metavar="ID", help="The lead's id, or destination/id.")],
    as_json: JsonOption = False,
) -> None:
    """Show a lead's timeline, its fields as they stand, and what still waits; exit code 3 when nothing is known."""
    store = wiring.store(settings.load())
    told = story(store, id.strip().lower().removeprefix("default/"))
    if told.empty:
        raise nothing(
            f"lead {id}: nothing is known of it here; parked events have no lead: relay dead list --state parked"
        )
    if as_json:
        print_json(story_json(told))
    else:
        show(told)


def show(told: Story) -> None:
    out.print(Text(f"lead {told.name}", "bold"))
    if told.happenings:
        out.print(happenings_table(told.happenings))
    if told.fields:
        out.print()
        show_fields(told.fields)
    if told.pending:
        out.print()
        later = told.due_ms is not None and told.due_ms > time.time() * 1000
        due = f", next attempt by {local(told.due_ms)} {zone()}" if told.due_ms and later else ", due now"
        out.print(Text(f"{counted(len(told.pending), 'event')} in flight{due}", "bold"))
        out.print(events_table(told.pending))
    if told.dead:
        out.print()
        out.print(Text(f"{counted(len(told.dead), 'dead letter')}: relay replay --lead {told.name}", "bold"))
        out.print(events_table(told.dead))


def show_fields(fields: tuple[Standing, ...]) -> None:
    table = plain_table("field", "as we set it", f"happened {WHEN}", "event", "hook", "rule")
    for one in fields:
        value = value_text(one.value, known=one.known)
        table.add_row(one.register, value, local(one.at_ms), one.event, one.hook, one.rule)
    out.print(table)
