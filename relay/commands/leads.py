"""``relay leads``: which lead a phone, an e-mail or an id elsewhere means, and saying it: by a file, or one by one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from relay import parked, settings, wiring
from relay.commands import asking
from relay.commands.asking import JsonOption, WhoOption, nothing, region_of, wrong
from relay.commands.exit_codes import EXIT_CODES, NOTHING
from relay.commands.lead_file import Row, check_text, rows_of
from relay.commands.screen import counted, errors, out, print_json
from relay.errors import CommandError
from relay.expressions.grammar import suggest
from relay.lead_fields import is_uuid
from relay.model import Json, Name
from relay.parked import lead_id, read_name
from relay.settings import Settings
from relay.store import Store

#: Lines whose leads are taught in one go.
STRIDE = 2_000
#: Bad lines that a screen shows.
SHOWN = 20

leads = typer.Typer(
    help=f"Say which lead a phone, an e-mail or an id elsewhere means. {EXIT_CODES}",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DestinationOption = Annotated[str, typer.Option("--destination", help="The account of the lead API.")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="phone:+569..., email:..., or external_id:...")]


@dataclass
class Tally:
    """What came of a file so far."""

    learnt: int = 0
    bad: int = 0
    #: The first bad lines: number, and what is wrong.
    lines: list[tuple[int, str]] = field(default_factory=list)


@leads.command("import")
def import_leads(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns lead_id, phone, email, external_id.")],
    destination: DestinationOption = "default",
    region: Annotated[str, typer.Option("--region", help="Country of phones that are written without theirs.")] = "CL",
    bad: Annotated[Path | None, typer.Option("--bad", help="Write the bad lines here, and what is wrong.")] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget all that was known before, as after a change of RELAY_INDEX_KEY.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Learn what leads are known by from a CSV file; parked events of these leads go on.

    A value that can't be read is left out, and its line counts as bad; the rest of the line is learnt.
    """
    now = settings.load()
    known_destination(now, destination)
    store, country = wiring.store(now), region_of(region)
    before = set(store.events.parked())
    try:
        check_text(file)
        if anew:
            store.names.begin_anew()
        tally = learn(store, destination, file, country, bad=bad, keep=0 if as_json else SHOWN)
    except CommandError as error:
        raise wrong(str(error)) from error
    gone_on = len(before.difference(store.events.parked()))
    tell(tally, gone_on, bad, as_json=as_json)
    if tally.bad:
        raise typer.Exit(NOTHING)


def learn(store: Store, destination: str, file: Path, region: str, *, bad: Path | None, keep: int) -> Tally:
    """Teach the file's leads stride by stride, with a bar. ``keep`` is how many bad lines are kept, 0 for all."""
    tally = Tally()
    with ExitStack() as stack:
        # Also where the file breaks off in its midst: what is noted by then counts.
        stack.callback(store.names.learn, destination, [])
        note = bad_lines(stack, bad)
        bar = stack.enter_context(progress())
        task = bar.add_task("learning", total=file.stat().st_size)
        rows = rows_of(file, region, passed=lambda done: bar.update(task, completed=done))
        while stride := list(islice(rows, STRIDE)):
            good = [(row.lead, row.names) for row in stride if is_uuid(row.lead) and row.names]
            store.names.learn(destination, good, more=True)
            tally.learnt += len(good)
            for row in stride:
                note_faults(tally, row, note, keep)
    return tally


def note_faults(tally: Tally, row: Row, note: Any, keep: int) -> None:
    if not row.faults:
        return
    words = "; ".join(row.faults)
    tally.bad += 1
    if not keep or len(tally.lines) < keep:
        tally.lines.append((row.line, words))
    if note:
        note.writerow((row.line, words))


def bad_lines(stack: ExitStack, path: Path | None) -> Any:
    """Open the file of bad lines, where one is wanted. Raises CommandError."""
    if path is None:
        return None
    try:
        stream = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
    except OSError as error:
        raise CommandError(f"{path}: can't be written: {error.strerror}") from error
    writer = csv.writer(stream)
    writer.writerow(("line", "wrong"))
    return writer


def progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def tell(tally: Tally, gone_on: int, bad: Path | None, *, as_json: bool) -> None:
    if as_json:
        lines: list[Json] = [{"line": line, "wrong": words} for line, words in tally.lines]
        print_json({"learnt": tally.learnt, "bad": tally.bad, "parked_gone_on": gone_on, "bad_lines": lines})
        return
    out.print(Text(f"{counted(tally.learnt, 'lead')} learnt", "green" if tally.learnt else ""))
    print_gone_on(gone_on)
    for line, words in tally.lines:
        errors.print(Text(f"line {line}: {words}", "yellow"))
    if tally.bad:
        more = tally.bad - len(tally.lines)
        where = f", all of them in {bad}" if bad else ": --bad FILE.csv lists all" if more else ""
        errors.print(f"{counted(tally.bad, 'bad line')}{where}")


def print_gone_on(number: int) -> None:
    if number:
        out.print(f"{counted(number, 'parked event')} went on")


@leads.command("link")
def link_lead(
    name: NameArgument,
    lead: Annotated[str, typer.Argument(metavar="LEAD_ID", help="The lead's UUID.")],
    destination: DestinationOption = "default",
    who: WhoOption = "",
) -> None:
    """Decide which lead a name means, whatever else was known of it; parked events that wait for it go on."""
    now = settings.load()
    known_destination(now, destination)
    meant = name_meant(name)
    try:
        id = lead_id(lead, destination)
    except CommandError as error:
        raise wrong(f"LEAD_ID: {error}") from error
    gone_on = parked.link(wiring.store(now), destination, meant, id, who=asking.who_is(who))
    out.print(f"this {meant.kind} means lead {id} from now on")
    print_gone_on(gone_on)


@leads.command("show")
def show_lead(name: NameArgument, destination: DestinationOption = "default", as_json: JsonOption = False) -> None:
    """Show which leads a name means; exit code 3 when none is known."""
    now = settings.load()
    known_destination(now, destination)
    meant = name_meant(name)
    (found,) = wiring.store(now).names.find(destination, [meant])
    if as_json:
        print_json({"kind": meant.kind, "destination": destination, "leads": list(found)})
    else:
        show(meant, found)
    if not found:
        raise nothing(f"no lead is known for this {meant.kind}")


def show(meant: Name, found: Sequence[str]) -> None:
    for lead in found:
        out.print(lead)
    if len(found) > 1:
        out.print(f"several leads: events with this {meant.kind} are parked; relay leads link decides")


def name_meant(text: str) -> Name:
    """Read ``phone:+56...``, ``email:...`` or ``external_id:...``; anything else ends the command, not quoted."""
    try:
        return read_name(text)
    except CommandError as error:
        words = str(error)
        raise wrong(f"NAME: {words}" if words.startswith("must begin") else words) from error


def known_destination(now: Settings, destination: str) -> None:
    if destination not in now.destinations:
        raise wrong(f"--destination: unknown {destination!r}{suggest(destination, now.destinations, 'destinations')}")
