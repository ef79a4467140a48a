"""What two hook files make of one event, held side by side: pure, and the same wherever rules are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import orjson

from relay.hooks import Hook
from relay.mapping import map_event, values_of
from relay.model import Event, Fault, Json, Mapped, State, Update


class End(str, Enum):
    """What comes of an event by its rules alone, before anybody looks for its lead."""

    MAPPED = "mapped"
    #: Its answers are fetched first; nothing can be said before.
    FETCHED = "fetched"
    IGNORED = "ignored"
    PARKED = "parked"
    DEAD = "dead"
    #: Its body can't be read by the sender that its hook file names.
    UNREADABLE = "unreadable"
    #: There is no hook file for it.
    NO_RULES = "no rules"


ENDS = {State.IN_FLIGHT: End.MAPPED, State.IGNORED: End.IGNORED, State.PARKED: End.PARKED, State.DEAD: End.DEAD}
#: Ends at which the event's updates are sent, now or once its lead is known.
SENT = (End.MAPPED, End.PARKED)


class Kind(str, Enum):
    """In which way a register differs."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"
    #: It is set to null, which it was not.
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one hook file makes of an event; ``Made()`` is what no hook file does."""

    mapped: Mapped | None = None
    destination: str = ""
    #: Why the body could not be read.
    unreadable: str = ""

    @property
    def end(self) -> End:
        if self.mapped is None:
            return End.UNREADABLE if self.unreadable else End.NO_RULES
        return End.FETCHED if self.mapped.fetch else ENDS[self.mapped.state]

    @property
    def updates(self) -> tuple[Update, ...]:
        """Give what is sent; nothing of an event that is a test, or that no rule takes."""
        return self.mapped.updates if self.mapped is not None and self.end in SENT else ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self.mapped.faults if self.mapped is not None else ()

    @property
    def why(self) -> str:
        """Say why it is not delivered; '' where it is, or where that is not known yet."""
        reason = self.mapped.reason if self.mapped is not None and self.end is not End.MAPPED else None
        return self.unreadable or (reason.words if reason else "")

    @property
    def lead(self) -> str:
        """Say where it goes: ``acme/7c9e...``, or by what the lead is found: ``phone +569..., else park``."""
        if self.mapped is None or self.end is not End.MAPPED:
            return ""
        before = "" if self.destination in ("", "default") else f"{self.destination}/"
        if self.mapped.lead:
            return before + self.mapped.lead
        names = ", ".join(f"{name.kind} {name.value}" for name in self.mapped.names)
        return f"{before}{names}, else {self.mapped.missing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One register of which two hook files say something else. Where one of them says nothing its value is None."""

    register: str
    kind: Kind
    old: Json
    new: Json
    #: Names of the rules that set it; '' where none does.
    old_rule: str = ""
    new_rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What an event would come to by the new rules, beside what it comes to by the old ones."""

    #: Our id of the event; '' of one that is not stored.
    event: str
    hook: str
    old: Made
    new: Made
    fields: tuple[FieldChange, ...]
    #: Faults of registers that had none, and those that are gone.
    new_faults: tuple[Fault, ...]
    gone_faults: tuple[Fault, ...]
    #: Whether the same values come in other steps: in another order, or alone instead of merged.
    steps: bool

    @cached_property
    def same(self) -> bool:
        """Whether nothing differs that anybody could see; names of rules and words of reasons do not count."""
        parts = (self.fields, self.new_faults, self.gone_faults, self.ended, self.lead, self.time, self.id)
        return not any(parts) and not self.steps

    @property
    def ended(self) -> bool:
        """Whether it ends in another way."""
        return self.old.end is not self.new.end

    @property
    def newly_mapped(self) -> bool:
        return self.new.end is End.MAPPED and self.old.end is not End.MAPPED

    @property
    def no_longer_mapped(self) -> bool:
        return self.old.end is End.MAPPED and self.new.end is not End.MAPPED

    @property
    def newly_faulty(self) -> bool:
        """Whether a value, or the whole event, fails that did not."""
        return bool(self.new_faults) or (self.new.end in BROKEN and self.old.end not in BROKEN)

    @property
    def fault_gone(self) -> bool:
        return bool(self.gone_faults) or (self.old.end in BROKEN and self.new.end not in BROKEN)

    @property
    def lead(self) -> bool:
        """Whether it goes to another lead, or the lead is found in another way."""
        return self.old.end is self.new.end is End.MAPPED and self.old.lead != self.new.lead

    @property
    def time(self) -> bool:
        """Whether it holds from another time, so that it is ordered otherwise."""
        old, new = self.old.mapped, self.new.mapped
        return old is not None and new is not None and old.at_ms != new.at_ms

    @property
    def id(self) -> bool:
        """Whether it is another event to the guard against duplicates."""
        old, new = self.old.mapped, self.new.mapped
        return old is not None and new is not None and old.event_id != new.event_id


BROKEN = (End.DEAD, End.UNREADABLE)


def compare(event: Event, old: Hook | None, new: Hook | None, *, received_ms: int, id: str = "") -> Difference:
    """Map an event, as its sender's adapter has read it, by both hook files; None is no hook file. Never raises."""
    known = old or new
    made = [made_of(event, hook, received_ms=received_ms) for hook in (old, new)]
    return difference(*made, hook=known.name if known else "", event=id)


def made_of(event: Event, hook: Hook | None, *, received_ms: int) -> Made:
    if hook is None:
        return Made()
    return Made(mapped=map_event(event, hook, received_ms=received_ms), destination=hook.destination)


def difference(old: Made, new: Made, *, hook: str, event: str = "") -> Difference:
    """Hold what was made of an event against what would be."""
    gone, come = _faults(old), _faults(new)
    return Difference(
        event=event,
        hook=hook,
        old=old,
        new=new,
        fields=tuple(_fields(old.updates, new.updates)),
        new_faults=tuple(fault for register, fault in come.items() if register not in gone),
        gone_faults=tuple(fault for register, fault in gone.items() if register not in come),
        steps=_steps_differ(old.updates, new.updates),
    )


def _faults(made: Made) -> Mapping[str, Fault]:
    return {fault.register: fault for fault in made.faults}


def _fields(old: tuple[Update, ...], new: tuple[Update, ...]) -> Iterator[FieldChange]:
    if not old and not new:
        return
    was, will = values_of(old), values_of(new)
    for register in dict.fromkeys((*was, *will)):
        kind = _kind(register, was, will)
        if kind is not None:
            yield FieldChange(
                register=register,
                kind=kind,
                old=was.get(register),
                new=will.get(register),
                old_rule=_setter(register, old),
                new_rule=_setter(register, new),
            )


def _kind(register: str, was: Mapping[str, Json], will: Mapping[str, Json]) -> Kind | None:
    if register not in will:
        return Kind.LOST
    if register in was and equal(was[register], will[register]):
        return None
    if will[register] is None:
        return Kind.CLEARED
    return Kind.CHANGED if register in was else Kind.GAINED


def equal(one: Json, other: Json) -> bool:
    """Whether two values are the same to the CRM: 1, 1.0, true and '1' are four."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    if type(one) is not type(other):
        return False
    nested = isinstance(one, (list, dict))
    return _written(one) == _written(other) if nested else one == other


def _written(value: Json) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _setter(register: str, updates: tuple[Update, ...]) -> str:
    """Name the rule that has the last word on a register."""
    return next((one.by.get(register, "") for one in reversed(updates) if register in one.set), "")


def _steps_differ(old: tuple[Update, ...], new: tuple[Update, ...]) -> bool:
    """Whether registers that end with the same value get there in other steps."""
    if len(old) <= 1 and len(new) <= 1 and not any(one.each for one in (*old, *new)):
        return False
    was, will = values_of(old), values_of(new)
    same = {register for register in was if register in will and equal(was[register], will[register])}
    return _steps(old, same) != _steps(new, same)


def _steps(updates: tuple[Update, ...], registers: set[str]) -> list[tuple[bool, bytes]]:
    steps = ((one.each, {name: one.set[name] for name in one.set if name in registers}) for one in updates)
    return [(each, _written(values)) for each, values in steps if values]
