"""How the far sides fare: destinations, and the queues of errands, each with its own gate. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from relay.store.events import Events
from relay.store.scripts import store_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """That a person keeps deliveries back, and since when."""

    #: ``hook cotiza`` or ``destination default``.
    of: str
    at_ms: int
    who: str
    why: str
    #: Whether it is over, and what it kept back is being put back.
    resuming: bool = False
    #: Events of a hook that stand on its shelf, where they were counted.
    shelved: int = 0

    @property
    def words(self) -> str:
        """Who, since when, and why: ``by ana since 2026-11-23 21:40 UTC: the campaign is wrong``."""
        since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.at_ms / 1000))
        return f"by {self.who} since {since}" + (f": {self.why}" if self.why else "")


def write_note(at_ms: int, who: str, why: str) -> bytes:
    return orjson.dumps([at_ms, who, why])


def read_pause(of: str, note: bytes, *, resuming: bool = False, shelved: int = 0) -> Pause:
    at_ms, who, why = orjson.loads(note)
    return Pause(of=of, at_ms=at_ms, who=who, why=why, resuming=bool(resuming), shelved=shelved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What keeps a destination's deliveries back, if anything."""

    destination: str
    #: 'flowing', 'slowed', 'held' (our key is refused), 'open' (the breaker) or 'paused' (by a person).
    state: str
    words: str
    #: Leads that have something pending.
    leads: int
    #: Of those, leads that could be claimed now.
    due: int
    #: For how long the first of these has been waiting, in ms.
    oldest_ms: int
    #: Since when it is held, open or paused, in ms since 1970; for 'slowed' until when, and 0 while it flows.
    since_ms: int = 0
    #: Set while a person keeps everything back; what it fares like beneath is to be seen once that is over.
    pause: Pause | None = None
    #: PUTs a second that a person has set, and who, when and why in words; None where LEADS_API_RATE holds.
    rate: float | None = None
    rate_words: str = ""
    #: The same in its parts; the reason begins with the rate.
    rated: Pause | None = None


class Gates:
    """Reads gates, and what waits before them."""

    def __init__(self, client: Any, events: Events) -> None:
        self._client = client
        self._events = events

    def gate(self, destination: str) -> Gate:
        """Say how a destination fares."""
        now_ms = self._events.now_ms()
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(f"relay:d:{destination}")
            pipe.zcard(f"relay:due:{destination}")
            pipe.zcount(f"relay:due:{destination}", "-inf", now_ms)
            pipe.zrange(f"relay:due:{destination}", 0, 99)
            flat, pending, due, first = pipe.execute()
        state, words = _gate_state(flat, now_ms)
        return Gate(
            destination=destination,
            state=state,
            words=words,
            leads=pending,
            due=due,
            oldest_ms=self._oldest_ms(first, now_ms),
            since_ms=_since_ms(flat, state),
            **_by_hand(destination, flat),
        )

    def errands(self) -> list[Gate]:
        """Say how each queue of errands fares: ``fetch:<hook>`` and ``find:<destination>``; 'leads' are its events."""
        now_ms = self._events.now_ms()
        with store_errors():
            queues = sorted(name.decode() for name in self._client.smembers("relay:errands"))
            pipe = self._client.pipeline(transaction=False)
            for queue in queues:
                key = f"relay:errands:{queue}"
                pipe.hgetall(f"relay:g:{queue}").zcard(key).zcount(key, "-inf", now_ms).zrange(key, 0, 99)
                pipe.hmget(f"relay:d:{queue.removeprefix('find:')}", "paused")
            told = pipe.execute()
        return [self._errands_gate(queue, now_ms, *told[5 * n : 5 * n + 5]) for n, queue in enumerate(queues)]

    def _errands_gate(  # noqa: PLR0913, PLR0917 -- what Redis told of one queue
        self, queue: str, now_ms: int, flat: Any, pending: int, due: int, first: list[bytes], paused: list[bytes | None]
    ) -> Gate:
        # Leads are neither looked up nor created at a destination that is paused.
        of_destination = {b"paused": paused[0]} if paused[0] and queue.startswith("find:") else {}
        flat = {**flat, **of_destination}
        state, words = _gate_state(flat, now_ms)
        waits = [now_ms - header.received_ms for header in self._events.headers([id.decode() for id in first])]
        oldest_ms = max(waits, default=0)
        return Gate(
            destination=queue,
            state=state,
            words=words,
            leads=pending,
            due=due,
            oldest_ms=oldest_ms,
            since_ms=_since_ms(flat, state),
        )

    def _oldest_ms(self, names: Iterable[bytes], now_ms: int) -> int:
        """Look at the leads that come first: the longest wait of an update that was accepted and is not delivered."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for name in names:
                pipe.zrange(f"relay:p:{name.decode()}", 0, 0)
            members = [row[0].decode()[18:] for row in pipe.execute() if row]
        waits = [now_ms - header.received_ms for header in self._events.headers(members)]
        return max(waits, default=0)

    def destinations(self) -> list[str]:
        """Destinations that have something pending or a gate."""
        found = set()
        for prefix in ("relay:due:", "relay:d:"):
            with store_errors():
                found |= {key.decode().removeprefix(prefix) for key in self._client.scan_iter(prefix + "*", count=1000)}
        return sorted(found)


def _by_hand(destination: str, flat: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Read what a person has set."""
    told: dict[str, Any] = {}
    if b"paused" in flat:
        told["pause"] = read_pause(f"destination {destination}", flat[b"paused"])
    if b"rate" in flat:
        rated = read_pause(f"destination {destination}", flat[b"rated"])
        told |= {"rate": float(flat[b"rate"]), "rate_words": rated.words, "rated": rated}
    return told


def _gate_state(flat: Mapping[bytes, bytes], now_ms: int) -> tuple[str, str]:
    """Read a gate's state, and its words unless it flows."""
    if b"paused" in flat:
        return "paused", read_pause("", flat[b"paused"]).words
    told = {name.decode(): value.decode() for name, value in flat.items()}
    state = "held" if "held" in told else "open" if "open" in told else "flowing"
    if state == "flowing" and int(told.get("slow", 0)) > now_ms:
        state = "slowed"
    return state, "" if state == "flowing" else told.get("words", "")


def _since_ms(flat: Mapping[bytes, bytes], state: str) -> int:
    if state == "paused":
        return read_pause("", flat[b"paused"]).at_ms
    return int(flat.get({"held": b"held", "open": b"open", "slowed": b"slow"}.get(state, b""), 0))
