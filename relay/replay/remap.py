"""A stored body through the rules of now: parsed by its sender's adapter, mapped, ready to be put in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from relay.errors import BadBody, CommandError
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Arrival, Event, StoredEvent
from relay.senders import SENDERS, adapter_of
from relay.senders.base import Fetching, Sender
from relay.sending import Request
from relay.terms import terms_of

#: Gives what the rules of now make of an event. Raises CommandError where they can't be asked, and RuleError.
Remap = Callable[[StoredEvent], Arrival]


def remapper(hooks: Mapping[str, Hook], needed: Collection[str] = ()) -> Remap:
    """Build the remapping by these hooks. It raises RuleError where the file of an event's hook has faults,
    and so does this where one has that is ``needed``.
    """
    for name in needed:
        hooks.get(name)

    def remap(stored: StoredEvent) -> Arrival:
        hook = hooks.get(stored.hook)
        if hook is None:
            raise CommandError(f"hook '{stored.hook}' is not loaded: put its file back into the rules")
        event, received_ms = as_came(stored, hook)
        # It keeps its id: a hook file that names another one now must not make a second event of it.
        mapped = replace(map_event(event, hook, received_ms=received_ms), event_id=stored.sender_id)
        return replace(
            stored.as_arrival(mapped),
            version=hook.version,
            destination=hook.destination,
            kind=event.kind,
            test=event.test,
            terms=terms_of(event),
        )

    return remap


def as_came(stored: StoredEvent, hook: Hook) -> tuple[Event, int]:
    """Give what mapping is given of an event, whenever it is mapped: as it was read, and when it was received, in ms.

    The store's own time of receipt may be another than the door's, which is kept where mapping depends on it; where it
    is not, no time was cut to it. Where the hook file names the event's id, its expression is given the sender's own
    id again, else the event has the one under which it is kept. Raises CommandError.
    """
    event = read_again(stored, hook)
    received_ms = stored.door_ms or max(stored.received_ms, event.at_ms or 0)
    return event if hook.event_id else replace(event, id=stored.sender_id), received_ms


def read_again(stored: StoredEvent, hook: Hook) -> Event:
    """Read an event's body as when it came, with its answers where they were fetched. Raises CommandError.

    It is verified already, and the part of a batch that made just this event. What came as a test stays one, also where
    a person said so and not its body.
    """
    sender = adapter_for(stored, hook)
    headers = {**stored.headers, "content-type": stored.content_type}
    request = Request(headers=headers, body=stored.body, received_ms=stored.door_ms or stored.received_ms)
    try:
        events = sender.parse(request)
    except BadBody as error:
        raise CommandError(f"its body can't be read as a {stored.sender} event now: {error}") from error
    if len(events) != 1:
        raise CommandError(f"its body is read as {len(events)} events now, not as one")
    event = with_answers(events[0], stored, sender) if stored.fetched else events[0]
    return replace(event, test=event.test or stored.test)


def with_answers(event: Event, stored: StoredEvent, sender: Sender) -> Event:
    """Give the event with the answers that were fetched for it; nothing is left to fetch then."""
    assert isinstance(sender, Fetching)
    try:
        return replace(sender.with_answers(event, stored.fetched), fetch="")
    except BadBody as error:
        raise CommandError(f"what {stored.sender} answered can't be read now: {error}") from error


def adapter_for(stored: StoredEvent, hook: Hook) -> Sender:
    """Give the adapter that read this event: a hook may have another sender by now."""
    sender = adapter_of(hook) if hook.sender == stored.sender else SENDERS.get(stored.sender)
    if sender is None:
        raise CommandError(f"sender '{stored.sender}' is not known to this version of the relay")
    return sender
