"""A part of ``relay up`` is a child process: here is how it starts, what it says, and how it ends.

The supervisor keeps the parts running, and their words on one screen.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from relay.tether import tethered

SHORTEST_PAUSE_S = 0.5
# RQ ends a worker that meets an outage of Redis: it must be back soon after Redis is.
LONGEST_PAUSE_S = 2.0
#: A part that lived so long has started well: its next end counts as the first.
SETTLED_S = 30.0
#: A line longer than this is shown in pieces.
LONGEST_LINE = 65_536
COLOURS = {"redis": 31, "sandbox": 35, "worker": 36, "background": 34, "web": 32, "relay": 33}


@dataclass(kw_only=True)
class Part:
    """One child process and its lives: it may end and be started again many times."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    #: How long it may take to end when it is told to; then it is killed.
    patience_s: float = 30.0
    #: Whether impatience may end it at once. Redis may always write its last bytes.
    killable: bool = True
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause_s: float = 0.0
    #: When to start it again; None while it runs.
    due: float | None = None

    def start(self) -> None:
        self.due = None
        self.started = time.monotonic()
        self.process = self.launch()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def rest(self) -> float:
        """Say for how many seconds to leave it alone before its next start: longer each time it ends early."""
        early = time.monotonic() - self.started < SETTLED_S
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S) if early and self.pause_s else SHORTEST_PAUSE_S
        self.due = time.monotonic() + self.pause_s
        return self.pause_s

    def end(self) -> str:
        """Say how its process ended."""
        code = self.process.poll() if self.process else None
        if code is None or code >= 0:
            return f"exit code {code}"
        return f"signal {signal.Signals(-code).name}"

    def tell(self) -> None:
        """Tell it to finish what it does and end."""
        if self.process is not None and self.alive():
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and its own children at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def spawn(
    command: Sequence[str], *, environment: Mapping[str, str], pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a command whose words we read, in a group of its own: a Ctrl-C of the terminal must not reach it."""
    return subprocess.Popen(
        tethered(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        pass_fds=pass_fds,
        process_group=0,
    )


class Screen:
    """Where the lines of all parts go, each with the name of its part before it."""

    def __init__(self, out: TextIO, *, colour: bool) -> None:
        self.out = out
        self.colour = colour

    def line(self, name: str, text: str) -> None:
        label = f"{name:<10}|"
        if self.colour:
            label = f"\x1b[{COLOURS.get(name.split(maxsplit=1)[0], 37)}m{label}\x1b[0m"
        # A terminal that went away is no reason to stop the relay.
        with contextlib.suppress(OSError, ValueError):
            self.out.write(f"{label} {text}\n")
            self.out.flush()


class Lines:
    """Cuts what comes out of one pipe into lines."""

    def __init__(self, name: str, screen: Screen) -> None:
        self.name = name
        self.screen = screen
        self.rest = b""

    def take(self, read: bytes) -> None:
        *lines, self.rest = (self.rest + read).split(b"\n")
        if len(self.rest) > LONGEST_LINE:
            lines.append(self.rest)
            self.rest = b""
        for line in lines:
            self.screen.line(self.name, line.decode(errors="replace").rstrip("\r"))

    def close(self) -> None:
        if self.rest:
            self.take(b"\n")
