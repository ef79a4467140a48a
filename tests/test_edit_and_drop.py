"""An event replayed with values that a person wrote, and many events dropped at once with a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay import replay
from relay.errors import CommandError
from relay.model import Json, Name, State, StoredEvent
from relay.replay import Mode, Stage, drop, edited, read_outline
from relay.store import Store
from relay.store.letters import Edit, Step
from relay.store.replays import LEASE_MS
from tests.far_crm import World, arrival, matched, update

ANA, EVA = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def event_of(world: World, id: str) -> StoredEvent:
    event = world.store.events.event(id)
    assert event
    return event


def refused(world: World, *updates: Any, lead: str = ANA, id: str = "e") -> str:
    world.crm.poison = {"bad"}
    event = world.accept(id, lead, *(updates or (update(email="bad", title="x"),)))
    world.deliver_all()
    world.crm.poison = set()
    assert world.state(event) is State.DEAD
    return event


def carried_out(world: World, one: replay.Replay) -> replay.Replay:
    def no_rules(_hooks: object = ()) -> replay.Remap:
        raise AssertionError("nobody asked for rules")

    replay.start(world.store, one.id, who="ana", driver="me")
    list(replay.drive(world.store, one.id, driver="me", remaps=no_rules))
    world.deliver_all()
    return replay.get(world.store, one.id)


def test_an_edited_replay_is_planned_then_sent_and_before_and_after_are_kept(world: World) -> None:
    id = refused(world)

    one = replay.draft_edited(world.store, id, [{"email": " ana@example.cl ", "title": "x"}], who="ana")
    done = carried_out(world, one)

    outline = read_outline(one)
    assert outline
    assert [(change.register, change.then) for change in outline.changes] == [
        ("email", "ana@example.cl"),
        ("title", "x"),
    ]
    assert (done.mode, done.stage, done.replayed) == (Mode.EDITED, Stage.DONE, 1)
    assert world.crm.leads[ANA] == {"email": "ana@example.cl", "title": "x"}
    after = event_of(world, id)
    assert dict(after.updates[0].by) == {"email": "edited by ana", "title": "rule"}
    (edit,) = world.store.letters.edits(id)
    assert (edit.who, edit.before, edit.after) == (
        "ana",
        ({"email": "bad", "title": "x"},),
        ({"email": "ana@example.cl", "title": "x"},),
    )
    assert 0 < world.client.pttl(f"relay:edits:{id}") <= 2 * world.store.retention_ms


def test_history_and_acts_tell_who_edited_and_no_values(world: World) -> None:
    id = refused(world)

    carried_out(world, replay.draft_edited(world.store, id, [{"email": "ana@example.cl"}], who="ana"))

    words = [entry.words for entry in world.store.events.lead(ANA).history]
    assert "replayed edited by ana" in words
    (act,) = world.store.acts.last(9)
    assert (act.who, act.what, act.about, act.why, act.count) == ("ana", "replay", id, "edited", 1)
    assert "example" not in str(words)


def test_an_edited_event_keeps_its_stamp_and_overwrites_nothing_newer(world: World) -> None:
    id = refused(world)
    before = event_of(world, id).stamp
    world.accept("newer", ANA, update(email="new@example.cl"))
    world.deliver_all()

    carried_out(world, replay.draft_edited(world.store, id, [{"email": "ana@example.cl", "phone": "1"}], who="ana"))

    assert world.crm.leads[ANA] == {"email": "new@example.cl", "phone": "1"}
    assert event_of(world, id).stamp == before


def test_by_force_an_edited_event_overwrites(world: World) -> None:
    id = refused(world)
    world.accept("newer", ANA, update(email="new@example.cl"))
    world.deliver_all()

    carried_out(world, replay.draft_edited(world.store, id, [{"email": "ana@example.cl"}], who="ana", force=True))

    assert world.crm.leads[ANA] == {"email": "ana@example.cl"}


def test_an_event_whose_lead_was_found_by_its_names_stays_with_that_lead(world: World) -> None:
    phone = Name("phone", "+56912345678")
    world.store.names.learn("default", [(ANA, [phone])])
    world.crm.poison = {"bad"}
    id = world.store.door.accept([matched("e", [phone], update(title="bad"))])[0].id
    world.deliver_all()
    world.crm.poison = set()

    carried_out(world, replay.draft_edited(world.store, id, [{"title": "good"}], who="ana"))

    after = event_of(world, id)
    assert (after.lead, after.found, after.names) == (ANA, True, (phone,))
    assert world.crm.leads[ANA] == {"title": "good"}


def test_of_several_updates_each_is_edited_by_itself_and_one_may_be_left_out(world: World) -> None:
    id = refused(world, update(each=True, title="bad"), update(each=True, company="y"))
    event = event_of(world, id)

    both = edited(event, [{"title": "good"}, {"company": "y"}], who="ana")
    one = edited(event, [{}, {"company": "z"}], who="ana")

    assert [(dict(some.set), dict(some.by), some.each) for some in both] == [
        ({"title": "good"}, {"title": "edited by ana"}, True),
        ({"company": "y"}, {"company": "rule"}, True),
    ]
    assert [dict(some.set) for some in one] == [{"company": "z"}]


LONG = "x" * 20_000


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"emial": "a@b.cl"}, "unknown field 'emial'; did you mean 'email'?; anything else goes under metadata"),
        ({"email": "ana"}, "email is not an e-mail address"),
        ({"first_name": None}, "first_name can't be cleared"),
        ({"phone": 5}, "phone must be text, not a number"),
        ({"title": " "}, "title is empty; leave it out, or write null to clear it"),
        ({"metadata.": "x"}, "a key under metadata has no name"),
        (
            {"metadata.a": None},
            "metadata.a is null, and the lead API does not say what that does to a key",
        ),
        ({"metadata.a": {"b": 1}}, "metadata.a must be text, a number or true/false, not an object"),
        ({"metadata.a": LONG}, "metadata.a is longer than"),
        ({"email": "ana", "phone": 5}, "email is not an e-mail address\nphone must be text, not a number"),
    ],
)
def test_what_a_rule_may_not_set_a_person_may_not_either(world: World, values: dict[str, Json], words: str) -> None:
    event = event_of(world, refused(world))

    with pytest.raises(CommandError) as raised:
        edited(event, [values], who="ana")

    assert str(raised.value).startswith(words)
    assert LONG not in str(raised.value)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([{}], "nothing is left to send; to send nothing, drop it"),
        ([{"email": "bad", "title": "x"}], "nothing was changed"),
        ([{"title": "y"}, {"title": "z"}], "has 1 update, not 2"),
    ],
)
def test_an_edit_that_says_nothing_is_refused(world: World, wanted: list[dict[str, Json]], words: str) -> None:
    event = event_of(world, refused(world, update(title="bad", email="x@y.cl")))
    if words == "nothing was changed":
        wanted = [dict(event.updates[0].set)]

    with pytest.raises(CommandError, match=words):
        edited(event, wanted, who="ana")


def test_an_event_without_a_lead_can_not_be_edited(world: World) -> None:
    id = world.store.door.accept([matched("e", [Name("phone", "+56912345678")], update(title="x"))])[0].id

    with pytest.raises(CommandError, match="its lead is not known: link it"):
        replay.draft_edited(world.store, id, [{"title": "y"}], who="ana")


def test_an_edit_that_the_client_repeats_is_done_once(world: World) -> None:
    id = refused(world)
    one = replay.draft_edited(world.store, id, [{"title": "y"}], who="ana")
    replay.start(world.store, one.id, who="ana", driver="me")
    outline = read_outline(one)
    assert outline
    event, step = event_of(world, id), Step(one.id, "me", 0, LEASE_MS)

    first = world.store.letters.edit(event, outline.edit, who="ana", step=step)
    again = world.store.letters.edit(event, outline.edit, who="ana", step=step)

    assert (first, again) == (True, True)
    assert len(world.store.letters.edits(id)) == 1
    assert replay.get(world.store, one.id).replayed == 1


def test_an_event_that_was_never_edited_has_no_edits(world: World) -> None:
    assert world.store.letters.edits("e") == list[Edit]()


def test_many_are_dropped_with_one_entry_in_the_list_of_acts(world: World) -> None:
    world.crm.poison = {"bad"}
    some = [replace(arrival(f"e{n}", lead, update(title="bad"))) for n, lead in enumerate((ANA, EVA))]
    ids = [one.id for one in world.store.door.accept(some)]
    world.deliver_all()
    done = world.accept("fine", ANA, update(phone="1"))
    world.deliver_all()
    heard: list[int] = []

    what = drop(world.store, [*ids, done, "gone"], who="ana", why="a test", filter="dead", seen=heard.append)

    assert (what.dropped, what.not_dropped) == (2, 2)
    assert what.failed == (
        (done, f"event {done}: only dead and parked events can be dropped"),
        ("gone", "event gone: it is not kept any more"),
    )
    assert {world.state(id) for id in ids} == {State.DISCARDED}
    (act,) = world.store.acts.last(9)
    assert (act.what, act.about, act.why, act.filter, act.count) == ("drop", "4 events", "a test", "dead", 4)
    dropped = world.store.letters.dropped(ids[0])
    assert dropped
    assert (dropped.who, dropped.why) == ("ana", "a test")
    assert world.store.letters.dropped(done) is None
    assert heard == [1, 2, 3, 4]


def test_one_that_is_dropped_is_told_by_its_id(world: World) -> None:
    id = refused(world)

    drop(world.store, [id], who="ana", why="a test")

    (act,) = world.store.acts.last(9)
    assert (act.what, act.about, act.count) == ("drop", id, 1)


def test_nothing_is_dropped_without_a_reason(world: World) -> None:
    with pytest.raises(CommandError, match="say why they are dropped"):
        drop(world.store, ["e"], who="ana", why=" ")
