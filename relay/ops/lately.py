"""Asks the store no more often than needed, however many look at a page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

SAME_FOR_S = 1.0
Seen = TypeVar("Seen")


class Lately(Generic[Seen]):
    """What was last seen of the store; looks again when that is too old. Shared by the threads of a process."""

    def __init__(self, look: Callable[[], Seen], *, same_for_s: float = SAME_FOR_S) -> None:
        self._look = look
        self._same_for_s = same_for_s
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._at = 0.0

    def seen(self) -> Seen:
        """Give what was seen at this moment or a little before. Raises StoreError."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._at > self._same_for_s:
                self._seen = self._look()
                self._at = time.monotonic()
            return self._seen
