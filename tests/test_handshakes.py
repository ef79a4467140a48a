"""Handshakes through the real door: who asks whether a hook is ours gets exactly the answer that its sender wants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import flask
import orjson
import pytest
import requests

from relay import receive
from relay.senders import linkedin, meta
from relay.sending import Request
from tests.doors import MAX_BODY, MemoryStore, hook, serving
from tests.sender_security import SECRET

VERIFY_TOKEN = "mi-token-de-verificacion"
KEYS = {"token": "a token", "verify_token": VERIFY_TOKEN}
[VECTOR] = json.loads((Path(__file__).parent / "vectors" / "linkedin.json").read_bytes())
ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def url(store: MemoryStore) -> Iterator[str]:
    """The door with a hook for each sender that shakes hands, and one for a sender that does not."""
    hooks = {
        "meta": replace(hook("meta", "meta"), keys=KEYS),
        "linkedin": replace(hook("linkedin", "linkedin"), secrets=(VECTOR["secret"], "an old secret"), keys=KEYS),
        "cotiza": hook("cotiza", "typeform"),
    }
    app = flask.Flask("tests")
    app.register_blueprint(receive.door(hooks, store=store, known=store.ever_known, max_body=MAX_BODY))
    with serving(app) as address:
        yield f"{address}/hooks"


def ask(url: str, query: dict[str, str], method: str = "GET") -> requests.Response:
    return requests.request(method, url, params=query, timeout=10, allow_redirects=False)


def test_meta_gets_its_challenge_back_and_nothing_else(url: str) -> None:
    answer = ask(f"{url}/meta", ASKED)

    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("challenge", ["<script>alert(1)</script>", "ñandú & co", "a\r\nX-Injected: 1", ""])
def test_a_challenge_is_given_back_as_plain_text_whatever_it_holds(url: str, challenge: str) -> None:
    answer = ask(f"{url}/meta", {**ASKED, "hub.challenge": challenge})

    assert (answer.status_code, answer.text) == (200, challenge)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "X-Injected" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [{"hub.verify_token": "another"}, {"hub.verify_token": ""}, {"hub.verify_token": SECRET}, {"hub.mode": "other"}],
)
def test_who_does_not_know_the_verify_token_gets_no_challenge(
    url: str, store: MemoryStore, changed: dict[str, str]
) -> None:
    answer = ask(f"{url}/meta", {**ASKED, **changed})

    assert answer.status_code == 401
    assert b"1158201444" not in answer.content
    assert VERIFY_TOKEN not in answer.text
    assert [(name, status) for name, status, _, _ in store.rejected] == [("meta", 401)]


def test_linkedin_gets_its_code_signed_with_the_first_secret(url: str) -> None:
    code = VECTOR["signed_content"]

    answer = ask(f"{url}/linkedin", {"challengeCode": code, "applicationId": "7"})

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {"challengeCode": code, "challengeResponse": VECTOR["expected"]}


def test_a_stranger_can_not_have_a_notification_signed_by_asking_for_it(url: str, store: MemoryStore) -> None:
    body = b'{"leadGenFormResponse": "urn:li:leadGenFormResponse:a-6", "leadAction": "DELETED"}'

    answer = requests.get(f"{url}/linkedin?challengeCode={quote(b'hmacsha256=' + body)}", timeout=10)

    assert answer.status_code == 400
    assert "challengeResponse" not in answer.text
    assert [(name, status) for name, status, _, _ in store.rejected] == [("linkedin", 400)]


@pytest.mark.parametrize(
    ("name", "query", "method"),
    [
        ("meta", {}, "GET"),
        ("linkedin", {}, "GET"),
        ("meta", ASKED, "PUT"),
        ("linkedin", {"challengeCode": "a"}, "DELETE"),
        ("cotiza", ASKED, "GET"),
        ("cotiza", {"challengeCode": "a"}, "GET"),
    ],
)
def test_what_is_no_handshake_is_told_that_events_come_by_post(
    url: str, name: str, query: dict[str, str], method: str
) -> None:
    answer = ask(f"{url}/{name}", query, method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_handshake_with_a_hook_that_never_was_is_not_found(url: str) -> None:
    assert ask(f"{url}/nobody", ASKED).status_code == 404


def test_a_handshake_with_a_hook_that_is_not_loaded_may_be_tried_again(url: str) -> None:
    answer = ask(f"{url}/gone", ASKED)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def notified(url: str, *, leads: int, others: int) -> requests.Response:
    """Notify of so many leads of one page, and of so many other things."""
    changes = [{"field": "leadgen", "value": {"leadgen_id": str(10**15 + number)}} for number in range(leads)]
    changes += [{"field": "feed", "value": {"item": "post"}} for _ in range(others)]
    body = orjson.dumps({"object": "page", "entry": [{"id": "104987654321098", "changes": changes}]})
    signed = meta.sign(Request(headers={"content-type": "application/json"}, body=body, received_ms=0), SECRET)
    return requests.post(f"{url}/meta", data=body, headers=dict(signed.headers), timeout=30)


def test_a_batch_of_a_thousand_leads_is_taken_in_one_step(url: str, store: MemoryStore) -> None:
    answer = notified(url, leads=1_000, others=1)

    assert (answer.status_code, len(answer.json()["events"])) == (200, 1_000)
    assert [len(call) for call in store.calls] == [1_000]
    assert {one.mapped.fetch for one in store.arrivals.values()} == {str(10**15 + number) for number in range(1_000)}


def test_a_notification_of_other_things_is_a_success_without_events(url: str, store: MemoryStore) -> None:
    answer = notified(url, leads=0, others=3)

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "events": []})
    assert (store.calls, store.rejected) == ([], [])


def test_social_actions_of_linkedin_are_a_success_without_events(url: str, store: MemoryStore) -> None:
    body = b'{"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [{"notificationId": 1}]}'
    signed = linkedin.sign(Request(headers={}, body=body, received_ms=0), VECTOR["secret"])

    answer = requests.post(f"{url}/linkedin", data=body, headers=dict(signed.headers), timeout=10)

    assert (answer.status_code, answer.json()) == (200, {"ok": True, "events": []})
    assert (store.calls, store.rejected) == ([], [])
