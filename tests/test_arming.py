"""Which drains run: one slot armed at a time for what is due, and no more jobs than somebody takes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from relay.embedded import EmbeddedRedis
from relay.errors import StoreError
from relay.model import Name
from relay.nudge import BACKGROUND, DELIVER, MOST_QUEUED, Nudger, Ticker, queue_of
from relay.settings import DAY_MS
from relay.store import Store
from relay.store.arming import SILENT_MS, START_MS, Arming
from tests.far_crm import World, matched, update
from tests.waiting import until


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def armed(world: World, *, slots: int = 2, room: int = 10) -> Arming:
    return world.store.arming("default", slots=slots, room=room)


def due(world: World, leads: int, first: int = 0) -> None:
    for n in range(first, first + leads):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))


def silent(world: World, slot: int) -> None:
    """Let the time pass after which a silent drain is taken for dead."""
    world.client.delete(f"relay:armed:default:{slot}")


def queued(client: redis.Redis) -> list[tuple[object, ...]]:
    return [tuple(job.args) for job in queue_of(client, DELIVER).jobs]


def test_nothing_is_armed_while_nothing_is_due(world: World) -> None:
    assert armed(world).arm("one") is None


def test_a_lead_that_rests_arms_nothing(world: World) -> None:
    due(world, 1)
    world.deliver("fails before")

    assert armed(world).arm("one") is None


def test_one_slot_is_armed_for_what_one_drain_carries(world: World) -> None:
    due(world, 10)

    assert armed(world, room=10).arm("one") == 0
    assert armed(world, room=10).arm("two") is None


def test_the_next_slot_is_armed_when_more_is_due_than_one_drain_carries(world: World) -> None:
    due(world, 21)

    slots = [armed(world, slots=5, room=10).arm(f"drain {n}") for n in range(4)]

    assert slots == [0, 1, 2, None]


def test_there_are_no_more_drains_than_slots(world: World) -> None:
    due(world, 50)

    slots = [armed(world, slots=2, room=1).arm(f"drain {n}") for n in range(3)]

    assert slots == [0, 1, None]


def test_of_many_who_arm_at_once_one_gets_the_slot(redis_server: EmbeddedRedis, world: World) -> None:
    due(world, 1)
    start = threading.Barrier(8)

    def arm(number: int) -> int | None:
        with redis.Redis.from_url(redis_server.url) as own:
            arming = Store(own, retention_ms=DAY_MS).arming("default", slots=4, room=10)
            start.wait(10)
            return arming.arm(f"drain {number}")

    with ThreadPoolExecutor(8) as pool:
        slots = list(pool.map(arm, range(8)))

    assert sorted(slots, key=str) == [0] + [None] * 7


def test_one_destination_does_not_use_up_the_slots_of_another(world: World) -> None:
    due(world, 1)
    assert armed(world).arm("one") == 0

    assert world.store.arming("acme", slots=2, room=10).arm("two") is None
    world.client.zadd("relay:due:acme", {"acme/lead-a": 1})

    assert world.store.arming("acme", slots=2, room=10).arm("two") == 0


def test_a_drain_keeps_its_slot_by_showing_itself(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")
    started = world.client.pttl("relay:armed:default:0")

    assert arming.keep(0, "one")

    assert SILENT_MS < started <= START_MS
    assert 0 < world.client.pttl("relay:armed:default:0") <= SILENT_MS


def test_the_slot_of_a_silent_drain_falls_free_and_its_drain_learns_of_it(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")
    silent(world, 0)

    assert not arming.keep(0, "one")
    assert arming.arm("two") == 0

    assert not arming.keep(0, "one")
    assert arming.keep(0, "two")


def test_a_drain_may_leave_when_nothing_is_due(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")
    world.deliver()

    assert arming.leave(0, "one")

    due(world, 1, first=1)
    assert arming.arm("two") == 0


def test_a_drain_may_not_leave_while_something_is_due(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")

    assert not arming.leave(0, "one")

    assert arming.keep(0, "one")


def test_a_drain_may_leave_a_slot_that_is_anothers_by_now(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")
    silent(world, 0)
    arming.arm("two")

    assert arming.leave(0, "one")

    assert arming.keep(0, "two")


def test_a_slot_is_passed_on_to_a_successor(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")

    arming.pass_on(0, "one", "two")

    assert not arming.keep(0, "one")
    assert arming.keep(0, "two")


def test_a_slot_without_a_successor_is_free_at_once(world: World) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")

    arming.pass_on(0, "one", "")

    assert arming.arm("two") == 0


@pytest.mark.parametrize("successor", ["three", ""])
def test_one_who_lost_its_slot_passes_nothing_on(world: World, successor: str) -> None:
    due(world, 1)
    arming = armed(world)
    arming.arm("one")
    silent(world, 0)
    arming.arm("two")

    arming.pass_on(0, "one", successor)

    assert arming.keep(0, "two")


def test_a_nudge_enqueues_a_drain_for_each_slot_that_is_wanted(world: World) -> None:
    due(world, 15)
    nudger = Nudger(world.client, world.store.errandry, [armed(world, slots=4, room=10)])

    assert nudger.nudge() == 2
    assert nudger.nudge() == 0

    jobs = queued(world.client)
    assert [(destination, slot) for destination, slot, _ in jobs] == [("default", 0), ("default", 1)]
    assert [world.client.get(f"relay:armed:default:{slot}") for slot in (0, 1)] == [
        str(job[2]).encode() for job in jobs
    ]


def test_a_nudge_with_nothing_due_enqueues_nothing(world: World) -> None:
    assert Nudger(world.client, world.store.errandry, [armed(world)]).nudge() == 0
    assert queued(world.client) == []


def test_no_more_jobs_pile_up_than_that_while_no_worker_takes_them(world: World) -> None:
    due(world, 1)
    nudger = Nudger(world.client, world.store.errandry, [armed(world)])

    for _ in range(MOST_QUEUED + 5):
        nudger.nudge()
        silent(world, 0)

    assert len(queued(world.client)) == MOST_QUEUED


def test_one_nudge_enqueues_no_more_than_that_either(world: World) -> None:
    due(world, MOST_QUEUED + 5)

    assert Nudger(world.client, world.store.errandry, [armed(world, slots=100, room=1)]).nudge() == MOST_QUEUED
    assert len(queued(world.client)) == MOST_QUEUED


def test_each_served_destination_gets_its_drain(world: World) -> None:
    due(world, 1)
    world.client.zadd("relay:due:acme", {"acme/lead-a": 1})

    nudger = Nudger(world.client, world.store.errandry, [armed(world), world.store.arming("acme", slots=2, room=10)])

    assert nudger.nudge() == 2
    assert [job[0] for job in queued(world.client)] == ["default", "acme"]


def test_errands_get_one_job_and_no_more_pile_up_while_nobody_takes_it(world: World) -> None:
    nudger = Nudger(world.client, world.store.errandry, [])
    assert nudger.nudge() == 0
    asking = matched("a", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    world.store.door.accept([asking])

    counts = [nudger.nudge() for _ in range(3)]
    world.client.delete("relay:armed-errands")  # as it falls free where no job shows itself
    counts.append(nudger.nudge())

    assert counts == [1, 0, 0, 0]
    assert queue_of(world.client, BACKGROUND).count == 1


def test_a_nudge_says_in_words_that_redis_is_away(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as server, redis.Redis.from_url(server.url) as client:
        nudger = Nudger(client, Store(client, retention_ms=1).errandry, [])
        server.kill()

        with pytest.raises(StoreError) as raised:
            nudger.nudge()

    assert str(raised.value) == "Redis is away or still loading: start it, or check REDIS_URL"


@contextlib.contextmanager
def ticking(nudger: Nudger, *, tick_s: float) -> Iterator[Ticker]:
    ticker = Ticker(nudger, tick_s=tick_s)
    ticker.start()
    try:
        yield ticker
    finally:
        ticker.stop()
        until(lambda: not any(thread.name == "ticker" for thread in threading.enumerate()))


def test_the_ticker_nudges_by_itself(world: World) -> None:
    with ticking(Nudger(world.client, world.store.errandry, [armed(world)]), tick_s=0.01):
        due(world, 1)

        until(lambda: len(queued(world.client)) == 1)


def test_the_ticker_nudges_at_once_when_asked(world: World) -> None:
    with ticking(Nudger(world.client, world.store.errandry, [armed(world)]), tick_s=3_600) as ticker:
        due(world, 1)
        ticker.soon()

        until(lambda: len(queued(world.client)) == 1)


def test_the_ticker_goes_on_after_redis_was_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        world = World(Store(client, retention_ms=DAY_MS))
        due(world, 1)
        server.kill()
        with ticking(Nudger(client, world.store.errandry, [armed(world)]), tick_s=0.01):
            until(lambda: "store.away" in caplog.messages)

            server.start()
            until(lambda: len(queued(client)) == 1)
