"""Figures for a scraper, all read from the store: any process of any machine gives the same, and a restart loses none.

Labels are names of hooks, destinations and queues, states, kinds and statuses: never a lead, an event, or a person.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from relay.model import Death, State
from relay.nudge import BACKGROUND, DELIVER, workers_seen
from relay.settings import Settings
from relay.store import Store
from relay.store.accept_times import ACCEPT_BOUNDS_MS
from relay.store.gates import Gate
from relay.store.meters import BOUNDS_MS, Speed

STATES = ("flowing", "slowed", "held", "open", "paused")
#: Kinds of dead letters; another, of an older record perhaps, is 'other'.
KINDS = (*(kind.value for kind in Death), "older")


def exposition(store: Store, settings: Settings, accept: str) -> tuple[bytes, str]:
    """Give all figures in the format that ``accept`` asks for, and its content type. Raises StoreError."""
    encode, content_type = choose_encoder(accept)
    store.accept_times.flush()
    registry = CollectorRegistry()
    registry.register(_Figures(store, settings))
    return encode(registry), content_type


class _Figures(Collector):
    """What stands in the store at the moment of asking."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def describe(self) -> Iterable[Metric]:
        """Say nothing before it is asked: it would read the store twice."""
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._counted()
        yield from self._timed()
        yield from self._destinations()
        yield from self._errands()
        yield from self._standing()
        yield InfoMetricFamily(
            "relay_build",
            "Versions of the relay and of Python.",
            value={"version": version("lead-relay"), "python": platform.python_version()},
        )

    def _counted(self) -> Iterator[Metric]:
        """What came to pass since the store was made."""
        totals = self._store.meters.totals()
        for what, name, words in (
            ("accepted", "relay_events_accepted", "Events accepted."),
            ("duplicate", "relay_events_duplicate", "Repetitions of events that were known."),
            ("rejected", "relay_requests_rejected", "Requests refused at the door."),
        ):
            rows = [([hook], number) for hook, number in totals.get(what, {}).items()]
            yield _filled(CounterMetricFamily(name, words, labels=["hook"]), rows)
        states = CounterMetricFamily("relay_events", "Events that entered a state.", labels=["hook", "state"])
        rows = [
            ([hook, state.word], number)
            for state in State
            if state is not State.IN_FLIGHT
            for hook, number in totals.get(state.word, {}).items()
        ]
        yield _filled(states, rows)
        attempts = CounterMetricFamily(
            "relay_put_attempts", "PUTs by HTTP status; 0 where no answer came.", labels=["destination", "status"]
        )
        rows = [([where, str(status)], number) for (where, status), number in self._store.meters.attempts().items()]
        yield _filled(attempts, rows)

    def _timed(self) -> Iterator[Metric]:
        speed = HistogramMetricFamily(
            "relay_speed_to_lead_seconds", "Time from receipt to delivery of an event.", labels=["hook"]
        )
        for hook, one in self._store.meters.speed().items():
            speed.add_metric([hook], *_histogram(one, BOUNDS_MS))
        yield speed
        times = self._store.accept_times.all()
        accepts = HistogramMetricFamily(
            "relay_accept_seconds", "Time that an accepted request took, in the web process."
        )
        accepts.add_metric([], _buckets(times.buckets, ACCEPT_BOUNDS_MS), times.sum_us / 1_000_000)
        yield accepts

    def _destinations(self) -> Iterator[Metric]:
        served = sorted(one.name for one in self._settings.destinations.values() if one.url)
        gates = [self._store.gates.gate(name) for name in served]
        yield from _gauges(gates, "destination", "relay_due_leads", "Leads that could be delivered now.", "due")
        yield from _gauges(gates, "destination", "relay_leads_waiting", "Leads with something pending.", "leads")
        yield from _gauges(gates, "destination", "relay_oldest_wait_seconds", "Longest wait of a lead.", "oldest_ms")
        yield _states(gates, "destination", "relay_gate", "What keeps deliveries back: 1 for the state of now.")

    def _errands(self) -> Iterator[Metric]:
        """What is asked of senders and of the CRM before events can go on; 'held' is a token or key that is refused."""
        gates = self._store.gates.errands()
        yield from _gauges(gates, "queue", "relay_errands", "Events of which something is to be asked.", "leads")
        yield from _gauges(gates, "queue", "relay_errands_oldest_wait_seconds", "Longest wait of one.", "oldest_ms")
        yield _states(gates, "queue", "relay_errands_gate", "What keeps errands back: 1 for the state of now.")
        expiries = GaugeMetricFamily(
            "relay_secret_expires_timestamp_seconds", "When a secret runs out, as NAME_EXPIRES says.", labels=["secret"]
        )
        yield _filled(expiries, [([name], at_ms / 1000) for name, at_ms in self._settings.expiries.items()])

    def _standing(self) -> Iterator[Metric]:
        dead = GaugeMetricFamily("relay_dead_letters", "Dead letters; 'older' are not told by kind.", labels=["kind"])
        kinds = dict.fromkeys((*KINDS, "other"), 0)
        for kind, number in self._store.overview.dead_by_kind().items():
            kinds[kind if kind in KINDS else "other"] += number
        yield _filled(dead, [([kind], number) for kind, number in kinds.items()])
        sizes = self._store.overview.sizes()
        yield GaugeMetricFamily("relay_parked", "Events whose lead is not known.", sizes["parked"])
        workers = GaugeMetricFamily("relay_workers", "Worker processes alive.", labels=["queue"])
        yield _filled(workers, [([one], workers_seen(self._store.client, one)) for one in (DELIVER, BACKGROUND)])
        last = GaugeMetricFamily("relay_last_event_timestamp_seconds", "When a hook last had one.", labels=["hook"])
        yield _filled(last, [([hook], at_ms / 1000) for hook, at_ms in self._store.meters.last().items()])
        yield from self._rules()
        alarms = GaugeMetricFamily("relay_alarm", "1 for each alarm that has begun.", labels=["alarm"])
        yield _filled(alarms, [([one.name], 1) for one in self._store.alarms.current()])

    def _rules(self) -> Iterator[Metric]:
        """Which versions of hook files serve, and which files have faults."""
        served = self._store.serving.versions()
        since = GaugeMetricFamily(
            "relay_rules_since_timestamp_seconds", "Since when this version serves.", labels=["hook", "version"]
        )
        yield _filled(since, [([hook, one.version], one.since_ms / 1000) for hook, one in served.items()])
        faulty = GaugeMetricFamily("relay_rules_faulty", "1 for a hook file that has faults, else 0.", labels=["hook"])
        broken = self._store.serving.faulty()
        names = sorted(served.keys() | broken.keys())
        yield _filled(faulty, [([hook], int(hook in broken)) for hook in names])


def _filled(
    family: CounterMetricFamily | GaugeMetricFamily, rows: Iterable[tuple[Sequence[str], float]]
) -> CounterMetricFamily | GaugeMetricFamily:
    for labels, number in rows:
        family.add_metric(labels, number)
    return family


def _gauges(gates: Iterable[Gate], label: str, name: str, words: str, what: str) -> Iterator[Metric]:
    """Give one figure of each gate, times in seconds."""
    scale = 1000 if what.endswith("_ms") else 1
    rows = [([gate.destination], getattr(gate, what) / scale) for gate in gates]
    yield _filled(GaugeMetricFamily(name, words, labels=[label]), rows)


def _states(gates: Iterable[Gate], label: str, name: str, words: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label, "state"])
    return _filled(family, [([gate.destination, state], gate.state == state) for gate in gates for state in STATES])


def _histogram(speed: Speed, bounds_ms: Sequence[float]) -> tuple[list[tuple[str, float]], float]:
    return _buckets(speed.buckets, bounds_ms), speed.sum_ms / 1000


def _buckets(counts: Sequence[int], bounds_ms: Sequence[float]) -> list[tuple[str, float]]:
    """Add counts up as Prometheus wants them: how many took at most so many seconds."""
    names = [*(repr(bound / 1000) for bound in bounds_ms), "+Inf"]
    return [(name, float(sum(counts[: place + 1]))) for place, name in enumerate(names)]
