"""One log line for one fact: a fixed name, then ids. A person's data never stands in one.

The code logs by ``logging`` with its ids as ``extra``; structlog makes a line of each: JSON for a machine, or ``text``.
What libraries say comes out in the same form, as the fact ``library.said``.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TextIO, TypeAlias

import orjson
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from relay.errors import RelayError

JSON, TEXT = "json", "text"


class Fact(NamedTuple):
    """What a line of one name tells."""

    meaning: str
    #: What stands in it beside ``at``, ``level`` and ``event``, unless it is not known.
    fields: tuple[str, ...]


#: Every fact that is logged. ``events`` are the relay's ids of events, ``lead`` is a lead's id, with its destination
#: before it unless that is ``default``.
FACTS: Mapping[str, Fact] = {
    "web.started": Fact("a web process serves these many hooks", ("hooks",)),
    "rules.loaded": Fact(
        "a version of a hook file is in use from now on, in this process", ("hook", "version", "before")
    ),
    "rules.faulty": Fact(
        "a hook file has faults; this version of it goes on, or none where senders are answered 503",
        ("hook", "faults", "version"),
    ),
    "rules.gone": Fact("a hook file is gone, and its hook is not served any more", ("hook", "version")),
    "shadow.begun": Fact("a version of a hook's shadow is compared from now on", ("hook", "version")),
    "shadow.faulty": Fact("a hook's shadow has faults; its last good version is compared on", ("hook", "faults")),
    "event.accepted": Fact("a request's events are on disk; where each stood then", ("hook", "events", "states")),
    "event.rejected": Fact("a request was refused at the door", ("hook", "status", "kind")),
    "event.unreadable": Fact("an adapter broke on a body, which was refused", ("hook", "fault")),
    "form.unreadable": Fact(
        "an adapter broke on what an event says of its form; the event itself was accepted", ("hook", "fault")
    ),
    "signature.unreadable": Fact("an adapter broke on a signature, and the request was refused", ("hook", "fault")),
    "handshake.unreadable": Fact("an adapter broke on a handshake, which was refused", ("hook", "fault")),
    "put.answered": Fact(
        "one PUT with its answer; status 0 where none came", ("lead", "events", "status", "took_ms", "attempt")
    ),
    "event.superseded": Fact("newer events have set all that it wanted to set", ("lead", "events", "by")),
    "event.dead": Fact("the relay stopped trying to deliver it", ("lead", "events", "kind", "status")),
    "event.parked": Fact("its lead is not known", ("lead", "events", "kind", "status")),
    "attempt.broken": Fact("a fault of our own in one delivery, which is tried again", ("lead", "events", "fault")),
    "claim.lost": Fact("another drain has the lead by now; nothing was recorded", ("lead", "events")),
    "destination.held": Fact("the lead API refuses our key; all its deliveries wait", ("destination", "status")),
    "record.unreadable": Fact("a lead with a record that can't be read is left out", ("lead", "fault")),
    "errand.done": Fact("what was asked for an event is known; where it goes on", ("queue", "events", "outcome")),
    "errand.put_off": Fact("an errand failed, and is tried again", ("queue", "events", "status", "attempt")),
    "errand.broken": Fact("a fault of our own in one errand, which is tried again", ("queue", "events", "fault")),
    "errands.held": Fact("a token or key is refused; all errands of the queue wait", ("queue", "events", "status")),
    "replay.driven": Fact(
        "how far a replay is that the background worker runs", ("replay", "state", "replayed", "failed", "left")
    ),
    "replay.broken": Fact("a fault of our own in a replay, which is tried again", ("replay", "fault")),
    "alarm.began": Fact("something needs a person", ("alarm", "about", "words")),
    "alarm.ended": Fact("an alarm is over", ("alarm", "about", "words")),
    "alarm.not_taken": Fact("RELAY_ALARM_URL did not take a message; it is sent again", ("alarm", "status", "attempt")),
    "alarm.dropped": Fact("a message was not taken for a day, and is given up", ("alarm",)),
    "page.broken": Fact("a fault of our own in a page of the ops desk", ("endpoint",)),
    "users.unreadable": Fact("the file of users has faults; those known before may log in", ("file", "faults")),
    "beat.broken": Fact("a fault of our own in a thread that goes on", ("beat", "fault")),
    "audit.fails": Fact("the sum of accepted events does not hold, or events are astray: see relay audit", ("faults",)),
    "store.away": Fact("Redis is away, full or read-only; what was to be done is done later", ("hook", "words")),
    "redis.doubtful": Fact("Redis may lose what it is given", ("words",)),
    "index.unreadable": Fact("leads can't be found by phone or e-mail", ("words",)),
    "library.said": Fact("a library's own words", ("logger", "words")),
}
#: Query of an address in a library's words: it may hold what a lead is looked for by.
_QUERY = re.compile(r"\?[^\s'\"]*")

EventDict: TypeAlias = MutableMapping[str, Any]


def formatter(form: str) -> logging.Formatter:
    """Give what makes a line of a record: in the form 'json' or 'text'."""
    return ProcessorFormatter(
        foreign_pre_chain=[ExtraAdder()],
        processors=[
            _named,
            structlog.processors.ExceptionRenderer(_trace),
            _as_text if form == TEXT else _as_json,
        ],
    )


def set_up(level: str, form: str = JSON) -> None:
    """Write facts to standard error: the relay's from this level on, 'debug' to 'error', those of libraries from
    'warning' on.
    """
    out = _Out()
    out.setFormatter(formatter(form))
    logger = logging.getLogger("relay")
    logger.handlers[:] = [out]
    logger.setLevel(level.upper())
    logger.propagate = False
    everybody = logging.getLogger()
    everybody.handlers[:] = [one for one in everybody.handlers if type(one) not in _WRITERS] + [out]
    logging.captureWarnings(True)


class _Out(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment of writing."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _: TextIO) -> None:
        """Leave it: there is one standard error."""


#: What writes lines where nothing else was set up, and what an earlier call did.
_WRITERS = (logging.StreamHandler, _Out)


def _named(_: object, __: str, fact: EventDict) -> EventDict:
    """Put time, level and name first; what is no fact of ours is a library's words, without what it looked for."""
    record: logging.LogRecord = fact.pop("_record")
    fact.pop("_from_structlog")
    name = fact.pop("event")
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"at": at, "level": record.levelname.lower(), "event": name}
    if name not in FACTS:
        head |= {"event": "library.said", "logger": record.name, "words": _QUERY.sub("?...", name)}
        fact = {key: fact[key] for key in ("exc_info",) if key in fact}
    return {**head, **fact}


def _as_json(_: object, __: str, fact: EventDict) -> str:
    return orjson.dumps(fact, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _as_text(_: object, __: str, fact: EventDict) -> str:
    """Write ``2026-11-23 21:40:01 INFO event.accepted hook=cotiza events=gr4cxkwqj2s6nqxz3req``, in local time."""
    at, level, name, trace = fact.pop("at"), fact.pop("level"), fact.pop("event"), fact.pop("exception", "")
    when = datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    said = [f"{key}={_quoted(value)}" for key, value in fact.items()]
    return " ".join([when, level.upper(), name, *said]) + (f"\n{trace}" if trace else "")


def _quoted(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if text and text.isprintable() and not {" ", '"'} & set(text):
        return text
    # The name of an unknown hook comes from outside: a line break in it must not begin a line of its own.
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _trace(exc_info: Any) -> str:
    """Write where an exception came from, first cause first; of its words only ours, others' may hold a value."""
    return "\n".join(_traces(exc_info[1]))


def _traces(error: BaseException | None) -> Iterator[str]:
    if error is None:
        return
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    yield from _traces(before)
    yield "Traceback (most recent call last):"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__))
    yield f"{type(error).__name__}: {error}" if isinstance(error, RelayError) else type(error).__name__
