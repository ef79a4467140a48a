"""The door over real HTTP: every answer that it gives, and what is kept of each request."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from relay import receive
from relay.errors import StoreError
from relay.model import Acceptance, State
from relay.senders import typeform, zapier
from tests.doors import EXAMPLE, JSON, LEAD, MemoryStore, app_with, hook, post_typeform, post_zap, serving
from tests.sender_security import SECRET, signed


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def url(memory: MemoryStore) -> Iterator[str]:
    """Serve the door over a store in memory."""
    with serving(app_with(memory)) as address:
        yield address


def test_an_accepted_event_is_in_the_store_as_it_was_sent(url: str, memory: MemoryStore) -> None:
    answer = post_typeform(url)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == JSON
    assert answer.json() == {"ok": True, "events": ["cotiza:k3j9s0d8f7g6h5j4k3l2m1n0b9v8c7x6"]}
    (arrival,) = memory.arrivals.values()
    assert (arrival.body, arrival.content_type) == (EXAMPLE, JSON)
    assert (arrival.hook, arrival.sender, arrival.version) == ("cotiza", "typeform", "ab12cd34")
    assert (arrival.destination, arrival.kind, arrival.test) == ("default", "form_response", False)
    assert arrival.mapped.lead == LEAD
    assert arrival.mapped.updates[0].set == {"first_name": "María José Muñoz Peña"}


def test_what_came_and_by_which_secret_it_was_verified_is_kept(url: str, memory: MemoryStore) -> None:
    post_typeform(url, headers={"User-Agent": "Typeform Webhooks", "X-Forwarded-For": "1.2.3.4", "Cookie": "a=b"})

    (arrival,) = memory.arrivals.values()
    assert arrival.came == {
        "user-agent": "Typeform Webhooks",
        "typeform-signature": "(masked, 51 characters)",
        "cookie": "(masked, 3 characters)",
    }
    assert arrival.secret_name == "NEW"


def test_the_query_of_the_address_is_not_kept(memory: MemoryStore) -> None:
    one = signed(zapier, json.dumps({"event_id": "a"}).encode())
    asked = replace(one, url="https://relay.example.cl/hooks/zap?token=s3cret", received_ms=5)

    receive.receive(asked, hook=hook("zap", "zapier"), store=memory)

    assert "s3cret" not in repr(memory.arrivals)


def test_of_a_hook_with_one_secret_no_name_is_kept(memory: MemoryStore) -> None:
    one = signed(zapier, json.dumps({"event_id": "a"}).encode())
    single = replace(hook("zap", "zapier"), secrets=(SECRET,), secret_names=("ONLY",))

    receive.receive(replace(one, received_ms=5), hook=single, store=memory)

    (arrival,) = memory.arrivals.values()
    assert arrival.secret_name == ""


def test_the_same_event_again_is_answered_as_a_duplicate(url: str, memory: MemoryStore) -> None:
    first = post_typeform(url)

    again = post_typeform(url)

    assert again.status_code == 200
    assert again.json() == {**first.json(), "duplicates": 1}
    assert len(memory.arrivals) == 1


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ({"nombre": "Ana", "lead_id": LEAD}, State.IN_FLIGHT),
        ({"lead_id": LEAD}, State.IGNORED),
        ({"nombre": "Ana"}, State.PARKED),
        ({"nombre": "Fallo", "lead_id": LEAD}, State.DEAD),
    ],
    ids=lambda one: one.word if isinstance(one, State) else "",
)
def test_whatever_the_rules_make_of_an_event_its_sender_is_told_that_we_have_it(
    url: str, memory: MemoryStore, content: dict[str, str], state: State
) -> None:
    answer = post_zap(url, content)

    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert [one.mapped.state for one in memory.arrivals.values()] == [state]


def test_the_events_of_one_request_are_accepted_in_one_step(url: str, memory: MemoryStore) -> None:
    answer = post_zap(url, [{"event_id": "a"}, {"event_id": "b"}, {"event_id": "a"}])

    assert answer.json() == {"ok": True, "events": ["zap:a", "zap:b", "zap:a"], "duplicates": 1}
    assert [len(call) for call in memory.calls] == [3]


def test_a_wrong_signature_is_answered_401_and_kept_for_a_person(url: str, memory: MemoryStore) -> None:
    answer = post_typeform(url, headers={"Typeform-Signature": "sha256=AAAA"})

    words = "the Typeform-Signature header does not match any of the hook's secrets"
    assert answer.status_code == 401
    assert answer.json() == {"error": "bad signature", "message": f"hook 'cotiza': {words}"}
    assert memory.rejected == [("cotiza", 401, words, len(EXAMPLE))]
    assert memory.calls == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is not JSON: line 1, column 2: unexpected end of data"),
        (b"[]", "the body is an empty list"),
        (b"[1]", "item 1 of the body is a number, not an object"),
    ],
)
def test_a_body_that_is_no_event_is_answered_400_with_the_reason(
    url: str, memory: MemoryStore, body: bytes, words: str
) -> None:
    answer = post_zap(url, body)

    assert answer.status_code == 400
    assert answer.json() == {"error": "bad body", "message": f"hook 'zap': {words}"}
    assert memory.rejected == [("zap", 400, words, len(body))]
    assert memory.calls == []


def test_a_body_is_checked_for_its_secret_before_it_is_read(url: str, memory: MemoryStore) -> None:
    answer = requests.post(f"{url}/hooks/zap", data=b"{", timeout=10)

    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["nowhere", "%00%FF", "ñ", "a" * 1_000])
def test_a_hook_that_never_was_is_answered_404_and_not_kept(url: str, memory: MemoryStore, name: str) -> None:
    answer = requests.post(f"{url}/hooks/{name}", data=EXAMPLE, timeout=10)

    assert answer.status_code == 404
    assert answer.json()["error"] == "unknown hook"
    assert answer.json()["message"].endswith("': there is no hook of this name; check the address")
    assert memory.rejected == []


def test_a_hook_that_once_was_is_asked_for_again_later(url: str, memory: MemoryStore) -> None:
    answer = requests.post(f"{url}/hooks/gone", data=EXAMPLE, timeout=10)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert answer.json() == {
        "error": "hook not loaded",
        "message": "hook 'gone': its hook file is not loaded now; send this event again later",
    }
    assert memory.rejected == []


@pytest.mark.parametrize("name", ["cotiza", "nowhere"])
def test_while_the_store_is_away_a_sender_is_asked_to_try_again(url: str, memory: MemoryStore, name: str) -> None:
    memory.fault = StoreError("Redis at 10.0.0.7 is away")

    headers = {"Content-Type": JSON, **typeform.signature(EXAMPLE, SECRET)}
    answer = requests.post(f"{url}/hooks/{name}", data=EXAMPLE, headers=headers, timeout=10)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json() == {
        "error": "store unavailable",
        "message": f"hook '{name}': events can't be stored now; send this one again later",
    }


def test_a_secret_that_is_not_ascii_passes_over_real_http(url: str) -> None:
    assert "ñ" in SECRET

    assert post_typeform(url).status_code == 200
    assert post_zap(url, {"a": 1}).status_code == 200


def test_a_time_in_the_future_is_cut_to_the_time_of_receipt(url: str, memory: MemoryStore) -> None:
    body = EXAMPLE.replace(b"2026-09-26T14:33:47Z", b"9999-12-31T23:59:59Z")

    before = time.time_ns() // 1_000_000
    post_typeform(url, body)

    (arrival,) = memory.arrivals.values()
    assert arrival.mapped.at_ms is not None
    assert before <= arrival.mapped.at_ms <= time.time_ns() // 1_000_000


def test_a_batch_with_a_bad_item_is_refused_as_a_whole(url: str, memory: MemoryStore) -> None:
    answer = post_zap(url, [{"event_id": "a"}, 3])

    assert answer.status_code == 400
    assert memory.calls == []


def test_the_story_needs_no_web_framework(memory: MemoryStore) -> None:
    one = signed(zapier, json.dumps({"event_id": "a", "nombre": "Ana", "lead_id": LEAD}).encode())

    (acceptance,) = receive.receive(replace(one, received_ms=5), hook=hook("zap", "zapier"), store=memory)

    assert acceptance == Acceptance("zap:a", False, State.IN_FLIGHT)
