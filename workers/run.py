"""Starts one RQ worker as we need it, for deliveries or errands: one queue, JSON, all imported before it forks.

RQ dequeues, forks, watches and restarts. Order, retries and dead letters are the store's, so no RQ scheduler, no RQ
Retry, no failed registry. A ticker in this parent is the net under every lost job.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

from rq import Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from relay import logs, wiring
from relay.alarms import Watch
from relay.audit import now_and_then
from relay.beat import Beat
from relay.errors import CommandError, RelayError, StoreError
from relay.hooks import Hook
from relay.live_rules import LOOK_S
from relay.noticing import Noticing
from relay.nudge import BACKGROUND, DELIVER, Ticker, queue_of
from relay.settings import Settings, load
from relay.shadow.follow import TURN_S, Follower
from relay.store import Store
from relay.store.scripts import store_errors
from workers.background import Background
from workers.drain import Drain
from workers.errand import Means

WORKER_TTL_S = 45
MAINTENANCE_S = 30
MONITORING_S = 15
#: Prolonged while an errand is run, so that those of a job that died come back soon.
ERRAND_LEASE_MS = 15_000
#: Whether it is time for an audit is asked so often.
AUDITOR_S = 60.0
QUEUES = (DELIVER, BACKGROUND)


class RelayWorker(Worker):
    """An RQ worker that tells its drain to stop when it is told to."""

    # RQ doubles its pause each time Redis is still away, up to a minute: so long leads would wait after Redis is back.
    max_connection_wait_time = 1.0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        # The horse may end by itself in this very moment.
        with contextlib.suppress(ProcessLookupError):
            if self.horse_pid:
                os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def drain(destination: str, slot: int, name: str) -> None:
    """Run one drain: the RQ job. Its slot goes to a successor where work may be left."""
    settings = load()
    client = wiring.connect(settings)
    store = wiring.store(settings, client)
    arming = store.arming(destination, slots=settings.workers, room=settings.threads)
    if not arming.keep(slot, name):
        return  # the slot is another's: this job was late, or doubled
    one = Drain(
        store.delivery(destination, lease_ms=settings.lease_ms, rate=settings.destinations[destination].rate),
        arming,
        wiring.leads_api(settings, destination, connections=settings.threads),
        slot=slot,
        name=name,
        threads=settings.threads,
        deadline_ms=settings.timeout_ms,
        waker=wiring.connect(settings),
    )
    signal.signal(signal.SIGTERM, lambda *_: one.stop())
    if one.run():
        successor = secrets.token_hex(8)
        arming.pass_on(slot, name, successor)
        wiring.nudger(settings, client).enqueue(destination, slot, successor)


def errands(name: str) -> None:
    """Run errands: the RQ job of the background's queue."""
    settings = load()
    store = wiring.store(settings)
    if not store.errandry.keep(name):
        return  # another job has taken its place: this one was late, or doubled
    rules = wiring.rules_aside(settings, store)
    rules.begin()
    one = Background(means(settings, store, rules), name=name, rules=rules.fresh)
    signal.signal(signal.SIGTERM, lambda *_: one.stop())
    Beat("rules", rules.look, every_s=LOOK_S).start()
    one.run()


def means(settings: Settings, store: Store, hooks: Mapping[str, Hook]) -> Means:
    """Put together what errands are run with."""
    return Means(
        store=store,
        hooks=hooks,
        api=lambda destination: wiring.leads_api(settings, destination),
        sender_urls=settings.sender_urls,
        lease_ms=ERRAND_LEASE_MS,
        noticing=Noticing(store),
    )


def on_killed(settings: Settings) -> Callable[..., None]:
    """Free the slot of a drain whose process died, so that the next tick arms a new one."""

    def free(job: Job, *_: Any) -> None:
        store = wiring.store(settings)
        # Where Redis is away the slot falls free by itself a few seconds later.
        with contextlib.suppress(StoreError):
            if len(job.args) == 1:
                store.errandry.leave(*job.args)
            else:
                destination, slot, name = job.args
                store.arming(destination, slots=1, room=1).pass_on(slot, name, "")

    return free


def main() -> int:
    try:
        work(load(), asked_for(sys.argv[1:]))
    except RelayError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


def asked_for(arguments: Sequence[str]) -> str:
    """Give the queue to serve: the one named, else that of deliveries. Raises CommandError."""
    queue = arguments[0] if arguments else DELIVER
    if queue not in QUEUES:
        raise CommandError(f"unknown queue {queue!r}; there are {' and '.join(QUEUES)}")
    return queue


def work(settings: Settings, queue: str = DELIVER) -> None:
    """Run jobs until told to stop. Raises StoreError where Redis is away at the start; later RQ waits for it."""
    logs.set_up(settings.log, settings.log_format)
    client = wiring.connect(settings)
    wiring.heed(client)
    Ticker(wiring.nudger(settings, wiring.connect(settings))).start()
    Watch(wiring.store(settings), settings).start()
    if queue == BACKGROUND:
        kept = wiring.store(settings, wiring.connect(settings))
        Beat("auditor", lambda: now_and_then(kept), every_s=AUDITOR_S).start()
        rules = wiring.live_rules(settings, kept, serves=False)
        Beat("rules", rules.look, every_s=LOOK_S).start()
        Beat("shadows", Follower(kept, rules).turn, every_s=TURN_S).start()
    with store_errors():
        worker = RelayWorker(
            [queue_of(client, queue)],
            connection=client,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            maintenance_interval=MAINTENANCE_S,
            job_monitoring_interval=MONITORING_S,
            work_horse_killed_handler=on_killed(settings),
        )
        worker.work(with_scheduler=False, logging_level="WARNING")


if __name__ == "__main__":
    sys.exit(main())
