"""Runs ``relay`` commands as processes that start at once: each is forked off one that has loaded its libraries.

A command alone takes some tenths of a second to load them, and the tests run hundreds. Its environment, folder, input
and output are its own, and it loads the modules of the commands itself; ``test_cli`` has each do so from nothing.
"""

from __future__ import annotations

import atexit
import json
import os
import pkgutil
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
#: Not loaded before a command is: they look at its terminal, or are what is tested.
OWN = ("relay.commands", "relay.__main__", "relay.gunicorn_conf")
LONGEST_REQUEST = 1 << 20


def run_relay(
    *words: str, environment: Mapping[str, str], folder: Path = ROOT, typed: str = "", timeout_s: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, as ``subprocess.run`` does."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(typed.encode())
        given.seek(0)
        code = nursery().run(words, environment, folder, [given.fileno(), out.fileno(), err.fileno()], timeout_s)
        texts = [os.pread(one.fileno(), os.fstat(one.fileno()).st_size, 0).decode() for one in (out, err)]
    return subprocess.CompletedProcess(["relay", *words], code, *texts)


@cache
def nursery() -> Nursery:
    return Nursery()


class Nursery:
    """The process that commands are forked off, from the first one to the end of the tests."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours = ours
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.commands", str(theirs.fileno())], cwd=ROOT, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        atexit.register(self.end)

    def end(self) -> None:
        self._ours.close()
        self._process.wait(20)

    def run(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        files: Sequence[int],
        timeout_s: float,
    ) -> int:
        """Have a command run with these as its input and outputs; gives its exit code."""
        told, tell = os.pipe()
        request = {"words": words, "environment": dict(environment), "folder": str(folder)}
        socket.send_fds(self._ours, [json.dumps(request).encode()], [*files, tell])
        os.close(tell)
        with os.fdopen(told, "rb", buffering=0) as answers:
            process = int(answers.readline())
            if not select.select([answers], [], [], timeout_s)[0]:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["relay", *words], timeout_s)
            return int(answers.readline())


def serve(theirs: socket.socket) -> None:
    """Fork a command off for each request, until nobody asks any more."""
    load()
    # Whoever waits for a command ends with it, and nobody waits for those.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, files, _, _ = socket.recv_fds(theirs, LONGEST_REQUEST, 4)
        if not request:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            theirs.close()
            attend(json.loads(request), files)
        for one in files:
            os.close(one)


def load() -> None:
    """Load all that commands load, but the commands."""
    import relay  # noqa: PLC0415 -- only in the process that commands are forked off

    for module in pkgutil.walk_packages(relay.__path__, "relay."):
        if not module.name.startswith(OWN):
            import_module(module.name)


def attend(request: dict[str, Any], files: list[int]) -> None:
    """Run a command in a process of its own, and tell its id, then how it ended."""
    *ours, tell = files
    process = os.fork()
    if process == 0:
        os.close(tell)
        become(request, ours)
    os.write(tell, f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    os.write(tell, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def become(request: dict[str, Any], files: list[int]) -> None:
    """Be the command: it ends this process."""
    for target, one in enumerate(files):
        os.dup2(one, target)
        os.close(one)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    sys.argv = ["relay", *request["words"]]
    random.seed()
    code = 1
    try:
        import_module("relay.cli").main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
