"""``relay inbox``: failures that look alike as one line in words, and what to do about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.text import Text

from relay import inbox as words
from relay import settings, wiring
from relay.commands import asking
from relay.commands.asking import JsonOption, WhoOption, lately, nothing
from relay.commands.exit_codes import EXIT_CODES
from relay.commands.screen import counted, out, print_json
from relay.commands.told import event_json, events_table
from relay.errors import CommandError
from relay.finding import Filter
from relay.inbox import Row, row_json, sparkline
from relay.store import Store
from relay.store.groups import Group

STATES = ("dead", "parked", "faulty")
SHOWN = 10
COLOURS = {"open": "red", "acknowledged": "yellow", "closed": "dim"}

inbox = typer.Typer(help=f"Failures, in groups that look alike. {EXIT_CODES}", rich_markup_mode=None)
GroupArgument = Annotated[str, typer.Argument(metavar="GROUP", help="The group's id, as the inbox shows it.")]


@inbox.callback(invoke_without_command=True)
def list_groups(
    context: typer.Context,
    closed: Annotated[bool, typer.Option("--closed", help="Only those whose events do not fail any more.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Those that are closed too.")] = False,
    state: asking.StateOption = "",
    hook: asking.HookOption = "",
    kind: asking.KindOption = "",
    said: asking.WordsOption = "",
    since: asking.SinceOption = None,
    limit: asking.PageOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List failures in words, the newest first: the groups that are open, unless told otherwise."""
    if context.invoked_subcommand:
        return
    asking.one_of(state, STATES)
    store = wiring.store(settings.load())
    groups = [] if closed else store.groups.open(trends=False)
    groups += store.groups.closed(trends=False) if closed or every else []
    wanted = words.fitting(groups, Filter(state=state, hook=hook, kind=kind, words=said, since_ms=since))
    rows = words.rows(store, store.groups.with_trends(wanted[:limit]))
    if as_json:
        print_json([row_json(one) for one in rows])
    elif rows:
        show_rows(rows, more=len(wanted) - len(rows))
    if not rows:
        raise nothing("no group of failures matches" if groups else "nothing fails")


def show_rows(rows: Sequence[Row], *, more: int) -> None:
    for one in rows:
        # The sentence is what the person reads: it goes on below, whole.
        out.print(headline(one), soft_wrap=False)
        out.print(details(one))
    left = f", and {more} more: --limit shows them" if more > 0 else ""
    out.print(f"{counted(len(rows), 'group')}{left}; relay inbox show GROUP tells what to do")


def headline(row: Row) -> Text:
    group = row.group
    style = COLOURS[group.state]
    count = "none now" if group.closed_ms else f"{failing(group)} since {lately(group.since_ms)}"
    return Text.assemble((f"{row.line}", style), f", {count}")


def failing(group: Group) -> str:
    """Say how many events fail, and how many are on their way."""
    if not group.on_their_way:
        return counted(group.count, "event")
    fails = f"{counted(group.count, 'event')} and " if group.count else ""
    return f"{fails}{group.on_their_way} on {'their' if group.on_their_way > 1 else 'its'} way"


def details(row: Row) -> Text:
    group = row.group
    seen = f"closed {lately(group.closed_ms)}" if group.closed_ms else f"last {lately(group.last_ms)}"
    line = Text.assemble("  ", group.id, f"  {seen}  ", (sparkline(group.trend), "cyan"), f"  {standing(row)}")
    line.no_wrap = True
    return line


def standing(row: Row) -> str:
    """Say who has seen it, and how much has come since."""
    group = row.group
    again = f", for the {ordinal(group.times)} time" if group.times > 1 else ""
    if group.state != "acknowledged":
        return f"{group.what}, {group.state}{again}"
    more = max(0, group.count - group.acked_count)
    return f"{group.what}, seen by {group.acked_by}{f', {more} more since' if more else ''}{again}"


def ordinal(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    ending = {1: "st", 2: "nd", 3: "rd"}.get(last, "th")
    return f"{number}{ending}"


@inbox.command("show")
def show_group(id: GroupArgument, as_json: JsonOption = False) -> None:
    """Show a group: its words, its trend, its first events, and the commands that end it."""
    store = wiring.store(settings.load())
    row = row_of(store, id)
    events = list(store.events.events(store.groups.members(row.group.id)[:SHOWN]))
    if as_json:
        print_json({**row_json(row), "commands": list(commands(row)), "first": [event_json(one) for one in events]})
        return
    out.print(headline(row), soft_wrap=False)
    out.print(details(row))
    out.print(f"  first seen {asking.local(row.group.since_ms)} {asking.zone()}, the trend is of the last 24 hours")
    if events:
        out.print()
        out.print(events_table(events))
        if row.group.count > len(events):
            out.print(f"the first {len(events)} of {row.group.count}")
    out.print()
    for command in commands(row):
        out.print(f"  {command}")


def row_of(store: Store, id: str) -> Row:
    group = store.groups.group(id.strip().lower())
    if group is None:
        raise nothing(f"group {id}: there is none of this id, or it closed long ago: see relay inbox --all")
    return words.rows(store, [group])[0]


def commands(row: Row) -> Iterator[str]:
    """Give the commands that act on exactly the events of a group."""
    chosen = asking.options_of(row.filter)
    if not row.group.count:
        return
    yield f"relay events {chosen}"
    yield f"relay replay {chosen}{' --remapped' if row.remap else ''}"
    if row.droppable:
        yield f"relay dead drop {chosen} --why REASON"
    if row.group.kind in ("unknown lead", "ambiguous", "lead gone"):
        yield f"relay parked --group {row.group.id}"
    yield f"relay inbox {'open' if row.group.acked_by else 'ack'} {row.group.id}"


@inbox.command("ack")
def acknowledge(id: GroupArgument, who: WhoOption = "") -> None:
    """Say that you have seen a group: it stays until its events do not fail any more."""
    store = wiring.store(settings.load())
    name = asking.who_is(who)
    try:
        store.groups.acknowledge(id, who=name)
    except CommandError as error:
        raise nothing(str(error)) from error
    out.print(f"group {id}: seen by {name}")


@inbox.command("open")
def reopen(id: GroupArgument, who: WhoOption = "") -> None:
    """Take back that a group was seen."""
    store = wiring.store(settings.load())
    try:
        store.groups.reopen(id, who=asking.who_is(who))
    except CommandError as error:
        raise nothing(str(error)) from error
    out.print(f"group {id}: open again")
