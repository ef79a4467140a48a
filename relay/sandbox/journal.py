"""What the lead API was asked, in order, and what came of it: the witness of order and of overlapping PUTs.

The service opens an entry when it takes a request up, and closes it when the client has its answer or is gone.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

import orjson

KEPT = 200_000
#: The kinds of path that there are.
ONE_LEAD = "/leads/{id}"
ALL_LEADS = "/leads"
OVERLAPS_SHOWN = 20


class Entry:
    """One request to the lead API."""

    __slots__ = ("applied_at", "body", "ended", "lead", "method", "number", "query", "started", "status", "wall")

    def __init__(self, number: int, method: str, lead: str, body: bytes) -> None:
        self.number = number
        self.method = method
        #: Its id; empty in a request to all leads, until a POST has made or found the one it is about.
        self.lead = lead
        self.body = body
        #: What stands behind the path of all leads; None where the path names one lead.
        self.query: str | None = None
        self.started = time.monotonic()
        self.wall = time.time()
        self.ended: float | None = None
        #: None while in flight, 0 when the client never got an answer.
        self.status: int | None = None
        #: Its place among all that were applied; None when it was not.
        self.applied_at: int | None = None

    @property
    def writes_one(self) -> bool:
        """Whether it wants to change the one lead that its path names, so that two of them at once overlap."""
        return self.query is None and self.method != "GET"

    def view(self) -> dict[str, Any]:
        """Show it; the times but ``wall_ms`` are of the monotonic clock that all processes of a machine share."""
        return {
            "number": self.number,
            "wall_ms": self.wall * 1000,
            "started_ms": self.started * 1000,
            "ended_ms": None if self.ended is None else self.ended * 1000,
            "method": self.method,
            "path": ONE_LEAD if self.query is None else ALL_LEADS,
            "query": dict(parse_qsl(self.query or "")),
            "lead": self.lead,
            "body": _readable(self.body),
            "status": self.status,
            "applied_at": self.applied_at,
        }


class Journal:
    """All requests since the start or the last reset: their counts, and the newest of them if they are kept."""

    def __init__(self, *, keep: bool, kept: int = KEPT) -> None:
        self._keep = keep
        self._kept = kept
        self._ring: list[Entry] = []
        self._writers: dict[str, list[Entry]] = {}
        self._by_status: Counter[int] = Counter()
        self._requests = 0
        self._applied = 0
        self._in_flight = 0
        self._max_in_flight = 0
        self._max_per_lead = 0
        self._overlaps = 0
        self._first_overlaps: list[dict[str, Any]] = []

    def begin(self, method: str, lead: str, body: bytes, *, query: str | None = None) -> Entry:
        """Open an entry for a request that is taken up now; one to all leads names no lead and has a query."""
        self._requests += 1
        entry = Entry(self._requests, method, lead, body)
        entry.query = query
        self._in_flight += 1
        self._max_in_flight = max(self._max_in_flight, self._in_flight)
        if entry.writes_one:
            self._begin_writing(entry)
        if self._keep:
            self._remember(entry)
        return entry

    def end(self, entry: Entry, status: int) -> None:
        """Close an entry: the client has this answer, or 0 for none. A second time it does nothing."""
        if entry.ended is not None:
            return
        entry.ended = time.monotonic()
        entry.status = status
        self._by_status[status] += 1
        self._in_flight -= 1
        if entry.writes_one:
            writers = self._writers[entry.lead]
            writers.remove(entry)
            if not writers:
                del self._writers[entry.lead]

    def applied(self, entry: Entry) -> None:
        self._applied += 1
        entry.applied_at = self._applied

    def after(self, number: int) -> list[dict[str, Any]]:
        """Show the kept entries with a greater number, in order."""
        first = max(number, self._requests - len(self._ring), 0) + 1
        return [self._ring[(n - 1) % self._kept].view() for n in range(first, self._requests + 1)] if self._ring else []

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self._requests,
            "by_status": {str(status): count for status, count in sorted(self._by_status.items())},
            "applied": self._applied,
            "in_flight": self._in_flight,
            "max_in_flight": self._max_in_flight,
            "max_in_flight_per_lead": self._max_per_lead,
            "overlaps": self._overlaps,
            "first_overlaps": list(self._first_overlaps),
        }

    def _begin_writing(self, entry: Entry) -> None:
        writers = self._writers.setdefault(entry.lead, [])
        writers.append(entry)
        self._max_per_lead = max(self._max_per_lead, len(writers))
        if len(writers) > 1:
            self._overlaps += 1
            if len(self._first_overlaps) < OVERLAPS_SHOWN:
                self._first_overlaps.append({"lead": entry.lead, "numbers": [one.number for one in writers]})

    def _remember(self, entry: Entry) -> None:
        if len(self._ring) < self._kept:
            self._ring.append(entry)
        else:
            self._ring[(entry.number - 1) % self._kept] = entry


def _readable(body: bytes) -> Any:
    """Give a body as JSON, or as text where it is none."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
