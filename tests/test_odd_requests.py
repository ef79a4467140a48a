"""A real door with odd hook files: whatever is sent to it, it never answers 500, and what it says to have is stored."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.audit import audit
from relay.embedded import EmbeddedRedis
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT
from tests.hook_texts import LEAD
from tests.odd import HOSTILE, huge, values
from tests.running import HOOK, Relay, running
from tests.waiting import until

TOKEN = "a-token-of-the-odd"
KNOWN = Known(environment={"ODD_TOKEN": TOKEN}, senders=ABOUT, destinations=("default",))
RULES = "rules: [{name: one, update: {title: x}}]\n"
USUAL = f"sender: typeform\nsecrets: [TYPEFORM_SECRET]\nlead: {{id: '${{hidden.lead_id}}'}}\n{RULES}"
#: Every place of a hook file that can hold an expression.
PLACES = [
    "lead: {id: %s}\n" + RULES,
    "lead: {match: {phone: %s, email: %s, external_id: %s}, missing: create}\n" + RULES,
    "lead: {id: '${fields.lead_id}'}\nevent: {id: %s, time: %s}\n" + RULES,
    "lead: {id: '${fields.lead_id}'}\nrules: [{name: one, update: {title: %s, email: %s, metadata: {a: %s}}}]\n",
    "lead: {id: '${fields.lead_id}'}\nrules: [{name: one, when: %s, update: {title: %s}}]\n",
    "lead: {id: '${fields.lead_id}'}\nrules: [{name: one, deliver: each, update: {metadata: {a: %s, b: %s}}}]\n",
]
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))
ALLOWED = {200, 400, 401, 404, 405, 413, 414, 431, 501, 505}


def odd_hooks() -> dict[str, str]:
    """Give hook files that hold each odd expression that can be loaded, each in another place."""
    found = {}
    for number, expression in enumerate(one for one in HOSTILE if "\0" not in one):
        text = PLACES[number % len(PLACES)].replace("%s", json.dumps(f"${{{expression}}}"))
        text = text.replace('when: "${', 'when: "').replace('}", update', '", update')
        text = f"sender: generic\nsecrets: [ODD_TOKEN]\ntables: {{t: {{a: b}}}}\n{text}"
        if read_hook(PurePath(f"rules/odd{number}.yaml"), text.encode(), KNOWN)[0]:
            found[f"odd{number}"] = text
    return found


ODD = odd_hooks()


@pytest.fixture(scope="module")
def relay(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    folder = tmp_path_factory.mktemp("odd")
    with running(folder, USUAL, redis_url=redis_server.url, more=ODD, ODD_TOKEN=TOKEN) as one:
        yield one


def post(relay: Relay, hook: str, body: bytes, **headers: str) -> requests.Response:
    """Send a body with the hook's token, and hold the answer to what a sender may rely on."""
    all_headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers}
    encoded = {name: value.encode("latin-1") for name, value in all_headers.items()}
    answer = requests.post(f"{relay.url}/hooks/{hook}", data=body, headers=encoded, timeout=30)
    assert answer.status_code in ALLOWED, (answer.status_code, answer.text)
    if answer.status_code == 200:
        stored = [relay.store.events.event(id) for id in answer.json()["events"]]
        assert None not in stored
        if not body.lstrip().startswith(b"[") and "duplicates" not in answer.json():
            assert [one.body for one in stored if one] == [body]
    return answer


def test_there_are_odd_hook_files_of_every_kind() -> None:
    assert len(ODD) > 2 * len(PLACES)


@pytest.mark.parametrize("hook", ODD)
def test_an_event_of_an_odd_hook_file_is_stored(relay: Relay, hook: str) -> None:
    for fields in ({}, {"a": "a b", "b": ["x"], "c": 2}, {"a": {"b": 1}, "b": "2026-01-01"}, {"a": "a" * 100_000}):
        body = orjson.dumps({"lead_id": LEAD, "of": hook, **fields})

        assert post(relay, hook, body).status_code == 200


names = st.sampled_from(sorted(ODD))
types = st.sampled_from(
    [
        "application/json",
        "text/plain",
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "é;=",
    ]
)
anything = values | huge | st.lists(st.dictionaries(st.text(max_size=5), values, max_size=3), max_size=20)


def as_json(value: Any) -> bytes:
    """Write as Python does, NaN and lone surrogates too: what no sender should send."""
    return json.dumps({"lead_id": LEAD, "a": value} if not isinstance(value, (list, dict)) else value).encode()


bodies = (
    anything.map(as_json)
    | st.binary(max_size=200)
    | st.sampled_from(
        [
            b"",
            b"[" * 100_000,
            b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
            b'{"a": ' + b"[" * 255 + b"]" * 255 + b"}",
            b'{"a": 1e999999}',
            b'{"a": ' + b"9" * 100_000 + b"}",
            b'{"a": NaN, "b": Infinity}',
            b'{"a": "\\ud800"}',
            b'{"a\\u0000": "\\u0000", "__proto__": {"__class__": 1}}',
            b'\xef\xbb\xbf{"a": 1}',
            b'{"a": 1, "a": 2}',
            b"{" + b",".join(b'"k%d": %d' % (number, number) for number in range(60_000)) + b"}",
            b"&".join(b"k%d=v" % number for number in range(2_000)),
            b"a=%ff&b=%",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
        ]
    )
)


@given(
    hook=names, body=bodies, kind=types, key=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
)
@settings(CALM, max_examples=150)
def test_any_body_gets_an_answer_and_what_is_said_to_be_stored_is(
    relay: Relay, hook: str, body: bytes, kind: str, key: str
) -> None:
    post(relay, hook, body, **{"Content-Type": kind, "Idempotency-Key": key.strip()})


lines = st.lists(
    st.sampled_from([b"Content-Length: 9", b"Content-Length: -1", b"Content-Length: x", b"Transfer-Encoding: chunked"])
    | st.sampled_from(
        [b"Host: [", b"Host: a b", b"Expect: 100-continue", b"Content-Encoding: gzip", b"X: " + b"a" * 9_000]
    )
    | st.binary(max_size=20).map(lambda value: b"X-Odd: " + value.replace(b"\n", b"")),
    max_size=5,
)
targets = st.sampled_from(
    [b"/hooks/", b"/hooks//", b"/hooks/%00", b"/hooks/../ops", b"*", b"http://[/", b"/hooks/a?%ff=["]
)


@given(method=st.sampled_from([b"POST", b"GET", b"OPTIONS", b"BREW", b"\x00"]), target=targets, lines=lines, hook=names)
@settings(CALM, max_examples=100)
def test_any_bytes_on_the_wire_get_an_answer(
    relay: Relay, method: bytes, target: bytes, lines: list[bytes], hook: str
) -> None:
    target = target + hook.encode() if target.endswith(b"/") else target
    head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, target), b"Connection: close", *lines, b"", b""])
    address = urlsplit(relay.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as wire:
        wire.sendall(head + b'{"a": 1}\n')
        wire.shutdown(socket.SHUT_WR)
        answer = wire.makefile("rb").read()

    # Of a request that asks whether it may go on, the first answer is that it may.
    statuses = {int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, flags=re.MULTILINE)}
    assert statuses - {100} <= ALLOWED, answer


def test_after_all_that_the_sum_holds_and_no_process_met_an_error(relay: Relay) -> None:
    assert requests.post(f"{relay.url}/hooks/{HOOK}", data=b"{}", timeout=10).status_code == 401

    until(lambda: audit(relay.store).holds)
    # An alarm is the right word for so many dead letters.
    bad = [line for line in relay.lines() if line["level"] in ("error", "critical") or "exception" in line]
    broken = [line for line in bad if not line["event"].startswith("alarm.")]
    assert broken == []
