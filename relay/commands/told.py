"""How events and happenings look in tables: the same words in every command. ``relay.telling`` says them in JSON."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from relay.commands.asking import local, zone
from relay.commands.follow import COLOURS, shown
from relay.model import METADATA, Json, State, StoredEvent
from relay.timeline import Happening, Part

#: Events of one PUT that are shown line by line.
MOST_PARTS = 10
#: In the name of a column: its cells are times.
WHEN = "<when>"
#: Columns whose cells are kept whole.
WHOLE = ("event", "hook", "state", "lead", "destination")


def plain_table(*columns: str, title: str = "") -> Table:
    """Give a table whose ids and times are never broken; WHEN as a column's name shows the zone of its times."""
    table = Table(box=None, pad_edge=False, header_style="bold", title=title or None, title_justify="left")
    for column in columns:
        name = column.replace(WHEN, zone())
        table.add_column(name, no_wrap=column in WHOLE or WHEN in column, overflow="fold")
    return table


def happenings_table(happenings: Iterable[Happening]) -> Table:
    """Show what happened, oldest first: one line for each event of each happening, what it set where that is news."""
    table = plain_table(f"when {WHEN}", "what came of it", "event", "hook", "fields by rule")
    above = ""
    for one in happenings:
        when, what = local(one.at_ms), answer(one)
        for part in one.parts[:MOST_PARTS] or [Part(event="")]:
            came = Text(f"superseded by {part.superseded_by}", "yellow") if part.superseded_by else what
            said = news(part, above)
            table.add_row(when, came, part.event, part.hook, Text(said, "dim" if said == "the same" else ""))
            above = said if part.set and said != "the same" else above
            when, what = "", Text("the same PUT", "dim")
        if len(one.parts) > MOST_PARTS:
            table.add_row("", Text(f"and {len(one.parts) - MOST_PARTS} more events in it (--json)", "dim"))
    return table


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
    table = plain_table(f"received {WHEN}", "event", "hook", "state", "kind", "lead", "why")
    for event in events:
        kind, why = why_of(event)
        table.add_row(
            local(event.received_ms), event.id, event.hook, state_text(event.state), kind, event.lead or "-", why
        )
    return table


def why_of(event: StoredEvent) -> tuple[str, str]:
    """Give kind and words of the reason, else the faults."""
    if event.reason:
        status = f"{event.reason.status} " if event.reason.status else ""
        return event.reason.kind, f"{status}{event.reason.words}"
    return "", "; ".join(f"{fault.register or fault.rule} {fault.words}" for fault in event.faults)


def state_text(state: State) -> Text:
    return Text(state.word, COLOURS.get(state, "" if state is State.IN_FLIGHT else "red"))


def value_text(value: Json, *, known: bool) -> Text:
    return Text(shown(value)) if known else Text("not known", "dim")
