"""What every sender's adapter must withstand. It runs over SENDERS by itself: a new sender only brings its examples.

They are the files of ``tests/payloads/<sender>/``: a JSON body, or a form post as ``{"_transport": ..., "form": ...}``.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import BadBody, BadSignature, CommandError
from relay.model import Event
from relay.senders import SENDERS
from relay.senders.base import Sender
from relay.senders.examples import example_of
from relay.sending import Request

PAYLOADS = Path(__file__).parent / "payloads"
SECRET = "una contraseña larga y aleatoria"
RECEIVED_MS = 1_790_000_000_000
ADDRESS = "https://relay.example.cl/hooks/cotiza"


def request(headers: Mapping[str, str], body: bytes, *, received_ms: int = RECEIVED_MS) -> Request:
    """Give a request as the door would."""
    return Request(headers={name.lower(): one for name, one in headers.items()}, body=body, received_ms=received_ms)


def signed(sender: Sender, body: bytes, *, secret: str = SECRET, content_type: str = "") -> Request:
    """Give the request that the sender would make of a body."""
    headers = {"content-type": content_type or sender.about.content_type}
    return sender.sign(Request(headers=headers, body=body, received_ms=RECEIVED_MS, url=ADDRESS), secret)


def examples(sender: Sender) -> list[Path]:
    return sorted((PAYLOADS / sender.name).glob("*.json"))


def sent(sender: Sender, path: Path) -> Request:
    """Give the request that the sender would make of an example."""
    content = json.loads(path.read_bytes())
    if "_transport" not in content:
        return signed(sender, path.read_bytes())
    return sender.sign(example_of(content, sender.about).request(url=ADDRESS, now_ms=RECEIVED_MS), SECRET)


def outcome(sender: Sender, one: Request) -> list[Event] | str:
    """Give the events, or the words of the refusal; any other exception fails the test."""
    try:
        return sender.parse(one)
    except BadBody as error:
        return str(error)


def refused(sender: Sender, one: Request) -> bool:
    """Whether the request is refused; any other exception fails the test."""
    try:
        sender.verify(one, [SECRET])
    except BadSignature:
        return True
    return False


def proofs(sender: Sender, body: bytes, *, secret: str = SECRET) -> dict[str, str]:
    """Give the headers that only who knows the secret can make."""
    one, other = signed(sender, body, secret=secret), signed(sender, body, secret="another")
    return {name: value for name, value in one.headers.items() if value != other.headers.get(name)}


def signs_the_body(sender: Sender) -> bool:
    return proofs(sender, b'{"a": 1}') != proofs(sender, b'{"b": 1}')


def signs_the_time(sender: Sender) -> bool:
    early = Request(headers={}, body=b"{}", received_ms=RECEIVED_MS, url=ADDRESS)
    late = replace(early, received_ms=RECEIVED_MS + 60_000)
    return sender.sign(early, SECRET).headers != sender.sign(late, SECRET).headers


def those(which: Any) -> Any:
    """Run a test over the senders of which this holds."""
    return pytest.mark.parametrize("sender", [one for one in SENDERS.values() if which(one)], ids=lambda one: one.name)


every_sender = pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
header_sender = those(lambda sender: proofs(sender, b"{}"))
signing_sender = those(signs_the_body)
timed_sender = those(signs_the_time)
every_example = pytest.mark.parametrize(
    ("sender", "path"),
    [pytest.param(sender, path, id=path.stem) for sender in SENDERS.values() for path in examples(sender)],
)


@pytest.mark.parametrize("name", SENDERS)
def test_a_sender_is_known_by_its_own_name_and_brings_examples(name: str) -> None:
    assert SENDERS[name].name == name
    assert examples(SENDERS[name]), f"put an example event into tests/payloads/{name}/"


@every_example
def test_what_the_sender_sends_passes_and_gives_events(sender: Sender, path: Path) -> None:
    one = sent(sender, path)

    sender.verify(one, [SECRET])

    assert all(event.id and (event.fields or event.fetch or event.kind) for event in sender.parse(one))


@every_sender
def test_any_secret_of_a_rotation_passes(sender: Sender) -> None:
    one = sent(sender, examples(sender)[0])

    sender.verify(one, ["the new one", SECRET])
    sender.verify(one, [SECRET, "the old one"])


@every_sender
@pytest.mark.parametrize("secrets", [["another"], [SECRET + "x"], [SECRET[:-1]], [""], []])
def test_without_its_secret_nothing_passes(sender: Sender, secrets: list[str]) -> None:
    one = sent(sender, examples(sender)[0])

    with pytest.raises(BadSignature, match=r"^the .* does not match any of the hook's secrets$"):
        sender.verify(one, secrets)


@every_sender
def test_what_an_empty_secret_signs_is_refused(sender: Sender) -> None:
    one = signed(sender, b"{}", secret="")

    with pytest.raises(BadSignature):
        sender.verify(one, [""])


@every_sender
def test_a_request_without_its_proof_is_told_what_is_missing(sender: Sender) -> None:
    one = request({"Content-Type": sender.about.content_type}, b"{}")

    with pytest.raises(BadSignature, match=r"^there is no .*; "):
        sender.verify(one, [SECRET])


@header_sender
@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: "",
        lambda value: " ",
        lambda value: value[:-1],
        lambda value: value + "A",
        lambda value: value[::-1],
        lambda value: value.split("=")[0] + "==",
        lambda value: value.split(" ")[0][:6] + " ",
        lambda value: ",;= " + value[5:],
        lambda value: value.replace(value[-3], "ñ"),
        lambda value: "\udc80\u20ac" + value,
        lambda value: "Basic ñ",
        lambda value: "Basic " + "=" * 5,
    ],
    ids=range(12),
)
def test_a_malformed_header_is_refused(sender: Sender, spoil: Any) -> None:
    body = b"{}"
    one = signed(sender, body)
    spoilt = {name: spoil(value) for name, value in proofs(sender, body).items()}

    assert refused(sender, replace(one, headers={**one.headers, **spoilt}))


@header_sender
@given(value=st.text(st.characters(), max_size=60), body=st.binary(max_size=20))
@settings(deadline=None)
def test_a_guessed_header_is_refused_whatever_it_holds(sender: Sender, value: str, body: bytes) -> None:
    one = signed(sender, body)
    guessed = dict.fromkeys(proofs(sender, body), value)

    assert refused(sender, replace(one, headers={**one.headers, **guessed}))


@timed_sender
@pytest.mark.parametrize(("ago_s", "words"), [(3_600, "old"), (-3_600, "future")], ids=["stale", "future"])
def test_a_signature_of_another_time_is_refused(sender: Sender, ago_s: int, words: str) -> None:
    one = sent(sender, examples(sender)[0])

    sender.verify(replace(one, received_ms=RECEIVED_MS + 60_000), [SECRET])
    with pytest.raises(BadSignature, match=words):
        sender.verify(replace(one, received_ms=RECEIVED_MS + ago_s * 1000), [SECRET])


@signing_sender
@pytest.mark.parametrize(
    "change",
    [
        lambda body: body + b"\n",
        lambda body: body.rstrip(),
        lambda body: body.replace(b"\n", b"\r\n"),
        lambda body: json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode(),
        lambda body: json.dumps(json.loads(body), sort_keys=True, indent=2).encode() + b"\n",
        lambda body: body.replace("ñ".encode(), b"\\u00f1"),
    ],
    ids=["newline added", "newline stripped", "line ends", "minified", "sorted", "escaped"],
)
def test_a_signature_covers_every_byte_of_the_body(sender: Sender, change: Any) -> None:
    content = json.loads(sent(sender, examples(sender)[0]).body)
    more = {"ñ": "ñandú"}
    content = {**content, **more} if isinstance(content, dict) else [*content, more]
    body = json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"

    good = signed(sender, body)
    changed = change(body)

    assert changed != body
    assert not refused(sender, good)
    assert refused(sender, replace(good, body=changed))


@every_example
def test_the_same_event_sent_twice_has_the_same_id(sender: Sender, path: Path) -> None:
    first = sent(sender, path)
    again = replace(first, received_ms=first.received_ms + 30_000)

    assert [one.id for one in sender.parse(first)] == [one.id for one in sender.parse(again)]


@every_sender
def test_different_events_have_different_ids(sender: Sender) -> None:
    ids = [event.id for path in examples(sender) for event in sender.parse(sent(sender, path))]

    assert len(set(ids)) == len(ids)


@every_example
def test_the_kept_body_gives_the_event_again(sender: Sender, path: Path) -> None:
    one = sent(sender, path)

    for event in sender.parse(one):
        assert sender.parse(replace(one, body=event.body)) == [event]


@every_sender
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is empty"),
        (b'{"nombre": "Juana', "the body is not JSON: line 1, column 18: unexpected end of data"),
        (b'\xff{"nombre": "Juana"}', "the body is not JSON: line 1, column 1: "),
        (b'["\\ud800"]', "the body is not JSON: line 1, column 3: no low surrogate in string"),
        (b"x" * 1_000_000, "the body is not JSON: line 1, column 1: "),
        (b"[" * 100_000, "the body is not JSON: line 1, column 1026: depth limit exceeded"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, "the body is nested too deeply"),
        (b"null", "the body is missing"),
        (b'"Juana"', "the body is text, not a"),
        (b"3", "the body is a number, not a"),
        (b"[3]", ""),
    ],
    ids=range(11),
)
def test_a_body_that_is_no_event_is_refused_in_words_that_do_not_quote_it(
    sender: Sender, body: bytes, words: str
) -> None:
    said = outcome(sender, signed(sender, body))

    assert isinstance(said, str)
    assert said.startswith(words) or sender.about.content_type != "application/json"
    assert "Juana" not in said


@every_example
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=ñ", ";;"],
)
def test_a_wrong_content_type_never_breaks_an_adapter(sender: Sender, path: Path, content_type: str) -> None:
    one = sent(sender, path)

    assert outcome(sender, replace(one, headers={**one.headers, "content-type": content_type})) is not None


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Give every place in a JSON value as its container and its key."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from places(inner)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@every_sender
@given(draw=st.data())
@settings(deadline=None)
def test_an_example_with_anything_in_any_place_gives_events_or_words(sender: Sender, draw: st.DataObject) -> None:
    content = copy.deepcopy([json.loads(path.read_bytes()) for path in examples(sender)])
    index = draw.draw(st.integers(0, len(content) - 1))
    container, key = draw.draw(st.sampled_from(list(places(content[index]))))

    container[key] = draw.draw(anything)
    try:
        example = example_of(content[index], sender.about)
    except CommandError:
        return  # not what a sender could send

    try:
        one = sender.sign(example.request(url=ADDRESS, now_ms=RECEIVED_MS), SECRET)
    except BadSignature:
        return  # a header that is part of what is signed is blank: no sender signs that

    assert outcome(sender, one) is not None
