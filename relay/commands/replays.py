"""``relay replay --list``, ``--show`` and ``--cancel``: the replays that were made, whoever runs them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from relay.commands.asking import local, nothing, wrong
from relay.commands.screen import counted, out, print_json
from relay.commands.told import WHEN, plain_table, value_text
from relay.replay import Change, Fate, Outline, Replay, Stage, cancel, get, read_outline
from relay.replay.as_json import replay_json, whole_json
from relay.store import Store

#: Replays that the list shows.
LISTED = 50
#: Changes that a plan shows on a screen.
SHOWN = 30
FATES = {
    Fate.APPLIES: "would apply",
    Fate.STALE: "stale: newer events have set all their fields, they would end superseded",
    Fate.IGNORED: "would be ignored: no rule holds now, they are tests, or their hook ignores unknown leads",
    Fate.PARKED: "would be parked: their lead is not known",
    Fate.FETCHED: "would have their answers fetched first",
}
COLOURS = {Stage.DONE: "green", Stage.FAILED: "red", Stage.CANCELLED: "yellow"}


def look_after(store: Store, shown: str, cancelled: str, *, who: str, as_json: bool) -> None:
    """List all, show one or cancel one."""
    if shown and cancelled:
        raise wrong("give --show or --cancel, not both")
    if cancelled:
        one = cancel(store, cancelled, who=who)
        if as_json:
            print_json(replay_json(one))
        else:
            out.print(f"replay {one.id}: cancelled, {one.replayed} of {counted(one.total, 'event')} replayed")
    elif shown:
        show_one(store, get(store, shown), as_json=as_json)
    else:
        list_all(store, as_json=as_json)


def list_all(store: Store, *, as_json: bool) -> None:
    some = store.replays.last(LISTED)
    if as_json:
        print_json([replay_json(one) for one in some])
    elif some:
        table = plain_table(f"made {WHEN}", "replay", "name", "who", "how", "state", "events", "replayed", "failed")
        for one in some:
            table.add_row(
                local(one.at_ms),
                one.id,
                one.name,
                one.who,
                how(one),
                stage_text(one),
                str(one.total),
                str(one.replayed),
                str(one.failed),
            )
        out.print(table)
    if not some:
        raise nothing("no replay was made yet")


def how(one: Replay) -> str:
    return f"{one.mode.value}{', with the stamp of now' if one.force else ''}"


def stage_text(one: Replay) -> Text:
    """Say how far a replay is, and why it goes no further or waits."""
    words = one.words or one.waits
    return Text(f"{one.stage.value}{f': {words}' if words else ''}", COLOURS.get(one.stage, ""))


def show_one(store: Store, one: Replay, *, as_json: bool) -> None:
    failures, outline = store.replays.failures(one.id), read_outline(one)
    if as_json:
        print_json(whole_json(one, outline, failures))
        return
    out.print(Text(f"replay {one.id}: {one.name}", "bold"))
    out.print(f"made {local(one.at_ms)} by {one.who}, {how(one)}")
    out.print(stage_text(one))
    out.print(f"{one.replayed} of {counted(one.total, 'event')} replayed, {one.failed} failed")
    for _, words in failures:
        out.print(Text(f"  {words}", "red"))
    if outline is not None:
        show_outline(outline)


def show_outline(outline: Outline) -> None:
    out.print()
    out.print(f"planned: {counted(outline.events, 'event')}, {counted(outline.leads, 'lead')}")
    for fate, words in FATES.items():
        if number := outline.fates[fate]:
            out.print(f"  {number:>6}  {words}")
    for words, number in outline.left.items():
        out.print(Text(f"  {number:>6}  left as it is: {words}", "yellow"))
    if outline.changes:
        out.print()
        show_changes(outline.changes, outline.more_changes)


def show_changes(changes: Sequence[Change], more: int) -> None:
    """Show fields that would change, what stands now and what would then."""
    number = len(changes) + more
    table = plain_table("lead", "field", "now", "then", "event", title=f"{counted(number, 'field')} would change")
    for one in changes[:SHOWN]:
        table.add_row(one.lead, one.register, now_text(one), value_text(one.then, known=True), one.event)
    out.print(table)
    if number > SHOWN:
        out.print(f"and {number - SHOWN} more (--json shows {len(changes)})")


def now_text(one: Change) -> Text:
    """What stands now, as far as we set it."""
    if not one.set_by:
        return Text("not set by us", "dim")
    return value_text(one.now, known=one.known)
