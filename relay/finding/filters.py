"""What events have in common, as options of a command and the query of a page write it: in the same names and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches

from relay.errors import CommandError
from relay.model import State, StoredEvent
from relay.store.events import Header
from relay.store.record import lead_name

#: What ``Filter.state`` may be, beside '' for any. 'faulty' are those that went on without a value that was held back.
STATES = (*(state.word for state in State), "faulty")
SPANS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
SPAN = re.compile(r"(\d{1,6})([smhdw])")
TESTS = {"": None, "yes": True, "no": False}
TEXTS = ("state", "hook", "sender", "kind", "group", "rule", "words", "lead")
#: No event is of a time before or behind these, nor can a calendar say them in ms.
FIRST_MS, LAST_MS = 0, 253_402_300_799_999
HINT = "say 30m, 2h or 3d ago, today, or 2026-11-23T14:30"


def in_english(words: str, status: int = 0) -> str:  # noqa: ARG001 -- as those do that say it otherwise
    """Say it as it is kept."""
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What events have in common; an empty part asks for nothing."""

    #: One of STATES, or '' for any.
    state: str = "dead"
    hook: str = ""
    sender: str = ""
    #: Why it is dead or parked: 'refused', 'mapping', ...
    kind: str = ""
    #: Id of a group of failures.
    group: str = ""
    #: Name of a rule that set something.
    rule: str = ""
    #: Whether the sender marked it as a test; None for either.
    test: bool | None = None
    #: Received at this time or later, and before that one, in ms since 1970.
    since_ms: int | None = None
    until_ms: int | None = None
    #: Text in the words of the reason or of a fault, whatever its capitals.
    words: str = ""
    #: The lead's id, or its destination and id: ``acme/<id>``.
    lead: str = ""
    #: So many at the most, the oldest; 0 for all.
    limit: int = 0
    #: Says words that are kept, with the status of the answer that they may be of, as the reader knows them.
    say: Callable[[str, int], str] = field(default=in_english, compare=False, repr=False)

    def has_words(self, words: str, status: int = 0) -> bool:
        """Whether these hold the words that are asked for, as they are kept or as the reader knows them."""
        asked = self.words.lower()
        return asked in words.lower() or asked in self.say(words, status).lower()

    @property
    def chooses(self) -> bool:
        """Whether it leaves anything out of its state."""
        return replace(self, state="dead") != Filter()

    @property
    def reads_records(self) -> bool:
        """Whether whole records are read to know what fits, not only their headers."""
        return bool(self.kind or self.words or self.lead or self.sender or self.rule) or self.test is not None


#: The parts of a filter, as they are named where one is written.
PARTS = tuple(one.name.removesuffix("_ms") for one in fields(Filter) if one.name != "say")


def read_time(text: str, *, now_ms: int, zone: tzinfo | None = None) -> int:
    """Read ``2h`` (so long ago), ``today`` or an ISO time, in ``zone`` unless it says otherwise (None: this machine's).

    Gives ms since 1970. Raises CommandError.
    """
    bare = text.strip()
    if bare == "today":
        bare = datetime.fromtimestamp(now_ms / 1000, zone).date().isoformat()
    if found := SPAN.fullmatch(bare):
        return max(FIRST_MS, now_ms - int(found[1]) * SPANS_MS[found[2]])
    try:
        at = datetime.fromisoformat(bare)
        at_ms = round((at if at.tzinfo or zone is None else at.replace(tzinfo=zone)).timestamp() * 1000)
        return min(max(FIRST_MS, at_ms), LAST_MS)
    except (ValueError, OverflowError) as error:
        raise CommandError(f"{text!r} is no time: {HINT}") from error


def read_filter(words: Mapping[str, str], *, now_ms: int, state: str = "", zone: tzinfo | None = None) -> Filter:
    """Read a filter as ``words_of`` writes it; ``state`` is meant where none is named. Raises CommandError."""
    for name in words:
        if name not in PARTS:
            near = get_close_matches(name, sorted(PARTS), 1)
            raise CommandError(f"filter: unknown part {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")
    said = {name: text.strip() for name, text in words.items() if text.strip()}
    return Filter(
        state=_one_of("state", said.get("state", state), ("", *STATES)).replace("any", ""),
        test=TESTS[_one_of("test", said.get("test", ""), tuple(TESTS)).replace("any", "")],
        since_ms=read_time(said["since"], now_ms=now_ms, zone=zone) if "since" in said else None,
        until_ms=read_time(said["until"], now_ms=now_ms, zone=zone) if "until" in said else None,
        limit=_limit(said.get("limit", "0")),
        lead=said.get("lead", "").lower(),
        **{name: said.get(name, "") for name in TEXTS if name not in ("state", "lead")},  # type: ignore[arg-type]  # none of them is say
    )


def _one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in (*choices, "any"):
        raise CommandError(f"{name}: must be one of {', '.join(one for one in choices if one)}, not {text!r}")
    return text


def _limit(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise CommandError(f"limit: must be a whole number, not {text!r}")
    return int(text)


def words_of(wanted: Filter) -> dict[str, str]:
    """Write a filter as ``read_filter`` reads it, without its empty parts: for addresses, records and scripts."""
    said = {name: getattr(wanted, name) for name in TEXTS}
    said |= {"test": "" if wanted.test is None else "yes" if wanted.test else "no"}
    said |= {"since": _iso(wanted.since_ms), "until": _iso(wanted.until_ms)}
    said |= {"limit": str(wanted.limit) if wanted.limit else ""}
    return {name: text for name, text in said.items() if text}


def _iso(ms: int | None) -> str:
    if ms is None:
        return ""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    return at.isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")


def described(wanted: Filter) -> str:
    """Say a filter in words, for a record of what was done: ``dead, hook 'cotiza', kind 'refused'``."""
    said = words_of(wanted)
    state = said.pop("state", "any state")
    return ", ".join([state, *(f"{name} {text!r}" for name, text in said.items())])


def fits_header(header: Header, wanted: Filter) -> bool:
    """Whether what a record's header says is asked for."""
    if wanted.hook not in ("", header.hook):
        return False
    if wanted.since_ms is not None and header.received_ms < wanted.since_ms:
        return False
    if wanted.until_ms is not None and header.received_ms >= wanted.until_ms:
        return False
    return wanted.state in ("", "faulty") or header.state.word == wanted.state


def fits(event: StoredEvent, wanted: Filter) -> bool:
    """Whether the rest of a record is asked for too."""
    if wanted.kind and (event.reason is None or event.reason.kind != wanted.kind):
        return False
    if wanted.sender not in ("", event.sender) or wanted.test not in (None, event.test):
        return False
    if wanted.rule and not any(wanted.rule in update.by.values() for update in event.updates):
        return False
    if wanted.lead and _bare(wanted.lead) not in (event.lead, lead_name(event.destination, event.lead)):
        return False
    return not wanted.words or any(wanted.has_words(words, status) for words, status in _said(event))


def _bare(lead: str) -> str:
    return lead.lower().removeprefix("default/")


def _said(event: StoredEvent) -> Iterator[tuple[str, int]]:
    """Give the words of an event's reason and faults, each with the status of the answer that it came of."""
    if event.reason:
        yield event.reason.words, event.reason.status
    yield from ((f"{fault.register} {fault.words}", 0) for fault in event.faults)
