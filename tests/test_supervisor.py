"""The supervisor: parts that end are started again, a stop is orderly, and nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import gone, until

#: A relay in miniature: a "web" that answers, and parts that say when they start and end.
SCRIPT = '''
import socket, sys
from functools import partial
from relay.parts import Part, Screen, spawn
from relay.supervisor import Supervisor

WEB = """
import signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: (print("web ends", flush=True), sys.exit(0)))
door = socket.socket(fileno=int(sys.argv[1]))
while True:
    line, _ = door.accept()
    line.recv(1000), line.sendall(b"HTTP/1.0 404 Nothing\\\\r\\\\n\\\\r\\\\n"), line.close()
"""
PART = """
import os, signal, sys, time
ends = lambda *_: (time.sleep(float(sys.argv[2])), print(sys.argv[1], "ends", flush=True), os._exit(0))
signal.signal(signal.SIGTERM, ends)
print(sys.argv[1], "runs as", os.getpid(), flush=True)
while True: time.sleep(60)
"""
slow = sys.argv[1]
run = partial(spawn, environment={})
door = socket.create_server(("127.0.0.1", 0))
python = [sys.executable, "-c"]
groups = [
    [Part(name="redis", launch=partial(run, [*python, PART, "redis", "0"]), killable=False)],
    [Part(name=f"worker {n}", launch=partial(run, [*python, PART, f"worker {n}", slow])) for n in (1, 2)],
    [Part(name="web", launch=partial(run, [*python, WEB, str(door.fileno())], pass_fds=[door.fileno()]))],
]
supervisor = Supervisor(groups, Screen(sys.stdout, colour=False))
started = supervisor.run([door.getsockname()], announce=lambda: supervisor.say("up"))
sys.exit(0 if started else 1)
'''


class Run:
    """The miniature as a real process, with what it has said so far."""

    def __init__(self, folder: Path, *, slow: float) -> None:
        self.file = folder / "out"
        with self.file.open("w") as out:
            command = [sys.executable, "-c", SCRIPT, str(slow)]
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        until(lambda: "relay     | up" in self.said())
        until(lambda: self.said().count("runs as") == 3)

    def said(self) -> str:
        return self.file.read_text()

    def pids(self, name: str = "") -> list[int]:
        return [int(line.split()[-1]) for line in self.said().splitlines() if f"| {name}" in line and "runs as" in line]


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Run]:
    run = Run(tmp_path, slow=getattr(request, "param", 0.0))
    yield run
    run.process.kill()
    run.process.wait()
    until(lambda: all(gone(pid) for pid in run.pids()))


def test_ctrl_c_stops_the_parts_from_the_last_to_the_first(run: Run) -> None:
    run.process.send_signal(signal.SIGINT)

    assert run.process.wait(20) == 0
    ends = [line.split("|")[0].split()[0] for line in run.said().splitlines() if line.endswith("ends")]
    assert ends == ["web", "worker", "worker", "redis"]
    assert all(gone(pid) for pid in run.pids())


def test_a_part_that_dies_is_started_again_and_said_so(run: Run) -> None:
    os.kill(run.pids("worker 1")[0], signal.SIGKILL)

    until(lambda: len(run.pids("worker 1")) == 2)
    assert "relay     | worker 1 ended with signal SIGKILL; it starts again in 0.5 s" in run.said()


@pytest.mark.parametrize("run", [60.0], indirect=True)
def test_a_second_ctrl_c_does_not_wait_but_redis_may_still_write(run: Run) -> None:
    run.process.send_signal(signal.SIGINT)
    until(lambda: "web ends" in run.said())

    run.process.send_signal(signal.SIGINT)

    assert run.process.wait(20) == 0
    assert "worker 1 ends" not in run.said()
    assert "redis ends" in run.said()


def test_nothing_outlives_a_supervisor_that_is_killed(run: Run) -> None:
    run.process.kill()

    until(lambda: all(gone(pid) for pid in run.pids()))


def test_it_gives_up_when_a_part_ends_before_all_is_up(tmp_path: Path) -> None:
    script = (
        "import socket, sys; from relay.parts import Part, Screen, spawn; from relay.supervisor import Supervisor\n"
        "part = Part(name='web', launch=lambda: spawn([sys.executable, '-c', 'print(1/0)'], environment={}))\n"
        "door = socket.create_server(('127.0.0.1', 0))\n"
        "started = Supervisor([[part]], Screen(sys.stdout, colour=False)).run([door.getsockname()], announce=print)\n"
        "sys.exit(0 if started else 1)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "relay     | web ended with exit code 1 before the relay was up: stopping" in done.stdout
    assert "web       | ZeroDivisionError: division by zero" in done.stdout
