"""What the overview shows of a status, in the reader's language: numbers and our own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.model import Json, State
from relay.ops.readable import number, span
from relay.ops.words import _, ngettext, words
from relay.status import COLUMNS, Status
from relay.texts import N_

#: States of a gate that need a person.
STUCK = {"held": N_("held"), "open": N_("open")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number among those at the top."""

    name: str
    value: str
    #: '' or 'bad'.
    kind: str = ""
    #: The page that shows what is counted; '' for none.
    href: str = ""


def worries_of(found: Status) -> list[str]:
    """Say what needs a person, the worst first."""
    worries = [] if found.workers else [_("No worker is alive, nothing is delivered")]
    worries += [_("No background worker is alive")] if found.errands and not found.background else []
    gates = [(gate.destination, gate.state) for gate in found.gates]
    gates += [(_("asking for %(what)s", what=asked_for_words(gate.destination)), gate.state) for gate in found.errands]
    worries += [
        _("%(what)s is %(state)s", what=what, state=words(STUCK[state])) for what, state in gates if state in STUCK
    ]
    dead, parked = found.dead, found.parked
    worries += [ngettext("%(num)s dead letter", "%(num)s dead letters", dead, num=number(dead))] if dead else []
    worries += [ngettext("%(num)s parked event", "%(num)s parked events", parked, num=number(parked))] if parked else []
    return worries


def asked_for_words(queue: str) -> str:
    """Say what a queue of errands is for."""
    kind, _colon, owner = queue.partition(":")
    return _("answers of hook %(hook)s", hook=owner) if kind == "fetch" else _("leads at %(place)s", place=owner)


def figures_of(found: Status) -> tuple[Figure, ...]:
    today: dict[str, int] = {}
    for one in found.hooks:
        for name, count in one.today.items():
            today[name] = today.get(name, 0) + count
    return (
        Figure(name=_("accepted today"), value=number(today.get("accepted", 0))),
        Figure(name=_("delivered today"), value=number(today.get(State.DELIVERED.word, 0))),
        Figure(name=_("leads due"), value=number(found.due)),
        Figure(name=_("oldest wait"), value=span(found.oldest_ms) if found.leads else _("none")),
        Figure(name=_("dead letters"), value=number(found.dead), kind="bad" if found.dead else ""),
        Figure(name=_("parked"), value=number(found.parked), kind="bad" if found.parked else ""),
        Figure(name=_("rejected in 24 h"), value=number(found.rejected_lately)),
        Figure(name=_("workers"), value=number(found.workers), kind="" if found.workers else "bad"),
    )


def public_json(found: Status) -> dict[str, Json]:
    """Give the numbers as JSON."""
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
