"""Follows hooks with their shadows: each event that a hook accepted is mapped by both rules, and what differs counts.

The background worker does it, a moment behind the door, which pays nothing for it. How far it has come is noted with
what it found in one step, so that an event is counted once, also where this dies in between or is run twice. Events
whose answers are still to be fetched are compared once they are there.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from relay import rulebook
from relay.backtest.difference import Difference, difference
from relay.backtest.report import METRICS
from relay.backtest.stored import Reading, as_it_stands
from relay.errors import Problem
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.replay.versions import Versions
from relay.rulebook.shadow_reading import read_shadow, shadow_file
from relay.rulebook.standing_still import SETTLE_S, Content, StandingStill, sign_of
from relay.senders import ABOUT
from relay.settings import DAY_MS
from relay.store import Store
from relay.store.shadows import Followed, Place, Settled, Step

#: Shadows are followed so often, and for so long at a time where much is left: live events go first.
TURN_S, BUDGET_S = 1.0, 0.5
#: Events that are noted in one step.
STRIDE = 100
#: An event whose answers are still to be fetched is looked at again after so long; later on, less often.
AGAIN_MS, SELDOM_MS, SOON_MS = 5_000, 600_000, 3_600_000
#: It is told that somebody looks after a shadow once in so long.
LOOKED_S = 15.0

log = logging.getLogger("relay")


def compared(stored: StoredEvent, live: Hook | None, shadow: Hook) -> Difference:
    """Hold what a shadow makes of an event against what the rules made of it that mapped it; pure.

    Where their text is not kept any more, against what its record says was made of it.
    """
    reading = Reading(stored)
    new = reading.by(shadow)
    old = reading.by(live) if live else as_it_stands(stored, new)
    return difference(old, new, hook=stored.hook, event=stored.id)


def ready(stored: StoredEvent) -> bool:
    """Whether all is there that an event is mapped by."""
    return not stored.fetch or bool(stored.fetched)


def counts_of(one: Difference, version: str) -> Counter[str]:
    """Give what one event adds to the counts of a shadow."""
    counts = Counter({"events": 1, f"live:{version}": 1})
    counts.update(name for name, holds in METRICS.items() if holds(one))
    counts.update(f"{change.kind.value}_field:{change.register}" for change in one.fields)
    return counts


def read_trial(file: Path, content: bytes, /) -> tuple[Hook | None, tuple[Problem, ...]]:
    """Read a file to try it: whether its secrets are set is not asked, since nothing is verified with them."""
    return rulebook.read_draft(file, content.decode(errors="surrogateescape"), ABOUT)


def shadow_of(hook: Hook, followed: Followed) -> Hook | None:
    """Give the version of a hook's shadow that is followed; None where there is none, or it can't be read any more."""
    return read_shadow(hook, followed.text.encode(), read_trial)[0] if hook.shadow and followed.version else None


class Follower:
    """Follows every hook that has a shadow; ``turn`` is for a beat."""

    def __init__(self, store: Store, hooks: Mapping[str, Hook], *, settle_s: float = SETTLE_S) -> None:
        """``hooks`` are those in use, as they are at each moment."""
        self._store = store
        self._hooks = hooks
        self._files = StandingStill(settle_s)
        self._versions = Versions(store, hooks)
        #: What was made of each hook's shadow, and of which contents and rules.
        self._made: dict[str, tuple[Content | None, str, Hook | None, tuple[Problem, ...]]] = {}
        #: Last good versions, by hook and version.
        self._good: dict[tuple[str, str], Hook | None] = {}
        self._told: dict[str, tuple[float, tuple[str, ...]]] = {}

    def turn(self) -> None:
        """Look at the files of the shadows, and compare what has come since the last turn. Raises StoreError."""
        hooks = {name: hook for name, hook in self._hooks.items() if hook.shadow}
        files = {name: file for name, hook in hooks.items() if (file := shadow_file(hook))}
        self._files.look(files.values())
        still = dict(self._files.items())
        deadline = time.monotonic() + BUDGET_S
        for name, file in files.items():
            if file in still or sign_of(file) is None:  # else it is being written
                self._follow(hooks[name], file, still.get(file), deadline)

    def _follow(self, hook: Hook, file: Path, content: Content | None, deadline: float) -> None:
        shadow, problems = self._make(hook, file, content)
        followed = self._store.shadows.get(hook.name)
        if shadow is None:
            shadow = self._last_good(hook, followed)
        elif followed is None or followed.version != shadow.version:
            self._store.shadows.begin(hook.name, shadow.version, shadow.text.decode())
            log.info("shadow.begun", extra={"hook": hook.name, "version": shadow.version})
            followed = self._store.shadows.get(hook.name)
        self._tell(hook.name, tuple(str(one) for one in problems))
        if shadow is not None and followed is not None:
            self._compare(hook.name, shadow, followed, deadline)

    def _make(self, hook: Hook, file: Path, content: Content | None) -> tuple[Hook | None, tuple[Problem, ...]]:
        """Read a shadow, where it or its hook was changed."""
        made = self._made.get(hook.name)
        if made is None or made[:2] != (content, hook.version):
            made = self._made[hook.name] = (content, hook.version, *self._read_anew(hook, file, content))
        return made[2:]

    def _read_anew(self, hook: Hook, file: Path, content: Content | None) -> tuple[Hook | None, tuple[Problem, ...]]:
        if content is None or content.held is None:
            words = content.fault if content else "is not there: put it there, or take the key shadow out"
            return None, (Problem(file=file.as_posix(), words=words),)
        shadow, problems = read_shadow(hook, content.held, read_trial)
        return shadow, rulebook.faults_among(problems)

    def _last_good(self, hook: Hook, followed: Followed | None) -> Hook | None:
        """Give the version that was followed before its file had faults: it goes on."""
        if followed is None or not followed.version:
            return None
        key = (hook.name, followed.version)
        if key not in self._good:
            self._good[key] = shadow_of(hook, followed)
        return self._good[key]

    def _tell(self, hook: str, faults: tuple[str, ...]) -> None:
        at, told = self._told.get(hook, (float("-inf"), ()))
        if told != faults or time.monotonic() - at > LOOKED_S:
            self._store.shadows.tell(hook, faults)
            self._told[hook] = (time.monotonic(), faults)
        if faults and told != faults:
            log.warning("shadow.faulty", extra={"hook": hook, "faults": list(faults)})

    def _compare(self, hook: str, shadow: Hook, followed: Followed, deadline: float) -> None:
        """Go on where the last turn ended, until all is compared or the time is up."""
        shadows, place = self._store.shadows, followed.place
        for ids, after in self._log(hook, place):
            step = self._step(shadow, ids, after)
            if not shadows.note(hook, shadow.version, place, step) or time.monotonic() > deadline:
                return
            place = after
        now_ms = self._store.events.now_ms()
        if due := shadows.due_later(hook, now_ms, STRIDE):
            shadows.settle(hook, shadow.version, self._settle(shadow, due, now_ms))

    def _log(self, hook: str, place: Place) -> Iterator[tuple[list[str], Place]]:
        """Give the ids behind a place, some at a time, each with the place behind them."""
        # The day is asked first: once it is over, nothing is added to the log of the day before.
        today = self._store.events.today()
        day, at = place.day, place.at
        while True:
            if ids := self._store.events.log(hook, day, at, at + STRIDE):
                at += len(ids)
                yield ids, Place(day, at)
            elif day < today:
                day, at = day + 1, 0
            else:
                break
        if at == 0 and place.day < today:
            yield [], Place(day, at)

    def _step(self, shadow: Hook, ids: Sequence[str], after: Place) -> Step:
        counts: Counter[str] = Counter()
        differing, later = [], []
        found = {stored.id: stored for stored in self._store.events.events(ids)}
        for id in ids:
            stored = found.get(id)
            if stored is None:
                counts["gone"] += 1
            elif not ready(stored):
                later.append(id)
            else:
                one = compared(stored, self._versions.then(stored), shadow)
                counts += counts_of(one, stored.version)
                if not one.same:
                    differing.append((id, stored.received_ms))
        return Step(to=after, counts=counts, differing=differing, later=later)

    def _settle(self, shadow: Hook, ids: Sequence[str], now_ms: int) -> Settled:
        """Compare those of these events of which something can be said by now."""
        found = {stored.id: stored for stored in self._store.events.events(ids)}
        counts: dict[str, Mapping[str, int]] = {id: {"gone": 1} for id in ids if id not in found}
        differing, again = {}, {}
        for id, stored in found.items():
            if not ready(stored):
                rest_ms = AGAIN_MS if now_ms - stored.received_ms < SOON_MS else SELDOM_MS
                again[id] = now_ms + rest_ms
                continue
            one = compared(stored, self._versions.then(stored), shadow)
            counts[id] = counts_of(one, stored.version)
            if not one.same:
                differing[id] = stored.received_ms
        return Settled(counts=counts, differing=differing, again=again)


def behind(store: Store, followed: Followed) -> int:
    """Give how many events its hook has accepted that are not compared yet."""
    today = store.events.today()
    first = max(followed.place.day, today - store.retention_ms // DAY_MS - 1)
    sizes = [store.events.log_sizes([followed.hook], day)[followed.hook] for day in range(first, today + 1)]
    done = followed.place.at if first == followed.place.day else 0
    return max(0, sum(sizes) - done)
