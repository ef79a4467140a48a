"""``relay parked`` says why events wait for their lead, by what it was looked for, and what lets them go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relay.embedded import EmbeddedRedis
from relay.model import Arrival, Name, Reason, State
from relay.store import Store
from tests.desk import ANA, EVA, Desk, desk_over
from tests.far_crm import arrival, matched, update

PHONE = Name("phone", "+56987654321")
MAIL = Name("email", "ana@example.cl")


@pytest.fixture
def desk(store: Store, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    return desk_over(store, redis_server.url, tmp_path)


def accept(desk: Desk, one: Arrival) -> str:
    return desk.world.store.door.accept([one])[0].id


def unfound(id: str) -> Arrival:
    one = arrival(id, "", update(title=id))
    reason = Reason(kind="no id", words="hidden.lead_id is missing")
    return replace(one, mapped=replace(one.mapped, state=State.PARKED, reason=reason))


def test_parked_events_are_counted_by_reason_and_listed_with_what_they_look_for(desk: Desk) -> None:
    first = accept(desk, matched("a", [PHONE, MAIL], update(title="x")))
    accept(desk, matched("b", [MAIL], update(title="y")))
    lost = accept(desk, unfound("c"))

    listed = desk.relay("parked")

    lines = listed.stdout.splitlines()
    assert lines[:2] == ["2 events parked: unknown lead", "1 event parked: no id"]
    (row,) = [line for line in lines if line.startswith(first)]
    assert row.rstrip().endswith("phone:+56987654321")
    assert lines[lines.index(row) + 1].strip() == "email:ana@example.cl"
    (row,) = [line for line in lines if line.startswith(lost)]
    assert "hidden.lead_id is missing" in row
    assert lines[-2].startswith("unknown lead: they go on when their lead becomes known: relay leads link NAME LEAD_ID")
    assert lines[-1].endswith("relay replay --state parked --remapped --run")
    assert listed.returncode == 0


def test_leads_that_are_to_be_told_apart_are_listed_with_the_commands_that_decide(desk: Desk) -> None:
    desk.world.store.names.learn("default", [(ANA, [PHONE]), (EVA, [PHONE])])
    event = accept(desk, matched("a", [PHONE], update(title="x")))

    lines = desk.relay("parked").stdout.splitlines()

    commands = [line.split()[1:] for line in lines if line.startswith("  relay leads link ")]
    assert sorted(words[-1] for words in commands) == sorted([ANA, EVA])
    assert "phone:+56987654321 means 2 leads; one of these decides:" in lines
    told = desk.json("parked", "--kind", "ambiguous")
    assert [(one["id"], sorted(one["candidates"]["phone:+56987654321"])) for one in told] == [
        (event, sorted([ANA, EVA]))
    ]
    assert desk.relay(*commands[0]).stdout.endswith("1 parked event went on\n")
    assert desk.world.state(event) is State.IN_FLIGHT


def test_only_what_is_asked_for_is_listed(desk: Desk) -> None:
    waits = accept(desk, matched("a", [PHONE], update(title="x")))
    lost = accept(desk, unfound("b"))

    def ids(*words: str) -> list[str]:
        return [one["id"] for one in desk.json("parked", *words)]

    assert ids() == [waits, lost]
    assert ids("--kind", "no id") == [lost]
    assert ids("--limit", "1") == [waits]
    assert ids("--hook", "cotiza", "--since", "1h") == [waits, lost]


@pytest.mark.parametrize("words", [[], ["--hook", "other"]])
def test_where_nothing_is_parked_the_exit_code_is_3(desk: Desk, words: list[str]) -> None:
    if words:
        accept(desk, matched("a", [PHONE], update(title="x")))

    listed = desk.relay("parked", *words)

    assert (listed.stdout, listed.stderr, listed.returncode) == ("", "no parked event matches\n", 3)


def test_a_long_list_shows_the_newest_fifty(desk: Desk) -> None:
    events = [matched(str(number), [MAIL], update(title="x")) for number in range(52)]
    desk.world.store.door.accept(events)

    lines = desk.relay("parked").stdout.splitlines()

    assert lines[0] == "52 events parked: unknown lead"
    assert "the newest 50 of 52 are shown, --json shows all" in lines
