"""``relay rules``: how often each rule held lately, and gave each of its values; what no rule took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands import completing, tables
from relay.commands.asking import JsonOption, options_of, read_time
from relay.commands.screen import counted, out, print_json
from relay.commands.tables import Cell, Column
from relay.coverage import HookCovered, RuleCovered, covered, covered_json
from relay.errors import CommandError
from relay.finding import Filter
from relay.hooks import Hook
from relay.served import served

#: With the day of now they are a week.
USUAL = "6d"
COLUMNS = (
    Column(name="line", right=True),
    Column(name="rule", least=12),
    Column(name="held", right=True),
    Column(name="of", right=True),
    Column(name="field", least=12),
    Column(name="gave", right=True),
    Column(name="held back", right=True, spare=1),
)


def rules(
    hook: Annotated[
        str, typer.Argument(help="One hook; all unless named.", autocompletion=completing.hooks, metavar="[HOOK]")
    ] = "",
    last: Annotated[
        int | None,
        typer.Option(
            "--last", parser=read_time, metavar="TIME", help="So far back, in whole days in UTC; 6d unless given."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show of each rule for how many events it held, and how often it gave each of its values.

    Counted since a rule is as it is now, for 35 days at the most, without tests and duplicates. A rule that never held
    and a value that was never there are marked; events that no rule took are told with the command that lists them.
    """
    now = settings.load()
    store = wiring.store(now)
    hooks = chosen(served(store, now.rules), hook)
    since_ms = read_time(USUAL) if last is None else last
    several = [covered(store, one, since_ms=since_ms) for one in hooks]
    if as_json:
        print_json([covered_json(one) for one in several])
        return
    for one in several:
        show(one)


def chosen(hooks: Mapping[str, Hook], name: str) -> list[Hook]:
    """Give the one that is named, else all. Raises CommandError."""
    if not hooks:
        raise CommandError("no hook is served now: its rules are counted while the relay runs")
    if name and name not in hooks:
        raise CommandError(f"hook '{name}' is not served now; there are {', '.join(sorted(hooks))}")
    return [hooks[one] for one in sorted(hooks) if name in ("", one)]


def show(one: HookCovered) -> None:
    since = datetime.fromtimestamp(one.since_ms / 1000, UTC).date().isoformat()
    head = f"  {counted(one.events, 'event')} since {since} UTC, {one.file} {one.version}"
    out.print(Text.assemble((one.hook, "bold"), head))
    out.print(tables.fitting(COLUMNS, [row for rule in one.rules for row in rows_of(rule)]))
    for words in besides(one, since):
        out.print(words)
    out.print()


def rows_of(rule: RuleCovered) -> Iterator[Sequence[Cell]]:
    """Give a row for the rule with its first field, and one for each other field."""
    style = "yellow" if rule.never else ""
    head: list[Cell] = [
        f":{rule.line}",
        Text(f"{rule.name}  never held" if rule.never else rule.name, style),
        Text(str(rule.held), style),
        str(rule.considered),
    ]
    for field in rule.fields:
        empty = rule.held and not field.gave
        gave = Text(str(field.gave), "yellow" if empty else "")
        yield [*head, field.register, gave, Text(str(field.faulty), "red") if field.faulty else ""]
        head = ["", "", "", ""]


def besides(one: HookCovered, since: str) -> Iterator[str]:
    """Say what no rule took, and how to list it."""
    if one.untaken:
        options = options_of(Filter(state="ignored", hook=one.hook))
        yield f"{counted(one.untaken, 'event')} that no rule took: relay events {options} --since {since}T00:00Z"
    if one.failed:
        options = options_of(Filter(state="dead", hook=one.hook, kind="mapping"))
        yield f"{counted(one.failed, 'event')} failed as a whole: relay events {options}"
