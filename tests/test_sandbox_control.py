"""The sandbox's control paths, its log and counts, and its start and end."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from relay.errors import CommandError, FaultsError
from relay.sandbox import Sandbox
from relay.sandbox.journal import Journal

ANA = "6f1c0b52-7a34-4d0f-9a50-2a5d0c9b7e11"
CAMPAIGN = "0d7a3a1e-1111-2222-3333-444455556666"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def put(sandbox: Sandbox, body: Any, *, lead: str = ANA, method: str = "PUT") -> requests.Response:
    headers = {"X-API-Key": sandbox.key}
    if isinstance(body, bytes):
        return requests.request(method, f"{sandbox.url}/leads/{lead}", data=body, headers=headers, timeout=10)
    return requests.request(method, f"{sandbox.url}/leads/{lead}", json=body, headers=headers, timeout=10)


def get(sandbox: Sandbox, lead: str = ANA) -> requests.Response:
    return requests.get(f"{sandbox.url}/leads/{lead}", headers={"X-API-Key": sandbox.key}, timeout=10)


def test_the_log_tells_requests_in_order(sandbox: Sandbox) -> None:
    put(sandbox, {"phone": "1"})
    put(sandbox, b"phone", lead=CAMPAIGN)
    get(sandbox)

    log = requests.get(f"{sandbox.url}/_sandbox/requests", timeout=10).json()["requests"]

    assert [(one["number"], one["method"], one["lead"], one["body"], one["status"]) for one in log] == [
        (1, "PUT", ANA, {"phone": "1"}, 200),
        (2, "PUT", CAMPAIGN, "phone", 400),
        (3, "GET", ANA, None, 200),
    ]
    assert [one["applied_at"] for one in log] == [1, None, None]
    assert log == sandbox.requests()
    assert log[0]["started_ms"] <= log[0]["ended_ms"] <= log[1]["started_ms"]
    assert log[0]["wall_ms"] <= log[1]["wall_ms"]


def test_the_log_is_read_on_from_a_number(sandbox: Sandbox) -> None:
    for phone in "123":
        put(sandbox, {"phone": phone})

    answer = requests.get(f"{sandbox.url}/_sandbox/requests?after=2", timeout=10)
    wrong = requests.get(f"{sandbox.url}/_sandbox/requests?after=last", timeout=10)

    assert [one["number"] for one in answer.json()["requests"]] == [3]
    assert wrong.status_code == 400
    assert wrong.json() == {"error": "Validation error", "message": "after: must be the number of a request"}


def test_a_full_log_keeps_the_newest() -> None:
    journal = Journal(keep=True, kept=3)

    for number in range(1, 8):
        journal.end(journal.begin("PUT", ANA, b"%d" % number), 200)

    assert [(one["number"], one["body"]) for one in journal.after(0)] == [(5, 5), (6, 6), (7, 7)]
    assert [one["number"] for one in journal.after(6)] == [7]
    assert journal.after(7) == []


def test_without_a_log_the_counts_are_kept() -> None:
    with Sandbox(log=False) as sandbox:
        put(sandbox, {"phone": "1"})
        put(sandbox, {})

        assert sandbox.requests() == []
        assert sandbox.stats() == {
            "requests": 2,
            "by_status": {"200": 1, "400": 1},
            "applied": 1,
            "in_flight": 0,
            "max_in_flight": 1,
            "max_in_flight_per_lead": 1,
            "overlaps": 0,
            "first_overlaps": [],
            "enrolled": 0,
            "graph": 0,
            "linkedin": 0,
        }


def test_control_shows_leads_and_counts(sandbox: Sandbox) -> None:
    put(sandbox, {"phone": "1"})

    leads = requests.get(f"{sandbox.url}/_sandbox/leads", timeout=10).json()["leads"]
    stats = requests.get(f"{sandbox.url}/_sandbox/stats", timeout=10).json()

    assert [lead["phone"] for lead in leads] == ["1"]
    assert {lead["id"]: lead for lead in leads} == sandbox.leads()
    assert stats == sandbox.stats()


def test_a_reset_forgets_everything(sandbox: Sandbox) -> None:
    sandbox.put_faults(wrong_key=True, latency_ms=1)
    put(sandbox, {"phone": "1"})

    answer = requests.post(f"{sandbox.url}/_sandbox/reset", timeout=10)

    assert answer.json() == {"success": True}
    assert (sandbox.requests(), sandbox.leads(), sandbox.stats()["requests"]) == ([], {}, 0)
    assert put(sandbox, {"phone": "2"}).status_code == 200
    assert sandbox.requests()[0]["number"] == 1


def test_an_unknown_control_path_tells_which_there_are(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.url}/_sandbox/fault", timeout=10)

    assert answer.status_code == 404
    assert answer.json()["message"].startswith("use GET /_sandbox/faults, PUT /_sandbox/faults, ")


def test_a_lead_with_wrong_fields_is_not_added(sandbox: Sandbox) -> None:
    answer = requests.put(f"{sandbox.url}/_sandbox/leads/{ANA}", json={"phone": 1}, timeout=10)
    unnamed = requests.put(f"{sandbox.url}/_sandbox/leads/ana", json={}, timeout=10)

    assert answer.json() == {"error": "Validation error", "message": "phone must be a string"}
    assert unnamed.json() == {"error": "Validation error", "message": "the lead's id must be a UUID"}
    assert sandbox.leads() == {}


def test_faults_that_were_put_can_be_read_and_put_again(sandbox: Sandbox) -> None:
    faults = {
        "errors": {"500": 0.5},
        "retry_after": 3,
        "unknown_campaigns": [CAMPAIGN],
        "refuse": [{"field": "phone", "value": "1", "message": "no"}],
        "fail_leads": {ANA: 500},
        "seed": 7,
    }

    put_answer = requests.put(f"{sandbox.url}/_sandbox/faults", json=faults, timeout=10)
    shown = requests.get(f"{sandbox.url}/_sandbox/faults", timeout=10).json()

    assert put_answer.json() == shown
    assert shown == {**shown, **faults}
    assert requests.put(f"{sandbox.url}/_sandbox/faults", json=shown, timeout=10).json() == shown


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"latency": 5}, "latency: unknown fault; did you mean 'latency_ms'?"),
        ({"latency_ms": -1}, "latency_ms: must be a number of at least 0"),
        ({"hang": 1.5}, "hang: must be a share from 0 to 1"),
        ({"errors": {"200": 0.5}}, "errors: must be a status from 400 to 599"),
        ({"errors": {"often": 0.5}}, "errors: must be a status from 400 to 599"),
        ({"errors": [500]}, 'errors: must be an object such as {"500": 0.2}'),
        ({"retry_after": 0.5}, "retry_after: must be whole seconds or null"),
        ({"wrong_key": 1}, "wrong_key: must be true or false"),
        ({"late_answer": 504}, "late_answer: must be 'either', 'reset' or '504'"),
        ({"unknown_campaigns": "Q1"}, "unknown_campaigns: must be a list of texts"),
        ({"refuse": [{"message": "no"}]}, "refuse: each must have a 'field' such as 'phone' or 'metadata.plan'"),
        ({"refuse": ["phone"]}, "refuse: each must be an object of 'field', 'value' and 'message'"),
        ({"fail_leads": {"ana": 500}}, "fail_leads: must be an object of lead ids and statuses"),
        ({"seed": "x"}, "seed: must be a whole number or null"),
        (
            {"hang": 0.7, "late": 0.5},
            "the rates add up to 1.2, but a request has one accident at most: lower them to 1 in all",
        ),
    ],
)
def test_wrong_faults_are_refused_with_words(sandbox: Sandbox, faults: dict[str, Any], words: str) -> None:
    answer = requests.put(f"{sandbox.url}/_sandbox/faults", json=faults, timeout=10)

    assert answer.status_code == 400
    assert answer.json() == {"error": "Validation error", "message": words}
    with pytest.raises(FaultsError, match=re.escape(words)):
        sandbox.put_faults(**faults)


def test_all_wrong_faults_are_told_at_once_and_none_is_set(sandbox: Sandbox) -> None:
    with pytest.raises(FaultsError) as caught:
        sandbox.put_faults(wrong_key=True, hang=2, strictly=True)

    assert caught.value.faults == (
        "hang: must be a share from 0 to 1",
        "strictly: unknown fault; did you mean 'strict'?",
    )
    assert put(sandbox, {"phone": "1"}).status_code == 200


def test_as_a_process_it_ends_on_sigterm() -> None:
    code = "from relay.sandbox import main; main(0, 'nxr_key')"
    with subprocess.Popen([sys.executable, "-W", "error", "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = re.fullmatch(r"lead API sandbox: (http\S+)/leads/{id}, key nxr_key\n", process.stdout.readline())
        assert said
        session = requests.Session()
        answer = session.put(f"{said[1]}/leads/{ANA}", json={"phone": "1"}, headers={"X-API-Key": "nxr_key"})
        process.send_signal(signal.SIGTERM)
        ended = process.wait(10)
        session.close()

    assert answer.status_code == 200
    assert ended == 0


def test_a_port_that_is_taken_is_told(sandbox: Sandbox) -> None:
    words = f"sandbox can't listen on 127.0.0.1:{sandbox.port}: .*; choose another port"

    with pytest.raises(CommandError, match=words):
        Sandbox(port=sandbox.port)
