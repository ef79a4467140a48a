"""Which event it is, when it happened, and which lead it is about, as a hook file says.

A part of mapping: ``mapping`` asks it first for the event's id and time, and last for the lead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from relay.errors import ExpressionError, RequiredMissing
from relay.hooks import Formula, Hook, Scope
from relay.identities import name_of
from relay.lead_fields import is_uuid
from relay.model import Json, Name

EPOCH = datetime.fromtimestamp(0, UTC)
#: A number of seconds ends here, at the year 5138; from here on it is milliseconds.
SECONDS_END = 100_000_000_000
LONGEST_ID = 200


class Doomed(ExpressionError):
    """The whole event fails, for a reason that names file and line."""


class Unfound(Exception):
    """The event says nothing by which its lead could be known. The text says why, without personal data."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


def bounded_time(at_ms: int | None, received_ms: int) -> int | None:
    """Cut a time in the future to the time of receipt; one before 1970 is as good as none."""
    return None if at_ms is None or at_ms < 0 else min(at_ms, received_ms)


def read_own(hook: Hook, formula: Formula | None, scope: Scope, what: str) -> Json:
    """Read the hook file's own id or time of the event. Raises Doomed."""
    try:
        return formula.read(scope) if formula else None
    except ExpressionError as error:
        raise Doomed(f"{hook.file}: event {what} {error}") from error


def own_id(hook: Hook, scope: Scope) -> str:
    """Give the id that the hook file takes for the event, fit to be part of a key; empty where it has none."""
    value = read_own(hook, hook.event_id, scope, "id")
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_ID else sha256(text.encode()).hexdigest()[:32]


def own_time(hook: Hook, scope: Scope) -> int | None:
    """Give the time in ms that the hook file takes for the event. Raises Doomed."""
    value = read_own(hook, hook.event_time, scope, "time")
    if value is None:
        return None
    try:
        return time_ms(value)
    except (ValueError, OverflowError) as error:
        raise Doomed(f"{hook.file}: event time is no ISO time and no number of seconds or milliseconds") from error


def time_ms(value: Json) -> int:
    """Read ISO text, UTC unless it says otherwise, or seconds or milliseconds since 1970. Raises ValueError."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
        time = datetime.fromisoformat(value)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return (time - EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("not a time")
    number = float(value)
    return int(number * 1000 if abs(number) < SECONDS_END else number)


def find_lead(hook: Hook, formula: Formula, scope: Scope) -> str:
    """Give the lead's UUID in lower case. Raises Unfound, or Doomed where a required value is missing."""
    value = read_lead(hook, formula, scope)
    if value is None:
        raise Unfound("no id", f"{formula.source} is missing")
    lead = str(value).lower()
    if not is_uuid(lead):
        raise Unfound("no id", f"{formula.source} is not a lead id")
    return lead


def find_names(hook: Hook, scope: Scope) -> tuple[Name, ...]:
    """Give what the lead is known by, in the order in which the file tries it. Raises Unfound where that is nothing."""
    names: list[Name] = []
    unfit = []
    for kind, formula in hook.lead.match:
        value = read_name(hook, formula, scope)
        name = name_of(kind, value)
        if name:
            names.append(name)
        elif value is not None:
            unfit.append(kind)
    if names:
        return tuple(names)
    if "phone" in unfit:
        raise Unfound("no identity", "its phone has no country code: read it with | phone('CL') in the hook file")
    if unfit:
        raise Unfound("no identity", f"its {listed(unfit)} can't be one")
    raise Unfound("no identity", f"the event has no {listed(kind for kind, _ in hook.lead.match)} to find a lead by")


def read_lead(hook: Hook, formula: Formula, scope: Scope) -> Json:
    try:
        return formula.read(scope)
    except RequiredMissing as error:
        raise Doomed(f"{hook.file}: lead {error}") from error
    except ExpressionError as error:
        raise Unfound("no id", f"{formula.source} {error}") from error


def read_name(hook: Hook, formula: Formula, scope: Scope) -> Json:
    """Read one of a lead's names; a value that can't be read is none."""
    try:
        return read_lead(hook, formula, scope)
    except Unfound:
        return None


def listed(names: Iterable[str]) -> str:
    return " or ".join(names)
