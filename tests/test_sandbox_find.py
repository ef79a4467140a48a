"""Finding and creating leads: what the sandbox answers, and what the CRM's client makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from relay.errors import Denied, Refused, SlowDown, Unavailable
from relay.leads_api import LeadsApi
from relay.sandbox import Sandbox
from relay.settings import Destination

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EVA = "0b0b6679-7425-40de-944b-e07fc1f90ae8"
WORKFLOW = "a9149b52-7a34-4d0f-9a50-2a5d0c9b7e11"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(strict=True) as one:
        yield one


@pytest.fixture
def api(sandbox: Sandbox) -> LeadsApi:
    return client_of(sandbox.url, sandbox.key)


def client_of(url: str, key: str = "k") -> LeadsApi:
    return LeadsApi(Destination(name="default", url=url, key=key, rate=0), timeout_ms=2_000)


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
        ([{"first_name": "Ana"}], "Request body must be one lead, as an object: the sandbox takes no list"),
    ],
)
def test_a_new_lead_that_is_not_good_is_refused(sandbox: Sandbox, body: Any, words: str) -> None:
    answer = post(sandbox, body)

    assert (answer.status_code, answer.json()["message"]) == (400, words)


def test_a_workflow_in_a_new_lead_is_counted_since_it_would_write_to_a_person(sandbox: Sandbox) -> None:
    post(sandbox, {"first_name": "Ana", "workflow_id": WORKFLOW})

    assert sandbox.stats()["enrolled"] == 1


def test_the_client_finds_a_lead_however_its_phone_is_spelled(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="Ana", phone="(9) 1234-5678")
    sandbox.add_lead(EVA, first_name="Eva", phone="+56 2 1234 5678 0")

    assert [lead["id"] for lead in api.search("phone", "+56912345678")] == [ANA]


def test_the_client_looks_at_each_row_itself(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="Ana", email="Ana@Example.cl")
    sandbox.add_lead(EVA, first_name="ana@example.cl", email="other@example.cl")

    assert [lead["id"] for lead in api.search("email", "ana@example.cl")] == [ANA]
    assert api.search("email", "nobody@example.cl") == []


def test_the_client_reads_page_after_page(sandbox: Sandbox, api: LeadsApi) -> None:
    for number in range(120):
        sandbox.add_lead(f"{ANA[:-3]}{number:03}", first_name="ana@example.cl", email=f"e{number}@example.cl")
    sandbox.add_lead(EVA, first_name="Eva", email="ana@example.cl")

    assert [lead["id"] for lead in api.search("email", "ana@example.cl")] == [EVA]
    assert len(sandbox.requests()) == 3


def test_a_search_without_an_end_is_not_trusted(sandbox: Sandbox, api: LeadsApi) -> None:
    for number in range(301):
        sandbox.add_lead(f"{ANA[:-3]}{number:03}", first_name="ana@example.cl")

    with pytest.raises(Refused, match="too many leads to be sure"):
        api.search("email", "ana@example.cl")


def test_a_created_lead_is_given_with_its_id(sandbox: Sandbox, api: LeadsApi) -> None:
    lead = api.create({"first_name": "Ana", "phone": "+56912345678", "external_id": "x"})

    assert sandbox.leads()[str(lead["id"])]["phone"] == "+56912345678"
    assert api.create({"first_name": "Ana", "phone": "+56912345678"})["id"] == lead["id"]
    assert sandbox.stats()["enrolled"] == 0


def test_a_lead_is_never_created_in_a_workflow(api: LeadsApi) -> None:
    with pytest.raises(ValueError, match="would be written to"):
        api.create({"first_name": "Ana", "workflow_id": WORKFLOW})


@pytest.mark.parametrize(
    ("faults", "kind", "sent"),
    [
        ({"errors": {"500": 1.0}}, Unavailable, True),
        ({"reset_after": 1.0}, Unavailable, True),
        ({"errors": {"429": 1.0}, "retry_after": 7}, SlowDown, False),
        ({"wrong_key": True}, Denied, False),
        ({"errors": {"400": 1.0}}, Refused, False),
    ],
)
def test_what_goes_wrong_has_a_type_and_says_whether_it_may_have_been_done(
    sandbox: Sandbox, api: LeadsApi, faults: dict[str, Any], kind: type[Exception], sent: bool
) -> None:
    sandbox.put_faults(**faults)

    with pytest.raises(kind) as raised:
        api.create({"first_name": "Ana"})
    assert getattr(raised.value, "sent", None) is sent
    with pytest.raises(kind):
        api.search("email", "ana@example.cl")


def test_a_lead_api_that_is_not_there_has_certainly_done_nothing(sandbox: Sandbox) -> None:
    sandbox.close()

    with pytest.raises(Unavailable) as raised:
        client_of(sandbox.url).create({"first_name": "Ana"})

    assert not raised.value.sent
