"""Figures that scripts keep: what came to pass by minute and hour, how often in all, and how soon it was delivered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from importlib.resources import files

from relay.model import Mapped, Reason, State
from relay.store import Store
from relay.store.meters import BOUNDS_MS, HOUR_MS, MINUTE_MS, Speed
from tests.far_crm import World, arrival, update

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def test_an_event_counts_once_where_it_is_accepted_and_once_where_it_ends(store: Store) -> None:
    world = World(store)
    world.accept("one", ANA, update(first_name="Ana"))
    world.accept("one", ANA, update(first_name="Ana"))
    world.deliver()

    now_ms = store.events.now_ms()
    minutes = sum(store.meters.minutes(now_ms - HOUR_MS, now_ms + 1_000).values(), start=Counter())
    assert minutes == {"accepted": 1, "duplicate": 1, "delivered": 1}
    assert store.meters.totals() == {"accepted": {"cotiza": 1}, "duplicate": {"cotiza": 1}, "delivered": {"cotiza": 1}}
    assert store.meters.attempts() == {("default", 200): 1}


def test_how_soon_an_event_was_delivered_stands_in_one_bucket(store: Store) -> None:
    world = World(store)
    world.accept("one", ANA, update(first_name="Ana"))
    world.deliver()

    speed = store.meters.speed()["cotiza"]
    assert sum(speed.buckets) == 1
    assert len(speed.buckets) == len(BOUNDS_MS) + 1
    [place] = [place for place, number in enumerate(speed.buckets) if number]
    assert (BOUNDS_MS[place - 1] if place else 0) <= speed.sum_ms <= BOUNDS_MS[place]


def test_a_refused_request_and_a_dead_event_are_counted(store: Store) -> None:
    store.door.reject("cotiza", status=401, words="the signature is wrong", size=3)
    dead = Mapped(event_id="one", at_ms=None, state=State.DEAD, reason=Reason(kind="mapping", words="no"))
    store.door.accept([replace(arrival("one", ANA), mapped=dead)])

    totals = store.meters.totals()
    assert (totals["rejected"], totals["dead"]) == ({"cotiza": 1}, {"cotiza": 1})
    now_ms = store.events.now_ms()
    by_minute = store.meters.minutes(now_ms - 2 * MINUTE_MS, now_ms + 1_000)
    assert sum(found["rejected"] for found in by_minute.values()) == 1


def test_each_hook_says_when_its_last_event_came_and_how_many_came_by_the_hour(store: Store) -> None:
    before = store.events.now_ms()
    store.door.accept([arrival(name, ANA) for name in ("one", "two")])
    after = store.events.now_ms()

    assert before <= store.meters.last()["cotiza"] <= after
    hours = store.meters.hours(store.events.today() - 1, store.events.today())["cotiza"]
    assert sum(hours.values()) == 2
    assert set(hours) <= {before // HOUR_MS, after // HOUR_MS}


def test_the_bounds_of_the_script_are_those_of_its_reader() -> None:
    text = (files("relay.store") / "common.lua").read_text(encoding="utf-8")
    line = text.split("local BOUNDS = {", 1)[1].split("}", 1)[0]
    assert tuple(int(number) for number in line.split(",")) == BOUNDS_MS


def test_within_what_time_a_share_was_delivered_is_the_bound_of_a_bucket() -> None:
    ten = Speed(buckets=(5, 4, *[0] * (len(BOUNDS_MS) - 2), 1), sum_ms=0)

    assert (ten.number, ten.within_ms(0.5), ten.within_ms(0.51), ten.within_ms(0.9)) == (10, 100, 250, 250)
    assert ten.within_ms(0.95) is None
    assert Speed(buckets=(0,) * (len(BOUNDS_MS) + 1), sum_ms=0).within_ms(0.5) is None
