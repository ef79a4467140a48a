"""What many differences come to: counts by hook, by field and by rule, each with a few examples. Bounded in memory.

A report grows one difference at a time, and reports of parts of the events are added up into one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from relay.backtest.coverage import Coverage, RuleCount
from relay.backtest.difference import Difference, FieldChange, Kind
from relay.model import Json

#: Examples of one thing that are kept, unless it is said otherwise.
EXAMPLES = 3
#: Different words that are counted each by itself: they name rules and registers, of which a hook file has so many.
MOST_WORDS = 50


def _of_kind(kind: Kind) -> Callable[[Difference], bool]:
    return lambda one: any(change.kind is kind for change in one.fields)


#: What is counted of events: by its name in conditions and in JSON, whether it is so.
METRICS: Mapping[str, Callable[[Difference], bool]] = {
    "changed": lambda one: not one.same,
    "newly_mapped": lambda one: one.newly_mapped,
    "no_longer_mapped": lambda one: one.no_longer_mapped,
    "newly_faulty": lambda one: one.newly_faulty,
    "fault_gone": lambda one: one.fault_gone,
    "lost_field": _of_kind(Kind.LOST),
    "gained_field": _of_kind(Kind.GAINED),
    "changed_field": _of_kind(Kind.CHANGED),
    "cleared_field": _of_kind(Kind.CLEARED),
    "changed_lead": lambda one: one.lead,
    "changed_time": lambda one: one.time,
    "changed_id": lambda one: one.id,
    "changed_steps": lambda one: one.steps,
}
#: Those that can be asked for of one field: ``lost_field:phone``.
OF_FIELDS = {f"{kind.value}_field": kind for kind in Kind}

K = TypeVar("K")


@dataclass(slots=True)
class Example:
    """One way in which a field differs, as one event shows it, and how many events differ in just this way."""

    kind: Kind
    old: Json
    new: Json
    old_rule: str
    new_rule: str
    event: str
    times: int = 1


@dataclass(slots=True)
class FieldCount:
    """How often one field differs, in each way."""

    counts: Counter[Kind] = field(default_factory=Counter)
    #: By the way and the two values; of the values that are not among them, no more is known than the count.
    examples: dict[str, Example] = field(default_factory=dict)

    def add(self, change: FieldChange, event: str, most: int) -> None:
        self.counts[change.kind] += 1
        example = Example(change.kind, change.old, change.new, change.old_rule, change.new_rule, event)
        self._keep(repr((change.kind.value, change.old, change.new)), example, most)

    def merge(self, other: FieldCount, most: int) -> None:
        self.counts.update(other.counts)
        for key, example in other.examples.items():
            self._keep(key, example, most)

    def _keep(self, key: str, example: Example, most: int) -> None:
        if (known := self.examples.get(key)) is not None:
            known.times += example.times
        elif sum(one.kind is example.kind for one in self.examples.values()) < most:
            self.examples[key] = example

    def of(self, kind: Kind) -> list[Example]:
        return [one for one in self.examples.values() if one.kind is kind]


@dataclass(slots=True)
class Told:
    """How often something was so, and the first events of which it was."""

    count: int = 0
    events: list[str] = field(default_factory=list)

    def add(self, event: str, most: int) -> None:
        self.merge(Told(1, [event]), most)

    def merge(self, other: Told, most: int) -> None:
        self.count += other.count
        self.events += other.events[: max(0, most - len(self.events))]


@dataclass(slots=True)
class HookReport:
    """The events of one hook."""

    hook: str
    #: '' where there is no hook file, or where events are held against their records.
    old_version: str = ""
    new_version: str = ""
    #: Whether its events are held against their records, and not against other rules.
    as_mapped: bool = False
    #: Whether both versions are the same, so that its events were counted and not mapped.
    unchanged: bool = False
    events: int = 0
    #: By the names in METRICS.
    metrics: dict[str, Told] = field(default_factory=dict)
    #: How events ended before and now, where that differs: ``mapped -> parked``.
    ends: dict[str, Told] = field(default_factory=dict)
    fields: dict[str, FieldCount] = field(default_factory=dict)
    #: By register and words, what fails that did not, and what fails no more.
    new_faults: dict[str, Told] = field(default_factory=dict)
    gone_faults: dict[str, Told] = field(default_factory=dict)
    #: Why events are not delivered now that were.
    whys: dict[str, Told] = field(default_factory=dict)
    #: Leads that events went to and go to now: event, old, new.
    leads: list[tuple[str, str, str]] = field(default_factory=list)
    rules: dict[str, RuleCount] = field(default_factory=dict)

    def anew(self) -> HookReport:
        """Give a report of the same rules, without any event yet."""
        return HookReport(
            hook=self.hook,
            old_version=self.old_version,
            new_version=self.new_version,
            as_mapped=self.as_mapped,
            unchanged=self.unchanged,
        )

    def count(self, metric: str, register: str = "") -> int:
        """Say of how many events a metric is true; of a field, where one is named."""
        if register:
            one = self.fields.get(register)
            return one.counts[OF_FIELDS[metric]] if one else 0
        told = self.metrics.get(metric)
        return told.count if told else 0

    @property
    def same(self) -> int:
        return self.events - self.count("changed")

    @property
    def only_change(self) -> int:
        """Events that were mapped and still are, or were not and still are not, and differ."""
        return self.count("changed") - self.count("newly_mapped") - self.count("no_longer_mapped")

    def add(self, one: Difference, most: int) -> None:
        self.events += 1
        if one.same:
            return
        for name, holds in METRICS.items():
            if holds(one):
                self.metrics.setdefault(name, Told()).add(one.event, most)
        for change in one.fields:
            self.fields.setdefault(change.register, FieldCount()).add(change, one.event, most)
        if one.ended:
            self.ends.setdefault(f"{one.old.end.value} -> {one.new.end.value}", Told()).add(one.event, most)
            if one.new.why:
                _bounded(self.whys, one.new.why).add(one.event, most)
        if one.lead and len(self.leads) < most:
            self.leads.append((one.event, one.old.lead, one.new.lead))
        for faults, told in ((one.new_faults, self.new_faults), (one.gone_faults, self.gone_faults)):
            for fault in faults:
                _bounded(told, f"{fault.register} {fault.words}").add(one.event, most)

    def merge(self, other: HookReport, most: int) -> None:
        self.events += other.events
        for mine, theirs in (
            (self.metrics, other.metrics),
            (self.ends, other.ends),
            (self.new_faults, other.new_faults),
            (self.gone_faults, other.gone_faults),
            (self.whys, other.whys),
        ):
            for key, told in theirs.items():
                _bounded(mine, key).merge(told, most)
        for register, count in other.fields.items():
            self.fields.setdefault(register, FieldCount()).merge(count, most)
        self.leads += other.leads[: max(0, most - len(self.leads))]
        for rule, counted in other.rules.items():
            self.rules.setdefault(rule, RuleCount()).merge(counted)


def _bounded(told: dict[str, Told], key: str) -> Told:
    return told.setdefault(key if key in told or len(told) < MOST_WORDS else "others", Told())


@dataclass(slots=True)
class Report:
    """What was found of all events that were looked at."""

    #: Examples of each thing that are kept.
    most: int = EXAMPLES
    hooks: dict[str, HookReport] = field(default_factory=dict)
    #: Events of hooks for which there are no rules on either side, by hook; they are no part of the other counts.
    without_rules: Counter[str] = field(default_factory=Counter)
    #: Whether there may be more events than were looked at.
    more: bool = False

    @property
    def events(self) -> int:
        return sum(one.events for one in self.hooks.values())

    @property
    def compared(self) -> int:
        """Events of hooks of which the rules differ: what shares are counted of."""
        return sum(one.events for one in self.hooks.values() if not one.unchanged)

    @property
    def same(self) -> int:
        return sum(one.same for one in self.hooks.values())

    @property
    def only_change(self) -> int:
        return sum(one.only_change for one in self.hooks.values())

    def count(self, metric: str, register: str = "") -> int:
        return sum(one.count(metric, register) for one in self.hooks.values())

    def add(self, one: Difference) -> None:
        self.hooks[one.hook].add(one, self.most)

    def cover(self, hook: str, old: Coverage | None, new: Coverage | None) -> None:
        """Take over how often the rules of a hook held."""
        rules = self.hooks[hook].rules
        for coverage, side in ((old, "old"), (new, "new")):
            for name, counts in coverage.taken() if coverage else ():
                rules.setdefault(name, RuleCount()).add(side, counts)

    def merge(self, other: Report) -> None:
        """Add a report of other events to this one."""
        for name, one in other.hooks.items():
            if name not in self.hooks:
                self.hooks[name] = one.anew()
            self.hooks[name].merge(one, self.most)
        self.without_rules.update(other.without_rules)
        self.more = self.more or other.more

    def by_weight(self) -> Iterator[HookReport]:
        """Give the hooks, those first of which most events differ."""
        return iter(sorted(self.hooks.values(), key=lambda one: (-one.count("changed"), one.hook)))
