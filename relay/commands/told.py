"""How events, happenings and plans look as JSON and in tables: the same words in every command."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from relay.commands import tables
from relay.commands.asking import local, zone
from relay.commands.follow import COLOURS, shown
from relay.commands.tables import Cell, Column, fitting
from relay.model import METADATA, Fault, Json, Reason, State, StoredEvent
from relay.store.record import lead_name
from relay.timeline import Happening, Part

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


def times(name: str, ms: int | None) -> dict[str, Json]:
    """Give a time twice: in ms since 1970, and as ISO in UTC."""
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
