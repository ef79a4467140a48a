"""Leads are found by what they are known by, and what waits for a name goes on as soon as that is known."""

from __future__ import annotations

import pytest

from relay.audit import audit
from relay.model import Arrival, Name, State
from relay.settings import DAY_MS
from relay.store import Store
from tests.far_crm import World, arrival, known, matched, update

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EVA = "0b0b6679-7425-40de-944b-e07fc1f90ae8"
IDA = "1d1d6679-7425-40de-944b-e07fc1f90ae9"
PHONE = Name("phone", "+56912345678")
OTHER = Name("phone", "+56987654321")
MAIL = Name("email", "ana@example.cl")
AT_META = Name("external_id", "meta:1789")


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def accept(world: World, *arrivals: Arrival) -> list[str]:
    return [one.id for one in world.store.door.accept(arrivals)]


def learn(world: World, lead: str, *names: Name) -> None:
    world.store.names.learn("default", [(lead, names)])


def lead_of(world: World, id: str) -> str:
    event = world.store.events.event(id)
    assert event is not None
    return event.lead


def reason_of(world: World, id: str) -> str:
    event = world.store.events.event(id)
    assert event is not None
    return event.reason.kind if event.reason else ""


def test_an_event_with_an_id_teaches_what_its_lead_is_known_by(world: World) -> None:
    accept(world, known("a", ANA, [PHONE, MAIL], update(phone="+56912345678")))

    by_phone, by_mail, by_neither = accept(
        world,
        matched("b", [PHONE], update(title="b")),
        matched("c", [OTHER, MAIL], update(company="c")),
        matched("d", [OTHER], update(title="d")),
    )

    assert lead_of(world, by_phone) == lead_of(world, by_mail) == ANA
    assert (world.state(by_neither), reason_of(world, by_neither)) == (State.PARKED, "unknown lead")
    world.deliver_all()
    assert world.crm.leads[ANA] == {"phone": "+56912345678", "title": "b", "company": "c"}
    assert world.state(by_phone) is world.state(by_mail) is State.DELIVERED


def test_a_parked_event_goes_on_when_its_name_becomes_known_and_keeps_its_place_in_time(world: World) -> None:
    now = world.now()
    (late,) = accept(world, matched("early", [PHONE], update(title="old", company="acme"), at_ms=now - 60_000))
    accept(world, arrival("new", ANA, update(title="new"), at_ms=now - 1_000))
    world.deliver_all()
    assert world.state(late) is State.PARKED

    accept(world, known("teacher", ANA, [PHONE], update(source="x"), at_ms=now - 90_000))

    assert (world.state(late), lead_of(world, late)) == (State.IN_FLIGHT, ANA)
    world.deliver_all()
    assert world.crm.leads[ANA] == {"title": "new", "company": "acme", "source": "x"}
    assert audit(world.store).holds


def test_an_answer_of_the_lead_api_teaches_too(world: World) -> None:
    (parked,) = accept(world, matched("a", [MAIL], update(title="x")))
    accept(world, arrival("b", ANA, update(email="Ana@Example.cl")))
    assert world.state(parked) is State.PARKED

    world.deliver_all()

    assert (world.state(parked), lead_of(world, parked)) == (State.DELIVERED, ANA)


def test_names_are_tried_in_the_order_of_the_hook_file(world: World) -> None:
    learn(world, ANA, PHONE)
    learn(world, EVA, MAIL)

    first, second = accept(
        world, matched("a", [PHONE, MAIL], update(title="x")), matched("b", [MAIL, PHONE], update(title="x"))
    )

    assert (lead_of(world, first), lead_of(world, second)) == (ANA, EVA)


def test_two_leads_of_one_name_are_never_guessed_and_a_person_decides(world: World) -> None:
    learn(world, ANA, PHONE)
    learn(world, EVA, PHONE)
    (parked,) = accept(world, matched("a", [PHONE, MAIL], update(title="x")))
    learn(world, ANA, MAIL)

    assert sorted(world.store.names.resolve("default", [PHONE])) == sorted([ANA, EVA])

    world.store.names.link("default", PHONE, EVA, who="ana", at_ms=world.now())

    assert world.store.names.resolve("default", [PHONE]) == [EVA]
    (later,) = accept(world, matched("b", [PHONE], update(title="y")))
    assert lead_of(world, later) == EVA
    # Its e-mail had become known before: what is known first counts.
    assert lead_of(world, parked) == ANA
    assert [act.what for act in world.store.acts.last(1)] == ["link"]


def test_an_ambiguous_event_waits_with_a_reason_until_it_is_linked(world: World) -> None:
    learn(world, ANA, PHONE)
    learn(world, EVA, PHONE)
    (parked,) = accept(world, matched("a", [PHONE], update(title="x")))
    assert reason_of(world, parked) == "ambiguous"
    learn(world, ANA, PHONE)
    learn(world, IDA, PHONE)
    assert world.state(parked) is State.PARKED, "a third lead makes it no clearer"

    world.store.names.link("default", PHONE, EVA, who="ana", at_ms=world.now())

    assert lead_of(world, parked) == EVA
    learn(world, ANA, PHONE)
    assert world.store.names.resolve("default", [PHONE]) == [EVA], "a person's word is not undone by an answer"


def test_where_the_hook_file_says_so_an_event_without_a_lead_is_ignored(world: World) -> None:
    (ignored,) = accept(world, matched("a", [PHONE], update(title="x"), missing="ignore"))
    learn(world, ANA, PHONE)

    assert world.state(ignored) is State.IGNORED
    assert accept(world, matched("b", [PHONE], update(title="x"), missing="ignore"))
    world.deliver_all()
    assert world.crm.leads[ANA] == {"title": "x"}


def test_an_id_elsewhere_is_learnt_with_the_lead_that_was_found(world: World) -> None:
    learn(world, ANA, PHONE)
    accept(world, matched("created", [AT_META, PHONE, MAIL], update(title="x")))

    (deleted,) = accept(world, matched("deleted", [AT_META], update(title="y")))

    assert lead_of(world, deleted) == ANA
    assert world.store.names.resolve("default", [MAIL]) == [], "an e-mail is learnt from the CRM, not from a guess"


def test_a_lead_that_is_not_there_any_more_is_unlearnt_and_its_event_waits_for_another(world: World) -> None:
    learn(world, ANA, PHONE, MAIL)
    world.crm.gone.add(ANA)
    (id,) = accept(world, matched("a", [PHONE, MAIL], update(title="a"), update(True, title="b")))

    world.deliver()

    assert (world.state(id), lead_of(world, id), reason_of(world, id)) == (State.PARKED, "", "lead gone")
    assert world.store.names.resolve("default", [PHONE, MAIL]) == []
    assert audit(world.store).holds
    learn(world, EVA, MAIL)
    world.deliver_all()
    assert (world.state(id), world.crm.leads) == (State.DELIVERED, {EVA: {"title": "b"}})


def test_a_lead_that_is_not_there_gives_way_to_the_next_name(world: World) -> None:
    learn(world, ANA, PHONE)
    learn(world, EVA, MAIL)
    world.crm.gone.add(ANA)
    (id,) = accept(world, matched("a", [PHONE, MAIL], update(title="a")))

    world.deliver_all()

    assert (world.state(id), world.crm.leads) == (State.DELIVERED, {EVA: {"title": "a"}})


def test_an_event_that_says_its_lead_by_id_is_not_taken_away_from_it(world: World) -> None:
    world.crm.gone.add(ANA)
    (id,) = accept(world, known("a", ANA, [PHONE], update(title="a")))

    world.deliver()

    assert (world.state(id), lead_of(world, id)) == (State.IN_FLIGHT, ANA)


@pytest.mark.parametrize("count", [1, 100, 101, 350])
def test_all_that_waits_for_a_name_goes_on_however_much_it_is(world: World, count: int) -> None:
    ids = accept(world, *(matched(f"e{n}", [PHONE, MAIL], update(**{f"metadata__k{n}": n})) for n in range(count)))

    learn(world, ANA, PHONE)

    assert {world.state(id) for id in ids} == {State.IN_FLIGHT}
    world.deliver_all()
    assert {world.state(id) for id in ids} == {State.DELIVERED}
    assert world.crm.leads[ANA] == {f"metadata.k{n}": n for n in range(count)}
    assert audit(world.store).holds


def test_of_a_long_list_nothing_goes_on_before_its_last_lead_is_noted(world: World) -> None:
    (twice,) = accept(world, matched("a", [PHONE], update(title="x")))
    (once,) = accept(world, matched("b", [MAIL], update(title="x")))

    world.store.names.learn("default", [(ANA, [PHONE])], more=True)
    world.store.names.learn("default", [(EVA, [PHONE, MAIL])], more=True)
    assert world.state(once) is world.state(twice) is State.PARKED
    world.store.names.learn("default", [])

    assert (world.state(once), lead_of(world, once)) == (State.IN_FLIGHT, EVA)
    assert world.state(twice) is State.PARKED, "two leads have this phone"


def test_a_dropped_event_does_not_come_back_when_its_lead_becomes_known(world: World) -> None:
    (id,) = accept(world, matched("a", [PHONE], update(title="x")))
    event = world.store.events.event(id)
    assert event is not None
    world.store.letters.discard(event, who="ana", why="a test")

    learn(world, ANA, PHONE)

    assert world.state(id) is State.DISCARDED
    assert audit(world.store).holds
    assert not world.client.keys("relay:w:*")


def test_a_name_of_one_destination_says_nothing_in_another(world: World) -> None:
    learn(world, ANA, PHONE)

    assert world.store.names.resolve("acme", [PHONE]) == []


def test_no_key_and_no_field_in_redis_holds_a_phone_or_an_e_mail(world: World) -> None:
    learn(world, ANA, PHONE, MAIL)
    accept(world, matched("a", [OTHER], update(title="x")))

    keys = world.client.keys("*")
    fields = [field for key in world.client.keys("relay:i:*") for field in world.client.hkeys(key)]

    assert fields
    assert not [one for one in (*keys, *fields) if b"9123" in one or b"987654" in one or b"ana" in one.lower()]


def test_an_index_is_made_with_one_key_and_found_with_no_other(store: Store) -> None:
    first = Store(store.client, retention_ms=DAY_MS, index_key="one secret")
    assert first.names.check()
    first.names.learn("default", [(ANA, [PHONE])])

    other = Store(store.client, retention_ms=DAY_MS, index_key="another")

    assert not other.names.check()
    assert other.names.resolve("default", [PHONE]) == []
    assert Store(store.client, retention_ms=DAY_MS, index_key="one secret").names.resolve("default", [PHONE]) == [ANA]


def test_an_index_can_be_begun_anew_with_another_key(store: Store) -> None:
    Store(store.client, retention_ms=DAY_MS, index_key="one secret").names.learn("default", [(ANA, [PHONE])])
    other = Store(store.client, retention_ms=DAY_MS, index_key="another")
    assert Store(store.client, retention_ms=DAY_MS, index_key="one secret").names.check()

    other.names.begin_anew()
    other.names.learn("default", [(EVA, [PHONE])])

    assert other.names.check()
    assert other.names.resolve("default", [PHONE]) == [EVA]


def test_without_a_key_of_ours_every_process_uses_the_one_in_redis(store: Store) -> None:
    store.names.learn("default", [(ANA, [PHONE])])

    again = Store(store.client, retention_ms=DAY_MS)

    assert again.names.check()
    assert again.names.resolve("default", [PHONE]) == [ANA]
