"""What people do with events, over a real Redis: replay as mapped or remapped, by force, and drop."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from relay.audit import audit
from relay.errors import CommandError
from relay.model import Arrival, Fault, Mapped, Reason, State, StoredEvent, Update
from relay.settings import DAY_MS
from relay.store import Store
from tests.far_crm import World, arrival, update

GOOD, BAD = update(phone="A"), update(each=True, title="bad")
WHY = Reason(kind="mapping", words="rules/cotiza.yaml:9: phone is missing")


@pytest.fixture
def world(store: Store) -> World:
    one = World(store)
    one.crm.poison = {"bad"}
    return one


def event(world: World, id: str) -> StoredEvent:
    found = world.store.events.event(id)
    assert found is not None
    return found


def counts(world: World) -> dict[str, int]:
    today = world.store.events.counts(world.store.events.today())
    return {name: n for name, n in today.get("cotiza", {}).items() if n}


def dead(world: World, *updates: Update) -> str:
    """Have an event buried that the CRM refused: by default one of its two updates, the other was delivered."""
    id = world.accept("a", "lead-a", *(updates or (GOOD, BAD)))
    world.deliver_all()
    assert world.state(id) is State.DEAD
    return id


def remapped(
    *updates: Update, lead: str = "lead-a", state: State = State.IN_FLIGHT, reason: Reason | None = None
) -> Arrival:
    """Give what the rules of another day make of the same event."""
    given = arrival("a", lead, *updates)
    mapped = Mapped(event_id="a", at_ms=None, lead=lead, updates=updates, state=state, reason=reason)
    return replace(given, version="v2", mapped=mapped)


def everything(client: redis.Redis) -> dict[bytes, bytes | None]:
    return {key: client.dump(key) for key in client.scan_iter()}


def test_only_the_dead_updates_of_an_event_go_again(world: World) -> None:
    id = dead(world)
    world.crm.poison = set()
    world.crm.puts.clear()

    world.store.letters.replay(event(world, id), who="ana")
    world.deliver_all()

    assert world.crm.puts == [("lead-a", {"title": "bad"})]
    assert event(world, id).update_states == (State.DELIVERED, State.DELIVERED)


def test_a_delivered_event_goes_again_whole(world: World) -> None:
    id = world.accept("a", "lead-a", update(phone="A"), update(each=True, title="x"))
    world.deliver_all()
    world.crm.puts.clear()

    world.store.letters.replay(event(world, id), who="ana")
    world.deliver_all()

    assert world.crm.puts == [("lead-a", {"phone": "A"}), ("lead-a", {"title": "x"})]


def test_a_replayed_event_keeps_its_stamp_and_overwrites_nothing_newer(world: World) -> None:
    old = world.accept("a", "lead-a", update(phone="A", title="x"))
    world.deliver()
    new = world.accept("b", "lead-a", update(phone="B"))
    world.deliver()
    before = event(world, old).stamp

    world.store.letters.replay(event(world, old), who="ana")
    world.deliver()

    assert event(world, old).stamp == before
    assert world.crm.leads["lead-a"] == {"phone": "B", "title": "x"}
    entry = world.store.events.lead("lead-a").history[-1]
    assert (entry.events, entry.left_out) == ([old], {old: ["phone"]})
    assert world.state(new) is State.DELIVERED


def test_a_replayed_event_with_nothing_left_is_superseded(world: World) -> None:
    old = world.accept("a", "lead-a", update(phone="A"))
    world.deliver()
    new = world.accept("b", "lead-a", update(phone="B"))
    world.deliver()

    world.store.letters.replay(event(world, old), who="ana")
    world.deliver()

    assert world.state(old) is State.SUPERSEDED
    assert world.store.events.lead("lead-a").history[-1].superseded == {old: new}
    assert counts(world) == {"accepted": 2, "superseded": 1, "delivered": 1}


def test_force_gives_the_event_the_stamp_of_now_and_sends_it_whole(world: World) -> None:
    old = dead(world)
    world.crm.poison = set()
    world.accept("b", "lead-a", update(phone="B"))
    world.deliver()
    before = event(world, old).stamp

    world.store.letters.replay(event(world, old), who="ana", force=True)
    world.deliver_all()

    assert event(world, old).stamp > before
    assert event(world, old).received_ms < event(world, old).stamp.at_ms <= world.now()
    assert world.crm.leads["lead-a"] == {"phone": "A", "title": "bad"}


def test_an_event_forced_in_stays_behind_what_comes_after_it(world: World) -> None:
    old = world.accept("a", "lead-a", update(phone="A"))
    world.deliver()

    world.store.letters.replay(event(world, old), who="ana", force=True)
    world.accept("b", "lead-a", update(phone="B"))
    world.deliver()

    assert world.crm.leads["lead-a"] == {"phone": "B"}


def test_a_replay_is_written_into_the_leads_history(world: World) -> None:
    id = dead(world)

    world.store.letters.replay(event(world, id), who="ana")
    world.deliver_all()
    world.store.letters.replay(event(world, id), who="ben", force=True)

    entries = [one for one in world.store.events.lead("lead-a").history if one.status is None]
    assert [(one.events, one.words) for one in entries] == [
        ([id], "replayed as mapped by ana"),
        ([id], "replayed as mapped by ben, with the stamp of now"),
    ]


def test_a_replayed_dead_letter_leaves_the_list_and_the_counts_move(world: World) -> None:
    id = dead(world)

    world.store.letters.replay(event(world, id), who="ana")

    assert world.store.events.dead() == []
    assert event(world, id).reason is None
    assert counts(world) == {"accepted": 1, "in flight": 1}
    assert audit(world.store).holds


def test_a_replayed_event_does_not_expire_while_it_waits(world: World) -> None:
    id = world.accept("a", "lead-a", GOOD)
    world.deliver()

    world.store.letters.replay(event(world, id), who="ana")
    waiting = world.client.pttl(f"relay:e:{id}")
    world.deliver()

    assert waiting == -1
    assert 29 * DAY_MS < world.client.pttl(f"relay:e:{id}") <= 30 * DAY_MS


def test_a_replay_wakes_a_waiting_drain(world: World) -> None:
    id = dead(world)
    world.client.delete("relay:wake:default")

    world.store.letters.replay(event(world, id), who="ana")

    assert world.delivery.wait(world.client, seconds=5)


def test_a_replayed_event_is_still_the_guard_against_duplicates(world: World) -> None:
    id = dead(world)
    world.store.letters.replay(event(world, id), who="ana", force=True)

    [again] = world.store.door.accept([arrival("a", "lead-a", GOOD)])

    assert again.duplicate


def test_remapped_replaces_updates_version_and_lead(world: World) -> None:
    id = dead(world)

    world.store.letters.remap(event(world, id), remapped(update(phone="C"), lead="lead-b"), who="ana")
    world.deliver_all()

    found = event(world, id)
    assert (found.lead, found.version, found.updates) == ("lead-b", "v2", (update(phone="C"),))
    assert (found.state, found.update_states) == (State.DELIVERED, (State.DELIVERED,))
    assert world.crm.leads["lead-b"] == {"phone": "C"}
    assert world.store.events.lead("lead-b").history[0].words == "replayed remapped by ana"
    assert world.store.events.lead("lead-a").pending == ()
    assert audit(world.store).holds


def test_remapped_keeps_the_stamp_unless_it_is_forced(world: World) -> None:
    id = dead(world)
    stamp = event(world, id).stamp

    world.store.letters.remap(event(world, id), remapped(GOOD), who="ana")
    world.deliver_all()
    kept = event(world, id).stamp
    world.store.letters.remap(event(world, id), remapped(GOOD), who="ana", force=True)

    assert kept == stamp
    assert event(world, id).stamp > stamp


@pytest.mark.parametrize(
    ("state", "reason", "index"),
    [(State.PARKED, WHY, "parked"), (State.DEAD, WHY, "dead"), (State.IGNORED, None, "")],
)
def test_remapped_to_no_update_it_stands_where_its_new_state_is_listed(
    world: World, state: State, reason: Reason | None, index: str
) -> None:
    id = dead(world)

    world.store.letters.remap(event(world, id), remapped(lead="", state=state, reason=reason), who="ana")

    found = event(world, id)
    assert (found.state, found.update_states, found.reason) == (state, (), reason)
    lists = {"dead": world.store.events.dead(), "parked": world.store.events.parked()}
    assert lists == {name: ([id] if name == index else []) for name in lists}
    assert counts(world) == {"accepted": 1, state.word: 1}
    assert audit(world.store).holds


def test_a_parked_event_goes_out_once_it_is_mapped_to_a_lead(world: World) -> None:
    [parked] = world.store.door.accept([remapped(lead="", state=State.PARKED, reason=WHY)])

    world.store.letters.remap(event(world, parked.id), remapped(GOOD), who="ana")
    world.deliver()

    assert world.state(parked.id) is State.DELIVERED
    assert world.store.events.parked() == []


def test_remapped_without_its_fault_it_leaves_the_list_of_faulty_ones(world: World) -> None:
    faulty = remapped(GOOD)
    faults = (Fault(rule="contact", register="email", words="is not an e-mail address"),)
    faulty = replace(faulty, mapped=replace(faulty.mapped, faults=faults))
    [one] = world.store.door.accept([faulty])
    world.deliver()

    world.store.letters.replay(event(world, one.id), who="ana")
    as_mapped = world.store.events.faulty()
    world.deliver()
    world.store.letters.remap(event(world, one.id), remapped(GOOD), who="ana")

    assert as_mapped == [one.id]
    assert world.store.events.faulty() == []


def test_remapped_to_another_lead_it_lets_go_of_the_old_leads_clock(world: World) -> None:
    id = dead(world)
    held = world.client.pttl("relay:c:lead-a")

    world.store.letters.remap(event(world, id), remapped(GOOD, lead="lead-b"), who="ana")

    assert held == -1
    assert world.client.pttl("relay:c:lead-a") > 0
    assert not world.client.exists("relay:waiting")


@pytest.mark.parametrize("force", [False, True])
def test_an_event_in_flight_is_not_replayed(world: World, force: bool) -> None:
    id = world.accept("a", "lead-a", GOOD)
    before = everything(world.client)

    with pytest.raises(CommandError) as raised:
        world.store.letters.replay(event(world, id), who="ana", force=force)

    assert str(raised.value) == f"event {id}: it is in flight already; wait until it has ended"
    assert everything(world.client) == before


def test_an_event_of_which_one_update_is_in_flight_is_not_replayed(world: World) -> None:
    id = world.accept("a", "lead-a", BAD, update(phone="A"))
    world.deliver()  # the first is refused, the second still waits
    assert world.state(id) is State.DEAD

    with pytest.raises(CommandError) as raised:
        world.store.letters.replay(event(world, id), who="ana")

    assert str(raised.value) == f"event {id}: it is in flight already; wait until it has ended"


def test_an_event_that_is_gone_is_not_replayed(world: World) -> None:
    found = event(world, dead(world))
    world.client.delete(f"relay:e:{found.id}")

    for call in (
        lambda: world.store.letters.replay(found, who="ana"),
        lambda: world.store.letters.discard(found, who="ana", why="a test"),
    ):
        with pytest.raises(CommandError) as raised:
            call()
        assert str(raised.value) == f"event {found.id}: it is not kept any more"


def test_an_event_without_updates_can_only_be_remapped(world: World) -> None:
    [one] = world.store.door.accept([remapped(state=State.DEAD, reason=WHY)])

    with pytest.raises(CommandError) as raised:
        world.store.letters.replay(event(world, one.id), who="ana")

    assert str(raised.value) == f"event {one.id}: it was mapped to no update of a lead: replay it remapped"


def test_a_dropped_dead_letter_is_discarded_with_its_reason(world: World) -> None:
    id = dead(world, BAD)

    world.store.letters.discard(event(world, id), who="ana", why="a test lead")

    found = event(world, id)
    assert (found.state, found.update_states) == (State.DISCARDED, (State.DISCARDED,))
    assert world.store.events.dead() == []
    assert not world.client.exists("relay:why")
    assert counts(world) == {"accepted": 1, "discarded": 1}
    assert 29 * DAY_MS < world.client.pttl(f"relay:e:{id}") <= 30 * DAY_MS
    assert world.store.events.lead("lead-a").history[-1].words == "dropped by ana: a test lead"
    [act] = world.store.acts.last(10)
    assert (act.who, act.what, act.about, act.why) == ("ana", "drop", id, "a test lead")


def test_dropping_the_dead_part_of_a_delivered_event_leaves_it_delivered(world: World) -> None:
    id = dead(world)

    world.store.letters.discard(event(world, id), who="ana", why="a test")

    assert world.state(id) is State.DELIVERED
    assert event(world, id).update_states == (State.DELIVERED, State.DISCARDED)
    assert counts(world) == {"accepted": 1, "delivered": 1}


def test_a_parked_event_can_be_dropped(world: World) -> None:
    [parked] = world.store.door.accept([remapped(lead="", state=State.PARKED, reason=WHY)])

    world.store.letters.discard(event(world, parked.id), who="ana", why="spam")

    assert world.state(parked.id) is State.DISCARDED
    assert world.store.events.parked() == []


def test_a_delivered_event_can_not_be_dropped(world: World) -> None:
    id = world.accept("a", "lead-a", GOOD)
    world.deliver()

    with pytest.raises(CommandError) as raised:
        world.store.letters.discard(event(world, id), who="ana", why="a test")

    assert str(raised.value) == f"event {id}: only dead and parked events can be dropped"


def test_dropping_twice_changes_nothing_more(world: World) -> None:
    found = event(world, dead(world, BAD))
    world.store.letters.discard(found, who="ana", why="a test")
    before = everything(world.client)

    world.store.letters.discard(found, who="ana", why="a test")

    assert everything(world.client) == before


def test_replaying_twice_changes_nothing_more(world: World) -> None:
    found = event(world, dead(world))
    world.store.letters.replay(found, who="ana")
    before = everything(world.client)

    with pytest.raises(CommandError):
        world.store.letters.replay(found, who="ana")

    assert everything(world.client) == before


@pytest.mark.parametrize("state", [State.PARKED, State.DEAD, State.IGNORED])
def test_remapping_twice_changes_neither_states_nor_sums(world: World, state: State) -> None:
    found = event(world, dead(world))
    reason = None if state is State.IGNORED else WHY
    given = remapped(lead="", state=state, reason=reason)

    for _ in range(2):
        world.store.letters.remap(found, given, who="ana")

    assert event(world, found.id).state is state
    assert counts(world) == {"accepted": 1, state.word: 1}
    assert len(world.store.events.dead()) == (state is State.DEAD)
    assert audit(world.store).holds
