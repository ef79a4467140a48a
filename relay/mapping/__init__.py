"""Event and hook file in, updates out: which lead, what should be true of it, and why not where it can't be said.

The door calls it between parsing and accepting. It is pure, takes microseconds, and never raises: an event that can't
be mapped becomes a dead letter of kind ``mapping``, never an error to its sender.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from relay.errors import ExpressionError
from relay.hooks import Hook, Outcome, Rule, Scope
from relay.identities import names_in
from relay.lead_fields import fault_of
from relay.mapping.identify import (
    EPOCH,
    Doomed,
    Unfound,
    bounded_time,
    find_lead,
    find_names,
    listed,
    own_id,
    own_time,
)
from relay.model import Death, Event, Fault, Held, Json, Mapped, Reason, State, Update


@dataclass(slots=True)
class Gathered:
    """What the rules that held have made so far. Merged rules share one update, at the place of the first."""

    updates: list[Update] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    #: Filled by every merged rule; its update holds these very objects.
    set: dict[str, Json] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)

    def add(self, rule: Rule, outcome: Outcome) -> None:
        values, by = ({}, {}) if rule.each else (self.set, self.by)
        new = not values
        faults = list(outcome.faults)
        gave: Iterable[str] = outcome.set
        for register, value in outcome.set.items():
            if words := fault_of(register, value):
                # As the words of expressions do, these stand behind the register's name wherever they are shown.
                words = words.removeprefix(f"{register} ")
                faults.append(Fault(rule=rule.name, register=register, words=words))
                gave = [one for one in gave if one != register]
            else:
                values[register] = value
                by[register] = rule.name
        self.held.append(Held(rule.name, tuple(gave)))
        if new and values:
            self.updates.append(Update(set=values, by=by, each=rule.each))
        if faults:
            self.faults += faults
            self.lines += [rule.line] * len(faults)


def map_event(event: Event, hook: Hook, *, received_ms: int) -> Mapped:
    """Make of an event what its hook file says; never raises. One with something to fetch is mapped later."""
    if event.fetch:
        return Mapped(event_id=event.id, at_ms=bounded_time(event.at_ms, received_ms), fetch=event.fetch)
    try:
        return map_or_raise(event, hook, received_ms)
    except ExpressionError as error:
        words = str(error)
    except Exception as error:
        words = (
            f"{hook.file}: mapping broke down ({type(error).__name__}); this is a fault of the relay, not of the event"
        )
    return dead(Mapped(event_id=event.id, at_ms=bounded_time(event.at_ms, received_ms)), words)


def map_or_raise(event: Event, hook: Hook, received_ms: int) -> Mapped:
    event_id, at_ms, scope = situated(event, hook, received_ms)
    mapped = Mapped(event_id=event_id, at_ms=at_ms)
    try:
        gathered = run_rules(hook, scope)
        return decide(mapped, gathered, event, hook, scope)
    except Doomed as error:
        return dead(mapped, str(error))


def situated(event: Event, hook: Hook, received_ms: int) -> tuple[str, int | None, Scope]:
    """Give the event's id and time, after the hook file had its say, and what expressions see. Raises Doomed."""
    at_ms = bounded_time(event.at_ms, received_ms)
    scope = scope_of(event, hook, event.id, received_ms if at_ms is None else at_ms)
    event_id = own_id(hook, scope) or event.id
    own_ms = own_time(hook, scope)
    if own_ms is not None:
        at_ms = bounded_time(own_ms, received_ms)
    if hook.event_id or hook.event_time:
        scope = scope_of(event, hook, event_id, received_ms if at_ms is None else at_ms)
    return event_id, at_ms, scope


def decide(mapped: Mapped, gathered: Gathered, event: Event, hook: Hook, scope: Scope) -> Mapped:
    """Say where the event stands: with its lead and updates, or with the reason why it is not delivered."""
    updates, faults, held = tuple(gathered.updates), tuple(gathered.faults), tuple(gathered.held)
    mapped = replace(mapped, updates=updates, faults=faults, held=held)
    try:
        mapped = replace(mapped, **about_lead(mapped, hook, scope))
        unfound = None
    except Unfound as error:
        unfound = error
    if not gathered.updates and gathered.faults:
        return dead(mapped, words_of_faults(gathered, hook), field=gathered.faults[0].register)
    if not gathered.updates or (event.test and not hook.deliver_tests):
        return replace(mapped, state=State.IGNORED, reason=None)
    if unfound is None:
        return mapped
    if hook.lead.missing == "ignore":
        return replace(mapped, state=State.IGNORED)
    return replace(mapped, state=State.PARKED, reason=Reason(kind=unfound.kind, words=str(unfound)))


def about_lead(mapped: Mapped, hook: Hook, scope: Scope) -> dict[str, Any]:
    """Give the lead with what the event says it is known by, or what to find it by. Raises Unfound."""
    if hook.lead.id is not None:
        lead = find_lead(hook, hook.lead.id, scope)
        return {"lead": lead, "names": names_in(values_of(mapped.updates))}
    names = find_names(hook, scope)
    words = f"no lead is known yet for {listed(name.kind for name in names)}"
    return {"names": names, "missing": hook.lead.missing, "reason": Reason(kind="unknown lead", words=words)}


def values_of(updates: Iterable[Update]) -> dict[str, Json]:
    """Give all values that these updates set; of one register the last."""
    return {register: value for update in updates for register, value in update.set.items()}


def dead(mapped: Mapped, words: str, *, field: str = "") -> Mapped:
    return replace(mapped, state=State.DEAD, reason=Reason(kind=Death.MAPPING.value, words=words, field=field))


def run_rules(hook: Hook, scope: Scope) -> Gathered:
    """Run the rules from top to bottom. Raises Doomed where the whole event fails."""
    gathered = Gathered()
    for rule in hook.rules:
        try:
            outcome = rule.run(scope)
        except ExpressionError as error:
            raise Doomed(f"{hook.file}:{rule.line}: rule {rule.name!r}: {error}") from error
        if outcome is not None:
            gathered.add(rule, outcome)
            if rule.stop:
                break
    return gathered


def words_of_faults(gathered: Gathered, hook: Hook) -> str:
    """Tell the first fault and how many there are."""
    fault, more = gathered.faults[0], len(gathered.faults) - 1
    tail = f" (and {more} more)" if more else ""
    return f"{hook.file}:{gathered.lines[0]}: rule {fault.rule!r}: {fault.register} {fault.words}{tail}"


def scope_of(event: Event, hook: Hook, event_id: str, at_ms: int) -> Scope:
    """Give expressions their names; ``event.time`` is the time of receipt where the sender does not say."""
    time = (EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
    return {
        "fields": event.fields,
        "hidden": event.hidden,
        "form": event.form,
        "campaign": event.campaign,
        "event": {"id": event_id, "kind": event.kind, "time": time.replace("+00:00", "Z"), "test": event.test},
        "hook": {"name": hook.name},
        "raw": event.raw,
    }
