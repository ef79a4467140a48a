"""Keeps the parts of ``relay up`` running, and stops them in order.

One thread, one loop: it shows what the parts say, starts again what ended, and on Ctrl-C or SIGTERM stops the parts
from the last to the first, so that nothing is cut off from what it still needs. A second Ctrl-C does not wait.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import IO, TypeAlias, cast

from relay.errors import RelayError
from relay.parts import Lines, Part, Screen

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: How long the loop sleeps when nothing happens; the end of a part wakes it.
TURN_S = 0.5
SHORT_TURN_S = 0.05
READ = 65_536

Address: TypeAlias = tuple[str, int]
Watcher: TypeAlias = Callable[[], None]
Source: TypeAlias = socket.socket | IO[bytes]


class Supervisor:
    """Runs groups of parts, given in the order in which they start; ends when told to, or when they can't start."""

    def __init__(self, groups: Sequence[Sequence[Part]], screen: Screen) -> None:
        self.groups = groups
        self.screen = screen
        self.stops = 0
        self.ready = False
        self.failed = False
        #: Addresses that have not answered yet, and whether the first has been asked.
        self._silent: list[Address] = []
        self._knocking = False
        self._selector = selectors.DefaultSelector()

    def run(self, addresses: Sequence[Address], announce: Callable[[], None]) -> bool:
        """Run until told to stop; call ``announce`` once all addresses answer. False when the parts did not start."""
        self._silent = list(addresses)
        with self._signals():
            for part in self._parts():
                if not part.alive():
                    self._start(part)
            while not self.stops and not self.failed:
                if not self.ready:
                    self._knock(announce)
                self._turn(TURN_S if self.ready else SHORT_TURN_S)
                self._look_after()
            self._stop()
        return not self.failed

    def say(self, text: str) -> None:
        self.screen.line("relay", text)

    def _parts(self) -> Iterator[Part]:
        return (part for group in self.groups for part in group)

    def _start(self, part: Part) -> None:
        try:
            part.start()
        except (OSError, RelayError) as error:
            self.say(f"{part.name} could not be started: {error}")
            return
        if part.process is not None and part.process.stdout is not None:
            lines, pipe = Lines(part.name, self.screen), part.process.stdout
            self._watch(pipe, lambda: self._pump(pipe, lines))

    def _turn(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            watcher: Watcher = key.data
            watcher()

    def _look_after(self) -> None:
        """Start again what has ended, after a pause that grows while it keeps ending."""
        for part in self._parts():
            if part.due is not None:
                if time.monotonic() >= part.due:
                    self._start(part)
            elif not part.alive():
                self._ended(part)

    def _ended(self, part: Part) -> None:
        if not self.ready:
            self.failed = True
            self.say(f"{part.name} ended with {part.end()} before the relay was up: stopping")
            return
        self.say(f"{part.name} ended with {part.end()}; it starts again in {part.rest():g} s")

    def _stop(self) -> None:
        running = [group for group in reversed(self.groups) if any(part.alive() for part in group)]
        self.say("stopping: what is in flight is finished first; Ctrl-C again stops at once")
        for group in running:
            for part in group:
                part.tell()
            self._await(group)
        # What they said last.
        self._turn(0)
        self.say("stopped")

    def _await(self, group: Sequence[Part]) -> None:
        """Wait until these have ended; kill them when they take too long or when we are told again."""
        told = time.monotonic()
        while any(part.alive() for part in group):
            for part in group:
                late = time.monotonic() > told + part.patience_s
                if late or (self.stops > 1 and part.killable):
                    part.kill()
            self._turn(SHORT_TURN_S)

    def _knock(self, announce: Callable[[], None]) -> None:
        """Ask the next address for anything; its answer, whatever it is, says that this part is up."""
        if not self._silent:
            self.ready = True
            announce()
        elif not self._knocking:
            host, port = self._silent[0]
            with contextlib.suppress(OSError):
                line = socket.create_connection((host, port), timeout=TURN_S)
                line.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                self._knocking = True
                self._watch(line, lambda: self._answered(line))

    def _answered(self, line: socket.socket) -> None:
        self._selector.unregister(line)
        self._knocking = False
        with line, contextlib.suppress(OSError):
            if line.recv(READ):
                self._silent.pop(0)

    def _watch(self, source: Source, watcher: Watcher) -> None:
        self._selector.register(source, selectors.EVENT_READ, watcher)

    def _pump(self, pipe: IO[bytes], lines: Lines) -> None:
        read = os.read(pipe.fileno(), READ)
        lines.take(read)
        if not read:
            lines.close()
            self._selector.unregister(pipe)
            pipe.close()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals wake the loop: those that stop are counted, a child's end is only looked at."""
        heard, wake = socket.socketpair()
        with heard, wake:
            heard.setblocking(False)
            wake.setblocking(False)
            self._watch(heard, lambda: _drain(heard))
            # Under nohup the end of the terminal is ignored, and stays so.
            stops = STOPS if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN else STOPS[:2]
            before = {one: signal.signal(one, self._told) for one in stops}
            before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _wake_only)
            woken = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
            try:
                yield
            finally:
                signal.set_wakeup_fd(woken)
                for one, earlier in before.items():
                    signal.signal(one, earlier)
                self._close()

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if not isinstance(key.fileobj, int):
                cast(Source, key.fileobj).close()
        self._selector.close()

    def _told(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is Python's
        self.stops += 1


def _wake_only(number: int, frame: FrameType | None) -> None:
    """Be there: a signal without a handler of ours would not wake the loop."""


def _drain(heard: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while heard.recv(READ):
            pass
