"""A filter as an address of the desk has it, and as its form shows it: by the same names as the command line's.

A page asks ``asked(request.args)`` and shows ``fault`` as a notice, with status 400.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from relay.errors import CommandError
from relay.finding import PARTS, Filter, read_filter, words_of
from relay.ops.readable import zone
from relay.ops.sentences import say
from relay.texts import N_

NAMES = PARTS
#: What else an address may say; it is of the page, not of the filter.
BESIDE = ("after", "also", "csrf_token", "why", "count", "id", "size")
#: How far back a person mostly looks: as ``since`` has it, and as the page says it.
SINCE = (
    ("", N_("any time")),
    ("1h", N_("last hour")),
    ("today", N_("today")),
    ("24h", N_("24 h")),
    ("7d", N_("7 days")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks for."""

    wanted: Filter
    #: As the address says it: ``since`` may be '1h'.
    said: Mapping[str, str]
    #: Why it can't be read; '' where it can. Then ``wanted`` means nothing.
    fault: str = ""

    @property
    def fixed(self) -> dict[str, str]:
        """The filter with its times as they are now, and its state named, for what acts on it."""
        return {"state": "any", **words_of(self.wanted)}

    def query(self, *without: str, **more: str) -> str:
        """Write the filter for an address, with some parts left out or put in."""
        said = {name: text for name, text in {**self.said, **more}.items() if text and name not in without}
        return urlencode(said)

    def local(self, name: str) -> str:
        """Give ``since`` or ``until`` as a field for a date and a time takes it; '' where it moves, as '1h' does."""
        ms = self.wanted.since_ms if name == "since" else self.wanted.until_ms
        moves = self.said.get(name, "") in {text for text, _ in SINCE}
        if ms is None or moves:
            return ""
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone()).strftime("%Y-%m-%dT%H:%M")


def asked(args: MultiDict[str, str], *, now_ms: int, state: str = "", beside: Iterable[str] = BESIDE) -> Asked:
    """Read a filter from an address or a form; of a name that comes twice the last that says something counts."""
    said = {name: _last(args.getlist(name)) for name in args if name not in beside}
    said = {name: text for name, text in said.items() if text or name not in NAMES}
    try:
        wanted = replace(read_filter(said, now_ms=now_ms, state=state, zone=zone()), say=say)
    except CommandError as error:
        return Asked(wanted=Filter(state=state), said={**said, "state": state}, fault=str(error))
    return Asked(wanted=wanted, said={name: text for name, text in said.items() if text != "any"})


def _last(texts: list[str]) -> str:
    return next((text.strip() for text in reversed(texts) if text.strip()), "")
