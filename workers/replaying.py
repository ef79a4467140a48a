"""Carries on what replays stand in the store: a few at a time, each in a thread, behind live traffic.

The background's job holds it. A replay that is left, since the job ends or dies, is taken up by the next.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from relay.errors import StoreError
from relay.hooks import Hook
from relay.replay import Remap, drive, remapper
from relay.store import Store

#: Replays carried on at a time: one that waits for its destination must not hold up one for another.
ROOM = 4

log = logging.getLogger("relay")


class Replaying:
    """Takes up what nobody drives, until it is shut."""

    def __init__(self, store: Store, rules: Callable[[], Mapping[str, Hook]], *, stop: Callable[[], bool]) -> None:
        self._store = store
        self._rules = rules
        self._stop = stop
        self._pool = ThreadPoolExecutor(ROOM)
        self._in_hand: dict[str, Future[None]] = {}

    def turn(self) -> None:
        """Set threads to what is due."""
        room = ROOM - len(self.unfinished())
        if room > 0:
            due = [id for id in self._store.replays.due() if id not in self._in_hand]
            for id in due[:room]:
                self._in_hand[id] = self._pool.submit(self._drive, id)

    def unfinished(self) -> dict[str, Future[None]]:
        """Give what is in hand, by replay."""
        self._in_hand = {id: one for id, one in self._in_hand.items() if not one.done()}
        return self._in_hand

    def shut(self) -> None:
        self._pool.shutdown()

    def _remaps(self, hooks: Collection[str]) -> Remap:
        return remapper(self._rules(), hooks)

    def _drive(self, id: str) -> None:
        """Drive one replay as far as it goes, or until the job ends."""
        driver = secrets.token_hex(8)
        try:
            for _ in drive(self._store, id, driver=driver, remaps=self._remaps, stop=self._stop):
                pass
        except StoreError as error:
            log.warning("store.away", extra={"words": str(error)})
            return
        except Exception as error:
            # One replay's trouble must not end the others; its lease brings it back.
            log.exception("replay.broken", extra={"replay": id, "fault": type(error).__name__})
            return
        one = self._store.replays.get(id)
        if one is not None:
            extra = {
                "replay": id,
                "state": one.stage.value,
                "replayed": one.replayed,
                "failed": one.failed,
                "left": one.left,
            }
            log.info("replay.driven", extra=extra)
