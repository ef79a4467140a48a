"""The door over real HTTP: every answer that it gives, and what is kept of each request."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from werkzeug.serving import make_server

from relay import receive
from relay.errors import BadBody, BadSignature, ExpressionError, StoreError
from relay.model import Acceptance, Arrival, Event, Formula, Hook, LeadBy, Outcome, Rule, Scope, State
from relay.senders import typeform, zapier
from tests.sender_security import PAYLOADS, SECRET, signed

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MAX_BODY = 100_000
EXAMPLE = (PAYLOADS / "typeform" / "form_response_full.json").read_bytes()
ZAP: dict[str, str | bytes] = {"Authorization": f"Bearer {SECRET}".encode(), "Content-Type": "application/json"}
JSON = "application/json"


class MemoryStore:
    """Keeps what the door gives it, for as long as the test; breaks when it is told to."""

    def __init__(self) -> None:
        self.calls: list[list[Arrival]] = []
        self.arrivals: dict[str, Arrival] = {}
        self.rejected: list[tuple[str, int, str, int]] = []
        self.once_known = {"gone"}
        self.fault: StoreError | None = None

    def accept(self, arrivals: Sequence[Arrival]) -> list[Acceptance]:
        self.break_if_told()
        self.calls.append(list(arrivals))
        acceptances = []
        for one in arrivals:
            id = f"{one.hook}:{one.mapped.event_id}"
            acceptances.append(Acceptance(id, duplicate=id in self.arrivals, state=one.mapped.state))
            self.arrivals.setdefault(id, one)
        return acceptances

    def reject(self, hook: str, *, status: int, words: str, size: int) -> None:
        self.rejected.append((hook, status, words, size))

    def ever_known(self, hook: str) -> bool:
        self.break_if_told()
        return hook in self.once_known

    def break_if_told(self) -> None:
        if self.fault:
            raise self.fault


def name_rule(scope: Scope) -> Outcome | None:
    """Set the first name from the field ``nombre``; hold nothing without it, and fail on the name "Fallo"."""
    fields: Any = scope["fields"]
    name = fields.get("nombre")
    if name == "Fallo":
        raise ExpressionError("nombre can't be read")
    return Outcome({"first_name": name}, ()) if name else None


def lead_of(scope: Scope) -> Any:
    """Give the lead's id from where either sender brings it."""
    hidden: Any = scope["hidden"]
    fields: Any = scope["fields"]
    return hidden.get("lead_id") or fields.get("lead_id")


def hook(name: str, sender: str) -> Hook:
    return Hook(
        name=name,
        sender=sender,
        secrets=("an old secret", SECRET),
        secret_names=("OLD", "NEW"),
        lead=LeadBy(id=Formula(source="lead", read=lead_of)),
        rules=(Rule(name="name", line=3, run=name_rule),),
        version="ab12cd34",
        file=f"rules/{name}.yaml",
    )


def app_with(store: MemoryStore) -> flask.Flask:
    app = flask.Flask("tests")
    hooks = {one.name: one for one in (hook("cotiza", "typeform"), hook("zap", "zapier"))}
    app.register_blueprint(receive.door(hooks, store=store, known=store.ever_known, max_body=MAX_BODY))
    return app


def served_by_gunicorn() -> flask.Flask:
    return app_with(MemoryStore())


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def url(store: MemoryStore) -> Iterator[str]:
    """Serve the door on a free port."""
    server = make_server("127.0.0.1", 0, app_with(store), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def post_typeform(url: str, body: bytes = EXAMPLE, headers: Mapping[str, str] | None = None) -> requests.Response:
    all_headers = {"Content-Type": JSON, **typeform.sign(body, SECRET), **(headers or {})}
    return requests.post(f"{url}/hooks/cotiza", data=body, headers=all_headers, timeout=10, allow_redirects=False)


def post_zap(url: str, content: Any) -> requests.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return requests.post(f"{url}/hooks/zap", data=body, headers=ZAP, timeout=10, allow_redirects=False)


def test_an_accepted_event_is_in_the_store_as_it_was_sent(url: str, store: MemoryStore) -> None:
    answer = post_typeform(url)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == JSON
    assert answer.json() == {"ok": True, "events": ["cotiza:k3j9s0d8f7g6h5j4k3l2m1n0b9v8c7x6"]}
    (arrival,) = store.arrivals.values()
    assert (arrival.body, arrival.content_type) == (EXAMPLE, JSON)
    assert (arrival.hook, arrival.sender, arrival.version) == ("cotiza", "typeform", "ab12cd34")
    assert (arrival.destination, arrival.kind, arrival.test) == ("default", "form_response", False)
    assert arrival.mapped.lead == LEAD
    assert arrival.mapped.updates[0].set == {"first_name": "María José Muñoz Peña"}


def test_the_same_event_again_is_answered_as_a_duplicate(url: str, store: MemoryStore) -> None:
    first = post_typeform(url)

    again = post_typeform(url)

    assert again.status_code == 200
    assert again.json() == {**first.json(), "duplicates": 1}
    assert len(store.arrivals) == 1


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
    url: str, store: MemoryStore, content: dict[str, str], state: State
) -> None:
    answer = post_zap(url, content)

    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert [one.mapped.state for one in store.arrivals.values()] == [state]


def test_the_events_of_one_request_are_accepted_in_one_step(url: str, store: MemoryStore) -> None:
    answer = post_zap(url, [{"event_id": "a"}, {"event_id": "b"}, {"event_id": "a"}])

    assert answer.json() == {"ok": True, "events": ["zap:a", "zap:b", "zap:a"], "duplicates": 1}
    assert [len(call) for call in store.calls] == [3]


def test_a_wrong_signature_is_answered_401_and_kept_for_a_person(url: str, store: MemoryStore) -> None:
    answer = post_typeform(url, headers={"Typeform-Signature": "sha256=AAAA"})

    words = "the Typeform-Signature header does not match any of the hook's secrets"
    assert answer.status_code == 401
    assert answer.json() == {"error": "bad signature", "message": f"hook 'cotiza': {words}"}
    assert store.rejected == [("cotiza", 401, words, len(EXAMPLE))]
    assert store.calls == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b"{", "the body is not JSON: line 1, column 2: unexpected end of data"),
        (b"[]", "the body holds no event"),
        (b"[1]", "item 1 of the body is a number, not an object"),
    ],
)
def test_a_body_that_is_no_event_is_answered_400_with_the_reason(
    url: str, store: MemoryStore, body: bytes, words: str
) -> None:
    answer = post_zap(url, body)

    assert answer.status_code == 400
    assert answer.json() == {"error": "bad body", "message": f"hook 'zap': {words}"}
    assert store.rejected == [("zap", 400, words, len(body))]
    assert store.calls == []


def test_a_body_is_checked_for_its_secret_before_it_is_read(url: str, store: MemoryStore) -> None:
    answer = requests.post(f"{url}/hooks/zap", data=b"{", timeout=10)

    assert answer.status_code == 401


def in_chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 8_192] for start in range(0, len(body), 8_192))


def body_of(size: int) -> bytes:
    return b'{"nombre": "' + b"a" * (size - 14) + b'"}'


@pytest.fixture(scope="module")
def gunicorn_url() -> Iterator[str]:
    """Serve the door as in production: by gunicorn, in a process of its own, with our configuration."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
        command += ["-c", str(Path(receive.__file__).with_name("gunicorn_conf.py"))]
        process = subprocess.Popen(
            [*command, "tests.test_receive:served_by_gunicorn()"],
            cwd=Path(__file__).parent.parent,
            pass_fds=[listener.fileno()],
            env={**os.environ, "WEB_CONCURRENCY": "1"},
        )
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        process.terminate()
        assert process.wait(timeout=30) == 0


@pytest.fixture(params=["url", "gunicorn_url"])
def any_url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413), (5_000_000, 413)])
def test_a_body_over_the_limit_is_answered_413(any_url: str, size: int, status: int, chunked: bool) -> None:
    body = in_chunks(body_of(size)) if chunked else body_of(size)

    answer = requests.post(f"{any_url}/hooks/zap", data=body, headers=ZAP, timeout=10)

    assert answer.status_code == status
    if status == 413:
        words = f"hook 'zap': the body is larger than {MAX_BODY} bytes"
        assert answer.json() == {"error": "too large", "message": words}


def test_of_a_body_over_the_limit_only_its_size_is_kept(url: str, store: MemoryStore) -> None:
    post_zap(url, body_of(MAX_BODY + 1))

    assert store.rejected == [("zap", 413, f"the body is larger than {MAX_BODY} bytes", MAX_BODY + 1)]


def test_more_events_than_the_store_takes_at_once_are_answered_413(url: str, store: MemoryStore) -> None:
    answer = post_zap(url, [{"n": number} for number in range(1_001)])

    assert answer.status_code == 413
    assert answer.json()["message"] == "hook 'zap': the body holds 1001 events; send at most 1000 at a time"
    assert store.calls == []


@pytest.mark.parametrize(
    ("declared", "body", "words"),
    [
        ("Transfer-Encoding: chunked", b"nonsense\r\n", "the body broke off or its chunks can't be read"),
        ("Transfer-Encoding: chunked", b"9\r\nnombre=An", "the body broke off or its chunks can't be read"),
        ("Content-Length: 20", b"nombre=Ana", "the body broke off after 10 of 20 bytes"),
    ],
)
def test_a_body_that_breaks_off_is_answered_400(gunicorn_url: str, declared: str, body: bytes, words: str) -> None:
    host, _, port = gunicorn_url.removeprefix("http://").partition(":")

    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"POST /hooks/zap HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{declared}\r\n\r\n".encode())
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert f"hook 'zap': {words}".encode() in answer


@pytest.mark.parametrize("name", ["nowhere", "%00%FF", "ñ", "a" * 1_000])
def test_a_hook_that_never_was_is_answered_404_and_not_kept(url: str, store: MemoryStore, name: str) -> None:
    answer = requests.post(f"{url}/hooks/{name}", data=EXAMPLE, timeout=10)

    assert answer.status_code == 404
    assert answer.json()["error"] == "unknown hook"
    assert answer.json()["message"].endswith("': there is no hook of this name; check the address")
    assert store.rejected == []


def test_a_hook_that_once_was_is_asked_for_again_later(url: str, store: MemoryStore) -> None:
    answer = requests.post(f"{url}/hooks/gone", data=EXAMPLE, timeout=10)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert answer.json() == {
        "error": "hook not loaded",
        "message": "hook 'gone': its hook file is not loaded now; send this event again later",
    }
    assert store.rejected == []


@pytest.mark.parametrize("name", ["cotiza", "nowhere"])
def test_while_the_store_is_away_a_sender_is_asked_to_try_again(url: str, store: MemoryStore, name: str) -> None:
    store.fault = StoreError("Redis at 10.0.0.7 is away")

    headers = {"Content-Type": JSON, **typeform.sign(EXAMPLE, SECRET)}
    answer = requests.post(f"{url}/hooks/{name}", data=EXAMPLE, headers=headers, timeout=10)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json() == {
        "error": "store unavailable",
        "message": f"hook '{name}': events can't be stored now; send this one again later",
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_looking_at_a_hook_is_no_event(any_url: str, store: MemoryStore, method: str) -> None:
    answer = requests.request(method, f"{any_url}/hooks/cotiza", timeout=10)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert (store.calls, store.rejected) == ([], [])
    if method != "HEAD":
        words = f"hook 'cotiza': events come by POST, not by {method}"
        assert answer.json() == {"error": "method not allowed", "message": words}


@pytest.mark.parametrize("path", ["/hooks/zap/", "//hooks/zap", "/hooks//zap", "/hooks/./zap"])
def test_no_spelling_of_an_address_is_answered_with_a_redirect(any_url: str, path: str) -> None:
    answer = requests.post(any_url + path, data=b'{"a": 1}', headers=ZAP, timeout=10, allow_redirects=False)

    assert answer.status_code in (200, 404)


class Breaking:
    """A sender whose adapter has a bug."""

    name = "typeform"
    content_type = JSON

    def verify(self, request: Any, secrets: Sequence[str]) -> None:
        raise KeyError("Juana")

    def parse(self, request: Any) -> list[Event]:
        raise RecursionError("Juana")

    def sign(self, body: bytes, secret: str) -> dict[str, str]:
        return {}


@contextmanager
def facts_logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """Give the facts logged meanwhile, each as a dict of all that its record holds."""
    facts: list[dict[str, Any]] = []
    with caplog.at_level(logging.DEBUG, logger="relay"):
        caplog.clear()
        yield facts
        facts += [vars(one) for one in caplog.records if one.name == "relay"]


def test_a_bug_in_reading_a_body_is_a_refusal_and_its_type_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    one = signed(zapier, b"{}")

    with facts_logged(caplog) as facts, pytest.raises(BadBody) as refusal:
        receive.parse(one, sender=Breaking(), hook=hook("cotiza", "typeform"))

    assert str(refusal.value) == "the body could not be read as a Typeform event"
    assert [(one["msg"], one["hook"], one["fault"]) for one in facts] == [
        ("event.unreadable", "cotiza", "RecursionError")
    ]
    assert "Juana" not in str(facts)


def test_a_bug_in_checking_a_signature_lets_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    one = signed(zapier, b"{}")

    with facts_logged(caplog) as facts, pytest.raises(BadSignature) as refusal:
        receive.verify(one, sender=Breaking(), hook=hook("cotiza", "typeform"))

    assert str(refusal.value) == "the signature can't be read as one of Typeform"
    assert [(one["msg"], one["hook"], one["fault"]) for one in facts] == [
        ("signature.unreadable", "cotiza", "KeyError")
    ]
    assert "Juana" not in str(facts)


def test_what_the_door_logs_names_events_and_no_person(
    url: str, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    with facts_logged(caplog) as facts:
        post_zap(url, {"event_id": "e1", "nombre": "Juana", "lead_id": LEAD})
        post_zap(url, b'["Juana"]')
        store.fault = StoreError("Redis is away")
        post_zap(url, {"event_id": "e2", "nombre": "Juana"})

    assert [one["msg"] for one in facts] == ["event.accepted", "event.rejected", "store.away"]
    assert facts[0]["events"] == ["zap:e1"]
    assert (facts[1]["hook"], facts[1]["status"], facts[1]["kind"]) == ("zap", 400, "bad body")
    assert facts[2]["words"] == "Redis is away"
    assert "Juana" not in str(facts)


def test_a_secret_that_is_not_ascii_passes_over_real_http(url: str) -> None:
    assert "ñ" in SECRET

    assert post_typeform(url).status_code == 200
    assert post_zap(url, {"a": 1}).status_code == 200


def test_a_time_in_the_future_is_cut_to_the_time_of_receipt(url: str, store: MemoryStore) -> None:
    body = EXAMPLE.replace(b"2026-09-26T14:33:47Z", b"9999-12-31T23:59:59Z")

    before = time.time_ns() // 1_000_000
    post_typeform(url, body)

    (arrival,) = store.arrivals.values()
    assert arrival.mapped.at_ms is not None
    assert before <= arrival.mapped.at_ms <= time.time_ns() // 1_000_000


def test_a_batch_with_a_bad_item_is_refused_as_a_whole(url: str, store: MemoryStore) -> None:
    answer = post_zap(url, [{"event_id": "a"}, 3])

    assert answer.status_code == 400
    assert store.calls == []


def test_the_story_needs_no_web_framework(store: MemoryStore) -> None:
    one = signed(zapier, json.dumps({"event_id": "a", "nombre": "Ana", "lead_id": LEAD}).encode())

    (acceptance,) = receive.receive(replace(one, received_ms=5), hook=hook("zap", "zapier"), store=store)

    assert acceptance == Acceptance("zap:a", False, State.IN_FLIGHT)
