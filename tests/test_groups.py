"""Groups of failures: they open with the first event, hold those that fail now, close with the last, and come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.errors import CommandError
from relay.model import Fault, Mapped, Name, Reason, State
from relay.store import Store
from relay.store.groups import Group
from tests.far_crm import World, arrival, matched, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def refused(world: World, id: str, lead: str = ANA, value: str = "bad") -> str:
    """Have the CRM refuse an event's value."""
    world.crm.poison.add(value)
    event = world.accept(id, lead, update(title=value))
    world.deliver()
    world.crm.poison.discard(value)
    assert world.state(event) is State.DEAD
    return event


def only(groups: list[Group]) -> Group:
    [group] = groups
    return group


def test_events_that_fail_alike_stand_in_one_group(world: World) -> None:
    first, second = refused(world, "one"), refused(world, "two", EVA)

    group = only(world.store.groups.open())
    assert (group.what, group.hook, group.kind, group.status) == ("dead", "cotiza", "refused", 400)
    assert (group.count, group.times, group.state) == (2, 1, "open")
    assert world.store.groups.members(group.id) == [first, second]
    assert group.trend[-1] == 2
    assert sum(group.trend) == 2
    [bare] = world.store.groups.open(trends=False)
    assert (bare.count, bare.trend) == (2, ())
    assert world.store.groups.with_trends([bare]) == [group]
    assert group.since_ms <= group.last_ms


def replay(world: World, event: str) -> None:
    stored = world.store.events.event(event)
    assert stored is not None
    world.store.letters.replay(stored, who="ana")


def test_a_group_is_open_until_its_last_replayed_event_is_delivered(world: World) -> None:
    one, two = refused(world, "one"), refused(world, "two", EVA)
    id = only(world.store.groups.open()).id

    replay(world, one)
    group = only(world.store.groups.open())
    assert (group.id, group.count, group.on_their_way, group.state) == (id, 1, 1, "open")
    assert (world.store.groups.members(id), world.store.groups.on_their_way(id, 9)) == ([two], [one])

    replay(world, two)
    group = only(world.store.groups.open())
    assert (group.count, group.on_their_way) == (0, 2)
    assert world.store.groups.closed() == []
    assert world.store.groups.unseen() == 0
    assert world.store.groups.sizes()["dead"] == 0

    world.deliver()
    assert world.store.groups.open() == []
    group = only(world.store.groups.closed())
    assert (group.id, group.count, group.on_their_way, group.state) == (id, 0, 0, "closed")


def test_what_fails_again_on_its_way_is_back_in_its_group_and_nobody_has_seen_that(world: World) -> None:
    event = refused(world, "one")
    first = only(world.store.groups.open())
    world.store.groups.acknowledge(first.id, who="ana")
    replay(world, event)
    assert only(world.store.groups.open()).state == "acknowledged"

    world.crm.poison.add("bad")
    world.deliver()

    again = only(world.store.groups.open())
    assert (again.id, again.times, again.state, again.count, again.on_their_way) == (first.id, 2, "open", 1, 0)
    assert again.since_ms == first.since_ms
    assert world.store.groups.closed() == []


def test_a_closed_group_opens_again_when_it_comes_back(world: World) -> None:
    replay(world, refused(world, "one"))
    world.deliver()
    id = only(world.store.groups.closed()).id

    refused(world, "two")

    again = only(world.store.groups.open())
    assert (again.id, again.times, again.state, again.count) == (id, 2, "open", 1)
    assert world.store.groups.closed() == []


def test_what_fails_otherwise_on_its_way_stands_in_its_new_group_alone(world: World) -> None:
    event = refused(world, "one")
    old = only(world.store.groups.open()).id
    replay(world, event)

    world.crm.gone.add(ANA)
    world.deliver_all()

    new = only(world.store.groups.open())
    assert (new.kind, new.count, new.on_their_way) == ("lead not found", 1, 0)
    assert only(world.store.groups.closed()).id == old


def test_what_is_superseded_or_ignored_on_its_way_has_arrived_too(world: World) -> None:
    superseded, ignored = refused(world, "one"), refused(world, "two", EVA)
    world.accept("newer", ANA, update(title="good"))
    world.deliver()
    replay(world, superseded)
    world.deliver()
    assert world.state(superseded) is State.SUPERSEDED
    assert (only(world.store.groups.open()).count, only(world.store.groups.open()).on_their_way) == (1, 0)

    stored = world.store.events.event(ignored)
    assert stored is not None
    nothing = Mapped(event_id="two", at_ms=None, state=State.IGNORED)
    world.store.letters.remap(stored, stored.as_arrival(nothing), who="ana")
    assert world.state(ignored) is State.IGNORED
    assert world.store.groups.open() == []


def test_dropping_the_last_event_closes_its_group(world: World) -> None:
    stored = world.store.events.event(refused(world, "one"))
    assert stored is not None

    world.store.letters.discard(stored, who="ana", why="a test")

    assert world.store.groups.open() == []
    assert only(world.store.groups.closed()).count == 0


def test_parked_events_stand_in_a_group_until_their_lead_is_known(world: World) -> None:
    name = Name("phone", "+56987654321")
    world.store.door.accept([matched("one", [name], update(title="a"))])

    group = only(world.store.groups.open())
    assert (group.what, group.kind, group.count) == ("parked", "unknown lead", 1)

    world.store.names.learn("default", [(ANA, [name])])
    group = only(world.store.groups.open())
    assert (group.count, group.on_their_way) == (0, 1)

    world.deliver()
    assert world.store.groups.open() == []
    assert only(world.store.groups.closed()).on_their_way == 0


def faulty(id: str, words: str = "is no address") -> object:
    one = arrival(id, ANA, update(title=id))
    fault = Fault(rule="contact", register="email", words=words)
    return replace(one, mapped=replace(one.mapped, faults=(fault,)))


def test_events_that_went_on_without_a_value_stand_in_a_group_though_they_are_delivered(world: World) -> None:
    [accepted] = world.store.door.accept([faulty("one")])  # type: ignore[list-item]
    world.deliver()

    group = only(world.store.groups.open())
    assert world.state(accepted.id) is State.DELIVERED
    assert (group.what, group.kind, group.field, group.words) == (
        "faulty",
        "value held back",
        "email",
        "is no address",
    )


def test_an_event_stands_in_one_group_at_a_time(world: World) -> None:
    """Dead, it stands with the dead; replayed as it was mapped, it still lacks its value."""
    world.crm.poison.add("one")
    [accepted] = world.store.door.accept([faulty("one")])  # type: ignore[list-item]
    world.deliver()
    assert [group.what for group in world.store.groups.open()] == ["dead"]

    world.crm.poison.clear()
    stored = world.store.events.event(accepted.id)
    assert stored is not None
    world.store.letters.replay(stored, who="ana")
    told = {group.what: (group.count, group.on_their_way) for group in world.store.groups.open()}
    assert told == {"faulty": (1, 0), "dead": (0, 1)}
    world.deliver()

    assert [group.what for group in world.store.groups.open()] == ["faulty"]
    assert [group.what for group in world.store.groups.closed()] == ["dead"]


def test_a_group_of_events_that_are_not_kept_any_more_is_closed(world: World) -> None:
    world.store.door.accept([faulty("one")])  # type: ignore[list-item]
    world.deliver()
    [id] = world.store.events.faulty()
    world.client.zadd("relay:faulty", {id: world.store.events.now_ms() - 40 * 86_400_000})
    world.client.delete(f"relay:e:{id}")

    assert world.store.groups.open() == []
    assert world.store.events.faulty() == []


def test_a_mapping_that_fails_is_grouped_by_its_rule_and_field(world: World) -> None:
    reason = Reason(kind="mapping", words="rules/c.yaml:3: rule 'a': phone is missing", field="phone")
    mapped = Mapped(event_id="one", at_ms=None, state=State.DEAD, reason=reason)
    world.store.door.accept([replace(arrival("one", ""), mapped=mapped)])

    group = only(world.store.groups.open())
    assert (group.kind, group.field, group.words, group.status) == ("mapping", "phone", reason.words, 0)


def test_an_acknowledgement_stays_while_more_come_and_goes_when_the_group_closes(world: World) -> None:
    stored = world.store.events.event(refused(world, "one"))
    assert stored is not None
    id = only(world.store.groups.open()).id
    world.store.groups.acknowledge(id, who="ana")
    world.store.groups.acknowledge(id, who="eva")
    refused(world, "two", EVA)

    group = only(world.store.groups.open())
    assert (group.state, group.acked_by, group.acked_count, group.count) == ("acknowledged", "ana", 1, 2)
    assert world.store.groups.sizes() == {"dead": 0, "parked": 0, "faulty": 0}

    world.store.groups.reopen(id, who="eva")
    assert only(world.store.groups.open()).state == "open"
    assert [(act.who, act.what, act.about) for act in world.store.acts.last(9)] == [
        ("eva", "open", f"group {id}"),
        ("ana", "acknowledge", f"group {id}"),
    ]


def test_only_what_is_open_can_be_acknowledged(world: World) -> None:
    with pytest.raises(CommandError, match="it is not open"):
        world.store.groups.acknowledge("nothing", who="ana")
    assert world.store.groups.group("nothing") is None


def test_the_groups_that_nobody_has_seen_are_counted(world: World) -> None:
    assert world.store.groups.unseen() == 0

    refused(world, "one")
    world.store.door.accept([matched("two", [Name("phone", "+56912345678")], update(title="a"))])
    assert world.store.groups.unseen() == 2

    world.store.groups.acknowledge(world.store.groups.open()[0].id, who="ana")
    assert world.store.groups.unseen() == 1
