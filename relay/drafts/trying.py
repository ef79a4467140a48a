"""What a draft makes of events that came, beside what the rules of now make of them; nothing is changed by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

from relay.backtest.difference import Difference, Made, difference, made_of
from relay.errors import CommandError
from relay.explain import Explained, verified
from relay.hooks import Hook
from relay.mapping.explain import explain_event
from relay.model import StoredEvent
from relay.replay.remap import read_again
from relay.texts import N_


class Verdict(str, Enum):
    """What a draft does to an event, in one word; the worst that is true of it."""

    FAULTY = N_("newly faulty")
    LOST = N_("no longer mapped")
    MAPPED = N_("newly mapped")
    MENDED = N_("fault gone")
    CHANGED = N_("changed")
    SAME = N_("same")

    @property
    def kind(self) -> str:
        """'good', 'warn', 'bad' or ''."""
        return KINDS[self]


KINDS = {
    Verdict.FAULTY: "bad",
    Verdict.LOST: "bad",
    Verdict.MAPPED: "good",
    Verdict.MENDED: "good",
    Verdict.CHANGED: "warn",
    Verdict.SAME: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One event under a draft."""

    event: StoredEvent
    difference: Difference

    @property
    def verdict(self) -> Verdict:
        found = self.difference
        if found.same:
            return Verdict.SAME
        if found.newly_faulty:
            return Verdict.FAULTY
        if found.no_longer_mapped:
            return Verdict.LOST
        if found.newly_mapped:
            return Verdict.MAPPED
        return Verdict.MENDED if found.fault_gone else Verdict.CHANGED


def tried(events: Iterable[StoredEvent], now: Hook | None, draft: Hook | None) -> list[Tried]:
    """Map events by the rules of now and by a draft; never raises."""
    return [Tried(event=one, difference=differing(one, now, draft)) for one in events]


def differing(event: StoredEvent, now: Hook | None, draft: Hook | None) -> Difference:
    old = made(event, now)
    return difference(old, old if draft is now else made(event, draft), hook=event.hook, event=event.id)


def made(stored: StoredEvent, hook: Hook | None) -> Made:
    """Say what a hook file makes of a stored event."""
    if hook is None:
        return Made()
    try:
        event = read_again(stored, hook)
    except CommandError as error:
        return Made(unreadable=str(error))
    return made_of(event, hook, received_ms=stored.door_ms or stored.received_ms)


def explained(event: StoredEvent, draft: Hook) -> Explained:
    """Explain what a draft makes of an event; never raises."""
    verification, file = verified(event, draft), PurePath(draft.file).name
    try:
        told = explain_event(read_again(event, draft), draft, received_ms=event.door_ms or event.received_ms)
    except CommandError as error:
        return Explained(verification=verification, file=file, words=str(error), as_then=False)
    return Explained(verification=verification, file=file, words=told.words, explanation=told, as_then=False)
