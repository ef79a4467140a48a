"""Failures that look alike, each kind of them a group: what a person reads first, and replays or drops as one.

A group is open while an event of it fails or, replayed, is on its way; it closes when the last one has been delivered
or dropped, and opens again when it comes back. Scripts keep it with every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from relay.errors import CommandError
from relay.model import State
from relay.store.scripts import Scripts, store_errors

#: What the events of a group are: dead, parked, or gone on without some value.
WHAT = {State.DEAD.value: "dead", State.PARKED.value: "parked", "f": "faulty"}
#: Trends: so many spans of so many ms each, back from now.
TREND_SPANS, TREND_SPAN_MS = 24, 3_600_000
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that fail alike."""

    id: str
    #: 'dead', 'parked' or 'faulty', which a Filter takes as its state.
    what: str
    hook: str
    #: Of the reason: 'refused', 'mapping', 'unknown lead', 'value held back', ...
    kind: str
    #: The register or the rule that it is about; empty where that is not known.
    field: str
    #: The words of the reason, with … for what differs from event to event.
    words: str
    #: HTTP status of the answers; 0 where there was none.
    status: int
    #: Events that fail now.
    count: int
    #: Those that neither fail nor are delivered yet: somebody replayed them, or their lead became known.
    on_their_way: int
    #: When it opened, and when its last event failed, in ms since 1970.
    since_ms: int
    last_ms: int
    #: How many times it has begun: with its first event, and whenever one failed again after none did any more.
    times: int
    #: Its events by the hour in which they failed, the last one now.
    trend: tuple[int, ...]
    #: 0 while it is open.
    closed_ms: int = 0
    #: Who has seen it, when, and how many events there were; empty, 0, 0 where nobody has.
    acked_by: str = ""
    acked_ms: int = 0
    acked_count: int = 0

    @property
    def state(self) -> str:
        if self.closed_ms:
            return "closed"
        return "acknowledged" if self.acked_by else "open"


class Groups:
    """Reads groups, and notes that a person has seen one."""

    #: So many are given at the most.
    most = MOST

    def __init__(self, scripts: Scripts, *, retention_ms: int) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client
        self._retention_ms = retention_ms

    def open(self, *, trends: bool = True) -> list[Group]:
        """Give the open groups, the one with the newest failure first; of the 500 that opened last at the most.

        Trends are most of the work: without them, theirs are empty.
        """
        now_ms = int(self._scripts.run("tidy", self._retention_ms))
        return sorted(self._read("relay:open", now_ms, trends=trends), key=lambda group: -group.last_ms)

    def closed(self, *, trends: bool = True) -> list[Group]:
        """Give the groups that closed within 30 days, the last first; 500 at the most."""
        now_ms = int(self._scripts.run("tidy", self._retention_ms))
        return self._read("relay:closed", now_ms, trends=trends)

    def with_trends(self, groups: Sequence[Group]) -> list[Group]:
        """Give these groups, as they are now, with their trends."""
        now_ms = int(self._scripts.run("tidy", self._retention_ms))
        return self._groups([(group.id.encode(), group.closed_ms) for group in groups], now_ms)

    def group(self, id: str) -> Group | None:
        with store_errors():
            closed = self._client.zscore("relay:closed", id)
        now_ms = int(self._scripts.run("tidy", self._retention_ms))
        return next(iter(self._groups([(id.encode(), closed or 0)], now_ms)), None)

    def some(self, ids: Iterable[str]) -> list[Group]:
        """Give those of these groups that are known, in their order and without their trends."""
        rows = [id.encode() for id in ids]
        if not rows:
            return []
        with store_errors():
            closed = self._client.zmscore("relay:closed", rows)
        pairs = [(id, at_ms or 0) for id, at_ms in zip(rows, closed, strict=True)]
        return self._groups(pairs, 0, spans=0)

    def sizes(self) -> dict[str, int]:
        """Give how many groups have failing events and have not been seen, by 'dead', 'parked' and 'faulty'."""
        sizes = dict.fromkeys(WHAT.values(), 0)
        for group in self.open(trends=False):
            sizes[group.what] += group.count > 0 and not group.acked_by
        return sizes

    def unseen(self) -> int:
        """Count the groups that fail and that nobody has seen, 500 at the most; cheap, for every page."""
        with store_errors():
            ids = self._client.zrange("relay:open", 0, MOST - 1, desc=True)
            pipe = self._client.pipeline(transaction=False)
            for id in ids:
                pipe.hexists(b"relay:group:" + id, "acked").exists(b"relay:in:" + id)
            told = pipe.execute() if ids else []
        return sum(failing and not seen for seen, failing in zip(told[::2], told[1::2], strict=True))

    def members(self, id: str) -> list[str]:
        """Give the ids of a group's events, the one that failed first first."""
        with store_errors():
            return [one.decode() for one in self._client.zrange(f"relay:in:{id}", 0, -1)]

    def newest(self, id: str, most: int) -> list[str]:
        """Give the ids of the last ``most`` events that failed in a group, the newest first."""
        with store_errors():
            return [one.decode() for one in self._client.zrange(f"relay:in:{id}", 0, most - 1, desc=True)]

    def on_their_way(self, id: str, most: int) -> list[str]:
        """Give the ids of ``most`` events of a group that are on their way, the one that failed last first."""
        with store_errors():
            return [one.decode() for one in self._client.zrange(f"relay:out:{id}", 0, most - 1, desc=True)]

    def of(self, ids: Sequence[str]) -> dict[str, str]:
        """Give the group of each of these events that stands in one."""
        if not ids:
            return {}
        with store_errors():
            found = self._client.hmget("relay:grouped", ids)
        return {id: group.decode() for id, group in zip(ids, found, strict=True) if group}

    def acknowledge(self, id: str, *, who: str) -> None:
        """Note that a person has seen an open group. Raises CommandError where it is not open."""
        if not int(self._scripts.run("ack", id, who)):
            raise CommandError(f"group {id}: it is not open, so there is nothing to acknowledge")

    def reopen(self, id: str, *, who: str) -> None:
        """Take an acknowledgement back. Raises CommandError where the group is not open."""
        if not int(self._scripts.run("ack", id, who, "1")):
            raise CommandError(f"group {id}: it is not open")

    def _read(self, key: str, now_ms: int, *, trends: bool) -> list[Group]:
        with store_errors():
            rows = self._client.zrange(key, 0, MOST - 1, desc=True, withscores=True)
        closed = key == "relay:closed"
        return self._groups([(id, at_ms if closed else 0) for id, at_ms in rows], now_ms, spans=TREND_SPANS * trends)

    def _groups(self, rows: Sequence[tuple[bytes, float]], now_ms: int, *, spans: int = TREND_SPANS) -> list[Group]:
        first = now_ms - spans * TREND_SPAN_MS
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for id, _ in rows:
                members, outgoing = b"relay:in:" + id, b"relay:out:" + id
                pipe.hgetall(b"relay:group:" + id)
                for key in (members, outgoing):
                    pipe.zcard(key).zrange(key, -1, -1, withscores=True)
                for span in range(spans):
                    start = first + span * TREND_SPAN_MS
                    pipe.zcount(members, f"({start}", start + TREND_SPAN_MS)
            told = pipe.execute()
        step = 5 + spans
        parts = [told[place : place + step] for place in range(0, len(told), step)]
        return [
            _group(id.decode(), int(closed), part[0], part[1:5], trend=part[5:])
            for (id, closed), part in zip(rows, parts, strict=True)
            if part[0]
        ]


def _group(id: str, closed_ms: int, flat: Any, events: Sequence[Any], *, trend: Sequence[int]) -> Group:
    """Read what Redis told of a group; ``events``: number and last of those that fail, and of those on their way."""
    count, last, outgoing, last_outgoing = events
    told = {name.decode(): value for name, value in flat.items()}
    what, hook, kind, field, words, status = orjson.loads(told["about"])
    acked_by, acked_ms, acked_count = orjson.loads(told["acked"]) if "acked" in told else ("", 0, 0)
    since_ms = int(told["since"])
    return Group(
        id=id,
        what=WHAT[what],
        hook=hook,
        kind=kind,
        field=field,
        words=words,
        status=int(status),
        count=count,
        on_their_way=outgoing,
        since_ms=since_ms,
        last_ms=max((int(at_ms) for _, at_ms in (*last, *last_outgoing)), default=closed_ms or since_ms),
        times=int(told.get("times", 1)),
        trend=tuple(trend),
        closed_ms=closed_ms,
        acked_by=acked_by,
        acked_ms=acked_ms,
        acked_count=acked_count,
    )
