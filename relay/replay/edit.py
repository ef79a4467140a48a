"""An event's updates as a person changed them: held to the contract of the lead API as the rules are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from relay.errors import CommandError, ExpressionError
from relay.expressions.formulas import settle
from relay.expressions.grammar import suggest
from relay.lead_fields import FIELDS, fault_of, kind_of
from relay.model import METADATA, Json, Registers, StoredEvent, Update
from relay.store.letters import nothing_to_send


def edited(event: StoredEvent, wanted: Sequence[Registers], *, who: str) -> tuple[Update, ...]:
    """Give an event's updates with these values, for each of them all that it is to set; one with none is left out.

    Of an event without updates one may be given. What is changed says who changed it where a rule's name stands; the
    rest keeps the name of its rule. Raises CommandError with all faults, or where nothing is changed.
    """
    if not event.lead:
        raise CommandError(f"event {event.id}: {nothing_to_send(event)}")
    most = max(1, len(event.updates))
    if len(wanted) > most:
        raise CommandError(f"event {event.id}: has {most} {'update' if most == 1 else 'updates'}, not {len(wanted)}")
    if faults := [words for one in wanted for words in _faults(one)]:
        raise CommandError("\n".join(faults))
    before = (*event.updates, *[Update(set={}, by={})] * (most - len(event.updates)))
    updates = tuple(_update(old, new, who) for old, new in zip(before, wanted, strict=False) if new)
    if not updates:
        raise CommandError(f"event {event.id}: nothing is left to send; to send nothing, drop it")
    if [one.set for one in updates] == [one.set for one in event.updates]:
        raise CommandError(f"event {event.id}: nothing was changed: replay it as mapped")
    return updates


def _update(old: Update, new: Registers, who: str) -> Update:
    values = {register: _settled(value) for register, value in new.items()}
    by = {
        register: old.by[register] if register in old.set and old.set[register] == value else f"edited by {who}"
        for register, value in values.items()
    }
    return Update(set=values, by=by, each=old.each)


def _settled(value: Json) -> Json:
    return settle(value) if value is not None else None


def _faults(wanted: Mapping[str, Json]) -> Iterator[str]:
    for register, value in wanted.items():
        if words := fault_in(register, value):
            yield words


def fault_in(register: str, value: Json) -> str | None:
    """Say what is wrong with one value, without the value itself."""
    return _fault_of_name(register) or _fault_of_value(register, value)


def _fault_of_name(register: str) -> str | None:
    if register not in FIELDS and not register.startswith(METADATA):
        hint = suggest(register, [*FIELDS, "metadata"], "fields")
        return f"unknown field {register!r}{hint}; anything else goes under metadata"
    return "a key under metadata has no name" if register == METADATA else None


def _fault_of_value(register: str, value: Json) -> str | None:
    if isinstance(value, (list, dict)):
        return f"{register} must be text, a number or true/false, not {kind_of(value)}"
    if value is None and register.startswith(METADATA):
        return f"{register} is null, and the lead API does not say what that does to a key; write a text"
    try:
        settled = _settled(value)
    except ExpressionError as error:
        return f"{register} {error}"
    if settled is None and value is not None:
        return f"{register} is empty; leave it out, or write null to clear it"
    return fault_of(register, settled)
