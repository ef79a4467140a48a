"""How far shadows have followed their hooks, and what differed: counts, and the last events that do.

One script notes each step together with how far it goes, so that every event is counted once, whoever counts and
whoever dies meanwhile.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from relay.store.scripts import Scripts, store_errors

#: What a shadow has found is kept for so long after it is followed no more.
KEEP_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Place:
    """How far a hook's log of accepted events was compared: its day, in days since 1970, and how many of that day."""

    day: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One version of a hook's shadow, and how far it was compared."""

    hook: str
    version: str
    text: str
    #: From when on events are compared, in ms since 1970; when it was looked after last.
    since_ms: int
    looked_ms: int
    place: Place
    #: How many events by what was found: ``events``, ``changed``, ``lost_field:phone``, ``live:<version>``.
    counts: Mapping[str, int]
    #: Events of which nothing can be said before their answers are fetched.
    later: int = 0
    #: What is wrong with its file, of which this version is then the last good one; and since when.
    faults: tuple[str, ...] = ()
    faulty_since_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was found of some events of a log, one after the other."""

    to: Place
    counts: Mapping[str, int]
    #: Those that differ, with the time of their receipt, and those that are looked at later.
    differing: Sequence[tuple[str, int]] = ()
    later: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What was found of events that were to be looked at later."""

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: Those that differ, by id, with the time of their receipt; those that are not ready, with when to look again.
    differing: Mapping[str, int] = field(default_factory=dict)
    again: Mapping[str, int] = field(default_factory=dict)


class Shadows:
    """What stands about shadows in the store."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client

    def get(self, hook: str) -> Followed | None:
        """Give how far the shadow of a hook has come; None where none was ever followed, or long ago."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(_key(hook))
            pipe.zcard(f"{_key(hook)}:later")
            flat, later = pipe.execute()
        told = {name.decode(): value for name, value in flat.items()}
        return _followed(hook, told, int(later)) if told else None

    def begin(self, hook: str, version: str, text: str) -> None:
        """Follow a new version of a shadow from the next event on; what was found by another one is forgotten."""
        self._run("begin", hook, version, zlib.compress(text.encode(), 9))

    def note(self, hook: str, version: str, place: Place, step: Step) -> bool:
        """Note what was found of the events behind this place; False where it is not the place any more."""
        told = {
            "version": version,
            "day": place.day,
            "at": place.at,
            "to_day": step.to.day,
            "to_at": step.to.at,
            "counts": dict(step.counts),
            "differing": [list(one) for one in step.differing],
            "later": list(step.later),
        }
        return bool(self._run("note", hook, orjson.dumps(told)))

    def settle(self, hook: str, version: str, found: Settled) -> None:
        """Note what was found of events that were to be looked at later, each of them once."""
        ready = {
            id: {"counts": dict(counts)} | ({"at": found.differing[id]} if id in found.differing else {})
            for id, counts in found.counts.items()
        }
        told = {"version": version, "ready": ready, "again": dict(found.again)}
        self._run("settle", hook, orjson.dumps(told))

    def tell(self, hook: str, faults: Sequence[str]) -> None:
        """Tell that somebody looks after it, and what is wrong with its file."""
        self._run("tell", hook, orjson.dumps({"faults": list(faults)}))

    def due_later(self, hook: str, now_ms: int, most: int) -> list[str]:
        """Give events of which it is time to look again whether anything can be said."""
        with store_errors():
            ids = self._client.zrange(f"{_key(hook)}:later", "-inf", now_ms, byscore=True, offset=0, num=most)
        return [id.decode() for id in ids]

    def differing(self, hook: str, most: int) -> list[str]:
        """Give the events that differ, newest first."""
        with store_errors():
            return [id.decode() for id in self._client.zrange(f"{_key(hook)}:events", 0, most - 1, desc=True)]

    def _run(self, what: str, hook: str, *more: bytes | str) -> int:
        return int(self._scripts.run("shadow", what, hook, KEEP_MS, *more))


def _key(hook: str) -> str:
    return f"relay:shadow:{hook}"


def _followed(hook: str, told: Mapping[str, bytes], later: int) -> Followed:
    wrong: dict[str, Any] = orjson.loads(told["x"]) if "x" in told else {"lines": (), "since": 0}
    return Followed(
        hook=hook,
        version=told.get("v", b"").decode(),
        text=zlib.decompress(told["t"]).decode() if "t" in told else "",
        since_ms=int(told.get("since", 0)),
        looked_ms=int(told.get("looked", 0)),
        place=Place(int(told.get("day", 0)), int(told.get("at", 0))),
        counts={name[2:]: int(number) for name, number in told.items() if name.startswith("c:")},
        later=later,
        faults=tuple(wrong["lines"]),
        faulty_since_ms=int(wrong["since"]),
    )
