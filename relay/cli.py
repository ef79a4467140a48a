"""The ``relay`` command: one table of commands, and errors in words.

Exit codes: 0 done; 1 it could not be done; 2 the command, the settings or the rules are wrong; 3 nothing matched, or
not all was done.
"""

from __future__ import annotations

import sys

import typer

from relay.commands.acts import acts
from relay.commands.asking import EXIT_CODES
from relay.commands.audit import audit
from relay.commands.check import check
from relay.commands.dead import dead
from relay.commands.diff import diff
from relay.commands.doctor import doctor
from relay.commands.enter import enter
from relay.commands.event import event
from relay.commands.events import events
from relay.commands.find import find
from relay.commands.inbox import inbox
from relay.commands.lead import lead
from relay.commands.leads import leads
from relay.commands.new import new
from relay.commands.parked import parked
from relay.commands.pause import pause, resume
from relay.commands.rejected import rejected
from relay.commands.replay import replay
from relay.commands.sandbox import sandbox
from relay.commands.screen import print_error
from relay.commands.send import send
from relay.commands.senders import senders
from relay.commands.status import status
from relay.commands.tail import tail
from relay.commands.up import up
from relay.commands.user import user
from relay.errors import FaultsError, RelayError

app = typer.Typer(
    help=f"Receives webhooks and updates the right CRM lead, whatever fails on the way. {EXIT_CODES}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS = (
    *(up, send, check, diff, senders, new),
    *(status, events, find, lead, event, rejected, parked, replay, tail, pause, resume, acts),
    *(audit, doctor, user, enter, sandbox),
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(inbox, name="inbox")
app.add_typer(dead, name="dead")
app.add_typer(leads, name="leads")


def main() -> None:
    """Run the command line; every error that we know ends in words and an exit code."""
    try:
        app(prog_name="relay")
    except FaultsError as error:
        print_error(error)
        sys.exit(2)
    except RelayError as error:
        print_error(error)
        sys.exit(1)
