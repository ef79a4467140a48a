"""The plot of what came to pass: its bins, which are read once, and the shapes that are drawn of them."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import flask
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as some

from relay.ops.plot import OUTCOMES, SPANS, Bin, Past, Span, high, plot, plot_json, scale_for
from relay.store import Store
from relay.store.meters import HOUR_MS, MINUTE_MS, Meters

#: The 26th of November 2026, 12:07:30 UTC, a Thursday.
NOW = 1_795_694_850_000


def note(client: redis.Redis, at_ms: int, letter: str, number: int = 1) -> None:
    client.hincrby(f"relay:minutes:{at_ms // HOUR_MS}", f"{at_ms // MINUTE_MS % 60}:{letter}", number)


def drawn(bins: list[Bin], span: Span, zone: str = "UTC") -> Any:
    with flask.Flask("tests").test_request_context():
        flask.g.zone = ZoneInfo(zone)
        return plot(bins, span)


def bins_of(span: Span, counts: dict[int, Counter[str]]) -> list[Bin]:
    first = NOW // span.bin_ms - span.bins + 1
    return [Bin((first + place) * span.bin_ms, counts.get(place, Counter())) for place in range(span.bins)]


@pytest.mark.parametrize("span", SPANS.values(), ids=list(SPANS))
def test_every_minute_is_counted_in_its_bin_and_in_no_other(store: Store, span: Span) -> None:
    oldest = NOW // span.bin_ms * span.bin_ms - (span.bins - 1) * span.bin_ms
    for at_ms in (NOW, oldest, oldest + span.bin_ms - 1, oldest - 1):
        note(store.client, at_ms, "d")

    bins = Past(store.meters).bins(span, NOW)

    assert len(bins) == span.bins
    counted = {place: one.counts["delivered"] for place, one in enumerate(bins) if one.counts}
    assert counted == {0: 2, span.bins - 1: 1}


def test_hours_that_are_over_are_read_once_and_the_one_of_now_each_time(store: Store) -> None:
    asked: list[int] = []

    class Counting(Meters):
        def quarters(self, hours: Any) -> dict[int, Counter[str]]:
            asked.append(len(hours))
            return super().quarters(hours)

    past = Past(Counting(store.client))
    past.bins(SPANS["7d"], NOW)
    note(store.client, NOW, "d")
    bins = past.bins(SPANS["24h"], NOW)

    assert asked == [168, 1]
    assert bins[-1].counts == Counter(delivered=1)


def test_an_hour_that_has_just_ended_may_still_change(store: Store) -> None:
    past = Past(store.meters)
    just_over = (NOW // HOUR_MS) * HOUR_MS + 1_000
    past.bins(SPANS["24h"], just_over)

    note(store.client, just_over - MINUTE_MS, "r")

    assert past.bins(SPANS["24h"], just_over)[-2].counts == Counter(rejected=1)


@given(some.integers(0, 10**7))
def test_the_scale_is_round_reaches_over_the_most_and_has_few_lines(most: int) -> None:
    step, top = scale_for(most)

    assert top >= most
    assert top % step == 0
    assert 1 <= top // step <= 4
    assert str(step).rstrip("0") in ("1", "2", "5")


@given(some.lists(some.integers(0, 50), min_size=6, max_size=6))
def test_bars_stand_upon_each_other_and_end_at_their_sum(values: list[int]) -> None:
    counts = Counter({state.word: value for state, value in zip(OUTCOMES, values, strict=True)})
    span = SPANS["1h"]

    found = drawn(bins_of(span, {59: counts + Counter(accepted=1)}), span)

    top = scale_for(max(sum(values), 1))[1]
    tops = [float(layer.path.split("V")[1].split("h")[0]) for layer in found.layers if layer.path]
    sums = [sum(values[: place + 1]) for place, value in enumerate(values) if value]
    assert tops == [high(one, top) for one in sums]


def test_times_stand_at_round_hours_of_the_readers_day() -> None:
    span = SPANS["24h"]

    here = drawn(bins_of(span, {}), span, "UTC")
    there = drawn(bins_of(span, {}), span, "America/St_Johns")

    assert [one.words for one in here.times] == [f"{hour:02}:00" for hour in (15, 18, 21, 0, 3, 6, 9, 12)]
    assert [one.words for one in there.times] == [f"{hour:02}:00" for hour in (9, 12, 15, 18, 21, 0, 3, 6)]
    assert [one.minor for one in here.times] == [False, True] * 4


def test_a_bin_is_told_in_words_and_what_is_none_has_no_strip() -> None:
    span = SPANS["1h"]

    found = drawn(bins_of(span, {59: Counter(accepted=1_200, delivered=3, dead=1, rejected=2)}), span)

    assert found.slots[59].words == "12:07: 1,200 accepted, 3 delivered, 1 dead, 2 rejected"
    assert found.words == ("accepted", "delivered", "dead", "rejected")
    assert [one.word for one in found.strips] == ["rejected"]
    assert [one.when for one in found.busy] == ["12:07"]
    assert not found.empty


def test_the_same_as_json() -> None:
    span = SPANS["7d"]

    told: Any = plot_json(bins_of(span, {167: Counter(delivered=3)}), span)

    assert (told["span"], told["bin_ms"], len(told["bins"])) == ("7d", HOUR_MS, 168)
    last = told["bins"][-1]
    assert (last["at"], last["delivered"], last["accepted"]) == ("2026-11-26T12:00:00Z", 3, 0)
