"""The sandbox's faults: each one alone, as a client sees it and as the log tells it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import requests

from relay.sandbox import Sandbox
from relay.sandbox.faults import Accident, Dice, parse

ANA = "6f1c0b52-7a34-4d0f-9a50-2a5d0c9b7e11"
BEN = "6f1c0b52-7a34-4d0f-9a50-2a5d0c9b7e12"
CAMPAIGN = "0d7a3a1e-1111-2222-3333-444455556666"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def put(sandbox: Sandbox, body: Any, lead: str = ANA) -> requests.Response:
    return requests.put(f"{sandbox.url}/leads/{lead}", json=body, headers={"X-API-Key": sandbox.key}, timeout=20)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.005)


def in_flight(sandbox: Sandbox, count: int) -> Callable[[], bool]:
    return lambda: sandbox.stats()["in_flight"] == count


def test_errors_come_at_their_rates_and_the_same_for_the_same_seed() -> None:
    faults = parse({"errors": {"500": 0.2, "503": 0.05}, "hang": 0.1, "seed": 1})

    first, second = Dice(faults), Dice(faults)
    rolls = [first.roll() for _ in range(10_000)]

    assert rolls == [second.roll() for _ in range(10_000)]
    assert 1_850 < rolls.count(500) < 2_150
    assert 400 < rolls.count(503) < 600
    assert 900 < rolls.count(Accident.HANG) < 1_100
    assert rolls.count(Accident.NONE) > 6_200


def test_requests_fail_as_the_dice_fall(sandbox: Sandbox) -> None:
    faults: dict[str, Any] = {"errors": {"500": 0.3}, "seed": 1}
    dice = Dice(parse(faults))
    expected = [500 if dice.roll() == 500 else 200 for _ in range(60)]
    sandbox.put_faults(**faults)

    seen = [put(sandbox, {"phone": "1"}).status_code for _ in range(60)]

    assert seen == expected
    assert 5 < seen.count(500) < 40
    assert sandbox.stats()["by_status"] == {"200": seen.count(200), "500": seen.count(500)}
    assert sandbox.stats()["applied"] == seen.count(200)


@pytest.mark.parametrize(
    ("status", "body", "retry_after"),
    [
        (500, {"error": "Internal server error"}, None),
        (502, {"error": "Bad gateway"}, None),
        (503, {"error": "Service unavailable"}, "7"),
        (429, {"error": "Too many requests"}, "7"),
        (404, {"error": "Not found", "message": "Lead not found or does not belong to your account"}, None),
        (400, {"error": "Validation error", "message": "The sandbox was told to fail"}, None),
        (599, {"error": "Unknown status"}, None),
    ],
)
def test_an_error_has_its_body_and_retry_after_where_due(
    sandbox: Sandbox, status: int, body: object, retry_after: str | None
) -> None:
    sandbox.put_faults(errors={str(status): 1}, retry_after=7)

    answer = put(sandbox, {"phone": "1"})

    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers.get("Retry-After") == retry_after
    assert sandbox.requests()[0]["applied_at"] is None


def test_retry_after_is_left_out_unless_set(sandbox: Sandbox) -> None:
    sandbox.put_faults(errors={"503": 1})

    assert "Retry-After" not in put(sandbox, {"phone": "1"}).headers


def test_latency_varies_within_its_spread() -> None:
    dice = Dice(parse({"latency_ms": 150, "spread_ms": 50, "seed": 1}))

    delays = [dice.delay_s() for _ in range(1_000)]

    assert 0.1 <= min(delays) < 0.105
    assert 0.195 < max(delays) <= 0.2
    assert Dice(parse({"latency_ms": 150})).delay_s() == 0.15
    wide = Dice(parse({"latency_ms": 1, "spread_ms": 50, "seed": 1}))
    assert min(wide.delay_s() for _ in range(100)) == 0


def test_with_latency_a_request_is_applied_when_it_is_answered(sandbox: Sandbox, threads: ThreadPoolExecutor) -> None:
    sandbox.put_faults(latency_ms=60_000)
    answer = threads.submit(put, sandbox, {"phone": "1"})
    until(in_flight(sandbox, 1))

    entry = sandbox.requests()[0]
    sandbox.reset()

    assert (entry["status"], entry["ended_ms"], entry["applied_at"]) == (None, None, None)
    with pytest.raises(requests.ConnectionError):
        answer.result(20)


def test_with_a_short_latency_requests_are_answered(sandbox: Sandbox) -> None:
    sandbox.put_faults(latency_ms=5, spread_ms=5)

    assert {put(sandbox, {"phone": str(n)}).status_code for n in range(10)} == {200}


def test_a_hanging_request_goes_on_when_the_faults_change(sandbox: Sandbox, threads: ThreadPoolExecutor) -> None:
    sandbox.put_faults(hang=1)
    answer = threads.submit(put, sandbox, {"phone": "1"})
    until(in_flight(sandbox, 1))
    hanging = sandbox.leads()

    sandbox.put_faults()

    assert hanging == {}
    assert answer.result(20).status_code == 200
    assert sandbox.leads()[ANA]["phone"] == "1"


def test_a_hanging_request_whose_client_goes_is_never_applied(sandbox: Sandbox) -> None:
    sandbox.put_faults(hang=1)
    leave_in_the_middle(sandbox)
    until(in_flight(sandbox, 0))

    sandbox.put_faults()

    entry = sandbox.requests()[0]
    assert (entry["status"], entry["applied_at"]) == (0, None)
    assert entry["ended_ms"] >= entry["started_ms"]
    assert sandbox.leads() == {}


def test_a_request_is_applied_though_its_client_has_gone(sandbox: Sandbox) -> None:
    sandbox.put_faults(latency_ms=200)

    leave_in_the_middle(sandbox)

    until(lambda: sandbox.stats()["applied"] == 1)
    assert sandbox.leads()[ANA]["phone"] == "1"


def leave_in_the_middle(sandbox: Sandbox) -> None:
    """Send a PUT, and close the connection once the sandbox has taken it up."""
    head = f"PUT /leads/{ANA} HTTP/1.1\r\nX-API-Key: {sandbox.key}\r\nContent-Length: 13\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.port), 10) as client:
        client.sendall(head.encode() + b'{"phone":"1"}')
        until(lambda: sandbox.stats()["requests"] == 1)


@pytest.mark.parametrize(("fault", "applied_at"), [("reset_before", None), ("reset_after", 1)])
def test_a_connection_is_reset_before_or_after_applying(sandbox: Sandbox, fault: str, applied_at: int | None) -> None:
    sandbox.put_faults(**{fault: 1})

    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        put(sandbox, {"phone": "1"})

    entry = sandbox.requests()[0]
    assert (entry["status"], entry["applied_at"]) == (0, applied_at)
    assert bool(sandbox.leads()) is bool(applied_at)


def test_a_late_request_is_applied_after_a_newer_one(sandbox: Sandbox) -> None:
    sandbox.put_faults(late=1, late_ms=1_000, late_answer="504")
    late = put(sandbox, {"phone": "old"})
    sandbox.put_faults()
    newer = put(sandbox, {"phone": "new"})

    until(lambda: sandbox.stats()["applied"] == 2)

    assert (late.status_code, late.json()) == (504, {"error": "Gateway timeout"})
    assert newer.status_code == 200
    assert [one["applied_at"] for one in sandbox.requests()] == [2, 1]
    assert sandbox.leads()[ANA]["phone"] == "old"


def test_a_late_request_may_begin_with_a_reset(sandbox: Sandbox) -> None:
    sandbox.put_faults(late=1, late_ms=1, late_answer="reset")

    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        put(sandbox, {"phone": "1"})

    until(lambda: sandbox.stats()["applied"] == 1)
    assert sandbox.requests()[0]["status"] == 0


def test_a_late_request_fails_either_way_when_not_told() -> None:
    dice = Dice(parse({"late": 1, "seed": 1}))

    assert 400 < sum(dice.late_by_reset() for _ in range(1_000)) < 600


def test_a_late_request_with_a_bad_body_is_never_applied(sandbox: Sandbox) -> None:
    sandbox.put_faults(late=1, late_ms=0, late_answer="504")
    put(sandbox, {"phone": 1})

    put(sandbox, {"phone": "1"})

    until(lambda: sandbox.stats()["applied"] == 1)
    assert [one["applied_at"] for one in sandbox.requests()] == [None, 1]


def test_a_reset_of_the_sandbox_drops_what_would_be_applied_late(sandbox: Sandbox) -> None:
    sandbox.put_faults(late=1, late_ms=20, late_answer="504")
    put(sandbox, {"phone": "1"})
    sandbox.reset()
    sandbox.put_faults(late=1, late_ms=40, late_answer="504")

    put(sandbox, {"phone": "2"}, BEN)

    until(lambda: sandbox.stats()["applied"] == 1)
    assert list(sandbox.leads()) == [BEN]


def test_a_wrong_key_is_refused_until_it_is_right_again(sandbox: Sandbox) -> None:
    sandbox.put_faults(wrong_key=True)
    refused = put(sandbox, {"phone": "1"})

    sandbox.put_faults()

    words = {"error": "Invalid API key", "message": "The provided API key is not valid"}
    assert (refused.status_code, refused.json()) == (401, words)
    assert put(sandbox, {"phone": "1"}).status_code == 200


def test_one_lead_fails_alone(sandbox: Sandbox) -> None:
    sandbox.put_faults(fail_leads={ANA.upper(): 503}, retry_after=2)

    failed = put(sandbox, {"phone": "1"})

    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "2")
    assert put(sandbox, {"phone": "1"}, BEN).status_code == 200


def test_strictness_changes_while_it_runs_and_falls_back_to_the_start() -> None:
    with Sandbox(strict=True) as sandbox:
        at_first = put(sandbox, {"phone": "1"}).status_code
        sandbox.put_faults(strict=False)
        loose = put(sandbox, {"phone": "1"}, BEN).status_code
        sandbox.put_faults(latency_ms=0)

        assert (at_first, loose) == (404, 200)
        assert put(sandbox, {"phone": "1"}).status_code == 404
        assert put(sandbox, {"phone": "1"}, BEN).status_code == 200


@pytest.mark.parametrize(
    ("faults", "body", "message"),
    [
        ({"unknown_campaigns": [CAMPAIGN]}, {"campaign_id": CAMPAIGN}, "campaign_id not found"),
        ({"refuse": [{"field": "phone", "message": "phone is taken"}]}, {"phone": "1"}, "phone is taken"),
        ({"refuse": [{"field": "phone"}]}, {"phone": None}, "phone is not accepted"),
        (
            {"refuse": [{"field": "title", "value": "x"}, {"field": "metadata.plan", "value": 3, "message": "no"}]},
            {"title": "y", "metadata": {"plan": 3}},
            "no",
        ),
    ],
)
def test_a_value_is_refused_on_demand(sandbox: Sandbox, faults: Any, body: Any, message: str) -> None:
    sandbox.put_faults(**faults)

    answer = put(sandbox, body)

    assert (answer.status_code, answer.json()) == (400, {"error": "Validation error", "message": message})
    assert sandbox.stats()["applied"] == 0


def test_other_values_than_the_refused_are_taken(sandbox: Sandbox) -> None:
    sandbox.put_faults(
        unknown_campaigns=[CAMPAIGN], refuse=[{"field": "metadata.plan", "value": 3}, {"field": "title"}]
    )

    answer = put(sandbox, {"phone": "1", "campaign_id": None, "metadata": {"plan": 4, "title": "x"}})

    assert answer.status_code == 200


def test_two_puts_of_one_lead_at_once_are_noticed(sandbox: Sandbox, threads: ThreadPoolExecutor) -> None:
    sandbox.put_faults(hang=1)
    answers: list[Future[requests.Response]] = []
    for count, lead in enumerate([ANA, BEN, ANA.upper()], 1):
        answers.append(threads.submit(put, sandbox, {"phone": "1"}, lead))
        until(in_flight(sandbox, count))

    sandbox.put_faults()
    for answer in answers:
        answer.result(20)

    stats = sandbox.stats()
    assert stats["overlaps"] == 1
    assert stats["first_overlaps"] == [{"lead": ANA, "numbers": [1, 3]}]
    assert (stats["max_in_flight"], stats["max_in_flight_per_lead"], stats["in_flight"]) == (3, 2, 0)


def test_puts_of_one_lead_one_after_another_do_not_overlap(sandbox: Sandbox) -> None:
    sandbox.put_faults(latency_ms=2)

    for phone in "123":
        put(sandbox, {"phone": phone})

    assert sandbox.stats()["overlaps"] == 0
    assert sandbox.stats()["max_in_flight_per_lead"] == 1
