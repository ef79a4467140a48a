"""Hooks as rows of a table: how each fares, when it last had an event, how many came, what waits for a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from relay import forms
from relay.hooks import Hook
from relay.model import Json
from relay.ops.means import Means
from relay.senders import ABOUT
from relay.settings import DAY_MS
from relay.silence import Silence
from relay.store.alarms import Alarm
from relay.store.events import Rejection
from relay.store.gates import Pause
from relay.store.meters import HOUR_MS
from relay.store.overview import DAYS
from relay.store.serving import FaultyFile, Served
from relay.telling import pause_json, times
from relay.texts import N_

#: What stands before the name of a hook file.
FOLDERS = re.compile(r"^.*?/(?=[^/:]+\.ya?ml\b)")
#: Hours of a trend, the one of now among them.
TREND = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the store says of all hooks at one moment."""

    now_ms: int
    #: Every hook that there ever was.
    known: frozenset[str]
    #: When each last had an event, in ms since 1970.
    last: Mapping[str, int]
    #: Events accepted by hook and hour (hours since 1970), of today and yesterday.
    hours: Mapping[str, Mapping[int, int]]
    #: Events of all days by where they stand.
    counts: Mapping[str, Counter[str]]
    paused: Mapping[str, Pause]
    #: Requests refused within a day, newest first.
    rejected: tuple[Rejection, ...]
    alarms: tuple[Alarm, ...]
    #: Hook files that have faults, by hook; and what serves, since when.
    faulty: Mapping[str, FaultyFile]
    served: Mapping[str, Served]
    #: Names that rules of each hook read and its forms no longer give, where nobody has said that this is meant.
    drifted: Mapping[str, int]


def drifted(means: Means, hooks: Sequence[str] | None = None) -> dict[str, int]:
    """Count the changes of forms that need a person, by hook; for all hooks it takes many reads. Raises StoreError."""
    told = forms.look(means.store, means.hooks, hooks)
    counts = {hook: sum(len(forms.open_drifts([one])) for one in several) for hook, several in told.items()}
    return {hook: count for hook, count in counts.items() if count}


def look(means: Means, drifted: Mapping[str, int]) -> Look:
    """Ask the store; what forms have lost is given. Raises StoreError."""
    store = means.store
    now_ms = store.events.now_ms()
    day = now_ms // DAY_MS
    return Look(
        now_ms=now_ms,
        known=frozenset(store.door.known()),
        last=store.meters.last(),
        hours=store.meters.hours(day - 1, day),
        counts=store.overview.counts(range(day - DAYS, day + 1)),
        paused=store.steering.paused_hooks(),
        rejected=tuple(one for one in store.events.rejected() if one.at_ms > now_ms - DAY_MS),
        alarms=tuple(store.alarms.current()),
        faulty=store.serving.faulty(),
        served=store.serving.versions(),
        drifted=drifted,
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to know of a hook at a glance."""

    words: str
    #: 'good', 'warn', 'bad', or '' for neither.
    kind: str


#: What a hook can be like. Several hold at once; what is wrong comes first.
NOT_LOADED = Mark(N_("not loaded"), "bad")
FAULTY = Mark(N_("faulty rules"), "bad")
PAUSED = Mark(N_("paused"), "warn")
RESUMING = Mark(N_("being resumed"), "warn")
QUIET = Mark(N_("quiet"), "warn")
CHANGED = Mark(N_("form changed"), "bad")
REJECTED = Mark(N_("refused lately"), "warn")
RECEIVING = Mark(N_("receiving"), "good")
IDLE = Mark(N_("no event in 24 h"), "")
NEW = Mark(N_("no event yet"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hook, as the list shows it."""

    name: str
    #: As its hook file names it, and as its maker writes it; empty where it is not loaded.
    sender: str
    title: str
    #: Version of its hook file; empty where it is not loaded.
    version: str
    marks: tuple[Mark, ...]
    #: When it last had an event, in ms since 1970; 0 for never.
    last_ms: int
    today: int
    #: Events of the last 24 hours, the one of now begun, by the hour.
    trend: tuple[int, ...]
    dead: int
    parked: int
    #: Requests refused within a day.
    rejected: int
    pause: Pause | None = None
    #: Set where it is quiet beyond its habit.
    silence: Silence | None = None
    #: Set where its file has faults.
    faulty: FaultyFile | None = None
    #: Since when its version serves, in ms since 1970; 0 where that is not known.
    serves_since_ms: int = 0
    #: Names that its rules read and its forms no longer give.
    drifted: int = 0

    @property
    def of_24h(self) -> int:
        return sum(self.trend)

    @property
    def faults(self) -> list[str]:
        """What is wrong with its file, as pages say it."""
        return [without_folder(line) for line in self.faulty.lines] if self.faulty else []


def without_folder(line: str) -> str:
    """Give a line about a hook file with the name of the file alone: ``cotiza.yaml:14:7: ...``."""
    return FOLDERS.sub("", line, count=1)


def rows_of(found: Look, hooks: Mapping[str, Hook], quiet: Mapping[str, Silence]) -> list[Row]:
    """Give a row for every hook that is loaded, or was once, by name; those that are gone last."""
    named = {*hooks, *found.known, *found.faulty} - {""}
    names = sorted(named, key=lambda name: (name not in hooks, name))
    return [row_of(name, found, hooks.get(name), quiet.get(name)) for name in names]


def row_of(name: str, found: Look, hook: Hook | None, silence: Silence | None) -> Row:
    hours, hour = found.hours.get(name, {}), found.now_ms // HOUR_MS
    counts: Mapping[str, int] = found.counts.get(name, {})
    refused = sum(one.hook == name for one in found.rejected)
    last_ms = found.last.get(name, 0)
    served = found.served.get(name)
    return Row(
        name=name,
        sender=hook.sender if hook else "",
        title=ABOUT[hook.sender].title if hook else "",
        version=hook.version if hook else "",
        marks=tuple(_marks(name, found, loaded=hook is not None, refused=refused, silence=silence)),
        last_ms=last_ms,
        today=sum(count for at, count in hours.items() if at // 24 == hour // 24),
        trend=tuple(hours.get(at, 0) for at in range(hour - TREND + 1, hour + 1)),
        dead=counts.get("dead", 0),
        parked=counts.get("parked", 0),
        rejected=refused,
        pause=found.paused.get(name),
        silence=silence if silence and silence.silent else None,
        faulty=found.faulty.get(name),
        serves_since_ms=served.since_ms if served and hook and served.version == hook.version else 0,
        drifted=found.drifted.get(name, 0),
    )


def _marks(name: str, found: Look, *, loaded: bool, refused: int, silence: Silence | None) -> Iterator[Mark]:
    """Say what a hook is like: what is wrong first, and whether it receives where nothing else says so."""
    if not loaded:
        yield NOT_LOADED
    if name in found.faulty:
        yield FAULTY
    if name in found.paused:
        yield RESUMING if found.paused[name].resuming else PAUSED
    quiet = silence is not None and silence.silent
    if name in found.drifted:
        yield CHANGED
    if quiet:
        yield QUIET
    if refused:
        yield REJECTED
    last_ms = found.last.get(name, 0)
    if not quiet:
        yield RECEIVING if last_ms > found.now_ms - DAY_MS else IDLE if last_ms else NEW


def row_json(row: Row) -> dict[str, Json]:
    return {
        "hook": row.name,
        "sender": row.sender,
        "loaded": bool(row.version),
        "version": row.version,
        "state": [mark.words for mark in row.marks],
        **times("last", row.last_ms or None),
        "today": row.today,
        "last_24h": row.of_24h,
        "trend": list(row.trend),
        "dead": row.dead,
        "parked": row.parked,
        "rejected_lately": row.rejected,
        "paused": None if row.pause is None else pause_json(row.name, row.pause),
        "silent": row.silence is not None,
        "faults": list(row.faulty.lines) if row.faulty else [],
        **times("serves_since", row.serves_since_ms or None),
        "lost_names": row.drifted,
    }
