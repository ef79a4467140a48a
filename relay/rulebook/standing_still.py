"""Files as they stood still last: what an editor has written half of may read well, and must not be taken for a rule.

``live_rules`` looks at the hook files with it about once a second. A look costs one ``stat`` for each file that stands
still; only what moves is read.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

#: A file stands still when two looks that are so far apart, in seconds, see the same.
SETTLE_S = 1.0

#: Times in ns, size, and number on the disk. The second time is that of the last change of any kind, which nobody can
#: set: a file that was put there with an old time, or written to without one, is seen all the same.
Sign: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held when it was looked at."""

    sign: Sign | None
    #: None where it can't be read, or is not there.
    held: bytes | None
    #: Why it can't be read.
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Moving:
    seen: Content
    #: When that was seen first, by the clock that never jumps.
    since: float


class StandingStill:
    """The files that are looked at, each with what it held when it stood still last."""

    def __init__(self, settle_s: float = SETTLE_S) -> None:
        self._settle_s = settle_s
        self._still: dict[Path, Content] = {}
        self._moving: dict[Path, _Moving] = {}
        self._first = True

    def look(self, files: Iterable[Path]) -> bool:
        """Look at these files, and for those that were among them the last time; gives whether all stand still."""
        there = set(files)
        for file in there | self._still.keys() | self._moving.keys():
            self._look_at(file, sign_of(file) if file in there else None)
        self._first = False
        return not self._moving

    def items(self) -> Iterator[tuple[Path, Content]]:
        """Give every file that is there, in the order of their names, as it stood still last."""
        yield from sorted(self._still.items())

    def _look_at(self, file: Path, sign: Sign | None) -> None:
        still = self._still.get(file)
        if file not in self._moving and (still.sign if still else None) == sign:
            return
        seen, now = content_of(file, sign), time.monotonic()
        moving = self._moving.get(file)
        if moving is None or moving.seen != seen:
            moving = self._moving[file] = _Moving(seen, now)
        if now - moving.since >= self._settle_s or (self._first and self._long_still(seen)):
            del self._moving[file]
            self._still[file] = seen
            if seen.sign is None:
                del self._still[file]

    def _long_still(self, seen: Content) -> bool:
        """Whether it was left alone before the first look: then a start need not wait for a second one."""
        return seen.sign is not None and max(seen.sign[:2]) < time.time_ns() - 2e9 * self._settle_s


def sign_of(file: Path) -> Sign | None:
    """Give what changes whenever the file does; None where it is not there."""
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino


def content_of(file: Path, sign: Sign | None) -> Content:
    """Read a file; ``sign`` was taken before, so that a change meanwhile is seen the next time."""
    if sign is None:
        return Content(None, None)
    try:
        return Content(sign, file.read_bytes())
    except OSError as error:
        return Content(sign, None, f"can't be read: {error.strerror}")
