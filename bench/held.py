"""A process that makes everything ready, says so, and waits: so that making ready is no part of what is measured."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bench.servers import process


class Held:
    """One that stands ready."""

    def __init__(self, one: subprocess.Popen[bytes]) -> None:
        self._process = one

    def start(self) -> None:
        self.tell(b"")

    def tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def stop(self) -> None:
        self._process.terminate()

    def word(self) -> bytes:
        """Give the next line that it says. Raises RuntimeError where it ended without one."""
        assert self._process.stdout is not None
        line: bytes = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the bench ended before its time")
        return line


@contextmanager
def held(
    command: Sequence[str], environment: Mapping[str, str] | None = None, *, order: bytes | None = None
) -> Iterator[Held]:
    """Start a command, give it its order, and wait until it is ready."""
    with process(command, environment or {}, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one:
        assert one.stdin is not None
        assert one.stdout is not None
        with one.stdin, one.stdout:
            ready = Held(one)
            if order is not None:
                ready.tell(order)
            ready.word()
            yield ready
