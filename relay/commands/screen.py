"""What the commands print with: tables and colours for a person, JSON for a script, faults on the error stream."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from relay.errors import RelayError
from relay.model import Json

#: Width where there is no terminal: wide enough that a script gets one line for each row.
WIDE = 240

out = Console(highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
errors = Console(highlight=False, markup=False, soft_wrap=True, stderr=True)


def print_json(value: Json) -> None:
    """Print a value as JSON that a script can read, one whole value."""
    out.out(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_json_line(value: Json) -> None:
    """Print a value as JSON on a line of its own, at once."""
    sys.stdout.write(orjson.dumps(value).decode() + "\n")
    sys.stdout.flush()


@contextmanager
def bar(doing: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on the error stream, where that is a terminal and there is more than one thing to do.

    Gives what is called after each of them.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not errors.is_terminal or total == 1
    with Progress(*columns, console=errors, transient=True, disable=hidden) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda: progress.advance(task)


def print_error(error: RelayError) -> None:
    """Print an error's words, one line for each fault."""
    for line in str(error).splitlines():
        errors.print(Text(line, style="red"))


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
