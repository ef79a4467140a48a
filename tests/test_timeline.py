"""The story of a lead: every event of it, and for each field what stands, what was before, and what waits."""

from __future__ import annotations

from dataclasses import replace

from relay.model import Mapped, Name, Reason, State
from relay.store import Store
from relay.timeline import Identity, story
from tests.far_crm import World, arrival, known, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


def test_a_field_says_what_stands_what_was_before_and_what_waits(store: Store) -> None:
    world = World(store)
    now_ms = store.events.now_ms()
    ids = []
    for number, title in enumerate(("one", "two", "three")):
        ids.append(world.accept(title, ANA, update(title=title), at_ms=now_ms - 9_000 + number))
        if title != "three":
            world.deliver()
            world.advance(2_000)

    [field] = story(store, ANA).fields
    assert (field.register, field.value, field.event) == ("title", "two", ids[1])
    assert field.before is not None
    assert field.pending is not None
    assert (field.before.value, field.before.event, field.before.rule) == ("one", ids[0], "rule")
    assert (field.pending.value, field.pending.event) == ("three", ids[2])


def test_a_field_that_only_waits_is_not_known_yet(store: Store) -> None:
    id = World(store).accept("one", ANA, update(title="one"))

    [field] = story(store, ANA).fields
    assert (field.known, field.event, field.before) == (False, "", None)
    assert field.pending is not None
    assert field.pending.event == id


def test_every_event_of_a_lead_is_told_whatever_became_of_it(store: Store) -> None:
    world = World(store)
    delivered = world.accept("one", ANA, update(title="one"))
    world.deliver()
    dead = Mapped(event_id="two", at_ms=None, lead=ANA, state=State.DEAD, reason=Reason(kind="mapping", words="no"))
    ignored = Mapped(event_id="three", at_ms=None, lead=ANA, state=State.IGNORED)
    for mapped in (dead, ignored):
        store.door.accept([replace(arrival(mapped.event_id, ANA), mapped=mapped)])
    world.accept("four", EVA, update(title="four"))

    told = story(store, ANA)
    assert {event.state for event in told.events} == {State.DELIVERED, State.DEAD, State.IGNORED}
    assert [event.id for event in told.events][-1] == delivered
    assert len(told.dead) == 1


def test_what_a_lead_is_known_by_is_told_with_whom_it_means_now(store: Store) -> None:
    phone, email = Name("phone", "+56987654321"), Name("email", "ana@x.cl")
    store.door.accept([known("one", ANA, [phone, email], update(phone=phone.value, email=email.value))])
    store.names.learn("default", [(EVA, [email])])

    told = story(store, ANA).identities
    assert told[0] == Identity(name=email, leads=tuple(sorted((ANA, EVA), reverse=True)))
    assert told[1] == Identity(name=phone, leads=(ANA,))


def test_a_dead_letter_that_the_index_has_lost_is_told_all_the_same(store: Store) -> None:
    dead = Mapped(event_id="two", at_ms=None, lead=ANA, state=State.DEAD, reason=Reason(kind="mapping", words="no"))
    store.door.accept([replace(arrival("two", ANA), mapped=dead)])
    for key in store.client.scan_iter("relay:t:*"):
        store.client.delete(key)

    assert [event.sender_id for event in story(store, ANA).dead] == ["two"]
