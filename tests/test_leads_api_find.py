"""The CRM's client as it finds leads and creates them: over real sockets, also where answers are not as they should."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from relay.errors import Denied, LeadsApiError, Refused, SlowDown, Unavailable
from relay.leads_api import LeadsApi
from relay.sandbox import Sandbox
from relay.settings import Destination
from tests.scripted_server import Server, answer, plays

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EVA = "0b0b6679-7425-40de-944b-e07fc1f90ae8"
PHONE, EMAIL = "+56912345678", "ana@example.cl"
NEW = {"first_name": "Ana", "phone": PHONE, "email": EMAIL}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(strict=True) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[LeadsApi]:
    with contextlib.closing(client_of(sandbox.url)) as one:
        yield one


def client_of(url: str, *, timeout_ms: int = 30_000) -> LeadsApi:
    destination = Destination(name="default", url=url, key="nxr_test_sandbox", rate=0)
    return LeadsApi(destination, timeout_ms=timeout_ms)


def searched(body: object, kind: str = "email", value: str = EMAIL) -> list[Any]:
    """Give what a search makes of this answer, the same for every page."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with Server(plays(answer(200, content))) as server:
        return [dict(lead) for lead in client_of(server.url).search(kind, value)]


def created(body: object, status: int = 200) -> dict[str, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with Server(plays(answer(status, content))) as server:
        return dict(client_of(server.url).create(NEW))


@pytest.mark.parametrize(
    ("spelled", "same"),
    [
        ("+56912345678", True),
        ("(9) 1234-5678", True),
        ("1234 5678", True),
        ("0056 9 1234 5678", True),
        ("234 5678", False),
        ("+56 2 1234 5678 0", False),
        ("+51912345678", False),
        ("", False),
        (None, False),
    ],
)
def test_a_lead_is_found_however_its_phone_is_spelled(spelled: str | None, same: bool) -> None:
    row = {"id": ANA, "phone": spelled}

    assert searched({"leads": [row]}, "phone", PHONE) == ([row] if same else [])


def test_of_a_short_phone_every_digit_must_agree() -> None:
    rows = [{"id": ANA, "phone": "+1 234 567"}, {"id": EVA, "phone": "+56 9 1 234 567"}]

    assert searched({"leads": rows}, "phone", "+1234567") == rows[:1]


def test_each_row_of_a_search_is_looked_at(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="Ana", email="Ana@Example.cl")
    sandbox.add_lead(EVA, first_name=EMAIL, email="other@example.cl")

    assert [lead["id"] for lead in api.search("email", EMAIL)] == [ANA]
    assert api.search("email", "nobody@example.cl") == []


def test_the_end_of_a_phone_is_searched_for(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="Ana", phone="+56 9 1234 5678")

    assert [lead["id"] for lead in api.search("phone", PHONE)] == [ANA]
    assert [one["query"] for one in sandbox.requests()] == [{"search": "12345678", "limit": "50", "page": "0"}]


def test_a_search_reads_page_after_page(sandbox: Sandbox, api: LeadsApi) -> None:
    for number in range(120):
        sandbox.add_lead(f"{ANA[:-3]}{number:03}", first_name=EMAIL, email=f"e{number}@example.cl")
    sandbox.add_lead(EVA, first_name="Eva", email=EMAIL)

    assert [lead["id"] for lead in api.search("email", EMAIL)] == [EVA]
    assert [one["query"]["page"] for one in sandbox.requests()] == ["0", "1", "2"]


@pytest.mark.parametrize("verified", [0, 1])
def test_a_search_that_does_not_end_is_not_sure(sandbox: Sandbox, api: LeadsApi, verified: int) -> None:
    for number in range(301):
        email = EMAIL if number < verified else f"e{number}@example.cl"
        sandbox.add_lead(f"{ANA[:-3]}{number:03}", first_name=EMAIL, email=email)

    with pytest.raises(Refused) as raised:
        api.search("email", EMAIL)

    assert str(raised.value) == "the search found too many leads to be sure"
    assert len(sandbox.requests()) == 6


def test_a_search_that_does_not_end_but_found_several_is_sure_that_they_are_several(
    sandbox: Sandbox, api: LeadsApi
) -> None:
    for number in range(301):
        sandbox.add_lead(f"{ANA[:-3]}{number:03}", first_name="Ana", email=EMAIL)

    assert len(api.search("email", EMAIL)) == 300


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"data": [{"id": ANA, "email": EMAIL}]}, [ANA]),
        ({"leads": None, "data": [{"id": ANA, "email": EMAIL}]}, [ANA]),
        ({"leads": [], "pagination": {"has_more": False}}, []),
        # An id in capitals is the same lead, and a lead that comes twice is one.
        ({"leads": [{"id": ANA.upper(), "email": EMAIL}, {"id": ANA, "email": EMAIL}]}, [ANA]),
        # Rows that are none are passed over.
        ({"leads": [3, None, {"email": EMAIL}, {"id": 7, "email": EMAIL}, {"id": "a", "email": EMAIL}]}, []),
        ({"leads": [{"id": ANA, "email": 3}]}, []),
    ],
)
def test_a_page_is_read_as_its_clients_read_it(body: object, ids: list[str]) -> None:
    assert [lead["id"] for lead in searched(body)] == ids


@pytest.mark.parametrize(
    "body", [b"<html>", b"", [], {}, {"success": False}, {"leads": {}}, {"leads": None}, {"error": "x"}, None]
)
def test_an_answer_that_can_not_be_read_does_not_pass_for_an_empty_page(body: object) -> None:
    with pytest.raises(Unavailable) as raised:
        searched(body)

    assert str(raised.value) == "the lead API's answer to a search can't be read"


@pytest.mark.parametrize("pagination", [{}, {"pagination": None}, {"pagination": {"has_more": "no"}}])
def test_a_full_page_that_does_not_say_may_have_others_behind_it(pagination: dict[str, object]) -> None:
    rows = [{"id": f"{ANA[:-3]}{number:03}", "email": "other@example.cl"} for number in range(50)]

    assert searched({"leads": rows[:49], **pagination}) == []
    with pytest.raises(Refused):
        searched({"leads": rows, **pagination})


def test_a_lead_that_comes_on_every_page_is_one_lead() -> None:
    row = {"id": ANA, "email": EMAIL}

    with pytest.raises(Refused):
        searched({"leads": [row], "pagination": {"has_more": True}})


def test_a_lead_is_searched_for_by_what_the_search_knows(api: LeadsApi) -> None:
    with pytest.raises(ValueError, match="by phone or email, not by external_id"):
        api.search("external_id", "12")


def test_a_created_lead_is_given_with_its_id(sandbox: Sandbox, api: LeadsApi) -> None:
    lead = api.create({**NEW, "external_id": "x", "metadata": {"rut": "1-9"}})

    assert lead["existed"] is False
    there = sandbox.leads()[str(lead["id"])]
    assert (there["phone"], there["external_id"], there["metadata"]) == (PHONE, "x", {"rut": "1-9"})


def test_a_lead_that_is_there_is_not_created_again(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="A", email="ANA@example.cl")

    lead = api.create(NEW)

    assert (lead["id"], lead["existed"], list(sandbox.leads())) == (ANA, True, [ANA])


def test_no_lead_is_ever_created_in_a_workflow(sandbox: Sandbox, api: LeadsApi) -> None:
    with pytest.raises(ValueError, match="without a workflow_id"):
        api.create({**NEW, "workflow_id": EVA})
    api.create(NEW)

    assert (sandbox.stats()["enrolled"], sandbox.stats()["requests"]) == (0, 1)


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("body", "existed"),
    [
        ({"success": True, "lead": {"id": ANA}}, False),
        ({"lead": {"id": ANA}, "existed": True}, True),
        ({"lead": {"id": ANA, "existed": True}}, True),
        ({"lead": {"id": ANA}, "existed": "no"}, False),
        ({"id": ANA.upper(), "existed": True}, True),
        ({"id": ANA, "lead": {"first_name": "Ana"}}, False),
        ({"id": ANA, "lead": None}, False),
    ],
)
def test_the_id_is_found_wherever_it_stands(status: int, body: object, existed: bool) -> None:
    lead = created(body, status)

    assert (lead["id"], lead["existed"]) == (ANA, existed)


@pytest.mark.parametrize("body", [b"<html>", {}, {"success": True, "lead": {"id": "7"}}, {"lead": [ANA]}, [ANA]])
def test_a_created_lead_without_an_id_may_be_there_all_the_same(body: object) -> None:
    with pytest.raises(Unavailable) as raised:
        created(body, 201)

    assert (str(raised.value), raised.value.sent) == ("the lead API created a lead and did not say which", True)


@pytest.mark.parametrize(
    ("faults", "kind", "sent"),
    [
        ({"errors": {"500": 1}}, Unavailable, True),
        ({"reset_after": 1}, Unavailable, True),
        ({"reset_before": 1}, Unavailable, True),
        ({"errors": {"429": 1}, "retry_after": 7}, SlowDown, False),
        ({"wrong_key": True}, Denied, False),
        ({"errors": {"400": 1}}, Refused, False),
    ],
)
def test_an_error_has_its_type_and_says_whether_a_lead_may_be_there(
    sandbox: Sandbox, api: LeadsApi, faults: dict[str, Any], kind: type[LeadsApiError], sent: bool
) -> None:
    sandbox.put_faults(**faults)

    with pytest.raises(kind) as raised:
        api.create(NEW)
    with pytest.raises(kind):
        api.search("email", EMAIL)

    assert raised.value.sent is sent


def test_a_create_that_is_not_answered_was_sent(sandbox: Sandbox) -> None:
    sandbox.put_faults(hang=1)

    with pytest.raises(Unavailable) as raised:
        client_of(sandbox.url, timeout_ms=100).create(NEW)

    assert raised.value.sent


def test_a_create_that_never_connected_was_not_sent(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.close()

    with pytest.raises(Unavailable) as raised:
        api.create(NEW)

    assert not raised.value.sent


def cut(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def test_who_was_searched_for_stands_in_no_text(sandbox: Sandbox) -> None:
    urls = [sandbox.url]
    sandbox.close()
    with Server(cut) as server:
        for url in (*urls, server.url):
            for kind, value in (("phone", PHONE), ("email", EMAIL)):
                with pytest.raises(Unavailable) as raised:
                    client_of(url).search(kind, value)
                error = raised.value

                told = f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
                assert "12345678" not in told
                assert "ana" not in told


def test_neither_follows_a_redirect() -> None:
    with Server(plays(answer(200, b'{"leads": []}'))) as elsewhere:
        redirect = plays(answer(307, b"", f"Location: {elsewhere.url}/leads"))
        with Server(redirect) as server:
            api = client_of(server.url)
            with pytest.raises(Unavailable):
                api.search("email", EMAIL)
            with pytest.raises(Unavailable):
                api.create(NEW)

        assert elsewhere.requests == []
