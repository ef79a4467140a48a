"""The texts of hook files by their version: what explains an event long after somebody has changed the rules.

Whoever maps keeps the texts of what it has loaded before it maps by them, and each hour again: the web, the background
worker, a replay before it runs. They outlive the events that they mapped.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from relay.errors import StoreError
from relay.hooks import Hook
from relay.store.scripts import Scripts, store_errors

#: Events that wait are kept beyond the retention time; so many times it is longer than anybody lets one wait.
RETENTIONS = 12
AGAIN_S = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesVersion:
    """One version of a hook file, and when it was loaded, in ms since 1970.

    The last time is when another took its place; right to the hour only, where it ended with its process.
    """

    version: str
    first_ms: int
    last_ms: int


class RuleTexts:
    """Keeps texts, and gives them back."""

    def __init__(self, scripts: Scripts, *, retention_ms: int) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client
        self._keep_ms = RETENTIONS * retention_ms
        self._loaded: tuple[Hook, ...] = ()
        self._left: tuple[Hook, ...] = ()
        self._next = 0.0

    def keep(self, hooks: Iterable[Hook]) -> None:
        """Keep the texts of these hook files, for as long as they are loaded and long after. Best effort."""
        with contextlib.suppress(StoreError):
            self.hold(hooks)

    def hold(self, hooks: Iterable[Hook]) -> None:
        """Do the same, for sure. Raises StoreError; then ``refresh`` tries it again."""
        before, self._loaded = self._loaded, tuple(hook for hook in hooks if hook.text)
        self._left = tuple(hook for hook in (*self._left, *before) if hook not in self._loaded)
        self._next = 0.0
        self.refresh()

    def refresh(self) -> None:
        """Keep them for longer, once an hour; else do nothing. Raises StoreError."""
        loaded, left = self._loaded, self._left
        if not (loaded or left) or time.monotonic() < self._next:
            return
        args = [part for one in loaded for part in (one.name, one.version, zlib.compress(one.text, 9))]
        ended = [part for one in left for part in (one.name, one.version)]
        self._scripts.run("rule_texts", self._keep_ms, len(left), *args, *ended)
        if loaded is self._loaded:  # else another thread has put something in, which is to be kept still
            self._left = ()
            self._next = time.monotonic() + AGAIN_S

    def text(self, hook: str, version: str) -> str | None:
        """Give the text of this version of a hook file; None where it is not kept."""
        with store_errors():
            packed = self._client.get(f"relay:rules:{hook}:{version}")
        return None if packed is None else zlib.decompress(packed).decode()

    def versions(self, hook: str) -> Sequence[RulesVersion]:
        """List the versions of a hook file whose texts are kept, the one that was loaded last first."""
        with store_errors():
            listed = self._client.hgetall(f"relay:rules:{hook}")
        return sorted(
            (_version(*pair) for pair in listed.items()), key=lambda one: (one.last_ms, one.first_ms), reverse=True
        )


def _version(name: bytes, times: bytes) -> RulesVersion:
    first, last = times.split()
    return RulesVersion(version=name.decode(), first_ms=int(first), last_ms=int(last))
