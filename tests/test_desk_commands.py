"""The verbs of the ops desk as a person at a terminal, or a script, sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relay.embedded import EmbeddedRedis
from relay.model import State
from relay.store import Store
from tests.desk import ANA, EVA, ROOT, Desk, desk_over, on_a_terminal
from tests.far_crm import update
from tests.forms import come_in
from tests.hook_texts import hook_of, rule, rules

CONTACT = rules(rule("contact", '{phone: "${fields.telefono | phone(\'CL\')}", title: "${fields.cargo}"}'))


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    return desk_over(store, redis_server.url, tmp_path)


def test_events_are_listed_newest_first_page_by_page_and_a_page_ends_with_the_command_for_the_next(desk: Desk) -> None:
    ids = [desk.delivered(f"e{number}", ANA, title=str(number)) for number in range(3)]
    desk.dead("bad", EVA, title="x")

    first = desk.relay("events", "--state", "delivered", "--hook", "cotiza", "--limit", "2")
    *_, last = first.stdout.splitlines()
    command = last.removeprefix("go on: relay ")
    rest = subprocess.run(
        f"{sys.executable} -m relay {command} --json",
        shell=True,
        cwd=ROOT,
        env=dict(desk.environment),
        capture_output=True,
        text=True,
        check=True,
    )

    assert [one for one in ids[::-1] if one in first.stdout] == ids[:0:-1]
    assert command.startswith("events --state delivered --hook cotiza --limit 2 --after ")
    told = json.loads(rest.stdout)
    assert ([one["id"] for one in told["events"]], told["next"]) == (ids[:1], "")


@pytest.mark.parametrize("words", [["--sender", "meta"], ["--test"], ["--rule", "none"], ["--state", "parked"]])
def test_where_no_event_matches_the_exit_code_is_3(desk: Desk, words: list[str]) -> None:
    desk.delivered("e", ANA, title="x")

    listed = desk.relay("events", *words)

    assert (listed.stdout, listed.stderr, listed.returncode) == ("", "no event matches\n", 3)


def test_a_state_that_is_none_is_refused_with_those_that_are(desk: Desk) -> None:
    listed = desk.relay("events", "--state", "lost")

    assert listed.returncode == 2
    assert listed.stderr == (
        "--state: must be one of in flight, delivered, superseded, ignored, parked, dead, discarded, faulty, "
        "any, not 'lost'\n"
    )


def test_every_list_takes_the_same_filters(desk: Desk) -> None:
    event = desk.dead("e1", ANA, title="x")
    desk.dead("e2", EVA, title="y")
    [group] = desk.world.store.groups.open()
    same = ["--hook", "cotiza", "--sender", "typeform", "--kind", "refused", "--group", group.id, "--rule", "rule"]
    same += ["--no-test", "--since", "1h", "--words", "refused", "--lead", ANA.upper()]

    listed, dead = desk.json("events", *same), desk.json("dead", "list", *same)
    dropped = desk.relay("dead", "drop", *same, "--why", "a test", "--yes")

    assert [one["id"] for one in listed["events"]] == [one["id"] for one in dead] == [event]
    assert dropped.stdout == "1 event dropped\n"
    assert desk.world.state(event) is State.DISCARDED


def test_the_inbox_says_what_fails_in_words_and_a_group_can_be_seen_and_taken_back(desk: Desk) -> None:
    events = [desk.dead(f"e{number}", ANA, title="x") for number in range(3)]
    [group] = desk.world.store.groups.open()

    headline, details, _ = desk.relay("inbox").stdout.splitlines()
    shown = desk.relay("inbox", "show", group.id).stdout
    seen = desk.relay("inbox", "ack", group.id, "--who", "ana")

    assert headline.startswith("Typeform cotiza: the CRM refused the update: a value is refused, 3 events since ")
    assert details.split()[0] == group.id
    assert details.endswith("█  dead, open")
    assert all(event in shown for event in events)
    assert f"relay dead drop --state dead --group {group.id} --why REASON" in shown
    assert seen.stdout == f"group {group.id}: seen by ana\n"
    [told] = desk.json("inbox")
    assert (told["state"], told["seen_by"], told["events"], sum(told["trend"])) == ("acknowledged", "ana", 3, 3)
    assert desk.relay("inbox", "open", group.id).returncode == 0
    assert desk.world.store.groups.open()[0].state == "open"


def test_the_commands_that_a_group_is_shown_with_act_on_exactly_its_events(desk: Desk) -> None:
    mine = [desk.dead(f"e{number}", ANA, title="x") for number in range(2)]
    event = come_in(desk.world.store, hook_of(rules(rule("mail", '{email: "${fields.correo}"}'))), correo="none")
    [group] = [one for one in desk.world.store.groups.open() if one.kind == "refused"]

    commands = [one.removeprefix("relay ").split() for one in desk.json("inbox", "show", group.id)["commands"]]
    listed = desk.json(*next(one for one in commands if one[0] == "events"))
    planned = desk.json(*next(one for one in commands if one[0] == "replay"))
    dropped = desk.relay(*next(one for one in commands if one[0] == "dead"), "--yes")

    assert sorted(one["id"] for one in listed["events"]) == sorted(mine)
    assert sorted(one["event"] for one in planned["items"]) == sorted(mine)
    assert dropped.stdout == "2 events dropped\n"
    assert desk.world.state(event) is State.DEAD


def test_a_group_whose_events_are_on_their_way_says_so_and_has_nothing_to_replay(desk: Desk) -> None:
    one, two = (desk.world.store.events.event(desk.dead(id, ANA, title="x")) for id in ("e1", "e2"))
    assert one is not None
    assert two is not None
    [group] = desk.world.store.groups.open()

    desk.world.store.letters.replay(one, who="ana")
    assert ", 1 event and 1 on its way since " in desk.relay("inbox").stdout
    desk.world.store.letters.replay(two, who="ana")
    told, shown = desk.relay("inbox").stdout, desk.json("inbox", "show", group.id)

    assert ", 2 on their way since " in told
    assert (shown["events"], shown["on_their_way"], shown["commands"]) == (0, 2, [])


def test_a_closed_group_is_shown_where_it_is_asked_for(desk: Desk) -> None:
    event = desk.world.store.events.event(desk.dead("e", ANA, title="x"))
    assert event is not None
    desk.world.store.letters.discard(event, who="ana", why="a test")

    nothing, closed = desk.relay("inbox"), desk.relay("inbox", "--closed")

    assert (nothing.stdout, nothing.stderr, nothing.returncode) == ("", "nothing fails\n", 3)
    assert "a value is refused, none now" in closed.stdout
    assert desk.relay("inbox", "ack", "a1").returncode == 3


def test_what_the_door_refused_is_told_with_how_to_mend_it(desk: Desk) -> None:
    words = "the Typeform-Signature header does not match any of the hook's secrets"
    for _ in range(3):
        desk.world.store.door.reject("cotiza", status=401, words=words, size=2_000)
    desk.world.store.door.reject("gone", status=413, words="the body is larger than 1048576 bytes", size=2_000_000)

    shown = desk.relay("rejected", "--limit", "2")

    assert shown.stdout.splitlines()[0].startswith(f"3 x cotiza, 401: {words} (last ")
    assert "wrong signature: copy the secret from Typeform into TYPEFORM_SECRET once more" in shown.stdout
    assert "the last 2 of 4 are shown" in shown.stdout
    told = desk.json("rejected", "--hook", "gone")
    assert [(one["kind"], one["status"], one["size"]) for one in told] == [("too large", 413, 2_000_000)]
    assert desk.relay("rejected", "--hook", "none").returncode == 3


def test_a_lead_and_its_events_are_found_by_a_phone(desk: Desk) -> None:
    event = come_in(desk.world.store, hook_of(CONTACT), telefono="9 8765 4321", cargo="Gerenta")
    desk.world.deliver()

    shown, told = desk.relay("find", "+56 9 8765 4321"), desk.json("find", event)

    assert shown.stdout.splitlines()[0] == f"lead  relay lead {ANA}"
    assert shown.stdout.splitlines()[-1] == f"  relay event {event}"
    assert ([one["id"] for one in told["events"]], told["leads"]) == ([event], [ANA])
    lost = desk.relay("find", "+56 2 2222 2222")
    assert (lost.stdout, lost.returncode) == ("", 3)


def test_a_lead_is_told_with_what_its_fields_were_what_waits_and_by_what_it_is_known(desk: Desk) -> None:
    desk.delivered("one", ANA, phone="+56911112222", title="old")
    now = desk.delivered("two", ANA, title="new")
    waits = desk.world.accept("three", ANA, update(title="next", company="Acme"))

    told, shown = desk.json("lead", ANA), desk.relay("lead", ANA).stdout

    stand = {one["field"]: one for one in told["fields"]}
    assert (stand["title"]["value"], stand["title"]["event"]) == ("new", now)
    assert (stand["title"]["before"]["value"], stand["title"]["pending"]["value"]) == ("old", "next")
    assert (stand["company"]["known"], stand["company"]["pending"]["event"]) == (False, waits)
    assert told["events"][0]["id"] == waits
    assert told["identities"] == [{"kind": "phone", "value": "+56911112222", "leads": [ANA]}]
    assert "  phone:+56911112222" in shown.splitlines()
    assert shown.count("typeform sent it") == 3


def test_what_people_did_is_listed_and_can_be_narrowed(desk: Desk) -> None:
    event = desk.dead("e", ANA, title="x")
    desk.relay("dead", "drop", event, "--why", "a test", "--who", "eva")
    desk.world.store.acts.note(who="ana", what="replay", about="replay a1", filter="dead, hook 'cotiza'", count=3)

    shown, told = desk.relay("acts", "--who", "eva"), desk.json("acts")

    assert [line.split()[2:] for line in shown.stdout.splitlines()[1:]] == [["eva", "drop", event, "1", "a", "test"]]
    assert [(one["who"], one["what"], one["about"], one["filter"], one["count"]) for one in told] == [
        ("ana", "replay", "replay a1", "dead, hook 'cotiza'", 3),
        ("eva", "drop", event, "", 1),
    ]
    assert desk.relay("acts", "--what", "nothing").returncode == 3


def test_events_are_followed_live_until_ctrl_c(desk: Desk) -> None:
    before = desk.delivered("before", EVA, title="x")
    command = [sys.executable, "-m", "relay", "tail", "--since", "1h", "--json"]
    with subprocess.Popen(command, cwd=ROOT, env=dict(desk.environment), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        told = [json.loads(process.stdout.readline())]
        event = desk.world.accept("now", ANA, update(title="y"))
        told.append(json.loads(process.stdout.readline()))
        desk.world.deliver()
        told.append(json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)

        assert process.wait(30) == 0
    assert [(one["id"], one["state"]) for one in told] == [
        (before, "delivered"),
        (event, "in flight"),
        (event, "delivered"),
    ]


def test_on_a_narrow_terminal_no_line_is_broken(desk: Desk) -> None:
    desk.dead("e", ANA, title="x")

    with on_a_terminal(Desk(desk.world, {**desk.environment, "NO_COLOR": "1"}), "events", columns=80) as (_, said):
        shown = "".join(said)

    header, line = shown.splitlines()
    assert "400 a value is refused" in line
    assert len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) <= 80
    assert "lead" not in header


def test_dropping_many_shows_a_bar_on_a_terminal(desk: Desk) -> None:
    for number in range(3):
        desk.dead(f"e{number}", ANA, title="x")

    with on_a_terminal(desk, "dead", "drop", "--all", "--why", "a test", "--yes") as (_, said):
        shown = "".join(said)

    assert "dropping" in shown
    assert "3 events dropped" in shown


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("relay events --hook co", ["cotiza"]),
        ("relay tail --state d", ["delivered", "dead", "discarded"]),
        ("relay dead list --kind lead", ["lead not found", "lead gone"]),
    ],
)
def test_a_shell_completes_hooks_states_and_kinds_without_a_relay(line: str, offered: list[str]) -> None:
    ours = ("REDIS_URL", "LEADS_API", "RELAY_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1), "_RELAY_COMPLETE": "complete_bash"}

    done = subprocess.run(
        [sys.executable, "-m", "relay"],
        cwd=ROOT,
        env={**environment, **words},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert (done.stdout.split("\n")[: len(offered)], done.stderr, done.returncode) == (offered, "", 0)


def test_where_there_are_no_hook_files_completion_offers_none_and_says_nothing(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "relay events --hook co", "COMP_CWORD": "3", "_RELAY_COMPLETE": "complete_bash"}

    done = subprocess.run(
        [sys.executable, "-m", "relay"],
        cwd=ROOT,
        env={**os.environ, **words, "RELAY_RULES": str(tmp_path / "none"), "PORT": "none"},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)
