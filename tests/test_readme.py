"""Every command and every example of the README, run as it stands there."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from relay import rulebook
from relay.expressions.filters import FILTERS
from relay.senders import ABOUT, SENDERS
from relay.settings import Settings, load, read_home
from tests.waiting import until

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
EXAMPLE_LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A relay as ``make run`` starts it, in a home folder of its own, with one event delivered."""
    folder = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "RELAY_HOME": str(folder)}
    recipe = subprocess.run(
        ["make", "-n", "--no-print-directory", "run"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout
    command = recipe.splitlines()[-1]
    assert command == ".venv/bin/relay up"
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen([BIN / "relay", "up"], cwd=TOP, env=environment, stdout=output, stderr=output)
        try:
            until(lambda: "RELAY_URL" in (folder / "env").read_text() if (folder / "env").exists() else False)
            until(lambda: "Lead Relay is up" in (folder / "output").read_text())
            yield folder
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


def run(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    words[0] = str(BIN / Path(words[0]).name)
    environment = {**os.environ, "RELAY_HOME": str(home)}
    return subprocess.run(words, cwd=TOP, env=environment, capture_output=True, text=True, timeout=60, check=False)


def put_faults(home: Path, faults: dict[str, object]) -> None:
    address = read_home(home)["SANDBOX_URL"] + "/_sandbox/faults"
    requests.put(address, json=faults, timeout=10).raise_for_status()


def refuse_an_event(home: Path) -> str:
    """Have the CRM refuse one event, as on the Monday of which the README tells, until its cause is gone."""
    put_faults(home, {"refuse": [{"field": "metadata.estado_lead", "message": "estado_lead: unknown value"}]})
    done = run(".venv/bin/relay send cotiza", home)
    put_faults(home, {})
    found = re.search(r"event (\w{20}): dead", done.stdout)
    assert found, done.stdout
    return found[1]


def park_an_event(home: Path) -> None:
    """Have an event come in that says nothing of its lead."""
    event = json.loads((TOP / "rules" / "cotiza" / "full.json").read_text())
    del event["form_response"]["hidden"]["lead_id"]
    (home / "event.json").write_text(json.dumps(event))
    assert "parked" in run(f".venv/bin/relay send cotiza --file {home / 'event.json'}", home).stdout


def open_group(home: Path) -> str:
    """Give the group of failures that stands first in the inbox."""
    groups = json.loads(run(".venv/bin/relay inbox --json", home).stdout)
    return str(groups[0]["group"])


def knock(home: Path) -> None:
    """Have the door refuse a request that nobody signed."""
    answer = requests.post(read_home(home)["RELAY_URL"] + "/hooks/cotiza", data=b"{}", timeout=10)
    assert answer.status_code == 401


def followed(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that follows what happens, until its first line, and end it with Ctrl-C."""
    words = [str(BIN / "relay"), *shlex.split(command)[1:]]
    environment = {**os.environ, "RELAY_HOME": str(home)}
    with subprocess.Popen(
        words, cwd=TOP, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(words, process.returncode, first, errors)


def test_the_commands_of_the_readme_do_what_it_says_in_its_order(home: Path) -> None:
    refused = ""
    for command in COMMANDS:
        if command == "make run":
            continue  # that is how the relay was started
        if "status" in command:
            refused = refuse_an_event(home)
        if command.endswith("relay parked"):
            park_an_event(home)
        if command.endswith("relay rejected"):
            knock(home)
        if "<group>" in command:
            command = command.replace("<group>", open_group(home))  # noqa: PLW2901 -- as the person fills it in

        act = followed if " tail" in command else run
        done = act(command.replace("<event>", refused), home)

        assert (done.returncode, done.stderr) == (0, ""), (command, done.stdout, done.stderr)
        assert done.stdout.strip(), command
    assert refused
    assert "delivered" in run(f".venv/bin/relay event {refused}", home).stdout


def test_the_lead_of_the_readme_is_the_one_that_the_example_updates(home: Path) -> None:
    done = run(f".venv/bin/relay lead {EXAMPLE_LEAD} --json", home)

    assert EXAMPLE_LEAD in README
    assert "calificado" in done.stdout


def test_the_hook_file_of_the_readme_is_without_fault(tmp_path: Path) -> None:
    (example,) = blocks("yaml")
    (tmp_path / "cotiza.yaml").write_text(example, encoding="utf-8")

    hooks, faults = rulebook.check(
        tmp_path, environment={"TYPEFORM_SECRET": "s"}, senders=ABOUT, destinations={"default"}
    )

    assert faults == ()
    assert [rule.name for rule in hooks["cotiza"].rules] == ["contact details", "qualified"]


def test_the_fault_that_the_readme_quotes_is_what_check_says(tmp_path: Path) -> None:
    quoted = re.search(r"`rules/(cotiza\.yaml:\d+:\d+: rule 'qualified' sets unknown field.*?)`", README)
    assert quoted
    (example,) = blocks("yaml")
    text = example.replace("      campaign_id: null                 # null", "      emial: ana@example.com # null")
    (tmp_path / "cotiza.yaml").write_text(text, encoding="utf-8")

    _, faults = rulebook.check(tmp_path, environment={"TYPEFORM_SECRET": "s"}, senders=ABOUT, destinations={"default"})

    assert [str(fault).removeprefix(f"{tmp_path}/") for fault in faults] == [quoted[1]]


def test_the_readme_names_every_sender_and_filter() -> None:
    assert [name for name in (*SENDERS, *FILTERS) if f"`{name}`" not in README] == []


def test_the_readme_names_every_setting_with_its_usual_value() -> None:
    shown: Settings = load({})

    for name, value in shown.summary().items():
        assert f"`{name}`" in README, name
        if name not in ("REDIS_URL", "LEADS_API_URL", "LEADS_API_KEY"):
            row = next(line for line in README.splitlines() if f"| `{name}`" in line)
            assert value in row, (name, value)
