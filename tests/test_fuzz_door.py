"""Anything at all at the door of every sender: an answer it may give, no crash, and no event lost behind a 200.

Requests are put together as a server would hand them over, so that they may hold what no client library sends.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import flask
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from relay import receive
from relay.errors import CommandError
from relay.hooks import Hook
from relay.model import Arrival
from relay.senders import SENDERS, adapter_of
from relay.senders.base import Sender
from relay.senders.examples import example_of
from relay.senders.signing import header_bytes, header_text
from relay.sending import Request, Scheme
from tests.doors import MemoryStore, hook
from tests.sender_security import SECRET, anything, examples, places

HOST = "relay.example.cl"
NOW_MS = 1_790_700_000_000
#: What the door may answer to a stranger; never 5xx, and never 404 at a hook that is there.
ALLOWED = {200, 400, 401, 405, 413}
DESCRIBED = {
    "described": Scheme(
        header="X-Signature",
        prefix="v1=",
        signed=("id", ".", "timestamp", ".", "method", "url", "body"),
        timestamp="t=",
        id="X-Id",
        kind="X-Kind",
    ),
    "slack": Scheme(header="X-S", signed=("v0:", "timestamp", ":", "body"), timestamp="X-T", encoding="base64"),
}


def hook_of(sender: Sender) -> Hook:
    """Give a hook of this sender with every secret that it needs."""
    return replace(hook(sender.name, sender.name), keys=dict.fromkeys(sender.about.keys, SECRET))


HOOKS = {name: hook_of(sender) for name, sender in SENDERS.items()}
HOOKS |= {name: replace(hook(name, "generic"), signature=scheme) for name, scheme in DESCRIBED.items()}
every_hook = pytest.mark.parametrize("one", HOOKS.values(), ids=HOOKS)


class Answer(NamedTuple):
    status: int
    body: bytes
    #: What the store was given.
    arrivals: list[Arrival]
    #: Names of what was logged.
    logged: list[str]


class World:
    """The door with every hook, a store in memory, and what was logged."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.app = flask.Flask("tests")
        self.app.register_blueprint(
            receive.door(HOOKS, store=self.store, known=self.store.ever_known, max_body=1_000_000)
        )

    def ask(self, request: Request) -> Answer:
        calls = len(self.store.calls)
        with records() as logged:
            body, status, _ = run_wsgi_app(self.app, environ_of(request), buffered=True)
        given = [arrival for call in self.store.calls[calls:] for arrival in call]
        return Answer(int(status.split()[0]), b"".join(body), given, logged)


WORLD = World()


@contextmanager
def records() -> Iterator[list[str]]:
    """Collect the names of what the relay logs meanwhile."""
    names: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: names.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("relay")
    log.addHandler(listener)
    try:
        yield names
    finally:
        log.removeHandler(listener)


def environ_of(request: Request) -> dict[str, Any]:
    """Give the request as a server hands it over: header values are the bytes of the wire, read as Latin-1."""
    target = header_text(header_bytes(request.url.removeprefix(f"https://{HOST}")))
    path, _, query = target.partition("?")
    builder = EnvironBuilder(path=path, base_url=f"https://{HOST}", method=request.method, data=request.body)
    environ = builder.get_environ()
    environ |= {"QUERY_STRING": query, "REQUEST_URI": target, "RAW_URI": target}
    environ["CONTENT_TYPE"] = on_the_wire(request.headers.get("content-type", ""))
    for name, value in request.headers.items():
        if name != "content-type":
            environ["HTTP_" + name.upper().replace("-", "_")] = on_the_wire(value)
    return environ


def on_the_wire(value: str) -> str:
    bare = "".join(letter for letter in value if letter not in "\r\n\0").strip()
    return header_text(header_bytes(bare))


def fit(request: Request) -> Request:
    """Give the request with headers that can be sent: it is signed as it travels."""
    return replace(request, headers={name: on_the_wire(value) for name, value in request.headers.items()})


def asked_for(one: Hook, *, query: str = "") -> str:
    return f"https://{HOST}/hooks/{one.name}" + (f"?{query}" if query else "")


def check(one: Hook, request: Request, answer: Answer) -> None:
    """Hold an answer to what a sender may rely on."""
    assert answer.status in ALLOWED, (answer.status, answer.body)
    assert not [name for name in answer.logged if name.endswith(".unreadable") or "Exception" in name]
    if request.method != "POST" or answer.status != 200:
        assert not answer.arrivals
        return
    told = orjson.loads(answer.body)
    assert len(told["events"]) == len(answer.arrivals)
    events = adapter_of(one).parse(request)
    assert [event.body for event in events] == [arrival.body for arrival in answer.arrivals]
    assert [event.kind for event in events] == [arrival.kind for arrival in answer.arrivals]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand the door's clock still: signatures are made at that moment."""
    monkeypatch.setattr(receive.time, "time_ns", lambda: NOW_MS * 1_000_000)


def example_request(one: Hook, content: Any) -> Request:
    adapter = adapter_of(one)
    request = fit(example_of(content, adapter.about).request(url=asked_for(one), now_ms=NOW_MS))
    return adapter.sign(request, SECRET)


def contents(one: Hook) -> list[Any]:
    paths: list[Path] = examples(SENDERS[one.sender])
    return [json.loads(path.read_bytes()) for path in paths]


@every_hook
def test_every_example_passes_the_door_with_all_its_events(one: Hook) -> None:
    for content in contents(one):
        request = example_request(one, content)
        answer = WORLD.ask(request)

        assert answer.status == 200
        check(one, request, answer)


def known_headers() -> list[str]:
    """List every header that some sender reads, and some that others send."""
    requests = [example_request(one, content) for one in HOOKS.values() for content in contents(one)]
    own = {name for request in requests for name in request.headers}
    kept = {name for sender in SENDERS.values() for name in sender.about.headers}
    return sorted(own | kept | {"authorization", "x-api-key", "idempotency-key", "content-type", "host", "x-odd"})


FORM = "application/x-www-form-urlencoded"
header_values = st.text(st.characters(max_codepoint=255), max_size=30) | st.sampled_from(
    ["application/json", FORM, "multipart/form-data; boundary=x", "Basic =", "t=1,v1=a", "["]
)
headers = st.dictionaries(st.sampled_from(known_headers()), header_values, max_size=6)
queries = st.text(st.characters(max_codepoint=255), max_size=30) | st.sampled_from(
    ["token=a", "access_token=", "hub.mode=subscribe&hub.challenge=1&hub.verify_token=a", "challengeCode=a", "a=%FF&[="]
)
bodies = st.binary(max_size=60) | anything.map(lambda value: json.dumps(value).encode())
methods = st.just("POST") | st.sampled_from(["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "BREW"])


#: Requests whose address is a query alone.
strangers = st.builds(Request, headers=headers, body=bodies, received_ms=st.just(NOW_MS), method=methods, url=queries)


@every_hook
@given(stranger=strangers, signed=st.booleans())
@settings(deadline=None, max_examples=60)
def test_any_request_gets_an_answer(one: Hook, stranger: Request, signed: bool) -> None:
    request = fit(replace(stranger, url=asked_for(one, query=stranger.url)))
    if signed:
        request = adapter_of(one).sign(request, SECRET)

    check(one, request, WORLD.ask(request))


@every_hook
def test_an_address_of_any_host_can_be_read(one: Hook) -> None:
    stranger = Request(headers={"host": "["}, body=b"{}", received_ms=NOW_MS, url=asked_for(one, query="token=a"))

    check(one, stranger, WORLD.ask(stranger))


@every_hook
@given(draw=st.data())
@settings(deadline=None, max_examples=50)
def test_a_known_shape_with_anything_in_its_places_gets_an_answer(one: Hook, draw: st.DataObject) -> None:
    content = copy.deepcopy(draw.draw(st.sampled_from(contents(one))))
    for _ in range(draw.draw(st.integers(1, 3))):
        container, key = draw.draw(st.sampled_from(list(places(content)) or [([content], 0)]))
        container[key] = draw.draw(anything)
    try:
        request = example_request(one, content)
    except CommandError:
        return  # not what a sender could send

    check(one, request, WORLD.ask(request))
