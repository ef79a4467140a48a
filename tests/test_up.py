"""``relay up``: one command from a webhook to its lead, an orderly end, and refusals in words."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from relay.commands.up import PORTS, listen
from tests.waiting import until

RULES = Path(__file__).parent.parent / "rules"
OURS = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "ZAPIER_", "WEB_CONCURRENCY", "PORT")


class House:
    """A folder with rules in which ``relay`` commands run, and the processes that run there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / ".relay"
        self.screen = folder / "screen"
        self.started: list[subprocess.Popen[bytes]] = []
        shutil.copytree(RULES, folder / "rules")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        # PORT 0: any free port. RELAY_HOME also marks the processes as ours.
        self.environment = {**kept, "PORT": "0", "RELAY_HOME": str(self.home), "RELAY_WORKERS": "1"}

    def up(self) -> subprocess.Popen[bytes]:
        with self.screen.open("wb") as out:
            command = [sys.executable, "-m", "relay", "up"]
            started = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=out, stderr=out)
        self.started.append(started)
        return started

    def until_up(self) -> subprocess.Popen[bytes]:
        process = self.up()
        until(lambda: process.poll() is not None or "stop      Ctrl-C" in self.said())
        assert process.poll() is None, self.said()
        return process

    def relay(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "relay", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=90
        )

    def relay_user(self, name: str) -> str:
        """Give the line of a user."""
        command = [sys.executable, "-m", "relay", "user", name]
        return subprocess.run(command, input="una clave larga", capture_output=True, text=True, check=True).stdout

    def said(self) -> str:
        return self.screen.read_text()

    def door(self) -> str:
        found = re.search(r"POST (http://localhost:\d+)/hooks/", self.said())
        assert found
        return found[1]

    def sandbox(self) -> str:
        found = re.search(r"lead API  (\S+) \(the sandbox\)", self.said())
        assert found
        return found[1]

    def processes(self) -> list[int]:
        """Give everything that runs for this home, children of children too."""
        return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and self.owns(one)]

    def owns(self, process: Path) -> bool:
        # Redis writes its title over its environment, but its socket stands in the title.
        mark = f"RELAY_HOME={self.home}".encode()
        return mark in content(process / "environ") or bytes(self.home) in content(process / "cmdline")

    def kill(self, word: str) -> None:
        """Kill -9 the first process that has this word in its command."""
        for pid in sorted(self.processes()):
            if word.encode() in content(Path(f"/proc/{pid}/cmdline")):
                os.kill(pid, signal.SIGKILL)
                return
        raise AssertionError(f"nothing runs with {word} in its command")


def content(file: Path) -> bytes:
    """Read a file of a process, which may just have ended."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


def ask(url: str, method: str = "GET", body: object = None) -> Any:
    return urllib3.request(method, url, json=body, retries=False, timeout=10.0).json()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    for process in house.started:
        process.kill()
        process.wait()
    while left := house.processes():
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_one_command_runs_it_all_and_a_second_one_shows_the_lead(house: House) -> None:
    house.until_up()

    sent = house.relay("send", "cotiza")

    assert sent.returncode == 0, sent.stderr
    assert re.search(r"^http://localhost:\d+/hooks/cotiza: 200, 1 event accepted$", sent.stdout, re.MULTILINE)
    assert re.search(r"^event \w+: delivered$", sent.stdout, re.MULTILINE)
    assert re.search(r"^phone +\+56987654321 +\w", sent.stdout, re.MULTILINE)


def test_the_link_of_the_first_lines_lets_in_once_as_whoever_started_it(house: House) -> None:
    house.until_up()
    found = re.search(r"page +(http://localhost:\d+/ops/enter/\S+)  \(once, within the hour\)", house.said())
    assert found

    first, again = (urllib3.request("GET", found[1], redirect=False, retries=False) for _ in range(2))

    cookie = first.headers["Set-Cookie"].split(";")[0]
    account = urllib3.request("GET", f"{house.door()}/ops/account", headers={"Cookie": cookie})
    assert (first.status, again.status, account.status) == (303, 403, 200)
    assert f"<dd>{getpass.getuser()}</dd>" in account.data.decode()
    assert found[1].rpartition("/")[2] not in house.said().replace(found[0], ""), "nobody else wrote it down"


def test_a_second_terminal_gets_a_link_of_its_own(house: House) -> None:
    house.until_up()

    made = house.relay("enter")

    assert (made.returncode, made.stderr) == (0, "")
    entered = urllib3.request("GET", made.stdout.strip(), redirect=False, retries=False)
    assert (entered.status, entered.headers["Location"]) == (303, "/ops/")


def test_where_users_are_set_no_link_is_printed(house: House) -> None:
    house.environment["RELAY_USERS"] = house.relay_user("carolina")

    house.until_up()

    assert re.search(r"page +http://localhost:\d+/ops/$", house.said(), re.MULTILINE)
    assert "/enter/" not in house.said()


def test_ctrl_c_ends_everything_that_was_started(house: House) -> None:
    process = house.until_up()
    until(lambda: len(house.processes()) > 6)

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert house.processes() == []
    assert not (house.home / "env").exists()


def test_events_and_made_up_secrets_are_there_after_a_new_start(house: House) -> None:
    first = house.until_up()
    assert house.relay("send", "cotiza", "--as-is").returncode == 0
    secrets = (house.home / "secrets").read_text()
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0

    house.until_up()
    again = house.relay("send", "cotiza", "--as-is")

    assert again.stdout.splitlines()[0].endswith("/hooks/cotiza: 200, 1 event accepted before: a duplicate")
    assert (house.home / "secrets").read_text() == secrets
    assert (house.home / "secrets").stat().st_mode & 0o777 == 0o600


def test_a_put_in_flight_is_finished_before_the_end(house: House) -> None:
    process = house.until_up()
    ask(f"{house.sandbox()}/_sandbox/faults", "PUT", {"latency_ms": 2_000})
    assert house.relay("send", "cotiza", "--as-is", "--no-follow").returncode == 0
    until(lambda: ask(f"{house.sandbox()}/_sandbox/requests")["requests"])

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0
    house.until_up()
    assert ": delivered" in house.relay("send", "cotiza", "--as-is").stdout
    assert [one["method"] for one in ask(f"{house.sandbox()}/_sandbox/requests")["requests"]] == ["GET"]


def test_nothing_outlives_kill_9_and_the_next_start_works(house: House) -> None:
    process = house.until_up()

    process.kill()
    process.wait()

    until(lambda: house.processes() == [])
    house.until_up()
    assert house.relay("send", "zapier").returncode == 0


def test_a_request_waits_while_a_killed_web_is_started_again(house: House) -> None:
    house.until_up()
    house.kill("gunicorn")
    until(lambda: "web ended with signal SIGKILL" in house.said())

    answer = urllib3.request("POST", f"{house.door()}/hooks/cotiza", body=b"{}", retries=False, timeout=60.0)

    assert answer.status == 401


@pytest.mark.parametrize(
    ("word", "part"), [("redis-server", "redis"), ("workers.run", "worker 1"), ("sandbox", "sandbox")]
)
def test_a_part_that_is_killed_is_started_again_and_events_go_on(house: House, word: str, part: str) -> None:
    house.until_up()

    house.kill(word)

    until(lambda: f"{part} ended with signal SIGKILL; it starts again in 0.5 s" in house.said())
    until(lambda: house.relay("send", "cotiza").returncode == 0)


def test_a_second_one_in_the_same_folder_is_refused(house: House) -> None:
    house.until_up()

    second = house.relay("up")

    assert second.returncode == 1
    assert second.stderr == (
        f"{house.home}: another relay runs in this folder: stop it first, or set RELAY_HOME to another folder\n"
    )
    assert house.relay("send", "cotiza").returncode == 0


def test_faulty_rules_are_all_listed_and_nothing_starts(house: House) -> None:
    for name in ("cotiza", "zapier"):
        file = house.folder / "rules" / f"{name}.yaml"
        file.write_text(file.read_text() + "\nrulez: []\n")

    refused = house.relay("up")

    assert refused.returncode == 2
    assert [line.split(":")[0] for line in refused.stderr.splitlines()] == ["rules/cotiza.yaml", "rules/zapier.yaml"]
    assert house.processes() == []


def test_one_faulty_hook_file_is_shown_and_the_others_are_served(house: House) -> None:
    file = house.folder / "rules" / "zapier.yaml"
    file.write_text(file.read_text() + "\nrulez: []\n")

    house.until_up()

    assert re.search(r"fault +rules/zapier.yaml:\d+:1: the file has the unknown key 'rulez'", house.said())
    assert "/hooks/zapier" not in house.said()
    assert ask(f"{house.door()}/ready")["faulty_rules"] == 1
    assert house.relay("send", "cotiza").returncode == 0


def test_faulty_settings_are_refused_in_words(house: House) -> None:
    house.environment |= {"RELAY_WORKERS": "many", "REDIS_URL": "localhost"}

    refused = house.relay("up")

    assert refused.returncode == 2
    assert "RELAY_WORKERS: must be a number of at least 1, not 'many'" in refused.stderr
    assert "REDIS_URL: must begin with redis:// or rediss:// or unix://" in refused.stderr


def test_a_redis_that_is_away_is_said_before_anything_starts(house: House) -> None:
    house.environment["REDIS_URL"] = f"unix://{house.folder}/nothing"

    refused = house.relay("up")

    assert refused.returncode == 1
    assert refused.stderr == "Redis is away or still loading: start it, or check REDIS_URL\n"


def test_secrets_are_never_made_up_for_a_real_lead_api(house: House) -> None:
    house.environment |= {"LEADS_API_URL": "https://leads.example", "LEADS_API_KEY": "a key"}

    refused = house.relay("up")

    assert refused.returncode == 2
    assert "TYPEFORM_SECRET" in refused.stderr
    assert not (house.home / "secrets").exists()


def test_a_port_that_is_asked_for_and_taken_is_refused_in_words(house: House) -> None:
    with socket.create_server(("", 0)) as other:
        port = other.getsockname()[1]
        house.environment["PORT"] = str(port)

        refused = house.relay("up")

    assert refused.returncode == 1
    assert refused.stderr == f"port {port} can't be had: stop what listens there, or set PORT to another\n"


def test_the_next_free_port_is_taken_where_none_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]

        with listen(taken, exactly=False) as door:
            host, port = door.getsockname()

    assert host == "127.0.0.1"
    assert taken < port <= taken + PORTS
