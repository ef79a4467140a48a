"""Hands to the store what a process has gathered, so that nothing counts twice where an answer is lost on the way.

Each call has its process and its number, by which the scripts know one that is made again. A process that is killed
takes with it what it had gathered since its last call.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from relay.errors import StoreError

T = TypeVar("T")


class Once(Generic[T]):
    """``take`` gives what was gathered, and forgets it, or None; ``send`` has the store take it. Raises StoreError."""

    def __init__(self, take: Callable[[], T | None], send: Callable[[str, int, T], None]) -> None:
        self._take = take
        self._send = send
        self._process = secrets.token_hex(6)
        self._calls = itertools.count(1)
        self._flushing = threading.Lock()
        #: What is on its way to the store, by which call: made again where its answer was lost.
        self._sent: tuple[int, T] | None = None

    def flush(self) -> None:
        """Have the store take what was gathered. Raises StoreError, and then nothing is lost."""
        with self._flushing:
            if self._sent is not None:
                self._make_call()
            # Once: what comes meanwhile is for the next time, or a busy process would call without a pause.
            if (gathered := self._take()) is not None:
                self._sent = (next(self._calls), gathered)
                self._make_call()

    def _make_call(self) -> None:
        assert self._sent is not None
        try:
            self._send(self._process, *self._sent)
        except StoreError:
            raise
        except Exception:
            self._sent = None  # it never can be sent: what comes after it must not wait for it
            raise
        self._sent = None
