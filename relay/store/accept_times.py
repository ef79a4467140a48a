"""How long senders wait for their answer: noted by each web process, and added up in the store about once a second.

A process that is killed takes its last second of figures with it, and nothing else.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import Any

from relay.store.scripts import Scripts, store_errors

#: Upper bounds, in ms, of the time that an accepted request took; what took longer has one more bucket.
ACCEPT_BOUNDS_MS = (1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)
SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long accepted requests took, in all processes."""

    #: How many took at most as long as each of ACCEPT_BOUNDS_MS and longer than the one before it; last, those beyond.
    buckets: tuple[int, ...]
    sum_us: int


class AcceptTimes:
    """The times of this process that are not in the store yet."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client
        self._process = secrets.token_hex(6)
        self._calls = itertools.count(1)
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._noted: Counter[int | str] = Counter()
        #: What is on its way to the store, by which call: made again where its answer was lost.
        self._sent: tuple[int, Counter[int | str]] | None = None

    def note(self, seconds: float) -> None:
        """Note one accepted request. Costs a microsecond: it is on the way of every event."""
        place = bisect_left(ACCEPT_BOUNDS_MS, seconds * 1000)
        with self._lock:
            self._noted[place] += 1
            self._noted[SUM] += round(seconds * 1_000_000)

    def flush(self) -> None:
        """Add up in the store what was noted. Raises StoreError, and then nothing is lost."""
        with self._flushing:
            while call := self._next():
                number, noted = call
                pairs = [part for pair in noted.items() for part in pair]
                self._scripts.run("tally", self._process, number, *pairs)
                self._sent = None

    def _next(self) -> tuple[int, Counter[int | str]] | None:
        with self._lock:
            if self._sent is None and self._noted:
                self._sent = (next(self._calls), self._noted)
                self._noted = Counter()
            return self._sent

    def all(self) -> Times:
        with store_errors():
            flat = self._client.hgetall("relay:accept")
        told = {name.decode(): int(number) for name, number in flat.items()}
        buckets = tuple(told.get(str(place), 0) for place in range(len(ACCEPT_BOUNDS_MS) + 1))
        return Times(buckets=buckets, sum_us=told.get(SUM, 0))
