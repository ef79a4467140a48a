"""Silence of hooks: hooks that are quiet by habit raise nothing, one that has broken is seen, over simulated weeks."""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.silence import DAY, ENOUGH, HOUR_MS, WEEK, Silence, silence

#: A Monday, 00:00 UTC, in hours since 1970.
START = 20_664 * DAY + 4 * DAY
assert (START // DAY + 3) % 7 == 0
DAYS = 30

#: Gives the times of all events of DAYS, in hours since START.
Stream = Callable[[random.Random], list[float]]
#: How many events are to be expected in one hour.
Rate = Callable[[float], float]


def arrivals(rng: random.Random, mean: float) -> int:
    """Draw from a Poisson distribution."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    number, left = 0, rng.random()
    floor = math.exp(-mean)
    while left > floor:
        number += 1
        left *= rng.random()
    return number


def independent(rate: Rate) -> Stream:
    """Events that know nothing of each other."""

    def stream(rng: random.Random) -> list[float]:
        hours = range(DAYS * DAY)
        return sorted(hour + rng.random() for hour in hours for _ in range(arrivals(rng, rate(hour))))

    return stream


def batches(times: Callable[[random.Random], Sequence[float]], size: int) -> Stream:
    """Events that come many at a time, within ten minutes."""

    def stream(rng: random.Random) -> list[float]:
        numbers = [(at, round(size * rng.uniform(0.5, 1.5))) for at in times(rng)]
        return sorted(at + rng.random() / 6 for at, number in numbers for _ in range(number))

    return stream


def steady(per_day: float) -> Rate:
    return lambda hour: per_day / DAY


def in_the_day(per_day: float) -> Rate:
    """Nearly all between 8 and 22 o'clock."""
    return lambda hour: per_day * (1 if 8 <= hour % DAY < 22 else 0.02) / 14.2


def closed_on(rate: Rate, *days: int) -> Rate:
    """Nothing on these days of the week; 0 is a Monday."""
    return lambda hour: 0.0 if hour // DAY % 7 in days else rate(hour)


QUIET_BY_HABIT: Mapping[str, Stream] = {
    "3 a day": independent(steady(3)),
    "50 a day": independent(steady(50)),
    "2,000 a day": independent(steady(2_000)),
    "200 a day, none at night": independent(in_the_day(200)),
    "none on weekends": independent(closed_on(in_the_day(300), 5, 6)),
    "a campaign that fades": independent(lambda hour: 20 * math.exp(-hour / DAY / 5)),
    "a batch each hour at twenty to": batches(lambda rng: [hour + 0.67 for hour in range(DAYS * DAY)], 40),
    "a batch each night at about two": batches(lambda rng: [day * DAY + rng.gauss(2, 1) for day in range(DAYS)], 300),
    "a batch a day at any time": batches(lambda rng: [day * DAY + rng.random() * DAY for day in range(DAYS)], 300),
    "eight batches a day at any time": batches(lambda rng: [rng.random() * DAYS * DAY for _ in range(8 * DAYS)], 40),
}

#: Known to be so only after the first of these days.
BY_THE_WEEK = {"none on Sundays": 6, "none on Mondays": 0, "none on Wednesdays": 2}


def looked_at(times: Sequence[float], at: float) -> Silence:
    """Look at one moment; times are in hours since START."""
    known = times[: bisect.bisect_right(times, at)]
    hours = Counter(START + int(one) for one in known)
    last_ms = int((START + known[-1]) * HOUR_MS)
    return silence("cotiza", hours=hours, last_ms=last_ms, now_ms=int((START + at) * HOUR_MS))


def wrong_alarms(times: Sequence[float], *, since: float = 3 * DAY) -> int:
    """Count the stretches without events, after the first days, in which an hourly look would find a silence.

    It is looked at just before each end: what is expected only grows while nothing comes.
    """
    gaps = [(one, after) for one, after in itertools.pairwise(times) if after - one > 1 and one > since]
    return sum(looked_at([*times[: bisect.bisect_right(times, one)]], after - 0.001).silent for one, after in gaps)


@pytest.mark.parametrize("habit", QUIET_BY_HABIT)
def test_a_hook_that_is_quiet_by_habit_raises_no_alarm_in_two_months(habit: str) -> None:
    wrong = [wrong_alarms(QUIET_BY_HABIT[habit](random.Random(seed))) for seed in range(2)]

    assert sum(wrong) <= (1 if "night" in habit else 0)


@pytest.mark.parametrize("habit", BY_THE_WEEK)
def test_a_day_of_rest_raises_no_alarm_once_a_week_was_seen(habit: str) -> None:
    rate = closed_on(in_the_day(300), BY_THE_WEEK[habit])

    assert wrong_alarms(independent(rate)(random.Random(1)), since=8 * DAY) == 0


@pytest.mark.parametrize("days", [0.5, 0.8])
def test_a_hook_that_works_on_some_days_only_is_mistaken_on_few_of_them(days: float) -> None:
    """Nobody can know from a week of good days that some are off: this is the worst case, and its bound."""
    wrong = 0
    for seed in range(4):
        rng = random.Random(seed)
        on = [rng.random() < days for _ in range(DAYS)]
        wrong += wrong_alarms(
            independent(lambda hour, on=on: in_the_day(200)(hour) if on[int(hour) // DAY] else 0)(rng)
        )

    assert wrong <= 4 * DAYS / 15


def needed(rate: Rate, since: float, number: float) -> float:
    """Say how many hours it takes until so many events are due."""
    hours, due = 0.0, 0.0
    while due < number:
        due += rate(since + hours) / 60
        hours += 1 / 60
    return hours


@settings(deadline=None, max_examples=30)
@given(per_day=st.floats(12, 3_000), daily=st.booleans(), stops=st.floats(14 * DAY, 20 * DAY), seed=st.integers(0, 99))
def test_a_hook_that_breaks_is_seen_two_hours_after_thrice_what_is_enough_was_due(
    per_day: float, daily: bool, stops: float, seed: int
) -> None:
    rate = in_the_day(per_day) if daily else steady(per_day)
    times = [one for one in independent(rate)(random.Random(seed)) if one < stops]

    first = math.ceil(times[-1])  # hours count whole

    assert looked_at(times, first + needed(rate, first, 3 * ENOUGH) + 2).silent
    early = needed(rate, times[-1], ENOUGH / 3)
    assert not looked_at(times, times[-1] + early).silent


def test_a_nightly_batch_that_does_not_come_is_seen_in_the_morning() -> None:
    times = [day * DAY + 2.3 + number / 1000 for day in range(14) for number in range(300)]

    assert not looked_at(times, 14 * DAY + 2.9).silent
    assert looked_at(times, 14 * DAY + 4.1).silent


def test_a_hook_of_batches_at_any_time_is_seen_after_some_days() -> None:
    times = batches(lambda rng: [rng.random() * 20 * DAY for _ in range(8 * 20)], 40)(random.Random(1))

    assert not looked_at(times, times[-1] + 20).silent
    assert looked_at(times, times[-1] + 4 * DAY).silent


def test_an_outage_does_not_hide_the_next_one() -> None:
    rate = in_the_day(300)
    times = [one for one in independent(rate)(random.Random(3)) if not 8.3 * DAY < one < 9.2 * DAY and one < 16.5 * DAY]

    assert looked_at(times, times[-1] + 6).silent


@pytest.mark.parametrize("hours", [{}, {START: 500}, {START + one: 100 for one in range(71)}])
def test_less_than_three_days_are_no_habit(hours: dict[int, int]) -> None:
    last = max(hours, default=START)

    found = silence("cotiza", hours=hours, last_ms=last * HOUR_MS, now_ms=(last + 3 * WEEK) * HOUR_MS)

    assert (found.expected, found.silent) == (0.0, False)


def test_a_hook_that_stays_silent_stays_so_for_weeks() -> None:
    times = independent(steady(50))(random.Random(5))
    times = [one for one in times if one < 20 * DAY]

    found = [looked_at(times, times[-1] + days * DAY) for days in (2, 6, 10, 20)]

    assert [one.silent for one in found] == [True] * 4
    assert [one.expected for one in found] == sorted(one.expected for one in found)
    assert {one.since_ms for one in found} == {int((START + times[-1]) * HOUR_MS)}


@settings(deadline=None)
@given(
    counts=st.dictionaries(st.integers(0, 30 * DAY), st.integers(0, 5_000), max_size=60),
    last=st.integers(0, 30 * DAY),
    quiet=st.integers(0, 60 * DAY),
)
def test_any_counts_give_a_number_that_is_none_while_no_hour_has_passed(
    counts: dict[int, int], last: int, quiet: int
) -> None:
    hours = {START + hour: number for hour, number in counts.items()}
    last_ms = (START + last) * HOUR_MS + 1

    found = silence("cotiza", hours=hours, last_ms=last_ms, now_ms=last_ms + quiet * HOUR_MS)

    assert math.isfinite(found.expected)
    assert found.expected >= 0
    assert found.expected == 0 or quiet >= 1
