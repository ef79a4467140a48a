"""A stored body through the rules of now: parsed by its sender's adapter, mapped, ready to be put in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from relay.errors import BadBody, CommandError
from relay.mapping import map_event
from relay.model import Arrival, Event, Hook, Request, StoredEvent
from relay.senders import SENDERS, adapter_of

#: Gives what the rules of now make of an event. Raises CommandError where they can't be asked.
Remap = Callable[[StoredEvent], Arrival]


def remapper(hooks: Mapping[str, Hook]) -> Remap:
    """Build the remapping by these hooks."""

    def remap(stored: StoredEvent) -> Arrival:
        hook = hooks.get(stored.hook)
        if hook is None:
            raise CommandError(f"hook '{stored.hook}' is not loaded: put its file back into the rules")
        # It keeps its id: a hook file that names another one now must not make a second event of it.
        mapped = map_event(_parsed(stored, hook), hook, received_ms=stored.received_ms)
        return Arrival(
            hook=stored.hook,
            sender=stored.sender,
            version=hook.version,
            destination=hook.destination,
            kind=stored.kind,
            test=stored.test,
            content_type=stored.content_type,
            body=stored.body,
            headers=stored.headers,
            mapped=replace(mapped, event_id=stored.sender_id),
        )

    return remap


def _parsed(stored: StoredEvent, hook: Hook) -> Event:
    """Read the body again. It is verified already, and the part of a batch that made just this event."""
    sender = adapter_of(hook) if hook.sender == stored.sender else SENDERS.get(stored.sender)
    if sender is None:
        raise CommandError(f"sender '{stored.sender}' is not known to this version of the relay")
    headers = {**stored.headers, "content-type": stored.content_type}
    try:
        events = sender.parse(Request(headers=headers, body=stored.body, received_ms=stored.received_ms))
    except BadBody as error:
        raise CommandError(f"its body can't be read as a {stored.sender} event now: {error}") from error
    if len(events) != 1:
        raise CommandError(f"its body is read as {len(events)} events now, not as one")
    at_ms = stored.stamp.at_ms if events[0].at_ms is None else events[0].at_ms
    return replace(events[0], id=stored.sender_id, at_ms=at_ms)
