"""The audit: whatever is lost, stray or miscounted is found and said, and a healthy store is left in peace."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from relay.audit import Audit, audit, kept, now_and_then
from relay.model import State
from relay.settings import DAY_MS
from relay.store import Store
from relay.store.events import date_of
from tests.far_crm import DEADLINE_MS, World, update
from tests.waiting import until


@pytest.fixture
def world(store: Store) -> World:
    """One event delivered, one dead, one in flight."""
    one = World(store)
    one.crm.poison = {"bad"}
    one.accept("delivered", "lead-a", update(phone="A"))
    one.accept("dead", "lead-b", update(phone="bad"))
    one.deliver()
    one.accept("waiting", "lead-c", update(phone="C"))
    return one


def id_of(world: World, name: str) -> str:
    events = world.store.events
    return next(one.id for one in events.events(events.log("cotiza", events.today())) if one.sender_id == name)


def sum_of(found: Audit) -> str:
    [one] = found.sums
    return str(one)


def test_a_healthy_store_adds_up(world: World) -> None:
    found = audit(world.store)

    day = date_of(world.store.events.today())
    assert found.holds
    assert found.faults == ()
    assert sum_of(found) == (
        f"cotiza {day}: 3 accepted = 1 in flight + 1 delivered + 0 superseded"
        " + 0 ignored + 0 parked + 1 dead + 0 discarded"
    )


def test_an_empty_store_adds_up_to_nothing(store: Store) -> None:
    assert audit(store) == Audit(sums=(), faults=())


def test_duplicates_and_rejected_requests_are_no_part_of_the_sum(world: World) -> None:
    world.accept("delivered", "lead-a", update(phone="A"))
    world.store.door.reject("cotiza", status=401, words="the signature is wrong", size=9)

    assert audit(world.store).holds


def test_a_lead_that_waits_to_be_settled_is_no_stray(world: World) -> None:
    world.accept("late", "lead-d", update(phone="D"))
    world.deliver("late")
    world.accept("newer", "lead-d", update(phone="E"))
    world.advance(2_000)
    world.deliver()
    assert world.store.events.lead("lead-d").pending == ()

    assert audit(world.store).holds
    world.advance(DEADLINE_MS)
    assert audit(world.store).holds


@pytest.mark.parametrize("name", ["delivered", "dead", "waiting"])
def test_a_lost_record_is_found(world: World, name: str) -> None:
    world.client.delete(f"relay:e:{id_of(world, name)}")

    found = audit(world.store)

    assert not found.holds
    assert found.sums[0].missing == 1
    assert sum_of(found).endswith(", 1 have no record")


def test_a_record_that_was_lost_while_it_waited_leaves_its_lead_behind(world: World) -> None:
    id = id_of(world, "waiting")
    world.client.delete(f"relay:e:{id}")

    assert audit(world.store).faults == (f"lead lead-c has event {id} pending, which is not in flight",)


@pytest.mark.parametrize("what", ["accepted", "d", "x", "p"])
@pytest.mark.parametrize("by", [1, -1])
def test_a_counter_that_differs_is_found(world: World, what: str, by: int) -> None:
    world.client.hincrby(f"relay:n:{world.store.events.today()}", f"cotiza:{what}", by)

    found = audit(world.store)

    assert not found.holds
    assert found.faults == ()
    assert sum_of(found).endswith(", the counters differ")


def test_an_event_that_the_log_forgot_is_found_by_the_counters(world: World) -> None:
    world.client.lpop(f"relay:log:cotiza:{world.store.events.today()}")

    found = audit(world.store)

    assert not found.holds
    assert sum_of(found).endswith(", the counters differ")


def test_a_whole_log_that_is_gone_is_found_by_the_counters(world: World) -> None:
    world.client.delete(f"relay:log:cotiza:{world.store.events.today()}")

    found = audit(world.store)

    assert not found.holds
    assert sum_of(found).endswith(", the counters differ")


def test_a_lead_that_no_drain_will_find_is_found(world: World) -> None:
    world.client.zrem("relay:due:default", "lead-c")

    found = audit(world.store)

    assert not found.holds
    assert found.faults == ("lead lead-c has pending updates but is not due",)


def test_a_lead_that_is_due_for_nothing_is_found(world: World) -> None:
    world.client.zadd("relay:due:default", {"lead-z": 1})

    assert audit(world.store).faults == ("lead lead-z is due but has nothing pending",)


def test_an_event_that_no_lead_has_pending_is_found(world: World) -> None:
    id = id_of(world, "waiting")
    world.client.delete("relay:p:lead-c")
    world.client.zrem("relay:due:default", "lead-c")

    assert audit(world.store).faults == (f"event {id} is in flight but not pending under lead lead-c",)


def test_an_event_that_is_still_pending_though_it_has_ended_is_found(world: World) -> None:
    id = id_of(world, "delivered")
    world.client.zadd("relay:p:lead-c", {f"00000000000001.00:{id}": 1})

    assert audit(world.store).faults == (f"lead lead-c has event {id} pending, which is not in flight",)


def test_a_state_that_was_changed_by_hand_is_found(world: World) -> None:
    world.client.setrange(f"relay:e:{id_of(world, 'delivered')}", 0, State.SUPERSEDED.value)

    assert sum_of(audit(world.store)).endswith(", the counters differ")


def test_every_fault_is_said_in_one_go(world: World) -> None:
    world.client.delete(f"relay:e:{id_of(world, 'delivered')}")
    world.client.zrem("relay:due:default", "lead-c")
    world.client.zadd("relay:due:default", {"lead-z": 1})

    found = audit(world.store)

    assert found.faults == (
        "lead lead-c has pending updates but is not due",
        "lead lead-z is due but has nothing pending",
    )
    assert found.sums[0].missing == 1


def test_days_whose_records_may_have_expired_are_left_out(world: World) -> None:
    today = world.store.events.today()
    world.client.rpush(f"relay:log:cotiza:{today - 31}", "an event of long ago")
    world.client.hset(f"relay:n:{today - 31}", "cotiza:accepted", 1)

    assert world.store.retention_ms == 30 * DAY_MS
    assert audit(world.store).holds


def test_each_hook_and_each_day_has_a_sum_of_its_own(world: World) -> None:
    today = world.store.events.today()
    world.client.rpush(f"relay:log:visitas:{today}", "lost")
    world.client.rpush(f"relay:log:cotiza:{today - 1}", "lost", "lost too")

    found = audit(world.store)

    assert [(one.hook, one.day, one.missing) for one in found.sums] == [
        ("cotiza", today - 1, 2),
        ("cotiza", today, 0),
        ("visitas", today, 1),
    ]


def test_events_that_move_while_they_are_added_up_are_no_fault(store: Store) -> None:
    world, stop = World(store), threading.Event()

    def traffic() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            world.accept(f"event {number}", f"lead-{number % 5}", update(phone=str(number)))
            world.deliver()

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(traffic)
        try:
            until(lambda: store.events.counts(store.events.today()).get("cotiza", {}).get("delivered", 0) > 50)
            found = [audit(store) for _ in range(10)]
        finally:
            stop.set()
        done.result(10)

    assert [one for one in found if not one.holds] == []
    assert audit(store).sums[0].counted is not None


def test_the_verdict_is_kept_for_those_who_ask_later(world: World) -> None:
    assert world.store.proofs.last() is None

    audit(world.store)

    proof = world.store.proofs.last()
    assert proof is not None
    assert (proof.holds, proof.events, proof.faults) == (True, 3, ())
    assert 0 <= world.store.events.now_ms() - proof.at_ms < 10_000


def test_a_verdict_that_is_bad_is_kept_with_what_was_found(world: World) -> None:
    world.client.delete(f"relay:e:{id_of(world, 'dead')}")

    audit(world.store)

    proof = world.store.proofs.last()
    assert proof is not None
    assert not proof.holds
    assert "1 have no record" in proof.faults[0]


def test_by_itself_an_audit_is_run_once_an_hour_whoever_asks(world: World) -> None:
    first, second = now_and_then(world.store), now_and_then(Store(world.client, retention_ms=30 * DAY_MS))

    assert first is not None
    assert first.holds
    assert second is None
    assert 3_590_000 < world.client.pttl("relay:proof-turn") <= 3_600_000


def test_by_itself_no_audit_reads_more_events_than_is_soon_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(world.store) == 3
    monkeypatch.setattr("relay.audit.MOST_BY_ITSELF", 2)

    assert now_and_then(world.store) is None
    assert world.store.proofs.last() is None


def test_an_audit_that_finds_something_by_itself_says_so_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.client.delete(f"relay:e:{id_of(world, 'dead')}")

    now_and_then(world.store)

    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["audit.fails"]
