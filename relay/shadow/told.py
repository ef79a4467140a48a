"""What the shadow of a hook has found: counts of all events, and the last that differ with what differs of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from relay.backtest.as_json import difference_json
from relay.backtest.difference import Difference, Kind
from relay.backtest.report import METRICS, OF_FIELDS, HookReport
from relay.hooks import Hook
from relay.model import Json
from relay.replay.versions import Versions
from relay.shadow.follow import behind, compared, shadow_of
from relay.store import Store
from relay.store.shadows import Followed
from relay.telling import times

#: Differing events that are looked at for examples, the newest.
SHOWN = 50
#: A shadow that nobody has looked after for so long is not followed now.
SEEN_MS = 60_000
#: What is counted of whole events, in the order in which it is told.
WHOLE = tuple(name for name in METRICS if name != "changed" and name not in OF_FIELDS)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A hook's shadow, and what it has found."""

    hook: Hook
    #: None where it was never followed.
    followed: Followed | None = None
    #: Events that are not compared yet, beside those whose answers are to be fetched first.
    behind: int = 0
    now_ms: int
    #: The events that differ, newest first; the first of them.
    differing: tuple[Difference, ...] = ()
    #: When each of them was received, in ms since 1970.
    received_ms: Mapping[str, int]

    @property
    def counts(self) -> Mapping[str, int]:
        return self.followed.counts if self.followed else {}

    @property
    def events(self) -> int:
        return self.counts.get("events", 0)

    @property
    def changed(self) -> int:
        return self.counts.get("changed", 0)

    @property
    def same(self) -> int:
        return self.events - self.changed

    @property
    def watched(self) -> bool:
        """Whether a background worker looks after it."""
        return self.followed is not None and self.now_ms - self.followed.looked_ms < SEEN_MS

    @property
    def live(self) -> Mapping[str, int]:
        """By which versions of the rules in use the events were mapped, and how many."""
        return {name[len("live:") :]: number for name, number in self.counts.items() if name.startswith("live:")}

    @property
    def whole(self) -> Mapping[str, int]:
        """What differs of whole events, as far as anything does."""
        return {name: self.counts[name] for name in WHOLE if self.counts.get(name)}

    @cached_property
    def report(self) -> HookReport:
        """The newest differing events, added up, with examples."""
        report = HookReport(self.hook.name)
        for one in self.differing:
            report.add(one, 3)
        return report

    @cached_property
    def fields(self) -> Mapping[str, Mapping[str, int]]:
        """How often each register differs, and in which way, the one first that differs most."""
        found: dict[str, dict[str, int]] = {}
        for name, number in self.counts.items():
            metric, colon, register = name.partition(":")
            if colon and metric in OF_FIELDS:
                found.setdefault(register, dict.fromkeys((kind.value for kind in Kind), 0))
                found[register][OF_FIELDS[metric].value] = number
        return dict(sorted(found.items(), key=lambda one: (-sum(one[1].values()), one[0])))


def with_shadow(hooks: Mapping[str, Hook]) -> list[Hook]:
    """Give the hooks that have a shadow, by name."""
    return [hook for _, hook in sorted(hooks.items()) if hook.shadow]


def told_of(store: Store, hook: Hook, *, most: int = SHOWN) -> Told:
    """Gather it all, with so many of the events that differ. Raises StoreError."""
    followed, now_ms = store.shadows.get(hook.name), store.events.now_ms()
    if followed is None:
        return Told(hook=hook, now_ms=now_ms, received_ms={})
    shadow = shadow_of(hook, followed)
    ids = store.shadows.differing(hook.name, most) if shadow else []
    events = {stored.id: stored for stored in store.events.events(ids)}
    versions = Versions(store, {})
    found = [compared(events[id], versions.then(events[id]), shadow) for id in ids if id in events] if shadow else []
    return Told(
        hook=hook,
        followed=followed,
        behind=behind(store, followed),
        now_ms=now_ms,
        # One may have been mapped anew since, by rules that make of it what the shadow does.
        differing=tuple(one for one in found if not one.same),
        received_ms={id: one.received_ms for id, one in events.items()},
    )


def told_json(told: Told) -> dict[str, Json]:
    """Give it for a script."""
    followed = told.followed
    return {
        "hook": told.hook.name,
        "shadow": told.hook.shadow,
        "version": followed.version if followed else "",
        **times("since", followed.since_ms if followed and followed.since_ms else None),
        "followed": told.watched,
        "faults": list(followed.faults) if followed else [],
        "events": told.events,
        "same": told.same,
        **{name: told.counts.get(name, 0) for name in METRICS},
        "gone": told.counts.get("gone", 0),
        "behind": told.behind,
        "waiting_for_answers": followed.later if followed else 0,
        "live_versions": dict(told.live),
        "fields": [_field_json(told, register, dict(numbers)) for register, numbers in told.fields.items()],
        "differing": [
            {**times("received", told.received_ms[one.event]), "difference": difference_json(one)}
            for one in told.differing
        ],
    }


def _field_json(told: Told, register: str, numbers: dict[str, Json]) -> Json:
    counted = told.report.fields.get(register)
    examples: list[Json] = [
        {"kind": one.kind.value, "old": one.old, "new": one.new, "event": one.event}
        for one in (counted.examples.values() if counted else ())
    ]
    return {"field": register, **numbers, "examples": examples}
