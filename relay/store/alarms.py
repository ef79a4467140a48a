"""Alarms: what needs a person now, raised once when it begins and once when it ends, whoever looks.

Each look of any process goes through one script, so that two that look at once raise nothing twice. What is to be told
waits in an outbox until it was taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from relay.store.scripts import Scripts, store_errors

ALARMS, OUT, TURN, POST, TRIES = (
    "relay:alarms",
    "relay:alarm-out",
    "relay:alarm-turn",
    "relay:alarm-post",
    "relay:alarm-tries",
)
#: Messages that wait to be taken, at the most; the oldest go first.
MESSAGES_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Something that needs a person, as seen in one look."""

    #: What it is, and of what: ``held:default``, ``silent:cotiza``.
    name: str
    #: In words: ``destination default``.
    about: str
    words: str
    #: False where it only keeps an alarm going that has begun, so that one near its limit does not come and go.
    begins: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm that has begun and not ended."""

    name: str
    about: str
    words: str
    began_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An alarm that began, or ended."""

    #: The same however often the message is sent.
    id: str
    alarm: str
    #: 'began' or 'ended'.
    state: str
    about: str
    words: str
    at_ms: int
    began_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A change that waits to be told."""

    #: As it stands in the outbox.
    packed: bytes
    change: Change


class Alarms:
    """What stands about alarms in the store."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client

    def current(self) -> list[Alarm]:
        """Give the alarms that have begun, the longest first."""
        with store_errors():
            flat = self._client.hgetall(ALARMS)
        told = [(name.decode(), orjson.loads(packed)) for name, packed in flat.items()]
        alarms = [
            Alarm(name=name, about=one["about"], words=one["words"], began_ms=int(one["began"]))
            for name, one in told
            if one["began"]
        ]
        return sorted(alarms, key=lambda one: (one.began_ms, one.name))

    def turn(self, ms: int) -> bool:
        """Whether nobody has looked for so long; then it is the caller's turn."""
        with store_errors():
            return bool(self._client.set(TURN, 1, nx=True, px=ms))

    def look(self, seen: Iterable[Sighting], *, looks: int, told: bool) -> list[Change]:
        """Note one look in one step; gives what began or ended by it.

        What is seen in so many looks one after the other begins, what is gone in so many ends. ``told`` puts changes
        into the outbox.
        """
        args: list[str | int] = []
        for one in seen:
            args += [one.name, one.about, one.words, "1" if one.begins else ""]
        nonce = secrets.token_hex(8)
        return [
            _change(packed)
            for packed in self._scripts.run("alarm", nonce, looks, "1" if told else "", MESSAGES_KEPT, *args)
        ]

    def first(self, lease_ms: int) -> Message | None:
        """Give the message that is to be told next, to one caller at a time; None where there is none, or it rests."""
        with store_errors():
            if not self._client.exists(OUT) or not self._client.set(POST, 1, nx=True, px=lease_ms):
                return None
            packed = self._client.lindex(OUT, 0)
            if packed is None:
                self._client.delete(POST)
                return None
        return Message(packed=packed, change=_change(packed))

    def taken(self, message: Message) -> None:
        """Take a message out of the outbox, and let the next be told."""
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.lrem(OUT, 1, message.packed)
            pipe.delete(TRIES, POST)
            pipe.execute()

    def tries(self) -> int:
        """Count one more try of the first message; gives how many there were."""
        with store_errors():
            return int(self._client.incr(TRIES))

    def rest(self, ms: int) -> None:
        """Have the first message, and those behind it, rest for so long."""
        with store_errors():
            self._client.set(POST, 1, px=ms)


def _change(packed: bytes) -> Change:
    told = orjson.loads(packed)
    return Change(
        id=told["id"],
        alarm=told["alarm"],
        state=told["state"],
        about=told["about"],
        words=told["words"],
        at_ms=int(told["at"]),
        began_ms=int(told["began"]),
    )
