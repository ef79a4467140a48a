"""Decides what one PUT carries: a lead's pending updates and its clock in, one body out. Pure.

For each register the value with the greatest stamp is sent; a register whose clock is newer is left out; an update
with nothing left is superseded. Before this the lead was claimed; after it comes the PUT, then ``retry`` decides
what its answer means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from relay.model import METADATA, Clock, Json, Pending, Registers, Stamp


class Tries(NamedTuple):
    """What one update has been through; kept only for those that failed."""

    attempts: int = 0
    #: When its first attempt failed, in ms; 0 while none has.
    first_ms: int = 0
    #: When the lead was first not found, in ms; 0 while it was not.
    missing_ms: int = 0
    #: It rests until then.
    until_ms: int = 0
    #: To be sent by itself, since a body that it was part of was refused.
    alone: bool = False


class Doubt(NamedTuple):
    """A body whose answer was lost: until then the CRM may still apply it."""

    until_ms: int
    set: Registers


class Settling(NamedTuple):
    """Values that a PUT in doubt may undo: sent once more when it can't arrive any more."""

    at_ms: int
    set: Registers
    #: When sending it first failed, in ms; 0 while it did not.
    first_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadState:
    """What is known of a lead's delivery beside its pending updates; empty when all goes well."""

    tries: Mapping[str, Tries] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    settling: Settling | None = None
    #: Pause before the next PUT while updates come in faster than they are sent, in ms.
    gap_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What to do for one lead now."""

    #: For each register to send the update that gives its value; empty when there is nothing to send.
    sent: Mapping[str, Pending] = field(default_factory=dict)
    #: Values sent once more; they have been delivered before.
    settled: Registers = field(default_factory=dict)
    #: Updates that this PUT is about.
    carried: tuple[Pending, ...] = ()
    #: Updates that newer ones have made void, each with the event that did.
    superseded: tuple[tuple[Pending, str], ...] = ()

    @property
    def body(self) -> dict[str, Json]:
        """The PUT's body: core fields, and metadata keys under ``metadata``."""
        body: dict[str, Json] = {}
        metadata: dict[str, Json] = {}
        for name, value in self.values.items():
            if name.startswith(METADATA):
                metadata[name[len(METADATA) :]] = value
            else:
                body[name] = value
        if metadata:
            body["metadata"] = metadata
        return body

    @property
    def values(self) -> Registers:
        """All registers that go out, by name."""
        sent = {name: one.update.set[name] for name, one in self.sent.items()}
        return {**self.settled, **sent} if self.settled else sent


def choose(pending: Iterable[Pending], *, clock: Clock, state: LeadState, now_ms: int) -> Batch:
    """Choose what to send now: the first that must go alone, else all that may be merged before such a one."""
    fresh: list[Pending] = []
    superseded: list[tuple[Pending, str]] = []
    for one in sorted(pending, key=lambda p: p.stamp):
        by = _voided_by(one, clock)
        if by is None:
            fresh.append(one)
        else:
            superseded.append((one, by))
    carried = _run(list(_ready(fresh, state, now_ms)), state)
    settled = _due_settling(state, now_ms, alone=len(carried) == 1 and _alone(carried[0], state))
    sent = _greatest(carried, clock)
    return Batch(
        sent=sent,
        settled={name: value for name, value in settled.items() if name not in sent},
        carried=tuple(carried),
        superseded=tuple(superseded),
    )


def _voided_by(one: Pending, clock: Clock) -> str | None:
    """Name the event that set the newest of its registers, if the clock is past all of them."""
    newer = [clock[name] for name in one.update.set if name in clock and clock[name][0] > one.stamp]
    return max(newer)[1] if newer and len(newer) == len(one.update.set) else None


def _ready(fresh: Sequence[Pending], state: LeadState, now_ms: int) -> Iterable[Pending]:
    """Leave out what rests, and every ``each`` update behind one that rests: their order is a promise."""
    blocked = False
    for one in fresh:
        resting = one.member in state.tries and state.tries[one.member].until_ms > now_ms
        if not resting and not (blocked and one.update.each):
            yield one
        blocked = blocked or (resting and one.update.each)


def ready_ms(kept: Iterable[Pending], state: LeadState, *, now_ms: int) -> int | None:
    """Say when the first of these updates may go out; None where there are none."""
    ordered = sorted(kept, key=lambda p: p.stamp)
    if any(True for _ in _ready(ordered, state, now_ms)):
        return now_ms
    rests = [state.tries[one.member].until_ms for one in ordered if one.member in state.tries]
    return min((until_ms for until_ms in rests if until_ms > now_ms), default=None)


def _alone(one: Pending, state: LeadState) -> bool:
    return one.update.each or (one.member in state.tries and state.tries[one.member].alone)


def _run(ready: Sequence[Pending], state: LeadState) -> list[Pending]:
    run: list[Pending] = []
    for one in ready:
        if _alone(one, state):
            return run or [one]
        run.append(one)
    return run


def _due_settling(state: LeadState, now_ms: int, *, alone: bool) -> Registers:
    if state.settling is None or state.settling.at_ms > now_ms or alone:
        return {}
    return state.settling.set


def _greatest(carried: Sequence[Pending], clock: Clock) -> dict[str, Pending]:
    """Take each register from the newest update, unless the clock is newer. ``carried`` is in stamp order."""
    sent: dict[str, Pending] = {}
    for one in carried:
        for name in one.update.set:
            if name not in clock or clock[name][0] <= one.stamp:
                sent[name] = one
    return sent


def advance(clock: Clock, batch: Batch) -> dict[str, tuple[Stamp, str]]:
    """Give the clock after the CRM took this batch."""
    settings = {one.member: (one.stamp, one.event) for one in batch.carried}
    return {**clock, **{name: settings[one.member] for name, one in batch.sent.items()}}


def doubt(state: LeadState, batch: Batch, *, until_ms: int) -> LeadState:
    """Note that this body may still arrive."""
    return replace(state, doubts=(*state.doubts, Doubt(until_ms, batch.values)))


def settle(state: LeadState, batch: Batch, *, sent_ms: int, now_ms: int) -> LeadState:
    """Note what is to be sent once more after a PUT that passed while older bodies may still arrive."""
    if not state.doubts and state.settling is None:
        return state
    open_doubts = [one for one in state.doubts if one.until_ms > sent_ms]
    values = {} if state.settling is None else dict(state.settling.set)
    at_ms = 0 if state.settling is None else state.settling.at_ms
    for name in batch.settled:
        del values[name]
    for name, one in batch.sent.items():
        values.pop(name, None)
        value = one.update.set[name]
        for older in open_doubts:
            if name in older.set and older.set[name] != value:
                values[name] = value
                at_ms = max(at_ms, older.until_ms)
    settling = Settling(at_ms, values) if values else None
    return replace(state, doubts=tuple(d for d in state.doubts if d.until_ms > now_ms), settling=settling)
