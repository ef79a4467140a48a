"""``relay check``: the rule files, with every fault at once; the same check refuses start-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from relay import rulebook, settings
from relay.commands.screen import counted, errors, out, print_json
from relay.commands.stand_ins import AnySecret
from relay.errors import Problem
from relay.hooks import Hook
from relay.senders import ABOUT


def check(
    folder: Annotated[Path | None, typer.Argument(help="Folder of hook files; RELAY_RULES unless given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    secrets: Annotated[bool, typer.Option(help="Whether secrets that are not set are faults.")] = True,
) -> None:
    """Check the hook files and list all their faults; exit code 1 when there are any."""
    now = settings.load()
    hooks, problems = rulebook.check(
        folder or now.rules,
        environment=now.environment if secrets else AnySecret(now.environment),
        senders=ABOUT,
        destinations=now.destinations,
    )
    if as_json:
        print_json({"hooks": list(map(described, hooks.values())), "problems": list(map(asdict, problems))})
    else:
        show(hooks, problems)
    raise typer.Exit(1 if rulebook.faults_among(problems) else 0)


def described(hook: Hook) -> dict[str, str | list[str]]:
    return {
        "name": hook.name,
        "sender": hook.sender,
        "address": f"/hooks/{hook.name}",
        "rules": [rule.name for rule in hook.rules],
        "destination": hook.destination,
        "version": hook.version,
    }


def show(hooks: Mapping[str, Hook], problems: Sequence[Problem]) -> None:
    if hooks:
        out.print(table_of(hooks))
    for problem in problems:
        errors.print(Text(str(problem), style="red" if problem.severity == "fault" else "yellow"))
    if faults := rulebook.faults_among(problems):
        errors.print(f"{counted(len(faults), 'fault')}, {counted(len(hooks), 'good hook')}")
    else:
        out.print(f"{counted(len(hooks), 'hook')}, all good")


def table_of(hooks: Mapping[str, Hook]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("hook", "sender", "rules", "destination", "version", "address"):
        table.add_column(column)
    for row in map(cells, hooks.values()):
        table.add_row(*row)
    return table


def cells(hook: Hook) -> Iterator[str]:
    yield from (hook.name, hook.sender, str(len(hook.rules)), hook.destination, hook.version, f"/hooks/{hook.name}")
