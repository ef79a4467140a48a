"""A whole relay, and the tutorial's version of one: every process that it takes, started and warm."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.loading import load, order_for, result_of
from bench.servers import (
    Crm,
    gunicorn,
    process,
    redis_server,
    relay_web,
    relay_workers,
    sandbox,
    settings_for,
    store_over,
    until,
)
from relay.store import Store

#: Events that go through before anything is measured: drains run then, and connections are open.
WARM_UP = 300


@dataclass(frozen=True, kw_only=True)
class Whole:
    """Where to send events, where they come out, and what is between."""

    port: int
    crm: Crm
    store: Store


@contextmanager
def relay(*, log: bool = False) -> Iterator[Whole]:
    """Run Redis, a sandbox, two workers and the web."""
    with redis_server() as redis, sandbox(log=log) as crm:
        settings = settings_for(redis.url, crm.url)
        store = store_over(settings)
        with relay_workers(settings), relay_web(settings) as port:
            one = Whole(port=port, crm=crm, store=store)
            delivered_per_s(one, WARM_UP, seed=0)
            yield one


@contextmanager
def tutorial() -> Iterator[Whole]:
    """Run the tutorial's version: the same Redis, the same gunicorn settings, two stock workers."""
    with redis_server() as redis, sandbox() as crm:
        settings = settings_for(redis.url, crm.url)
        worker = [str(Path(sys.executable).with_name("rq")), "worker", "--url", redis.url, "--quiet"]
        environment = settings.environment
        with (
            process(worker, environment),
            process(worker, environment),
            gunicorn("bench.tutorial.app:app", environment) as port,
        ):
            one = Whole(port=port, crm=crm, store=store_over(settings))
            delivered_per_s(one, WARM_UP // 30, seed=0)
            yield one


def delivered_per_s(whole: Whole, count: int, *, seed: int) -> float:
    """Send events of distinct leads; gives events per second from the first one sent to the last PUT applied."""
    goal = whole.crm.applied() + count
    with load(order_for(whole.port, count, seed=seed)) as one:
        one.start()
        result = result_of(one)
        until(lambda: whole.crm.applied() >= goal, "the last PUT")
        return count / (time.monotonic() - result.started)
