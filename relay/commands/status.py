"""``relay status``: how all is going, on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, local, span
from relay.commands.screen import counted, out, print_json
from relay.commands.told import WHEN, plain_table, times
from relay.model import Json
from relay.status import COLUMNS, ERRAND_WORDS, GATE_WORDS, Status, asked_for, goes_on
from relay.status import status as look
from relay.store.gates import Gate
from relay.telling import act_json, errands_json, faulty_json, gate_json, pause_json


def status(as_json: JsonOption = False) -> None:
    """Show counts by hook, what is due and how long it waits, dead letters, rejected requests, workers."""
    now = settings.load()
    found = look(wiring.store(now), now, everywhere=True)
    if as_json:
        print_json(status_json(found))
    else:
        show(found)


def show(found: Status) -> None:
    if found.hooks:
        show_hooks(found)
    else:
        out.print("no event was accepted yet: try relay send")
    out.print()
    show_gates(found)
    show_paused(found)
    show_errands(found)
    out.print()
    for line in needs(found):
        out.print(line)
    show_faulty_files(found)
    show_alarms(found)
    show_rejected(found)
    show_acts(found)


def show_hooks(found: Status) -> None:
    """Show the counts; of the columns only those that say something, so that they fit."""
    table = plain_table("hook", "", *found.columns)
    for one in found.hooks:
        for name, label, counts in ((one.hook, "today", one.today), ("", "all", one.all)):
            table.add_row(name, Text(label, "dim"), *(cell(counts, column) for column in found.columns))
    for column in table.columns[2:]:
        column.justify = "right"
    out.print(table)


def cell(counts: Mapping[str, int], column: str) -> Text:
    number = counts.get(column, 0)
    alarming = column in ("dead", "parked", "rejected")
    return Text(str(number), "dim" if not number else "red" if alarming else "")


def show_gates(found: Status) -> None:
    table = plain_table("destination", "leads waiting", "due now", "oldest wait", "how it fares")
    for gate in found.gates:
        oldest = span(gate.oldest_ms) if gate.leads else "-"
        table.add_row(gate.destination, str(gate.leads), str(gate.due), oldest, gate_text(gate, found))
    out.print(table)


def show_paused(found: Status) -> None:
    """Show the hooks that a person keeps back."""
    if not found.paused:
        return
    out.print()
    table = plain_table("paused hook", "events kept back", "by whom and why")
    for hook, pause in found.paused.items():
        words = f"{pause.words}{', being resumed' if pause.resuming else ''}"
        table.add_row(hook, str(pause.shelved), Text(words, "red"))
    out.print(table)


def show_errands(found: Status) -> None:
    """Show what is asked of senders and of the lead API before events can go on."""
    if not found.errands:
        return
    out.print()
    table = plain_table("asked for", "events waiting", "due now", "oldest wait", "how it fares")
    for gate in found.errands:
        words = f" ({gate.words})" if gate.words else ""
        how = Text(ERRAND_WORDS[gate.state] + words, "green" if gate.state == "flowing" else "red")
        table.add_row(asked_for(gate.destination), str(gate.leads), str(gate.due), span(gate.oldest_ms), how)
    out.print(table)


def gate_text(gate: Gate, found: Status) -> Text:
    if gate.destination in found.unserved:
        suffix = "" if gate.destination == "default" else f"__{gate.destination.upper()}"
        return Text(f"not served: LEADS_API_URL{suffix} is not set here", "red")
    words = f" ({gate.words})" if gate.words else ""
    if gate.rate is not None:
        words += f"; {gate.rate:g} PUTs a second, set {gate.rate_words}"
    return Text(GATE_WORDS[gate.state] + words, "green" if gate.state == "flowing" else "red")


def needs(found: Status) -> Iterator[Text]:
    """Say what needs a person, and the command that shows it."""
    if found.dead:
        yield Text(f"{counted(found.dead, 'dead letter')}: {kinds(found)}: relay dead list", "red")
    else:
        yield Text("no dead letters")
    if found.parked:
        yield Text(f"{counted(found.parked, 'parked event')}: relay parked", "red")
    if found.faulty:
        words = "went on without a value that could not be used: relay dead list --state faulty"
        yield Text(f"{counted(found.faulty, 'event')} {words}", "yellow")
    if found.workers:
        yield Text(f"{counted(found.workers, 'worker')} alive")
    else:
        yield Text("no worker is alive: events are accepted, but nothing is delivered", "red")
    if found.errands and not found.background:
        yield Text("no background worker is alive: nothing is fetched and no lead is looked for", "red")


def show_faulty_files(found: Status) -> None:
    """Show hook files whose change could not be taken over, with every fault."""
    for one in found.faulty_files:
        out.print()
        who = f"hook {one.hook}" if one.hook else "rules"
        out.print(Text(f"{who}, since {local(one.since_ms)}: {goes_on(one)}: relay check", "red"))
        for line in one.lines:
            out.print(Text(f"  {line}"), soft_wrap=True)


def kinds(found: Status) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(found.dead_by_kind.items()))


def show_alarms(found: Status) -> None:
    if not found.alarms:
        return
    out.print()
    table = plain_table(f"since {WHEN}", "what", "alarm", title="alarms:")
    for one in found.alarms:
        table.add_row(local(one.began_ms), Text(one.about, "red"), one.words)
    out.print(table)


def show_rejected(found: Status) -> None:
    if not found.rejected:
        return
    out.print()
    table = plain_table(
        f"when {WHEN}", "hook", "status", "why", title=f"{found.rejected_lately} rejected within a day, the last:"
    )
    for one in found.rejected:
        table.add_row(local(one.at_ms), one.hook, str(one.status), one.words)
    out.print(table)


def show_acts(found: Status) -> None:
    if not found.acts:
        return
    out.print()
    table = plain_table(f"when {WHEN}", "who", "did", "to", "why or how", title="what people did last:")
    for one in found.acts:
        table.add_row(local(one.at_ms), one.who, one.what, one.about, one.why)
    out.print(table)


def status_json(found: Status) -> dict[str, Json]:
    return {
        **times("at", found.at_ms),
        "hooks": [{"hook": one.hook, "today": all_of(one.today), "all": all_of(one.all)} for one in found.hooks],
        "paused_hooks": [pause_json(hook, pause) for hook, pause in found.paused.items()],
        "destinations": [gate_json(gate, served=gate.destination not in found.unserved) for gate in found.gates],
        "errands": [errands_json(gate) for gate in found.errands],
        "due": found.due,
        "leads_waiting": found.leads,
        "oldest_wait_ms": found.oldest_ms,
        "dead": found.dead,
        "dead_by_kind": dict(found.dead_by_kind),
        "parked": found.parked,
        "faulty": found.faulty,
        "rejected_lately": found.rejected_lately,
        "rejected": [
            {**times("at", one.at_ms), "hook": one.hook, "status": one.status, "words": one.words, "size": one.size}
            for one in found.rejected
        ],
        "workers": found.workers,
        "background_workers": found.background,
        "alarms": [
            {"alarm": one.name, "about": one.about, "words": one.words, **times("began", one.began_ms)}
            for one in found.alarms
        ],
        "faulty_files": [faulty_json(one) for one in found.faulty_files],
        "acts": [act_json(one) for one in found.acts],
    }


def all_of(counts: Mapping[str, int]) -> dict[str, Json]:
    return {column: counts.get(column, 0) for column in COLUMNS}
