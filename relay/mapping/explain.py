"""Says why an event was mapped as it was: which rules held and why the others did not, what set each field, which lead.

It runs what mapping runs, the same compiled rules over the same names in the same order, and keeps what each step saw.
It is pure and never raises: what can't be explained says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from relay.errors import ExpressionError
from relay.expressions.formulas import Reader, Unit
from relay.expressions.parts import Part, Seen, seen, values_seen
from relay.expressions.steps import Filtering, followed
from relay.hooks import Formula, Hook, Outcome, Rule, Scope
from relay.identities import name_of
from relay.mapping import Gathered, map_event, situated
from relay.model import Event, Fault, Json, Mapped, Name, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one rule that held makes of one register."""

    register: str
    #: As the file has it: an expression, or a literal.
    source: str
    line: int
    literal: bool
    #: None clears the field, unless the value is missing.
    value: Json = None
    #: Nothing came of it, so that the register is left out.
    missing: bool = False
    #: Why the value could not be used.
    fault: str = ""
    #: The values of the names in its expression.
    seen: tuple[Seen, ...] = ()
    #: What each filter in it made of its value.
    filtered: tuple[Filtering, ...] = ()
    #: The later rule that set the register in its place.
    overridden_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSeen:
    """One rule on one event."""

    name: str
    line: int
    #: Whether the run came to it.
    considered: bool
    #: None where that could not be said, or the run did not come to it.
    held: bool | None = None
    #: Why the run did not come to it, or what made the whole event fail in it.
    words: str = ""
    when_line: int = 0
    #: None where it says no condition: it always holds.
    when: Part | None = None
    #: What each filter in the condition made of its value.
    filtered: tuple[Filtering, ...] = ()
    settings: tuple[Setting, ...] = ()
    #: Registers of which it says something, in its order.
    registers: tuple[str, ...] = ()
    each: bool = False
    stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalValue:
    """One value of an update, and where it comes from."""

    #: Place of its update among those of the event.
    place: int
    register: str
    value: Json
    rule: str
    rule_line: int
    line: int
    source: str
    each: bool
    #: Rules above that had set the register too.
    overrode: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSeen:
    """One of the things by which a hook file finds the lead."""

    #: ``phone``, ``email`` or ``external_id``.
    kind: str
    source: str
    line: int
    value: Seen
    #: As leads are known by it; None where the value is missing or can't be one.
    name: Name | None = None
    words: str = ""
    seen: tuple[Seen, ...] = ()
    filtered: tuple[Filtering, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSeen:
    """How the event names its lead: by an id, or by what it is known by, in the order in which that is tried."""

    source: str = ""
    line: int = 0
    value: Seen | None = None
    words: str = ""
    #: The values of the names in its expression, and what each filter made of them.
    seen: tuple[Seen, ...] = ()
    filtered: tuple[Filtering, ...] = ()
    names: tuple[NameSeen, ...] = ()
    #: What becomes of an event whose lead is not known.
    missing: str = "park"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that mapping made of one event, and why."""

    mapped: Mapped
    rules: tuple[RuleSeen, ...] = ()
    lead: LeadSeen = field(default_factory=LeadSeen)
    update: tuple[FinalValue, ...] = ()
    #: Why there is no more to be said.
    words: str = ""


def explain_event(event: Event, hook: Hook, *, received_ms: int) -> Explanation:
    """Explain what ``map_event`` makes of an event; never raises."""
    mapped = map_event(event, hook, received_ms=received_ms)
    if event.fetch:
        return Explanation(mapped=mapped, words=f"its answers are not fetched yet: nothing was mapped for {hook.name}")
    try:
        return explained(mapped, event, hook, received_ms)
    except ExpressionError as error:
        return Explanation(mapped=mapped, words=str(error))
    except Exception as error:
        return Explanation(mapped=mapped, words=f"it can't be explained ({type(error).__name__})")


def explained(mapped: Mapped, event: Event, hook: Hook, received_ms: int) -> Explanation:
    _, _, scope = situated(event, hook, received_ms)
    gathered = Gathered()
    rules = tuple(run(hook, scope, gathered))
    return Explanation(
        mapped=mapped,
        rules=with_overriders(rules),
        lead=lead_seen(hook, scope),
        # An event that fails as a whole sets nothing.
        update=tuple(finals(gathered.updates, rules)) if mapped.updates else (),
    )


def run(hook: Hook, scope: Scope, gathered: Gathered) -> Iterator[RuleSeen]:
    """Run the rules as mapping does, and go on to say of the others that the run did not come to them."""
    ended = ""
    for rule in hook.rules:
        if ended:
            yield replace(unseen(rule), words=ended)
            continue
        looked, outcome = look(rule, scope)
        yield looked
        if looked.held is None:
            ended = f"the event had failed in rule {rule.name!r} above"
        elif outcome is not None:
            gathered.add(rule, outcome)
            ended = f"rule {rule.name!r} above held and ended the run" if rule.stop else ""


def unseen(rule: Rule) -> RuleSeen:
    """Give of a rule what its file says."""
    return RuleSeen(
        name=rule.name,
        line=rule.line,
        considered=False,
        when_line=rule.when_line,
        registers=tuple(rule.lines),
        each=rule.each,
        stop=rule.stop,
    )


def look(rule: Rule, scope: Scope) -> tuple[RuleSeen, Outcome | None]:
    """Run one rule, and say why it held or did not."""
    told = replace(unseen(rule), considered=True, when=when_of(rule, scope), filtered=when_filtered(rule, scope))
    try:
        outcome = rule.run(scope)
    except ExpressionError as error:
        return replace(told, words=str(error)), None
    settings = () if outcome is None else tuple(settings_of(rule, outcome, scope))
    return replace(told, held=outcome is not None, settings=settings), outcome


def when_of(rule: Rule, scope: Scope) -> Part | None:
    unit = rule.run
    return unit.parts.look(scope) if isinstance(unit, Unit) and unit.parts else None


def when_filtered(rule: Rule, scope: Scope) -> tuple[Filtering, ...]:
    return followed(rule.run.chains, scope) if isinstance(rule.run, Unit) else ()


def settings_of(rule: Rule, outcome: Outcome, scope: Scope) -> Iterator[Setting]:
    """Say what a rule makes of each of its registers."""
    alone = Gathered()
    alone.add(rule, outcome)
    faults = {fault.register: fault for fault in alone.faults}
    values = {register: value for update in alone.updates for register, value in update.set.items()}
    for register in dict.fromkeys((*rule.lines, *values, *faults)):
        yield setting_of(rule, register, values, faults.get(register), scope)


def setting_of(rule: Rule, register: str, values: dict[str, Json], fault: Fault | None, scope: Scope) -> Setting:
    unit = rule.run
    template = unit.templates.get(register) if isinstance(unit, Unit) else None
    return Setting(
        register=register,
        source=source_of(rule, register),
        line=rule.lines.get(register, rule.line),
        literal=template is None,
        value=values.get(register),
        missing=register not in values and fault is None,
        fault=fault.words if fault else "",
        seen=values_seen(template.holes, unit.language, scope) if template and isinstance(unit, Unit) else (),
        filtered=followed(unit.readers[register].chains, scope) if template and isinstance(unit, Unit) else (),
    )


def condition_of(rule: Rule) -> str:
    """Give what the file says of when a rule holds; empty where it always does."""
    return (rule.run.when or "").strip() if isinstance(rule.run, Unit) else ""


def source_of(rule: Rule, register: str) -> str:
    """Give what the file says of a register, as a person knows it."""
    unit = rule.run
    if not isinstance(unit, Unit):
        return ""
    if template := unit.templates.get(register):
        return template.source
    value = unit.literals.get(register)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def with_overriders(rules: tuple[RuleSeen, ...]) -> tuple[RuleSeen, ...]:
    """Say of each value which later rule set the same register, in the update that the rules share."""
    last = {one.register: rule.name for rule in rules if not rule.each for one in set_by(rule)}
    return tuple(rule if rule.each else replace(rule, settings=tuple(over(rule, last))) for rule in rules)


def set_by(rule: RuleSeen) -> Iterator[Setting]:
    return (one for one in rule.settings if not one.missing and not one.fault)


def over(rule: RuleSeen, last: dict[str, str]) -> Iterator[Setting]:
    for one in rule.settings:
        by = "" if one.missing or one.fault else last[one.register]
        yield one if by in ("", rule.name) else replace(one, overridden_by=by)


def finals(updates: Iterable[Update], rules: tuple[RuleSeen, ...]) -> Iterator[FinalValue]:
    """Give each value of the updates with the rule and line that it comes from."""
    by_name = {rule.name: rule for rule in rules}
    for place, update in enumerate(updates):
        for register, value in update.set.items():
            rule = by_name[update.by[register]]
            one = next(one for one in rule.settings if one.register == register)
            yield FinalValue(
                place=place,
                register=register,
                value=value,
                rule=rule.name,
                rule_line=rule.line,
                line=one.line,
                source=one.source,
                each=update.each,
                overrode=() if update.each else tuple(setters_above(rule.name, register, rules)),
            )


def setters_above(name: str, register: str, rules: tuple[RuleSeen, ...]) -> Iterator[str]:
    for rule in rules:
        if rule.name == name:
            return
        if not rule.each and any(one.register == register for one in set_by(rule)):
            yield rule.name


def lead_seen(hook: Hook, scope: Scope) -> LeadSeen:
    """Say what the hook file reads the lead from, and what stood there."""
    if hook.lead.id is not None:
        value, words = read(hook.lead.id, scope)
        names, filtered = looked_into(hook.lead.id, scope)
        return LeadSeen(
            source=hook.lead.id.source,
            line=hook.lead.id.line,
            value=seen(hook.lead.id.source, value),
            words=words,
            seen=names,
            filtered=filtered,
        )
    return LeadSeen(names=tuple(name_seen(*one, scope) for one in hook.lead.match), missing=hook.lead.missing)


def name_seen(kind: str, formula: Formula, scope: Scope) -> NameSeen:
    value, words = read(formula, scope)
    name = name_of(kind, value)
    if value is not None and name is None:
        words = "its phone has no country code" if kind == "phone" else f"it can't be one's {kind.replace('_', ' ')}"
    names, filtered = looked_into(formula, scope)
    return NameSeen(
        kind=kind,
        source=formula.source,
        line=formula.line,
        value=seen(formula.source, value),
        name=name,
        words=words,
        seen=names,
        filtered=filtered,
    )


def looked_into(formula: Formula, scope: Scope) -> tuple[tuple[Seen, ...], tuple[Filtering, ...]]:
    """Give the values of the names in a formula, and what its filters made of them."""
    reader = formula.read
    if not isinstance(reader, Reader):
        return (), ()
    return values_seen(reader.template.holes, reader.language, scope), followed(reader.chains, scope)


def read(formula: Formula, scope: Scope) -> tuple[Json, str]:
    """Give the value of a formula, or why there is none."""
    try:
        return formula.read(scope), ""
    except ExpressionError as error:
        return None, str(error)
