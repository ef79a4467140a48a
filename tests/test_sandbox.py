"""The sandbox as the documented lead API: exact answers, merging, validation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from relay.sandbox import Sandbox

ANA = "6f1c0b52-7a34-4d0f-9a50-2a5d0c9b7e11"
CAMPAIGN = "0d7a3a1e-1111-2222-3333-444455556666"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NOT_FOUND = {"error": "Not found", "message": "Lead not found or does not belong to your account"}


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


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_answers_the_whole_lead(sandbox: Sandbox, method: str) -> None:
    sandbox.add_lead(ANA, first_name="Ana", last_name="Soto", metadata={"edad": 41})

    answer = put(sandbox, {"phone": "+56911112222", "metadata": {"estado_lead": "calificado"}}, method=method)

    assert answer.status_code == 200
    lead = answer.json()["lead"]
    assert INSTANT.fullmatch(lead.pop("created_at"))
    assert answer.json()["success"] is True
    assert lead == {
        "id": ANA,
        "first_name": "Ana",
        "last_name": "Soto",
        "email": None,
        "phone": "+56911112222",
        "company": None,
        "title": None,
        "source": "api",
        "campaign_id": None,
        "metadata": {"edad": 41, "estado_lead": "calificado"},
    }


def test_an_answer_has_two_headers(sandbox: Sandbox) -> None:
    answer = put(sandbox, {"phone": "1"})

    length = str(len(answer.content))
    assert dict(answer.headers) == {"Content-Type": "application/json", "Content-Length": length}


def test_reading_a_lead_tells_when_it_was_updated_too(sandbox: Sandbox) -> None:
    written = put(sandbox, {"email": "ana@example.com"}).json()["lead"]

    answer = get(sandbox)

    lead = answer.json()["lead"]
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    assert INSTANT.fullmatch(lead.pop("updated_at"))
    assert lead == written


def test_metadata_is_merged_one_level_deep(sandbox: Sandbox) -> None:
    put(sandbox, {"metadata": {"edad": 41, "plan": {"name": "a", "price": 1}, "segmento": "mini"}})

    answer = put(sandbox, {"metadata": {"plan": {"name": "b"}, "segmento": None, "lista_blanca": True}})

    assert answer.json()["lead"]["metadata"] == {
        "edad": 41,
        "plan": {"name": "b"},
        "segmento": None,
        "lista_blanca": True,
    }


@pytest.mark.parametrize("field", ["last_name", "email", "phone", "company", "title", "campaign_id"])
def test_null_clears_a_field_that_may_be_empty(sandbox: Sandbox, field: str) -> None:
    put(sandbox, {field: CAMPAIGN if field == "campaign_id" else "ana@example.com"})

    answer = put(sandbox, {field: None})

    assert answer.status_code == 200
    assert answer.json()["lead"][field] is None


def test_an_unknown_field_beside_a_known_one_is_passed_over(sandbox: Sandbox) -> None:
    answer = put(sandbox, {"external_id": "12", "phone": "1"})

    assert answer.status_code == 200
    assert answer.json()["lead"]["phone"] == "1"
    assert "external_id" not in answer.json()["lead"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "No fields to update"),
        ({}, "No fields to update"),
        ({"external_id": "12"}, "No fields to update"),
        ({"metadata": {}}, "No fields to update"),
        (b"{'phone'}", "Request body is not valid JSON"),
        ([], "Request body must be an object"),
        ({"phone": 56911112222}, "phone must be a string"),
        ({"title": True}, "title must be a string"),
        ({"first_name": None}, "first_name must be a string"),
        ({"source": None}, "source must be a string"),
        ({"email": "ana@"}, "email must be a valid email address"),
        ({"campaign_id": "Q1"}, "campaign_id must be a valid UUID"),
        ({"metadata": None}, "metadata must be an object"),
        ({"metadata": ["edad"]}, "metadata must be an object"),
        ({"phone": "2", "company": 7}, "company must be a string"),
    ],
)
def test_a_body_against_the_contract_is_refused_and_changes_nothing(sandbox: Sandbox, body: Any, message: str) -> None:
    put(sandbox, {"phone": "1"})

    answer = put(sandbox, body)

    assert answer.status_code == 400
    assert answer.json() == {"error": "Validation error", "message": message}
    assert get(sandbox).json()["lead"]["phone"] == "1"
    assert sandbox.stats()["applied"] == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {"error": "Missing API key", "message": "Please provide your API key in the X-API-Key header"}),
        ({"X-API-Key": "other"}, {"error": "Invalid API key", "message": "The provided API key is not valid"}),
        (
            {"Authorization": "Bearer nxr_test_sandbox"},
            {"error": "Missing API key", "message": "Please provide your API key in the X-API-Key header"},
        ),
    ],
)
def test_without_the_right_key_nothing_is_changed(sandbox: Sandbox, headers: dict[str, str], body: object) -> None:
    answer = requests.put(f"{sandbox.url}/leads/{ANA}", json={"phone": "1"}, headers=headers, timeout=10)

    assert answer.status_code == 401
    assert answer.json() == body
    assert sandbox.leads() == {}


def test_every_lead_is_there_unless_strict(sandbox: Sandbox) -> None:
    with Sandbox(strict=True) as strict:
        refused = put(strict, {"phone": "1"})

    assert put(sandbox, {"phone": "1"}).status_code == 200
    assert refused.status_code == 404
    assert refused.json() == NOT_FOUND


def test_an_id_that_is_no_uuid_is_not_found(sandbox: Sandbox) -> None:
    answer = put(sandbox, {"phone": "1"}, lead="ana")

    assert answer.status_code == 404
    assert answer.json() == NOT_FOUND


def test_an_id_in_capitals_is_the_same_lead(sandbox: Sandbox) -> None:
    answer = put(sandbox, {"phone": "1"}, lead=ANA.upper())

    assert answer.json()["lead"]["id"] == ANA
    assert list(sandbox.leads()) == [ANA]


def test_a_lead_comes_and_goes_by_control(sandbox: Sandbox) -> None:
    control = f"{sandbox.url}/_sandbox/leads/{ANA}"
    sandbox.put_faults(strict=True)

    added = requests.put(control, json={"first_name": "Ana"}, timeout=10)
    found = get(sandbox)
    removed = requests.delete(control, timeout=10)

    assert (added.status_code, added.json()["lead"]["first_name"]) == (200, "Ana")
    assert found.json()["lead"]["first_name"] == "Ana"
    assert removed.json() == {"success": True}
    assert get(sandbox).status_code == 404
    assert requests.delete(control, timeout=10).json() == {"success": False}


def test_a_removed_lead_is_not_found_even_where_every_lead_is_there(sandbox: Sandbox) -> None:
    put(sandbox, {"phone": "1"})

    sandbox.remove_lead(ANA)

    assert put(sandbox, {"phone": "2"}).status_code == 404
    sandbox.add_lead(ANA)
    assert put(sandbox, {"phone": "2"}).status_code == 200


def test_a_wrong_method_or_path_is_told(sandbox: Sandbox) -> None:
    method = put(sandbox, {"phone": "1"}, method="POST")
    path = requests.get(f"{sandbox.url}/workflows", timeout=10)

    assert (method.status_code, method.json()) == (405, {"error": "Method not allowed"})
    words = (
        "The sandbox has /leads, /leads/{id}, /graph/..., /linkedin/rest/leadFormResponses/... and /_sandbox/... only"
    )
    assert (path.status_code, path.json()) == (404, {"error": "Not found", "message": words})
