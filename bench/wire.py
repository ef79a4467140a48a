"""How soon an event is on the wire to the lead API, and how few PUTs one busy lead takes.

Times are of the monotonic clock that all processes of a machine share: the load notes its 200s, the sandbox its PUTs.
"""

from __future__ import annotations

import statistics

from bench import whole
from bench.figures import Bench, Figure
from bench.loading import order_for, run
from bench.servers import until
from bench.whole import Whole

NAMES = ("wire_p50_ms", "wire_p95_ms")
PER_S = 200
HOT_EVENTS = 10_000


def wire(quick: bool) -> list[Figure]:
    rounds, seconds = (1, 2) if quick else (5, 8)
    p50, p95 = [], []
    with whole.relay(log=True) as relay:
        for seed in range(1, rounds + 1):
            waits = sorted(waits_ms(relay, PER_S * seconds, seed=seed))
            p50.append(statistics.median(waits))
            p95.append(waits[int(len(waits) * 0.95)])
    floor = f"absolute, at {PER_S} events/s"
    return [
        Figure(name=NAMES[0], runs=p50, aim=10, more=False, floor=floor),
        Figure(name=NAMES[1], runs=p95, aim=20, more=False, floor=floor),
    ]


def waits_ms(relay: Whole, count: int, *, seed: int) -> list[float]:
    """Give for each event the time from our 200, as its sender saw it, to its PUT's arrival."""
    relay.crm.reset()
    result = run(order_for(relay.port, count, seed=seed, rate=PER_S))
    until(lambda: relay.crm.applied() >= count, "the last PUT")
    arrived = {one["lead"]: one["started_ms"] for one in relay.crm.requests()}
    return [arrived[lead] - answered * 1000 for lead, answered in result.answered.items()]


def hot_lead(quick: bool) -> list[Figure]:
    rounds, count = (1, HOT_EVENTS // 10) if quick else (3, HOT_EVENTS)
    puts = []
    with whole.relay() as relay:
        for seed in range(1, rounds + 1):
            before = relay.crm.applied()
            run(order_for(relay.port, count, seed=seed, one_lead=True))
            until(lambda: relay.store.gates.gate("default").leads == 0, "the lead to be at rest")
            puts.append(float(relay.crm.applied() - before))
    words = f"{count:,} events"
    return [Figure(name="hot_lead_puts", runs=puts, aim=50, more=False, floor=words)]


BENCHES = (Bench(names=NAMES, run=wire), Bench(names=("hot_lead_puts",), run=hot_lead))
