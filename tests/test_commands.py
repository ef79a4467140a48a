"""The commands that need no running relay, as a script sees them: what they print, where, and how they exit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from relay.errors import CommandError
from relay.senders import SENDERS
from relay.senders.examples import example_of, renewed
from tests.commands import run_relay

ROOT = Path(__file__).parent.parent
SECRETS = {"TYPEFORM_SECRET": "s3cr3to", "ZAPIER_TOKEN": "t0k3n"}


class Shell:
    """A folder with the example rules, and an environment in which nothing of ours is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "rules", folder / "rules")
        ours = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "ZAPIER_", "PORT")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}

    def relay(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_relay(*words, environment={**self.environment, **environment}, folder=self.folder)

    def add_to(self, file: str, text: str) -> None:
        with (self.folder / "rules" / file).open("a") as rules:
            rules.write(text)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_check_shows_every_hook_and_says_that_all_is_good(shell: Shell) -> None:
    checked = shell.relay("check", **SECRETS)

    header, cotiza, zapier, verdict = checked.stdout.splitlines()
    assert header.split() == ["hook", "sender", "rules", "destination", "version", "address"]
    assert (cotiza.split()[:2], cotiza.split()[-1]) == (["cotiza", "typeform"], "/hooks/cotiza")
    assert (zapier.split()[:2], zapier.split()[-1]) == (["zapier", "zapier"], "/hooks/zapier")
    assert (verdict, checked.returncode) == ("2 hooks, all good", 0)


def test_check_lists_the_faults_of_all_files_and_exits_with_1(shell: Shell) -> None:
    shell.add_to("cotiza.yaml", "rulez: []\n")
    shell.add_to("zapier.yaml", "sendr: zapier\n")

    checked = shell.relay("check", **SECRETS)

    first, second, count = [line for line in checked.stderr.splitlines() if " | " not in line]
    assert first.startswith("rules/cotiza.yaml:")
    assert "'rulez'" in first
    assert second.startswith("rules/zapier.yaml:")
    assert "did you mean 'sender'?" in second
    assert (count, checked.returncode) == ("2 faults, 0 good hooks", 1)


def test_secrets_that_are_not_set_are_faults_unless_told_otherwise(shell: Shell) -> None:
    assert "TYPEFORM_SECRET" in shell.relay("check").stderr
    assert shell.relay("check", "--no-secrets").returncode == 0


def test_check_prints_json_for_scripts(shell: Shell) -> None:
    shell.add_to("cotiza.yaml", "rulez: []\n")

    checked = shell.relay("check", "--json", "--no-secrets")

    printed = json.loads(checked.stdout)
    assert [hook["name"] for hook in printed["hooks"]] == ["zapier"]
    (problem,) = printed["problems"]
    assert (problem["file"], problem["severity"]) == ("rules/cotiza.yaml", "fault")
    assert problem["words"].startswith("the file has the unknown key 'rulez'")
    assert checked.returncode == 1


def test_check_takes_another_folder(shell: Shell) -> None:
    checked = shell.relay("check", "nowhere")

    assert checked.stderr.splitlines()[0] == (
        "nowhere: no such folder; set RELAY_RULES to the folder of the hook files"
    )
    assert checked.returncode == 1


def test_settings_that_are_wrong_are_all_listed_with_exit_code_2(shell: Shell) -> None:
    checked = shell.relay("check", RELAY_THREADS="0", RELAY_APPENDFSYNC="never")

    assert checked.stderr.splitlines() == [
        "RELAY_THREADS: must be a number of at least 1, not '0'",
        "RELAY_APPENDFSYNC: must be one of always, everysec, not 'never'",
    ]
    assert checked.returncode == 2


def test_a_command_that_is_not_there_exits_with_2(shell: Shell) -> None:
    assert shell.relay("snd").returncode == 2


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["cotisa"], "hook 'cotisa': not in rules; did you mean 'cotiza'?"),
        (["meta"], "hook 'meta': not in rules; there are: cotiza, zapier"),
        ([], "no hook given; there are: cotiza, zapier"),
        (["--hook", "cotiza", "--file", "gone.json"], "gone.json: can't be read: No such file or directory"),
        (["cotiza", "--file", "rules/cotiza.yaml"], "rules/cotiza.yaml:1: is not JSON: unexpected character"),
        (
            ["cotiza", "--url", "http://127.0.0.1:9"],
            "http://127.0.0.1:9/hooks/cotiza: nobody answers there: is the relay running (relay up)?",
        ),
    ],
)
def test_send_says_what_is_wrong_and_what_to_do(shell: Shell, words: list[str], error: str) -> None:
    sent = shell.relay("send", "--no-follow", *words, **SECRETS)

    assert sent.stderr.startswith(error)
    assert len(sent.stderr.splitlines()) == 1
    assert sent.returncode == 1


def test_send_wants_the_secret_that_the_relay_has(shell: Shell) -> None:
    sent = shell.relay("send", "cotiza", "--no-follow")

    assert sent.stderr == "TYPEFORM_SECRET: is not set: set it as the relay has it, or start the relay first\n"


def test_send_can_only_follow_where_a_relay_runs(shell: Shell) -> None:
    sent = shell.relay("send", "cotiza", **SECRETS)

    assert sent.stderr == "no relay runs here: start it (relay up), set REDIS_URL, or send with --no-follow\n"


def test_the_sandbox_says_where_it_is_and_ends_on_sigterm(shell: Shell) -> None:
    command = [sys.executable, "-m", "relay", "sandbox", "--port", "0", "--no-log"]
    with subprocess.Popen(command, cwd=shell.folder, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None

        said = sandbox.stdout.readline()
        sandbox.send_signal(signal.SIGTERM)

        assert said.startswith("lead API sandbox: http://127.0.0.1:")
        assert sandbox.wait(20) == 0


@pytest.mark.parametrize("file", ["cotiza/full.json", "zapier/flat.json", "zapier/form.json"])
def test_an_example_is_a_new_event_each_time_unless_sent_as_it_is(file: str) -> None:
    name = {"cotiza": "typeform"}.get(Path(file).parent.name, "zapier")
    content = json.loads((ROOT / "rules" / file).read_text())

    new = {id_of(content, name, as_is=False) for _ in range(2)}
    same = {id_of(content, name, as_is=True) for _ in range(2)}

    assert len(new) == 2
    assert len(same) == 1
    assert not new & same


def id_of(content: object, name: str, *, as_is: bool) -> str:
    """Have the sender's own adapter read what would be sent, and give the event's id."""
    sender = SENDERS[name]
    example = example_of(content, sender.about)  # type: ignore[arg-type]
    made = example if as_is else renewed(example, sender.about, now_ms=1_790_000_000_000)
    (event,) = sender.parse(made.request(url="", now_ms=0))
    return event.id


def test_a_form_that_is_no_object_is_refused_in_words() -> None:
    broken: Mapping[str, object] = {"_transport": {}, "form": ["nombre"]}

    with pytest.raises(CommandError, match=r"^the file's form is a list: give an object with a value for each field$"):
        example_of(broken, SENDERS["zapier"].about)  # type: ignore[arg-type]
