"""A drain's threads: they take claimed leads one after the other, and no more of them are awake than are needed.

Against a quick lead API two or three threads keep up, and each one more would only fight for the interpreter; against a
slow one all are wanted at once. So a thread that is done takes the next lead by itself, one is called when leads come
in, and more are called for leads that a whole turn has not moved.
"""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Crew(Generic[T]):
    """Threads that do ``work`` for each thing given. ``work`` must not raise. One thread gives, and calls ``turn``."""

    def __init__(self, size: int, work: Callable[[T], None]) -> None:
        self._work = work
        self._todo: collections.deque[T] = collections.deque()
        #: A thread that finds nothing to do waits here; False sends it home.
        self._calls: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._given = self._given_before = 0
        self._threads = [threading.Thread(target=self._live, daemon=True) for _ in range(size)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def give(self, things: Sequence[T]) -> None:
        """Hand over what is to be done, and call one thread."""
        self._todo.extend(things)
        self._given += len(things)
        if things:
            self._calls.put(True)

    def turn(self) -> None:
        """Call a thread for each thing that was there at the last turn and still is."""
        waiting = self._given_before - (self._given - len(self._todo))
        for _ in range(min(waiting, len(self._threads))):
            self._calls.put(True)
        self._given_before = self._given

    def stop(self, patience_s: float) -> None:
        """Send all home once nothing is left to do, and wait for each so long."""
        for _ in self._threads:
            self._calls.put(False)
        for thread in self._threads:
            thread.join(patience_s)

    def _live(self) -> None:
        while self._calls.get():
            while self._todo:
                try:
                    thing = self._todo.popleft()
                except IndexError:
                    break  # another took the last one
                self._work(thing)
