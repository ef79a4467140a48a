"""The ``relay`` command: one table of commands, and errors in words.

Exit codes: 0 done; 1 it could not be done; 2 the command, the settings or the rules are wrong.
"""

from __future__ import annotations

import sys

import typer

from relay.commands.check import check
from relay.commands.sandbox import sandbox
from relay.commands.screen import print_error
from relay.commands.send import send
from relay.commands.up import up
from relay.errors import FaultsError, RelayError

app = typer.Typer(
    help="Receives webhooks and updates the right CRM lead, whatever fails on the way.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (up, send, check, sandbox):
    app.command()(command)


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
