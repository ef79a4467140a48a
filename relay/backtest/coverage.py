"""How often each rule of a hook file held, and gave a value, while events were mapped by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

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


class Coverage:
    """A hook file whose rules are counted; map by ``hook``."""

    def __init__(self, hook: Hook) -> None:
        self._held = dict.fromkeys((rule.name for rule in hook.rules), 0)
        self._gave = dict(self._held)
        self.hook = replace(hook, rules=tuple(replace(rule, run=self._counting(rule)) for rule in hook.rules))

    def _counting(self, rule: Rule) -> Callable[[Scope], Outcome | None]:
        run, name, held, gave = rule.run, rule.name, self._held, self._gave

        def run_and_count(scope: Scope) -> Outcome | None:
            outcome = run(scope)
            if outcome is not None:
                held[name] += 1
                gave[name] += bool(outcome.set)
            return outcome

        return run_and_count

    def taken(self) -> Iterator[tuple[str, Counts]]:
        """Give the counts by rule, and begin anew."""
        for name in self._held:
            yield name, Counts(self._held[name], self._gave[name])
            self._held[name] = self._gave[name] = 0
