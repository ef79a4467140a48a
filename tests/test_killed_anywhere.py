"""``kill -9`` anywhere, at random moments, while events flow and the lead API fails one PUT in five: nothing is lost.

One short run of ``bench.faults``, in real processes; every test looks at what it found.
"""

from __future__ import annotations

import pytest

from bench.faults import Result, play

SECONDS = 20.0
SEED = 7


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return play(tmp_path_factory.mktemp("faults"), seconds=SECONDS, seed=SEED)


def test_every_kind_of_process_was_killed_while_hundreds_of_events_came_in(result: Result) -> None:
    assert all(result.kills.values()), result.kills
    assert result.accepted >= 300


def test_every_event_that_got_a_200_is_in_the_store_and_has_ended(result: Result) -> None:
    assert result.lost == 0, result.findings


def test_every_event_is_stored_just_as_the_rules_that_mapped_it_map_it_again(result: Result) -> None:
    assert result.mapped_otherwise == 0, result.findings
    assert result.mapped_again >= result.accepted


def test_the_sum_of_all_events_holds(result: Result) -> None:
    assert result.sum_holds, result.findings


def test_every_register_of_every_lead_has_the_newest_delivered_value(result: Result) -> None:
    assert result.stale_registers == 0, result.findings


def test_no_lead_had_two_puts_in_flight(result: Result) -> None:
    assert result.overlapping_puts == 0, result.findings
    assert result.puts >= 300


def test_no_event_became_a_dead_letter_because_of_a_crash(result: Result) -> None:
    assert set(result.ends) <= {"delivered", "superseded"}
