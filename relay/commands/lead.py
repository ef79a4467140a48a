"""``relay lead``: everything that happened to one lead, and which event and rule set each of its fields."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, local, nothing, zone
from relay.commands.screen import counted, out, print_json
from relay.commands.tables import WHEN, Cell, Column, fitting
from relay.commands.told import events_table, happenings_table, value_text
from relay.telling import story_json
from relay.timeline import Identity, Setting, Standing, Story, line_of_time, story

#: Events and happenings that are shown on a screen, the newest.
SHOWN = 60
FIELDS = (
    Column(name="field", least=12),
    Column(name="as we set it", least=12),
    Column(name="before", least=8, spare=1),
    Column(name="waits to be set", least=8, spare=1),
    Column(name="by rule", least=10, spare=2),
    Column(name="of event", spare=3),
    Column(name="hook", least=6, spare=4),
    Column(name=f"happened {WHEN}", spare=5),
)


def lead(
    id: Annotated[str, typer.Argument(metavar="ID", help="The lead's id, or destination/id.")],
    as_json: JsonOption = False,
) -> None:
    """Show a lead's timeline, its fields now, and what still waits; exit code 3 when nothing is known."""
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
    for line in known_by(told.identities):
        out.print(line)
    if told.fields:
        out.print()
        show_fields(told.fields)
    show_time(told)
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


def known_by(identities: tuple[Identity, ...]) -> Iterator[Text]:
    """Say what the lead is known by, and where that does not lead to it alone."""
    for one in identities:
        line = Text(f"  {one.name.kind}:{one.name.value}")
        if len(one.leads) > 1:
            line.append(f"  means {len(one.leads)} leads: relay leads link decides", "yellow")
        elif not one.leads:
            line.append("  said by an event, not known as this lead's", "dim")
        yield line


def show_time(told: Story) -> None:
    whole = line_of_time(told)
    if not whole:
        return
    out.print()
    if len(whole) > SHOWN:
        out.print(Text(f"the last {SHOWN} of {len(whole)} lines of its time (--json shows all)", "dim"))
    out.print(happenings_table(whole[-SHOWN:]))


def show_fields(fields: tuple[Standing, ...]) -> None:
    out.print(fitting(FIELDS, [field_row(one) for one in fields]))


def field_row(one: Standing) -> list[Cell]:
    """Give a row; a field that only waits has no value yet, and is told by what waits."""
    if not one.event and one.pending:
        of, value = one.pending, Text("-", "dim")
        return [one.register, value, "", waits(of), of.rule, of.event, of.hook, local(of.at_ms)]
    value = value_text(one.value, known=one.known)
    before = value_text(one.before.value, known=True) if one.before else Text("")
    return [one.register, value, before, waits(one.pending), one.rule, one.event, one.hook, local(one.at_ms)]


def waits(pending: Setting | None) -> Text:
    if pending is None:
        return Text("")
    text = value_text(pending.value, known=True)
    text.stylize("yellow")
    return text
