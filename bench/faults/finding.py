"""What is looked at in the end: the senders' own memory against the store, and the store against the lead API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.faults.traffic import Sent
from relay.model import METADATA, Stamp, State, StoredEvent

#: An event that was accepted ends in one of these; in flight is none of them.
ENDED = frozenset(State) - {State.IN_FLIGHT}


class Wrong(NamedTuple):
    """A register of a lead that is not as the newest delivered event wants it."""

    lead: str
    register: str
    #: Our id of that event; empty where none was delivered.
    event: str
    wanted: str | None
    found: str | None


def lost(accepted: Mapping[str, Sent], stored: Mapping[str, StoredEvent]) -> list[str]:
    """Name the events that got a 200 and are not in the store, or have not ended there."""
    return [id for id in accepted if id not in stored or stored[id].state not in ENDED]


def stale(
    accepted: Mapping[str, Sent], stored: Mapping[str, StoredEvent], leads: Mapping[str, Mapping[str, Any]]
) -> Iterator[Wrong]:
    """Give each register that differs from what the delivered event with the greatest stamp wants.

    What an event wants is taken from its sender, not from the store. An event counts as delivered for a register when
    any of its updates was: one that was superseded wanted nothing that a newer one had not set.
    """
    newest: dict[tuple[str, str], tuple[Stamp, str, str | None]] = {}
    for id, event in stored.items():
        if id not in accepted or event.state is not State.DELIVERED:
            continue
        for register, wanted in accepted[id].wants.items():
            place = (accepted[id].lead, register)
            newest[place] = max(newest.get(place, (Stamp(0, 0), "", None)), (event.stamp, id, wanted))
    for (lead, register), (_, id, wanted) in sorted(newest.items()):
        found = _register(leads.get(lead, {}), register)
        if found != wanted:
            yield Wrong(lead, register, id, wanted, found)


def _register(lead: Mapping[str, Any], register: str) -> str | None:
    found: str | None
    if register.startswith(METADATA):
        found = lead.get("metadata", {}).get(register.removeprefix(METADATA))
    else:
        found = lead.get(register)
    return found


def overlaps(requests: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Give pairs of PUTs for one lead of which the second began while the first was still waited for.

    A PUT begins when the lead API has read it, and ends when its answer is written or its client is gone, whichever is
    first: a killed client's connection is closed by the kernel at once. So a PUT of a dead worker overlaps with nothing
    from then on, though it may still be applied; that one is what leases and settling are for, and what is wrong with
    its effect shows as a stale register. A request that failed and is applied late has ended when it failed.
    """
    open_until: dict[str, tuple[float, int]] = {}
    found = []
    for one in sorted(requests, key=lambda request: request["number"]):
        if one["method"] != "PUT":
            continue
        ended, number = open_until.get(one["lead"], (0.0, 0))
        if one["started_ms"] < ended:
            found.append((number, one["number"]))
        until = float("inf") if one["ended_ms"] is None else one["ended_ms"]
        open_until[one["lead"]] = max((ended, number), (until, one["number"]))
    return found
