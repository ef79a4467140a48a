"""``relay events``: any events, by what they have in common, newest first, one page at a time."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Annotated

import typer

from relay import finding, settings, wiring
from relay.commands.asking import JsonOption, filtered, local, nothing, options_of, zone
from relay.commands.screen import counted, out, print_json
from relay.commands.told import events_table
from relay.finding import Filter, Page
from relay.telling import page_json


@filtered(page=finding.paging.SIZE)
def events(
    wanted: Filter,
    after: Annotated[
        str, typer.Option("--after", metavar="PLACE", help="Go on behind this place, which the page before ends with.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List events, newest first; the page ends with the command for the next one."""
    bare = replace(wanted, limit=0)
    found = finding.page(wiring.store(settings.load()), bare, after=after, size=wanted.limit)
    if as_json:
        print_json(page_json(found))
    else:
        show(found, wanted)
    if not found.events and not found.next:
        raise nothing(f"no {'more events match' if after else 'event matches'}")


def show(found: Page, wanted: Filter) -> None:
    if found.events:
        out.print(events_table(found.events))
    if found.back_to_ms is not None:
        out.print(
            f"{counted(len(found.events), 'event')} so far: looked back to {local(found.back_to_ms)} {zone()}, "
            "older ones may match too"
        )
    if found.next:
        out.print(f"go on: {again(wanted, found.next)}")


def again(wanted: Filter, after: str) -> str:
    """Write the command for the next page."""
    return " ".join(["relay events", options_of(wanted), "--after", shlex.quote(after)])
