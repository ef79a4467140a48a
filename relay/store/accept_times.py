"""How long senders wait for their answer: noted by each web process, and added up in the store about once a second.

A process that is killed takes its last second of figures with it, and nothing else.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import Any

from relay.store.once import Once
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
        self._lock = threading.Lock()
        self._noted: Counter[int | str] = Counter()
        self._once = Once(self._take, self._tally)

    def note(self, seconds: float) -> None:
        """Note one accepted request. Costs a microsecond: it is on the way of every event."""
        place = bisect_left(ACCEPT_BOUNDS_MS, seconds * 1000)
        with self._lock:
            self._noted[place] += 1
            self._noted[SUM] += round(seconds * 1_000_000)

    def flush(self) -> None:
        """Add up in the store what was noted. Raises StoreError, and then nothing is lost."""
        self._once.flush()

    def _take(self) -> Counter[int | str] | None:
        with self._lock:
            noted, self._noted = self._noted, Counter()
        return noted or None

    def _tally(self, process: str, call: int, noted: Counter[int | str]) -> None:
        self._scripts.run("tally", process, call, *(part for pair in noted.items() for part in pair))

    def all(self) -> Times:
        with store_errors():
            flat = self._client.hgetall("relay:accept")
        told = {name.decode(): int(number) for name, number in flat.items()}
        buckets = tuple(told.get(str(place), 0) for place in range(len(ACCEPT_BOUNDS_MS) + 1))
        return Times(buckets=buckets, sum_us=told.get(SUM, 0))
