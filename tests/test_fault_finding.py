"""What the killing runs look at in the end finds what is wrong, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from bench.faults import finding
from bench.faults.killing import SAMPLE_S, recoveries_s
from bench.faults.traffic import Sent
from relay.model import Stamp, State, StoredEvent

FIRST = Stamp(1, 1)


def sent(**wants: str | None) -> Sent:
    return Sent(
        lead="lead", wants={name.replace("__", "."): value for name, value in wants.items()}, body=b"", headers={}
    )


def stored(id: str, state: State, stamp: Stamp = FIRST) -> StoredEvent:
    return StoredEvent(
        id=id,
        hook="faults",
        sender="typeform",
        version="v1",
        destination="default",
        kind="form_response",
        test=False,
        content_type="application/json",
        body=b"",
        sender_id=id,
        lead="lead",
        updates=(),
        faults=(),
        state=state,
        update_states=(state,),
        stamp=stamp,
        received_ms=1,
    )


def put(number: int, started: float, ended: float | None, lead: str = "lead", method: str = "PUT") -> dict[str, Any]:
    return {"number": number, "started_ms": started, "ended_ms": ended, "lead": lead, "method": method}


def test_an_accepted_event_that_is_not_stored_or_has_not_ended_is_lost() -> None:
    accepted = {name: sent() for name in ("gone", "waits", "done", "dead")}
    kept = {
        name: stored(name, state)
        for name, state in [("waits", State.IN_FLIGHT), ("done", State.DELIVERED), ("dead", State.DEAD)]
    }

    assert finding.lost(accepted, kept) == ["gone", "waits"]


@pytest.mark.parametrize(
    ("at_the_crm", "registers"),
    [
        ({"title": None, "metadata": {"utm": "new"}}, []),
        ({"title": "old", "metadata": {"utm": "new"}}, ["title"]),
        ({"title": None, "metadata": {"utm": "old"}}, ["metadata.utm"]),
        ({"title": None, "metadata": {}}, ["metadata.utm"]),
        ({"title": None, "metadata": {"utm": "refused"}}, ["metadata.utm"]),
    ],
)
def test_a_register_must_be_as_the_newest_delivered_event_wants_it(
    at_the_crm: dict[str, Any], registers: list[str]
) -> None:
    accepted = {
        "new": sent(title=None, metadata__utm="new"),
        "old": sent(title="old", metadata__utm="old"),
        "refused": sent(metadata__utm="refused"),
    }
    kept = {
        "new": stored("new", State.DELIVERED, Stamp(2, 1)),
        "old": stored("old", State.DELIVERED, Stamp(1, 2)),
        "refused": stored("refused", State.DEAD, Stamp(3, 3)),
    }

    found = list(finding.stale(accepted, kept, {"lead": at_the_crm}))

    assert [one.register for one in found] == registers


@pytest.mark.parametrize(
    ("requests", "pairs"),
    [
        ([put(1, 0, 10), put(2, 10, 20)], []),
        ([put(1, 0, 10), put(2, 9, 20)], [(1, 2)]),
        ([put(1, 0, 10), put(2, 9, 20, lead="another")], []),
        ([put(1, 0, 10), put(2, 5, 6, method="GET")], []),
        ([put(1, 0, None), put(2, 500, 510)], [(1, 2)]),
        ([put(1, 0, 100), put(2, 5, 6), put(3, 50, 60)], [(1, 2), (1, 3)]),
    ],
)
def test_two_puts_of_one_lead_overlap_when_the_second_begins_before_the_first_has_ended(
    requests: list[dict[str, Any]], pairs: list[tuple[int, int]]
) -> None:
    assert finding.overlaps(requests) == pairs


@pytest.mark.parametrize(
    ("due", "applied", "seconds"),
    [
        ([10.01, 11.0], [9.0, 13.0], 3.0),
        ([12.0], [13.0], 1.0 + SAMPLE_S),
        ([14.0], [13.0, 15.0], 0.0),
        ([], [13.0], 0.0),
    ],
)
def test_recovery_is_counted_from_the_kill_or_from_when_a_lead_was_due(
    due: list[float], applied: list[float], seconds: float
) -> None:
    found = recoveries_s([("redis", 10.0)], due, applied)

    assert found["redis"] == pytest.approx(seconds)
