"""``relay shadow``: what other rules, mapped beside those in use and never sent, would make of the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.backtest import Difference, Kind
from relay.backtest.words import BAD, WORDS
from relay.commands import completing
from relay.commands.asking import JsonOption, local, nothing
from relay.commands.differences import example_cells
from relay.commands.follow import shown
from relay.commands.screen import counted, out, print_json
from relay.commands.tables import WHEN, Cell, Column, fitting
from relay.errors import CommandError
from relay.hooks import Hook
from relay.served import served
from relay.shadow import Told, told_json, told_of, with_shadow
from relay.shadow.told import SHOWN

ALL = (
    Column(name="hook"),
    Column(name="shadow", least=12),
    Column(name=f"since {WHEN}", spare=1),
    *(Column(name=name, right=True) for name in ("events", "the same", "differ", "behind")),
    Column(name="how it fares", least=20, folds=True),
)
FIELDS = (
    Column(name="field"),
    *(Column(name=kind.value, right=True) for kind in Kind),
    Column(name="old -> new, of the last", least=20, folds=True),
    Column(name="event", spare=1),
)
EVENTS = (
    Column(name="event"),
    Column(name=f"received {WHEN}", spare=1),
    Column(name="what differs", least=30, folds=True),
)
HookArgument = Annotated[
    str,
    typer.Argument(metavar="[HOOK]", help="The hook; without it, all that have one.", autocompletion=completing.hooks),
]


def shadow(
    hook: HookArgument = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help="So many events that differ.")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Show what the shadow of a hook finds: how many events differ, in which fields, and which ones."""
    store = wiring.store(settings.load())
    # Its files are named from their folder, as the key shadow names its own.
    hooks = served(store, PurePath())
    if hook:
        told = told_of(store, one_of(hooks, hook), most=limit)
        print_json(told_json(told)) if as_json else show(told)
        return
    every = [told_of(store, one, most=limit if as_json else 1) for one in with_shadow(hooks)]
    if as_json:
        print_json([told_json(one) for one in every])
    elif every:
        out.print(fitting(ALL, [row_of(one) for one in every]))
    if not every:
        raise nothing("no hook has a shadow: name one in its file, as in shadow: shadow/cotiza.yaml")


def one_of(hooks: Mapping[str, Hook], name: str) -> Hook:
    """Give the hook of this name. Raises CommandError where it has no shadow."""
    if name not in hooks:
        raise CommandError(f"hook '{name}' is not served: relay status says why")
    if not hooks[name].shadow:
        raise CommandError(f"hook '{name}' has no shadow: name one in its file, as in shadow: shadow/{name}.yaml")
    return hooks[name]


def row_of(told: Told) -> list[Cell]:
    since = local(told.followed.since_ms) if told.followed and told.followed.since_ms else ""
    numbers = [f"{number:,}" for number in (told.events, told.same, told.changed, told.behind)]
    return [told.hook.name, told.hook.shadow, since, *numbers, fares(told)]


def fares(told: Told) -> Text:
    """Say whether it is followed, and what keeps it from that."""
    if told.followed is None:
        return Text("not followed yet: the background worker does that", "yellow")
    if told.followed.faults:
        goes_on = "its last good version is compared" if told.followed.version else "nothing is compared"
        return Text(f"its file has faults, {goes_on}: {told.followed.faults[0]}", "red")
    if not told.watched:
        return Text("not followed now: no background worker looks after it", "red")
    return Text("followed", "green")


def show(told: Told) -> None:
    """Print all of it: the counts, field by field, event by event, and how it would be made live."""
    followed = told.followed
    version = f" ({followed.version})" if followed and followed.version else ""
    out.print(Text(f"{told.hook.name} beside {told.hook.shadow}{version}", "bold"), fares(told))
    for line in followed.faults[1:] if followed else ():
        out.print(Text(f"  {line}", "red"))
    if followed is None:
        return
    out.print(f"{sentence(told)}")
    for metric, number in told.whole.items():
        out.print(Text(f"  {number:>6,}  {WORDS[metric]}", "red" if metric in BAD else ""))
    if told.fields:
        out.print()
        out.print(fitting(FIELDS, list(field_rows(told))))
    if told.differing:
        out.print()
        rows = [event_row(told, one) for one in told.differing]
        out.print(fitting(EVENTS, rows, title="the last that differ:"))
    out.print()
    words = f"to make it live, rename {told.hook.shadow} to {told.hook.file}: it is taken over within seconds"
    out.print(Text(words, "dim"))


def sentence(told: Told) -> str:
    """Say the whole: ``1,240 events since 2026-11-23 21:40: 1,231 the same, 9 differ; 3 are behind``."""
    assert told.followed is not None
    since = f" since {local(told.followed.since_ms)}" if told.followed.since_ms else ""
    parts = [f"{counted(told.events, 'event')}{since}: {told.same:,} the same, {told.changed:,} differ"]
    if told.behind:
        parts.append(f"{told.behind:,} not compared yet")
    if told.followed.later:
        parts.append(f"{told.followed.later:,} wait for their answers")
    if gone := told.counts.get("gone"):
        parts.append(f"{gone:,} were not kept long enough")
    return "; ".join(parts)


def field_rows(told: Told) -> Iterator[list[Cell]]:
    for register, numbers in told.fields.items():
        of_field = told.report.fields.get(register)
        first, *more = list(example_cells(of_field) if of_field else ()) or [["", ""]]
        yield [register, *(f"{number:,}" if number else "" for number in numbers.values()), *first]
        yield from (["", *[""] * len(numbers), *cells] for cells in more)


def event_row(told: Told, one: Difference) -> list[Cell]:
    return [one.event, local(told.received_ms[one.event]), "; ".join(differs(one))]


def differs(one: Difference) -> Iterator[str]:
    """Say what differs of one event."""
    if one.ended:
        yield f"{one.old.end.value} -> {one.new.end.value}" + (f" ({one.new.why})" if one.new.why else "")
    yield from (f"{fault.register or fault.rule} is held back: {fault.words}" for fault in one.new_faults)
    yield from (f"{fault.register or fault.rule} is not held back any more" for fault in one.gone_faults)
    for change in one.fields:
        old = "" if change.kind is Kind.GAINED else shown(change.old)
        new = "(left out)" if change.kind is Kind.LOST else shown(change.new)
        yield f"{change.register}: {old or '(nothing)'} -> {new}"
    if one.lead:
        yield f"lead: {one.old.lead} -> {one.new.lead}"
    others = (("another time", one.time), ("another id", one.id), ("the same values in other steps", one.steps))
    yield from (words for words, so in others if so)
