"""The ``relay`` command: one table of commands, each loaded when it is called, and errors in words.

Exit codes: 0 done; 1 it could not be done; 2 the command, the settings or the rules are wrong; 3 nothing matched, or
not all was done.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from relay.commands.exit_codes import EXIT_CODES
from relay.errors import FaultsError, RelayError

#: Every command, in the order of the list that --help prints, with the words of that list: with these its own help
#: begins. Most are the name of a module in ``relay.commands`` and of what it holds.
COMMANDS = {
    "up": "Run the relay on this machine",
    "send": "Send a hook's example event, and follow it until the lead has it",
    "check": "Check the hook files and list all their faults",
    "test": "Run the hooks' example events and show what differs",
    "try": "Try a hook's rules on an event",
    "diff": "Show what other rules would make of the stored events",
    "schema": "Print a JSON Schema of hook files, for editors",
    "senders": "List the senders that hook files can name, or show one",
    "new": "Write a hook file with a comment beside each line",
    "rules": "Show of each rule for how many events it held",
    "forms": "Show what the forms of hooks look like",
    "status": "Show counts by hook, what is due and how long it waits",
    "events": "List events, newest first",
    "find": "Find leads and events by what you know of them",
    "lead": "Show a lead's timeline, its fields now, and what still waits",
    "event": "Show one event: what came, what was made of it and why",
    "explain": "Explain an event",
    "rejected": "Show the requests that the door refused, newest first",
    "parked": "List parked events by reason",
    "replay": "Show what replaying events would do, or do it",
    "shadow": "Show what the shadow of a hook finds",
    "tail": "Follow events live",
    "pause": "Pause a hook, or a destination with --destination",
    "resume": "Resume a hook, or a destination with --destination",
    "acts": "List what people did",
    "audit": "Add up every event's own record, for each hook and day",
    "doctor": "Look at Redis, the lead API, the rules and the workers",
    "user": "Print a user's line for RELAY_USERS_FILE",
    "enter": "Print a link into the ops desk",
    "sandbox": "Run the lead API sandbox until Ctrl-C",
    "inbox": "Failures, in groups that look alike",
    "dead": "List, show and drop dead letters",
    "leads": "Say which lead a phone, an e-mail or an id elsewhere means",
}
#: Of those that are not: the module, and what it holds.
ELSEWHERE = {"test": ("test", "run_examples"), "try": ("trying", "try_event"), "resume": ("pause", "resume")}


class Commands(TyperGroup):
    """The table as a group: lists and completes by its words, and loads the one command that is called."""

    def __init__(self, **given: Any) -> None:
        listed = {name: TyperCommand(name, help=words) for name, words in COMMANDS.items()}
        super().__init__(**{**given, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is meant: the real one in place of the one that is listed."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and loaded(str(listed.name)), rest


def loaded(name: str) -> Any:
    """Import a command and give it as click calls it."""
    module, held = ELSEWHERE.get(name, (name, name))
    command = getattr(import_module(f"relay.commands.{module}"), held)
    holder = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    if isinstance(command, typer.Typer):
        holder.add_typer(command, name=name)
    else:
        holder.command(name)(command)
    return get_group(holder).commands[name]


app = typer.Typer(
    cls=Commands,
    help=f"Receives webhooks and updates the right CRM lead, whatever fails on the way. {EXIT_CODES}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def relay() -> None:
    """Have Typer take this for a group; what it says of itself stands above."""


def main() -> None:
    """Run the command line; every error that we know ends in words and an exit code."""
    try:
        app(prog_name="relay")
    except RelayError as error:
        from relay.commands.screen import print_error  # noqa: PLC0415 -- rich is slow to load, for a list of commands

        print_error(error)
        sys.exit(2 if isinstance(error, FaultsError) else 1)
