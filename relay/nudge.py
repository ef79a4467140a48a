"""The only place where RQ jobs are enqueued: each is a nudge to look at what stands in the store.

A ticker in the web processes and in the workers' parents nudges for whatever is due, so a job lost or doubled does no
harm.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence

import redis
from rq import Queue, worker_registration
from rq.serializers import JSONSerializer

from relay.errors import StoreError
from relay.store.arming import Arming
from relay.store.errands import Errandry
from relay.store.scripts import store_errors

DELIVER, BACKGROUND = "deliver", "background"
TICK_S = 0.5
DRAIN, ERRANDS = "workers.run.drain", "workers.run.errands"
DRAIN_TIMEOUT_S = 120
#: While no worker takes jobs, no more than these pile up.
MOST_QUEUED = 8

log = logging.getLogger("relay")


def queue_of(client: redis.Redis, name: str) -> Queue:
    return Queue(name, connection=client, serializer=JSONSerializer)


def workers_seen(client: redis.Redis, queue: str = DELIVER) -> int:
    """Count the worker processes that showed themselves lately; unlike RQ's own count, this tidies nothing up."""
    with store_errors():
        keys = worker_registration.get_keys(queue_of(client, queue))
        return int(client.exists(*keys)) if keys else 0


class Nudger:
    """Arms drains for what is due, and the background's job, and enqueues them."""

    def __init__(self, client: redis.Redis, errandry: Errandry, armings: Sequence[Arming]) -> None:
        self._queue = queue_of(client, DELIVER)
        self._background = queue_of(client, BACKGROUND)
        self._errandry = errandry
        self._armings = armings

    def nudge(self) -> int:
        """Enqueue a drain for every slot that wants one; gives how many. Raises StoreError."""
        count = 0
        with store_errors():
            queued = self._queue.count
        for arming in self._armings:
            name = secrets.token_hex(8)
            while queued + count < MOST_QUEUED and (slot := arming.arm(name)) is not None:
                self.enqueue(arming.destination, slot, name)
                name = secrets.token_hex(8)
                count += 1
        return count + self.nudge_background()

    def nudge_background(self) -> int:
        """Enqueue the one job that runs errands where there are any, none runs, and none waits for a worker."""
        name = secrets.token_hex(8)
        with store_errors():
            queued = self._background.count
        if queued or not self._errandry.arm(name):
            return 0
        with store_errors():
            self._background.enqueue(ERRANDS, name, job_timeout=DRAIN_TIMEOUT_S, result_ttl=60, failure_ttl=86_400)
        return 1

    def enqueue(self, destination: str, slot: int, name: str) -> None:
        """Enqueue one drain; where that fails the armed slot falls free by itself."""
        with store_errors():
            self._queue.enqueue(
                DRAIN, destination, slot, name, job_timeout=DRAIN_TIMEOUT_S, result_ttl=60, failure_ttl=86_400
            )


class Ticker:
    """A thread that nudges twice a second, and at once when asked."""

    def __init__(self, nudger: Nudger, *, tick_s: float = TICK_S) -> None:
        self._nudger = nudger
        self._tick_s = tick_s
        self._now = threading.Event()
        self._stopped = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="ticker", daemon=True).start()

    def soon(self) -> None:
        """Nudge without waiting for the next tick."""
        self._now.set()

    def stop(self) -> None:
        self._stopped = True
        self._now.set()

    def _run(self) -> None:
        while True:
            self._now.wait(self._tick_s)
            self._now.clear()
            if self._stopped:
                return
            try:
                self._nudger.nudge()
            except StoreError as error:
                log.warning("store.away", extra={"words": str(error)})
                self._now.wait(self._tick_s)
