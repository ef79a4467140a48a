"""Sending events again: which are found, what the plan says, and what the run does to lead and record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from relay import replay
from relay.audit import audit
from relay.model import Fault, Mapped, Reason, State, StoredEvent
from relay.replay import Fate, Filter, Plan, plan, remapper, run, select
from relay.replay.run import MOST_DUE
from relay.store import Store
from tests.far_crm import World, arrival, update
from tests.forms import come_in
from tests.hook_texts import BY_ID, HEAD, LEAD, hook_of, rule, rules

ANA, EVA = "lead-ana", "lead-eva"
GOOD = hook_of(rules(rule("name", '{first_name: "${fields.nombre}"}')))
STRICT = hook_of(rules(rule("name", '{first_name: "${fields.nombre | required}"}')))
NEVER = hook_of(rules(rule("name", '{first_name: "${fields.nombre}"}', "when: fields.nombre == 'nobody'")))
PARKING = hook_of(
    HEAD + "lead:\n  id: ${hidden.other_id}\n" + "rules:\n" + rule("name", '{first_name: "${fields.nombre}"}')
)


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def refused(world: World, id: str, lead: str, **values: Any) -> str:
    """Bury an event: the CRM refuses its values, once."""
    world.crm.poison |= set(values.values())
    event = world.accept(id, lead, update(**values))
    world.deliver()
    world.crm.poison.clear()
    assert world.state(event) is State.DEAD
    return event


def event_of(store: Store, id: str) -> StoredEvent:
    event = store.events.event(id)
    assert event is not None
    return event


def carried_out(store: Store, planned: Plan, **more: Any) -> replay.Progress:
    *_, last = run(store, planned, who="ana", **more)
    return last


DAY_MS = 86_400_000
PAST, FUTURE = 1_700_000_000_000, 4_000_000_000_000


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), ["mapping", "other hook", "refused"]),
        (Filter(hook="zapier"), ["other hook"]),
        (Filter(kind="mapping"), ["mapping", "other hook"]),
        (Filter(words="NO SUCH campaign"), ["refused"]),
        (Filter(lead=ANA), ["refused"]),
        (Filter(lead=f"acme/{ANA}"), []),
        (Filter(since_ms=PAST), ["mapping", "other hook", "refused"]),
        (Filter(since_ms=FUTURE), []),
        (Filter(until_ms=FUTURE, kind="refused"), ["refused"]),
        (Filter(until_ms=PAST), []),
        (Filter(state="parked"), ["parked"]),
        (Filter(state="ignored"), ["ignored"]),
        (Filter(state="delivered"), ["delivered"]),
        (Filter(state="delivered", hook="zapier"), []),
        (Filter(state="delivered", until_ms=PAST), []),
        (Filter(state="superseded"), []),
        (Filter(state="faulty"), ["delivered"]),
        (Filter(state="faulty", words="phone is no number"), ["delivered"]),
    ],
)
def test_a_filter_finds_what_it_says(store: Store, wanted: Filter, found: list[str]) -> None:
    names = {store.door.accept([one])[0].id: one.mapped.event_id for one in many_arrivals()}
    World(store).deliver()

    assert sorted(names[id] for id in select(store, wanted)) == found


def test_a_limit_takes_the_first_of_them(world: World) -> None:
    dead = [refused(world, f"e{number}", ANA, phone=str(number)) for number in range(3)]

    found = select(world.store, Filter())

    assert sorted(found) == sorted(dead)
    assert select(world.store, Filter(limit=2)) == found[:2]
    assert select(world.store, Filter(limit=2, kind="refused")) == found[:2]


def many_arrivals() -> Sequence[Any]:
    """One event for each state, two dead ones of kind mapping; what is in flight is about to be delivered."""
    broken = Reason(kind="mapping", words="a rule failed")
    dead = Mapped(event_id="mapping", at_ms=None, state=State.DEAD, reason=broken)
    crm_words = Reason(kind="refused", words="no such campaign", status=400)
    fault = Fault(rule="r", register="phone", words="is no number")
    good = arrival("delivered", EVA, update(phone="1"))
    named = {
        "refused": Mapped(event_id="refused", at_ms=None, lead=ANA, state=State.DEAD, reason=crm_words),
        "other hook": replace(dead, event_id="other hook"),
        "parked": Mapped(event_id="parked", at_ms=None, state=State.PARKED, reason=Reason(kind="lead", words="?")),
        "ignored": Mapped(event_id="ignored", at_ms=None, lead=ANA, state=State.IGNORED),
    }
    arrivals = {name: replace(good, mapped=mapped) for name, mapped in named.items()}
    arrivals["other hook"] = replace(arrivals["other hook"], hook="zapier")
    return [replace(good, mapped=dead), *arrivals.values(), replace(good, mapped=replace(good.mapped, faults=(fault,)))]


def test_a_plan_counts_what_would_apply_and_what_is_stale(world: World) -> None:
    old = refused(world, "old", ANA, phone="1")
    mixed = refused(world, "mixed", ANA, phone="2", email="a@b.c")
    other = refused(world, "other", EVA, phone="3")
    world.accept("newer", ANA, update(phone="9"))
    world.deliver()

    planned = plan(world.store, [old, mixed, other])

    assert [item.fate for item in planned.items] == [Fate.STALE, Fate.APPLIES, Fate.APPLIES]
    assert planned.leads == 2
    assert [(one.lead, one.register, one.then) for one in planned.changes] == [
        (ANA, "email", "a@b.c"),
        (EVA, "phone", "3"),
    ]


def test_a_plan_changes_nothing(world: World) -> None:
    event = refused(world, "old", ANA, phone="1")
    before = {key: world.client.dump(key) for key in world.client.scan_iter()}

    plan(world.store, [event], force=True)

    assert {key: world.client.dump(key) for key in world.client.scan_iter()} == before


def test_a_forced_plan_says_what_newer_events_have_set_and_what_it_would_become(world: World) -> None:
    old = refused(world, "old", ANA, phone="1")
    newer = world.accept("newer", ANA, update(phone="9"))
    world.deliver()

    (change,) = plan(world.store, [old], force=True).changes

    assert (change.known, change.now, change.then) == (True, "9", "1")
    assert (change.set_by, change.event) == (newer, old)


def test_of_several_events_of_one_lead_the_newest_value_is_told(world: World) -> None:
    dead = [refused(world, f"e{number}", ANA, phone=str(number)) for number in range(3)]

    (change,) = plan(world.store, dead[::-1]).changes

    assert (change.then, change.event, change.set_by, change.known) == ("2", dead[2], "", False)


def test_what_stands_already_is_no_change(world: World) -> None:
    event = world.accept("e", ANA, update(phone="1"))
    world.deliver()

    planned = plan(world.store, [event])

    assert (planned.count(Fate.APPLIES), planned.changes) == (1, ())


def test_a_plan_says_which_events_it_leaves_and_why(world: World) -> None:
    dropped = refused(world, "dropped", ANA, phone="1")
    world.store.letters.discard(event_of(world.store, dropped), who="ana", why="a test")
    waiting = world.accept("waiting", ANA, update(phone="2"))
    unmapped = come_in(world.store, STRICT)

    planned = plan(world.store, ["never", dropped, waiting, unmapped])

    assert planned.left == {
        "it is not kept any more": 1,
        "it was dropped": 1,
        "it is in flight already": 1,
        "it was mapped to no update of a lead: replay it remapped": 1,
    }
    assert planned.to_run == ()


def test_a_dead_letter_is_delivered_when_it_is_replayed(world: World) -> None:
    event = refused(world, "e", ANA, phone="1")

    done = carried_out(world.store, plan(world.store, [event]))
    world.deliver_all()

    assert (done.replayed, done.failed) == (1, [])
    assert world.state(event) is State.DELIVERED
    assert world.crm.leads[ANA] == {"phone": "1"}
    assert world.store.events.dead() == []


def test_a_replay_never_overwrites_what_a_newer_event_has_set(world: World) -> None:
    old = refused(world, "old", ANA, phone="1", email="a@b.c")
    world.accept("newer", ANA, update(phone="9"))
    world.deliver()

    carried_out(world.store, plan(world.store, [old]))
    world.deliver_all()

    assert world.crm.leads[ANA] == {"phone": "9", "email": "a@b.c"}


def test_a_forced_replay_overwrites_and_its_record_says_so(world: World) -> None:
    old = refused(world, "old", ANA, phone="1")
    world.accept("newer", ANA, update(phone="9"))
    world.deliver()

    carried_out(world.store, plan(world.store, [old], force=True))
    world.deliver_all()

    assert world.crm.leads[ANA] == {"phone": "1"}
    assert "replayed as mapped by ana, with the stamp of now" in [
        entry.words for entry in world.store.events.lead(ANA).history
    ]


def test_events_are_replayed_in_the_order_of_their_stamps(world: World) -> None:
    dead = [refused(world, f"e{number}", ANA, phone=str(number)) for number in range(3)]

    planned = plan(world.store, dead[::-1])

    assert [item.event for item in planned.to_run] == dead


def test_a_replay_stops_between_two_events_when_it_is_told_to(world: World) -> None:
    dead = [refused(world, f"e{number}", f"lead-{number}", phone=str(number)) for number in range(3)]
    steps: list[int] = []

    for progress in run(world.store, plan(world.store, dead), who="ana", stop=lambda: bool(steps)):
        steps.append(progress.replayed)

    assert steps == [1]
    assert [world.state(id) for id in dead] == [State.IN_FLIGHT, State.DEAD, State.DEAD]
    assert world.store.acts.last(1)[0].about == "1 of 3 events"


def test_what_changed_since_the_plan_is_told_and_the_rest_goes_on(world: World) -> None:
    dead = [refused(world, f"e{number}", f"lead-{number}", phone=str(number)) for number in range(2)]
    planned = plan(world.store, dead)
    world.store.letters.replay(event_of(world.store, dead[0]), who="eva")

    done = carried_out(world.store, planned)

    assert done.failed == [(dead[0], f"event {dead[0]}: it is in flight already; wait until it has ended")]
    assert done.replayed == 1


def test_a_replay_waits_while_many_leads_are_due_and_says_so(world: World) -> None:
    dead = refused(world, "dead", ANA, phone="1")
    world.store.door.accept([arrival(f"e{n}", f"lead-{n}", update(phone=str(n))) for n in range(MOST_DUE)])
    steps = run(world.store, plan(world.store, [dead]), who="ana")

    waits = next(steps).waits
    still = world.state(dead)
    world.deliver(room=1)
    *_, last = steps

    assert (waits, still) == (f"waiting: {MOST_DUE} leads of default are due", State.DEAD)
    assert (last.waits, last.replayed) == ("", 1)


def test_a_mended_rule_brings_a_dead_letter_of_mapping_to_its_lead(world: World) -> None:
    event = come_in(world.store, STRICT, apellido="Rojas")
    mended = remapper({"h": hook_of(rules(rule("name", '{last_name: "${fields.apellido}"}')))})

    planned = plan(world.store, [event], remap=mended)
    carried_out(world.store, planned, remap=mended)
    world.deliver_all()

    assert [(one.lead, one.register, one.then) for one in planned.changes] == [(LEAD, "last_name", "Rojas")]
    assert world.crm.leads[LEAD] == {"last_name": "Rojas"}
    assert world.state(event) is State.DELIVERED
    assert audit(world.store).holds


def test_a_remapped_event_keeps_its_id_and_its_place_in_time(world: World) -> None:
    event = come_in(world.store, STRICT)
    before = event_of(world.store, event)
    text = BY_ID + "event:\n  id: ${fields.apellido}\n" + "rules:\n" + rule("fixed", "{first_name: Ana}")
    remap = remapper({"h": hook_of(text)})

    carried_out(world.store, plan(world.store, [event], remap=remap), remap=remap)

    after = event_of(world.store, event)
    assert (after.sender_id, after.stamp) == (before.sender_id, before.stamp)
    assert after.version != before.version


def test_a_parked_event_finds_its_lead_by_a_mended_rule(world: World) -> None:
    event = come_in(world.store, PARKING, nombre="Ana")
    assert select(world.store, Filter(state="parked")) == [event]
    remap = remapper({"h": GOOD})

    carried_out(world.store, plan(world.store, [event], remap=remap), remap=remap)
    world.deliver_all()

    assert world.crm.leads[LEAD] == {"first_name": "Ana"}
    assert world.store.events.parked() == []


def test_a_plan_says_which_remapped_events_would_be_ignored_or_parked(world: World) -> None:
    event = come_in(world.store, STRICT)
    named = come_in(world.store, GOOD, nombre="Ana")
    world.deliver_all()

    ignored = plan(world.store, [event, named], remap=remapper({"h": NEVER}))
    parked = plan(world.store, [named], remap=remapper({"h": PARKING}))

    assert (ignored.count(Fate.IGNORED), ignored.leads) == (2, 0)
    assert parked.count(Fate.PARKED) == 1


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        ({}, "hook 'h' is not loaded: put its file back into the rules"),
        ({"h": STRICT}, "the rules of now fail too: rules/h.yaml:6: rule 'name': first_name is"),
    ],
)
def test_what_the_rules_of_now_can_not_map_is_left_as_it_is(world: World, hooks: dict[str, Any], words: str) -> None:
    event = come_in(world.store, STRICT)

    planned = plan(world.store, [event], remap=remapper(hooks))

    (item,) = planned.items
    assert (item.fate, item.words[: len(words)]) == (Fate.LEFT, words)


def test_a_body_that_can_not_be_read_any_more_is_left_as_it_is(world: World) -> None:
    event = world.accept("e", ANA, update(phone="1"))
    world.deliver()
    hook = replace(GOOD, name="cotiza")

    (item,) = plan(world.store, [event], remap=remapper({"cotiza": hook})).items

    assert item.words == "its body can't be read as a typeform event now: form_response is missing"


def test_a_replay_as_mapped_keeps_its_faults_in_the_list_of_the_faulty(world: World) -> None:
    fault = Fault(rule="r", register="phone", words="is no number")
    one = arrival("e", ANA, update(email="a@b.c"))
    event = world.store.door.accept([replace(one, mapped=replace(one.mapped, faults=(fault,)))])[0].id
    world.deliver()

    carried_out(world.store, plan(world.store, [event]))

    assert select(world.store, Filter(state="faulty")) == [event]
