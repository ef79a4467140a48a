"""The commands of the person who looks after it all, as a script sees them, over a store with a history."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relay.embedded import EmbeddedRedis
from relay.model import State
from relay.replay.run import MOST_DUE
from relay.store import Store
from relay.store.record import event_id
from tests.far_crm import World, arrival, update
from tests.forms import come_in
from tests.hook_texts import hook_of, rule, rules

ROOT = Path(__file__).parent.parent
OURS = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "ZAPIER_", "PORT", "TZ", "COLUMNS", "FORCE_COLOR")
ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


@dataclass(frozen=True)
class Desk:
    """Where the person sits: commands, and a world in which things happen."""

    world: World
    environment: Mapping[str, str]

    def relay(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "relay", *words],
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def json(self, *words: str) -> Any:
        return json.loads(self.relay(*words, "--json").stdout)

    def dead(self, id: str, lead: str, **values: str) -> str:
        """Have the CRM refuse an event with these values."""
        self.world.crm.poison |= set(values.values())
        event = self.world.accept(id, lead, update(**values))
        self.world.deliver()
        self.world.crm.poison.clear()
        return event

    def delivered(self, id: str, lead: str, **values: str) -> str:
        event = self.world.accept(id, lead, update(**values))
        self.world.deliver()
        return event


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    ours = {"REDIS_URL": redis_server.url, "RELAY_HOME": str(tmp_path), "TZ": "UTC+3", "LEADS_API_URL": "http://crm"}
    return Desk(World(store), {**kept, **ours, "LEADS_API_KEY": "a key"})


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

    assert "'yesterday': say 30m, 2h or 3d ago, or 2026-11-23T14:30" in listed.stderr
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

    (line,) = [line for line in told.stdout.splitlines() if f" {old} " in line]
    assert f"superseded by {new}" in line


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


@contextmanager
def on_a_terminal(desk: Desk, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[str]]]:
    """Run a command as a person would; gives it, and piece by piece what its terminal is sent, to the end."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "relay", *words]
    environment = {**desk.environment, "TERM": "xterm-256color", "COLUMNS": "160"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        yield process, pieces(ours)
        os.close(ours)


def pieces(terminal: int) -> Iterator[str]:
    with suppress(OSError):  # the end, as Linux tells it
        while chunk := os.read(terminal, 65_536):
            yield chunk.decode(errors="replace")


def test_without_a_redis_the_words_say_what_to_do(desk: Desk) -> None:
    nowhere = {name: value for name, value in desk.environment.items() if name != "REDIS_URL"}

    shown = Desk(desk.world, nowhere).relay("status")

    assert shown.stderr == ("REDIS_URL: is not set; 'relay up' brings a Redis of its own, everything else needs one\n")
    assert shown.returncode == 2
