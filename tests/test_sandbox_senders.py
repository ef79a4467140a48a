"""The sandbox as the senders whose own APIs are asked for answers: Meta's Graph API and LinkedIn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from relay.sandbox import Sandbox

LEAD = "1029384756102938"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as one:
        yield one


def graph(sandbox: Sandbox, id: str = LEAD, token: str = "t") -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{sandbox.url}/graph/v26.0/{id}?fields=id,field_data", headers=headers, timeout=10)


def linkedin(sandbox: Sandbox, id: str = "a-6", token: str = "t", version: str = "202509") -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", **({"LinkedIn-Version": version} if version else {})}
    return requests.get(f"{sandbox.url}/linkedin/rest/leadFormResponses/{id}?fields=x", headers=headers, timeout=10)


def put(sandbox: Sandbox, name: str, **told: object) -> requests.Response:
    return requests.put(f"{sandbox.url}/_sandbox/{name}", json=told, timeout=10)


def test_any_lead_of_meta_is_there_with_the_answers_of_an_example(sandbox: Sandbox) -> None:
    answer = graph(sandbox, "42")

    assert (answer.status_code, answer.json()["id"]) == (200, "42")
    assert {"name": "email", "values": ["mj.munoz@example.com"]} in answer.json()["field_data"]


@pytest.mark.parametrize(
    ("error", "status", "code", "subcode"),
    [
        ("expired", 400, 190, 463),
        ("revoked", 400, 190, 460),
        ("rate", 400, 80005, None),
        ("not_visible", 400, 100, 33),
        ("transient", 500, 2, None),
    ],
)
def test_meta_fails_as_it_says(sandbox: Sandbox, error: str, status: int, code: int, subcode: int | None) -> None:
    assert put(sandbox, "graph", error=error, regain_minutes=7).status_code == 200

    answer = graph(sandbox)

    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told.get("error_subcode")) == (status, code, subcode)
    waits = '"estimated_time_to_regain_access":7' in answer.headers.get("X-Business-Use-Case-Usage", "")
    assert waits == (error == "rate")


def test_what_the_test_button_of_meta_sends_can_not_be_fetched(sandbox: Sandbox) -> None:
    assert graph(sandbox, "444444444444").json()["error"]["code"] == 100


def test_only_the_right_token_works_where_one_is_set(sandbox: Sandbox) -> None:
    put(sandbox, "graph", token="right")
    put(sandbox, "linkedin", token="right")

    assert [graph(sandbox, token=token).status_code for token in ("right", "wrong", "")] == [200, 400, 400]
    assert [linkedin(sandbox, token=token).status_code for token in ("right", "wrong")] == [200, 401]


def test_a_token_that_is_missing_or_wrong_has_not_expired(sandbox: Sandbox) -> None:
    put(sandbox, "graph", token="right")
    put(sandbox, "linkedin", token="right")

    errors = [graph(sandbox, token=token).json()["error"] for token in ("", "wrong")]
    codes = [linkedin(sandbox, token=token).json()["code"] for token in ("", "wrong")]

    assert [(error["code"], error.get("error_subcode")) for error in errors] == [(190, None), (190, None)]
    assert codes == ["EMPTY_ACCESS_TOKEN", "INVALID_ACCESS_TOKEN"]


def test_an_error_names_what_was_asked_for(sandbox: Sandbox) -> None:
    put(sandbox, "graph", error="not_visible")
    put(sandbox, "linkedin", error="not_visible")

    assert "'42'" in graph(sandbox, "42").json()["error"]["message"]
    assert "a-6" in linkedin(sandbox, "a-6").json()["message"]


def test_an_answer_may_be_set_for_one_lead(sandbox: Sandbox) -> None:
    put(sandbox, "graph", leads={"7": {"field_data": []}, "444444444444": {"platform": "fb"}})

    assert graph(sandbox, "7").json() == {"id": "7", "field_data": []}
    assert graph(sandbox, "444444444444").json() == {"id": "444444444444", "platform": "fb"}
    assert graph(sandbox, "8").json()["field_data"] != []


@pytest.mark.parametrize(
    ("error", "status"), [("expired", 401), ("revoked", 403), ("rate", 429), ("not_visible", 404), ("transient", 500)]
)
def test_linkedin_fails_as_it_says(sandbox: Sandbox, error: str, status: int) -> None:
    put(sandbox, "linkedin", error=error, regain_minutes=2)

    answer = linkedin(sandbox)

    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers.get("Retry-After") == ("120" if error == "rate" else None)


def test_linkedin_wants_a_version(sandbox: Sandbox) -> None:
    assert (linkedin(sandbox).status_code, linkedin(sandbox, version="").status_code) == (200, 400)
    assert linkedin(sandbox, "x-6").json()["id"] == "x-6"


def test_what_is_asked_is_counted_and_forgotten_with_all_else(sandbox: Sandbox) -> None:
    graph(sandbox)
    linkedin(sandbox)
    put(sandbox, "graph", error="expired")
    assert {name: sandbox.stats()[name] for name in ("graph", "linkedin")} == {"graph": 1, "linkedin": 1}

    sandbox.reset()

    assert sandbox.stats()["graph"] == 0
    assert graph(sandbox).status_code == 200


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"error": "tired"}, "error: must be null or one of expired, revoked, rate, not_visible, transient"),
        ({"error": "rate", "regain_minutes": "soon"}, "regain_minutes: must be a whole number of at least 0"),
        ({"error": "rate", "leads": {"7": 3}}, "leads: must be an object of whole answers by id"),
        ({"error": "rate", "token": 3}, "token: must be text or null"),
        ({"eror": "rate"}, "give an object with error, regain_minutes, leads and token, each of them or none"),
    ],
)
def test_what_can_not_be_set_is_told(sandbox: Sandbox, told: dict[str, object], words: str) -> None:
    answer = put(sandbox, "graph", **told)

    assert (answer.status_code, answer.json()["message"]) == (400, words)
    assert graph(sandbox).status_code == 200
