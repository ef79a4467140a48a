"""``relay test`` shows what differs from what was recorded, and records it when told; ``relay try`` tries a file."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import run_relay
from tests.desk import OURS
from tests.test_trials import Kept


@dataclass
class Bench:
    """A folder of hook files, and commands with neither Redis nor secrets."""

    kept: Kept
    folder: Path

    def relay(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return run_relay(*words, "--rules", str(self.folder), environment=environment, typed=typed)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Kept(tmp_path), tmp_path)


def in_words(text: str) -> str:
    return " ".join(text.split())


def test_an_example_of_which_nothing_is_recorded_is_told_with_the_command_that_does(bench: Bench) -> None:
    done = bench.relay("test")

    assert f"{bench.kept.example}: nothing is recorded of it" in done.stdout
    assert "1 example: 0 as recorded, 1 not recorded: write it down with relay test --record h" in done.stdout
    assert (done.stderr, done.returncode) == ("", 0)


def test_what_is_recorded_is_held_from_then_on(bench: Bench) -> None:
    recorded = bench.relay("test", "--record")
    assert "1 example: 1 new" in recorded.stdout
    assert in_words(bench.relay("test", "h").stdout) == "1 example: 1 as recorded"

    bench.kept.change(bench.kept.file, "fields.nombre | title", "fields.nombre | upper")
    bench.kept.change(bench.kept.file, "fields.correo | email", "fields.mail | email")
    done = bench.relay("test", "h")

    assert done.returncode == 1
    said = in_words(done.stdout)
    assert f"{bench.kept.recorded}: 2 differences" in said
    assert "first_name 'Ana' 'ANA' contact, h.yaml:8" in said
    assert "email 'ana@example.cl' nothing contact, h.yaml:9, left out: there is no value" in said
    assert "1 example: 0 as recorded, 1 different" in said


def test_recording_again_shows_what_it_changes(bench: Bench) -> None:
    bench.relay("test", "--record")
    bench.kept.change(bench.kept.file, "fields.nombre | title", "fields.nombre | upper")

    done = bench.relay("test", "--record", "h")

    assert "first_name 'Ana' 'ANA' contact, h.yaml:8" in in_words(done.stdout)
    assert "1 example: 1 changed" in done.stdout
    assert done.returncode == 0
    assert "first_name: ANA" in bench.kept.recorded.read_text()
    assert "1 example: 1 unchanged" in bench.relay("test", "--record").stdout


def test_a_script_is_given_each_difference(bench: Bench) -> None:
    bench.relay("test", "--record")
    bench.kept.change(bench.kept.file, "fields.uf >= 3000", "fields.uf >= 5000")

    done = bench.relay("test", "--json")

    told = json.loads(done.stdout)
    (example,) = told["examples"]
    assert (done.returncode, told["faults"], example["standing"]) == (1, [], "differs")
    assert example["differences"] == [
        {
            "field": "metadata.estado_lead",
            "line": 10,
            "recorded": "calificado",
            "rule": "rich",
            "rule_line": 10,
            "words": "it did not hold",
        }
    ]


def test_a_recorded_file_without_its_example_fails(bench: Bench) -> None:
    bench.relay("test", "--record")
    bench.kept.example.unlink()

    done = bench.relay("test")

    assert done.returncode == 1
    assert f"{bench.kept.recorded}:1: there is no example one.json beside it" in done.stderr


def test_a_hook_file_with_faults_is_not_run_and_the_others_are(bench: Bench) -> None:
    bench.relay("test", "--record")
    (bench.folder / "broken.yaml").write_text("sender: nobody\n")

    done = bench.relay("test")

    assert "1 example: 1 as recorded" in done.stdout
    assert f"{bench.folder}/broken.yaml:1:" in done.stderr
    assert done.returncode == 2
    assert bench.relay("test", "h").returncode == 0
    assert bench.relay("test", "broken").returncode == 2


def test_a_hook_that_is_not_there_is_wrong_and_one_without_examples_is_nothing(bench: Bench) -> None:
    wrong = bench.relay("test", "hh")
    assert (wrong.returncode, wrong.stderr.strip()) == (2, "hook 'hh': has no file; did you mean 'h'?")

    bench.kept.example.unlink()
    nothing = bench.relay("test")

    assert nothing.returncode == 3
    assert "no example event; put one beside its hook file" in nothing.stderr


def test_a_file_is_tried_before_anything_runs(bench: Bench) -> None:
    done = bench.relay("try", "h", "--event", "one")

    said = in_words(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert "would be delivered to lead 7c9e6679-7425-40de-944b-e07fc1f90ae7" in said
    assert "first_name 'Ana' contact, line 8" in said
    assert "fields.nombre is 'ana' | title -> 'Ana'" in said
    assert "✓ rich h.yaml:10 held ✓ fields.uf >= 3000 (fields.uf is 4000)" in said
    assert bench.relay("try", "h", "--event", str(bench.kept.example)).stdout.count("-> 'Ana'") == 1


def test_an_event_may_come_by_standard_input_and_is_told_as_json(bench: Bench) -> None:
    (told,) = json.loads(
        bench.relay("try", "h", "--event", "-", "--json", typed='{"nombre": "eva", "correo": 7}').stdout
    )

    assert (told["state"], told["lead"], told["updates"][0]["set"]) == ("parked", "", {"first_name": "Eva"})
    assert told["why"] == "fields.lead is missing"
    assert told["faults"] == [{"rule": "contact", "field": "email", "words": "is not an e-mail address"}]
    setting = told["explanation"]["rules"][0]["settings"][1]
    assert setting["filtered"][0]["steps"] == [
        {"filter": "email", "verdict": "failed", "value": None, "missing": True, "words": "is not an e-mail address"}
    ]


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (
            ["h", "--event", "two"],
            "",
            "'two' is no file and no example; name one with --event, a file or an event's",
        ),
        (["h"], "", "hook 'h': no relay runs here; name one with --event, a file or an event's id; of its examples"),
        (["h", "--event", "-"], "{", "standard input: is not JSON: line 1"),
        (["h", "--event", "-"], "7", "standard input: would be refused: the body is a number, not an object"),
        (["g", "--event", "one"], "", "hook 'g': not in"),
    ],
)
def test_what_can_not_be_tried_is_told_in_words(bench: Bench, words: list[str], typed: str, said: str) -> None:
    done = bench.relay("try", *words, typed=typed)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in in_words(done.stderr)
