"""Replays that stand in the store: drafted, planned, started, carried on by whoever comes, cancelled, read back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from relay import replay, wiring
from relay.audit import audit
from relay.errors import CommandError, Problem, RuleError
from relay.leads_api import LeadsApi
from relay.live_rules import RulesNow
from relay.model import Arrival, State, StoredEvent
from relay.replay import Fate, Mode, Progress, Remap, Stage, read_outline, remapper
from relay.replay.records import AT_ONCE
from relay.replay.run import MOST_DUE
from relay.settings import Destination, load
from relay.store import Store
from relay.store.replays import LEASE_MS, MOST_KEPT
from tests.far_crm import World, arrival, update
from tests.forms import come_in
from tests.hook_texts import LEAD, hook_of, rule, rules
from tests.waiting import until
from workers.background import Background
from workers.errand import Means

STRICT = hook_of(rules(rule("name", '{first_name: "${fields.nombre | required}"}')))
MENDED = hook_of(rules(rule("name", '{last_name: "${fields.apellido}"}')))
OTHER = hook_of(rules(rule("name", '{last_name: "${fields.apellido | upper}"}')))


@pytest.fixture
def world(store: Store) -> World:
    store.door.know(["cotiza"])
    return World(store)


def dead(world: World, number: int) -> list[str]:
    """Have the CRM refuse events of so many leads."""
    some = [arrival(f"e{n}", f"lead-{n}", update(phone=f"bad {n}")) for n in range(number)]
    world.crm.poison = {f"bad {n}" for n in range(number)}
    ids = [one.id for one in world.store.door.accept(some)]
    for _ in range(number // 100 + 1):
        world.deliver()
    world.crm.poison = set()
    return ids


def no_rules(_hooks: object = ()) -> Remap:
    raise AssertionError("nobody asked for rules")


def driven(
    world: World,
    id: str,
    *,
    driver: str = "me",
    remaps: replay.run.Remaps = no_rules,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    return replay.drive(world.store, id, driver=driver, remaps=remaps, stop=stop)


def lease_ends(world: World, id: str) -> None:
    score = world.client.zscore("relay:replays:todo", id)
    assert score is not None
    world.client.zadd("relay:replays:todo", {id: score - LEASE_MS})


def background(world: World) -> Background:
    means = Means(
        store=world.store,
        hooks={},
        api=lambda _: LeadsApi(Destination(name="default", url="http://crm", key="", rate=0), timeout_ms=100),
        sender_urls={},
        lease_ms=1_000,
    )
    return Background(means, name="a job")


def test_a_draft_of_a_few_events_is_planned_at_once_and_changes_nothing(world: World) -> None:
    ids = dead(world, 3)

    one = replay.draft(world.store, ids[::-1], who="ana", filter="dead, hook 'cotiza'")

    outline = read_outline(one)
    assert outline
    assert (one.stage, one.mode, one.name, one.total) == (Stage.PLANNED, Mode.AS_MAPPED, "dead, hook 'cotiza'", 3)
    assert world.store.replays.ids(one.id) == ids
    assert (outline.events, outline.leads, outline.fates[Fate.APPLIES]) == (3, 3, 3)
    assert [(change.lead, change.then) for change in outline.changes] == [(f"lead-{n}", f"bad {n}") for n in range(3)]
    assert {world.state(id) for id in ids} == {State.DEAD}
    assert world.store.acts.last(9) == []


def test_a_draft_of_many_events_is_planned_by_the_background_worker(world: World) -> None:
    ids = dead(world, AT_ONCE + 1)

    one = replay.draft(world.store, ids, who="ana", name=" the  campaign ")
    wanted = world.store.errandry.arm("a job")
    worker = background(world)
    until(lambda: not worker.turn() and replay.get(world.store, one.id).stage is Stage.PLANNED)

    planned = replay.get(world.store, one.id)
    outline = read_outline(planned)
    assert (one.stage, one.name, read_outline(one)) == (Stage.PLANNING, "the campaign", None)
    assert wanted, "the background worker is called for it"
    assert outline
    assert (planned.total, planned.looked, outline.events) == (AT_ONCE + 1, AT_ONCE + 1, AT_ONCE + 1)
    assert world.store.replays.due() == []


def test_a_started_replay_is_carried_to_its_end_by_the_background_worker(world: World) -> None:
    ids = dead(world, 30)
    one = replay.draft(world.store, ids, who="ana", filter="dead")

    replay.start(world.store, one.id, who="eva")
    worker = background(world)
    until(lambda: not worker.turn() and not world.store.replays.due() and not worker._replaying.unfinished())
    world.deliver_all()

    done = replay.get(world.store, one.id)
    assert (done.stage, done.replayed, done.failed, done.left) == (Stage.DONE, 30, 0, 0)
    assert done.ended_ms
    assert {world.state(id) for id in ids} == {State.DELIVERED}
    (act,) = world.store.acts.last(9)
    assert (act.who, act.what, act.about, act.why) == ("eva", "replay", "30 events", "as mapped")
    assert (act.filter, act.count) == ("dead", 30)
    assert audit(world.store).holds


def test_who_drives_may_die_anywhere_and_another_goes_on_where_it_stood(world: World) -> None:
    ids = dead(world, 5)
    one = replay.draft(world.store, ids, who="ana")
    replay.start(world.store, one.id, who="ana", driver="first")
    first = driven(world, one.id, driver="first")
    next(first)
    next(first)  # and then it is killed

    early = list(driven(world, one.id, driver="second"))
    lease_ends(world, one.id)
    *_, last = driven(world, one.id, driver="second")

    assert early == [], "the lease of the first is not over"
    assert (last.total, last.replayed, last.missed) == (5, 5, 0)
    assert replay.get(world.store, one.id).stage is Stage.DONE
    assert [len(world.store.events.lead(f"lead-{n}").history) for n in range(5)] == [2] * 5, "each was replayed once"


def test_who_comes_back_too_late_finds_that_another_drives(world: World) -> None:
    ids = dead(world, 5)
    one = replay.draft(world.store, ids, who="ana")
    replay.start(world.store, one.id, who="ana", driver="first")
    first = driven(world, one.id, driver="first")
    next(first)
    lease_ends(world, one.id)
    second = driven(world, one.id, driver="second")
    next(second)

    late = list(first)
    *_, last = second

    assert late == []
    assert (last.replayed, last.missed) == (5, 0)


def test_a_replay_is_cancelled_between_two_events_and_stays_in_the_list(world: World) -> None:
    ids = dead(world, 3)
    one = replay.draft(world.store, ids, who="ana", name="mine")
    replay.start(world.store, one.id, who="ana", driver="me")
    steps = driven(world, one.id)
    next(steps)

    cancelled = replay.cancel(world.store, one.id, who="eva")
    rest = list(steps)

    assert (cancelled.stage, cancelled.replayed, rest) == (Stage.CANCELLED, 1, [])
    assert [world.state(id) for id in ids] == [State.IN_FLIGHT, State.DEAD, State.DEAD]
    assert [two.id for two in world.store.replays.last()] == [one.id]
    act = world.store.acts.last(1)[0]
    assert (act.who, act.what, act.about, act.why, act.count) == ("eva", "cancel", "1 of 3 events", "replay mine", 3)


@pytest.mark.parametrize("act", ["start", "cancel"])
def test_what_has_ended_is_neither_started_nor_cancelled_again(world: World, act: str) -> None:
    one = replay.draft(world.store, dead(world, 1), who="ana")
    replay.cancel(world.store, one.id, who="ana")

    with pytest.raises(CommandError, match=f"replay {one.id}: is cancelled"):
        getattr(replay, act)(world.store, one.id, who="ana")


def test_a_replay_is_started_once(world: World) -> None:
    one = replay.draft(world.store, dead(world, 1), who="ana")

    replay.start(world.store, one.id, who="ana")
    replay.start(world.store, one.id, who="eva")

    assert [act.who for act in world.store.acts.last(9)] == ["ana"]


def test_a_paused_destination_makes_a_replay_wait_and_say_so(world: World) -> None:
    one = replay.draft(world.store, dead(world, 1), who="ana")
    replay.start(world.store, one.id, who="ana", driver="me")
    world.store.steering.pause_destination("default", who="ana", why="the CRM moves")

    steps = driven(world, one.id)
    next(steps)
    waits = replay.get(world.store, one.id).waits
    world.store.steering.resume_destination("default", who="ana")
    *_, last = steps

    assert waits.startswith("waiting: destination default is paused by ana since 20")
    assert (last.waits, last.replayed) == ("", 1)
    assert replay.get(world.store, one.id).waits == ""


def test_a_replay_waits_behind_live_traffic(world: World) -> None:
    one = replay.draft(world.store, dead(world, 1), who="ana")
    replay.start(world.store, one.id, who="ana", driver="me")
    world.store.door.accept([arrival(f"n{n}", f"live-{n}", update(phone=str(n))) for n in range(MOST_DUE)])

    waits = next(driven(world, one.id)).waits

    assert waits == f"waiting: {MOST_DUE} leads of default are due"


def test_what_can_not_be_replayed_is_told_and_the_rest_goes_on(world: World) -> None:
    ids = dead(world, 2)
    one = replay.draft(world.store, ids, who="ana")
    event = world.store.events.event(ids[0])
    assert event
    world.store.letters.replay(event, who="eva")

    replay.start(world.store, one.id, who="ana", driver="me")
    *_, last = driven(world, one.id)

    words = f"event {ids[0]}: it is in flight already; wait until it has ended"
    assert (last.replayed, last.missed, last.failed) == (1, 1, [(ids[0], words)])
    assert world.store.replays.failures(one.id) == [(ids[0], words)]
    assert replay.get(world.store, one.id).stage is Stage.DONE


def test_a_remapped_replay_keeps_the_versions_of_the_rules_by_which_it_was_planned(world: World) -> None:
    event = come_in(world.store, STRICT, apellido="Rojas")
    mended = remapper({"h": MENDED})

    one = replay.draft(world.store, [event], who="ana", remap=mended)
    replay.start(world.store, one.id, who="ana", driver="me")
    *_, last = driven(world, one.id, remaps=lambda _: mended)
    world.deliver_all()

    outline = read_outline(one)
    assert outline
    assert (one.mode, outline.versions) == (Mode.REMAPPED, {"h": MENDED.version})
    assert last.replayed == 1
    assert world.crm.leads[LEAD] == {"last_name": "Rojas"}


def test_a_remapped_replay_ends_where_the_rules_are_others_than_those_of_its_plan(world: World) -> None:
    event = come_in(world.store, STRICT, apellido="Rojas")
    one = replay.draft(world.store, [event], who="ana", remap=remapper({"h": MENDED}))
    replay.start(world.store, one.id, who="ana", driver="me")

    list(driven(world, one.id, remaps=lambda _: remapper({"h": OTHER})))

    failed = replay.get(world.store, one.id)
    assert failed.stage is Stage.FAILED
    assert failed.words.startswith(f"the rules of hook h have changed since the plan ({MENDED.version}, now ")
    assert world.state(event) is State.DEAD


def test_a_remapped_replay_waits_while_the_rules_have_faults(world: World) -> None:
    event = come_in(world.store, STRICT, apellido="Rojas")
    mended = remapper({"h": MENDED})
    one = replay.draft(world.store, [event], who="ana", remap=mended)
    replay.start(world.store, one.id, who="ana", driver="me")
    broken = [RuleError(["rules/h.yaml:3: no"])]

    def remaps(_hooks: object) -> Remap:
        if broken:
            raise broken.pop()
        return mended

    steps = driven(world, one.id, remaps=remaps)
    next(steps)
    waits = replay.get(world.store, one.id).waits
    *_, last = steps

    assert waits == "waiting: the rules have faults: rules/h.yaml:3: no"
    assert last.replayed == 1


def test_a_remapped_replay_does_not_wait_for_the_rules_of_other_hooks(world: World) -> None:
    event = come_in(world.store, STRICT, apellido="Rojas")
    fault = Problem(file="rules/other.yaml", line=3, words="no")
    now = RulesNow({"h": MENDED}, {"other": (fault,)})
    one = replay.draft(world.store, [event], who="ana", remap=remapper(now))
    replay.start(world.store, one.id, who="ana", driver="me")

    *_, last = driven(world, one.id, remaps=lambda hooks: remapper(now, hooks))

    assert (last.replayed, last.missed) == (1, 0)


def test_rules_that_break_under_a_remapped_replay_hold_it_until_they_are_mended(world: World) -> None:
    events = [come_in(world.store, STRICT, apellido=name) for name in ("Rojas", "Soto")]
    fault = Problem(file="rules/h.yaml", line=3, words="no")
    mended, broken = RulesNow({"h": MENDED}, {}), RulesNow({"h": MENDED}, {"h": (fault,)})
    one = replay.draft(world.store, events, who="ana", remap=remapper(mended))
    replay.start(world.store, one.id, who="ana", driver="me")
    when_asked, under_events = [mended, broken, mended], [mended, broken]

    def remaps(hooks: Collection[str]) -> Remap:
        remapper(when_asked.pop(0), hooks)

        def remap(event: StoredEvent) -> Arrival:
            return remapper(under_events.pop(0) if under_events else mended)(event)

        return remap

    waits = [progress.waits for progress in driven(world, one.id, remaps=remaps)]

    assert "waiting: the rules have faults: rules/h.yaml:3: no" in waits
    assert all(world.state(event) is State.IN_FLIGHT for event in events)


def test_records_are_listed_newest_first_and_the_oldest_fall_away(world: World) -> None:
    running = replay.draft(world.store, dead(world, 1), who="ana").id
    replay.start(world.store, running, who="ana")
    world.client.zadd("relay:replays", {running: 0})

    made = [
        world.store.replays.create(
            ["e"], name=str(n), who="ana", mode=Mode.AS_MAPPED, force=False, filter="", plan={"n": n}
        )
        for n in range(MOST_KEPT + 1)
    ]

    listed = [one.id for one in world.store.replays.last()]
    (gone, *_) = {running, *made} - set(listed)
    assert len(listed) == MOST_KEPT
    assert listed[-1] == running, "what runs stays"
    assert made[-1] in listed
    assert [key for key in world.client.scan_iter("relay:replay:*") if gone in key.decode()] == []
    with pytest.raises(CommandError, match="is not kept; relay replay --list shows those that are"):
        replay.get(world.store, gone)


def test_what_has_ended_expires_and_what_runs_does_not(world: World) -> None:
    one = replay.draft(world.store, dead(world, 1), who="ana")
    planned = world.client.pttl(f"relay:replay:{one.id}")
    replay.start(world.store, one.id, who="ana", driver="me")
    running = [world.client.pttl(f"relay:replay:{one.id}{part}") for part in ("", ":ids")]
    list(driven(world, one.id))
    ended = [world.client.pttl(f"relay:replay:{one.id}{part}") for part in ("", ":ids")]

    assert planned > 0
    assert running == [-1, -1]
    assert min(ended) > 0


def test_nothing_can_not_be_replayed(world: World) -> None:
    with pytest.raises(CommandError, match="no event was chosen: nothing to replay"):
        replay.draft(world.store, [], who="ana")


def test_the_rules_of_now_are_those_on_disk(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "h.yaml"
    file.write_text(rules(rule("name", "{last_name: Rojas}")))
    settings = load({"RELAY_RULES": str(tmp_path), "S": "s", "LEADS_API_URL": "http://crm", "LEADS_API_KEY": "k"})
    now = wiring.rules_aside(settings, store).fresh

    first, again = now(), now()
    file.write_text(rules(rule("name", "{last_name: Rojas Soto}")))
    changed = now()
    file.write_text(rules(rule("name", "{lastname: Rojas}")))
    with pytest.raises(RuleError, match="unknown field 'lastname'"):
        now().get("h")
    file.unlink()
    with pytest.raises(RuleError, match="holds no hook file"):
        now()

    assert first["h"] is again["h"]
    assert first["h"].version != changed["h"].version
