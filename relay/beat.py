"""Does something again and again in a thread of its own, for as long as its process lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from relay.errors import StoreError

log = logging.getLogger("relay")


class Beat:
    """A thread that calls ``act`` every so many seconds; a Redis that is away ends one beat, not the thread."""

    def __init__(self, name: str, act: Callable[[], object], *, every_s: float) -> None:
        self._name = name
        self._act = act
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End after the beat that is under way, and wait for it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                self._act()
            except StoreError as error:
                log.warning("store.away", extra={"words": str(error)})
            except Exception as error:
                # One beat's trouble must not end those that follow.
                log.exception("beat.broken", extra={"beat": self._name, "fault": type(error).__name__})
