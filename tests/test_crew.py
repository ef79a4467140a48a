"""A drain's threads: everything is done once, as many at a time as are needed, and no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.waiting import until
from workers.crew import Crew


class Work:
    """Work that takes until it is let go, and remembers who did what."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.go = threading.Event()

    def __call__(self, thing: int) -> None:
        self.begun.append(thing)
        self.go.wait(10)
        self.done.append(thing)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def crew(work: Work) -> Iterator[Crew[int]]:
    crew: Crew[int] = Crew(4, work)
    crew.start()
    yield crew
    work.go.set()
    crew.stop(10)


def test_what_is_given_is_done_once(crew: Crew[int], work: Work) -> None:
    work.go.set()

    for start in range(0, 100, 10):
        crew.give(range(start, start + 10))

    until(lambda: len(work.done) == 100)
    assert sorted(work.done) == list(range(100))


def test_one_thread_is_called_at_first_and_the_others_only_for_what_a_turn_has_not_moved(
    crew: Crew[int], work: Work
) -> None:
    crew.give([1, 2, 3])
    until(lambda: work.begun == [1])

    crew.turn()
    crew.turn()

    until(lambda: sorted(work.begun) == [1, 2, 3])


def test_no_more_is_done_at_a_time_than_there_are_threads(crew: Crew[int], work: Work) -> None:
    crew.give(range(10))
    for _ in range(5):
        crew.turn()
    until(lambda: len(work.begun) == 4)

    work.go.set()

    until(lambda: len(work.done) == 10)


def test_all_go_home_when_they_are_sent(work: Work) -> None:
    crew: Crew[int] = Crew(4, work)
    crew.start()
    before = threading.active_count()
    work.go.set()

    crew.stop(10)

    assert threading.active_count() == before - 4
