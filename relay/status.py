"""How all is going, at a glance: counts by hook, what waits and why, what needs a person. Read by ``relay status``
and by the page; holds no personal data but the words of answers, which the page leaves out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from relay.model import State
from relay.nudge import BACKGROUND, workers_seen
from relay.settings import DAY_MS, Settings
from relay.store import Store
from relay.store.acts import Act
from relay.store.alarms import Alarm
from relay.store.events import Rejection
from relay.store.gates import Gate, Pause
from relay.store.groups import Group
from relay.store.overview import DAYS
from relay.store.serving import FaultyFile

#: Requests that were rejected within this time are told.
LATELY_MS = DAY_MS
MOST_REJECTED = 5
MOST_ACTS = 3
#: What is counted for each hook, in the order in which it is shown, and what is shown even where it is never met.
COLUMNS = ("accepted", *(state.word for state in State), "duplicate", "rejected")
ALWAYS = ("accepted", "in flight", "delivered", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCounts:
    """One hook's events by where they stand, with 'accepted', 'duplicate' and 'rejected'."""

    hook: str
    today: Mapping[str, int]
    all: Mapping[str, int]

    @property
    def left_over(self) -> int:
        """Give by how many the events accepted today exceed those that stand anywhere: 0, or the sum does not hold."""
        return self.today.get("accepted", 0) - sum(self.today.get(state.word, 0) for state in State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How all was going at one moment."""

    at_ms: int
    hooks: tuple[HookCounts, ...]
    gates: tuple[Gate, ...]
    #: Hooks that a person keeps back, by name.
    paused: Mapping[str, Pause]
    #: Queues of events of which something is to be asked first: ``fetch:<hook>``, ``find:<destination>``.
    errands: tuple[Gate, ...]
    #: Destinations for which something waits, though no address is set for them.
    unserved: tuple[str, ...]
    dead: int
    #: By kind; 'older' are those beyond the groups that are looked at.
    dead_by_kind: Mapping[str, int]
    #: Open groups of failures, the one with the newest failure first, without their trends.
    groups: tuple[Group, ...]
    parked: int
    #: Events that went on without some value that could not be used.
    faulty: int
    #: The last few requests rejected within a day, newest first, and how many there were (of the last thousand).
    rejected: tuple[Rejection, ...]
    rejected_lately: int
    #: Worker processes that showed themselves within the last minute or so.
    workers: int
    #: Of those that run errands.
    background: int
    acts: tuple[Act, ...]
    #: What was found to need a person and was told, the longest first.
    alarms: tuple[Alarm, ...]
    #: Hook files that have faults, by name.
    faulty_files: tuple[FaultyFile, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say something."""
        return tuple(one for one in COLUMNS if one in ALWAYS or any(hook.all.get(one) for hook in self.hooks))

    @property
    def due(self) -> int:
        return sum(gate.due for gate in self.gates)

    @property
    def leads(self) -> int:
        """Leads with something pending."""
        return sum(gate.leads for gate in self.gates)

    @property
    def oldest_ms(self) -> int:
        return max((gate.oldest_ms for gate in self.gates), default=0)


def status(store: Store, settings: Settings, *, everywhere: bool = False) -> Status:
    """Look at everything. ``everywhere`` finds what waits for destinations that are not set, which takes longer."""
    now_ms = store.events.now_ms()
    served = {one.name for one in settings.destinations.values() if one.url}
    names = served | (set(store.gates.destinations()) if everywhere else set())
    gates = [store.gates.gate(name) for name in sorted(names)]
    sizes = store.overview.sizes()
    groups = tuple(store.groups.open(trends=False))
    lately = [one for one in store.events.rejected() if one.at_ms > now_ms - LATELY_MS]
    return Status(
        at_ms=now_ms,
        hooks=tuple(_hooks(store)),
        gates=tuple(gate for gate in gates if gate.destination in served or gate.leads),
        paused=store.steering.paused_hooks(),
        unserved=tuple(gate.destination for gate in gates if gate.destination not in served and gate.leads),
        errands=tuple(gate for gate in store.gates.errands() if gate.leads),
        dead=sizes["dead"],
        dead_by_kind=_by_kind(groups, sizes["dead"]),
        groups=groups,
        parked=sizes["parked"],
        faulty=sizes["faulty"],
        rejected=tuple(islice(lately, MOST_REJECTED)),
        rejected_lately=len(lately),
        workers=workers_seen(store.client),
        background=workers_seen(store.client, BACKGROUND),
        acts=tuple(store.acts.last(MOST_ACTS)),
        alarms=tuple(store.alarms.current()),
        faulty_files=tuple(store.serving.faulty().values()),
    )


def _by_kind(groups: Iterable[Group], dead: int) -> dict[str, int]:
    """Count the dead letters by kind: each stands in a group of its own kind."""
    kinds: Counter[str] = Counter()
    for group in groups:
        if group.count and group.what == State.DEAD.word:
            kinds[group.kind] += group.count
    if dead > kinds.total():
        kinds["older"] = dead - kinds.total()
    return dict(kinds)


def _hooks(store: Store) -> Iterable[HookCounts]:
    today = store.events.today()
    of_today = store.overview.counts([today])
    of_all = store.overview.counts(range(today - DAYS, today + 1))
    for hook in sorted(of_all):
        yield HookCounts(hook=hook, today=of_today.get(hook, {}), all=of_all[hook])


def asked_for(queue: str) -> str:
    """Say what a queue of errands is for: ``answers of hook meta``, ``leads at default``."""
    kind, _, owner = queue.partition(":")
    return f"answers of hook {owner}" if kind == "fetch" else f"leads at {owner}"


def goes_on(one: FaultyFile) -> str:
    """Say what serves in place of a hook file that has faults."""
    if not one.hook:
        return "no hook file is found, and what was loaded goes on"
    if one.served is None:
        return "its file has faults and there is no good version: senders are answered 503 and come back later"
    return f"its file has faults, and its last good version {one.served.version} goes on"


#: The same for a queue of errands.
ERRAND_WORDS = {
    "flowing": "flowing",
    "paused": "paused with its destination",
    "slowed": "slowed: it asked for a rest",
    "held": "held: access is refused; see the words, and set the right token or key",
    "open": "open: many failures in a row; one try every few seconds",
}

#: What the state of a gate means, in words that hold nothing of what was answered.
GATE_WORDS = {
    "flowing": "flowing",
    "paused": "paused by a person: nothing is sent; relay resume lets it go on",
    "slowed": "slowed: the lead API asked for a rest",
    "held": "held: the lead API refuses our key; set the right one",
    "open": "open: many failures in a row; one try every few seconds",
}
