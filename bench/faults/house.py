"""The processes under attack: Redis, gunicorn, RQ workers, and the lead API sandbox, which alone is never killed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import urllib3

from relay import wiring
from relay.embedded import EmbeddedRedis
from relay.settings import Settings, load
from relay.store import Store
from relay.tether import tethered

ROOT = Path(__file__).parents[2]
KEY = "nxr_live_faults"
SECRET = "a secret of the faults"
#: Variables of the relay that must not leak in from outside.
OURS = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "WEB_CONCURRENCY", "PORT")
PATIENCE_S = 30.0
RULES = """\
sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: merged
    update:
      company: ${fields.company}
      title: ${fields.title}
      metadata:
        utm: ${fields.utm}
        broker: ${fields.broker}
  - name: cleared
    when: fields.clear
    update:
      title: null
  - name: each step
    deliver: each
    update:
      metadata:
        step: ${fields.step}
"""


class House:
    """Everything that runs, in one folder; what ends without being told to is started again at once.

    Start, kill and keep up from one thread: the kernel ties the processes to the life of the thread that started them.
    """

    def __init__(self, folder: Path, *, workers: int = 2, threads: int = 4, timeout_s: float = 2.0) -> None:
        self.folder = folder
        (folder / "rules").mkdir()
        (folder / "rules" / "faults.yaml").write_text(RULES)
        self.redis = EmbeddedRedis(folder / "home", appendfsync="always")
        self.door = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.url = f"http://127.0.0.1:{self.door.getsockname()[1]}/hooks/faults"
        self.log: IO[bytes] = (folder / "log").open("ab")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | {
            "REDIS_URL": self.redis.url,
            "RELAY_HOME": str(folder / "home"),
            "RELAY_RULES": str(folder / "rules"),
            "RELAY_WORKERS": str(workers),
            # Few threads, so that one drain is not enough and several work side by side.
            "RELAY_THREADS": str(threads),
            "LEADS_API_TIMEOUT": str(timeout_s),
            "LEADS_API_KEY": KEY,
            "LEADS_API_RATE": "0",
            "TYPEFORM_SECRET": SECRET,
            "WEB_CONCURRENCY": "2",
        }
        at = f"fd://{self.door.fileno()}"
        self.commands: dict[str, list[str]] = {
            "web": ["-m", "gunicorn", "-c", "python:relay.gunicorn_conf", "--bind", at, "relay.wiring:web()"],
            **{f"worker {number}": ["-m", "workers.run"] for number in range(1, workers + 1)},
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        #: A killed Redis is not started again before (of the monotonic clock).
        self.redis_back_at = 0.0

    def start(self) -> None:
        self.sandbox = self._launch(["-m", "relay", "sandbox", "--port", "0", "--key", KEY], out=subprocess.PIPE)
        assert self.sandbox.stdout is not None
        found = re.search(rb"http://[\d.]+:\d+", self.sandbox.stdout.readline())
        if found is None:
            raise RuntimeError(f"the sandbox did not start; see {self.folder / 'log'}")
        self.environment["LEADS_API_URL"] = found[0].decode()
        self.redis.start()
        for name in self.commands:
            self._start(name)

    @property
    def settings(self) -> Settings:
        return load(self.environment)

    def store(self) -> Store:
        return wiring.store(self.settings)

    def keep_up(self) -> None:
        """Start again what has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                self._start(name)
        if not self.redis.alive() and time.monotonic() >= self.redis_back_at:
            self.redis.launch()

    def parts(self, word: str) -> list[int]:
        """Give the processes of this name: of 'worker' all of them."""
        return [process.pid for name, process in self.running.items() if name.startswith(word)]

    def horses(self) -> dict[int, int]:
        """Give the work-horses, also those that outlived their worker, each with its parent."""
        workers = self.parts("worker")
        return {pid: up for pid, up in self._ours().items() if pid not in workers and b"workers.run" in _command(pid)}

    def _ours(self) -> dict[int, int]:
        """Give every process that carries our environment, and its parent."""
        mark = f"RELAY_HOME={self.folder / 'home'}".encode()
        return {pid: parent for pid, parent in processes().items() if mark in _read(pid, "environ")}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the sandbox what the real lead API has not."""
        url = f"{self.environment['LEADS_API_URL']}/_sandbox/{path}"
        return urllib3.request(method, url, json=body, retries=False, timeout=60.0).json()

    def stop(self) -> None:
        """End everything, orphans too, as one would: first what receives, then what delivers, then Redis."""
        for word in ("web", "worker"):
            for pid in self.parts(word):
                _send(pid, signal.SIGTERM)
            for name, process in self.running.items():
                if name.startswith(word):
                    _wait_or_kill(process)
        self._end_orphans()
        self.redis.stop()
        self.sandbox.terminate()
        _wait_or_kill(self.sandbox)
        if self.sandbox.stdout:
            self.sandbox.stdout.close()
        self.door.close()
        self.log.close()

    def _start(self, name: str) -> None:
        self.running[name] = self._launch(self.commands[name])

    def _launch(self, command: Sequence[str], out: int | None = None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            tethered([sys.executable, *command]),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log if out is None else out,
            stderr=self.log,
            pass_fds=[self.door.fileno()],
            process_group=0,
        )

    def _end_orphans(self) -> None:
        """End horses whose worker was killed: they stand in no table of ours, but carry our environment."""
        known = {self.sandbox.pid, self.redis.process.pid if self.redis.process else 0}
        deadline = time.monotonic() + PATIENCE_S
        while orphans := self._ours().keys() - known:
            for pid in orphans:
                _send(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.1)


def processes() -> dict[int, int]:
    """Give every living process of the machine and its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    found[int(entry.name)] = int(parent)
    return found


def children(pid: int) -> list[int]:
    return [child for child, parent in processes().items() if parent == pid]


def _command(pid: int) -> bytes:
    return _read(pid, "cmdline")


def _read(pid: int, file: str) -> bytes:
    """Read a file of a process, which may just have ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{file}").read_bytes()
    return b""


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
