"""What the commands for people share: the options of a filter, times, who is there, and questions before acts."""

from __future__ import annotations

import functools
import getpass
import inspect
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any

import typer
from phonenumbers import SUPPORTED_REGIONS

from relay import finding
from relay.commands import completing
from relay.commands.exit_codes import NOTHING, WRONG
from relay.commands.screen import errors
from relay.errors import CommandError
from relay.finding import Filter

if TYPE_CHECKING:
    from relay.inbox import Row


def read_time(text: str) -> int:
    """Read ``2h`` (so long ago) or an ISO time, in this machine's time zone unless it says otherwise; gives ms."""
    try:
        return finding.read_time(text, now_ms=round(time.time() * 1000))
    except CommandError as error:
        raise typer.BadParameter(str(error)) from error


StateOption = Annotated[
    str, typer.Option("--state", help="Where they stand, or any.", autocompletion=completing.states, metavar="STATE")
]
HookOption = Annotated[str, typer.Option("--hook", help="Only events of this hook.", autocompletion=completing.hooks)]
SenderOption = Annotated[
    str, typer.Option("--sender", help="Only events of this sender.", autocompletion=completing.senders)
]
KindOption = Annotated[
    str,
    typer.Option(
        "--kind",
        help="Only those dead or parked for this: refused, mapping, 'lead not found', unreachable.",
        autocompletion=completing.kinds,
    ),
]
GroupOption = Annotated[str, typer.Option("--group", help="Only events of this group of failures: see relay inbox.")]
RuleOption = Annotated[str, typer.Option("--rule", help="Only events of which this rule set something.")]
TestOption = Annotated[bool | None, typer.Option("--test/--no-test", help="Only tests, or only what is none.")]
SinceOption = Annotated[
    int | None,
    typer.Option("--since", parser=read_time, metavar="TIME", help="Received since then: 30m, 2h, 3d, or an ISO time."),
]
UntilOption = Annotated[
    int | None, typer.Option("--until", parser=read_time, metavar="TIME", help="Received before then.")
]
WordsOption = Annotated[str, typer.Option("--words", help="Only those with this text in their reason or faults.")]
LeadOption = Annotated[str, typer.Option("--lead", help="Only events of this lead: its id, or destination/id.")]
LimitOption = Annotated[int, typer.Option("--limit", min=0, help="So many at the most, the oldest; 0 for all.")]
PageOption = Annotated[int, typer.Option("--limit", min=1, max=1_000, help="So many at the most, the newest.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WhoOption = Annotated[str, typer.Option("--who", help="Who does it; your login name unless given.")]


#: Every option of a filter, by the name of its part of Filter, with what it is where nothing is said.
FILTER: dict[str, tuple[Any, Any]] = {
    "state": (StateOption, ""),
    "hook": (HookOption, ""),
    "sender": (SenderOption, ""),
    "kind": (KindOption, ""),
    "group": (GroupOption, ""),
    "rule": (RuleOption, ""),
    "test": (TestOption, None),
    "since": (SinceOption, None),
    "until": (UntilOption, None),
    "words": (WordsOption, ""),
    "lead": (LeadOption, ""),
    "limit": (LimitOption, 0),
}
ANY_STATE = (*finding.STATES, "any")
Command = Callable[..., None]


def filtered(
    state: str = "", *, states: Sequence[str] = ANY_STATE, page: int = 0, without: Sequence[str] = ()
) -> Callable[[Command], Command]:
    """Give a command all options of a filter, in the place of its argument ``wanted``, which is then that Filter.

    ``state`` is meant where none is named, and one of ``states`` may be. ``page`` makes ``--limit`` the size of a page.
    """
    options = {name: option for name, option in FILTER.items() if name not in without}
    if page:
        options["limit"] = (PageOption, page)

    def with_options(command: Command) -> Command:
        @functools.wraps(command)
        def run(**given: Any) -> None:
            said = {name: given.pop(name) for name in options}
            chosen = one_of(said.pop("state", "") or state, states) if states else state
            command(wanted=filter_of(chosen, **said), **given)

        shown: Any = run
        # inspect reads it, and so Typer takes the options from there.
        shown.__signature__ = _signature(command, options)
        return run

    return with_options


def _signature(command: Command, options: dict[str, tuple[Any, Any]]) -> inspect.Signature:
    parameters: list[inspect.Parameter] = []
    for name, one in inspect.signature(command, eval_str=True).parameters.items():
        if name != "wanted":
            parameters.append(one.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        for option, (annotation, usual) in options.items():
            parameters.append(
                inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=usual)
            )
    return inspect.Signature(parameters)


def one_of(state: str, states: Sequence[str]) -> str:
    """Read a state; anything else than one of these ends the command. 'any' is none."""
    if state and state not in states:
        raise wrong(f"--state: must be one of {', '.join(states)}, not {state!r}")
    return "" if state == "any" else state


def filter_of(
    state: str,
    *,
    hook: str = "",
    kind: str = "",
    since: int | None = None,
    until: int | None = None,
    words: str = "",
    lead: str = "",
    limit: int = 0,
    sender: str = "",
    group: str = "",
    rule: str = "",
    test: bool | None = None,
) -> Filter:
    return Filter(
        state=state,
        hook=hook,
        sender=sender,
        kind=kind,
        group=group,
        rule=rule,
        test=test,
        since_ms=since,
        until_ms=until,
        words=words,
        lead=lead.strip().lower().removeprefix("default/"),
        limit=limit,
    )


def described(wanted: Filter, row: Row | None = None) -> str:
    """Say a filter in words, for the question before an act; of its group the sentence, where ``row`` is given."""
    names = ("hook", "sender", "kind", "group", "rule", "words", "lead")
    parts = [f"{name} {value!r}" for name in names if (value := getattr(wanted, name))]
    parts += [str(row.line)] if row else []
    parts += [] if wanted.test is None else ["tests alone" if wanted.test else "no tests"]
    parts += [
        f"received {name} {local(ms)} {zone()}"
        for name, ms in (("since", wanted.since_ms), ("before", wanted.until_ms))
        if ms is not None
    ]
    return ", ".join(parts)


def options_of(wanted: Filter) -> str:
    """Write a filter as the options of a command, as a shell reads them."""
    said = finding.words_of(wanted)
    test = {"yes": ["--test"], "no": ["--no-test"]}.get(said.pop("test", ""), [])
    return shlex.join([*test, *(word for name, text in said.items() for word in (f"--{name}", text))])


def nothing(words: str) -> typer.Exit:
    """Say that nothing matched, or not all was done; gives what ends the command."""
    errors.print(words)
    return typer.Exit(NOTHING)


def wrong(words: str) -> typer.Exit:
    """Say what is wrong with a command; gives what ends it."""
    errors.print(words)
    return typer.Exit(WRONG)


def region_of(text: str) -> str:
    """Read the two letters of a country; anything else ends the command."""
    region = text.strip().upper()
    if region not in SUPPORTED_REGIONS:
        raise wrong(f"--region: {text!r} is no country; write its two letters, as in CL")
    return region


def agreed(question: str, *, yes: bool) -> bool:
    """Ask before an act. Where nobody can answer, ``--yes`` is wanted."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise wrong(f"{question} nobody is there to answer: pass --yes")
    return typer.confirm(question, err=True)


def who_is(given: str) -> str:
    """Name the person: as given, else the login name."""
    if given.strip():
        return given.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def local(ms: int) -> str:
    """Write a time as this machine's zone has it now: ``2026-11-23 21:40:01``; ``zone`` says which that is."""
    return datetime.fromtimestamp(ms / 1000, here()).strftime("%Y-%m-%d %H:%M:%S")


def lately(ms: int) -> str:
    """Write a time in short: ``04:02`` of today, ``Tue 04:02`` of this week, else ``2 Nov 04:02``."""
    at, now = datetime.fromtimestamp(ms / 1000, here()), datetime.now(here())
    days = (now.date() - at.date()).days
    return at.strftime("%H:%M" if days == 0 else "%a %H:%M" if 0 < days < 7 else f"{at.day} %b %H:%M")


def zone() -> str:
    """Write the offset of the times that ``local`` writes: ``UTC-03:00``."""
    return str(here())


def here() -> timezone:
    """Give this machine's offset of today, for all times, so that they compare."""
    return timezone(datetime.now().astimezone().utcoffset() or timedelta())


def span(ms: int) -> str:
    """Write a length of time with its two largest units: ``2 h 5 min``."""
    seconds = max(0, ms) // 1000
    if seconds < 1:
        return "less than 1 s"
    parts = [
        (seconds // 86_400, "d"),
        (seconds // 3_600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number)
