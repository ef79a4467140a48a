"""Hook files as they were when they mapped an event: of now, or read again from the texts that the store keeps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from relay import rulebook
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.senders import ABOUT
from relay.store import Store

#: Old versions of hook files that are kept compiled.
MOST_COMPILED = 100


class Versions:
    """Gives versions of hook files, and keeps those compiled that were asked for. Raises StoreError."""

    def __init__(self, store: Store, hooks: Mapping[str, Hook]) -> None:
        self._store = store
        self._hooks = hooks
        self._compiled: dict[tuple[str, str], Hook | None] = {}

    def then(self, event: StoredEvent) -> Hook | None:
        """Give the hook file that mapped an event; None where its text is not kept, or can't be read any more."""
        return self.version(event.hook, event.version)

    def version(self, hook: str, version: str) -> Hook | None:
        """Give one version of a hook file, without its secrets unless it is the one of now."""
        now = self._hooks.get(hook)
        if now is not None and now.version == version:
            return now
        key = (hook, version)
        if key not in self._compiled:
            text = self._store.rule_texts.text(*key)
            if len(self._compiled) >= MOST_COMPILED:
                self._compiled.clear()
            file = PurePath(now.file if now else f"{hook}.yaml")
            self._compiled[key] = None if text is None else rulebook.read_text(file, text, ABOUT)
        return self._compiled[key]
