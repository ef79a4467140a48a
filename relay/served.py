"""The hooks as senders meet them, out of the store: the same for whoever asks, on whichever machine.

Before it ``live_rules`` of the web has told which version of each hook file serves. Here the kept texts of these are
read, for commands and alarms that ask what their rules look for; they have no secrets.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath

from relay import rulebook
from relay.hooks import Hook
from relay.senders import ABOUT
from relay.store import Store


def served(store: Store, folder: PurePath) -> dict[str, Hook]:
    """Give the hooks that are served, by name; ``folder`` is that of their files, for words. Raises StoreError."""
    found = {}
    for name, one in sorted(store.serving.versions().items()):
        text = store.rule_texts.text(name, one.version)
        hook = None if text is None else _read((folder / f"{name}.yaml").as_posix(), text)
        if hook is not None:
            found[name] = hook
    return found


@lru_cache(maxsize=512)
def _read(file: str, text: str) -> Hook | None:
    return rulebook.read_text(PurePath(file), text, ABOUT)
