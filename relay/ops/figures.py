"""What the overview shows of a status, in the reader's language: numbers and our own words; and the same as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.finding import Filter
from relay.model import Json, State
from relay.ops import links
from relay.ops.readable import number, span
from relay.ops.words import _, words
from relay.status import COLUMNS, Status
from relay.store.proofs import Proof
from relay.telling import times

if TYPE_CHECKING:
    from relay.ops.standing import Standing, Worry


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number among those at the top."""

    name: str
    value: str
    #: '' or 'bad'.
    kind: str = ""
    #: The page that shows what is counted; '' for none.
    href: str = ""


def asked_for_words(queue: str) -> str:
    """Say what a queue of errands is for."""
    kind, _colon, owner = queue.partition(":")
    return _("answers of hook %(hook)s", hook=owner) if kind == "fetch" else _("leads at %(place)s", place=owner)


def today_of(found: Status) -> Counter[str]:
    """Add up the counts of today over all hooks."""
    today: Counter[str] = Counter()
    for one in found.hooks:
        today.update(one.today)
    return today


def figures_of(found: Status) -> tuple[Figure, ...]:
    today = today_of(found)
    return (
        Figure(name=_("accepted today"), value=number(today["accepted"]), href=links.events(Filter(state=""))),
        Figure(name=_("delivered today"), value=number(today[State.DELIVERED.word])),
        Figure(name=_("leads due"), value=number(found.due)),
        Figure(name=_("oldest wait"), value=span(found.oldest_ms) if found.leads else _("none")),
        Figure(
            name=_("dead letters"),
            value=number(found.dead),
            kind="bad" if found.dead else "",
            href=links.inbox(state="dead"),
        ),
        Figure(
            name=_("parked"),
            value=number(found.parked),
            kind="bad" if found.parked else "",
            href=links.page("parked") or links.inbox(state="parked"),
        ),
        Figure(name=_("rejected in 24 h"), value=number(found.rejected_lately), href=links.page("rejected")),
        Figure(name=_("workers"), value=number(found.workers), kind="" if found.workers else "bad"),
    )


def sum_words(found: Status) -> str:
    """Write the sum of today: ``12 accepted = 10 delivered + 2 in flight``; of states that have none, nothing."""
    today = today_of(found)
    parts = [f"{number(today[state.word])} {words(state.word)}" for state in State if today[state.word]]
    return f"{number(today['accepted'])} {words('accepted')} = {' + '.join(parts) or '0'}"


def overview_json(standing: Standing, worries: Sequence[Worry]) -> dict[str, Json]:
    """Give all of the overview as JSON but its plot."""
    return public_json(standing.found) | {
        "worries": [{"words": one.words, "kind": one.kind} for one in worries],
        "alarms": [
            {"alarm": one.name, "about": one.about, "words": one.words, **times("began", one.began_ms)}
            for one in standing.found.alarms
        ],
        "failures": {"open": len(standing.found.groups), "unseen": len(standing.unseen)},
        "last_events": [
            {"hook": hook, **times("last", ms), "silent": hook in standing.silent}
            for hook, ms in sorted(standing.last.items())
        ],
        "sum": {"holds": not standing.unbalanced, "unbalanced": list(standing.unbalanced)},
        "proof": proof_json(standing.proof),
    }


def proof_json(proof: Proof | None) -> Json:
    if proof is None:
        return None
    return {"holds": proof.holds, "events": proof.events, "faults": list(proof.faults), **times("at", proof.at_ms)}


def public_json(found: Status) -> dict[str, Json]:
    """Give the numbers as JSON."""
    return {
        **times("at", found.at_ms),
        "hooks": [{"hook": one.hook, "today": _whole(one.today), "all": _whole(one.all)} for one in found.hooks],
        "destinations": [
            {
                "destination": gate.destination,
                "state": gate.state,
                **times("since", gate.since_ms or None),
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
