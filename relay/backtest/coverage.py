"""How often each rule of a hook file held, and gave a value, while events were mapped by it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from relay.expressions.formulas import Unit
from relay.hooks import Hook, Outcome, Rule, Scope


class Counts(NamedTuple):
    """Of how many events a rule held, and of how many of these it gave some value."""

    held: int = 0
    gave: int = 0


@dataclass(slots=True)
class RuleCount:
    """One rule, by its name, in the old rules and in the new ones; None where they have none of that name."""

    old: Counts | None = None
    new: Counts | None = None

    def add(self, side: str, more: Counts) -> None:
        before: Counts = getattr(self, side) or Counts()
        setattr(self, side, Counts(before.held + more.held, before.gave + more.gave))

    def merge(self, other: RuleCount) -> None:
        for side in ("old", "new"):
            if (more := getattr(other, side)) is not None:
                self.add(side, more)


#: What rules made of the event in hand, for those that are the same in two hook files; empty before each event.
Memo: TypeAlias = "dict[str, Outcome | None]"


class Coverage:
    """A hook file whose rules are counted; map by ``hook``.

    With a ``memo`` rules that another hook file has too are run once for both: give only hook files one that see the
    same of an event, as ``alike`` says, and clear it before each.
    """

    def __init__(self, hook: Hook, memo: Memo | None = None) -> None:
        self._held = dict.fromkeys((rule.name for rule in hook.rules), 0)
        self._gave = dict(self._held)
        self._memo = memo
        self.hook = replace(hook, rules=tuple(replace(rule, run=self._counting(rule)) for rule in hook.rules))

    def _counting(self, rule: Rule) -> Callable[[Scope], Outcome | None]:
        run, name, held, gave = self._remembering(rule), rule.name, self._held, self._gave

        def run_and_count(scope: Scope) -> Outcome | None:
            outcome = run(scope)
            if outcome is not None:
                held[name] += 1
                gave[name] += bool(outcome.set)
            return outcome

        return run_and_count

    def _remembering(self, rule: Rule) -> Callable[[Scope], Outcome | None]:
        run, memo, key = rule.run, self._memo, _key(rule)
        if memo is None or key is None:
            return run

        def run_once(scope: Scope) -> Outcome | None:
            if key not in memo:
                memo[key] = run(scope)  # not where it raises: then the other one raises by itself
            return memo[key]

        return run_once

    def taken(self) -> Iterator[tuple[str, Counts]]:
        """Give the counts by rule, and begin anew."""
        for name in self._held:
            yield name, Counts(self._held[name], self._gave[name])
            self._held[name] = self._gave[name] = 0


def _key(rule: Rule) -> str | None:
    """Write all that a rule's outcome depends on, beside what it sees; None where that is not known."""
    unit = rule.run
    if not isinstance(unit, Unit):
        return None
    # Interned, so that the two hook files have one text: it is looked up for every rule of every event.
    return sys.intern(repr((unit.rule, unit.when, unit.templates, unit.literals)))


def alike(old: Hook, new: Hook) -> bool:
    """Whether the rules of two hook files see the same of any event."""
    return _seen_by(old) == _seen_by(new)


def _seen_by(hook: Hook) -> object:
    own = [one and one.source for one in (hook.event_id, hook.event_time)]
    return hook.name, hook.sender, hook.signature, hook.tables, own
