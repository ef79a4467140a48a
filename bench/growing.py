"""What an event costs, from the door to done, when a million others are stored, against a thousand.

Both servers stand side by side and take turns. Nothing is written to disk, since a disk would hide the difference; the
web and the API are left out. The stored events are delivered ones, four of each lead, with short bodies.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice

from bench.bodies import arrivals, lead_ids
from bench.figures import Bench, Figure, medians, ratios
from bench.servers import redis_server, settings_for, store_over
from bench.storing import LEASE_MS, batches, check_at_rest, deliver_all, taken
from relay.model import Arrival, Json, Mapped, Update
from relay.store import Store

FEW = 1_000
EVENTS_OF_A_LEAD = 4
#: Leads that are filled in before their events are delivered.
LEADS_AT_ONCE = 10_000


def grow(quick: bool) -> list[Figure]:
    rounds, many, count = (3, 15_000, 200) if quick else (15, 1_000_000, 500)
    cpu: list[list[float]] = [[], []]
    wall: list[list[float]] = [[], []]
    with ExitStack() as stack:
        stores = [filled(stack, events) for events in (FEW, many)]
        for seed in range(rounds):
            for place, store in enumerate(stores):
                used, took = cost_us(store, list(arrivals(seed, islice(lead_ids(1_000 + seed), count))))
                cpu[place].append(used)
                wall[place].append(took)
    details = medians(few_cpu_us=cpu[0], many_cpu_us=cpu[1], few_wall_us=wall[0], many_wall_us=wall[1])
    walls = ratios(wall[1], wall[0])
    words = f"CPU of Redis per event with {many:,} events stored, against {FEW:,}"
    details |= medians(wall_ratio=walls)
    return [Figure(name="growth", runs=ratios(cpu[1], cpu[0]), aim=1.2, more=False, floor=words, details=details)]


def filled(stack: ExitStack, events: int) -> Store:
    """Start a server that holds so many delivered events."""
    redis = stack.enter_context(redis_server("everysec"))
    store = store_over(settings_for(redis.url))
    store.client.config_set("appendonly", "no")
    delivery = store.delivery("default", lease_ms=LEASE_MS, rate=0)
    leads = islice(lead_ids(events), events // EVENTS_OF_A_LEAD)
    while some := list(islice(leads, LEADS_AT_ONCE)):
        for batch in batches(short(some)):
            store.door.accept(batch)
        deliver_all(delivery)
    check_at_rest(store)
    return store


def short(leads: Sequence[str]) -> Iterator[Arrival]:
    """Give events of these leads that are quick to make: a few hundred thousand of them are wanted."""
    for number in range(EVENTS_OF_A_LEAD):
        values: dict[str, Json] = {"first_name": "Ana", "metadata.visit": number}
        update = Update(set=values, by=dict.fromkeys(values, "contact details"))
        for lead in leads:
            yield Arrival(
                hook="cotiza",
                sender="typeform",
                version="0",
                destination="default",
                kind="form_response",
                test=False,
                content_type="application/json",
                body=b'{"lead": "%b"}' % lead.encode(),
                mapped=Mapped(event_id=f"{lead}:{number}", at_ms=None, lead=lead, updates=(update,)),
            )


def cost_us(store: Store, events: Sequence[Arrival]) -> tuple[float, float]:
    """Take each event from the door to done by itself; gives the microseconds of Redis's CPU, and those that passed."""
    delivery = store.delivery("default", lease_ms=LEASE_MS, rate=0)
    before, began = cpu_s(store), time.perf_counter()
    for event in events:
        store.door.accept([event])
        claims = delivery.exchange([], room=1)[1]
        assert claims is not None
        delivery.exchange(taken(claims), room=0)
    took = time.perf_counter() - began
    return (cpu_s(store) - before) / len(events) * 1e6, took / len(events) * 1e6


def cpu_s(store: Store) -> float:
    """Give the CPU seconds that Redis has used so far."""
    used = store.client.info("cpu")
    return float(used["used_cpu_user"] + used["used_cpu_sys"])


BENCHES = (Bench(names=("growth",), run=grow),)
