"""``relay check``: the rule files, with all that is wrong or doubtful at once; the same check refuses start-up."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from relay import rulebook, settings
from relay.commands.stand_ins import AnySecret
from relay.errors import Problem
from relay.hooks import Hook
from relay.model import Json
from relay.rulebook.excerpts import excerpt
from relay.rulebook.hook_file import Known
from relay.senders import ABOUT
from relay.senders.example_names import names_in_examples
from relay.settings import Settings

Names = Mapping[str, Collection[str]]
#: Ends the name of what was recorded of an example.
ENDING = ".expected.yaml"
COLUMNS = ("hook", "sender", "rules", "destination", "version", "address")


class Form(str, Enum):
    """How problems are printed."""

    TEXT = "text"
    JSON = "json"
    #: Commands of GitHub's workflows: each problem beside its line in a pull request.
    GITHUB = "github"


def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Hook files, or folders of them; RELAY_RULES unless given.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print what is wrong.")] = Form.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings, too.")] = False,
    secrets: Annotated[bool, typer.Option(help="Whether secrets that are not set are faults.")] = True,
    events: Annotated[
        bool, typer.Option(help="Whether names are looked for in recent events too, where REDIS_URL is set.")
    ] = True,
) -> None:
    """Check the hook files and list all their faults; exit code 1 when there are any."""
    # Nothing is thrown away here that a collector could find: it would look through all that was read again and again.
    gc.disable()
    now = settings.load()
    hooks, problems = rulebook.check_paths(paths or [now.rules], known(now, secrets=secrets, events=events))
    problems = (*problems, *no_longer_as_recorded(hooks.values()))
    if as_json or form is Form.JSON:
        show_json(hooks, problems)
    elif form is Form.GITHUB:
        show_commands(problems)
    else:
        show(hooks, problems)
    raise typer.Exit(1 if rulebook.faults_among(problems) or (strict and problems) else 0)


def known(now: Settings, *, secrets: bool, events: bool) -> Known:
    """Give what hook files may name. Nothing is compiled: no event is to be mapped."""
    return Known(
        environment=now.environment if secrets else AnySecret(now.environment),
        senders=ABOUT,
        destinations=now.destinations,
        seen=names_in_store(now) if events and now.redis_url else names_in_examples,
        at_once=False,
    )


def no_longer_as_recorded(hooks: Iterable[Hook]) -> Iterable[Problem]:
    """Give the examples that are not mapped any more as it was recorded of them."""
    recorded = [hook for hook in hooks if any(Path(hook.file).with_suffix("").glob(f"*{ENDING}"))]
    if not recorded:
        return ()
    from relay import trials  # noqa: PLC0415 -- slow to load, and of use where something was recorded only

    return trials.problems(recorded)


def names_in_store(now: Settings) -> Callable[[Hook], Names]:
    """Give what tells the names that events of a hook had, and its examples."""
    from relay import forms, wiring  # noqa: PLC0415 -- slow to load, and of use where there is a Redis only

    kept = wiring.store(now)
    return lambda hook: forms.names_known(kept, hook)


def show_json(hooks: Mapping[str, Hook], problems: Sequence[Problem]) -> None:
    from relay.commands.screen import print_json  # noqa: PLC0415 -- slow to load, and of use for people only

    print_json({"hooks": list(map(described, hooks.values())), "problems": list(map(as_told, problems))})


def described(hook: Hook) -> Json:
    return {
        "name": hook.name,
        "sender": hook.sender,
        "address": f"/hooks/{hook.name}",
        "rules": [rule.name for rule in hook.rules],
        "destination": hook.destination,
        "version": hook.version,
    }


def as_told(problem: Problem) -> Json:
    names = ("file", "line", "column", "length", "severity", "words")
    return {name: getattr(problem, name) for name in names}


def show_commands(problems: Sequence[Problem]) -> None:
    for problem in problems:
        typer.echo(command_of(problem))


def command_of(problem: Problem) -> str:
    """Write a problem as a workflow command, with its path as the repository has it."""
    places = {"file": relative(problem.file), "line": problem.line, "col": problem.column}
    if problem.length:
        places["endColumn"] = problem.column + problem.length
    told = ",".join(f"{name}={property_of(str(value))}" for name, value in places.items() if value)
    return f"::{'error' if problem.severity == 'fault' else 'warning'} {told}::{escaped(problem.words)}"


def relative(file: str) -> str:
    path = os.path.relpath(file)
    return Path(file).as_posix() if path.startswith("..") else Path(path).as_posix()


def escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_of(text: str) -> str:
    return escaped(text).replace(":", "%3A").replace(",", "%2C")


def show(hooks: Mapping[str, Hook], problems: Sequence[Problem]) -> None:
    from rich.text import Text  # noqa: PLC0415 -- slow to load

    from relay.commands.screen import counted, errors, out  # noqa: PLC0415

    faults = rulebook.faults_among(problems)
    doubts = len(problems) - len(faults)
    for line in rows_of(hooks.values()) if hooks else ():
        typer.echo(line)
    for problem in problems:
        colour = "red" if problem.severity == "fault" else "yellow"
        first, *rest = told(problem)
        errors.print(Text(first, style=colour))
        for line in rest:
            errors.print(Text(line, style="dim"))
    warnings = f", {counted(doubts, 'warning')}" if doubts else ""
    if faults:
        errors.print(f"{counted(len(faults), 'fault')}{warnings}, {counted(len(hooks), 'good hook')}")
    else:
        out.print(f"{counted(len(hooks), 'hook')}{warnings or ', all good'}")


def told(problem: Problem) -> Iterator[str]:
    """Give a problem's line, and that of the file with a mark under the place."""
    yield str(problem) if problem.severity == "fault" else f"{problem.place}: warning: {problem.words}"
    if marked := excerpt(problem, text_of(problem.file)):
        line, marks = marked
        number = str(problem.line)
        yield f"  {number} | {line}"
        yield f"  {' ' * len(number)} | {marks}"


@cache
def text_of(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def rows_of(hooks: Iterable[Hook]) -> Iterator[str]:
    """Give a table, line by line. Not by rich, whose table takes longer for many hooks than their check."""
    rows = [COLUMNS, *map(cells, hooks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def cells(hook: Hook) -> tuple[str, ...]:
    return (hook.name, hook.sender, str(len(hook.rules)), hook.destination, hook.version, f"/hooks/{hook.name}")
