"""Replays as records: each has a name, the events that were chosen, and how far it has come, whoever started it.

A record is *planning* while it is found out what it would do, then *planned*, and *running* once a person starts it.
It ends *done*, *cancelled* or *failed*, and is kept for the retention time. What is to be planned or carried on stands
among those to do by the ms at which its lease ends, so whoever dies leaves it to the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from relay.model import Json
from relay.store.acts import Act, write_act
from relay.store.events import Events
from relay.store.letters import Step
from relay.store.scripts import Scripts, store_errors

LIST, TODO = "relay:replays", "relay:replays:todo"
#: Records in the list at the most.
MOST_KEPT = 500
#: Of a record, without its plan, which may be long.
FIELDS = tuple(
    b"name who at mode force filter state words waits total looked replayed failed started ended".split(),
)
#: Prolonged with every event, and while it waits.
LEASE_MS = 15_000
#: Ids written in one call.
PAGE = 1_000
#: Ids of a record that was never made fall away after so long.
UNMADE_S = 3_600


class Mode(str, Enum):
    """What is sent again."""

    AS_MAPPED = "as mapped"
    REMAPPED = "remapped"
    EDITED = "edited"


class Stage(str, Enum):
    """How far a replay is."""

    PLANNING = "planning"
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (Stage.DONE, Stage.CANCELLED, Stage.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One replay as it stood at one moment."""

    id: str
    name: str
    who: str
    at_ms: int
    mode: Mode
    force: bool
    #: What chose its events, in words; empty where they were named.
    filter: str
    stage: Stage
    #: Why it failed.
    words: str
    #: What it waits for at this moment; empty while it goes on.
    waits: str
    #: Events that were chosen; once it is planned those that are to be replayed.
    total: int
    #: Events looked at so far while it is planned.
    looked: int
    replayed: int
    #: Events that could not be replayed after all.
    failed: int
    started_ms: int | None
    ended_ms: int | None
    #: As who planned it wrote it; empty while it is planning.
    plan: Mapping[str, Json]

    @property
    def done(self) -> int:
        return self.replayed + self.failed

    @property
    def left(self) -> int:
        return self.total - self.done


class Replays:
    """The records, and what may happen to them. Each verb is one step in the store."""

    def __init__(self, scripts: Scripts, events: Events, *, retention_ms: int) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client
        self._events = events
        self._retention_ms = retention_ms

    def create(  # noqa: PLR0913 -- the facts of one record
        self,
        ids: Sequence[str],
        *,
        name: str,
        who: str,
        mode: Mode,
        force: bool,
        filter: str,
        plan: Mapping[str, Json] | None = None,
    ) -> str:
        """Make a record of these events, in stamp order where ``plan`` is given, else to be planned; gives its id."""
        id = secrets.token_hex(5)
        self._write_ids(f"relay:replay:{id}:ids", ids)
        stage = Stage.PLANNING if plan is None else Stage.PLANNED
        told: dict[str, str | bytes | int] = {
            "state": stage.value,
            "name": name,
            "who": who,
            "mode": mode.value,
            "force": int(force),
            "filter": filter,
            "total": len(ids),
            "plan": orjson.dumps(plan or {}),
        }
        self._run("create", id, MOST_KEPT, *(part for field in told.items() for part in field))
        return id

    def _write_ids(self, key: str, ids: Sequence[str]) -> None:
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.delete(key)
            for start in range(0, len(ids), PAGE):
                pipe.rpush(key, *ids[start : start + PAGE])
            pipe.expire(key, UNMADE_S)
            pipe.execute()

    def get(self, id: str) -> Replay | None:
        """Read one record; None where there is none, or no more."""
        return next(iter(self._read([id])), None)

    def last(self, most: int = MOST_KEPT, *, start: int = 0) -> list[Replay]:
        """Give the last replays, newest first and without their plans, behind the first ``start``."""
        with store_errors():
            ids = [id.decode() for id in self._client.zrange(LIST, start, start + most - 1, desc=True)]
            pipe = self._client.pipeline(transaction=False)
            for id in ids:
                pipe.hmget(f"relay:replay:{id}", FIELDS)
            rows = pipe.execute()
        told = [{name: part for name, part in zip(FIELDS, row, strict=True) if part is not None} for row in rows]
        return [_replay(id, {**flat, b"plan": b"{}"}) for id, flat in zip(ids, told, strict=True) if flat]

    def _read(self, ids: Sequence[str]) -> list[Replay]:
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for id in ids:
                pipe.hgetall(f"relay:replay:{id}")
            return [_replay(id, told) for id, told in zip(ids, pipe.execute(), strict=True) if told]

    def ids(self, id: str, start: int = 0, count: int = 0) -> list[str]:
        """Give ids of its events in the order in which they are replayed; all from ``start`` on where count is 0."""
        with store_errors():
            rows = self._client.lrange(f"relay:replay:{id}:ids", start, start + count - 1 if count else -1)
        return [row.decode() for row in rows]

    def failures(self, id: str) -> list[tuple[str, str]]:
        """Give the first hundred events that could not be replayed, each with why."""
        with store_errors():
            rows = self._client.lrange(f"relay:replay:{id}:failed", 0, -1)
        return [(event, words) for event, words in map(orjson.loads, rows)]

    def due(self) -> list[str]:
        """Give the replays that are to be planned or carried on and that nobody drives."""
        with store_errors():
            return [id.decode() for id in self._client.zrangebyscore(TODO, "-inf", self._events.now_ms())]

    def start(self, replay: Replay, *, who: str, driver: str = "") -> str:
        """Have a planned replay run, driven by this caller or else by the background worker; gives its state then."""
        how = [replay.mode.value, *(["with the stamp of now"] if replay.force else [])]
        about = self.ids(replay.id)[0] if replay.total == 1 else f"{replay.total} events"
        return self._run("start", replay.id, driver, self._act("replay", replay, about, who, ", ".join(how)))

    def cancel(self, replay: Replay, *, who: str) -> str:
        """Have a replay end between two events; gives its state then."""
        about = f"{replay.replayed} of {replay.total} events"
        return self._run("cancel", replay.id, self._act("cancel", replay, about, who, f"replay {replay.name}"))

    def _act(self, what: str, replay: Replay, about: str, who: str, why: str) -> bytes:
        act = Act(
            at_ms=self._events.now_ms(),
            who=who,
            what=what,
            about=about,
            why=why,
            filter=replay.filter,
            count=replay.total,
            replay=replay.id,
        )
        return write_act(act)

    def take(self, id: str, driver: str) -> bool:
        """Drive a replay from now on; False where another does, or there is nothing left to do."""
        return bool(self._run("take", id, driver))

    def keep(self, id: str, driver: str, *, waits: str = "", looked: int | None = None) -> bool:
        """Say that this driver lives, and what it waits for; False where the replay is not its own any more."""
        return bool(self._run("keep", id, driver, waits, "" if looked is None else looked))

    def leave(self, id: str, driver: str) -> None:
        """Give a replay to whoever comes first."""
        self._run("leave", id, driver)

    def planned(self, id: str, driver: str, ids: Sequence[str], plan: Mapping[str, Json]) -> bool:
        """Note what a replay would do, and its events in stamp order; False where it is not this driver's any more."""
        self._write_ids(f"relay:replay:{id}:next", ids)
        return bool(self._run("planned", id, driver, orjson.dumps(plan), len(ids)))

    def fail(self, id: str, driver: str, words: str) -> None:
        """Note why a replay goes no further."""
        self._run("fail", id, driver, words)

    def miss(self, step: Step, event: str, words: str) -> bool:
        """Note that an event could not be replayed; False where the replay is not this driver's any more."""
        told = orjson.dumps([event, words])
        return bool(self._run("miss", step.replay, step.driver, step.place, told))

    def _run(self, verb: str, id: str, *args: Any) -> str:
        return str(self._scripts.run("replays", verb, id, self._retention_ms, LEASE_MS, *args).decode())


def _replay(id: str, flat: Mapping[bytes, bytes]) -> Replay:
    told = {name.decode(): value.decode() for name, value in flat.items()}
    return Replay(
        id=id,
        name=told["name"],
        who=told["who"],
        at_ms=int(told["at"]),
        mode=Mode(told["mode"]),
        force=told["force"] == "1",
        filter=told["filter"],
        stage=Stage(told["state"]),
        words=told.get("words", ""),
        waits=told.get("waits", ""),
        total=int(told["total"]),
        looked=int(told.get("looked", 0)),
        replayed=int(told["replayed"]),
        failed=int(told["failed"]),
        started_ms=int(told["started"]) if "started" in told else None,
        ended_ms=int(told["ended"]) if "ended" in told else None,
        plan=orjson.loads(told["plan"]),
    )
