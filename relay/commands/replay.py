"""``relay replay``: send events again. Without ``--run`` it shows what that would do and changes nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, NamedTuple

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from relay import inbox, settings, wiring
from relay.commands import asking, replays
from relay.commands.asking import JsonOption, WhoOption, YesOption, filtered, nothing, wrong
from relay.commands.exit_codes import NOTHING
from relay.commands.replays import FATES, SHOWN, show_changes
from relay.commands.screen import counted, errors, out, print_json
from relay.finding import described
from relay.hooks import Hook
from relay.model import Json
from relay.nudge import BACKGROUND, workers_seen
from relay.replay import STATES, Fate, Filter, Item, Plan, Remap, plan, record, remapper, run, select, start
from relay.replay import Progress as Done
from relay.replay.as_json import change_json, replay_json
from relay.store import Store


@filtered("dead", states=(*STATES, "any"))
def replay(
    wanted: Filter,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Events, by their ids.")] = None,
    remapped: Annotated[bool, typer.Option("--remapped", help="Map them by the rules of now, not as before.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With the stamp of now: overwrite even what newer events have set.")
    ] = False,
    go: Annotated[bool, typer.Option("--run", help="Do it; else only the plan is shown.")] = False,
    name: Annotated[str, typer.Option("--name", help="What to call it in the list of replays.")] = "",
    background: Annotated[
        bool, typer.Option("--background", help="With --run: leave it to the background worker.")
    ] = False,
    list_them: Annotated[bool, typer.Option("--list", help="List the replays that were made, newest first.")] = False,
    show_one: Annotated[str, typer.Option("--show", metavar="REPLAY", help="Show one of them.")] = "",
    cancel_one: Annotated[str, typer.Option("--cancel", metavar="REPLAY", help="End one of them.")] = "",
    yes: YesOption = False,
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show what replaying events would do, or do it: by ids, or all that a filter finds.

    Nothing is changed without --run. One event that is named is then replayed at once; for more the plan is shown,
    and you are asked. A replayed event keeps its place in time: what newer events have set stays, unless --force.
    Replays go behind live events. Ctrl-C cancels between two events; where this command is killed, or with
    --background, the background worker carries the replay on.
    """
    now = settings.load()
    store = wiring.store(now)
    if list_them or show_one or cancel_one:
        replays.look_after(store, show_one, cancel_one, who=asking.who_is(who), as_json=as_json)
        return
    hooks: Mapping[str, Hook] = wiring.rules_now(now) if remapped else {}
    remap = remapper(hooks) if remapped else None
    planned = plan(store, named_or_found(store, ids or [], wanted), remap=remap, force=force)
    if not planned.items or not go:
        print_plan(planned, as_json=as_json)
    elif confirmed(planned, one=len(ids or []) == 1, yes=yes, as_json=as_json):
        store.rule_texts.keep(hooks.values())
        chosen_by = "" if ids else described(wanted)
        known_by = Called(name=name or named_by(store, wanted), filter=chosen_by, who=asking.who_is(who))
        if background:
            leave_to_the_background(store, planned, known_by, as_json=as_json)
        else:
            carry_out(store, planned, known_by, remap=remap, as_json=as_json)
    if not planned.to_run:
        raise nothing(
            "nothing of it can be replayed" if planned.items else f"no {wanted.state or 'such'} event matches"
        )


def named_or_found(store: Store, ids: list[str], wanted: Filter) -> list[str]:
    """Give the events that are meant: those named, or those found, never both."""
    if ids and wanted.chooses:
        raise wrong("give ids or a filter, not both")
    return list(dict.fromkeys(ids)) or select(store, wanted)


def named_by(store: Store, wanted: Filter) -> str:
    """Name a replay by the group that is meant; '' where none is."""
    row = inbox.about(store, wanted)
    return inbox.title(str(row.line)) if row else ""


def confirmed(planned: Plan, *, one: bool, yes: bool, as_json: bool) -> bool:
    """Show the plan and ask, unless it is for one event that was named. Ends the command where the answer is no."""
    if not planned.to_run:
        print_plan(planned, as_json=as_json)
        return False
    if one:
        return True
    if not as_json:
        show(planned)
    if not asking.agreed(f"Replay {counted(len(planned.to_run), 'event')}?", yes=yes):
        raise nothing("nothing was replayed")
    return True


class Called(NamedTuple):
    """How a replay's record is called, and by whom it is made."""

    name: str
    filter: str
    who: str


def leave_to_the_background(store: Store, planned: Plan, known_by: Called, *, as_json: bool) -> None:
    """Have the background worker run the plan, and say where to see how it goes."""
    one = record(store, planned, who=known_by.who, name=known_by.name, filter=known_by.filter)
    one = start(store, one.id, who=known_by.who)
    if as_json:
        print_json(replay_json(one))
    else:
        out.print(f"replay {one.id}: {counted(one.total, 'event')}; see how it goes: relay replay --show {one.id}")
        if not workers_seen(store.client, BACKGROUND):
            errors.print("no background worker is alive: it waits for one")


def carry_out(store: Store, planned: Plan, known_by: Called, *, remap: Remap | None, as_json: bool) -> None:
    """Run the plan with a bar, and say what was and was not replayed."""
    with ctrl_c() as stopped:
        name, filter, who = known_by
        steps = run(store, planned, who=who, remap=remap, stop=stopped, name=name, filter=filter)
        done = with_bar(steps, len(planned.to_run))
        cancelled = stopped()
    left = len(planned.to_run) - done.done
    if as_json:
        failed: list[Json] = [{"event": id, "words": words} for id, words in done.failed]
        print_json({"replayed": done.replayed, "failed": failed, "not_replayed": left, "cancelled": cancelled})
    else:
        out.print(Text(f"{counted(done.replayed, 'event')} replayed", "green" if done.replayed else ""))
        if len(planned.to_run) == 1 and done.replayed:
            out.print(f"see what becomes of it: relay event {planned.to_run[0].event}")
    for _, words in done.failed:
        errors.print(Text(words, "red"))
    show_left(planned)
    if left or done.failed or len(planned.to_run) < len(planned.items):
        if left:
            errors.print(f"{'cancelled: ' if cancelled else ''}{counted(left, 'event')} not replayed")
        raise typer.Exit(NOTHING)


def with_bar(steps: Iterator[Done], total: int) -> Done:
    """Go through the steps with a bar on the error stream, where it is a terminal; gives the last one."""
    done, waited = Done(total=total), False
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[waits]}"),
    )
    hidden = not errors.is_terminal or total == 1
    with Progress(*columns, console=errors, transient=True, disable=hidden) as bar:
        task = bar.add_task("replaying", total=total, waits="")
        for step in steps:
            if hidden and step.waits and not waited:
                errors.print(step.waits)
            done, waited = step, waited or bool(step.waits)
            bar.update(task, completed=step.done, waits=step.waits)
    return done


@contextmanager
def ctrl_c() -> Iterator[Callable[[], bool]]:
    """Have Ctrl-C ask for the end instead of breaking into a step; gives what says whether it was asked for."""
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


def print_plan(planned: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(plan_json(planned))
    elif planned.items:
        show(planned)
    if planned.to_run and not as_json:
        out.print("nothing was changed: add --run to do it")


def show(planned: Plan) -> None:
    """Say in words what the replay would do."""
    how = "remapped by the rules of now" if planned.remapped else "as mapped"
    stamp = ", with the stamp of now" if planned.force else ""
    total, leads = counted(len(planned.items), "event"), counted(planned.leads, "lead")
    out.print(Text(f"{total}, {leads}, {how}{stamp}", "bold"))
    for fate, words in FATES.items():
        if number := planned.count(fate):
            out.print(f"  {number:>6}  {words}")
    show_left(planned)
    if planned.changes:
        out.print()
        show_changes(planned.changes, planned.more_changes)


def show_left(planned: Plan) -> None:
    for words, number in planned.left.most_common(SHOWN):
        errors.print(Text(f"  {number:>6}  left as it is: {words}", "yellow"))


def plan_json(planned: Plan) -> dict[str, Json]:
    return {
        "events": len(planned.items),
        "leads": planned.leads,
        "remapped": planned.remapped,
        "force": planned.force,
        **{fate.value: planned.count(fate) for fate in Fate},
        "changes": len(planned.changes) + planned.more_changes,
        "items": [item_json(item) for item in planned.items],
        "fields": [change_json(change) for change in planned.changes],
    }


def item_json(item: Item) -> dict[str, Json]:
    return {"event": item.event, "lead": item.lead, "fate": item.fate.value, "words": item.words}
