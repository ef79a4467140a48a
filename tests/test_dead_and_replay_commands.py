"""``relay dead`` and ``relay replay`` as a script sees them: what they print, what they change, how they exit."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from relay.embedded import EmbeddedRedis
from relay.leads_api import LeadsApi
from relay.model import State
from relay.replay import Stage
from relay.replay.run import MOST_DUE
from relay.settings import Destination
from relay.store import Store
from relay.store.replays import LEASE_MS
from tests.desk import ANA, EVA, Desk, desk_over, on_a_terminal
from tests.far_crm import arrival, update
from tests.forms import come_in
from tests.hook_texts import hook_of, rule, rules
from tests.waiting import until
from workers.background import Background
from workers.errand import Means


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    return desk_over(store, redis_server.url, tmp_path)


def test_dead_letters_are_listed_with_their_reasons_and_counted(desk: Desk) -> None:
    first, second = desk.dead("e1", ANA, phone="1"), desk.dead("e2", EVA, phone="2")

    listed = desk.relay("dead", "list")

    header, one, two, count = listed.stdout.splitlines()
    assert header.split() == ["received", "UTC-03:00", "event", "hook", "state", "kind", "lead", "why"]
    assert {first, second} == {row.split()[2] for row in (one, two)}
    assert one.split()[4:6] == ["dead", "refused"]
    assert one.rstrip().endswith("400 a value is refused")
    assert (count, listed.returncode) == ("2 dead letters", 0)


def test_a_filter_that_finds_nothing_exits_with_3(desk: Desk) -> None:
    desk.dead("e", ANA, phone="1")

    listed = desk.relay("dead", "list", "--lead", EVA, "--since", "2h")

    assert (listed.stdout, listed.stderr, listed.returncode) == ("", "no dead letter matches\n", 3)


def test_dead_letters_as_json_hold_times_twice_and_nothing_else_is_printed(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")

    (letter,) = desk.json("dead", "list", "--kind", "refused")

    assert (letter["id"], letter["lead"], letter["state"]) == (event, ANA, "dead")
    assert letter["updates"] == [{"set": {"phone": "1"}, "by": {"phone": "rule"}, "each": False, "state": "dead"}]
    assert letter["reason"]["words"] == "a value is refused"
    assert letter["received"].endswith("Z")
    assert isinstance(letter["received_ms"], int)


def test_a_time_that_can_not_be_read_is_wrong_usage(desk: Desk) -> None:
    listed = desk.relay("dead", "list", "--since", "yesterday")

    assert "'yesterday' is no time: say 30m, 2h or 3d ago, today, or 2026-11-23T14:30" in listed.stderr
    assert listed.returncode == 2


def test_one_dead_letter_is_shown_with_its_attempts(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")

    shown = desk.relay("dead", "show", event)

    assert "dead: delivery was given up" in shown.stdout
    assert "refused (400): a value is refused" in shown.stdout
    assert "400 in " in shown.stdout


def test_only_a_dead_letter_is_shown_as_one(desk: Desk) -> None:
    event = desk.delivered("e", ANA, phone="1")

    shown = desk.relay("dead", "show", event)

    assert shown.stderr == f"event {event}: is delivered, no dead letter: see relay event {event}\n"
    assert shown.returncode == 3


def test_letters_are_dropped_by_their_ids_and_the_reason_is_recorded(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")

    dropped = desk.relay("dead", "drop", event, "--why", "a test of ours", "--who", "ana")

    assert (dropped.stdout, dropped.returncode) == ("1 event dropped\n", 0)
    assert desk.world.state(event) is State.DISCARDED
    (act,) = desk.world.store.acts.last(9)
    assert (act.who, act.what, act.about, act.why) == ("ana", "drop", event, "a test of ours")


def test_dropping_what_a_filter_finds_is_asked_first_with_its_count(desk: Desk) -> None:
    events = [desk.dead("e1", ANA, phone="1"), desk.dead("e2", ANA, phone="2")]
    desk.dead("e3", EVA, phone="3")

    asked = desk.relay("dead", "drop", "--lead", ANA, "--why", "x")
    done = desk.relay("dead", "drop", "--lead", ANA, "--why", "x", "--yes")

    words = f"Drop 2 dead letters (lead '{ANA}') for good? nobody is there to answer: pass --yes\n"
    assert (asked.stderr, asked.returncode) == (words, 2)
    assert (done.stdout, done.returncode) == ("2 events dropped\n", 0)
    assert {desk.world.state(id) for id in events} == {State.DISCARDED}
    assert len(desk.world.store.events.dead()) == 1


def test_a_group_is_said_in_its_own_words_before_its_events_are_dropped_and_names_their_replay(desk: Desk) -> None:
    desk.dead("e1", ANA, phone="1")
    [group] = desk.world.store.groups.open()

    asked = desk.relay("dead", "drop", "--group", group.id, "--why", "x")
    desk.relay("replay", "--group", group.id, "--run", "--background", "--yes")

    sentence = "Typeform cotiza: the CRM refused the update: a value is refused"
    assert asked.stderr.startswith(f"Drop 1 dead letter (group '{group.id}', {sentence}) for good?")
    assert [one.name for one in desk.world.store.replays.last()] == [sentence]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--why", "x"], "say which: ids, a filter such as --hook, or --all"),
        (["id", "--hook", "cotiza", "--why", "x"], "give ids or a filter, not both"),
        (["id", "--why", " "], "--why: say why they are dropped"),
        (["--all", "--state", "faulty", "--why", "x"], "--state: must be one of dead, parked, not 'faulty'"),
    ],
)
def test_a_drop_that_is_not_clear_is_wrong_usage(desk: Desk, words: list[str], error: str) -> None:
    dropped = desk.relay("dead", "drop", *words)

    assert (dropped.stderr, dropped.returncode) == (f"{error}\n", 2)


def test_what_can_not_be_dropped_is_said_and_the_rest_is_dropped(desk: Desk) -> None:
    good, other = desk.dead("e1", ANA, phone="1"), desk.delivered("e2", EVA, phone="2")

    dropped = desk.relay("dead", "drop", other, good, "--why", "x")

    assert dropped.stdout == "1 event dropped\n"
    assert dropped.stderr.splitlines() == [
        f"event {other}: only dead and parked events can be dropped",
        "1 event not dropped",
    ]
    assert dropped.returncode == 3


def test_a_replay_without_run_shows_the_plan_and_changes_nothing(desk: Desk) -> None:
    event = desk.dead("e1", ANA, phone="1")
    desk.dead("e2", EVA, phone="2")
    desk.delivered("e3", EVA, phone="3")

    planned = desk.relay("replay")

    said = planned.stdout.splitlines()
    assert said[0] == "2 events, 2 leads, as mapped"
    assert [line.split()[:2] for line in said[1:3]] == [["1", "would"], ["1", "stale:"]]
    assert "1 field would change" in said[4]
    assert said[6].split() == [ANA, "phone", "not", "set", "by", "us", "1", event]
    assert (said[-1], planned.returncode) == ("nothing was changed: add --run to do it", 0)
    assert desk.world.state(event) is State.DEAD


def test_one_event_that_is_named_is_replayed_at_once(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")

    replayed = desk.relay("replay", event, "--run", "--who", "ana")

    assert replayed.stdout.splitlines() == ["1 event replayed", f"see what becomes of it: relay event {event}"]
    assert replayed.returncode == 0
    assert desk.world.state(event) is State.IN_FLIGHT


def test_more_than_one_is_asked_for_after_the_plan(desk: Desk) -> None:
    events = [desk.dead("e1", ANA, phone="1"), desk.dead("e2", EVA, phone="2")]

    asked = desk.relay("replay", "--kind", "refused", "--run")
    done = desk.relay("replay", "--kind", "refused", "--run", "--yes")

    assert asked.stderr.splitlines()[-1] == "Replay 2 events? nobody is there to answer: pass --yes"
    assert asked.stdout.splitlines()[0] == "2 events, 2 leads, as mapped"
    assert asked.returncode == 2
    assert (done.stdout.splitlines()[-1], done.returncode) == ("2 events replayed", 0)
    assert {desk.world.state(id) for id in events} == {State.IN_FLIGHT}


def test_a_replay_that_leaves_some_out_says_why_and_exits_with_3(desk: Desk) -> None:
    event = desk.dead("e1", ANA, phone="1")

    replayed = desk.relay("replay", event, "gone", "--run", "--yes")

    assert "1 event replayed" in replayed.stdout
    assert "left as it is: it is not kept any more" in replayed.stderr
    assert replayed.returncode == 3


def test_a_plan_as_json_can_be_read_by_a_script(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")

    planned = desk.json("replay", event)

    assert (planned["events"], planned["leads"], planned["applies"], planned["stale"]) == (1, 1, 1, 0)
    assert planned["items"] == [{"event": event, "lead": ANA, "fate": "applies", "words": ""}]
    (field,) = planned["fields"]
    assert (field["field"], field["known"], field["set_by"], field["then"]) == ("phone", False, "", "1")


def test_a_remapped_replay_reads_the_rules_of_now(desk: Desk, tmp_path: Path) -> None:
    broken = hook_of(rules(rule("name", '{first_name: "${fields.nombre | required}"}')))
    event = come_in(desk.world.store, broken, apellido="Rojas")
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "h.yaml").write_text(rules(rule("name", '{last_name: "${fields.apellido}"}')))
    mended = Desk(desk.world, {**desk.environment, "RELAY_RULES": str(folder), "S": "a secret"})

    replayed = mended.relay("replay", event, "--remapped", "--run")
    desk.world.deliver_all()

    assert replayed.returncode == 0, replayed.stderr
    assert desk.world.crm.leads == {ANA: {"last_name": "Rojas"}}


def test_the_rules_of_another_hook_do_not_keep_a_remapped_replay_those_of_its_own_do(
    desk: Desk, tmp_path: Path
) -> None:
    event = come_in(desk.world.store, hook_of(rules(rule("name", "{first_name: Ana}"))), apellido="Rojas")
    (tmp_path / "h.yaml").write_text(rules(rule("name", '{last_name: "${fields.apellido}"}')))
    (tmp_path / "other.yaml").write_text("sender: none")
    desk.world.deliver_all()
    mended = Desk(desk.world, {**desk.environment, "RELAY_RULES": str(tmp_path), "S": "a secret"})

    replayed = mended.relay("replay", event, "--remapped", "--run")
    desk.world.deliver_all()
    (tmp_path / "h.yaml").write_text("sender: none")
    (tmp_path / "other.yaml").write_text(rules(rule("name", "{last_name: Soto}")))
    refused = mended.relay("replay", event, "--remapped", "--run")

    assert replayed.returncode == 0, replayed.stderr
    assert desk.world.crm.leads[ANA]["last_name"] == "Rojas"
    assert refused.returncode == 2
    assert "h.yaml:1:9: unknown sender 'none'" in refused.stderr


def test_ctrl_c_ends_a_replay_between_two_events_and_says_how_far_it_came(desk: Desk) -> None:
    for number in range(2):
        desk.dead(f"dead {number}", ANA, phone=str(number))
    desk.world.store.door.accept([arrival(f"e{n}", f"lead-{n}", update(phone=str(n))) for n in range(MOST_DUE)])

    with on_a_terminal(desk, "replay", "--run", "--yes") as (process, said):
        shown = ""
        while f"waiting: {MOST_DUE} leads of default are due" not in shown:
            shown += next(said)
        process.send_signal(signal.SIGINT)
        shown = "".join(said)
        code = process.wait(60)

    assert "0 events replayed" in shown
    assert "cancelled: 2 events not replayed" in shown
    assert code == 3
    assert len(desk.world.store.events.dead()) == 2


def test_a_replay_that_was_run_is_listed_and_shown(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")
    desk.relay("replay", event, "--run", "--who", "ana", "--name", "the campaign")

    listed = desk.relay("replay", "--list")
    (one,) = desk.json("replay", "--list")
    shown = desk.relay("replay", "--show", one["id"])

    assert (one["name"], one["who"], one["state"], one["replayed"]) == ("the campaign", "ana", "done", 1)
    assert one["id"] in listed.stdout
    assert shown.stdout.splitlines()[0] == f"replay {one['id']}: the campaign"
    assert "1 of 1 event replayed, 0 failed" in shown.stdout
    assert "1 field would change" in shown.stdout
    assert desk.json("replay", "--show", one["id"])["plan"]["applies"] == 1


def test_a_replay_is_left_to_the_background_worker_and_cancelled(desk: Desk) -> None:
    event = desk.dead("e", ANA, phone="1")

    left = desk.relay("replay", "--kind", "refused", "--run", "--background", "--yes")
    (one,) = desk.json("replay", "--list")
    cancelled = desk.relay("replay", "--cancel", one["id"], "--who", "eva")
    again = desk.relay("replay", "--cancel", one["id"])

    assert (
        left.stdout.splitlines()[-1] == f"replay {one['id']}: 1 event; see how it goes: relay replay --show {one['id']}"
    )
    assert left.stderr == "no background worker is alive: it waits for one\n"
    assert (one["state"], one["filter"]) == ("running", "dead, kind 'refused'")
    assert cancelled.stdout == f"replay {one['id']}: cancelled, 0 of 1 event replayed\n"
    assert (again.stderr, again.returncode) == (f"replay {one['id']}: is cancelled already\n", 1)
    assert desk.world.state(event) is State.DEAD


def test_a_replay_whose_command_is_killed_is_carried_on_by_the_background_worker(desk: Desk) -> None:
    events = [desk.dead(f"dead {name}", ANA, **{name: "bad"}) for name in ("phone", "title", "company")]
    live = [arrival(f"e{n}", f"lead-{n}", update(phone=str(n))) for n in range(MOST_DUE)]
    desk.world.store.door.accept(live)
    with on_a_terminal(desk, "replay", "--run", "--yes") as (process, said):
        shown = ""
        while "waiting" not in shown:
            shown += next(said)
        process.kill()
        process.wait(60)
    desk.world.deliver_all()
    store = desk.world.store
    (one,) = store.replays.last()
    (lease_ends,) = [ms for _, ms in store.client.zrange("relay:replays:todo", 0, -1, withscores=True)]

    store.client.zadd("relay:replays:todo", {one.id: lease_ends - LEASE_MS})
    worker = Background(means_of(store), name="a job")
    until(lambda: not worker.turn() and store.replays.last()[0].stage.ended)
    desk.world.deliver_all()

    (ended,) = store.replays.last()
    assert (one.stage, one.replayed) == (Stage.RUNNING, 0)
    assert (ended.stage, ended.replayed, ended.failed) == (Stage.DONE, 3, 0)
    assert {desk.world.state(id) for id in events} == {State.DELIVERED}


def means_of(store: Store) -> Means:
    nowhere = Destination(name="default", url="http://crm", key="", rate=0)
    api = LeadsApi(nowhere, timeout_ms=100)
    return Means(store=store, hooks={}, api=lambda _: api, sender_urls={}, lease_ms=1_000)


def test_a_replay_that_is_not_kept_is_told(desk: Desk) -> None:
    empty, unknown = desk.relay("replay", "--list"), desk.relay("replay", "--show", "nothing")

    assert (empty.stderr, empty.returncode) == ("no replay was made yet\n", 3)
    words = "replay nothing: is not kept; relay replay --list shows those that are\n"
    assert (unknown.stderr, unknown.returncode) == (words, 1)
