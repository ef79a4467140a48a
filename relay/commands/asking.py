"""What the commands for people share: the options of a filter, times, who is there, and questions before acts."""

from __future__ import annotations

import getpass
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import Annotated

import typer
from phonenumbers import SUPPORTED_REGIONS

from relay import finding
from relay.commands.screen import errors
from relay.errors import CommandError
from relay.finding import Filter

#: Exit code where nothing matched, or not all of it was done.
NOTHING = 3
#: Exit code where the command itself is wrong.
WRONG = 2
EXIT_CODES = "Exit codes: 0 done; 1 a fault; 2 wrong usage, settings or rules; 3 nothing matched, or not all was done."


def read_time(text: str) -> int:
    """Read ``2h`` (so long ago) or an ISO time, in this machine's time zone unless it says otherwise; gives ms."""
    try:
        return finding.read_time(text, now_ms=round(time.time() * 1000))
    except CommandError as error:
        raise typer.BadParameter(str(error)) from error


HookOption = Annotated[str, typer.Option("--hook", help="Only events of this hook.")]
KindOption = Annotated[
    str, typer.Option("--kind", help="Only those dead for this: refused, mapping, 'lead not found', unreachable.")
]
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
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
WhoOption = Annotated[str, typer.Option("--who", help="Who does it; your login name unless given.")]


def filter_of(
    state: str,
    *,
    hook: str,
    kind: str,
    since: int | None,
    until: int | None,
    words: str,
    lead: str,
    limit: int,
) -> Filter:
    return Filter(
        state=state, hook=hook, kind=kind, since_ms=since, until_ms=until, words=words, lead=lead, limit=limit
    )


def described(wanted: Filter) -> str:
    """Say a filter in words, for the question before an act."""
    parts = [f"{name} {value!r}" for name in ("hook", "kind", "words", "lead") if (value := getattr(wanted, name))]
    parts += [
        f"received {name} {local(ms)} {zone()}"
        for name, ms in (("since", wanted.since_ms), ("before", wanted.until_ms))
        if ms is not None
    ]
    return ", ".join(parts)


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
