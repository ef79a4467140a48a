"""A person steers deliveries: hooks and destinations are paused and resumed without loss, slowed down, and probed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from relay.audit import audit
from relay.errors import CommandError
from relay.model import Mapped, Name, Reason, State, Update
from relay.settings import DAY_MS
from relay.store import Store
from relay.store.delivery import Claims
from relay.store.errands import Tried
from tests.far_crm import LEASE_MS, World, arrival, matched, update

ANA, EVA = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
PHONE = Name("phone", "+56912345678")


@pytest.fixture
def world(store: Store) -> World:
    store.door.know(["cotiza", "visita"])
    return World(store)


def accept(world: World, id: str, lead: str, *updates: Update, hook: str = "cotiza", at_ms: int | None = None) -> str:
    return world.store.door.accept([replace(arrival(id, lead, *updates, at_ms=at_ms), hook=hook)])[0].id


def pause(world: World, hook: str = "cotiza") -> bool:
    return world.store.steering.pause_hook(hook, who="ana", why="the form is wrong")


def resume(world: World, hook: str = "cotiza") -> bool:
    return world.store.steering.resume_hook(hook, who="eva")


def shelf(world: World, hook: str = "cotiza") -> int:
    return world.store.steering.shelved(hook)


def claims(world: World) -> Claims:
    _, found = world.delivery.exchange([], room=10)
    assert found is not None
    return found


def test_events_of_a_paused_hook_are_accepted_and_delivered_only_when_it_is_resumed(world: World) -> None:
    pause(world)
    event = accept(world, "a", ANA, update(phone="1"))
    other = accept(world, "b", ANA, update(title="x"), hook="visita")
    world.deliver()

    while_paused = dict(world.crm.leads[ANA])
    states = (world.state(event), world.state(other))
    resume(world)
    world.deliver_all()

    assert while_paused == {"title": "x"}
    assert states == (State.IN_FLIGHT, State.DELIVERED)
    assert world.crm.leads[ANA] == {"title": "x", "phone": "1"}
    assert world.state(event) is State.DELIVERED
    assert audit(world.store).holds


def test_what_waits_already_is_taken_off_its_lead_with_all_its_updates(world: World) -> None:
    event = accept(world, "a", ANA, update(phone="1"), update(each=True, title="x"))
    other = accept(world, "b", EVA, update(phone="2"), hook="visita")
    pause(world)

    world.deliver()

    assert [lead for lead, _ in world.crm.puts] == [EVA]
    assert world.state(other) is State.DELIVERED
    assert (shelf(world), world.client.zcard("relay:due:default")) == (1, 0)
    assert audit(world.store).holds
    resume(world)
    world.deliver_all()
    assert world.crm.puts[1:] == [(ANA, {"phone": "1"}), (ANA, {"title": "x"})]
    assert world.state(event) is State.DELIVERED


def test_a_put_in_flight_finishes_and_its_event_is_delivered(world: World) -> None:
    event = accept(world, "a", ANA, update(phone="1"))
    (claim,) = world.claim()
    pause(world)

    world.complete(world.attempt(claim))

    assert (world.state(event), shelf(world)) == (State.DELIVERED, 0)


def test_what_newer_events_of_other_hooks_have_set_meanwhile_stays(world: World) -> None:
    pause(world)
    event = accept(world, "a", ANA, update(phone="1"))
    newer = accept(world, "b", ANA, update(phone="2"), hook="visita")
    world.deliver_all()

    resume(world)
    world.deliver_all()

    assert world.crm.leads[ANA] == {"phone": "2"}
    assert world.state(event) is State.SUPERSEDED
    assert world.store.events.lead(ANA).history[-1].superseded == {event: newer}


def test_updates_that_are_sent_one_by_one_keep_their_order_over_a_pause_and_its_end(world: World) -> None:
    """What comes in while events are put back goes behind them."""
    pause(world)
    at_ms = world.store.events.now_ms() - 60_000
    for n in range(5):
        accept(world, f"e{n}", ANA, update(each=True, title=f"step {n}"), at_ms=at_ms)
    world.store.steering.resume_hook("cotiza", who="eva", patience_s=0)
    world.store.steering.put_back("cotiza", most=2)
    accept(world, "e5", ANA, update(each=True, title="step 5"), at_ms=at_ms)
    world.deliver_all()

    while world.store.steering.go_on():
        world.deliver_all()
    world.deliver_all()

    assert [values["title"] for _, values in world.crm.puts] == [f"step {n}" for n in range(6)]


def test_who_resumes_a_hook_may_die_half_way_and_another_goes_on(world: World) -> None:
    pause(world)
    for n in range(150):
        accept(world, f"e{n}", ANA, update(**{f"metadata__{n}": "x"}))
    world.store.steering.resume_hook("cotiza", who="eva", patience_s=0)
    wanted = world.store.errandry.arm("a job")

    left = []
    while world.store.steering.go_on():
        left.append(shelf(world))

    assert wanted, "the background worker is called for it"
    assert left == [50, 0]
    assert world.store.steering.paused_hooks() == {}
    assert audit(world.store).holds
    world.deliver_all()
    assert len(world.crm.leads[ANA]) == 150


def test_a_hook_that_is_paused_anew_while_it_is_resumed_stops_where_it_is(world: World) -> None:
    pause(world)
    for n in range(3):
        accept(world, f"e{n}", ANA, update(phone=str(n)))
    world.store.steering.resume_hook("cotiza", who="eva", patience_s=0)
    world.store.steering.put_back("cotiza", most=1)

    assert pause(world)
    world.deliver()

    assert (shelf(world), world.crm.puts) == (3, [])
    assert not world.store.steering.go_on()


def test_pausing_and_resuming_twice_changes_nothing_and_is_told_once(world: World) -> None:
    assert [pause(world), pause(world)] == [True, False]
    assert [resume(world), resume(world)] == [True, False]

    assert [(act.who, act.what, act.about, act.why, act.count) for act in world.store.acts.last(9)] == [
        ("eva", "resume", "hook cotiza", "", 0),
        ("ana", "pause", "hook cotiza", "the form is wrong", 0),
    ]


def test_a_hook_that_never_was_can_not_be_paused(world: World) -> None:
    with pytest.raises(CommandError, match="hook 'cotisa' is not known; there are cotiza, visita"):
        pause(world, "cotisa")


def test_an_event_says_by_what_pause_it_is_kept_back(world: World) -> None:
    event = accept(world, "a", ANA, update(phone="1"))
    read = world.store.events.event(event)
    assert read is not None

    free = world.store.steering.pause_of(read)
    world.store.steering.pause_destination("default", who="eva", why="")
    by_destination = world.store.steering.pause_of(read)
    pause(world)
    by_hook = world.store.steering.pause_of(read)

    assert free is None
    assert by_destination
    assert by_destination.of == "destination default"
    assert by_hook
    assert (by_hook.of, by_hook.who, by_hook.why) == ("hook cotiza", "ana", "the form is wrong")
    assert by_hook.words.startswith("by ana since 20")
    assert by_hook.words.endswith(" UTC: the form is wrong")


def test_an_event_whose_lead_becomes_known_while_its_hook_is_paused_goes_to_the_shelf(world: World) -> None:
    world.store.door.accept([matched("a", [PHONE], update(phone="1"))])
    pause(world)

    world.store.names.learn("default", [(ANA, [PHONE])])

    assert (shelf(world), world.client.exists(f"relay:p:{ANA}")) == (1, 0)
    resume(world)
    world.deliver_all()
    assert world.crm.leads[ANA] == {"phone": "1"}


def test_an_errand_of_a_paused_hook_is_run_and_what_it_brings_goes_to_the_shelf(client: redis.Redis) -> None:
    store = Store(client, retention_ms=30 * DAY_MS, lookup=True)
    store.door.know(["cotiza"])
    world = World(store)
    event = store.door.accept([matched("a", [PHONE], update(phone="1"))])[0].id
    pause(world)
    claimed = store.errandry.claim("find:default", room=1, lease_ms=LEASE_MS)
    read = store.events.event(event)
    assert read is not None

    store.names.learn("default", [(ANA, [PHONE])])

    assert claimed.events == {event: Tried()}
    assert (shelf(world), store.errandry.queues()) == (1, [])
    assert audit(store).holds


def test_a_replayed_event_of_a_paused_hook_goes_to_the_shelf(world: World) -> None:
    world.crm.poison = {"bad"}
    event = accept(world, "a", ANA, update(phone="1"), update(each=True, title="bad"))
    world.deliver_all()
    world.crm.poison = set()
    world.crm.puts.clear()
    pause(world)
    dead = world.store.events.event(event)
    assert dead is not None

    world.store.letters.replay(dead, who="ana")

    assert (shelf(world), world.state(event)) == (1, State.IN_FLIGHT)
    resume(world)
    world.deliver_all()
    assert world.crm.puts == [(ANA, {"title": "bad"})]


def test_a_lead_that_has_values_to_settle_is_settled_while_its_hook_is_paused(world: World) -> None:
    """A PUT of which the answer was lost may still undo a newer one: that is not left so."""
    accept(world, "a", ANA, update(phone="1"))
    world.deliver("late")
    accept(world, "b", ANA, update(phone="2"), hook="visita")
    world.advance(2_500)
    world.deliver()
    pause(world)
    world.crm.late_ones_arrive()

    world.deliver_all()

    assert world.crm.leads[ANA] == {"phone": "2"}


def test_what_an_update_has_been_through_does_not_count_after_a_pause(world: World) -> None:
    event = accept(world, "a", ANA, update(phone="1"))
    world.deliver("fails before")
    pause(world)
    world.advance(5_000)
    world.deliver()
    world.advance(2 * DAY_MS)
    resume(world)

    world.deliver("fails before")

    assert world.state(event) is State.IN_FLIGHT


def test_a_probe_is_not_spent_on_what_is_paused(world: World) -> None:
    accept(world, "a", ANA, update(phone="1"))
    accept(world, "b", EVA, update(phone="2"), hook="visita")
    (first,) = world.claim(1)
    world.complete(world.attempt(first, "denied"))
    pause(world, "cotiza")
    world.advance(10_000)

    world.deliver(room=1)
    world.deliver(room=1)

    assert world.crm.leads == {EVA: {"phone": "2"}}


def test_a_shelf_of_a_hook_that_is_not_paused_is_found_by_the_audit(world: World) -> None:
    pause(world)
    event = accept(world, "a", ANA, update(phone="1"))
    world.client.hdel("relay:paused", "cotiza")

    lost = audit(world.store).faults
    world.client.delete("relay:shelf:cotiza")
    stray = audit(world.store).faults

    assert lost == ("events of hook cotiza stand on a shelf, but the hook is not paused",)
    assert stray == (f"event {event} is in flight but not pending under lead {ANA}",)


def test_nothing_is_claimed_from_a_paused_destination_and_all_of_it_later(world: World) -> None:
    accept(world, "a", ANA, update(phone="1"))
    accept(world, "b", EVA, update(phone="2"))
    (flying,) = world.claim(1)
    first = world.store.steering.pause_destination("default", who="ana", why="the CRM moves house")
    again = world.store.steering.pause_destination("default", who="eva", why="")

    world.complete(world.attempt(flying))
    found = claims(world)
    gate = world.store.gates.gate("default")
    world.store.steering.resume_destination("default", who="ana")
    world.deliver_all()

    assert (first, again) == (True, False)
    assert (found.leads, found.gate, found.wait_ms) == ((), "paused", 1_000)
    assert (gate.state, gate.leads) == ("paused", 1)
    assert gate.words.startswith("by ana since ")
    assert gate.words.endswith(": the CRM moves house")
    assert world.crm.leads == {ANA: {"phone": "1"}, EVA: {"phone": "2"}}
    assert [act.what for act in world.store.acts.last(9)] == ["resume", "pause"]


def test_a_hold_outlives_a_pause(world: World) -> None:
    accept(world, "a", ANA, update(phone="1"))
    world.deliver("denied")

    world.store.steering.pause_destination("default", who="ana", why="")
    world.store.steering.resume_destination("default", who="ana")

    assert world.store.gates.gate("default").state == "held"
    assert claims(world).gate == "held"


def test_no_drain_is_armed_for_a_paused_destination(world: World) -> None:
    arming = world.store.arming("default", slots=1, room=10)
    accept(world, "a", ANA, update(phone="1"))
    world.store.steering.pause_destination("default", who="ana", why="")

    assert arming.arm("a drain") is None
    world.store.steering.resume_destination("default", who="ana")
    assert arming.arm("a drain") == 0
    world.store.steering.pause_destination("default", who="ana", why="")
    assert arming.leave(0, "a drain")


def test_no_lead_is_looked_up_or_created_at_a_paused_destination(client: redis.Redis) -> None:
    store = Store(client, retention_ms=30 * DAY_MS, lookup=True)
    store.door.accept([matched("a", [PHONE], update(phone="1"))])
    store.steering.pause_destination("default", who="ana", why="")

    claimed = store.errandry.claim("find:default", room=1, lease_ms=LEASE_MS)

    assert (claimed.events, claimed.gate) == ({}, "paused")
    assert [gate.state for gate in store.gates.errands()] == ["paused"]
    assert not store.errandry.arm("a job")


@pytest.mark.parametrize(("set_to", "by_hand", "given"), [(1_000, 10.0, 2), (10, 1_000.0, 20), (0, 5.0, 1)])
def test_a_rate_set_by_hand_goes_before_the_setting_until_it_is_taken_back(
    world: World, set_to: float, by_hand: float, given: int
) -> None:
    for n in range(20):
        accept(world, f"e{n}", f"lead-{n}", update(phone="1"))
    world.delivery.rate = set_to

    world.store.steering.slow("default", by_hand, who="ana", why="the CRM sweats")
    gate = world.store.gates.gate("default")
    slowed = claims(world)

    assert (gate.state, gate.rate) == ("flowing", by_hand)
    assert gate.rate_words.endswith(": the CRM sweats")
    assert len(slowed.leads) == min(given, 10)
    assert world.store.steering.slow("default", None, who="ana")
    assert not world.store.steering.slow("default", None, who="ana")
    assert world.store.gates.gate("default").rate is None
    assert [act.why for act in world.store.acts.last(9)] == [
        "as set by LEADS_API_RATE",
        f"{by_hand:g} PUTs a second: the CRM sweats",
    ]


@pytest.mark.parametrize("rate", [0.0, -1.0, 1e9, float("nan")])
def test_what_is_no_rate_is_refused(world: World, rate: float) -> None:
    with pytest.raises(CommandError, match="to send none, pause"):
        world.store.steering.slow("default", rate, who="ana")


@pytest.mark.parametrize("fate", ["denied", "slow"])
def test_a_person_ends_the_wait_of_a_gate_and_the_next_claim_probes(world: World, fate: str) -> None:
    accept(world, "a", ANA, update(phone="1"))
    accept(world, "b", EVA, update(phone="1"))
    (one,) = world.claim(1)
    world.complete(world.attempt(one, fate))
    kept = claims(world).leads

    done = world.store.steering.probe("default", who="ana")

    assert (kept, done) == ((), True)
    assert len(claims(world).leads) == (1 if fate == "denied" else 2)
    assert [act.what for act in world.store.acts.last(9)] == ["probe"]


def test_a_destination_that_flows_needs_no_probe(world: World) -> None:
    assert not world.store.steering.probe("default", who="ana")
    assert world.store.acts.last(9) == []


def test_an_act_written_by_an_older_relay_is_read(world: World) -> None:
    world.client.lpush("relay:acts", b'[1, "ana", "drop", "e", "a test"]')

    (act,) = world.store.acts.last(9)

    assert (act.who, act.filter, act.count) == ("ana", "", 0)


def test_a_dead_event_of_a_paused_hook_is_told_as_dead(world: World) -> None:
    mapped = Mapped(event_id="a", at_ms=None, state=State.DEAD, reason=Reason(kind="mapping", words="no"))
    pause(world)
    event = world.store.door.accept([replace(arrival("a", ""), mapped=mapped)])[0].id
    read = world.store.events.event(event)
    assert read is not None

    assert world.store.steering.pause_of(read) is None
