"""Accepting over a real Redis: all or none, once, counted, kept for as long as it waits, and refused in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from relay.audit import audit
from relay.embedded import EmbeddedRedis
from relay.errors import StoreError
from relay.model import Arrival, Fault, Mapped, Reason, State
from relay.settings import DAY_MS
from relay.store import Store, record
from tests.far_crm import World, arrival, update

FAULT = Reason(kind="mapping", words="rules/cotiza.yaml:9: phone is missing")


def waiting(id: str = "a", lead: str = "lead-a", at_ms: int | None = None) -> Arrival:
    return arrival(id, lead, update(phone="A"), at_ms=at_ms)


def without_updates(id: str, state: State, *, lead: str = "", reason: Reason | None = None) -> Arrival:
    mapped = Mapped(event_id=id, at_ms=None, lead=lead, state=state, reason=reason)
    return replace(arrival(id, lead), mapped=mapped)


def counts(store: Store) -> dict[str, int]:
    return {name: n for name, n in store.events.counts(store.events.today()).get("cotiza", {}).items() if n}


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def limited(client: redis.Redis) -> Iterator[redis.Redis]:
    """A Redis whose memory a test may limit; the limit ends with the test."""
    yield client
    client.config_set("maxmemory", 0)


def test_an_accepted_event_can_be_read_back_whole(store: Store) -> None:
    given = replace(arrival("a", "lead-a", update(phone="A"), update(each=True, title="x"), at_ms=5), kind="visit")

    [accepted] = store.door.accept([given])

    event = store.events.event(accepted.id)
    assert event is not None
    assert (accepted.duplicate, accepted.state) == (False, State.IN_FLIGHT)
    assert (event.hook, event.kind, event.sender_id, event.lead) == ("cotiza", "visit", "a", "lead-a")
    assert (event.body, event.updates) == (given.body, given.mapped.updates)
    assert event.update_states == (State.IN_FLIGHT, State.IN_FLIGHT)
    assert event.stamp.at_ms == 5


def test_events_of_one_call_are_accepted_together_in_their_order(store: Store) -> None:
    accepted = store.door.accept([waiting("a"), waiting("b"), without_updates("c", State.IGNORED)])

    today = store.events.today()
    assert [one.state for one in accepted] == [State.IN_FLIGHT, State.IN_FLIGHT, State.IGNORED]
    assert store.events.log("cotiza", today) == [one.id for one in accepted]
    assert counts(store) == {"accepted": 3, "in flight": 2, "ignored": 1}


def test_a_second_event_of_the_same_id_is_a_duplicate_and_changes_nothing(store: Store) -> None:
    store.door.accept([waiting("a", at_ms=5)])

    [again] = store.door.accept([arrival("a", "lead-b", update(phone="B"))])

    assert again.duplicate
    assert again.state is State.IN_FLIGHT
    assert counts(store) == {"accepted": 1, "in flight": 1, "duplicate": 1}
    assert store.events.lead("lead-b").pending == ()


def test_a_duplicate_says_where_the_event_stands_by_now(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver()

    [again] = world.store.door.accept([waiting("a")])

    assert (again.duplicate, again.state) == (True, State.DELIVERED)


def test_the_same_id_at_another_hook_is_another_event(store: Store) -> None:
    [here] = store.door.accept([waiting("a")])
    [there] = store.door.accept([replace(waiting("a"), hook="visitas")])

    assert not there.duplicate
    assert here.id != there.id


def test_the_same_event_twice_in_one_call_is_accepted_once(store: Store) -> None:
    first, second = store.door.accept([waiting("a"), waiting("a")])

    assert (first.duplicate, second.duplicate) == (False, True)
    assert counts(store) == {"accepted": 1, "in flight": 1, "duplicate": 1}


def test_of_many_at_once_one_wins(redis_server: EmbeddedRedis, store: Store) -> None:
    start = threading.Barrier(8)

    def accept(_: int) -> bool:
        with redis.Redis.from_url(redis_server.url) as own:
            door = Store(own, retention_ms=30 * DAY_MS).door
            start.wait(10)
            return door.accept([waiting("a")])[0].duplicate

    with ThreadPoolExecutor(8) as pool:
        duplicates = list(pool.map(accept, range(8)))

    assert sorted(duplicates) == [False] + [True] * 7
    assert counts(store) == {"accepted": 1, "in flight": 1, "duplicate": 7}


def test_the_clients_own_repetition_of_a_call_is_no_duplicate(store: Store) -> None:
    given = waiting("a")
    id = record.event_id("cotiza", "a")
    call = [
        "nonce",
        DAY_MS,
        86_400,
        id,
        "cotiza",
        "default",
        "lead-a",
        "p",
        "",
        1,
        record.pack(given),
        "",
        "",
        "",
        "park",
        "",
        b"",
    ]

    first = store.scripts.run("accept", *call)
    repeated = store.scripts.run("accept", *call)
    anew = store.scripts.run("accept", "other", *call[1:])

    assert first[1] == repeated[1] == [0, b"p"]
    assert anew[1] == [1, b"p"]
    assert counts(store) == {"accepted": 1, "in flight": 1, "duplicate": 1}
    assert store.events.lead("lead-a").pending == (id,)


@pytest.mark.parametrize(("state", "index"), [(State.PARKED, "parked"), (State.DEAD, "dead"), (State.IGNORED, None)])
def test_an_event_without_updates_stands_where_people_look_for_it(
    store: Store, state: State, index: str | None
) -> None:
    reason = None if state is State.IGNORED else FAULT

    [accepted] = store.door.accept([without_updates("a", state, lead="lead-a", reason=reason)])

    event = store.events.event(accepted.id)
    assert event is not None
    assert (event.state, event.update_states, event.reason) == (state, (), reason)
    found = {"parked": store.events.parked(), "dead": store.events.dead()}
    assert found == {name: ([accepted.id] if name == index else []) for name in found}
    assert store.events.lead("lead-a").due_ms is None
    assert counts(store) == {"accepted": 1, state.word: 1}


def test_an_event_with_faults_is_listed_for_people(store: Store) -> None:
    whole = waiting("a")
    faults = (Fault(rule="contact", register="email", words="is not an e-mail address"),)

    [accepted, _] = store.door.accept([replace(whole, mapped=replace(whole.mapped, faults=faults)), waiting("b")])

    assert store.events.faulty() == [accepted.id]


@pytest.mark.parametrize("ahead_ms", [1, 3_600_000])
def test_a_time_in_the_future_is_cut_to_the_time_of_receipt(store: Store, ahead_ms: int) -> None:
    at_ms = store.events.now_ms() + 60_000 + ahead_ms

    [accepted] = store.door.accept([waiting("a", at_ms=at_ms)])

    event = store.events.event(accepted.id)
    assert event is not None
    assert event.stamp.at_ms == event.received_ms < at_ms


def test_an_event_without_a_time_happened_when_it_was_received(store: Store) -> None:
    [accepted] = store.door.accept([waiting("a", at_ms=None)])

    event = store.events.event(accepted.id)
    assert event is not None
    assert event.stamp.at_ms == event.received_ms


def test_a_time_before_1970_is_a_time(store: Store) -> None:
    [accepted] = store.door.accept([waiting("a", at_ms=-86_400_000)])

    event = store.events.event(accepted.id)
    assert event is not None
    assert event.stamp.at_ms == -86_400_000
    assert event.state is State.IN_FLIGHT


@pytest.mark.parametrize(
    ("state", "expires"),
    [(State.IN_FLIGHT, False), (State.PARKED, False), (State.DEAD, False), (State.IGNORED, True)],
)
def test_a_record_expires_once_its_event_has_ended_and_never_while_it_waits(
    store: Store, client: redis.Redis, state: State, expires: bool
) -> None:
    given = waiting() if state is State.IN_FLIGHT else without_updates("a", state, reason=FAULT)

    [accepted] = store.door.accept([given])

    left = client.pttl(f"relay:e:{accepted.id}")
    assert (29 * DAY_MS < left <= 30 * DAY_MS) if expires else left == -1


def test_a_delivered_event_expires_after_the_retention_time(world: World) -> None:
    id = world.accept("a", "lead-a", update(phone="A"))

    world.deliver()

    assert 29 * DAY_MS < world.client.pttl(f"relay:e:{id}") <= 30 * DAY_MS


def test_the_log_of_the_day_outlives_the_records_that_it_names(store: Store, client: redis.Redis) -> None:
    store.door.accept([waiting("a")])

    assert 31 * DAY_MS < client.pttl(f"relay:log:cotiza:{store.events.today()}") <= 32 * DAY_MS


def test_a_lead_is_due_from_the_moment_its_event_is_accepted(store: Store) -> None:
    [accepted] = store.door.accept([waiting("a")])

    lead = store.events.lead("lead-a")
    assert lead.pending == (accepted.id,)
    assert lead.due_ms is not None
    assert lead.due_ms <= store.events.now_ms()


def test_a_lead_of_another_destination_is_another_lead(store: Store) -> None:
    [accepted] = store.door.accept([replace(waiting("a"), destination="acme")])

    assert store.events.lead("acme/lead-a").pending == (accepted.id,)
    assert store.events.lead("lead-a").pending == ()
    assert store.gates.destinations() == ["acme"]


def test_work_that_no_drain_serves_calls_for_one(client: redis.Redis) -> None:
    calls: list[int] = []
    store = Store(client, retention_ms=DAY_MS, nudge=lambda: calls.append(1))

    store.door.accept([without_updates("i", State.IGNORED)])
    assert calls == []
    store.door.accept([waiting("a")])
    assert calls == [1]
    assert store.arming("default", slots=1, room=1).arm("a drain") == 0
    store.door.accept([waiting("b")])

    assert calls == [1]


def test_a_waiting_drain_is_woken_once_however_many_events_come(world: World) -> None:
    world.store.door.accept([waiting("a"), waiting("b")])
    world.store.door.accept([waiting("c")])

    assert world.client.llen("relay:wake:default") == 1
    assert world.delivery.wait(world.client, seconds=5)


def test_an_event_that_needs_no_delivery_wakes_nobody(store: Store, client: redis.Redis) -> None:
    store.door.accept([without_updates("a", State.PARKED, reason=FAULT)])

    assert not client.exists("relay:wake:default")


def test_a_hook_once_known_stays_known(store: Store) -> None:
    store.door.know(["cotiza", "visitas"])
    store.door.know(["cotiza"])

    assert store.door.ever_known("visitas")
    assert not store.door.ever_known("another")


def test_a_rejected_request_is_kept_and_counted(store: Store) -> None:
    store.door.reject("cotiza", status=401, words="the signature is wrong", size=123)
    store.door.reject("cotiza", status=413, words="too large", size=9_999_999)

    assert [(one.status, one.words, one.size) for one in store.events.rejected()] == [
        (413, "too large", 9_999_999),
        (401, "the signature is wrong", 123),
    ]
    assert counts(store) == {"rejected": 2}


def test_a_nearly_full_redis_takes_no_event_but_lets_a_drain_finish(world: World, limited: redis.Redis) -> None:
    id = world.accept("a", "lead-a", update(phone="A"))
    limited.config_set("maxmemory", int(limited.info("memory")["used_memory"] * 1.15))

    with pytest.raises(StoreError) as raised:
        Store(limited, retention_ms=DAY_MS).door.accept([waiting("b")])
    world.deliver()

    assert str(raised.value) == "Redis is nearly full: raise maxmemory, nothing was accepted"
    assert world.state(id) is State.DELIVERED
    assert counts(world.store) == {"accepted": 1, "delivered": 1}


def test_a_full_redis_takes_no_part_of_a_call(store: Store, limited: redis.Redis) -> None:
    store.door.accept([waiting("before")])  # and so the memory is not looked at again in this second
    limited.config_set("maxmemory", 1)

    with pytest.raises(StoreError) as raised:
        store.door.accept([waiting("a"), waiting("b"), without_updates("c", State.DEAD, reason=FAULT)])

    assert str(raised.value) == "Redis is full: raise maxmemory, nothing was accepted"
    assert counts(store) == {"accepted": 1, "in flight": 1}
    assert store.events.dead() == []
    assert audit(store).holds


def test_what_is_in_flight_when_redis_is_full_can_still_be_recorded(world: World, limited: redis.Redis) -> None:
    id = world.accept("a", "lead-a", update(phone="A"))
    [claim] = world.claim()
    limited.config_set("maxmemory", 1)

    recorded = world.complete(world.attempt(claim))

    assert recorded
    assert world.state(id) is State.DELIVERED


def test_a_redis_with_room_again_takes_events_again(store: Store, limited: redis.Redis) -> None:
    store.door.accept([waiting("before")])
    limited.config_set("maxmemory", 1)
    with pytest.raises(StoreError):
        store.door.accept([waiting("a")])

    limited.config_set("maxmemory", 0)

    assert not store.door.accept([waiting("a")])[0].duplicate


def test_a_redis_that_is_away_is_said_in_words(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as server, redis.Redis.from_url(server.url) as client:
        store = Store(client, retention_ms=DAY_MS)
        store.door.accept([waiting("a")])
        server.kill()

        for call in (
            lambda: store.door.accept([waiting("b")]),
            lambda: store.door.ever_known("cotiza"),
            store.events.dead,
        ):
            with pytest.raises(StoreError) as raised:
                call()
            assert str(raised.value) == "Redis is away or still loading: start it, or check REDIS_URL"


def test_a_hook_that_was_to_be_known_while_redis_was_away_is_known_once_it_is_back(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as server, redis.Redis.from_url(server.url) as client:
        store = Store(client, retention_ms=DAY_MS)
        server.kill()

        store.door.know(["cotiza"])
        server.start()
        store.door.accept([waiting("a")])

        assert store.door.ever_known("cotiza")


def test_a_read_only_redis_is_said_in_words(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as server, redis.Redis.from_url(server.url) as client:
        store = Store(client, retention_ms=DAY_MS)
        store.door.accept([waiting("a")])
        client.replicaof("127.0.0.1", "1")

        with pytest.raises(StoreError) as raised:
            store.door.accept([waiting("b")])

    assert str(raised.value) == "Redis is a read-only replica: let REDIS_URL name the primary"
