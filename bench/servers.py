"""The processes that a bench talks to: each real, on a free port, in a temporary folder, ending with its ``with``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import urllib3

from relay import wiring
from relay.embedded import EmbeddedRedis
from relay.settings import Settings, load
from relay.store import Store
from relay.tether import tethered

ROOT = Path(__file__).parent.parent
PATIENCE_S = 120.0
KEY = "nxr_test_bench"
SECRET = "a secret of the bench"
HOOK = "/hooks/cotiza"
#: A lead API that nobody asks for anything.
NOBODY = "http://127.0.0.1:9"
OURS = (
    "RELAY_",
    "LEADS_API_",
    "REDIS_URL",
    "PORT",
    "WEB_CONCURRENCY",
    "TYPEFORM_",
    "ZAPIER_",
    "LINKEDIN_",
    "META_",
    "SANDBOX_URL",
)


def until(condition: Callable[[], object], what: str, *, every_s: float = 0.01) -> None:
    """Wait until the condition holds; a bench whose condition never does ends here."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE_S:g} s in vain for {what}")
        time.sleep(every_s)


@contextmanager
def process(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    pass_fds: Sequence[int] = (),
    ends_by: signal.Signals = signal.SIGTERM,
    **pipes: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command from the project's folder, with nothing of ours in its environment but this."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    one = subprocess.Popen(
        tethered([sys.executable, *command]), cwd=ROOT, env={**clean, **environment}, pass_fds=pass_fds, **pipes
    )
    try:
        yield one
    finally:
        end(one, ends_by)


def end(one: subprocess.Popen[bytes], by: signal.Signals) -> None:
    """Tell a process to end, and see that it does."""
    one.send_signal(by)
    try:
        one.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        one.kill()
        one.wait()


@contextmanager
def redis_server(appendfsync: str = "always") -> Iterator[EmbeddedRedis]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedRedis(Path(folder), appendfsync=appendfsync) as server,
    ):
        yield server


class Crm:
    """The lead API sandbox in a process of its own; asked by HTTP what came."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._pool = urllib3.HTTPConnectionPool("127.0.0.1", port)

    def applied(self) -> int:
        return int(self._ask("GET", "stats")["applied"])

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "requests")["requests"]
        return found

    def faults(self, **faults: float) -> None:
        self._ask("PUT", "faults", orjson.dumps(faults))

    def reset(self) -> None:
        """Forget everything, and cut nobody off: there must be nothing in flight."""
        self._ask("POST", "reset")

    def _ask(self, method: str, what: str, body: bytes | None = None) -> Any:
        return orjson.loads(self._pool.request(method, f"/_sandbox/{what}", body=body, retries=False).data)


@contextmanager
def sandbox(*, log: bool = False) -> Iterator[Crm]:
    command = ["-m", "relay", "sandbox", "--port", "0", "--key", KEY, "--log" if log else "--no-log"]
    with process(command, {}, stdout=subprocess.PIPE) as one:
        assert one.stdout is not None
        with one.stdout as words:
            port = words.readline().split(b"127.0.0.1:")[1].split(b"/")[0]
            yield Crm(int(port))


def settings_for(redis_url: str, crm_url: str = NOBODY, **more: str) -> Settings:
    """Give the settings of a relay over this Redis and this lead API, and nothing of the environment's but ``more``."""
    given = {
        "REDIS_URL": redis_url,
        "LEADS_API_URL": crm_url,
        "LEADS_API_KEY": KEY,
        "LEADS_API_RATE": "0",
        "TYPEFORM_SECRET": SECRET,
        "ZAPIER_TOKEN": SECRET,
        "RELAY_HOME": "/nonexistent",
        "RELAY_RULES": str(ROOT / "rules"),
        "RELAY_LOG": "warning",
        **more,
    }
    return load(given)


def store_over(settings: Settings) -> Store:
    """Give a store that knows its scripts."""
    store = wiring.store(settings, wiring.connect(settings, timeout_s=60.0))
    store.scripts.load()
    return store


@contextmanager
def gunicorn(app: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Serve an app with our own gunicorn settings and two processes; gives the port once it answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port: int = listener.getsockname()[1]
        command = ["-m", "gunicorn", "-c", "python:relay.gunicorn_conf", "--bind", f"fd://{listener.fileno()}", app]
        # Nobody waits for an answer at its end, so it is not the patient one.
        with process(
            command,
            {"WEB_CONCURRENCY": "2", **environment},
            pass_fds=[listener.fileno()],
            ends_by=signal.SIGINT,
        ) as one:
            until(lambda: answers(port, one), app)
            yield port


def answers(port: int, one: subprocess.Popen[bytes]) -> bool:
    """Whether this server answers anything yet. Raises RuntimeError where it ended."""
    if one.poll() is not None:
        raise RuntimeError(f"a server ended before it answered, with exit code {one.returncode}")
    try:
        urllib3.request("GET", f"http://127.0.0.1:{port}/", retries=False, timeout=1.0)
    except urllib3.exceptions.HTTPError:
        return False
    return True


@contextmanager
def relay_web(settings: Settings) -> Iterator[int]:
    with gunicorn("relay.wiring:web()", settings.environment) as port:
        yield port


@contextmanager
def relay_workers(settings: Settings) -> Iterator[None]:
    """Run two workers, as many as the settings have slots."""
    command = ["-m", "workers.run"]
    with process(command, settings.environment), process(command, settings.environment):
        yield
