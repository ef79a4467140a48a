"""``relay diff``: what other hook files would make of the stored events, before they take the place of those of now."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from relay import rulebook, settings, wiring
from relay.backtest import Backtest, Condition, Report, cores, pages, read_condition, report_json, spread
from relay.backtest.report import EXAMPLES
from relay.commands import completing
from relay.commands.asking import JsonOption, nothing, read_time, wrong
from relay.commands.differences import show, show_conditions
from relay.commands.exit_codes import NOTHING
from relay.commands.replay import ctrl_c
from relay.commands.screen import errors, print_json
from relay.commands.stand_ins import AnySecret
from relay.errors import CommandError
from relay.expressions.grammar import suggest
from relay.finding import Filter, read_filter
from relay.hooks import Hook
from relay.model import Json
from relay.senders import ABOUT
from relay.settings import DAY_MS, Settings
from relay.store import Store
from relay.store.events import day_of


def diff(
    hooks: Annotated[
        list[str] | None, typer.Argument(metavar="[HOOK]...", help="Only these.", autocompletion=completing.hooks)
    ] = None,
    *,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="NEW_DIR", help="Folder of the new hook files.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--last", parser=read_time, metavar="TIME", help="Events of the last 30m, 2h or 7d.")
    ] = None,
    events: Annotated[
        str,
        typer.Option(
            "--events", metavar="FILTER", help="Only these, as in 'hook=cotiza since=7d state=dead': see relay events."
        ),
    ] = "",
    as_mapped: Annotated[
        bool,
        typer.Option(
            "--as-mapped",
            help="Against the updates as they were mapped, not against the rules of now. "
            "Without --rules: what remapping by the rules of now would change.",
        ),
    ] = False,
    fail_if: Annotated[
        list[str] | None,
        typer.Option("--fail-if", metavar="CONDITION", help="Exit with 1 if 'lost_field > 1%' holds; several times."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="So many at the most, the newest; 0 for all.")] = 0,
    examples: Annotated[int, typer.Option("--examples", min=0, max=100, help="Examples of each change.")] = EXAMPLES,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes to map with; 0 for one for each core.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show what other rules would make of the stored events; nothing is changed.

    First a sentence of the whole, then each hook whose rules differ: events, fields with examples of old and new
    values, faults, and how often each rule held. Secrets need not be set. Ctrl-C shows what was found so far.
    Exit codes: 0 done; 1 a condition of --fail-if holds; 2 wrong usage or rules; 3 no event was found, or not all
    were looked at.
    """
    conditions = conditions_of(fail_if or [])
    if rules is None and not as_mapped:
        raise wrong("say --rules NEW_DIR; or --as-mapped, to hold what was mapped against the rules of now")
    now = settings.load()
    store = wiring.store(now)
    wanted = filter_of(events, last, hooks or [])
    new = load(now, rules or now.rules)
    old = {} if as_mapped else load(now, now.rules)
    check_names(hooks or [], {*old, *new, *store.door.known()})
    backtest = Backtest(old, new, as_mapped=as_mapped, most=examples)
    report, whole = compared(store, backtest, wanted, hooks or [], limit=limit, jobs=jobs or cores())
    tell(report, conditions, old=old, new=new, whole=whole, as_json=as_json)
    if not report.events:
        raise nothing("no event of these hooks was found")
    refused = any(one.holds(report) for one in conditions)
    raise typer.Exit(1 if refused else 0 if whole else NOTHING)


def conditions_of(said: Sequence[str]) -> list[Condition]:
    """Read conditions; exit code 1 is kept for one that holds."""
    try:
        return [read_condition(words) for words in said]
    except CommandError as error:
        raise wrong(f"--fail-if: {error}") from error


def load(now: Settings, folder: Path) -> dict[str, Hook]:
    """Load hook files to map with, which takes none of their secrets. Raises RuleError with all faults."""
    environment = AnySecret(now.environment)
    return rulebook.load(folder, environment=environment, senders=ABOUT, destinations=now.destinations)


def filter_of(events: str, last: int | None, hooks: Sequence[str]) -> Filter:
    """Read which events are meant; of one hook that is named the events of others are not even looked at."""
    try:
        pairs = [word.partition("=") for word in shlex.split(events)]
    except ValueError as error:
        raise wrong(f"--events: {error}") from error
    if bare := next((name for name, sign, _ in pairs if not sign), ""):
        raise wrong(f"--events: {bare!r} has no value; write it as in 'hook=cotiza since=7d'")
    try:
        wanted = read_filter({name: text for name, _, text in pairs}, now_ms=round(time.time() * 1000))
    except CommandError as error:
        raise wrong(f"--events: {error}") from error
    if wanted.limit:
        raise wrong("--events: say how many by --limit")
    if last is not None and wanted.since_ms is not None:
        raise wrong("give --last or since=, not both")
    if hooks and wanted.hook:
        raise wrong("give hooks or hook=, not both")
    since_ms = last if last is not None else wanted.since_ms
    return replace(wanted, since_ms=since_ms, hook=hooks[0] if len(hooks) == 1 else wanted.hook)


def check_names(hooks: Sequence[str], known: set[str]) -> None:
    for name in hooks:
        if name not in known:
            raise wrong(f"there is no hook {name!r}{suggest(name, sorted(known), 'hooks')}")


def compared(
    store: Store, backtest: Backtest, wanted: Filter, hooks: Sequence[str], *, limit: int, jobs: int
) -> tuple[Report, bool]:
    """Go through the events with a bar; gives what was found, and whether that is all."""
    report = backtest.empty()

    def passed(hook: str) -> bool:
        if backtest.maps(hook):
            return False
        backtest.passed(hook, report)
        return True

    found = pages(store, wanted, hooks=hooks, passed=passed, limit=limit)
    with ctrl_c() as stopped:
        steps = spread(store, backtest, found, jobs=jobs)
        first = next(steps, None)
        if first is not None:
            report.merge(first)
            with bar(total_of(store, wanted, hooks, limit)) as (progress, task):
                for step in steps:
                    report.merge(step)
                    progress.update(task, completed=report.events)
                    if stopped():
                        break
        steps.close()
        report.more = stopped()
        return report, not stopped()


def total_of(store: Store, wanted: Filter, hooks: Sequence[str], limit: int) -> int | None:
    """Say how many events there are to look at, by the counters; None where a filter leaves that open."""
    if wanted.state or wanted.group or wanted.lead or wanted.reads_records or wanted.until_ms is not None:
        return limit or None
    today = store.events.today()
    first = today - store.retention_ms // DAY_MS if wanted.since_ms is None else day_of(wanted.since_ms)
    names = set(hooks or ([wanted.hook] if wanted.hook else ()))
    counts = store.overview.counts(range(first, today + 1))
    total = sum(one["accepted"] for hook, one in counts.items() if not names or hook in names)
    return min(total, limit) if limit else total


@contextmanager
def bar(total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """Show on the error stream how far it is, where that is a terminal."""
    columns = (TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        yield progress, progress.add_task("comparing", total=total)


def tell(
    report: Report,
    conditions: Sequence[Condition],
    *,
    old: Mapping[str, Hook],
    new: Mapping[str, Hook],
    whole: bool,
    as_json: bool,
) -> None:
    if as_json:
        print_json({**report_json(report), "fail_if": [condition_json(one, report) for one in conditions]})
        return
    if not whole:
        errors.print("stopped: this is what was found so far")
    show(report, old=old, new=new)
    show_conditions(conditions, report)


def condition_json(one: Condition, report: Report) -> dict[str, Json]:
    return {"condition": one.words, "holds": one.holds(report), "found": one.found(report)}
