"""A text read as a hook file: the hook to try events with, and all that ``relay check`` would say of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import PurePath

from relay import rulebook
from relay.errors import CommandError, Problem
from relay.hooks import Hook
from relay.live_rules import Read
from relay.senders import ABOUT

#: Drafts that are kept as they were read.
MOST_KEPT = 32
#: So long one waits for its turn: a process reads one draft at a time, whoever types.
TURN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text that may become a hook file."""

    text: str
    #: To map with, not to verify with: it has no secrets. None where the text can't be read.
    hook: Hook | None
    problems: tuple[Problem, ...]
    #: Whether it would be taken into use.
    sound: bool = False


class Drafts:
    """Reads drafts as this deployment would load them, and keeps the last ones compiled. For any thread."""

    def __init__(self, read: Read) -> None:
        self._load = read
        self._turn = threading.Lock()
        self._kept: OrderedDict[tuple[PurePath, str], Draft] = OrderedDict()

    def read(self, file: PurePath, text: str) -> Draft:
        """Read a text as this hook file; never raises but CommandError, where too many ask at a time."""
        if not self._turn.acquire(timeout=TURN_S):
            raise CommandError("too many drafts are being tried just now; wait a little, then try again")
        try:
            key = (file, text)
            if key not in self._kept:
                self._kept[key] = self._read(file, text)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return self._kept[key]
        finally:
            self._turn.release()

    def _read(self, file: PurePath, text: str) -> Draft:
        hook, problems = self._load(file, text.encode())
        # A secret that is not set here is a fault, but no reason to show nothing.
        tame = replace(hook, secrets=(), keys={}) if hook else rulebook.read_text(file, text, ABOUT)
        return Draft(text=text, hook=tame, problems=tuple(problems), sound=hook is not None)
