"""Which names a hook file reads, and where: what is lost when a form no longer has one of them.

The check of hook files asks it for names that were never seen, the watch over forms for those that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relay.expressions.formulas import Reader, Unit
from relay.expressions.parts import Chain, names_in, stand_ins, written
from relay.hooks import Formula, Hook, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One name that a hook file reads in one place."""

    #: Its keys as written: ``('fields', 'nombre')``, ``('fields', 'grupo', 0)``; ``('fields',)`` where all are read.
    names: Chain
    #: Empty where the lead, or the event's own id or time, is read.
    rule: str = ""
    #: What it is read for: a register; ``lead: id``, ``lead: match: phone``, ``event: time``; empty in a ``when``.
    register: str = ""
    line: int = 0
    #: The expression that it stands in.
    source: str = ""
    #: Names that are read in its place where it is missing: those behind ``or``, and in ``default(...)``.
    instead: tuple[Chain, ...] = ()

    @property
    def name(self) -> str:
        """Write the name as hook files do."""
        return written(self.names)


def uses(hook: Hook) -> tuple[Use, ...]:
    """Give every name that a hook file reads: those of each rule from top to bottom, then of the event and the lead."""
    return (*(use for rule in hook.rules for use in uses_of_rule(rule)), *uses_of_event(hook), *uses_of_lead(hook))


def uses_of_rule(rule: Rule) -> Iterator[Use]:
    unit = rule.run
    if not isinstance(unit, Unit):
        return
    if unit.when is not None:
        yield from uses_in([unit.when], rule=rule.name, line=rule.when_line or rule.line)
    for register, template in unit.templates.items():
        line = rule.lines.get(register, rule.line)
        yield from uses_in(template.holes, rule=rule.name, register=register, line=line)


def uses_of_event(hook: Hook) -> Iterator[Use]:
    for what, formula in (("event: id", hook.event_id), ("event: time", hook.event_time)):
        yield from uses_of_formula(formula, what)


def uses_of_lead(hook: Hook) -> Iterator[Use]:
    yield from uses_of_formula(hook.lead.id, "lead: id")
    for kind, formula in hook.lead.match:
        yield from uses_of_formula(formula, f"lead: match: {kind}")


def uses_of_formula(formula: Formula | None, what: str) -> Iterator[Use]:
    if formula is not None and isinstance(formula.read, Reader):
        yield from uses_in(formula.read.template.holes, register=what, line=formula.line)


def uses_in(sources: Iterable[str], *, rule: str = "", register: str = "", line: int) -> Iterator[Use]:
    """Give each name of these expressions, each once."""
    found: dict[Chain, str] = {}
    for source in sources:
        for names in names_in(source):
            found.setdefault(names, source)
    for names, source in found.items():
        instead = stand_ins(source).get(names, ())
        yield Use(names=names, rule=rule, register=register, line=line, source=source, instead=instead)
