"""What a draft makes of events that came, beside what the rules of now make of them; nothing is changed by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath

from relay.backtest import Difference, Reading, difference
from relay.errors import CommandError
from relay.explain import Explained, verified
from relay.hooks import Hook
from relay.mapping.explain import explain_event
from relay.model import StoredEvent
from relay.replay.remap import as_came
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
    reading = Reading(event)
    old = reading.by(now)
    return difference(old, old if draft is now else reading.by(draft), hook=event.hook, event=event.id)


def explained(event: StoredEvent, draft: Hook) -> Explained:
    """Explain what a draft makes of an event; never raises."""
    verification, file = verified(event, draft), PurePath(draft.file).name
    try:
        came, received_ms = as_came(event, draft)
    except CommandError as error:
        return Explained(verification=verification, file=file, words=str(error), as_then=False)
    told = explain_event(came, draft, received_ms=received_ms)
    return Explained(verification=verification, file=file, words=told.words, explanation=told, as_then=False)
