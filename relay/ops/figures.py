"""What the page shows of a status: numbers and our own words. What senders or the CRM said may name a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.model import Json, State
from relay.status import COLUMNS, ERRAND_WORDS, GATE_WORDS, HookCounts, Status, asked_for
from relay.store.gates import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number among those at the top."""

    name: str
    value: str
    alarming: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the template needs."""

    at: str
    #: The verdict in one sentence.
    headline: str
    calm: bool
    figures: tuple[Figure, ...]
    gates: tuple[tuple[str, str, bool, int, int, str], ...]
    errands: tuple[tuple[str, str, bool, int, int, str], ...]
    hooks: tuple[HookCounts, ...]
    columns: tuple[str, ...]
    dead: tuple[tuple[str, int, str], ...]


def view_of(found: Status) -> View:
    worries = _worries(found)
    return View(
        at=datetime.fromtimestamp(found.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        headline=f"{'; '.join(worries)}." if worries else "All is well.",
        calm=not worries,
        figures=_figures(found),
        gates=tuple(_gate(gate, gate.destination, GATE_WORDS) for gate in found.gates),
        errands=tuple(_gate(gate, asked_for(gate.destination), ERRAND_WORDS) for gate in found.errands),
        hooks=found.hooks,
        columns=found.columns,
        dead=tuple(_kind(kind, number) for kind, number in sorted(found.dead_by_kind.items())),
    )


def _worries(found: Status) -> list[str]:
    """Say what needs a person, the worst first."""
    worries = [] if found.workers else ["No worker is alive, nothing is delivered"]
    worries += ["No background worker is alive"] if found.errands and not found.background else []
    gates = [(gate.destination, gate.state) for gate in found.gates]
    gates += [(f"asking for {asked_for(gate.destination)}", gate.state) for gate in found.errands]
    worries += [f"{name} is {state}" for name, state in gates if state in ("held", "open")]
    worries += [_counted(found.dead, "dead letter")] if found.dead else []
    worries += [_counted(found.parked, "parked event")] if found.parked else []
    return worries


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _figures(found: Status) -> tuple[Figure, ...]:
    today: dict[str, int] = {}
    for one in found.hooks:
        for name, number in one.today.items():
            today[name] = today.get(name, 0) + number
    return (
        Figure(name="accepted today", value=f"{today.get('accepted', 0):,}"),
        Figure(name="delivered today", value=f"{today.get(State.DELIVERED.word, 0):,}"),
        Figure(name="leads due", value=f"{found.due:,}"),
        Figure(name="oldest wait", value=short(found.oldest_ms) if found.leads else "none"),
        Figure(name="dead letters", value=f"{found.dead:,}", alarming=found.dead > 0),
        Figure(name="parked", value=f"{found.parked:,}", alarming=found.parked > 0),
        Figure(name="rejected in 24 h", value=f"{found.rejected_lately:,}"),
        Figure(name="workers", value=f"{found.workers:,}", alarming=not found.workers),
    )


def _gate(gate: Gate, name: str, words: Mapping[str, str]) -> tuple[str, str, bool, int, int, str]:
    oldest = short(gate.oldest_ms) if gate.leads else "none"
    return name, words[gate.state], gate.state == "flowing", gate.leads, gate.due, oldest


def _kind(kind: str, number: int) -> tuple[str, int, str]:
    spelled = f"'{kind}'" if " " in kind else kind
    return kind, number, "relay dead list" if kind == "older" else f"relay dead list --kind {spelled}"


def short(ms: int) -> str:
    """Write a length of time in its largest unit."""
    seconds = max(0, ms) / 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.1f} s"


def public_json(found: Status) -> dict[str, Json]:
    """Give the page's numbers as JSON."""
    at = datetime.fromtimestamp(found.at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "at_ms": found.at_ms,
        "at": at,
        "hooks": [{"hook": one.hook, "today": _whole(one.today), "all": _whole(one.all)} for one in found.hooks],
        "destinations": [
            {
                "destination": gate.destination,
                "state": gate.state,
                "leads_waiting": gate.leads,
                "due": gate.due,
                "oldest_wait_ms": gate.oldest_ms,
            }
            for gate in found.gates
        ],
        "due": found.due,
        "oldest_wait_ms": found.oldest_ms,
        "dead": found.dead,
        "dead_by_kind": dict(found.dead_by_kind),
        "parked": found.parked,
        "faulty": found.faulty,
        "rejected_lately": found.rejected_lately,
        "workers": found.workers,
    }


def _whole(counts: Mapping[str, int]) -> dict[str, Json]:
    return {name: counts.get(name, 0) for name in COLUMNS}
