"""Delivering over a real Redis: claims, leases, fencing, what is due, and a lead's history and clock."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from relay.audit import audit
from relay.embedded import EmbeddedRedis
from relay.errors import StoreError
from relay.model import State, Update
from relay.settings import DAY_MS
from relay.store import Store
from relay.store.delivery import HISTORY, MOST_UPDATES
from tests.far_crm import DEADLINE_MS, LEASE_MS, World, arrival, update


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def everything(client: redis.Redis) -> dict[bytes, bytes | None]:
    return {key: client.dump(key) for key in client.scan_iter()}


def test_each_due_lead_goes_to_one_claimer(redis_server: EmbeddedRedis, world: World) -> None:
    world.store.door.accept([arrival(f"e{n}", f"lead-{n}", update(phone="A")) for n in range(40)])
    start = threading.Barrier(8)

    def claim(_: int) -> list[str]:
        with redis.Redis.from_url(redis_server.url) as own:
            delivery = Store(own, retention_ms=DAY_MS).delivery("default", lease_ms=LEASE_MS, rate=0)
            start.wait(10)
            rounds = [delivery.exchange([], room=3)[1] for _ in range(10)]
            return [one.name for claims in rounds if claims for one in claims.leads]

    with ThreadPoolExecutor(8) as pool:
        claimed = sorted(name for names in pool.map(claim, range(8)) for name in names)

    assert claimed == sorted(f"lead-{n}" for n in range(40))


def test_a_claim_holds_the_lead_with_all_that_waits_in_order_of_stamps(world: World) -> None:
    now_ms = world.now()
    later = world.accept("later", "lead-a", update(phone="B"), update(each=True, title="x"), at_ms=now_ms - 5)
    earlier = world.accept("earlier", "lead-a", update(phone="A"), at_ms=now_ms - 9)

    [claim] = world.claim()

    assert (claim.name, claim.lead) == ("lead-a", "lead-a")
    assert [(one.event, one.stamp.at_ms, one.stamp.place) for one in claim.pending] == [
        (earlier, now_ms - 9, 0),
        (later, now_ms - 5, 0),
        (later, now_ms - 5, 1),
    ]
    waiting = [(one.update.set, one.update.each) for one in claim.pending]
    assert waiting == [({"phone": "A"}, False), ({"phone": "B"}, False), ({"title": "x"}, True)]
    assert claim.clock == {}


def test_a_lead_of_another_destination_is_claimed_there_alone(world: World) -> None:
    world.store.door.accept([replace(arrival("a", "lead-a", update(phone="A")), destination="acme")])
    acme = world.store.delivery("acme", lease_ms=LEASE_MS, rate=0)

    assert world.claim() == []
    _, claims = acme.exchange([], room=5)

    assert claims is not None
    assert [(one.name, one.lead) for one in claims.leads] == [("acme/lead-a", "lead-a")]


def test_a_claimed_lead_is_nobody_elses_until_its_lease_ends(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [first] = world.claim()

    assert world.claim() == []
    world.advance(LEASE_MS + 1)
    [second] = world.claim()

    assert second.name == first.name
    assert second.token != first.token


def test_a_lease_can_be_prolonged_by_its_owner_alone(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [claim] = world.claim()
    world.advance(LEASE_MS - 5_000)

    assert world.delivery.extend([claim]) == 1
    world.advance(LEASE_MS - 5_000)
    assert world.claim() == []
    world.advance(5_001)
    [other] = world.claim()

    assert world.delivery.extend([claim]) == 0
    assert world.delivery.extend([claim, other]) == 1
    assert world.delivery.extend([]) == 0


def test_an_event_that_comes_during_a_claim_does_not_end_the_lease(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [claim] = world.claim()

    world.accept("b", "lead-a", update(phone="B"))

    assert world.claim() == []
    assert world.complete(world.attempt(claim))
    world.advance(1_000)
    [again] = world.claim()
    assert [one.update.set for one in again.pending] == [{"phone": "B"}]


@pytest.mark.parametrize("fate", ["ok", "fails before", "missing", "denied", "slow"])
def test_one_who_comes_too_late_changes_nothing(world: World, fate: str) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [late] = world.claim()
    world.advance(LEASE_MS + 1)
    [owner] = world.claim()
    before = everything(world.client)

    mine = world.complete(world.attempt(late, fate))

    assert not mine
    assert everything(world.client) == before
    assert world.complete(world.attempt(owner))


@pytest.mark.parametrize("fate", ["ok", "fails before", "missing", "denied", "slow"])
def test_a_completion_that_is_recorded_twice_counts_once(world: World, fate: str) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.accept("b", "lead-b", update(phone="B"))
    [claim, _] = world.claim()
    completion = world.attempt(claim, fate)
    assert world.complete(completion)
    before = everything(world.client)

    world.complete(completion)

    assert everything(world.client) == before


def test_one_round_trip_records_and_claims(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [claim] = world.claim()
    completion = world.attempt(claim)
    world.accept("b", "lead-b", update(phone="B"))

    recorded, claims = world.delivery.exchange([completion], room=5)

    assert recorded == [True]
    assert claims is not None
    assert [one.name for one in claims.leads] == ["lead-b"]


def test_where_neither_is_wanted_nothing_is_asked(world: World) -> None:
    assert world.delivery.exchange([], room=0) == ([], None)


@pytest.mark.parametrize(
    ("fate", "due"),
    [("ok", False), ("fails before", True), ("missing", True), ("slow", True), ("denied", True)],
)
def test_a_lead_is_due_exactly_while_something_is_pending(world: World, fate: str, due: bool) -> None:
    world.accept("a", "lead-a", update(phone="A"))

    world.deliver(fate)

    lead = world.store.events.lead("lead-a")
    assert (lead.due_ms is not None) == bool(lead.pending) == due
    assert audit(world.store).holds


def test_a_refused_event_is_dead_and_its_lead_rests_in_peace(world: World) -> None:
    world.crm.poison = {"bad"}
    id = world.accept("a", "lead-a", update(phone="bad"))

    world.deliver()

    event = world.store.events.event(id)
    assert event is not None
    assert (event.state, event.reason and event.reason.words) == (State.DEAD, "a value is refused")
    assert world.store.events.dead() == [id]
    assert world.store.events.lead("lead-a").due_ms is None


def test_a_lead_stays_due_for_a_value_that_is_to_be_settled(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver("late")
    world.accept("b", "lead-a", update(phone="B"))
    world.advance(1_000)
    world.deliver()

    lead = world.store.events.lead("lead-a")

    assert lead.pending == ()
    assert lead.due_ms is not None
    world.advance(DEADLINE_MS)
    assert world.crm.leads["lead-a"]["phone"] == "A"  # the late one has undone what was newer
    world.deliver()
    assert world.crm.leads["lead-a"]["phone"] == "B"
    assert world.store.events.lead("lead-a").due_ms is None


def test_a_body_in_doubt_is_remembered_though_nothing_is_pending_any_more(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver("late")
    world.advance(1_000)
    world.deliver()
    assert world.store.events.lead("lead-a").due_ms is None

    world.accept("b", "lead-a", update(phone="B"))
    world.deliver()
    world.crm.late_ones_arrive()
    undone = world.crm.leads["lead-a"]["phone"]
    world.deliver_all()

    assert (undone, world.crm.leads["lead-a"]["phone"]) == ("A", "B")


@pytest.mark.parametrize(
    ("updates", "state"),
    [
        # One delivered, one superseded: delivered. One refused, whatever the other: dead. None delivered: superseded.
        ((update(phone="old"), update(title="x")), State.DELIVERED),
        ((update(title="x"), update(each=True, title="bad")), State.DEAD),
        ((update(phone="old"), update(each=True, title="bad")), State.DEAD),
        ((update(phone="old"), update(each=True, phone="older")), State.SUPERSEDED),
    ],
)
def test_an_event_stands_where_its_updates_stand(world: World, updates: tuple[Update, ...], state: State) -> None:
    world.crm.poison = {"bad"}
    now_ms = world.now()
    world.accept("newer", "lead-a", update(phone="new"), at_ms=now_ms - 1)
    world.deliver_all()

    id = world.accept("a", "lead-a", *updates, at_ms=now_ms - 5)
    world.deliver_all()

    assert world.state(id) is state


def test_a_failed_lead_comes_back_after_its_back_off_and_not_before(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    before_ms = world.now()
    world.deliver("fails before")

    due_ms = world.store.events.lead("lead-a").due_ms

    assert due_ms is not None
    assert due_ms >= before_ms + 1_000  # half of two seconds, as the dice of these tests fall
    world.advance(1_000)
    [claim] = world.claim()
    assert [tries.attempts for tries in claim.state.tries.values()] == [1]


def test_a_new_event_does_not_wait_for_the_back_off_of_an_older_one(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver("fails before")

    world.accept("b", "lead-a", update(title="x"))
    world.deliver()

    assert world.crm.leads["lead-a"]["title"] == "x"


def test_one_that_comes_while_an_older_one_fails_does_not_wait_either(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [claim] = world.claim()
    world.accept("b", "lead-a", update(title="x"))

    world.complete(world.attempt(claim, "fails before"))
    world.deliver()

    assert world.crm.leads["lead-a"]["title"] == "x"


def test_a_new_event_of_a_busy_lead_waits_for_its_gap(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver("fails before")
    state = world.client.get("relay:l:lead-a") or b""
    world.client.set("relay:l:lead-a", state.replace(b"0\n0\n", b"0\n60000\n", 1))
    world.client.zadd("relay:due:default", {"lead-a": world.now() + 30_000})
    due_ms = world.store.events.lead("lead-a").due_ms

    world.accept("b", "lead-a", update(phone="B"))

    assert world.store.events.lead("lead-a").due_ms == due_ms


def test_the_gap_of_a_busy_lead_grows_with_each_put_while_more_comes_in(world: World) -> None:
    world.accept("first", "lead-a", update(phone="A"))
    gaps = []
    for n in range(3):
        [claim] = world.claim()
        gaps.append(claim.state.gap_ms)
        world.accept(f"e{n}", "lead-a", update(phone=str(n)))
        world.complete(world.attempt(claim))
        world.advance(1_000)

    assert gaps == [0, 50, 100]


def test_a_lead_of_very_many_updates_is_delivered_in_several_claims(world: World) -> None:
    many = MOST_UPDATES + 100
    world.store.door.accept([arrival(f"e{n}", "lead-a", update(**{f"metadata__k{n}": n})) for n in range(many)])

    [claim] = world.claim()
    world.complete(world.attempt(claim))
    between = world.store.events.lead("lead-a")
    world.deliver_all()

    assert len(claim.pending) == MOST_UPDATES
    assert len(between.pending) == 100
    assert len(world.crm.leads["lead-a"]) == many


def test_a_lead_of_very_many_updates_rests_after_a_failure_like_any_other(world: World) -> None:
    many = MOST_UPDATES + 100
    world.store.door.accept([arrival(f"e{n}", "lead-a", update(phone=str(n))) for n in range(many)])

    before_ms = world.now()

    world.deliver("fails before")

    due_ms = world.store.events.lead("lead-a").due_ms
    assert due_ms is not None
    assert due_ms >= before_ms + 1_000


def test_a_put_that_might_outlive_its_lease_is_not_sent(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    [claim] = world.claim()

    completion = world.attempt(replace(claim, until_ms=world.now() + DEADLINE_MS - 1))

    assert world.crm.puts == []
    assert world.complete(completion)
    assert [one.name for one in world.claim()] == ["lead-a"]


def test_delivery_survives_a_redis_that_forgot_its_scripts(world: World) -> None:
    id = world.accept("a", "lead-a", update(phone="A"))
    world.client.script_flush()

    world.deliver()
    world.client.script_flush()
    world.accept("b", "lead-a", update(phone="B"))

    assert world.state(id) is State.DELIVERED


def test_a_redis_that_went_away_is_said_and_the_same_exchange_can_be_made_again(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        world = World(Store(client, retention_ms=DAY_MS))
        id = world.accept("a", "lead-a", update(phone="A"))
        [claim] = world.claim()
        completion = world.attempt(claim)
        server.kill()
        with pytest.raises(StoreError) as raised:
            world.complete(completion)

        server.start()

        assert str(raised.value) == "Redis is away or still loading: start it, or check REDIS_URL"
        assert world.complete(completion)
        assert world.state(id) is State.DELIVERED


def test_history_tells_of_each_attempt_who_was_in_it_and_what_came(world: World) -> None:
    a = world.accept("a", "lead-a", update(phone="A"))
    world.deliver("fails before")
    b = world.accept("b", "lead-a", update(title="x"))
    world.advance(1_000)
    world.deliver()

    failed, passed = world.store.events.lead("lead-a").history

    assert (failed.events, failed.status, failed.words, failed.attempt) == ([a], 500, "the lead API answered 500", 1)
    assert (passed.events, passed.status, passed.words, passed.attempt) == ([a, b], 200, "", 2)


def test_history_names_what_newer_events_kept_out(world: World) -> None:
    now_ms = world.now()
    old = world.accept("old", "lead-a", update(phone="A", title="x"), at_ms=now_ms - 9)
    void = world.accept("void", "lead-a", update(phone="B"), at_ms=now_ms - 7)
    new = world.accept("new", "lead-a", update(phone="C"), at_ms=now_ms - 5)

    world.deliver()

    [entry] = world.store.events.lead("lead-a").history
    assert entry.events == [old, new]
    assert entry.left_out == {old: ["phone"]}
    assert entry.superseded == {void: new}


def test_history_is_capped_and_the_clock_stays_behind_it(world: World) -> None:
    last = ""
    for n in range(HISTORY + 10):
        last = world.accept(f"e{n}", "lead-a", update(phone=str(n)))
        world.deliver()

    lead = world.store.events.lead("lead-a")

    assert len(lead.history) == HISTORY - 1
    assert lead.history[-1].events == [last]
    assert {name: event for name, (_, event) in lead.clock.items()} == {"phone": last}


def test_a_clock_outlives_the_events_of_its_lead(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))

    world.deliver()

    assert 300 * DAY_MS < world.client.pttl("relay:c:lead-a") <= 360 * DAY_MS


def test_a_clock_does_not_expire_while_an_event_of_its_lead_is_dead(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver()
    world.crm.poison = {"bad"}
    ids = [world.accept(name, "lead-a", update(title="bad")) for name in ("b", "c")]
    world.deliver()
    world.deliver_all()

    lasting = []
    for id in ids:
        lasting.append(world.client.pttl("relay:c:lead-a") == -1)
        event = world.store.events.event(id)
        assert event is not None
        world.store.letters.discard(event, who="ana", why="a test")

    assert lasting == [True, True]
    assert world.client.pttl("relay:c:lead-a") > 0
    assert not world.client.exists("relay:waiting")


def test_a_record_that_cannot_be_read_stops_only_its_own_lead(world: World) -> None:
    broken = world.accept("1", "lead-a", update(phone="1"))
    world.accept("2", "lead-b", update(phone="2"))
    header = world.client.get(f"relay:e:{broken}").split(b"\n")[0]
    world.client.set(f"relay:e:{broken}", header + b"\n\x01not compressed")

    world.deliver()

    assert world.crm.leads == {"lead-b": {"phone": "2"}}
