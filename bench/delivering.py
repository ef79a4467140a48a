"""How well one drain uses its threads at a slow API, and what a PUT costs it beyond the HTTP call itself.

The leads stand in the store before it starts. It is a drain as workers run it, in a process of its own, without RQ.
"""

from __future__ import annotations

from itertools import islice

from bench.bodies import arrivals, lead_ids
from bench.figures import Bench, Figure, medians, ratios
from bench.held import held
from bench.servers import Crm, redis_server, sandbox, settings_for, store_over, until
from relay.settings import Settings

LATENCY_MS = 150
#: Share of the PUTs at either end that is no part of the steady run.
EDGE = 0.1
AT_ONCE = 500
DRAIN = ["-m", "bench.one_drain"]


def preload(settings: Settings, count: int, *, seed: int) -> None:
    """Accept one event for each of so many leads."""
    store = store_over(settings)
    events = arrivals(seed, islice(lead_ids(seed), count))
    while some := list(islice(events, AT_ONCE)):
        store.door.accept(some)


def drained(settings: Settings, crm: Crm, count: int) -> float:
    """Have a drain deliver all that waits; gives its CPU seconds."""
    goal = crm.applied() + count
    with held(DRAIN, settings.environment) as drain:
        drain.start()
        until(lambda: crm.applied() >= goal, "the drain", every_s=0.05)
        drain.stop()
        return float(drain.word())


def fill(quick: bool) -> list[Figure]:
    rounds, count = (1, 900) if quick else (5, 3_000)
    rates = []
    with redis_server() as redis, sandbox(log=True) as crm:
        settings = settings_for(redis.url, crm.url)
        ceiling = settings.threads / LATENCY_MS * 1000
        for seed in range(rounds):
            crm.reset()
            crm.faults(latency_ms=LATENCY_MS)
            preload(settings, count, seed=seed)
            drained(settings, crm, count)
            rates.append(steady_per_s(crm, settings.threads))
    floor = f"{settings.threads} threads / {LATENCY_MS} ms = {ceiling:.0f} PUTs/s"
    details = medians(puts_per_s=rates)
    runs = [rate / ceiling for rate in rates]
    return [Figure(name="deliver_fill", runs=runs, aim=0.95, more=True, floor=floor, details=details)]


def steady_per_s(crm: Crm, threads: int) -> float:
    """Give the rate of the PUTs without the first and the last, over whole rounds of all threads."""
    starts = sorted(one["started_ms"] for one in crm.requests())
    first = int(len(starts) * EDGE)
    last = first + int(len(starts) * (1 - 2 * EDGE)) // threads * threads
    return float((last - first) / (starts[last] - starts[first]) * 1000)


def cpu(quick: bool) -> list[Figure]:
    rounds, count = (1, 1_000) if quick else (5, 5_000)
    ours, floor = [], []
    with redis_server() as redis, sandbox() as crm:
        settings = settings_for(redis.url, crm.url)
        for seed in range(rounds):
            floor.append(bare(crm, settings.threads, seed, count) / count * 1e6)
            preload(settings, count, seed=seed)
            ours.append(drained(settings, crm, count) / count * 1e6)
    details = medians(drain_us=ours, bare_us=floor)
    words = f"a bare urllib3 pool loop, {settings.threads} threads, same bodies, same sandbox"
    return [
        Figure(name="deliver_cpu_ratio", runs=ratios(ours, floor), aim=1.5, more=False, floor=words, details=details)
    ]


def bare(crm: Crm, threads: int, seed: int, count: int) -> float:
    """Give the CPU seconds of so many PUTs with nothing around them."""
    with held(["-m", "bench.bare_puts", *map(str, (crm.port, threads, seed, count))]) as one:
        one.start()
        return float(one.word())


BENCHES = (Bench(names=("deliver_fill",), run=fill), Bench(names=("deliver_cpu_ratio",), run=cpu))
