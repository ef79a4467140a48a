"""All of it at once: events come in and leads are updated at the same time, everything on this one machine.

The API takes no time, Redis writes every event to disk, every lead is another one. The tutorial's version does the
same over the same kind of Redis; it is measured with fewer events, since it takes so much longer for each.
"""

from __future__ import annotations

from bench import whole
from bench.accepting import check_accepted
from bench.figures import Bench, Figure, medians, ratios
from bench.whole import Whole, delivered_per_s

NAMES = ("through_per_s", "tutorial_ratio", "redis_trips")


def through(quick: bool) -> list[Figure]:
    rounds, count, few = (1, 1_000, 30) if quick else (5, 5_000, 150)
    ours, theirs, trips = [], [], []
    with whole.relay() as relay, whole.tutorial() as rival:
        for seed in range(1, rounds + 1):
            before = reads(relay)
            ours.append(delivered_per_s(relay, count, seed=seed))
            # The second question is a read too.
            trips.append((reads(relay) - before - 1) / count)
            theirs.append(delivered_per_s(rival, few, seed=seed))
        check_accepted(relay.store, whole.WARM_UP + rounds * count)
    rival_words = "the tutorial version: Flask, one RQ job for each event, two stock workers"
    details = medians(ours_per_s=ours, tutorial_per_s=theirs)
    return [
        Figure(name=NAMES[0], runs=ours, aim=1_000, more=True, floor="absolute, all on this machine"),
        Figure(name=NAMES[1], runs=ratios(ours, theirs), aim=20, more=True, floor=rival_words, details=details),
        Figure(name=NAMES[2], runs=trips, aim=2, more=False, floor="reads that Redis counted, all included"),
    ]


def reads(relay: Whole) -> int:
    return int(relay.store.client.info("stats")["total_reads_processed"])


BENCHES = (Bench(names=NAMES, run=through),)
