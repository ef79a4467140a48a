"""Joins what several threads ask of the store at the same moment into one call, as a database commits in groups.

Whoever comes while no call is under way makes it at once, so nobody waits for others to come; whoever comes meanwhile
goes with the next call. Under load this shares the round trip, and the write to disk, among all who wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from relay.errors import StoreError

T = TypeVar("T")
R = TypeVar("R")

#: So many things go with one call at the most, unless one thread alone brings more.
MOST = 64


class _Share(Generic[T, R]):
    """What one thread brings, and what it is given back."""

    __slots__ = ("error", "given", "things", "turn")

    def __init__(self, things: Sequence[T]) -> None:
        self.things = things
        self.given: Sequence[R] | None = None
        self.error: StoreError | None = None
        #: Locked until the call was made, or until it is this thread that makes it.
        self.turn = threading.Lock()
        self.turn.acquire()


class Together(Generic[T, R]):
    """One call at a time over the things of everybody who waits. ``call`` gives one result for each thing."""

    def __init__(self, call: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._waiting: deque[_Share[T, R]] = deque()
        self._busy = False

    def do(self, things: Sequence[T]) -> Sequence[R]:
        """Have these things done in one call, with those of others or alone. Raises StoreError, as the call does."""
        mine: _Share[T, R] = _Share(things)
        with self._lock:
            self._waiting.append(mine)
            leads, self._busy = not self._busy, True
        if not leads:
            mine.turn.acquire()
        if mine.given is None and mine.error is None:
            self._lead()
        if mine.error is not None:
            raise StoreError(*mine.error.args) from mine.error
        assert mine.given is not None
        return mine.given

    def _lead(self) -> None:
        """Make one call for those who wait, then let the next lead."""
        shares = self._take()
        try:
            given = self._call([thing for share in shares for thing in share.things])
            start = 0
            for share in shares:
                share.given = given[start : start + len(share.things)]
                start += len(share.things)
        except StoreError as error:
            for share in shares:
                share.error = error
        except BaseException:
            for share in shares:
                share.error = StoreError("the store's call broke off: see the log, nothing was accepted")
            raise
        finally:
            self._pass_on()
            for share in shares:
                share.turn.release()

    def _take(self) -> list[_Share[T, R]]:
        with self._lock:
            shares = [self._waiting.popleft()]
            size = len(shares[0].things)
            while self._waiting and size + len(self._waiting[0].things) <= MOST:
                shares.append(self._waiting.popleft())
                size += len(shares[-1].things)
        return shares

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting[0].turn.release()
            else:
                self._busy = False
