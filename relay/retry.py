"""Decides what the answer to a PUT means: should it be tried again, and when? Pure; the type of the error decides.

============================== =========================================================================
2xx                            delivered
timeout, connection, 5xx       wait, twice as long each time with full jitter, 2 s up to 1 h; dead after 24 h
429, 503 with Retry-After      the destination slows down; no attempt is burnt
401, 403                       our key is wrong: the destination is held, nothing is buried
404                            the lead may be on its way: wait for 10 minutes in all, then dead
other 4xx                      merged: send each alone, so that only the bad one is buried; alone: dead
============================== =========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from relay import merge
from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.grouping import field_in
from relay.merge import Batch, LeadState, Tries
from relay.model import Answer, Clock, Death, Pending, Reason, Stamp, State

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
FIRST_WAIT_MS = 2 * SECOND
LONGEST_WAIT_MS = HOUR
UNREACHABLE_MS = 24 * HOUR
MISSING_MS = 10 * MINUTE
#: A 5xx may be one bad event's fault: after so many, those of a merged body go out alone.
ALONE_AFTER = 4
#: A lead whose updates come in faster than they go out is sent less often, down to one PUT in this time.
FIRST_GAP_MS, LONGEST_GAP_MS = 50, 1_000

#: Gives a number from 0 to 1.
Jitter = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An update that needs no more attempts."""

    pending: Pending
    state: State
    reason: Reason | None = None
    #: The event that superseded it.
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows from one attempt, for the store to make true in one step."""

    ended: tuple[Ended, ...]
    state: LeadState
    #: The new clock; None where it stays.
    clock: dict[str, tuple[Stamp, str]] | None = None
    #: How the destination fared: '' not asked, 'answered', 'failed', 'denied', or the ms for which it wants rest.
    destination: str = ""
    words: str = ""


def judge(  # noqa: PLR0913 -- the facts of one attempt
    batch: Batch,
    answer: Answer | LeadsApiError | None,
    *,
    clock: Clock,
    state: LeadState,
    sent_ms: int,
    now_ms: int,
    deadline_ms: int,
    jitter: Jitter,
) -> Verdict:
    """Judge one attempt. ``answer`` is None where there was nothing to send; times are ms of the store's clock.

    ``deadline_ms`` is how long after being sent a PUT may still be applied.
    """
    void = tuple(Ended(pending=p, state=State.SUPERSEDED, by=by) for p, by in batch.superseded)
    state = _forget(state, [p for p, _ in batch.superseded])
    if answer is None:
        empty = tuple(Ended(pending=p, state=State.SUPERSEDED) for p in batch.carried)
        return Verdict(ended=void + empty, state=state)
    if isinstance(answer, Answer):
        state = _forget(merge.settle(state, batch, sent_ms=sent_ms, now_ms=now_ms), batch.carried)
        ended = void + tuple(_delivered(one, batch, clock) for one in batch.carried)
        gap_ms = min(LONGEST_GAP_MS, state.gap_ms * 2 or FIRST_GAP_MS)
        state = LeadState(tries=state.tries, doubts=state.doubts, settling=state.settling, gap_ms=gap_ms)
        return Verdict(ended=ended, state=state, clock=merge.advance(clock, batch), destination="answered")
    if answer.sent and sent_ms + deadline_ms > now_ms:
        state = merge.doubt(state, batch, until_ms=sent_ms + deadline_ms)
    dead, state = _after_failure(batch, answer, state, now_ms, jitter)
    return Verdict(ended=void + dead, state=state, destination=_destination(answer), words=answer.words)


def _delivered(one: Pending, batch: Batch, clock: Clock) -> Ended:
    """Delivered if any of its values went out, else superseded by the newest of those that stand instead."""
    if any(sent.stamp == one.stamp for sent in batch.sent.values()):
        return Ended(pending=one, state=State.DELIVERED)
    stand = [(batch.sent[name].stamp, batch.sent[name].event) for name in one.update.set if name in batch.sent]
    stand += [clock[name] for name in one.update.set if name not in batch.sent]
    return Ended(pending=one, state=State.SUPERSEDED, by=max(stand)[1])


def _forget(state: LeadState, ended: tuple[Pending, ...] | list[Pending]) -> LeadState:
    if not state.tries:
        return state
    gone = {one.member for one in ended}
    return replace(state, tries={name: tries for name, tries in state.tries.items() if name not in gone})


def _destination(error: LeadsApiError) -> str:
    if isinstance(error, SlowDown):
        return str(error.after_ms)
    if isinstance(error, Denied):
        return "denied"
    return "failed" if isinstance(error, Unavailable) else "answered"


def _after_failure(
    batch: Batch, error: LeadsApiError, state: LeadState, now_ms: int, jitter: Jitter
) -> tuple[tuple[Ended, ...], LeadState]:
    """Say which updates are dead now, and how the others go on."""
    if isinstance(error, (SlowDown, Denied)):
        return (), state
    share = jitter()
    tries = dict(state.tries)
    dead: list[Ended] = []
    merged = len(batch.carried) > 1 or bool(batch.settled)
    for one in batch.carried:
        if one.found and isinstance(error, NotFound):
            tries.pop(one.member, None)
            dead.append(_lost(one, error, now_ms))
            continue
        next_try, death = _next(tries.get(one.member, Tries()), error, merged=merged, now_ms=now_ms, share=share)
        if death is None:
            tries[one.member] = next_try
        else:
            tries.pop(one.member, None)
            dead.append(_buried(one, death, error, next_try, now_ms))
    state = replace(state, tries=tries)
    return tuple(dead), _after_settling(batch, error, state, now_ms, share)


def _next(tries: Tries, error: LeadsApiError, *, merged: bool, now_ms: int, share: float) -> tuple[Tries, Death | None]:
    """Give an update's next try, or the death that it has come to."""
    if isinstance(error, Refused):
        if merged:
            return tries._replace(alone=True, until_ms=0), None
        return tries._replace(attempts=tries.attempts + 1), Death.REFUSED
    tries = tries._replace(attempts=tries.attempts + 1, first_ms=tries.first_ms or now_ms)
    end_ms, death = tries.first_ms + UNREACHABLE_MS, Death.UNREACHABLE
    if isinstance(error, NotFound):
        tries = tries._replace(missing_ms=tries.missing_ms or now_ms)
        end_ms, death = tries.missing_ms + MISSING_MS, Death.LEAD_NOT_FOUND
    elif error.status and merged and tries.attempts >= ALONE_AFTER:
        tries = tries._replace(alone=True)
    if now_ms >= end_ms:
        return tries, death
    until_ms = min(now_ms + wait_ms(tries.attempts, share), end_ms)
    return tries._replace(until_ms=until_ms), None


def wait_ms(attempts: int, share: float) -> int:
    """Give the wait after so many failed attempts: ``share`` (0 to 1) of 2 s, 4 s, 8 s ... 1 h, at least 0.1 s."""
    longest = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(attempts - 1, 20))
    return max(100, round(longest * share))


def _buried(one: Pending, death: Death, error: LeadsApiError, tries: Tries, now_ms: int) -> Ended:
    reason = Reason(
        kind=death.value,
        words=error.words,
        status=error.status,
        at_ms=now_ms,
        attempts=max(tries.attempts, 1),
        field=field_in(error.words, one.update.set) if death is Death.REFUSED else "",
    )
    return Ended(pending=one, state=State.DEAD, reason=reason)


def _lost(one: Pending, error: LeadsApiError, now_ms: int) -> Ended:
    """The lead that an event was thought to be about is not there: it waits until another is known for it."""
    words = "the lead that was known for it is not in the CRM any more"
    reason = Reason(kind="lead gone", words=words, status=error.status, at_ms=now_ms)
    return Ended(pending=one, state=State.PARKED, reason=reason)


def _after_settling(batch: Batch, error: LeadsApiError, state: LeadState, now_ms: int, share: float) -> LeadState:
    """Values being settled have no event to bury: wait for a day at most, give up where the CRM refuses them."""
    settling = state.settling
    if not batch.settled or settling is None:
        return state
    first_ms = settling.first_ms or now_ms
    refused = isinstance(error, (Refused, NotFound)) and not batch.carried
    if refused or now_ms - first_ms > UNREACHABLE_MS:
        return replace(state, settling=None)
    return replace(state, settling=settling._replace(at_ms=now_ms + wait_ms(3, share), first_ms=first_ms))


def rest_ms(state: LeadState, kept: Iterable[Pending], *, now_ms: int) -> int:
    """Say in how many ms this lead is to be claimed again for what it still has."""
    times = [merge.ready_ms(kept, state, now_ms=now_ms)]
    if state.settling is not None:
        times.append(state.settling.at_ms)
    known = [at_ms for at_ms in times if at_ms is not None]
    return max(0, min(known) - now_ms) if known else state.gap_ms
