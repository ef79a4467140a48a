"""``relay audit``: proves from the records that nothing accepted is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.audit import Audit, Sum
from relay.audit import audit as add_up
from relay.backtest import Again, pages, prove
from relay.commands.asking import JsonOption
from relay.commands.explained import hooks_now
from relay.commands.screen import bar, counted, errors, out, print_json
from relay.finding import Filter
from relay.hooks import Hook
from relay.model import Json, State
from relay.store import Store
from relay.store.events import date_of


def audit(
    mapping: Annotated[
        bool, typer.Option("--mapping", help="Also map each event again, by the version of its hook file that did.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add up every event's own record, for each hook and day; exit code 1 when anything is missing or astray.

    With --mapping it proves, too, that what is stored of each event is just what the rules that mapped it make of it.
    """
    now = settings.load()
    store = wiring.store(now)
    found = add_up(store)
    again = mapped_again(store, hooks_now(now), found.accepted) if mapping else None
    if as_json:
        told: Json = None if again is None else again_json(again)
        print_json({**audit_json(found), "mapping": told})
    else:
        show(found)
        show_again(again)
    raise typer.Exit(0 if found.holds and (again is None or again.holds) else 1)


def mapped_again(store: Store, hooks: Mapping[str, Hook], total: int) -> Again:
    """Map all events again, with a bar."""
    with bar("mapping again", total) as seen:
        ids = (id for page in pages(store, Filter(state="")) for id in page)
        return prove(store, hooks, ids, seen=seen)


def show_again(again: Again | None) -> None:
    if again is None:
        return
    for id, words in again.told:
        errors.print(Text(f"event {id}: it is mapped otherwise now: {words}", "red"))
    for words, number in again.left.most_common():
        errors.print(Text(f"{counted(number, 'event')} not compared: {words}", "yellow"))
    out.print(Text(str(again), "green" if again.holds else "red"))


def again_json(again: Again) -> dict[str, Json]:
    return {
        "events": again.events,
        "differ": again.differ,
        "differing": [{"event": id, "words": words} for id, words in again.told],
        "not_compared": dict(again.left),
    }


def show(found: Audit) -> None:
    for one in found.sums:
        out.print(Text(str(one), "" if one.holds else "red"))
    for fault in found.faults:
        errors.print(Text(fault, "red"))
    accepted = counted(found.accepted, "accepted event")
    verdict = "all accounted for" if found.holds else "the sum does not hold"
    out.print(Text(f"{accepted}: {verdict}", "green" if found.holds else "red"))


def audit_json(found: Audit) -> dict[str, Json]:
    return {"holds": found.holds, "sums": [sum_json(one) for one in found.sums], "faults": list(found.faults)}


def sum_json(one: Sum) -> dict[str, Json]:
    return {
        "hook": one.hook,
        "day": date_of(one.day),
        "accepted": one.accepted,
        "missing": one.missing,
        "holds": one.holds,
        "states": {state.word: one.states.get(state, 0) for state in State},
        "counted": None if one.counted is None else dict(one.counted),
    }
