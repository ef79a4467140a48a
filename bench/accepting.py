"""How fast the door is: accepted events per second against an empty Flask endpoint, one right after the other.

No workers run. Same gunicorn settings, same load; of ours, every 200 is checked to stand in Redis.
"""

from __future__ import annotations

from bench.figures import Bench, Figure, medians, ratios
from bench.load import Order
from bench.loading import answered_per_s, order_for
from bench.servers import gunicorn, redis_server, relay_web, settings_for, store_over
from relay.store import Store

FLOOR = "an empty Flask endpoint, same gunicorn settings and load"


def accept(quick: bool, *, appendfsync: str, name: str, aim: float) -> list[Figure]:
    rounds, count = (1, 1_000) if quick else (5, 5_000)
    ours: list[float] = []
    floor: list[float] = []
    with redis_server(appendfsync) as redis:
        settings = settings_for(redis.url)
        store = store_over(settings)
        with relay_web(settings) as our_port, gunicorn("bench.empty:web()", {}) as empty_port:
            for port in (empty_port, our_port):
                answered_per_s(order_for(port, 300, seed=0))
            for one in range(1, rounds + 1):
                floor.append(answered_per_s(order_for(empty_port, count, seed=one)))
                ours.append(ours_per_s(store, order_for(our_port, count, seed=one)))
        check_accepted(store, 300 + rounds * count)
    details = medians(accepted_per_s=ours, empty_per_s=floor)
    return [Figure(name=name, runs=ratios(ours, floor), aim=aim, more=True, floor=FLOOR, details=details)]


def ours_per_s(store: Store, order: Order) -> float:
    """Measure the door while a drain is said to run: without one it would look for one at every event."""
    arming = store.arming("default", slots=1, room=1)
    slot = arming.arm("bench")
    try:
        return answered_per_s(order)
    finally:
        if slot is not None:
            arming.pass_on(slot, "bench", "")


def check_accepted(store: Store, expected: int) -> None:
    """See that everything that got a 200 is there. Raises RuntimeError."""
    today = store.events.today()
    accepted = sum(store.events.counts(day).get("cotiza", {}).get("accepted", 0) for day in (today - 1, today))
    if accepted != expected:
        raise RuntimeError(f"{expected} events got a 200 and {accepted} were accepted")


def durable(quick: bool) -> list[Figure]:
    return accept(quick, appendfsync="always", name="accept_ratio", aim=0.45)


def every_second(quick: bool) -> list[Figure]:
    return accept(quick, appendfsync="everysec", name="accept_ratio_everysec", aim=0.6)


BENCHES = (
    Bench(names=("accept_ratio",), run=durable),
    Bench(names=("accept_ratio_everysec",), run=every_second),
)
