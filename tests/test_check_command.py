"""``relay check``: what it prints for people, scripts and workflows, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.commands.check import command_of
from relay.errors import Problem

ROOT = Path(__file__).parent.parent
HEAD = "sender: typeform\nsecrets: [TYPEFORM_SECRET]\nlead:\n  id: ${hidden.lead_id}\n"
GOOD = HEAD + "rules:\n  - name: a\n    update: {title: x}\n"
FAULTY = HEAD + "rules:\n  - name: 'a'\n    update:\n      phone: ${fields.telefono | fone('CL')}\n"
DOUBTFUL = GOOD + "tables:\n  corredores: {Ñuñoa: Carolina}\n"


class Checked:
    """A folder of hook files, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rules").mkdir()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / "rules" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def check(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {"PATH": "/usr/bin:/bin", "TYPEFORM_SECRET": "s3cret-of-typeform", "NO_COLOR": "1", **environment}
        command = [sys.executable, "-m", "relay", "check", *words]
        return subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, check=False)


@pytest.fixture
def checked(tmp_path: Path) -> Iterator[Checked]:
    return Checked(tmp_path)


def test_a_fault_is_shown_with_its_line_and_a_mark_under_the_place(checked: Checked) -> None:
    checked.write(a=GOOD, b=FAULTY)

    ended = checked.check()

    assert ended.stderr.splitlines() == [
        "rules/b.yaml:8:34: rule 'a': phone: unknown filter 'fone'; did you mean 'phone'?",
        "  8 |       phone: ${fields.telefono | fone('CL')}",
        "    |                                  ^^^^",
        "1 fault, 1 good hook",
    ]
    assert ended.stdout.splitlines()[1].split()[:2] == ["a", "typeform"]
    assert ended.returncode == 1


def test_warnings_alone_are_shown_and_exit_with_0_unless_strict(checked: Checked) -> None:
    checked.write(a=DOUBTFUL)

    ended = checked.check()

    assert ended.stderr.splitlines()[0] == (
        "rules/a.yaml:9:3: warning: table 'corredores' is used by no expression; "
        "look into it with | lookup('corredores'), or leave it out"
    )
    assert ended.stdout.splitlines()[-1] == "1 hook, 1 warning"
    assert (ended.returncode, checked.check("--strict").returncode) == (0, 1)


def test_files_and_folders_can_be_named(checked: Checked) -> None:
    checked.write(a=GOOD, b=FAULTY)

    assert checked.check("rules/a.yaml").returncode == 0
    assert checked.check("rules/b.yaml").returncode == 1
    assert checked.check("rules", "rules/b.yaml").stdout == checked.check("rules").stdout
    assert checked.check("notes.txt").stderr.startswith("notes.txt: no such folder;")


def test_the_folder_of_the_settings_is_checked_unless_one_is_named(checked: Checked) -> None:
    (checked.folder / "rules").rename(checked.folder / "others")
    (checked.folder / "others" / "a.yaml").write_text(GOOD, encoding="utf-8")

    assert checked.check(RELAY_RULES="others").returncode == 0
    assert checked.check().returncode == 1


def test_json_has_every_part_of_a_problem(checked: Checked) -> None:
    checked.write(a=DOUBTFUL, b=FAULTY)

    printed = json.loads(checked.check("--format", "json").stdout)

    assert [hook["name"] for hook in printed["hooks"]] == ["a"]
    assert printed["problems"][1] == {
        "file": "rules/b.yaml",
        "line": 8,
        "column": 34,
        "length": 4,
        "severity": "fault",
        "words": "rule 'a': phone: unknown filter 'fone'; did you mean 'phone'?",
    }
    assert printed["problems"][0]["severity"] == "warning"
    assert json.loads(checked.check("--json").stdout) == printed


def test_a_workflow_gets_a_command_for_each_problem(checked: Checked) -> None:
    checked.write(a=DOUBTFUL, b=FAULTY)

    ended = checked.check("--format", "github", str(checked.folder / "rules"))

    warning, error = ended.stdout.splitlines()
    assert warning.startswith(
        "::warning file=rules/a.yaml,line=9,col=3,endColumn=13::table 'corredores' is used by no "
    )
    assert error == (
        "::error file=rules/b.yaml,line=8,col=34,endColumn=38::"
        "rule 'a': phone: unknown filter 'fone'; did you mean 'phone'?"
    )
    assert ended.returncode == 1


def test_what_a_workflow_command_would_take_for_its_own_is_escaped() -> None:
    problem = Problem(file="/a,b:c/100%.yaml", line=2, words="10 % is\nno: 'number', is it\r?")

    assert command_of(problem) == ("::error file=/a%2Cb%3Ac/100%25.yaml,line=2::10 %25 is%0Ano: 'number', is it%0D?")


def test_a_format_that_is_not_there_is_wrong_usage(checked: Checked) -> None:
    ended = checked.check("--format", "xml")

    assert ended.returncode == 2
    assert "'text', 'json', 'github'" in ended.stderr


def test_a_secret_in_the_file_is_neither_said_nor_shown(checked: Checked) -> None:
    secret = "whsec_5f0c1b7ae2d94e"
    for secrets in (f"[{secret}]", f"\n  - {secret}", f"['{secret}]", f"[{secret}}}", f"{secret}: 1"):
        checked.write(a=GOOD.replace("[TYPEFORM_SECRET]", secrets))

        for form in ("text", "json", "github"):
            ended = checked.check("--format", form)
            assert ended.returncode == 1
            assert secret not in ended.stdout + ended.stderr


def test_orders_to_the_terminal_in_a_file_are_not_passed_on(checked: Checked) -> None:
    checked.write(a=GOOD.replace("title: x", "titel: x\u202e\u200b"))

    ended = checked.check()

    assert ended.returncode == 1
    assert "\u202e" not in ended.stderr


def test_names_of_recent_events_are_not_asked_for_where_redis_is_away(checked: Checked) -> None:
    checked.write(a=GOOD)

    ended = checked.check(REDIS_URL="redis://127.0.0.1:9")

    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "1 hook, all good")


def test_an_example_that_is_no_longer_mapped_as_recorded_is_a_fault(checked: Checked) -> None:
    rules = "rules:\n  - name: contact\n    update: {title: '${form.title}'}\n"
    checked.write(cotiza=HEAD + rules)
    folder = checked.folder / "rules" / "cotiza"
    folder.mkdir()
    (folder / "full.json").write_bytes((ROOT / "rules" / "cotiza" / "full.json").read_bytes())
    recorded = subprocess.run(
        [sys.executable, "-m", "relay", "test", "--record"], cwd=checked.folder, capture_output=True, check=False
    )
    assert recorded.returncode == 0, recorded.stderr
    assert checked.check().returncode == 0

    checked.write(cotiza=HEAD + rules.replace("${form.title}", "${form.id}"))

    ended = checked.check()
    assert ended.returncode == 1
    assert "full.json is no longer mapped as recorded: title" in ended.stderr


@pytest.mark.parametrize("folder", ["rules", "rules/examples"])
def test_our_own_hook_files_have_neither_faults_nor_warnings(checked: Checked, folder: str) -> None:
    done = checked.check("--no-secrets", "--strict", str(Path(__file__).parent.parent / folder))

    assert (done.stderr, done.returncode) == ("", 0)
