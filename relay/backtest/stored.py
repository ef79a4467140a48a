"""Stored events and what hook files make of them: their bodies read again as they came, their records as they stand."""

from __future__ import annotations

from dataclasses import replace

from relay.backtest.difference import Made, made_of
from relay.errors import CommandError
from relay.hooks import Hook
from relay.model import Event, Mapped, State, StoredEvent
from relay.replay.remap import as_came


class Reading:
    """One stored event, read once for all hook files that read it in the same way."""

    def __init__(self, stored: StoredEvent) -> None:
        self.stored = stored
        self._read: dict[object, tuple[Event, int] | str] = {}

    def by(self, hook: Hook | None) -> Made:
        """Give what a hook file makes of the event; never raises."""
        if hook is None:
            return Made()
        read = self._as_came(hook)
        if isinstance(read, str):
            return Made(unreadable=read, destination=hook.destination)
        event, received_ms = read
        return made_of(event, hook, received_ms=received_ms)

    def _as_came(self, hook: Hook) -> tuple[Event, int] | str:
        """Read the body; gives why it can't be read where it can't."""
        key = (hook.sender, hook.signature, hook.event_id is None)
        if key not in self._read:
            try:
                self._read[key] = as_came(self.stored, hook)
            except CommandError as error:
                self._read[key] = str(error)
        return self._read[key]


def as_it_stands(stored: StoredEvent, would: Made) -> Made:
    """Give what was made of an event, as its record has it.

    Its id and time are taken from ``would``, with which it is to be held together: a record has them after all that
    people and clocks have done to them.
    """
    like = would.mapped or Mapped(event_id=stored.sender_id, at_ms=None)
    mapped = Mapped(
        event_id=like.event_id,
        at_ms=like.at_ms,
        lead="" if stored.found else stored.lead,
        names=stored.names,
        missing=stored.missing,
        fetch=stored.fetch,
        updates=stored.updates,
        faults=stored.faults,
        state=state_then(stored),
    )
    reason = stored.reason if mapped.state in (State.DEAD, State.PARKED) else None
    return Made(mapped=replace(mapped, reason=reason), destination=stored.destination)


def state_then(stored: StoredEvent) -> State:
    """Say where an event stood when it was mapped, before anybody looked for its lead or delivered it."""
    if stored.fetch:
        return State.IN_FLIGHT
    if not stored.updates:
        return State.DEAD if stored.faults or stored.state in (State.DEAD, State.DISCARDED) else State.IGNORED
    if stored.state is State.IGNORED and (stored.test or not stored.names):
        return State.IGNORED
    return State.IN_FLIGHT if stored.lead or stored.names else State.PARKED
