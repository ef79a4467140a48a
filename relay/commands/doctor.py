"""``relay doctor``: what the relay stands on, and what to change."""

from __future__ import annotations

from functools import partial

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption
from relay.commands.screen import counted, out, print_json
from relay.doctor import Finding, Level, examine
from relay.model import Json

COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}


def doctor(as_json: JsonOption = False) -> None:
    """Look at Redis, the lead API, the rules and the workers; exit code 1 where something is at fault."""
    now = settings.load()
    findings = list(examine(wiring.store(now), now, partial(wiring.leads_api, now)))
    faults = sum(one.level is Level.FAULT for one in findings)
    if as_json:
        print_json({"good": not faults, "findings": [finding_json(one) for one in findings]})
    else:
        show(findings)
        out.print(counted(faults, "fault") if faults else "no fault")
    raise typer.Exit(1 if faults else 0)


def show(findings: list[Finding]) -> None:
    for one in findings:
        out.print(Text.assemble((f"{one.level.value:<8}", COLOURS[one.level]), str(one)))


def finding_json(one: Finding) -> dict[str, Json]:
    return {"level": one.level.value, "about": one.about, "words": one.words, "cure": one.cure}
