"""``relay diff`` and ``relay audit --mapping`` as a person at a terminal, and a script, see them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relay import rulebook
from relay.commands.stand_ins import AnySecret
from relay.embedded import EmbeddedRedis
from relay.hooks import Hook
from relay.senders import ABOUT
from relay.store import Store
from tests.desk import Desk, desk_over, on_a_terminal
from tests.forms import come_in
from tests.hook_texts import rule, rules

CONTACT = rule("contact", '{first_name: "${fields.nombre}", phone: "${fields.tel}"}')
ESTADO = rule("estado", '{metadata: {estado: "nuevo"}}', "when: fields.uf")
LOUDER = rule("contact", '{first_name: "${fields.nombre | upper}"}')


class Place:
    """A desk with the rules of now, new ones beside them, and events that the ones of now have mapped."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.folder = desk, folder
        self.store = desk.world.store
        for name in ("rules", "new"):
            (folder / name).mkdir()
            self.write(name, "cotiza", rules(CONTACT, ESTADO))
            self.write(name, "visita", rules(CONTACT))

    def write(self, folder: str, hook: str, text: str) -> None:
        (self.folder / folder / f"{hook}.yaml").write_text(text)

    def hooks(self) -> dict[str, Hook]:
        return rulebook.load(self.folder / "rules", environment=AnySecret({}), senders=ABOUT, destinations=("default",))

    def filled(self, **answers: str) -> list[str]:
        hooks = self.hooks()
        self.store.door.know(hooks)
        self.store.rule_texts.keep(hooks.values())
        ids = [come_in(self.store, hooks["cotiza"], nombre=name, **answers) for name in ("Ana", "Eva")]
        return [*ids, come_in(self.store, hooks["visita"], nombre="Isa")]

    def diff(self, *words: str) -> tuple[list[str], str, int]:
        done = self.desk.relay("diff", *words)
        return done.stdout.splitlines(), done.stderr, done.returncode


@pytest.fixture
def place(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Place:
    desk = desk_over(store, redis_server.url, tmp_path)
    ours = {"RELAY_RULES": str(tmp_path / "rules")}
    return Place(Desk(desk.world, {**desk.environment, **ours}), tmp_path)


def test_first_the_whole_in_a_sentence_then_each_hook_whose_rules_differ(place: Place) -> None:
    ana, eva, _ = place.filled(tel="1", uf="9")
    place.write("new", "cotiza", rules(LOUDER, ESTADO))

    lines, errors, code = place.diff("--rules", str(place.folder / "new"))

    assert (errors, code) == ("", 0)
    assert lines[0] == "3 events, 2 hooks: 1 the same, 2 change"
    old, new = (place_version(place, name) for name in ("rules", "new"))
    assert lines[2] == f"cotiza ({old} -> {new}): 2 events, 0 the same"
    assert lines[3] == f"       2  lose a field ({eva}, {ana})"
    assert lines[4] == f"       2  get another value ({eva}, {ana})"
    rows = [line.split() for line in lines[5:]]
    assert rows[0] == ["field", "gained", "lost", "changed", "cleared", "old", "->", "new", "event"]
    assert rows[1] == ["first_name", "2", "Eva", "->", "EVA", eva]
    assert rows[2] == ["Ana", "->", "ANA", ana]
    assert rows[3] == ["phone", "2", "1", "->", "(left", "out)", "x", "2", "[contact]", eva]
    assert rows[4] == ["rule", "held", "gave", "a", "value"]
    assert rows[5:7] == [["contact", "2", "2"], ["estado", "2", "2"]]
    assert lines[-1] == "the same rules on both sides, not mapped: visita (1 event)"


def place_version(place: Place, folder: str) -> str:
    hooks = rulebook.load(place.folder / folder, environment=AnySecret({}), senders=ABOUT, destinations=("default",))
    return hooks["cotiza"].version


def test_events_that_end_otherwise_are_told_with_the_reason(place: Place) -> None:
    ids = place.filled()
    strict = rule("contact", '{first_name: "${fields.nombre}", phone: "${fields.tel | required}"}')
    place.write("new", "cotiza", rules(strict))

    lines, _, code = place.diff("cotiza", "--rules", str(place.folder / "new"), "--examples", "1")

    assert code == 0
    assert lines[0] == "2 events, 1 hook: 2 no longer mapped"
    assert f"       2  no longer mapped ({ids[1]}, ...)" in lines
    assert f"       2  ends: mapped -> dead ({ids[1]}, ...)" in lines
    why = f"{place.folder}/new/cotiza.yaml:6: rule 'contact': phone is required and missing"
    assert f"       2  why: {why} ({ids[1]}, ...)" in lines
    assert any(line.split() == ["estado", "0", "->", "-", "0", "->", "-"] for line in lines)


def test_hooks_on_one_side_alone_are_told(place: Place) -> None:
    place.filled()
    (place.folder / "new" / "visita.yaml").unlink()
    place.write("new", "otra", rules(CONTACT))

    lines, _, code = place.diff("--rules", str(place.folder / "new"))

    assert (lines[0], code) == ("3 events, 2 hooks: 2 the same, 1 no longer mapped", 0)
    assert lines[-2:] == ["new, without an event yet: otra", "without rules on the new side: visita"]


def test_as_json_it_is_one_value_with_all_that_was_found(place: Place) -> None:
    ids = place.filled(tel="1")
    place.write("new", "cotiza", rules(LOUDER))

    told = place.desk.json("diff", "--rules", str(place.folder / "new"), "--fail-if", "lost_field:phone >= 100%")

    assert (told["events"], told["compared"], told["same"], told["lost_field"], told["more"]) == (3, 2, 1, 2, False)
    first, second = told["hooks"]
    assert (first["hook"], first["counts"]["changed_field"], second["unchanged"]) == ("cotiza", 2, True)
    assert first["examples"]["lost_field"] == [ids[1], ids[0]]
    assert told["fail_if"] == [{"condition": "lost_field:phone >= 100%", "holds": True, "found": 100.0}]


def test_a_condition_that_holds_ends_it_with_1_and_is_named(place: Place) -> None:
    place.filled(tel="1")
    place.write("new", "cotiza", rules(LOUDER))
    words = ["--rules", str(place.folder / "new"), "--fail-if", "newly_faulty > 0"]

    passing = place.diff(*words)
    failing = place.diff(*words, "--fail-if", "lost_field > 1%", "--fail-if", "changed_lead > 0")

    assert (passing[0][-1], passing[1:]) == ("passes: newly_faulty > 0 does not hold: 0 of 2 events", ("", 0))
    assert failing[1:] == ("fails: lost_field > 1%: 100%, 2 of 2 events\n", 1)


def test_against_what_was_mapped_it_holds_the_records_beside_the_rules_of_now_or_the_new_ones(place: Place) -> None:
    place.filled(tel="1")

    same, _, code = place.diff("--as-mapped")
    place.write("rules", "cotiza", rules(LOUDER))
    changed, _, _ = place.diff("--as-mapped")
    new, _, _ = place.diff("--as-mapped", "--rules", str(place.folder / "new"))

    assert (same[0], code) == ("3 events, 2 hooks: 3 the same", 0)
    assert changed[0] == "3 events, 2 hooks: 1 the same, 2 change"
    assert changed[2].startswith("cotiza (as mapped -> ")
    assert new[0] == "3 events, 2 hooks: 3 the same"


def test_events_are_chosen_by_age_by_a_filter_and_by_number(place: Place) -> None:
    place.filled()
    new = ["--rules", str(place.folder / "new")]

    found = [
        place.desk.json("diff", *new, *words)["events"]
        for words in (
            ["--last", "1h"],
            ["--events", "since=1h hook=cotiza"],
            ["--events", "state='in flight' rule=contact"],
            ["--limit", "1"],
            ["visita", "cotiza", "--limit", "2"],
        )
    ]

    assert found == [3, 2, 3, 1, 2]
    assert place.diff(*new, "--events", "state=dead") == ([], "no event of these hooks was found\n", 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "say --rules NEW_DIR; or --as-mapped, to hold what was mapped against the rules of now"),
        (["--as-mapped", "cotisa"], "there is no hook 'cotisa'; did you mean 'cotiza'?"),
        (["--as-mapped", "--events", "hok=cotiza"], "--events: filter: unknown part 'hok'; did you mean 'hook'?"),
        (["--as-mapped", "--events", "cotiza"], "--events: 'cotiza' has no value; write it as in 'hook=cotiza"),
        (["--as-mapped", "--events", "hook='cotiza"], "--events: No closing quotation"),
        (["--as-mapped", "--events", "limit=3"], "--events: say how many by --limit"),
        (["--as-mapped", "--events", "since=1d", "--last", "2d"], "give --last or since=, not both"),
        (["--as-mapped", "--events", "hook=cotiza", "visita"], "give hooks or hook=, not both"),
        (["--as-mapped", "--fail-if", "lost > 1"], "--fail-if: unknown word 'lost'"),
        (["--rules", "nosuch"], "nosuch: no such folder; set RELAY_RULES to the folder of the hook files"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_with_what_would_be_right(place: Place, words: list[str], says: str) -> None:
    lines, errors, code = place.diff(*words)

    assert (lines, code) == ([], 2)
    assert errors.startswith(says)


def test_faults_of_the_new_rules_are_listed_and_nothing_is_compared(place: Place) -> None:
    place.filled()
    place.write("new", "cotiza", rules(CONTACT).replace("first_name", "frist_name"))

    lines, errors, code = place.diff("--rules", str(place.folder / "new"))

    assert (lines, code) == ([], 2)
    assert f"{place.folder}/new/cotiza.yaml:7" in errors
    assert "did you mean 'first_name'?" in errors


def test_on_a_terminal_ctrl_c_shows_what_was_found_so_far(place: Place) -> None:
    hooks = place.hooks()
    place.store.door.know(hooks)
    for number in range(3_000):
        come_in(place.store, hooks["cotiza"], nombre=f"n{number}", tel="1")
    place.write("new", "cotiza", rules(LOUDER))
    words = ("diff", "--rules", str(place.folder / "new"), "--jobs", "2")

    with on_a_terminal(place.desk, *words) as (process, pieces):
        said = stopped_early(process.pid, pieces)
        code = process.wait(60)

    assert "comparing" in said
    if "stopped" in said:
        assert code == 3
        assert "stopped: this is what was found so far" in said
    assert "1 hook: " in said
    assert "lose a field" in said


def stopped_early(pid: int, pieces: Iterator[str]) -> str:
    said = ""
    for piece in pieces:
        if "comparing" in piece and "comparing" not in said:
            os.kill(pid, signal.SIGINT)
        said += piece
    return said


def test_the_audit_maps_everything_again_and_says_what_differs(place: Place) -> None:
    ids = place.filled(tel="1")

    held = place.desk.relay("audit", "--mapping")
    place.store.client.delete(*place.store.client.keys("relay:rules:visita*"))
    (place.folder / "rules" / "visita.yaml").unlink()
    left = place.desk.relay("audit", "--mapping")
    hook = place.hooks()["cotiza"]
    place.store.client.delete(f"relay:rules:cotiza:{hook.version}")
    forge(place, hook)
    broken = place.desk.relay("audit", "--mapping")

    assert (held.stdout.splitlines()[-1], held.returncode) == ("mapped again: 3 events, 0 differ", 0)
    assert left.stdout.splitlines()[-1] == "mapped again: 2 events, 0 differ, 1 not compared"
    assert "1 event not compared: version " in left.stderr
    assert (broken.stdout.splitlines()[-1], broken.returncode) == (
        "mapped again: 2 events, 2 differ, 1 not compared",
        1,
    )
    assert f"event {ids[0]}: it is mapped otherwise now: updates" in broken.stderr
    told = place.desk.json("audit", "--mapping")["mapping"]
    assert (told["differ"], told["differing"][0]) == (2, {"event": ids[1], "words": "updates"})
    assert place.desk.json("audit")["mapping"] is None


def forge(place: Place, hook: Hook) -> None:
    """Keep another text under the version that mapped the events, as a relay would that maps otherwise than before."""
    place.write("rules", "cotiza", rules(LOUDER))
    (other,) = place.hooks().values()
    place.store.rule_texts.keep([replace(other, version=hook.version)])
