"""Calls that several threads make at the same moment go as one, and each thread gets what is its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from relay.errors import StoreError
from relay.model import State
from relay.store import Store
from relay.store.together import MOST, Together
from tests.far_crm import arrival, update
from tests.waiting import until


class Slow:
    """A call that ends when it is told to, and remembers what went together."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.open = threading.Event()
        self.fails = False

    def __call__(self, things: Sequence[int]) -> list[int]:
        self.calls.append(list(things))
        self.open.wait(10)
        if self.fails:
            raise StoreError("Redis is away")
        return [-thing for thing in things]


def test_who_comes_alone_does_not_wait_for_others() -> None:
    slow = Slow()
    slow.open.set()

    given = Together(slow).do([1, 2])

    assert given == [-1, -2]
    assert slow.calls == [[1, 2]]


def test_who_comes_while_a_call_is_under_way_goes_with_the_next_one() -> None:
    slow = Slow()
    together = Together(slow)
    with ThreadPoolExecutor(10) as threads:
        first = threads.submit(together.do, [0])
        until(lambda: slow.calls)
        others = [threads.submit(together.do, [one, one + 100]) for one in range(1, 9)]
        until(lambda: len(together._waiting) == 8)
        slow.open.set()

        given = [one.result(10) for one in others]

    assert first.result() == [0]
    assert given == [[-one, -one - 100] for one in range(1, 9)]
    assert len(slow.calls) == 2
    assert len(slow.calls[1]) == 16


def test_no_call_grows_beyond_its_size_but_one_thread_may_bring_more() -> None:
    slow = Slow()
    together = Together(slow)
    with ThreadPoolExecutor(10) as threads:
        threads.submit(together.do, [0])
        until(lambda: slow.calls)
        sizes = (MOST - 1, 2, MOST + 1)
        for count, size in enumerate(sizes, start=1):
            threads.submit(together.do, [1] * size)
            until(lambda count=count: len(together._waiting) == count)
        slow.open.set()

    assert [len(call) for call in slow.calls] == [1, *sizes]


def test_when_a_call_fails_everybody_in_it_is_told_and_the_next_call_goes_on() -> None:
    slow = Slow()
    slow.fails = True
    together = Together(slow)
    with ThreadPoolExecutor(10) as threads:
        waiting = [threads.submit(together.do, [one]) for one in range(5)]
        until(lambda: slow.calls and len(together._waiting) == 4)
        slow.open.set()
        errors = [one.exception(10) for one in waiting]
    slow.fails = False

    assert [str(error) for error in errors] == ["Redis is away"] * 5
    assert together.do([7]) == [-7]


@pytest.mark.parametrize("rounds", [20])
def test_the_same_event_from_many_threads_is_accepted_once_and_a_duplicate_for_the_others(
    store: Store, rounds: int
) -> None:
    with ThreadPoolExecutor(8) as threads:
        for one in range(rounds):
            event = arrival(f"event {one}", "lead-a", update(phone="1"))

            given = list(threads.map(lambda _, event=event: store.door.accept([event])[0], range(8)))

            assert sorted(acceptance.duplicate for acceptance in given) == [False] + [True] * 7
            assert {acceptance.state for acceptance in given} == {State.IN_FLIGHT}
    assert store.events.counts(store.events.today())["cotiza"]["duplicate"] == 7 * rounds
