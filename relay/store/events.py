"""Reads events and leads back: for people, for commands, and for the audit. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import redis

from relay.model import Clock, State, StoredEvent
from relay.store import lead as leads
from relay.store import record
from relay.store.lead import Entry
from relay.store.scripts import store_errors

DAY_MS = 86_400_000
PAGE = 500
HEADER = 320
NAMES = {state.value: state.word for state in State} | {name: name for name in ("accepted", "duplicate", "rejected")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The part of an event's record that scripts change."""

    id: str
    state: State
    update_states: tuple[State, ...]
    hook: str
    received_ms: int
    #: Accept number: one for each event, rising; that of its last replay where it was given a new stamp.
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead as the store knows it."""

    name: str
    clock: Clock
    history: tuple[Entry, ...]
    #: Events with updates that wait.
    pending: tuple[str, ...]
    #: When it is due, or its lease ends, in ms since 1970; None where nothing is pending.
    due_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A request that the door refused."""

    at_ms: int
    hook: str
    status: int
    words: str
    size: int


class Events:
    """Reads records, indexes and counts."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client

    def event(self, id: str) -> StoredEvent | None:
        """Read one event; None where there is none, or no more."""
        return next(self.events([id]), None)

    def events(self, ids: Sequence[str]) -> Iterator[StoredEvent]:
        """Read these events, in this order, without those that are gone."""
        for page in _pages(ids):
            with store_errors():
                pipe = self._client.pipeline(transaction=False)
                pipe.mget([f"relay:e:{id}" for id in page])
                pipe.hmget("relay:why", page)
                records, reasons = pipe.execute()
            for id, packed, why in zip(page, records, reasons, strict=True):
                if packed is not None:
                    yield record.unpack(id, packed, why)

    def headers(self, ids: Sequence[str]) -> Iterator[Header]:
        """Read only the states of these events, without those that are gone."""
        for page in _pages(ids):
            with store_errors():
                pipe = self._client.pipeline(transaction=False)
                for id in page:
                    pipe.getrange(f"relay:e:{id}", 0, HEADER)
                answers = pipe.execute()
            for id, packed in zip(page, answers, strict=True):
                if packed:
                    yield _header(id, packed)

    def dead(self) -> list[str]:
        """Ids of the dead letters, oldest first."""
        return self._index("relay:dead")

    def parked(self) -> list[str]:
        """Ids of the parked events, oldest first."""
        return self._index("relay:parked")

    def parked_since(self, ids: Sequence[str]) -> dict[str, int]:
        """Give those of these events that are parked, in their order, and since when, in ms since 1970."""
        if not ids:
            return {}
        with store_errors():
            scores = self._client.zmscore("relay:parked", ids)
        return {id: int(score) for id, score in zip(ids, scores, strict=True) if score is not None}

    def faulty(self) -> list[str]:
        """Ids of events that went out without some value that could not be used, oldest first."""
        return self._index("relay:faulty")

    def _index(self, key: str) -> list[str]:
        with store_errors():
            return [id.decode() for id in self._client.zrange(key, 0, -1)]

    def rejected(self) -> list[Rejection]:
        """The last requests that were refused, newest first."""
        with store_errors():
            rows = self._client.lrange("relay:rejected", 0, -1)
        return [_rejection(row) for row in rows]

    def days(self) -> list[tuple[str, int]]:
        """Hooks and days (days since 1970) on which something was accepted, as far back as logs are kept."""
        with store_errors():
            keys = [key.decode().split(":") for key in self._client.scan_iter("relay:log:*", count=1000)]
        return sorted((hook, int(day)) for _, _, hook, day in keys)

    def log(self, hook: str, day: int, start: int = 0, end: int = 0) -> list[str]:
        """Ids of the events that this hook accepted on that day, in that order; from ``start`` up to before ``end``."""
        with store_errors():
            return [id.decode() for id in self._client.lrange(f"relay:log:{hook}:{day}", start, end - 1)]

    def log_sizes(self, hooks: Sequence[str], day: int) -> dict[str, int]:
        """Give how many events each of these hooks accepted on that day."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for hook in hooks:
                pipe.llen(f"relay:log:{hook}:{day}")
            return dict(zip(hooks, pipe.execute(), strict=True))

    def size(self, index: str) -> int:
        """Give how many events stand in a list: 'dead', 'parked', 'faulty', or ``in:<group>``."""
        with store_errors():
            return int(self._client.zcard(f"relay:{index}"))

    def newest(self, index: str, before: tuple[int, str] | None = None) -> Iterator[tuple[int, str]]:
        """Give time and id of the events of a list, the last first; only those older than ``before``."""
        key, place = f"relay:{index}", 0
        with store_errors():
            if before is not None:
                place = int(self._client.zcount(key, f"({before[0]}", "+inf"))
        while True:
            with store_errors():
                rows = self._client.zrange(key, place, place + PAGE - 1, desc=True, withscores=True)
            if not rows:
                return
            place += len(rows)
            for id, score in rows:
                one = (int(score), id.decode())
                if before is None or one < before:
                    yield one

    def counts(self, day: int) -> dict[str, dict[str, int]]:
        """Give the counts of one day (days since 1970): hook, then state or 'accepted', 'duplicate', 'rejected'."""
        counts: dict[str, dict[str, int]] = {}
        with store_errors():
            flat = self._client.hgetall(f"relay:n:{day}")
        for name, number in flat.items():
            hook, what = name.decode().split(":")
            counts.setdefault(hook, {})[NAMES.get(what, what)] = int(number)
        return counts

    def today(self) -> int:
        """The store's day, in days since 1970."""
        return self.now_ms() // DAY_MS

    def now_ms(self) -> int:
        """The store's time, in ms since 1970."""
        with store_errors():
            seconds, micros = self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    def lead(self, name: str) -> Lead:
        """Read a lead's clock, history and what it waits for."""
        destination = name.rpartition("/")[0] or "default"
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.lrange(f"relay:c:{name}", 0, -1)
            pipe.zrange(f"relay:p:{name}", 0, -1)
            pipe.zscore(f"relay:due:{destination}", name)
            lines, members, due = pipe.execute()
        return Lead(
            name=name,
            clock=leads.read_clock(lines[-1]) if lines else {},
            history=tuple(leads.read_entry(line) for line in lines[:-1]),
            pending=tuple(dict.fromkeys(member.decode()[18:] for member in members)),
            due_ms=None if due is None else int(due),
        )


def day_of(ms: int) -> int:
    return ms // DAY_MS


def date_of(day: int) -> str:
    """Write a day as ``2026-11-23``."""
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))


def _pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), PAGE):
        yield ids[start : start + PAGE]


def _header(id: str, packed: bytes) -> Header:
    state, states, received, _, number, hook = packed.split(b"\n", 1)[0].decode().split(" ")[:6]
    return Header(
        id=id,
        state=State(state),
        update_states=tuple(State(letter) for letter in states),
        hook=hook,
        received_ms=int(received),
        number=int(number),
    )


def _rejection(row: bytes) -> Rejection:
    at_ms, hook, status, words, size = orjson.loads(row)
    return Rejection(at_ms=at_ms, hook=hook, status=status, words=words, size=size)
