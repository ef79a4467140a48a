"""The drain: for up to 50 seconds it claims due leads and keeps many PUTs in flight over kept-alive connections.

One RQ job runs one drain. Losing it or doubling it does no harm: what is to do stands in the store, every claim has a
lease, and a drain that finds its slot in other hands claims no more.
"""

from __future__ import annotations

import collections
import logging
import threading
import time
from collections.abc import Sequence

import redis

from relay.errors import StoreError
from relay.leads_api import LeadsApi
from relay.model import State
from relay.retry import Ended
from relay.store.arming import Arming
from relay.store.delivery import Claim, Claims, Completion, Delivery
from workers import deliver
from workers.crew import Crew

BUDGET_S = 50.0
#: An idle drain stays for so long, since a new one takes a while to start.
LINGER_S = 5.0
KEEP_S = 2.0
#: A person may open a gate at any time, so it is never longer until the next look at one.
GATED_S = 1.0
#: News of PUTs are collected for so long before they are recorded together.
MOMENT_S = 0.002
#: Leads claimed beyond the threads, so that a thread that is done finds the next at hand.
AHEAD = 0.25
#: How long a drain that Redis has left alone holds on to what it has to record.
PATIENCE_S = 30.0

log = logging.getLogger("relay")

#: What threads tell the drain: a lead is done, a lead was dropped (its claim), or there is something new (None).
News = Completion | Claim | None


def boot_s() -> float:
    """Give a clock that also runs while the machine sleeps, since leases do."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Drain:
    """Delivers for one destination in one slot, until its time is up, it is told to stop, or nothing is left."""

    def __init__(  # noqa: PLR0913 -- what it is made of, named by the one who builds it
        self,
        delivery: Delivery,
        arming: Arming,
        api: LeadsApi,
        *,
        slot: int,
        name: str,
        threads: int,
        deadline_ms: int,
        waker: redis.Redis,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._delivery, self._arming, self._api = delivery, arming, api
        self._slot, self._name, self._threads = slot, name, threads
        self._deadline_ms = deadline_ms
        self._waker = waker
        self._ends = boot_s() + budget_s
        self._crew = Crew(threads, self._deliver)
        # Threads only put their news down here; the drain picks them up together, a few moments later. To wake it for
        # each would cost as much as the rest of the work.
        self._news: collections.deque[News] = collections.deque()
        self._bell = threading.Event()
        self._hungry = threading.Event()
        self._in_hand: dict[str, Claim] = {}
        self._store_ahead = 0.0
        self._stopping = False
        self._closed = False
        self._worked = self._kept = self._asked = boot_s()
        self._look = 0.0

    def stop(self) -> None:
        """Claim no more; ``run`` returns when the PUTs in flight are recorded. Safe in a signal's midst."""
        self._stopping = True

    def run(self) -> bool:
        """Deliver; gives whether leads may be left that want a successor."""
        waker = threading.Thread(target=self._wake, daemon=True)
        waker.start()
        self._crew.start()
        try:
            while self._going():
                self._turn(self._listen())
                self._crew.turn()
            return not self._idle()
        finally:
            self._closed = True
            self._hungry.set()
            self._crew.stop(self._deadline_ms / 1000)
            waker.join(self._deadline_ms / 1000)
            self._api.close()

    def _going(self) -> bool:
        """Go on while there is something in hand, or time left and something to expect."""
        now = boot_s()
        if now > self._ends or self._lost_slot(now):
            self._stopping = True
        if self._in_hand:
            return True
        if self._stopping:
            return False
        return not (self._idle() and self._may_leave())

    def _may_leave(self) -> bool:
        try:
            return self._arming.leave(self._slot, self._name)
        except StoreError:
            return boot_s() - self._worked > PATIENCE_S

    def _idle(self) -> bool:
        return boot_s() - self._worked > LINGER_S

    def _lost_slot(self, now: float) -> bool:
        """Every two seconds: show that we live, cut off what is overdue, prolong what takes long."""
        if now - self._kept < KEEP_S:
            return False
        self._kept = now
        self._api.cut_overdue()
        try:
            half_ms = self._now_ms() + self._delivery.lease_ms // 2
            self._delivery.extend([one for one in list(self._in_hand.values()) if one.until_ms < half_ms])
            return not self._arming.keep(self._slot, self._name)
        except StoreError:
            return False  # Redis is away: leases guard our leads, and the next look tells whose the slot is

    def _listen(self) -> list[Completion]:
        """Wait for news until it is time to look for due leads again; take all there is."""
        self._bell.wait(self._patience())
        self._bell.clear()
        completions = []
        while self._news:
            news = self._news.popleft()
            if isinstance(news, Completion):
                completions.append(news)
            elif isinstance(news, Claim):
                self._in_hand.pop(news.name, None)
            else:
                self._look = 0.0
        return completions

    def _patience(self) -> float:
        """Say how long to wait before the next turn: a moment while PUTs are in flight, else until something is due."""
        if self._in_hand:
            return MOMENT_S
        return max(0.0, min(self._look, self._kept + KEEP_S) - boot_s())

    def _room(self) -> int:
        return 0 if self._stopping else self._threads + int(self._threads * AHEAD) - len(self._in_hand)

    def _turn(self, completions: Sequence[Completion]) -> None:
        """Record and claim in one exchange, and set the threads to work."""
        for one in completions:
            self._in_hand.pop(one.claim.name, None)
            self._look = min(self._look, boot_s() + one.rest_ms / 1000)
        # A claim rides along with a completion for nothing; without one it is made when something may be due.
        room = self._room() if completions or boot_s() >= self._look else 0
        if not completions and room <= 0:
            return
        claims = self._exchange(completions, max(room, 0))
        if completions:
            self._worked = boot_s()
        if claims is not None:
            self._take(claims, room)

    def _take(self, claims: Claims, room: int) -> None:
        now = boot_s()
        # From when we asked, not from when the answer came: an answer that took long must not make a lease look longer.
        self._store_ahead = claims.now_ms - self._asked * 1000
        wait_s = claims.wait_ms / 1000
        self._look = now + (min(wait_s, GATED_S) if claims.gate else wait_s)
        for claim in claims.leads:
            self._in_hand[claim.name] = claim
        self._crew.give(claims.leads)
        if claims.leads:
            self._worked = now
        if len(claims.leads) < room and not claims.gate:
            self._hungry.set()

    def _exchange(self, completions: Sequence[Completion], room: int) -> Claims | None:
        """Talk to the store, again and again while Redis is away: what was sent must be recorded."""
        patience = boot_s() + PATIENCE_S
        while True:
            self._asked = boot_s()
            try:
                ours, claims = self._delivery.exchange(completions, room=room)
            except StoreError as error:
                log.warning("store.away", extra={"words": str(error)})
                if boot_s() > patience:
                    raise
                time.sleep(0.2)
                continue
            for completion, mine in zip(completions, ours, strict=True):
                _tell(completion, mine)
            return claims

    def _now_ms(self) -> int:
        return int(boot_s() * 1000 + self._store_ahead)

    def _deliver(self, claim: Claim) -> None:
        """Deliver one lead, in one of the crew's threads, and leave news of it."""
        news: News = claim
        try:
            news = deliver.deliver(claim, self._api.put, now=self._now_ms, deadline_ms=self._deadline_ms)
        except Exception as error:
            # One lead's trouble must not end the others; its lease brings it back.
            extra = {"lead": claim.name, "events": _events(claim), "fault": type(error).__name__}
            log.exception("attempt.broken", extra=extra)
        self._news.append(news)

    def _wake(self) -> None:
        """The waker's life: whenever the drain is hungry, wait for an accepted event and tell of it."""
        while self._hungry.wait() and not self._closed:
            try:
                if self._delivery.wait(self._waker, seconds=1.0):
                    self._hungry.clear()
                    self._news.append(None)
                    self._bell.set()
            except StoreError:
                time.sleep(0.2)


def _tell(completion: Completion, mine: bool) -> None:
    """Log what came of a claim, with ids and without a person's data."""
    entry, verdict, lead = completion.entry, completion.verdict, completion.claim.name
    if not mine:
        log.warning("claim.lost", extra={"lead": lead, "events": _events(completion.claim)})
        return
    if entry is not None and entry.status is not None and log.isEnabledFor(logging.INFO):
        log.info(
            "put.answered",
            extra={
                "lead": lead,
                "events": entry.events,
                "status": entry.status,
                "took_ms": entry.took_ms,
                "attempt": entry.attempt,
            },
        )
    if verdict.destination == "denied":
        destination, status = completion.claim.destination, entry and entry.status
        log.error("destination.held", extra={"destination": destination, "status": status})
    for ended in verdict.ended:
        _tell_end(lead, ended)


def _tell_end(lead: str, ended: Ended) -> None:
    """Log what became of one update that was not delivered."""
    events, reason = [ended.pending.event], ended.reason
    if ended.state is State.SUPERSEDED:
        log.info("event.superseded", extra={"lead": lead, "events": events, "by": ended.by})
    elif reason is not None and ended.state is State.PARKED:
        extra = {"lead": lead, "events": events, "kind": reason.kind, "status": reason.status}
        log.warning("event.parked", extra=extra)
    elif reason is not None:
        extra = {"lead": lead, "events": events, "kind": reason.kind, "status": reason.status}
        log.warning("event.dead", extra=extra)


def _events(claim: Claim) -> list[str]:
    return list(dict.fromkeys(one.event for one in claim.pending))
