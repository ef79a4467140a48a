"""What the door needs of the store: take events in one atomic step, keep what was refused, know every hook."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import orjson

from relay.errors import StoreError
from relay.model import Acceptance, Arrival, State
from relay.store import meters, record
from relay.store.errands import errand_of
from relay.store.names import Names
from relay.store.scripts import Scripts, store_errors
from relay.store.together import Together

REJECTED_KEPT = 1_000
#: Above this share of maxmemory new events are refused, since workers need room to drain what is there.
FULL_ABOVE = 0.85
DAY_S = 86_400

Argument: TypeAlias = bytes | str | int


class Door:
    """Takes events in. Its promise: what it answered for is on disk, and nothing is half taken."""

    def __init__(  # noqa: PLR0913 -- it is built in one place
        self,
        scripts: Scripts,
        names: Names,
        *,
        retention_ms: int,
        nudge: Callable[[], None],
        lookup: bool,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._scripts = scripts
        self._names = names
        self._lookup = lookup
        self._nudge = nudge
        #: Keeps the texts of the rules: they are there before the first event that was mapped by them.
        self._refresh = refresh
        self._client = scripts.client
        self._retention_ms = retention_ms
        self._log_s = retention_ms // 1000 + 2 * DAY_S
        self._looked_at = 0.0
        self._full = False
        self._to_know: list[str] = []
        self._nonce = secrets.token_urlsafe(3)
        self._calls = itertools.count()
        self._together = Together(self._accept)

    def accept(self, arrivals: Sequence[Arrival]) -> Sequence[Acceptance]:
        """Accept all of these events or none, in one round trip. Raises StoreError, and then none is accepted."""
        self._refuse_when_full()
        self._refresh()
        return self._together.do([self._arguments(arrival) for arrival in arrivals])

    def _accept(self, events: Sequence[Sequence[Argument]]) -> list[Acceptance]:
        # The client may repeat a call whose answer was lost: its nonce tells that from a sender's repetition.
        nonce = f"{self._nonce}{next(self._calls):x}"
        args = [nonce, self._retention_ms, self._log_s, *(argument for event in events for argument in event)]
        unserved, *answers = self._scripts.run("accept", *args)
        if unserved:
            self._nudge()
        return [
            Acceptance(str(event[0]), bool(duplicate), State(state.decode()))
            for event, (duplicate, state) in zip(events, answers, strict=True)
        ]

    def _refuse_when_full(self) -> None:
        """Look at Redis's memory once a second; one request in that second pays the round trip."""
        if time.monotonic() - self._looked_at > 1:
            self._looked_at = time.monotonic()
            with store_errors():
                memory = self._client.info("memory")
                self._write_known()
            self._refresh()
            most = int(memory.get("maxmemory", 0))
            self._full = most > 0 and int(memory["used_memory"]) > most * FULL_ABOVE
        if self._full:
            raise StoreError("Redis is nearly full: raise maxmemory, nothing was accepted")

    def try_writing(self) -> None:
        """Write a key of no meaning. Raises StoreError where an event could not be accepted now."""
        self._refuse_when_full()
        with store_errors():
            self._client.set("relay:ready", 1, ex=60)

    def reject(self, hook: str, *, status: int, words: str, size: int) -> None:
        """Keep that a request was refused, in a capped list; best effort."""
        entry = orjson.dumps([int(time.time() * 1000), hook, status, words, size])
        with contextlib.suppress(StoreError), store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.lpush("relay:rejected", entry)
            pipe.ltrim("relay:rejected", 0, REJECTED_KEPT - 1)
            pipe.hincrby(f"relay:n:{int(time.time()) // DAY_S}", f"{hook}:rejected", 1)
            meters.tally_rejected(pipe, hook, int(time.time()))
            pipe.execute()

    def know(self, hooks: Iterable[str]) -> None:
        """Remember these hooks for ever, so that a missing one is told from one that never was. Best effort.

        Those of them that are given are served from now on, and no others.
        """
        self._to_know = list(hooks)
        with contextlib.suppress(StoreError), store_errors():
            self._write_known()

    def _write_known(self) -> None:
        names = self._to_know
        if names:
            pipe = self._client.pipeline(transaction=True)
            pipe.sadd("relay:hooks", *names)
            pipe.delete("relay:loaded")
            pipe.sadd("relay:loaded", *names)
            pipe.set("relay:keep", 1000 * self._log_s)
            pipe.execute()
            if names is self._to_know:  # else there are others by now
                self._to_know = []

    def ever_known(self, hook: str) -> bool:
        with store_errors():
            return bool(self._client.sismember("relay:hooks", hook))

    def known(self) -> set[str]:
        """Give every hook that there ever was."""
        with store_errors():
            names: Any = self._client.smembers("relay:hooks")
        return {name.decode() for name in names}

    def loaded(self) -> set[str]:
        """Give the hooks that are served, by the web process that looked last."""
        with store_errors():
            names: Any = self._client.smembers("relay:loaded")
        return {name.decode() for name in names}

    def _arguments(self, arrival: Arrival) -> list[Argument]:
        """Give what the script takes for one event."""
        mapped = arrival.mapped
        return [
            record.event_id(arrival.hook, mapped.event_id),
            arrival.hook,
            arrival.destination,
            record.lead_name(arrival.destination, mapped.lead) if mapped.lead else "",
            mapped.state.value,
            "" if mapped.at_ms is None else mapped.at_ms,
            len(mapped.updates),
            record.pack(arrival),
            record.write_reason(mapped.reason),
            record.write_fault(mapped.faults),
            self._names.packed(arrival.destination, mapped.names),
            mapped.missing,
            errand_of(arrival, lookup=self._lookup),
            self._names.filed(arrival.terms, mapped),
        ]
