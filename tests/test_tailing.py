"""What came to pass since the last look, for those who follow events live."""

from __future__ import annotations

import pytest

from relay.finding import Filter, newer, tailing
from relay.model import State
from relay.store import Store
from tests.desk import ANA, EVA
from tests.far_crm import World, update


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def look(world: World, seen: dict[str, State], wanted: Filter, since_ms: int = 0) -> list[tuple[str, str]]:
    return [(event.id, event.state.word) for event in newer(world.store, wanted, since_ms, seen)]


def test_an_event_is_told_as_it_is_accepted_and_again_as_it_ends(world: World) -> None:
    seen: dict[str, State] = {}
    old = world.accept("old", EVA, update(title="a"))
    world.deliver()

    first, second = world.accept("one", ANA, update(title="x")), world.accept("two", EVA, update(title="y"))
    told = [look(world, seen, Filter(state=""))]
    told.append(look(world, seen, Filter(state="")))
    world.crm.poison = {"y"}
    world.deliver()
    told.append(sorted(look(world, seen, Filter(state=""))))
    told.append(look(world, seen, Filter(state="")))

    assert told == [
        [(old, "delivered"), (first, "in flight"), (second, "in flight")],
        [],
        sorted([(first, "delivered"), (second, "dead")]),
        [],
    ]


def test_what_was_received_before_the_look_began_is_not_told(world: World) -> None:
    world.accept("old", EVA, update(title="a"))

    assert look(world, {}, Filter(state=""), since_ms=world.store.events.now_ms() + 1) == []


def test_an_event_is_told_when_it_comes_to_fit(world: World) -> None:
    seen: dict[str, State] = {}
    wanted = Filter(state="dead", kind="refused")
    event = world.accept("one", ANA, update(title="x"))
    before = look(world, seen, wanted)
    world.crm.poison = {"x"}
    world.deliver()

    assert (before, look(world, seen, wanted)) == ([], [(event, "dead")])


def test_only_events_of_a_group_are_told_where_one_is_asked_for(world: World) -> None:
    world.crm.poison = {"x"}
    event = world.accept("one", ANA, update(title="x"))
    world.accept("two", EVA, update(title="y"))
    world.deliver()
    [group] = world.store.groups.open()

    assert look(world, {}, Filter(state="", group=group.id)) == [(event, "dead")]


def test_what_is_remembered_stays_small_and_keeps_those_that_have_not_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tailing, "MOST_SEEN", 10)
    seen = {f"gone{number}": State.DELIVERED for number in range(15)}
    waits = world.accept("one", ANA, update(title="x"))
    seen = {waits: State.IN_FLIGHT, **seen}

    look(world, seen, Filter(state=""))

    assert (len(seen), waits in seen) == (5, True)
