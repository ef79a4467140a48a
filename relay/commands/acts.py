"""``relay acts``: what people did, newest first. ``relay audit`` is the sum of events."""

from __future__ import annotations

from typing import Annotated

import typer

from relay import settings, wiring
from relay.commands.asking import JsonOption, PageOption, SinceOption, local, nothing
from relay.commands.screen import out, print_json
from relay.commands.tables import WHEN, Column, fitting
from relay.store.acts import KEPT, Act
from relay.telling import act_json

COLUMNS = (
    Column(name=f"when {WHEN}"),
    Column(name="who", least=6),
    Column(name="did"),
    Column(name="to", least=12),
    Column(name="events", right=True, spare=1),
    Column(name="why or how", least=12),
    Column(name="chosen by", least=12, spare=2),
)


def acts(
    who: Annotated[str, typer.Option("--who", help="Only what this person did.")] = "",
    what: Annotated[str, typer.Option("--what", help="Only this: replay, drop, acknowledge, ...")] = "",
    since: SinceOption = None,
    limit: PageOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List what people did: who, when, what, about which events, and why."""
    found = [
        act
        for act in wiring.store(settings.load()).acts.last(KEPT)
        if who in ("", act.who) and what in ("", act.what) and (since is None or act.at_ms >= since)
    ]
    if as_json:
        print_json([act_json(act) for act in found[:limit]])
    elif found:
        out.print(fitting(COLUMNS, [row_of(act) for act in found[:limit]]))
        if len(found) > limit:
            out.print(f"the last {limit} of {len(found)} are shown: --limit shows more")
    if not found:
        raise nothing("no act matches")


def row_of(act: Act) -> list[str]:
    number = str(act.count) if act.count else ""
    return [local(act.at_ms), act.who, act.what, act.about, number, act.why, act.filter]
