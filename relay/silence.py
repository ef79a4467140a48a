"""Decides whether a hook has been quiet for longer than is its habit. Pure: counts by hour, and times, are arguments.

How many events were to be expected since the last one is added up over the whole hours since then, each with what is
usual for this hour of the day, on working days and on weekends apart. Four things keep quiet hooks quiet:

- Events in bursts do not count each. Whether a stretch (1, 3, 6, 12, 24 hours) was empty on some days says how many
  *independent* arrivals there are in it, and no more are expected. One odd day is forgiven.
- A hook that has slowed down is held to what it does lately.
- No more is expected than came in the same stretch a week ago, or two.
- Hours count whole: a batch that comes at twenty to each hour is never missed at ten to.

So for a Poisson stream the chance of a wrong alarm is below ``exp(-ENOUGH)`` for each stretch in which ENOUGH are due.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

HOUR_MS = 3_600_000
DAY = 24
WEEK = 7 * DAY
#: The habit is taken from so many hours before the last event, and from no fewer than the second.
HABIT, LEAST_HABIT = 14 * DAY, 3 * DAY
#: Days of which counts are needed to judge now: the habit, and the silence as far as it is looked at.
DAYS_NEEDED = 22
#: With so many events missing a hook is silent.
ENOUGH = 10.0
#: Lengths of the stretches over which bursts are looked for, in hours.
STRETCHES = (1, 3, 6, 12, 24)
#: With so many days to compare, one odd day is forgiven.
FORGIVING = 5
#: Stretches are alike whose usual counts differ by no more than this factor.
ALIKE = 4
LATELY = (DAY, 3 * DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """How quiet one hook is."""

    hook: str
    #: When its last event was accepted, in ms since 1970.
    since_ms: int
    #: How many events were to be expected since then, careful as above.
    expected: float
    silent: bool


def silence(hook: str, *, hours: Mapping[int, int], last_ms: int, now_ms: int) -> Silence:
    """Judge one hook by the events it accepted in each hour (hours since 1970; those without any may be left out)."""
    last = last_ms // HOUR_MS
    past = [hour for hour in range(last - HABIT, last) if hour >= min(hours, default=last)]
    quiet = range(last + 1, min(now_ms // HOUR_MS, last + WEEK))
    expected = 0.0
    if quiet and len(past) >= LEAST_HABIT:
        habit = _Habit(hours, past)
        rates = [habit.rate(hour) for hour in (*quiet, quiet.stop)]
        # What comes once a day at about this time may be a little late: not so where the next hour is as busy.
        expected = habit.level() * (sum(rates[:-2]) + min(rates[-2:]))
        expected = min(expected, _weeks_before(quiet, hours, past))
    return Silence(hook=hook, since_ms=last_ms, expected=round(expected, 1), silent=expected >= ENOUGH)


def _weeks_before(quiet: Sequence[int], hours: Mapping[int, int], past: Sequence[int]) -> float:
    """Give how many events came in the same stretch a week before, or two if more; no limit where none is known."""
    known = [back for back in (WEEK, 2 * WEEK) if quiet[0] - back >= past[0]]
    return max((sum(hours.get(hour - back, 0) for hour in quiet) for back in known), default=math.inf)


class _Habit:
    """What is usual for a hook, by hour of the day, on working days and on weekends."""

    def __init__(self, hours: Mapping[int, int], past: list[int]) -> None:
        self._hours = hours
        self._past = past
        self._means = {place: _mean(counts) for place, counts in self._by_place(1, ()).items()}
        self._odd = self._odd_days()
        self._thin = {length: dict(self._thinned(length)) for length in STRETCHES}

    def rate(self, hour: int) -> float:
        """Say how many independent events are usual in such an hour; none where no such day was seen."""
        kind, of_day = _kind(hour), hour % DAY
        thin = min(self._thin[length].get((kind, of_day // length), 1.0) for length in STRETCHES)
        return self._means.get((kind, of_day), 0.0) * thin

    def level(self) -> float:
        """Compare what came lately with what is usual; 1 at the most."""
        levels = []
        for length in LATELY:
            lately = self._past[-length:]
            usual = sum(self._means[_kind(hour), hour % DAY] for hour in lately)
            came = sum(self._hours.get(hour, 0) for hour in lately)
            levels.append((came + 1) / (usual + 1))
        return min(1.0, *levels)

    def _odd_days(self) -> set[int]:
        """Give the day of each kind on which most was missing in hours without any, where there are days to compare."""
        missing: dict[int, float] = dict.fromkeys({hour // DAY for hour in self._past}, 0.0)
        for hour in self._past:
            if not self._hours.get(hour, 0):
                missing[hour // DAY] += self._means[_kind(hour), hour % DAY]
        kinds = [[day for day in missing if _kind(day * DAY) == kind] for kind in (True, False)]
        return {max(days, key=missing.__getitem__) for days in kinds if len(days) >= FORGIVING}

    def _by_place(self, length: int, without: Collection[int]) -> dict[tuple[bool, int], list[int]]:
        """Add up the counts of every stretch of this length that is known whole, by its kind of day and its place."""
        found: dict[tuple[bool, int], list[int]] = {}
        first = -(-self._past[0] // length) * length
        for start in range(first, self._past[-1] + 2 - length, length):
            if start // DAY not in without:
                count = sum(self._hours.get(hour, 0) for hour in range(start, start + length))
                found.setdefault((_kind(start), start % DAY // length), []).append(count)
        return found

    def _thinned(self, length: int) -> Iterator[tuple[tuple[bool, int], float]]:
        """Give for each stretch the share of its events that come independently of others, from how often it is empty.

        Were arrivals independent with ``rate``, it would be empty with a chance of ``exp(-rate)``. A few days say
        little of one stretch, so all that are about as busy are held to be alike.
        """
        usual = self._by_place(length, self._odd)
        told = {
            place: (_mean(counts), usual.get(place, []).count(0), len(usual.get(place, [])))
            for place, counts in self._by_place(length, ()).items()
        }
        for place, (mean, empty, number) in told.items():
            alike = [(others, known) for much, others, known in told.values() if much * ALIKE >= mean]
            rate = min(_arrivals(empty, number), _arrivals(sum(one[0] for one in alike), sum(one[1] for one in alike)))
            yield place, min(1.0, rate / mean) if mean else 1.0


def _arrivals(empty: int, number: int) -> float:
    """Give the rate at which independent arrivals leave so many of a number of stretches empty."""
    return -math.log(empty / number) if empty > 0 else math.inf


def _kind(hour: int) -> bool:
    """Whether an hour is on a weekend, in UTC. The first of January 1970 was a Thursday."""
    return (hour // DAY + 3) % 7 >= 5


def _mean(counts: list[int]) -> float:
    return sum(counts) / len(counts)
