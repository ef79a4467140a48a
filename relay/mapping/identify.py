"""Which event it is, when it happened, and which lead it is about, as a hook file says.

A part of mapping: ``mapping`` asks it first for the event's id and time, and last for the lead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from relay.errors import ExpressionError, RequiredMissing
from relay.lead_fields import is_uuid
from relay.model import Formula, Hook, Json, LeadBy, Scope

EPOCH = datetime.fromtimestamp(0, UTC)
#: A number of seconds ends here, at the year 5138; from here on it is milliseconds.
SECONDS_END = 100_000_000_000
LONGEST_ID = 200


class Doomed(ExpressionError):
    """The whole event fails, for a reason that names file and line."""


class Unfound(Exception):
    """The event's lead is not known. The text says why, without personal data."""


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


def find_lead(hook: Hook, scope: Scope) -> str:
    """Give the lead's UUID in lower case. Raises Unfound, or Doomed where a required value is missing."""
    by = hook.lead
    if by.id is None:
        raise Unfound(words_of_match(hook, by, scope))
    value = read_lead(hook, by.id, scope)
    if value is None:
        raise Unfound(f"{by.id.source} is missing")
    lead = str(value).lower()
    if not is_uuid(lead):
        raise Unfound(f"{by.id.source} is not a lead id")
    return lead


def read_lead(hook: Hook, formula: Formula, scope: Scope) -> Json:
    try:
        return formula.read(scope)
    except RequiredMissing as error:
        raise Doomed(f"{hook.file}: lead {error}") from error
    except ExpressionError as error:
        raise Unfound(f"{formula.source} {error}") from error


def words_of_match(hook: Hook, by: LeadBy, scope: Scope) -> str:
    """Say by which of its names the lead is not known."""
    there = [name for name, formula in by.match if has_value(hook, formula, scope)]
    if there:
        return f"no lead is known yet for {listed(there)}"
    return f"the event has no {listed(name for name, _ in by.match)} to find a lead by"


def has_value(hook: Hook, formula: Formula, scope: Scope) -> bool:
    """Whether there is something to look for; a value that can't be read is none."""
    try:
        return read_lead(hook, formula, scope) is not None
    except Unfound:
        return False


def listed(names: Iterable[str]) -> str:
    return " or ".join(names)
