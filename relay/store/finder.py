"""Finds events by what a person knows of them: their lead, a phone, an e-mail, a click id, a form. Changes nothing.

The index goes back as far as records are kept; what waits for longer is found in its own list.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator
from typing import Any

from relay.lead_fields import is_uuid
from relay.model import StoredEvent
from relay.store import record
from relay.store.events import DAY_MS, Events
from relay.store.names import Names
from relay.store.scripts import Scripts, store_errors
from relay.terms import Term

RAW = 12


class Finder:
    """Looks into the index of terms, and into that of leads."""

    def __init__(self, scripts: Scripts, names: Names, events: Events, *, retention_ms: int) -> None:
        self._client: Any = scripts.client
        self._names = names
        self._events = events
        self._days = retention_ms // DAY_MS + 2

    def by_terms(self, terms: Iterable[Term]) -> list[str]:
        """Give the ids of the events that have one of these, the newest first."""
        found: dict[str, None] = {}
        for one in terms:
            term = self._names.term(*one)
            if term[:1] == b"f":
                with store_errors():
                    raw = b"".join(self._client.lrange(b"relay:tf:" + term[1:], 0, -1))
            else:
                raw = self._from_days(term[1:4], term[4:])
            found |= dict.fromkeys(_ids(raw))
        return list(found)[::-1]

    def by_lead(self, name: str) -> list[str]:
        """Give the ids of the events that were about this lead, by its name in the store, the newest first.

        An event may have gone to another lead since; 64 of each day at the most.
        """
        lead = name.rpartition("/")[2]
        if not is_uuid(lead):
            return []
        field = struct.pack(">I", int(lead[:8], 16)) + int(lead[-9:-3], 16).to_bytes(3, "big")
        return list(dict.fromkeys(_ids(self._from_days(lead[-3:].encode(), field))))[::-1]

    def events_of(self, name: str) -> list[StoredEvent]:
        """Give the events of this lead that are kept, the newest first."""
        found = self._events.events(self.by_lead(name))
        return [one for one in found if record.lead_name(one.destination, one.lead) == name]

    def _from_days(self, letters: bytes, field: bytes) -> bytes:
        """Read one field of the buckets of all days that are kept, the oldest first."""
        today = self._events.today()
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for day in range(today - self._days, today + 1):
                pipe.hget(b"relay:t:%d:%b" % (day, letters), field)
            return b"".join(found for found in pipe.execute() if found)


def _ids(raw: bytes) -> Iterator[str]:
    for start in range(0, len(raw), RAW):
        yield base64.b32encode(raw[start : start + RAW]).decode().rstrip("=").lower()
