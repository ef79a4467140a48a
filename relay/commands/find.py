"""``relay find``: the search box of the command line: whatever a person knows of a lead or an event."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, nothing
from relay.commands.completing import names_of_hooks
from relay.commands.screen import counted, out, print_json
from relay.commands.told import events_table
from relay.finding import Found, search
from relay.telling import found_json

#: Events and leads that are shown on a screen.
SHOWN = 20


def find(
    text: Annotated[
        str, typer.Argument(help="A phone, an e-mail, a lead's id, an event's id, a click id, or a form's id.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Find leads and events by what you know of them; exit code 3 when there are none."""
    now = settings.load()
    store = wiring.store(now)
    hooks = {*store.meters.last(), *names_of_hooks()}
    found = search(store, text, destinations=list(now.destinations), hooks=sorted(hooks))
    if as_json:
        print_json(found_json(found))
    else:
        show(found)
    if not found.leads and not found.events:
        raise nothing(f"nothing is found by {text.strip()!r}: write a phone with its country, as in +56912345678")


def show(found: Found) -> None:
    for lead in found.leads[:SHOWN]:
        out.print(Text.assemble(("lead  ", "bold"), f"relay lead {lead}"))
    if len(found.leads) > SHOWN:
        out.print(f"and {len(found.leads) - SHOWN} more leads (--json)")
    if not found.events:
        return
    if found.leads:
        out.print()
    out.print(events_table(found.events[:SHOWN]))
    more = f"; the newest {SHOWN} are shown, --json shows all" if len(found.events) > SHOWN else ""
    out.print(f"{counted(len(found.events), 'event')}{more}; each is shown by relay event EVENT, as in")
    out.print(f"  relay event {found.events[0].id}")
