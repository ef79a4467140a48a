"""Which version of each hook file serves, and what is wrong with files whose change could not be taken over.

Every process that reads hook files tells of its own; what one of them told of a fault is believed for a while, so that
one that died tells of none for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from relay.store.scripts import Scripts, store_errors

#: A fault is believed for so long, in ms; who sees it says so more often.
BELIEVED_MS = 20_000
#: Faults of one file that are kept.
MOST_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The version of a hook file by which events are mapped, and since when, in ms since 1970."""

    version: str
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyFile:
    """A hook file that has faults."""

    #: Its hook; '' for the folder as a whole.
    hook: str
    #: One for each fault: ``rules/cotiza.yaml:14: ...``.
    lines: tuple[str, ...]
    since_ms: int
    #: What serves instead; None where senders are answered 503.
    served: Served | None = None

    @property
    def first(self) -> str:
        """Give the first fault, and how many more there are."""
        more = len(self.lines) - 1
        return f"{self.lines[0]} (and {more} more)" if more else self.lines[0]


class Serving:
    """What stands about hook files in the store."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client

    def note(
        self,
        *,
        faults: Mapping[str, Sequence[str]],
        served: Collection[str] | None = None,
        taken: Mapping[str, str] | None = None,
        mended: Collection[str] = (),
    ) -> None:
        """Tell in one step of faults and, where the process serves hooks, of all of them and of versions taken over.

        Of a hook that several processes serve the version stands that one of them has taken over last.
        Raises StoreError.
        """
        told: dict[str, object] = {
            "faults": {hook: list(lines[:MOST_LINES]) for hook, lines in faults.items()},
            "mended": list(mended),
        }
        if served is not None:
            told |= {"served": dict.fromkeys(served, 1), "taken": dict(taken or {})}
        self._scripts.run("serving", BELIEVED_MS, orjson.dumps(told))

    def versions(self) -> dict[str, Served]:
        """Give what serves, by hook. Raises StoreError."""
        with store_errors():
            flat = self._client.hgetall("relay:serving")
        return {hook.decode(): _served(packed) for hook, packed in flat.items()}

    def version(self, hook: str) -> str:
        """Give the version of a hook file that served last; '' where none is known."""
        with store_errors():
            packed = self._client.hget("relay:serving", hook)
        return _served(packed).version if packed else ""

    def faulty(self) -> dict[str, FaultyFile]:
        """Give the files that have faults, by hook. Raises StoreError."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            pipe.hgetall("relay:rule-faults")
            (seconds, micros), flat = pipe.execute()
        now_ms = 1000 * seconds + micros // 1000
        told = {hook.decode(): orjson.loads(packed) for hook, packed in sorted(flat.items())}
        served = self.versions() if told else {}
        return {
            hook: FaultyFile(hook=hook, lines=tuple(one["lines"]), since_ms=int(one["since"]), served=served.get(hook))
            for hook, one in told.items()
            if one["seen"] > now_ms - BELIEVED_MS
        }


def _served(packed: bytes) -> Served:
    version, since = packed.split()
    return Served(version=version.decode(), since_ms=int(since))
