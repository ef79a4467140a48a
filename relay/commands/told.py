"""How events, happenings and plans look in tables: the same words in every command. For JSON see ``telling``."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from relay.commands import tables
from relay.commands.asking import local, zone
from relay.commands.follow import COLOURS, shown
from relay.commands.tables import Cell, Column, fitting
from relay.model import METADATA, Json, State, StoredEvent
from relay.store.record import lead_name
from relay.telling import event_json, fault_json, happening_json, part_json, reason_json, times, why_of
from relay.timeline import Happening, Part

__all__ = [
    "WHEN",
    "answer",
    "event_json",
    "events_table",
    "fault_json",
    "happening_json",
    "happenings_table",
    "listed",
    "part_json",
    "plain_table",
    "reason_json",
    "state_text",
    "times",
    "value_text",
    "why_of",
]

#: In the name of a column: its cells are times.
WHEN = tables.WHEN
#: Events of one PUT that are shown line by line.
MOST_PARTS = 10
HAPPENINGS = (
    Column(name=f"when {WHEN}"),
    Column(name="what came of it", least=20, folds=True),
    Column(name="event"),
    Column(name="hook", spare=1),
    Column(name="fields by rule", least=15, folds=True),
)
EVENTS = (
    Column(name=f"received {WHEN}"),
    Column(name="event"),
    Column(name="hook", least=6),
    Column(name="state"),
    Column(name="kind", least=7, spare=3),
    Column(name="lead", least=9, spare=2),
    Column(name="why", least=12, spare=1),
)
#: Columns whose cells are kept whole.
WHOLE = ("event", "hook", "state", "lead", "destination")


def plain_table(*columns: str, title: str = "") -> Table:
    """Give a table whose ids and times are never broken; WHEN as a column's name shows the zone of its times."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=title or None, title_justify="left")
    for column in columns:
        name = column.replace(WHEN, zone())
        table.add_column(name, no_wrap=column in WHOLE or WHEN in column, overflow="fold")
    return table


def happenings_table(happenings: Iterable[Happening | StoredEvent]) -> Table:
    """Show what happened, oldest first: one line for each event of each happening, what it set where that is news.

    An event among them stands for its coming in.
    """
    rows: list[list[Cell]] = []
    above = ""
    for one in happenings:
        if isinstance(one, StoredEvent):
            rows.append([local(one.received_ms), came_in(one), one.id, one.hook, ""])
            continue
        when, what = local(one.at_ms), answer(one)
        for part in one.parts[:MOST_PARTS] or [Part(event="")]:
            came = Text(f"superseded by {part.superseded_by}", "yellow") if part.superseded_by else what
            said = news(part, above)
            rows.append([when, came, part.event, part.hook, Text(said, "dim" if said == "the same" else "")])
            above = said if part.set and said != "the same" else above
            when, what = "", Text("the same PUT", "dim")
        if len(one.parts) > MOST_PARTS:
            more = Text(f"and {len(one.parts) - MOST_PARTS} more events in it (--json)", "dim")
            rows.append(["", more, "", "", ""])
    return fitting(HAPPENINGS, rows)


def came_in(event: StoredEvent) -> Text:
    """Say that an event came in, and where it stands where nothing else will tell."""
    text = Text(f"a test of {event.sender} came in" if event.test else f"{event.sender} sent it", "dim")
    if event.state not in (State.DELIVERED, State.SUPERSEDED, State.DEAD):
        text.append(f", {event.state.word}", state_text(event.state).style)
    return text


def news(part: Part, above: str) -> str:
    """Say which fields an event sent, and by which rules, unless the line above says the same."""
    words = "\n".join(f"{rule}: {listed(registers)}" for rule, registers in part.set.items())
    return "the same" if words and words == above else words


def listed(registers: Iterable[str]) -> str:
    """Name registers in short: ``phone metadata.{utm_source estado}``."""
    core, keys = [], []
    for register in registers:
        if register.startswith(METADATA):
            keys.append(register.removeprefix(METADATA))
        else:
            core.append(register)
    return " ".join([*core, *([f"metadata.{{{' '.join(keys)}}}"] if keys else [])])


def answer(one: Happening) -> Text:
    """Say what the CRM answered, or what was done."""
    if one.status is None:
        return Text(one.words or "nothing to send", "" if one.words else "dim")
    tail = f", attempt {one.attempt}" if one.attempt > 1 else ""
    if one.status == 0:
        return Text(f"no answer: {one.words}{tail}", "red")
    good = one.status < 300
    words = f": {one.words}" if one.words else " (sent once more to be sure)" if not one.parts else ""
    return Text(f"{one.status} in {one.took_ms} ms{words}{tail}", "green" if good else "red")


def events_table(events: Iterable[StoredEvent]) -> Table:
    """List events with why they are where they are."""
    return fitting(EVENTS, [event_row(event) for event in events])


def event_row(event: StoredEvent) -> list[Cell]:
    kind, why = why_of(event)
    lead = lead_name(event.destination, event.lead) if event.lead else "-"
    return [local(event.received_ms), event.id, event.hook, state_text(event.state), kind, lead, why]


def state_text(state: State) -> Text:
    return Text(state.word, COLOURS.get(state, "" if state is State.IN_FLIGHT else "red"))


def value_text(value: Json, *, known: bool) -> Text:
    return Text(shown(value)) if known else Text("not known", "dim")
