"""What an event weighs in Redis: memory beyond its body, which counts as if it were stored by itself, compressed.

Events go in through the door's own step and are delivered by the drain's own steps; only the PUT is left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

from bench.bodies import arrivals, lead_ids
from bench.figures import Bench, Figure
from bench.servers import redis_server, settings_for, store_over
from relay.model import Answer, Arrival
from relay.store import Store
from relay.store.delivery import Claims, Completion, Delivery
from workers import deliver

AT_ONCE = 500
LEASE_MS = 60_000
DEADLINE_MS = 10_000
EVENTS_OF_A_LEAD = 4
TAKEN = Answer(200, {})


def weigh(quick: bool) -> list[Figure]:
    count = 2_000 if quick else 20_000
    pending, done_distinct = weighed(list(islice(lead_ids(1), count)), times=1)
    _, done = weighed(list(islice(lead_ids(2), count // EVENTS_OF_A_LEAD)), times=EVENTS_OF_A_LEAD)
    details = {"events": count}
    same = f"beyond the body at zlib level 6; {EVENTS_OF_A_LEAD} events of each lead, one after the other"
    one = "beyond the body at zlib level 6; every event of another lead"
    return [
        Figure(name="bytes_pending", runs=[pending], aim=900, more=False, floor=one, details=details),
        Figure(name="bytes_done", runs=[done], aim=300, more=False, floor=same, details=details),
        Figure(name="bytes_done_distinct", runs=[done_distinct], aim=None, more=False, floor=one),
    ]


def weighed(leads: list[str], *, times: int) -> tuple[float, float]:
    """Accept and deliver an event of each lead, so many times; gives bytes per event, pending (the first) and done."""
    with redis_server("everysec") as redis:
        store = store_over(settings_for(redis.url))
        delivery = store.delivery("default", lease_ms=LEASE_MS, rate=0)
        store.scripts.load()  # they are there once, however many events there are
        empty, bodies, pending = used(store), 0, 0.0
        for one in range(times):
            for some in batches(arrivals(one, leads)):
                store.door.accept(some)
                bodies += sum(len(zlib.compress(arrival.body, 6)) for arrival in some)
            pending = pending or (used(store) - empty - bodies) / len(leads)
            deliver_all(delivery)
            check_at_rest(store)
        return pending, (used(store) - empty - bodies) / len(leads) / times


def used(store: Store) -> int:
    return int(store.client.info("memory")["used_memory"])


def batches(events: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    rest = iter(events)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def deliver_all(delivery: Delivery) -> None:
    """Deliver whatever is due, as a drain would whose every PUT is taken at once."""
    while (claims := delivery.exchange([], room=AT_ONCE)[1]) is not None and claims.leads:
        delivery.exchange(taken(claims), room=0)


def taken(claims: Claims) -> list[Completion]:
    """Give what comes of these claims when the API takes every PUT."""
    return [
        deliver.deliver(one, lambda *_: TAKEN, now=lambda: claims.now_ms, deadline_ms=DEADLINE_MS)
        for one in claims.leads
    ]


def check_at_rest(store: Store) -> None:
    """See that nothing is left to deliver. Raises RuntimeError."""
    if left := store.gates.gate("default").leads:
        raise RuntimeError(f"{left} leads were not delivered")


BENCHES = (Bench(names=("bytes_pending", "bytes_done", "bytes_done_distinct"), run=weigh),)
