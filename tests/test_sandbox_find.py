"""The sandbox as the lead API that is searched, and that makes leads: what it finds, what a POST is about, faults."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from relay.lead_fields import is_uuid
from relay.sandbox import Sandbox
from tests.waiting import until

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EVA = "0b0b6679-7425-40de-944b-e07fc1f90ae8"
WORKFLOW = "a9149b52-7a34-4d0f-9a50-2a5d0c9b7e11"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(strict=True) as one:
        yield one


def post(sandbox: Sandbox, body: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/leads", json=body, headers={"X-API-Key": sandbox.key}, timeout=10)


def found(sandbox: Sandbox, **query: str) -> dict[str, Any]:
    answer = requests.get(f"{sandbox.url}/leads", params=query, headers={"X-API-Key": sandbox.key}, timeout=10)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_search_is_rough_and_shows_no_metadata(sandbox: Sandbox) -> None:
    sandbox.add_lead(ANA, first_name="Ana", phone="+56 9 1234 5678", email="ana@example.cl", metadata={"a": 1})
    sandbox.add_lead(EVA, first_name="Eva", phone="+56987654321")

    by_digits, by_name = found(sandbox, search="12345678"), found(sandbox, search="AN")

    row = {"id": ANA, "first_name": "Ana", "last_name": None, "phone": "+56 9 1234 5678", "email": "ana@example.cl"}
    assert by_digits["leads"] == by_name["leads"] == [row]
    assert by_digits["pagination"] == {"page": 0, "limit": 50, "has_more": False}


def test_a_search_comes_in_pages(sandbox: Sandbox) -> None:
    for number in range(5):
        sandbox.add_lead(f"{ANA[:-1]}{number}", first_name="Ana")

    pages = [found(sandbox, search="ana", limit="2", page=str(page)) for page in range(3)]

    assert [len(page["leads"]) for page in pages] == [2, 2, 1]
    assert [page["pagination"]["has_more"] for page in pages] == [True, True, False]


def test_a_new_lead_is_made_once_for_each_e_mail_and_phone(sandbox: Sandbox) -> None:
    first = post(sandbox, {"first_name": "Ana", "phone": "+56 9 1234 5678", "rut": "1-9", "metadata": {"b": 2}})
    again = post(sandbox, {"first_name": "Ana María", "phone": "+56912345678", "email": "ana@example.cl"})
    by_mail = post(sandbox, {"first_name": "A", "email": "ANA@example.cl", "external_id": "x", "last_name": ""})

    assert {one.json()["lead"]["id"] for one in (first, again, by_mail)} == set(sandbox.leads())
    assert [one.json().get("existed", False) for one in (first, again, by_mail)] == [False, True, True]
    (lead,) = sandbox.leads().values()
    assert (lead["first_name"], lead["email"], lead["external_id"]) == ("A", "ANA@example.cl", "x")
    assert lead["metadata"] == {"rut": "1-9", "b": 2}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"phone": "1"}, "first_name is required"),
        ({"first_name": "Ana", "email": "none"}, "email must be a valid email address"),
        ({"first_name": ""}, "first_name is required"),
        ({"first_name": "Ana", "external_id": 12}, "external_id must be a string"),
        ([{"first_name": "Ana"}], "Request body must be one lead, as an object: the sandbox takes no list"),
    ],
)
def test_a_new_lead_that_is_not_good_is_refused(sandbox: Sandbox, body: Any, words: str) -> None:
    answer = post(sandbox, body)

    assert (answer.status_code, answer.json()["message"]) == (400, words)


def test_a_workflow_in_a_new_lead_is_counted_since_it_would_write_to_a_person(sandbox: Sandbox) -> None:
    post(sandbox, {"first_name": "Ana", "workflow_id": WORKFLOW})

    assert sandbox.stats()["enrolled"] == 1


def test_a_search_by_name_goes_over_both_names_and_a_text_with_digits_is_no_phone(sandbox: Sandbox) -> None:
    sandbox.add_lead(ANA, first_name="Ana", last_name="Soto", phone="+56911112222")

    assert len(found(sandbox, search="ana so")["leads"]) == 1
    assert found(sandbox, search="ana1")["leads"] == []
    assert len(found(sandbox)["leads"]) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"page": "-1"}, "page must be a whole number of at least 0"),
        ({"limit": "0"}, "limit must be a whole number of at least 1"),
        ({"limit": "9" * 30}, "limit must be a whole number of at least 1"),
    ],
)
def test_a_page_that_can_not_be_is_told(sandbox: Sandbox, query: dict[str, str], words: str) -> None:
    answer = requests.get(f"{sandbox.url}/leads", params=query, headers={"X-API-Key": sandbox.key}, timeout=10)

    assert (answer.status_code, answer.json()["message"]) == (400, words)


def test_a_new_lead_has_a_uuid_and_the_usual_source(sandbox: Sandbox) -> None:
    answer = post(sandbox, {"first_name": "Ana", "skip_first_message": True, "company": None})

    lead = answer.json()["lead"]
    assert is_uuid(lead["id"])
    assert (lead["source"], lead["company"], lead["metadata"]) == ("api", None, {})
    assert "existed" not in answer.json()


def test_the_e_mail_says_who_it_is_before_the_phone_does(sandbox: Sandbox) -> None:
    sandbox.add_lead(ANA, first_name="Ana", phone="+56911112222")
    sandbox.add_lead(EVA, first_name="Eva", email="eva@example.cl")

    answer = post(sandbox, {"first_name": "E", "phone": "+56 9 1111 2222", "email": "eva@example.cl"})

    assert answer.json()["lead"]["id"] == EVA


def test_a_lead_is_not_taken_for_what_it_was_before(sandbox: Sandbox) -> None:
    for lead in (ANA, EVA):
        sandbox.add_lead(lead, first_name="A", email=f"{lead[0]}@example.cl")
    first = post(sandbox, {"first_name": "A", "email": "7@example.cl"})
    headers = {"X-API-Key": sandbox.key}
    requests.put(f"{sandbox.url}/leads/{ANA}", json={"email": "new@example.cl"}, headers=headers, timeout=10)
    sandbox.remove_lead(EVA)

    emails = ("new@example.cl", "7@example.cl", "0@example.cl")
    ids = [post(sandbox, {"first_name": "A", "email": email}).json()["lead"]["id"] for email in emails]

    assert (first.json()["lead"]["id"], ids[0]) == (ANA, ANA)
    assert not {ANA, EVA} & set(ids[1:])


def test_the_log_tells_a_search_and_the_lead_that_was_made(sandbox: Sandbox) -> None:
    made = post(sandbox, {"first_name": "Ana"}).json()["lead"]["id"]
    found(sandbox, search="ana", limit="5")

    first, second = sandbox.requests()
    assert (first["method"], first["path"], first["lead"], first["applied_at"]) == ("POST", "/leads", made, 1)
    assert (second["method"], second["query"]) == ("GET", {"search": "ana", "limit": "5"})
    assert (second["path"], second["lead"], second["applied_at"]) == ("/leads", "", None)


def test_new_leads_at_the_same_moment_overlap_with_nothing(sandbox: Sandbox) -> None:
    sandbox.put_faults(hang=1)
    with ThreadPoolExecutor(3) as threads:
        answers = [threads.submit(post, sandbox, {"first_name": name}) for name in "abc"]
        until(lambda: sandbox.stats()["in_flight"] == 3)
        sandbox.put_faults()

        assert [answer.result(20).status_code for answer in answers] == [200] * 3
    assert (sandbox.stats()["overlaps"], sandbox.stats()["in_flight"], len(sandbox.leads())) == (0, 0, 3)


@pytest.mark.parametrize(
    ("faults", "made"),
    [
        ({"reset_before": 1}, 0),
        ({"reset_after": 1}, 1),
        ({"late": 1, "late_ms": 1, "late_answer": "reset"}, 1),
    ],
)
def test_a_new_lead_has_the_accidents_of_an_update(sandbox: Sandbox, faults: dict[str, Any], made: int) -> None:
    sandbox.put_faults(**faults)

    with pytest.raises(requests.ConnectionError):
        post(sandbox, {"first_name": "Ana"})

    until(lambda: len(sandbox.leads()) == made)
    assert [one["status"] for one in sandbox.requests()] == [0]


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        ({"errors": {"429": 1}, "retry_after": 7}, 429),
        ({"wrong_key": True}, 401),
        ({"refuse": [{"field": "first_name"}]}, 400),
        ({"fail_leads": {ANA: 500}}, 500),
    ],
)
def test_a_new_lead_fails_as_an_update_does(sandbox: Sandbox, faults: dict[str, Any], status: int) -> None:
    sandbox.add_lead(ANA, first_name="Ana", email="ana@example.cl")
    sandbox.put_faults(**faults)

    assert post(sandbox, {"first_name": "A", "email": "ana@example.cl"}).status_code == status
    assert sandbox.leads()[ANA]["first_name"] == "Ana"


def test_all_leads_at_once_are_not_written(sandbox: Sandbox) -> None:
    answer = requests.put(f"{sandbox.url}/leads", json={}, headers={"X-API-Key": sandbox.key}, timeout=10)

    assert answer.status_code == 405
