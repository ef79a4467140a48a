"""Reads many things at a glance, for people who ask how all is going; never walks over all keys. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from relay.model import Clock, State, StoredEvent
from relay.store import lead as leads
from relay.store import record
from relay.store.events import NAMES, Events
from relay.store.scripts import store_errors

#: Days back from today for which counts are added up.
DAYS = 400
#: So many of the newest dead letters are looked at when they are counted by kind.
KINDS_LOOKED_AT = 5_000
PAGE = 500


class Overview:
    """Counts over all days, dead letters by kind, and the clocks of many leads."""

    def __init__(self, client: Any, events: Events) -> None:
        self._client = client
        self._events = events

    def counts(self, days: Iterable[int]) -> dict[str, Counter[str]]:
        """Add up the counts of these days by hook: each state's word, 'accepted', 'duplicate' and 'rejected'."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for day in days:
                pipe.hgetall(f"relay:n:{day}")
            found = pipe.execute()
        counts: dict[str, Counter[str]] = {}
        for flat in found:
            for name, number in flat.items():
                hook, what = name.decode().split(":")
                counts.setdefault(hook, Counter())[NAMES.get(what, what)] += int(number)
        return counts

    def sizes(self) -> dict[str, int]:
        """Give how many events are 'dead', 'parked' and 'faulty' now."""
        names = ("dead", "parked", "faulty")
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for name in names:
                pipe.zcard(f"relay:{name}")
            return dict(zip(names, pipe.execute(), strict=True))

    def dead_by_kind(self) -> Counter[str]:
        """Count the newest dead letters by kind; where there are more than are looked at, the rest is 'older'."""
        with store_errors():
            total = self._client.zcard("relay:dead")
            ids = self._client.zrange("relay:dead", 0, KINDS_LOOKED_AT - 1, desc=True)
            reasons = self._client.hmget("relay:why", ids) if ids else []
        kinds = Counter(record.read_reason(why).kind for why in reasons if why)
        if total > len(ids):
            kinds["older"] = total - len(ids)
        return kinds

    def clocks(self, names: Sequence[str]) -> dict[str, Clock]:
        """Read the clocks of these leads; a lead that was never delivered has an empty one."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for name in names:
                pipe.lindex(f"relay:c:{name}", -1)
            return {name: leads.read_clock(text or b"") for name, text in zip(names, pipe.execute(), strict=True)}

    def dead_of(self, name: str, known: Iterable[StoredEvent] = ()) -> list[StoredEvent]:
        """Give the dead letters of one lead, those never sent among them, oldest first.

        ``known`` are events of it that were found already: only where some are missing among them, all are looked at.
        """
        waiting = self.dead_number(name)
        found = [one for one in known if one.state is State.DEAD]
        if len(found) < waiting:
            found = [one for one in self._dead() if record.lead_name(one.destination, one.lead) == name]
        return sorted(found, key=lambda one: one.stamp)

    def dead_number(self, name: str) -> int:
        """Give how many dead letters a lead has."""
        with store_errors():
            return int(self._client.hget("relay:waiting", name) or 0)

    def _dead(self) -> Iterator[StoredEvent]:
        ids = self._events.dead()
        for start in range(0, len(ids), PAGE):
            yield from self._events.events(ids[start : start + PAGE])
