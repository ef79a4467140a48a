"""Destinations as their page shows them: how each fares, what waits, at which rate, what PUTs came to, what fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relay.hooks import Hook
from relay.inbox import Row, rows
from relay.model import Death, Json
from relay.ops.means import Means
from relay.settings import Destination, mask_url
from relay.store.errands import FIND
from relay.store.gates import Gate
from relay.store.groups import Group
from relay.telling import errands_json, gate_json, times

#: Kinds of failure that are shown of each, and deaths that the CRM has a part in.
MOST_FAILING = 3
OF_THE_CRM = (Death.REFUSED.value, Death.LEAD_NOT_FOUND.value, Death.UNREACHABLE.value, "lead gone")
GOOD = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Puts:
    """How many PUTs had this answer."""

    #: HTTP status; 0 where no answer came.
    status: int
    count: int

    @property
    def kind(self) -> str:
        """'good' for 2xx, 'warn' for what is tried again, 'bad' for what is not."""
        if self.status in GOOD:
            return "good"
        return "warn" if self.status in (0, 408, 425, 429) or self.status >= 500 else "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One destination."""

    gate: Gate
    #: As it is set here; None where it has no address.
    set: Destination | None
    #: Names of the hooks that deliver there.
    hooks: tuple[str, ...]
    #: In the order of their statuses, since counting began.
    puts: tuple[Puts, ...]
    #: How looking up and creating leads there fares; None where nothing waits for it.
    asking: Gate | None
    #: Kinds of failure that are open there, the newest first.
    failing: tuple[Row, ...]

    @property
    def name(self) -> str:
        return self.gate.destination

    @property
    def address(self) -> str:
        return mask_url(self.set.url) if self.set else ""

    @property
    def number(self) -> int:
        return sum(one.count for one in self.puts)

    @property
    def variable(self) -> str:
        """The name of the variable of its rate."""
        return "LEADS_API_RATE" + ("" if self.name == "default" else f"__{self.name.upper()}")


def places(means: Means) -> list[Place]:
    """Look at every destination that has an address, that hooks name, or that had PUTs. Raises StoreError."""
    store, hooks = means.store, means.hooks
    attempts, errands = store.meters.attempts(), store.gates.errands()
    groups = [one for one in store.groups.open(trends=False) if one.count and one.kind in OF_THE_CRM]
    return [
        _place(name, means, attempts=attempts, errands=errands, groups=groups)
        for name in names_of(means.settings.destinations, hooks, attempts, errands)
    ]


def names_of(
    destinations: Mapping[str, Destination],
    hooks: Mapping[str, Hook],
    attempts: Iterable[tuple[str, int]],
    errands: Iterable[Gate],
) -> list[str]:
    """Name every destination that there is or was, 'default' first, without a walk over all keys."""
    served = {one.name for one in destinations.values() if one.url}
    finding = {gate.destination.removeprefix(f"{FIND}:") for gate in errands if gate.destination.startswith(f"{FIND}:")}
    names = served | {hook.destination for hook in hooks.values()} | {name for name, _status in attempts} | finding
    return sorted(names, key=lambda name: (name != "default", name))


def _place(
    name: str,
    means: Means,
    *,
    attempts: Mapping[tuple[str, int], int],
    errands: Sequence[Gate],
    groups: Sequence[Group],
) -> Place:
    there = {hook.name for hook in means.hooks.values() if hook.destination == name}
    failing = [group for group in groups if group.hook in there][:MOST_FAILING]
    known = means.settings.destinations.get(name)
    return Place(
        gate=means.store.gates.gate(name),
        set=known if known and known.url else None,
        hooks=tuple(sorted(there)),
        puts=tuple(
            Puts(status=status, count=count) for (of, status), count in sorted(attempts.items()) if of == name and count
        ),
        asking=next((gate for gate in errands if gate.destination == f"{FIND}:{name}" and gate.leads), None),
        failing=tuple(rows(means.store, failing)),
    )


def asked_of_senders(means: Means) -> list[Gate]:
    """Give the queues of answers that are asked for at senders. Raises StoreError."""
    return [gate for gate in means.store.gates.errands() if gate.destination.partition(":")[0] != FIND and gate.leads]


def places_json(found: Iterable[Place], asked: Iterable[Gate]) -> dict[str, Json]:
    return {
        "destinations": [place_json(one) for one in found],
        "asked_of_senders": [errands_json(gate) for gate in asked],
    }


def place_json(one: Place) -> dict[str, Json]:
    return gate_json(one.gate, served=one.set is not None) | {
        **times("since", one.gate.since_ms or None),
        "rate": one.set.rate if one.set else None,
        "hooks": list(one.hooks),
        "puts": {str(put.status): put.count for put in one.puts},
        "asking": None if one.asking is None else errands_json(one.asking),
        "failing": [str(row.line) for row in one.failing],
    }
