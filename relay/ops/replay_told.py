"""A replay in words, for its page: what it would do, what stays back, and what it would do harm to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from relay.model import Json, Registers
from relay.ops.sentences import say
from relay.ops.words import _, ngettext
from relay.replay import Fate, Outline, Replay, Stage
from relay.store import Store
from relay.texts import N_

#: Fields that would change, on one page.
CHANGES = 50
#: A plan this old may have been overtaken.
STALE_MS = 10 * 60_000
MODES = {"as mapped": N_("as mapped"), "remapped": N_("by the rules of now"), "edited": N_("edited")}
STAGES = {
    Stage.PLANNING: N_("being planned"),
    Stage.PLANNED: N_("planned, not started"),
    Stage.RUNNING: N_("running"),
    Stage.DONE: N_("done"),
    Stage.CANCELLED: N_("cancelled"),
    Stage.FAILED: N_("stopped"),
}
KINDS = {Stage.DONE: "good", Stage.FAILED: "bad", Stage.CANCELLED: "warn", Stage.RUNNING: "in-flight"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line of what a plan comes to."""

    #: 'good', 'warn', 'bad' or ''.
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One field of an event that a person edited, as it was and as it is."""

    register: str
    was: bool
    before: Json
    stays: bool
    after: Json

    @property
    def same(self) -> bool:
        return self.was and self.stays and self.before == self.after


def lines(outline: Outline, *, force: bool) -> list[Said]:
    """Say what a plan comes to beside what applies; first what it would do harm to, or what keeps it from harm."""
    return [*_harm(outline, force=force), *_others(outline)]


def _harm(outline: Outline, *, force: bool) -> Iterator[Said]:
    stale = outline.fates[Fate.STALE]
    if force:
        yield Said(
            kind="bad",
            text=_("Nothing stays back: these events are sent as if they happened now, over whatever is newer."),
        )
    elif stale:
        yield Said(
            kind="warn",
            text=ngettext(
                "%(num)s event is older than what its lead has now and stays back.",
                "%(num)s events are older than what their leads have now and stay back.",
                stale,
            ),
        )
    elif outline.fates[Fate.APPLIES]:
        yield Said(kind="good", text=_("No event is wholly older than what its lead has now; newer values stay."))


def _others(outline: Outline) -> Iterator[Said]:
    for fate, told in OTHERS.items():
        if number := outline.fates[fate]:
            yield Said(kind="" if fate is Fate.FETCHED else "warn", text=told(number))
    for reason, number in outline.left.items():
        said = ngettext(
            "%(num)s event is left as it is: %(reason)s.",
            "%(num)s events are left as they are: %(reason)s.",
            number,
            reason=say(reason),
        )
        yield Said(kind="warn", text=said)


def _parked(number: int) -> str:
    return ngettext(
        "%(num)s event will be parked: its lead is not known.",
        "%(num)s events will be parked: their leads are not known.",
        number,
    )


def _ignored(number: int) -> str:
    return ngettext(
        "%(num)s event will be ignored: no rule holds for it now, or it is a test.",
        "%(num)s events will be ignored: no rule holds for them now, or they are tests.",
        number,
    )


def _fetched(number: int) -> str:
    return ngettext(
        "For %(num)s event the answers are fetched first; what comes of it is known then.",
        "For %(num)s events the answers are fetched first; what comes of them is known then.",
        number,
    )


#: What is said of events that neither apply nor are stale.
OTHERS = {Fate.PARKED: _parked, Fate.IGNORED: _ignored, Fate.FETCHED: _fetched}


def edits_of(store: Store, one: Replay, outline: Outline) -> list[list[Edited]]:
    """Give, for each update of the event that was edited, its fields as they were and as they are."""
    ids = store.replays.ids(one.id, 0, 1)
    event = store.events.event(ids[0]) if ids else None
    if event is None:
        return []
    after = [update.set for update in outline.edit]
    kept = [edit for edit in store.letters.edits(event.id) if list(edit.after) == after]
    before = kept[-1].before if kept else tuple(update.set for update in event.updates)
    return [_compared(old or {}, new or {}) for old, new in zip_longest(before, after)]


def _compared(before: Registers, after: Registers) -> list[Edited]:
    return [
        Edited(
            register=register,
            was=register in before,
            before=before.get(register),
            stays=register in after,
            after=after.get(register),
        )
        for register in dict.fromkeys([*before, *after])
    ]


def some(changes: Sequence[object], start: int) -> Sequence[object]:
    """Give one page of what would change."""
    return changes[start : start + CHANGES]
