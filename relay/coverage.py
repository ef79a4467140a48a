"""How often each rule held, and gave each of its values: what is counted of an event, and what the counts say.

A rule is counted under its name and its condition, a value under these and its expression, so that a rule that is
changed starts anew while the others of its file go on. Events that their senders mark as tests are not counted, nor is
a duplicate, nor what is mapped again for a replay. A process that is killed takes with it what it counted since its
last second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from relay.hooks import Hook, Rule
from relay.mapping.explain import condition_of, source_of
from relay.model import Held, Json
from relay.store import Store
from relay.store.events import DAY_MS
from relay.telling import times

#: What is counted of a hook as a whole: its events, those that no rule held for, those that failed as a whole.
EVENTS, UNTAKEN, FAILED = "n", "none", "failed"
#: Fewer events say nothing of a rule that did not hold for any.
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Marks:
    """Under what one rule is counted."""

    rule: str
    #: By register.
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCovered:
    """One register of one rule."""

    register: str
    line: int
    #: How often the rule gave a value for it, and how often one that had to be held back.
    gave: int
    faulty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCovered:
    """One rule, as it stands in the file now."""

    name: str
    line: int
    #: Events that came to it, and for how many of them it held.
    considered: int
    held: int
    fields: tuple[FieldCovered, ...]

    @property
    def never(self) -> bool:
        """Whether it seems never to hold."""
        return not self.held and self.considered >= ENOUGH


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCovered:
    """One hook's rules over some days."""

    hook: str
    version: str
    file: str
    #: The first moment that is counted, in ms since 1970: the begin of a day in UTC.
    since_ms: int
    events: int
    #: Events that no rule held for, and those that failed as a whole.
    untaken: int
    failed: int
    rules: tuple[RuleCovered, ...]


def marks_of(hook: Hook) -> dict[str, Marks]:
    """Give for each rule of a hook under what it is counted."""
    return {rule.name: _marks(rule) for rule in hook.rules}


def _marks(rule: Rule) -> Marks:
    of_rule = _short(rule.name, condition_of(rule))
    values = {register: _short(of_rule, register, source_of(rule, register)) for register in rule.lines}
    return Marks(rule=of_rule, values=values)


def _short(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()[:8]


def counted(
    hook: Hook,
    marks: Mapping[str, Marks],
    *,
    held: tuple[Held, ...],
    faults: tuple[tuple[str, str], ...],
    failed: bool,
) -> Iterator[str]:
    """Give what to count of an event; ``faults`` are the rules and registers of values that were held back."""
    yield EVENTS
    if failed:
        yield FAILED
        return
    if not held:
        yield UNTAKEN
    gave = {one.rule: one.gave for one in held}
    for rule in hook.rules:
        known = marks[rule.name]
        yield f"{known.rule}:c"
        if rule.name in gave:
            yield f"{known.rule}:h"
            yield from (f"{known.values[register]}:v" for register in gave[rule.name] if register in known.values)
            if rule.stop:
                break
    yield from (f"{marks[rule].values[one]}:f" for rule, one in faults if one in marks[rule].values)


def covered(store: Store, hook: Hook, *, since_ms: int) -> HookCovered:
    """Say of each rule of a hook how often it held since the day of this moment. Raises StoreError."""
    today = store.events.today()
    first = min(since_ms // DAY_MS, today)
    counts = store.coverage.counts(hook.name, first, today)
    marks = marks_of(hook)
    return HookCovered(
        hook=hook.name,
        version=hook.version,
        file=hook.file,
        since_ms=first * DAY_MS,
        events=counts[EVENTS],
        untaken=counts[UNTAKEN],
        failed=counts[FAILED],
        rules=tuple(_rule(rule, marks[rule.name], counts) for rule in hook.rules),
    )


def _rule(rule: Rule, marks: Marks, counts: Mapping[str, int]) -> RuleCovered:
    fields = tuple(
        FieldCovered(
            register=register,
            line=rule.lines[register],
            gave=counts.get(f"{mark}:v", 0),
            faulty=counts.get(f"{mark}:f", 0),
        )
        for register, mark in marks.values.items()
    )
    considered, held = counts.get(f"{marks.rule}:c", 0), counts.get(f"{marks.rule}:h", 0)
    return RuleCovered(name=rule.name, line=rule.line, considered=considered, held=held, fields=fields)


def covered_json(one: HookCovered) -> dict[str, Json]:
    return {
        "hook": one.hook,
        "version": one.version,
        "file": one.file,
        **times("since", one.since_ms),
        "events": one.events,
        "no_rule_held": one.untaken,
        "failed": one.failed,
        "rules": [_rule_json(rule) for rule in one.rules],
    }


def _rule_json(one: RuleCovered) -> dict[str, Json]:
    fields: list[Json] = [
        {"field": field.register, "line": field.line, "gave": field.gave, "faulty": field.faulty}
        for field in one.fields
    ]
    return {
        "name": one.name,
        "line": one.line,
        "considered": one.considered,
        "held": one.held,
        "never": one.never,
        "fields": fields,
    }
