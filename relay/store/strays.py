"""Looks for what must never be: an event in flight that no lead has pending and no shelf holds, a lead that no drain
will ever find, a shelf of a hook that is not paused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relay.model import State
from relay.store import record
from relay.store.events import Events
from relay.store.scripts import store_errors


def strays(client: Any, events: Events) -> Iterator[str]:
    """Give a sentence for each; reads every pending lead and every event of the days that are kept."""
    pending = dict(_pending(client))
    due = dict(_due(client))
    for name in sorted(pending.keys() - due.keys()):
        yield f"lead {name} has pending updates but is not due"
    for name in sorted(due.keys() - pending.keys()):
        if not due[name]:
            yield f"lead {name} is due but has nothing pending"
    waiting = {(name, member[18:]) for name, members in pending.items() for member in members}
    in_flight = set(_in_flight(events))
    errands = set(_errands(client))
    shelved = set(_shelved(client))
    for name, id in sorted(waiting & shelved):
        yield f"event {id} is pending under lead {name} and on a shelf"
    for hook in sorted(_forgotten(client)):
        yield f"events of hook {hook} stand on a shelf, but the hook is not paused"
    for name, id in sorted(one for one in in_flight - waiting - shelved if one[1] not in errands):
        yield f"event {id} is in flight but not pending under lead {name}"
    known = {id for _, id in in_flight}
    for name, id in sorted(waiting):
        if id not in known:
            yield f"lead {name} has event {id} pending, which is not in flight"
    for name, id in sorted(shelved - in_flight):
        yield f"event {id} stands on a shelf for lead {name}, but is not in flight"


def _pending(client: Any) -> Iterator[tuple[str, list[str]]]:
    with store_errors():
        for key in client.scan_iter("relay:p:*", count=1000):
            yield key.decode().removeprefix("relay:p:"), [m.decode() for m in client.zrange(key, 0, -1)]


def _due(client: Any) -> Iterator[tuple[str, bool]]:
    """Give every lead that is due, now or later, and whether it has values to settle."""
    with store_errors():
        for key in client.scan_iter("relay:due:*", count=1000):
            for name in client.zrange(key, 0, -1):
                state = client.get(f"relay:l:{name.decode()}") or b""
                yield name.decode(), state.count(b"\n") > 1 and not state.endswith(b"\n")


def _shelved(client: Any) -> Iterator[tuple[str, str]]:
    """Give lead and id of each event on a shelf."""
    with store_errors():
        for key in client.scan_iter("relay:shelf:*", count=1000):
            for place in client.zrange(key, 0, -1):
                _, id, lead = place.decode().split(":", 2)
                yield lead, id


def _forgotten(client: Any) -> set[str]:
    """Give the hooks that have a shelf and are not paused."""
    with store_errors():
        shelves = {key.decode().removeprefix("relay:shelf:") for key in client.scan_iter("relay:shelf:*", count=1000)}
        return shelves - {hook.decode() for hook in client.hkeys("relay:paused")}


def _errands(client: Any) -> Iterator[str]:
    """Give the events of which something is being asked."""
    with store_errors():
        for queue in client.smembers("relay:errands"):
            yield from (id.decode() for id in client.zrange(b"relay:errands:" + queue, 0, -1))


def _in_flight(events: Events) -> Iterator[tuple[str, str]]:
    """Give lead and id of each event with an update that waits."""
    for hook, day in events.days():
        headers = events.headers(events.log(hook, day))
        waiting = [one.id for one in headers if State.IN_FLIGHT in (one.state, *one.update_states)]
        for event in events.events(waiting):
            yield record.lead_name(event.destination, event.lead), event.id
