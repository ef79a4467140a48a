"""Runs errands: for up to 50 seconds it claims what is to be asked of senders and of the CRM, a few at a time.

Beside them it carries replays on, and puts back what paused hooks kept.

One RQ job of its own queue runs it, and no second one while it lives. Losing it does no harm: what is to do stands in
the store, every claimed errand has a lease, and a ticker starts the next job.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from relay.errors import StoreError
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.store.errands import FETCH, Errands, Tried
from workers import errand
from workers.errand import Means
from workers.replaying import Replaying

BUDGET_S = 50.0
#: A job that has nothing to do stays for so long, since a new one takes a while to start.
LINGER_S = 5.0
#: Errands of one queue that are run at a time.
ROOM = 8
KEEP_S = 1.0
#: Between two looks at the queues.
PAUSE_S = 0.05
#: How long to leave an event alone of which another with the same names is in hand.
NEXT_MS = 200

log = logging.getLogger("relay")

#: Gives the hooks as their files stand on disk now. Raises RuleError.
RulesNow = Callable[[], Mapping[str, Hook]]
Run = Callable[[Means, str, StoredEvent, Tried], None]


class Background:
    """Runs errands until its time is up, it is told to stop, or nothing is left."""

    def __init__(
        self,
        means: Means,
        *,
        name: str,
        budget_s: float = BUDGET_S,
        rules: RulesNow | None = None,
    ) -> None:
        self._means = means
        self._replaying = Replaying(means.store, rules or (lambda: means.hooks), stop=self._may_not_begin)
        self._name = name
        self._ends = time.monotonic() + budget_s
        self._pool = ThreadPoolExecutor(2 * ROOM)
        self._in_hand: dict[str, tuple[str, StoredEvent, Future[None]]] = {}
        self._looks: dict[str, float] = {}
        self._worked = self._kept = time.monotonic()
        self._stopping = False

    def stop(self) -> None:
        """Claim no more; ``run`` returns when what is in hand is done. Safe in a signal's midst."""
        self._stopping = True

    def run(self) -> None:
        try:
            while self._going():
                if not self.turn():
                    time.sleep(PAUSE_S)
        finally:
            self._pool.shutdown()
            self._replaying.shut()
            self._tell()
            self._means.store.errandry.leave(self._name)

    def _going(self) -> bool:
        now = time.monotonic()
        if now - self._kept > KEEP_S:
            self._kept = now
            self._stopping = self._stopping or not self._means.store.errandry.keep(self._name)
            self._prolong()
            self._tell()
        if self._stopping or now > self._ends:
            return bool(self.unfinished() or self._replaying.unfinished())
        return bool(self.unfinished() or self._replaying.unfinished()) or now - self._worked < LINGER_S

    def _tell(self) -> None:
        """Have the store know what was noticed; where it is away, the next second does."""
        if self._means.noticing:
            with suppress(StoreError):
                self._means.noticing.flush()

    def _prolong(self) -> None:
        """Keep the leases of what takes long; those of a job that died end soon."""
        in_hand = self.unfinished()
        for queue in {one[0] for one in in_hand.values()}:
            ids = [id for id, one in in_hand.items() if one[0] == queue]
            self._means.store.errandry.prolong(queue, ids, lease_ms=self._means.lease_ms)

    def turn(self) -> bool:
        """Look at every queue once; gives whether anything was claimed."""
        self._means.store.names.release(left=1)
        if not self._stopping and self._means.store.steering.go_on():
            self._worked = time.monotonic()
            return True
        if self._may_not_begin():
            return False
        self._replaying.turn()
        served = [self._serve(queue) for queue in self._means.store.errandry.queues()]
        return any(served)

    def _may_not_begin(self) -> bool:
        return self._stopping or time.monotonic() > self._ends

    def unfinished(self) -> dict[str, tuple[str, StoredEvent, Future[None]]]:
        """Give what is in hand, by event."""
        self._in_hand = {id: one for id, one in self._in_hand.items() if not one[2].done()}
        return self._in_hand

    def _serve(self, queue: str) -> bool:
        """Claim what is due in one queue, as far as there is room, and set threads to it."""
        room = ROOM - sum(one[0] == queue for one in self.unfinished().values())
        if room <= 0 or time.monotonic() < self._looks.get(queue, 0.0) or not self._can(queue):
            return False
        claimed = self._means.store.errandry.claim(queue, room=room, lease_ms=self._means.lease_ms)
        self._looks[queue] = time.monotonic() + min(claimed.wait_ms / 1000, 0.25)
        for event in self._means.store.events.events(list(claimed.events)):
            self._start(queue, event, claimed)
        if claimed.events:
            self._worked = time.monotonic()
        return bool(claimed.events)

    def _can(self, queue: str) -> bool:
        """Whether what the queue's errands need is here: a hook that is not loaded keeps its events waiting."""
        kind, _, owner = queue.partition(":")
        return kind != FETCH or owner in self._means.hooks

    def _start(self, queue: str, event: StoredEvent, claimed: Errands) -> None:
        tried = claimed.events[event.id]
        if event.id in self._in_hand:
            return
        # Two events of one new person must not make two leads: one after the other.
        others = errand.names_in_hand(one[1] for one in self._in_hand.values())
        if others & set(event.names):
            self._means.store.errandry.rest(queue, event.id, tried, rest_ms=NEXT_MS)
            return
        run = errand.fetch if queue.startswith(f"{FETCH}:") else errand.find
        self._in_hand[event.id] = (queue, event, self._pool.submit(self._run, run, queue, event, tried))

    def _run(self, run: Run, queue: str, event: StoredEvent, tried: Tried) -> None:
        try:
            run(self._means, queue, event, tried)
        except StoreError as error:
            log.warning("store.away", extra={"words": str(error)})
        except Exception as error:
            # One event's trouble must not end the others; its lease brings it back.
            extra = {"queue": queue, "events": [event.id], "fault": type(error).__name__}
            log.exception("errand.broken", extra=extra)
