"""Starts ``bench.load`` and takes its result: what every bench that sends requests is built on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import orjson

from bench.held import Held, held
from bench.load import Order, Result
from bench.servers import HOOK, SECRET

CONNECTIONS = 32


@contextmanager
def load(order: Order) -> Iterator[Held]:
    """Have every request made; the load waits for its start."""
    with held(["-m", "bench.load"], order=orjson.dumps(asdict(order))) as one:
        yield one


def result_of(one: Held) -> Result:
    """Wait for the end of a load. Raises RuntimeError where anything but a 200 came."""
    result = Result(**orjson.loads(one.word()))
    if result.other:
        raise RuntimeError(f"{result.other} of {result.ok + result.other} requests were not answered with 200")
    return result


def order_for(  # noqa: PLR0913 - the settings of one load
    port: int, count: int, *, seed: int, rate: float = 0, one_lead: bool = False, connections: int = CONNECTIONS
) -> Order:
    return Order(
        port=port,
        path=HOOK,
        secret=SECRET,
        count=count,
        connections=connections,
        seed=seed,
        rate=rate,
        one_lead=one_lead,
    )


def run(order: Order) -> Result:
    with load(order) as one:
        one.start()
        return result_of(one)


def answered_per_s(order: Order) -> float:
    """Give how many requests per second were answered with 200."""
    result = run(order)
    return result.ok / (result.ended - result.started)
