"""The examples of docs/api.md, asked as they stand there of a served relay with dead letters in its store."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from relay.finding import Filter, select
from relay.store import Store
from tests.desk import TOKEN, served
from tests.far_crm import World, update

DOCUMENT = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.replace("\\\n", "").splitlines() if line.startswith("curl ")]


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path, RELAY_OPS_TOKEN_ROLE="operator") as url:
        yield url


def ask(command: str, url: str) -> Any:
    """Make the request that a command of curl's would."""
    words = shlex.split(command.replace("$RELAY_URL", url).replace("$RELAY_OPS_TOKEN", TOKEN))
    told: dict[str, str] = {}
    address = ""
    rest = iter(words[1:])
    for word in rest:
        if word in ("-H", "-X", "-d"):
            told[word] = next(rest)
        elif word != "-s":
            address = word
    name, _, value = told["-H"].partition(": ")
    form = {"Content-Type": "application/x-www-form-urlencoded"} if "-d" in told else {}
    method = told.get("-X", "POST" if "-d" in told else "GET")
    answer = requests.request(method, address, data=told.get("-d"), headers={name: value, **form}, timeout=10)
    answer.raise_for_status()
    return answer.json()


def test_the_examples_do_what_the_page_says(store: Store, url: str) -> None:
    world = World(store)
    world.crm.poison = {"1", "2"}
    for value in ("1", "2"):
        world.accept(f"e{value}", LEAD, update(phone=value))
        world.deliver()
    world.crm.poison = set()
    listed, told, plan, start = COMMANDS

    assert [event["state"] for event in ask(listed, url)["events"]] == ["dead", "dead"]
    assert len(ask(told, url)["dead"]) == 2
    planned = ask(plan, url)
    assert (planned["state"], planned["plan"]["applies"]) == ("planned", 2)
    assert len(select(store, Filter(state="dead"))) == 2, "a plan changes nothing"
    started = ask(start.replace("3f9a0c12de", planned["id"]), url)
    assert (started["id"], started["state"]) == (planned["id"], "running")


def test_the_token_of_the_page_is_one_that_settings_take(tmp_path: Path, store: Store) -> None:
    [export] = [line for block in BLOCKS for line in block.splitlines() if line.startswith("export ")]
    made = subprocess.run(["sh", "-c", f"{export}; echo $RELAY_OPS_TOKEN"], capture_output=True, text=True, check=True)
    token = made.stdout.strip()

    with served(store, tmp_path, RELAY_OPS_TOKEN=token) as url:
        answer = requests.get(f"{url}/ops/api/status", headers={"Authorization": f"Bearer {token}"}, timeout=10)

    assert answer.status_code == 200
