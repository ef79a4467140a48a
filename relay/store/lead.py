"""How a lead looks in Redis: its clock, its state of delivery, and the entries of its history, each as short JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from relay.merge import Doubt, LeadState, Settling, Tries
from relay.model import METADATA, Clock, Stamp

#: Letters for the core fields; a metadata key stands behind a point. They stand in every clock: never give one anew.
_LETTERS = {
    "first_name": "f",
    "last_name": "l",
    "email": "e",
    "phone": "p",
    "company": "c",
    "title": "t",
    "source": "s",
    "campaign_id": "i",
}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


def write_clock(clock: Clock) -> bytes:
    """Group the registers by stamp: ``[[at, number, place, event, register, ...], ...]``, each register in short."""
    groups: dict[tuple[Stamp, str], list[str]] = {}
    group, last = [], None
    for register, setting in clock.items():
        if setting is not last:  # neighbours mostly share theirs, and a look spares its hash
            group, last = groups.setdefault(setting, []), setting
        group.append(_LETTERS.get(register) or "." + register[len(METADATA) :])
    return orjson.dumps([[*stamp, event, *registers] for (stamp, event), registers in groups.items()])


def read_clock(text: bytes) -> dict[str, tuple[Stamp, str]]:
    clock = {}
    for at_ms, number, place, event, *registers in orjson.loads(text) if text else ():
        setting = (Stamp(at_ms, number, place), event)
        for short in registers:
            clock[_NAMES[short] if short in _NAMES else METADATA + short[1:]] = setting
    return clock


def write_state(state: LeadState) -> bytes:
    """Write a lead's state without its gap; empty where there is nothing to keep."""
    if not (state.tries or state.doubts or state.settling):
        return b""
    return orjson.dumps([state.tries, state.doubts, state.settling], default=list)


def read_state(text: bytes) -> LeadState:
    """Read ``gap`` and state, which stand on two lines."""
    gap, _, rest = text.partition(b"\n")
    if not rest:
        return LeadState(gap_ms=int(gap))
    tries, doubts, settling = orjson.loads(rest)
    return LeadState(
        tries={member: Tries(*fields) for member, fields in tries.items()},
        doubts=tuple(Doubt(*fields) for fields in doubts),
        settling=Settling(*settling) if settling else None,
        gap_ms=int(gap),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a lead's history: an attempt and its answer, or what a person did."""

    at_ms: int
    #: Events that the PUT carried.
    events: Sequence[str] = ()
    #: HTTP status; 0 where no answer came, None where nothing was sent.
    status: int | None = None
    took_ms: int = 0
    #: What the CRM said, or what was done.
    words: str = ""
    #: Registers of an event that were left out of the PUT, since newer events had set them.
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Events that ended without being sent, each with the one that superseded it.
    superseded: Mapping[str, str] = field(default_factory=dict)
    #: Number of the attempt for the update tried most often.
    attempt: int = 1


_LONG = {
    "t": "at_ms",
    "e": "events",
    "s": "status",
    "d": "took_ms",
    "w": "words",
    "o": "left_out",
    "x": "superseded",
    "n": "attempt",
}


def write_entry(entry: Entry) -> bytes:
    """Write an entry in short; the usual kind, an answer without remark, as ``[at, status, took, event, ...]``."""
    remarks = entry.words or entry.left_out or entry.superseded or entry.attempt != 1
    if entry.status is not None and not remarks:
        return orjson.dumps([entry.at_ms, entry.status, entry.took_ms, *entry.events])
    short: dict[str, Any] = {"t": entry.at_ms}
    if entry.events:
        short["e"] = entry.events
    if entry.status is not None:
        short["s"] = entry.status
    if entry.took_ms:
        short["d"] = entry.took_ms
    if entry.words:
        short["w"] = entry.words
    if entry.left_out:
        short["o"] = entry.left_out
    if entry.superseded:
        short["x"] = entry.superseded
    if entry.attempt != 1:
        short["n"] = entry.attempt
    return orjson.dumps(short)


def read_entry(text: bytes) -> Entry:
    told = orjson.loads(text)
    if isinstance(told, list):
        at_ms, status, took_ms, *events = told
        return Entry(at_ms=at_ms, status=status, took_ms=took_ms, events=events)
    return Entry(**{_LONG[short]: value for short, value in told.items()})
