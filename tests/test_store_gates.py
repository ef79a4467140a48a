"""What lets a destination's deliveries through or keeps them back: rate, rest, hold, breaker, and who goes first."""

from __future__ import annotations

import pytest

from relay.model import State
from relay.store import Store
from relay.store.delivery import Claims
from tests.far_crm import LEASE_MS, World, update
from tests.waiting import until

PROBE_AFTER_DENIAL_MS = 10_000
PROBE_AFTER_FAILURES_MS = 5_000
FAILURES_TO_OPEN = 20


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def claims(world: World, room: int = 100) -> Claims:
    _, found = world.delivery.exchange([], room=room)
    assert found is not None
    return found


def names(found: Claims) -> list[str]:
    return [one.name for one in found.leads]


def fail(world: World, times: int) -> None:
    for n in range(times):
        world.accept(f"failing {n}", f"failing-{n}", update(phone="A"))
    world.deliver("fails before")


def test_a_rate_is_kept_by_the_scripts_own_clock(world: World) -> None:
    rate, burst = 200, 40
    for n in range(60):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))
    world.delivery.rate = rate

    rounds = [claims(world)]
    until(lambda: rounds.append(claims(world)) or sum(len(one.leads) for one in rounds) == 60)

    given = 0
    for one in rounds:
        given += len(one.leads)
        assert given <= burst + (one.now_ms - rounds[0].now_ms) * rate / 1000
    assert len(rounds[0].leads) == burst


def test_a_destination_that_was_idle_for_long_has_saved_up_no_more_than_a_burst(world: World) -> None:
    for n in range(30):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))
    world.delivery.rate = 50
    first = claims(world)
    world.client.hincrby("relay:d:default", "at", -3_600_000)

    second = claims(world)

    assert (len(first.leads), len(second.leads)) == (10, 10)


def test_an_empty_bucket_says_when_there_will_be_more(world: World) -> None:
    for n in range(2):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))
    world.delivery.rate = 0.01

    first, second = claims(world), claims(world)

    assert (len(first.leads), first.gate) == (1, "")
    assert (len(second.leads), second.gate) == (0, "rate")
    assert 0 < second.wait_ms <= 100_000


def test_without_a_rate_all_that_is_due_is_given(world: World) -> None:
    for n in range(300):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))

    assert len(claims(world, room=1_000).leads) == 300


@pytest.mark.parametrize(("due", "room", "wait_ms"), [(3, 2, 0), (0, 2, 1_000)])
def test_a_claim_says_how_long_to_wait_for_the_next(world: World, due: int, room: int, wait_ms: int) -> None:
    for n in range(due):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))

    assert claims(world, room=room).wait_ms == wait_ms


def test_a_claim_waits_no_longer_than_for_the_next_back_off(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver("fails before")
    world.advance(600)

    found = claims(world)

    assert found.leads or 0 < found.wait_ms <= 400  # it is due by now where this machine was slow


def test_a_destination_that_asks_for_rest_gets_it(world: World) -> None:
    id = world.accept("a", "lead-a", update(phone="A"))
    world.accept("b", "lead-b", update(phone="B"))

    world.complete(world.attempt(world.claim(room=1)[0], "slow"))

    found = claims(world)
    assert (found.leads, found.gate) == ((), "slowed")
    assert 0 < found.wait_ms <= 3_000
    gate = world.store.gates.gate("default")
    assert (gate.state, gate.words, gate.leads) == ("slowed", "too many requests", 2)
    world.advance(3_000)
    assert names(claims(world)) == ["lead-b", "lead-a"]
    assert world.state(id) is State.IN_FLIGHT


def test_a_shorter_rest_does_not_end_a_longer_one(world: World) -> None:
    for name in ("a", "b"):
        world.accept(name, f"lead-{name}", update(phone="A"))
    first, second = world.claim()
    world.complete(world.attempt(first, "slow"))
    world.advance(-10_000)  # the same rest, as if it had been asked for ten seconds longer

    world.complete(world.attempt(second, "slow"))

    assert 3_000 < claims(world).wait_ms <= 13_000


def test_a_denied_key_holds_all_and_sends_one_probe_at_a_time(world: World) -> None:
    ids = [world.accept(name, f"lead-{name}", update(phone="A")) for name in ("a", "b", "c")]

    world.complete(world.attempt(world.claim(room=1)[0], "denied"))

    held = claims(world)
    assert (held.leads, held.gate) == ((), "held")
    assert 0 < held.wait_ms <= PROBE_AFTER_DENIAL_MS
    world.advance(PROBE_AFTER_DENIAL_MS)
    assert len(world.claim()) == 1
    assert (claims(world).leads, claims(world).gate) == ((), "held")
    gate = world.store.gates.gate("default")
    assert (gate.state, gate.words) == ("held", "The provided API key is not valid")
    assert {world.state(id) for id in ids} == {State.IN_FLIGHT}


def test_failures_of_puts_that_were_on_their_way_do_not_shorten_the_hold(world: World) -> None:
    for n in range(FAILURES_TO_OPEN + 1):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))
    first, *others = world.claim()
    world.complete(world.attempt(first, "denied"))
    probe = world.client.hget("relay:d:default", "probe")

    for claim in others:
        world.complete(world.attempt(claim, "fails before"))

    assert world.client.hget("relay:d:default", "probe") == probe
    assert claims(world).gate == "held"
    assert world.store.gates.gate("default").words == "The provided API key is not valid"


def test_a_probe_that_is_denied_too_keeps_the_hold(world: World) -> None:
    for name in ("a", "b"):
        world.accept(name, f"lead-{name}", update(phone="A"))
    world.deliver("denied", room=1)
    world.advance(PROBE_AFTER_DENIAL_MS)

    world.deliver("denied")

    assert claims(world).gate == "held"
    assert claims(world).leads == ()


def test_a_probe_that_passes_ends_the_hold(world: World) -> None:
    for name in ("a", "b", "c"):
        world.accept(name, f"lead-{name}", update(phone="A"))
    world.deliver("denied", room=1)
    world.advance(PROBE_AFTER_DENIAL_MS)

    world.deliver()

    found = claims(world)
    assert (len(found.leads), found.gate) == (2, "")
    assert world.store.gates.gate("default").state == "flowing"


def test_a_probe_whose_worker_died_is_followed_by_another(world: World) -> None:
    for name in ("a", "b"):
        world.accept(name, f"lead-{name}", update(phone="A"))
    world.deliver("denied", room=1)
    world.advance(PROBE_AFTER_DENIAL_MS)
    assert len(world.claim()) == 1

    world.advance(LEASE_MS)

    assert len(world.claim()) == 1


def test_twenty_failures_in_a_row_open_the_breaker(world: World) -> None:
    fail(world, FAILURES_TO_OPEN)
    world.accept("a", "lead-a", update(phone="A"))

    found = claims(world)

    assert (found.leads, found.gate) == ((), "open")
    assert 0 < found.wait_ms <= PROBE_AFTER_FAILURES_MS
    gate = world.store.gates.gate("default")
    assert (gate.state, gate.words) == ("open", "the lead API answered 500")


def test_fewer_failures_do_not_open_it(world: World) -> None:
    fail(world, FAILURES_TO_OPEN - 1)
    world.accept("a", "lead-a", update(phone="A"))

    assert names(claims(world)) == ["lead-a"]


@pytest.mark.parametrize("fate", ["ok", "missing"])
def test_an_answer_in_between_begins_the_row_anew(world: World, fate: str) -> None:
    fail(world, FAILURES_TO_OPEN - 1)
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver(fate)
    world.advance(1_000)

    world.deliver("fails before", room=FAILURES_TO_OPEN - 1)

    assert world.store.gates.gate("default").state == "flowing"


def test_an_open_breaker_closes_with_the_first_success(world: World) -> None:
    fail(world, FAILURES_TO_OPEN)
    world.advance(PROBE_AFTER_FAILURES_MS)

    world.deliver()

    assert len(world.crm.leads) == 1
    assert len(claims(world).leads) == FAILURES_TO_OPEN - 1


def test_an_open_breaker_stays_open_where_the_probe_fails(world: World) -> None:
    fail(world, FAILURES_TO_OPEN)
    world.advance(PROBE_AFTER_FAILURES_MS)

    world.deliver("fails before")

    assert claims(world).gate == "open"
    assert len(world.crm.puts) == FAILURES_TO_OPEN + 1


def test_one_destination_does_not_keep_another_back(world: World) -> None:
    world.accept("a", "lead-a", update(phone="A"))
    world.deliver("denied")
    other = world.store.delivery("acme", lease_ms=LEASE_MS, rate=0)

    _, found = other.exchange([], room=1)

    assert found is not None
    assert found.gate == ""


def test_a_live_lead_goes_before_retries_that_fall_due_at_the_same_time(world: World) -> None:
    world.accept("a", "lead-retried", update(phone="A"))
    world.deliver("fails before")
    world.advance(30_000)

    world.accept("b", "lead-live", update(phone="B"))

    assert [one.name for one in world.claim(room=1)] == ["lead-live"]


def replay(world: World, id: str) -> None:
    event = world.store.events.event(id)
    assert event is not None
    world.store.letters.replay(event, who="ana")


def test_a_live_lead_goes_before_replayed_ones(world: World) -> None:
    id = world.accept("a", "lead-replayed", update(phone="A"))
    world.deliver()
    replay(world, id)

    world.accept("b", "lead-live", update(phone="B"))

    assert [one.name for one in world.claim(room=1)] == ["lead-live"]


def test_a_live_event_brings_a_replayed_lead_forward(world: World) -> None:
    ids = [world.accept(name, f"lead-{name}", update(phone="A")) for name in ("a", "b")]
    world.deliver()
    for id in ids:
        replay(world, id)

    world.accept("c", "lead-b", update(phone="C"))

    assert [one.name for one in world.claim(room=1)] == ["lead-b"]


def test_a_retry_that_has_waited_for_long_goes_before_live_leads(world: World) -> None:
    world.accept("a", "lead-retried", update(phone="A"))
    world.deliver("fails before")
    world.advance(62_000)

    world.accept("b", "lead-live", update(phone="B"))

    assert [one.name for one in world.claim(room=1)] == ["lead-retried"]
