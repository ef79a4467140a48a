"""Figures that scripts keep as things come to pass: by minute for plots, by hour for habits, and in all for scrapers.

Changes nothing but the count of rejected requests, which no script sees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relay.model import State
from relay.store.scripts import store_errors

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_HOURS = 24
#: Upper bounds, in ms, of the time from receipt to delivery; what took longer has one more bucket. As in common.lua.
BOUNDS_MS = (
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    30_000,
    60_000,
    300_000,
    900_000,
    3_600_000,
    21_600_000,
    86_400_000,
)
#: What the letters of counters mean: states, and three words that are no states.
WORDS = {state.value: state.word for state in State} | {"a": "accepted", "u": "duplicate", "r": "rejected"}
KEPT_MINUTES_S = 691_200
#: Every field of an hour's figures, with the quarter of the hour and the word that it means: there are many to read.
FIELDS = {f"{minute}:{letter}".encode(): (minute // 15, word) for minute in range(60) for letter, word in WORDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long one hook's events took from receipt to delivery."""

    #: How many took at most as long as each of BOUNDS_MS and longer than the one before it; last, those beyond.
    buckets: tuple[int, ...]
    sum_ms: int

    @property
    def number(self) -> int:
        return sum(self.buckets)

    def within_ms(self, share: float) -> int | None:
        """Give the least of BOUNDS_MS within which this share of them was delivered; None where that is none."""
        wanted, reached = self.number * share, 0
        for bound, count in zip(BOUNDS_MS, self.buckets, strict=False):
            reached += count
            if reached and reached >= wanted:
                return bound
        return None


class Meters:
    """Reads the figures."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def minutes(self, first_ms: int, last_ms: int) -> dict[int, Counter[str]]:
        """Give what came to pass between two times: by minute (ms since 1970), and by the words of WORDS."""
        hours = range(first_ms // HOUR_MS, last_ms // HOUR_MS + 1)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for hour in hours:
                pipe.hgetall(f"relay:minutes:{hour}")
            found = pipe.execute()
        minutes: dict[int, Counter[str]] = {}
        for hour, flat in zip(hours, found, strict=True):
            for name, number in flat.items():
                minute, letter = name.decode().split(":")
                at_ms = hour * HOUR_MS + int(minute) * MINUTE_MS
                if first_ms - MINUTE_MS < at_ms <= last_ms:
                    minutes.setdefault(at_ms, Counter())[WORDS[letter]] += int(number)
        return minutes

    def quarters(self, hours: Sequence[int]) -> dict[int, Counter[str]]:
        """Give what came to pass in these hours by quarters of an hour since 1970, and by words of WORDS."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for hour in hours:
                pipe.hgetall(f"relay:minutes:{hour}")
            found = pipe.execute()
        quarters: dict[int, Counter[str]] = {}
        for hour, flat in zip(hours, found, strict=True):
            within = [Counter[str]() for _ in range(4)]
            for name, number in flat.items():
                quarter, word = FIELDS[name]
                within[quarter][word] += int(number)
            quarters |= {hour * 4 + place: counts for place, counts in enumerate(within) if counts}
        return quarters

    def totals(self) -> dict[str, dict[str, int]]:
        """Give what came to pass in all: 'accepted', 'duplicate', 'rejected' and words of states, each by hook."""
        totals: dict[str, dict[str, int]] = {}
        for name, number in self._total().items():
            what, _, rest = name.partition(":")
            if what != "attempt":
                totals.setdefault(WORDS.get(what, what), {})[rest] = number
        return totals

    def attempts(self) -> dict[tuple[str, int], int]:
        """Give how many PUTs there were, by destination and HTTP status; status 0 where no answer came."""
        attempts = {}
        for name, number in self._total().items():
            what, _, rest = name.partition(":")
            if what == "attempt":
                destination, _, status = rest.rpartition(":")
                attempts[destination, int(status)] = number
        return attempts

    def _total(self) -> dict[str, int]:
        with store_errors():
            flat = self._client.hgetall("relay:total")
        return {name.decode(): int(number) for name, number in flat.items()}

    def speed(self) -> dict[str, Speed]:
        """Give each hook's time from receipt to delivery."""
        with store_errors():
            flat = self._client.hgetall("relay:speed")
        told: dict[str, dict[str, int]] = {}
        for name, number in flat.items():
            hook, _, place = name.decode().rpartition(":")
            told.setdefault(hook, {})[place] = int(number)
        return {hook: _speed(places) for hook, places in told.items()}

    def last(self) -> dict[str, int]:
        """Give when each hook's last event was accepted, in ms since 1970."""
        with store_errors():
            flat = self._client.hgetall("relay:last")
        return {hook.decode(): int(ms) for hook, ms in flat.items()}

    def hours(self, first_day: int, last_day: int) -> dict[str, dict[int, int]]:
        """Give how many events each hook accepted, by hour (hours since 1970); an hour without any is left out."""
        days = range(first_day, last_day + 1)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for day in days:
                pipe.hgetall(f"relay:hours:{day}")
            found = pipe.execute()
        hours: dict[str, dict[int, int]] = {}
        for day, flat in zip(days, found, strict=True):
            for name, number in flat.items():
                hook, _, hour = name.decode().rpartition(":")
                hours.setdefault(hook, {})[day * DAY_HOURS + int(hour)] = int(number)
        return hours


def _speed(places: dict[str, int]) -> Speed:
    buckets = tuple(places.get(str(place), 0) for place in range(len(BOUNDS_MS) + 1))
    return Speed(buckets=buckets, sum_ms=places.get("sum", 0))


def tally_rejected(pipe: Any, hook: str, now_s: int) -> None:
    """Count one more request that was refused."""
    key = f"relay:minutes:{now_s // 3600}"
    pipe.hincrby("relay:total", f"rejected:{hook}", 1)
    pipe.hincrby(key, f"{now_s // 60 % 60}:r", 1)
    pipe.expire(key, KEPT_MINUTES_S)
