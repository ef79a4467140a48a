"""A real ``redis-server`` of our own, for a machine that has none: durable, in a folder that outlives it.

``relay up`` starts it first and stops it last; everything else reaches it by its ``url`` as it would any other Redis.
It listens on a unix socket only, and ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from relay.errors import CommandError, StoreError
from relay.redis_server import find_server, refuse_newer_files
from relay.tether import tethered

#: The kernel's limit is 108 bytes on Linux and 104 elsewhere, with the closing zero.
LONGEST_SOCKET_PATH = 100
START_S = 10.0
STOP_S = 60.0


class EmbeddedRedis:
    """One ``redis-server`` on one home folder; it may be started, stopped and killed many times over."""

    def __init__(self, home: Path, *, appendfsync: str = "always") -> None:
        self.home = home
        self.folder = (home / "redis").absolute()
        self.appendfsync = appendfsync
        self.process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._socket: Path | None = None

    @property
    def url(self) -> str:
        """Where it listens: the same from start to stop, over kills and restarts."""
        if self._socket is None:
            self._socket = socket_in(self.folder)
        return f"unix://{self._socket}"

    @property
    def log(self) -> Path:
        return self.folder / "redis.log"

    def start(self) -> None:
        """Start and wait until it has loaded its data and answers. Raises CommandError where another one runs here."""
        self.launch()
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> subprocess.Popen[bytes]:
        """Start without waiting. It ends with the thread that called this, so call it from one that stays."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        server = find_server()
        refuse_newer_files(self.folder, server)
        if self._lock is None:
            self._lock = lock(self.folder / "lock", self.home)
        # The server inherits the lock: a successor of a killed parent can't start before this server is gone.
        self.process = subprocess.Popen(
            tethered([server, *self._options()]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[self._lock],
            process_group=0,
        )
        return self.process

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": self.url.removeprefix("unix://"),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "logfile": str(self.log),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes",
            "appendfsync": self.appendfsync,
            "aof-load-truncated": "yes",
            "maxmemory": str(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2),
            "maxmemory-policy": "noeviction",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def wait(self) -> None:
        """Wait until it answers; as long as it takes while it loads its data."""
        deadline = time.monotonic() + START_S
        while (answer := self.ping()) != "+PONG":
            if not self.alive():
                raise StoreError(f"embedded Redis did not start: {self._last_words()}; its log is {self.log}")
            if answer.startswith("-LOADING"):
                deadline = time.monotonic() + START_S
            if time.monotonic() > deadline:
                raise StoreError(f"embedded Redis does not answer: {answer or 'no connection'}; its log is {self.log}")
            time.sleep(0.01)

    def ping(self) -> str:
        """Give the first line of its answer to PING, empty where there is none."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.settimeout(1.0)
            line.connect(self.url.removeprefix("unix://"))
            line.sendall(b"PING\r\n")
            return line.recv(200).decode(errors="replace").split("\r\n")[0]
        return ""

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Tell it to write everything and end, wait for that, and free the folder."""
        self._end(signal.SIGTERM)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._socket is not None and self._socket.parent != self.folder:
            shutil.rmtree(self._socket.parent, ignore_errors=True)
        self._socket = None

    def kill(self) -> None:
        """End it as a crash would; the folder stays ours."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Start again on the same data and the same url, after a kill or out of a run."""
        self._end(signal.SIGTERM)
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, IndexError):
            return self.log.read_text(errors="replace").splitlines()[-1].split("# ")[-1]
        return "it said nothing"

    def __enter__(self) -> EmbeddedRedis:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def lock(path: Path, home: Path) -> int:
    """Take the home folder, by a file in it, for as long as the given descriptor is open anywhere."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise CommandError(
            f"{home}: another relay runs in this folder: stop it first, or set RELAY_HOME to another folder"
        ) from error
    return descriptor


def socket_in(folder: Path) -> Path:
    """Give a path for the socket: in the folder, or in a short temporary one where the folder's path is too long."""
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.mkdtemp(prefix="relay-"), "redis.sock")
