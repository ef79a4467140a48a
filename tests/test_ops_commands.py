"""The commands that tell a person how things stand: leads, events, status, audit, doctor."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from relay.commands.asking import read_time, span
from relay.commands.follow import outcome
from relay.embedded import EmbeddedRedis
from relay.model import Name, State, Update
from relay.store import Store
from relay.store.alarms import Sighting
from relay.store.record import event_id
from tests.desk import ANA, EVA, Desk, desk_over, on_a_terminal
from tests.far_crm import matched, update
from tests.forms import come_in
from tests.hook_texts import hook_of, rule, rules


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    return desk_over(store, redis_server.url, tmp_path)


def test_a_lead_is_told_as_what_happened_and_how_its_fields_stand(desk: Desk) -> None:
    old = desk.dead("e1", ANA, phone="1", email="a@b.c")
    new = desk.delivered("e2", ANA, phone="2")
    assert desk.relay("replay", old, "--run", "--who", "ana").returncode == 0
    desk.world.deliver_all()

    told = desk.json("lead", ANA)

    refused, good, act, again = told["happenings"]
    assert (refused["status"], refused["words"]) == (400, "a value is refused")
    assert (good["status"], good["events"][0]["event"]) == (200, new)
    assert (act["status"], act["words"]) == (None, "replayed as mapped by ana")
    assert (again["status"], again["events"][0]["set"]) == (200, {"rule": ["email"]})
    stand = {one["field"]: (one["value"], one["event"], one["rule"]) for one in told["fields"]}
    assert stand == {"phone": ("2", new, "rule"), "email": ("a@b.c", old, "rule")}


def test_what_superseded_an_event_stands_in_its_leads_timeline(desk: Desk) -> None:
    now_ms = desk.world.store.events.now_ms()
    new = desk.delivered("new", ANA, phone="2")
    old = desk.world.accept("old", ANA, update(phone="1"), at_ms=now_ms - 60_000)
    desk.world.deliver()

    told = desk.relay("lead", ANA)

    came, ended = [line for line in told.stdout.splitlines() if f" {old} " in line]
    assert "typeform sent it" in came
    assert f"superseded by {new}" in ended


def test_a_dead_letter_of_a_lead_never_delivered_is_found_under_its_lead(desk: Desk) -> None:
    reasons = rules(rule("mail", '{email: "${fields.correo}"}'))
    event = come_in(desk.world.store, hook_of(reasons), correo="none")

    told = desk.json("lead", ANA)

    assert [one["id"] for one in told["dead"]] == [event]
    (burial,) = told["happenings"]
    assert burial["words"].startswith(
        "became a dead letter: mapping: rules/h.yaml:6: rule 'mail': email is not an e-mail"
    )


def test_what_waits_for_a_lead_is_told(desk: Desk) -> None:
    event = desk.world.accept("e", f"{ANA}", update(phone="1"))

    told = desk.relay("lead", ANA.upper())

    assert "1 event in flight, due now" in told.stdout
    assert event in told.stdout


def test_an_event_is_shown_with_its_body_on_demand(desk: Desk) -> None:
    event = desk.delivered("e", ANA, phone="1")

    assert desk.relay("event", event, "--body").stdout == '{"id": "e"}'
    shown = desk.json("event", event, "--body")
    assert (shown["body"], shown["state"]) == ('{"id": "e"}', "delivered")
    assert shown["happenings"][0]["status"] == 200


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["event", "nosuch"], "event nosuch: is not kept"),
        (["dead", "show", "nosuch"], "event nosuch: is not kept"),
        (["replay", "--state", "ignored"], "no ignored event matches"),
        (
            ["lead", EVA],
            f"lead {EVA}: nothing is known of it here; parked events have no lead: relay dead list --state parked",
        ),
    ],
)
def test_what_is_not_there_is_said_with_exit_code_3(desk: Desk, words: list[str], error: str) -> None:
    found = desk.relay(*words)

    assert (found.stdout, found.stderr, found.returncode) == ("", f"{error}\n", 3)


def test_status_counts_by_hook_and_says_what_needs_a_person(desk: Desk) -> None:
    desk.dead("e1", ANA, phone="1")
    desk.delivered("e2", EVA, phone="2")

    shown = desk.relay("status")

    said = shown.stdout.splitlines()
    assert said[0].split() == ["hook", "accepted", "in", "flight", "delivered", "dead"]
    assert said[1].split() == ["cotiza", "today", "2", "0", "1", "1"]
    assert "1 dead letter: 1 refused: relay dead list" in said
    assert "no worker is alive: events are accepted, but nothing is delivered" in said
    assert shown.returncode == 0


def test_status_shows_the_alarms_of_now(desk: Desk) -> None:
    held = Sighting(name="held:default", about="destination default", words="the lead API refuses our key")
    desk.world.store.alarms.look([held], looks=1, told=False)

    shown, found = desk.relay("status").stdout, desk.json("status")

    assert "destination default  the lead API refuses our key" in shown
    [alarm] = found["alarms"]
    assert (alarm["alarm"], alarm["words"]) == ("held:default", "the lead API refuses our key")


def test_status_shows_what_is_asked_before_events_can_go_on(desk: Desk) -> None:
    asking = matched("e", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    desk.world.store.door.accept([asking])

    shown, found = desk.relay("status").stdout, desk.json("status")

    assert "leads at default" in shown
    assert "no background worker is alive: nothing is fetched and no lead is looked for" in shown
    (queue,) = found["errands"]
    assert (queue["queue"], queue["state"], queue["events_waiting"]) == ("find:default", "flowing", 1)
    assert found["background_workers"] == 0


def test_status_shows_what_waits_for_a_destination_that_is_not_set(desk: Desk) -> None:
    desk.world.accept("e", ANA, update(phone="1"))
    unset = {name: value for name, value in desk.environment.items() if not name.startswith("LEADS_API")}

    found = Desk(desk.world, unset).json("status")

    (gate,) = found["destinations"]
    assert (gate["destination"], gate["served"], gate["leads_waiting"]) == ("default", False, 1)


def test_audit_prints_each_sum_and_exits_with_0_while_it_holds(desk: Desk) -> None:
    desk.dead("e1", ANA, phone="1")

    audited = desk.relay("audit")

    line, verdict = audited.stdout.splitlines()
    assert line.endswith(
        "1 accepted = 0 in flight + 0 delivered + 0 superseded + 0 ignored + 0 parked + 1 dead + 0 discarded"
    )
    assert (verdict, audited.returncode) == ("1 accepted event: all accounted for", 0)


def test_audit_finds_a_record_that_is_lost_and_exits_with_1(desk: Desk) -> None:
    desk.delivered("e", ANA, phone="1")
    desk.world.client.delete("relay:e:" + event_id("cotiza", "e"))

    audited = desk.relay("audit")

    assert "1 have no record" in audited.stdout
    assert "1 accepted event: the sum does not hold" in audited.stdout
    assert audited.returncode == 1
    assert desk.json("audit")["sums"][0]["missing"] == 1


def test_doctor_exits_with_1_on_a_fault_and_prints_json(desk: Desk) -> None:
    examined = desk.relay("doctor", "--json")

    found = json.loads(examined.stdout)
    assert (found["good"], examined.returncode) == (False, 1)
    assert {"level", "about", "words", "cure"} == set(found["findings"][0])


def test_colours_are_for_terminals_only(desk: Desk) -> None:
    desk.dead("e", ANA, phone="1")

    with on_a_terminal(desk, "dead", "list") as (_, said):
        shown = "".join(said)

    assert "\x1b[" in shown
    assert "\x1b[" not in desk.relay("dead", "list").stdout


def test_without_a_redis_the_words_say_what_to_do(desk: Desk) -> None:
    nowhere = {name: value for name, value in desk.environment.items() if name != "REDIS_URL"}

    shown = Desk(desk.world, nowhere).relay("status")

    assert shown.stderr == ("REDIS_URL: is not set; 'relay up' brings a Redis of its own, everything else needs one\n")
    assert shown.returncode == 2


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "less than 1 s"),
        (999, "less than 1 s"),
        (5_000, "5 s"),
        (65_000, "1 min 5 s"),
        (7_200_000, "2 h"),
        (93_900_000, "1 d 2 h"),
    ],
)
def test_a_length_of_time_is_written_with_its_two_largest_units(ms: int, words: str) -> None:
    assert span(ms) == words


@pytest.mark.parametrize("text", ["2026-11-23T14:30:00+03:00", "2026-11-23T11:30Z", " 2026-11-23T08:30-03:00 "])
def test_an_iso_time_is_read_in_its_own_zone(text: str) -> None:
    assert read_time(text) == 1_795_433_400_000


def test_a_span_is_read_as_so_long_ago() -> None:
    before, after = read_time("3d"), read_time("2h")

    assert after - before >= (3 * 24 - 2) * 3_600_000


@pytest.mark.parametrize(
    ("test", "updates", "words"),
    [
        (False, (), "ignored: no rule held"),
        (True, (update(title="x"),), "ignored: it is a test; 'tests: deliver' in the hook file sends them"),
        (False, (update(title="x"),), "ignored: no lead is known for it"),
    ],
)
def test_an_ignored_event_says_why_it_was_not_sent(
    desk: Desk, test: bool, updates: tuple[Update, ...], words: str
) -> None:
    one = matched("e", [Name("phone", "+56912345678")], *updates, missing="ignore")
    state = State.IN_FLIGHT if updates and not test else State.IGNORED
    one = replace(one, test=test, mapped=replace(one.mapped, state=state))
    (accepted,) = desk.world.store.door.accept([one])

    shown = desk.relay("event", accepted.id).stdout

    assert accepted.state is State.IGNORED
    assert words in " ".join(shown.split())
    event = desk.world.store.events.event(accepted.id)
    assert event is not None
    assert str(outcome(event)) == f"event {accepted.id}: {words}"
