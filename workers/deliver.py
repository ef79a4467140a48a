"""What happens to one lead: a claim in, one PUT at the most, and what came of it out.

Before this a lead that is due was claimed; after it ``drain`` has the store record the outcome in one step.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from relay import merge, retry
from relay.errors import LeadsApiError
from relay.identities import names_in
from relay.merge import Batch, LeadState
from relay.model import Answer, Json, State
from relay.retry import Verdict
from relay.store.delivery import MOST_UPDATES, Claim, Completion
from relay.store.lead import Entry

#: Sends a body to a lead. Raises LeadsApiError.
Put = Callable[[str, Mapping[str, Json]], Answer]
#: Gives the store's time, in ms since 1970.
Now = Callable[[], int]


def deliver(claim: Claim, put: Put, *, now: Now, deadline_ms: int, jitter: retry.Jitter = random.random) -> Completion:
    """Make a claimed lead's pending updates true: merge, PUT, judge."""
    claim = _without_others(claim)
    batch = merge.choose(claim.pending, clock=claim.clock, state=claim.state, now_ms=now())
    sent_ms = now()
    if sent_ms + deadline_ms > claim.until_ms:
        return release(claim)  # the PUT might outlive our lease; whoever is next claims the lead anew
    answer = attempt(claim, batch, put)
    verdict = retry.judge(
        batch,
        answer,
        clock=claim.clock,
        state=claim.state,
        sent_ms=sent_ms,
        now_ms=now(),
        deadline_ms=deadline_ms,
        jitter=jitter,
    )
    return _completion(claim, batch, answer, verdict, sent_ms=sent_ms, now_ms=now())


def attempt(claim: Claim, batch: Batch, put: Put) -> Answer | LeadsApiError | None:
    """Send what there is to send; None where there is nothing."""
    if not batch.sent and not batch.settled:
        return None
    try:
        return put(claim.lead, batch.body)
    except LeadsApiError as error:
        return error


def _without_others(claim: Claim) -> Claim:
    """Forget what updates have been through that do not wait here any more: they start anew when they come back.

    A pause moved them elsewhere, and how long it took must not count against them.
    """
    if not claim.state.tries or len(claim.pending) >= MOST_UPDATES:
        return claim
    here = {one.member for one in claim.pending}
    tries = {member: tries for member, tries in claim.state.tries.items() if member in here}
    return replace(claim, state=replace(claim.state, tries=tries))


def release(claim: Claim) -> Completion:
    """Give a lead back as it was."""
    return Completion(claim=claim, verdict=Verdict(ended=(), state=claim.state), entry=None, rest_ms=0)


def _completion(  # noqa: PLR0913 -- the facts of one attempt
    claim: Claim,
    batch: Batch,
    answer: Answer | LeadsApiError | None,
    verdict: Verdict,
    *,
    sent_ms: int,
    now_ms: int,
) -> Completion:
    ended = {one.pending.member for one in verdict.ended}
    kept = [one for one in claim.pending if one.member not in ended]
    return Completion(
        claim=claim,
        verdict=verdict,
        entry=_entry(batch, answer, verdict, claim.state, sent_ms=sent_ms, now_ms=now_ms),
        rest_ms=retry.rest_ms(verdict.state, kept, now_ms=now_ms),
        names=names_in(answer.lead) if isinstance(answer, Answer) else (),
    )


def _entry(  # noqa: PLR0913 -- the facts of one attempt
    batch: Batch,
    answer: Answer | LeadsApiError | None,
    verdict: Verdict,
    state: LeadState,
    *,
    sent_ms: int,
    now_ms: int,
) -> Entry | None:
    """Make the line of the lead's history; None where nothing happened."""
    superseded = {one.pending.event: one.by for one in verdict.ended if one.state is State.SUPERSEDED}
    if answer is None and not superseded:
        return None
    tried = [state.tries[one.member].attempts for one in batch.carried if one.member in state.tries]
    return Entry(
        at_ms=sent_ms,
        events=tuple(dict.fromkeys(one.event for one in batch.carried if one.event not in superseded)),
        status=None if answer is None else answer.status,
        took_ms=now_ms - sent_ms if answer is not None else 0,
        words=answer.words if isinstance(answer, LeadsApiError) else "",
        left_out=_left_out(batch, superseded),
        superseded=superseded,
        attempt=max(tried, default=0) + 1,
    )


def _left_out(batch: Batch, superseded: Mapping[str, str]) -> dict[str, list[str]]:
    """Name for each event the registers that newer events kept out of this PUT."""
    left: dict[str, list[str]] = {}
    if len(batch.carried) == 1 and len(batch.sent) == len(batch.carried[0].update.set):
        return left
    for one in batch.carried:
        names = [name for name in one.update.set if name not in batch.sent or batch.sent[name].stamp != one.stamp]
        if names and one.event not in superseded:
            left[one.event] = names
    return left
