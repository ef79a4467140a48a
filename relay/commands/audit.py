"""``relay audit``: proves from the records that nothing accepted is lost."""

from __future__ import annotations

import typer
from rich.text import Text

from relay import settings, wiring
from relay.audit import Audit, Sum
from relay.audit import audit as add_up
from relay.commands.asking import JsonOption
from relay.commands.screen import counted, errors, out, print_json
from relay.model import Json, State
from relay.store.events import date_of


def audit(as_json: JsonOption = False) -> None:
    """Add up every event's own record, for each hook and day; exit code 1 when anything is missing or astray."""
    found = add_up(wiring.store(settings.load()))
    if as_json:
        print_json(audit_json(found))
    else:
        show(found)
    raise typer.Exit(0 if found.holds else 1)


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
