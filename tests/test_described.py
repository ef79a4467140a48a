"""Signatures that a hook file describes: every way in which senders sign, and what is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BadSignature
from relay.hooks import Hook, LeadBy
from relay.senders import SENDERS, adapter_of, wpforms
from relay.senders.described import described
from relay.sending import Request, Scheme
from tests.example_hooks import CONTACT, updated
from tests.sender_security import ADDRESS, RECEIVED_MS, SECRET, request

VECTORS = Path(__file__).parent / "vectors"
SLACK = Scheme(
    header="X-Slack-Signature",
    prefix="v0=",
    signed=("v0:", "timestamp", ":", "body"),
    timestamp="X-Slack-Request-Timestamp",
)
INLINE = Scheme(header="X-Sig", prefix="v1=", signed=("timestamp", ".", "body"), timestamp="t=")
BODY = b'{"id": "ev-1", "nombre": "Mar\xc3\xada"}'
NOW_S = RECEIVED_MS // 1000


def posted(headers: dict[str, str], body: bytes = BODY) -> Request:
    one = request({"Content-Type": "application/json", **headers}, body)
    return replace(one, url=ADDRESS)


def signed_by(scheme: Scheme, body: bytes = BODY, secret: str = SECRET) -> Request:
    return described(scheme).sign(posted({}, body), secret)


def words_of(scheme: Scheme, one: Request, secrets: list[str] | None = None) -> str:
    with pytest.raises(BadSignature) as refusal:
        described(scheme).verify(one, [SECRET] if secrets is None else secrets)
    return str(refusal.value)


def hook_with(signature: Scheme | None) -> Hook:
    return Hook(
        name="h",
        sender="generic",
        secrets=(SECRET,),
        secret_names=("S",),
        lead=LeadBy(),
        rules=(),
        version="ab12cd34",
        file="rules/h.yaml",
        signature=signature,
    )


@pytest.mark.parametrize("vector", json.loads((VECTORS / "slack.json").read_bytes()), ids=lambda one: one["id"])
def test_slacks_own_example_passes_as_its_page_describes_it(vector: dict[str, Any]) -> None:
    sent_ms = int(vector["headers"]["X-Slack-Request-Timestamp"]) * 1000
    one = request(vector["headers"], vector["body"].encode(), received_ms=sent_ms + 5_000)

    described(SLACK).verify(one, ["old", vector["secret"]])

    bare = request({"Content-Type": vector["headers"]["Content-Type"]}, one.body, received_ms=sent_ms)
    made = described(SLACK).sign(bare, vector["secret"])
    assert made.headers["x-slack-signature"] == vector["expected"]
    (event,) = described(SLACK).parse(one)
    assert event.fields["command"] == "/webhook-collect"


@pytest.mark.parametrize(
    ("scheme", "header", "expected"),
    [
        (Scheme(header="X-S"), "x-s", lambda made: made("sha256", BODY).hexdigest()),
        (
            Scheme(header="X-S", prefix="sha1=", algorithm="sha1"),
            "x-s",
            lambda made: "sha1=" + made("sha1", BODY).hexdigest(),
        ),
        (
            Scheme(header="X-S", algorithm="sha512", encoding="base64"),
            "x-s",
            lambda made: b64encode(made("sha512", BODY).digest()).decode(),
        ),
        (
            Scheme(header="X-S", signed=("method", " ", "url", "\n", "body")),
            "x-s",
            lambda made: made("sha256", b"POST " + ADDRESS.encode() + b"\n" + BODY).hexdigest(),
        ),
        (INLINE, "x-sig", lambda made: f"t={NOW_S},v1=" + made("sha256", b"%d." % NOW_S + BODY).hexdigest()),
        (
            Scheme(header="X-S", signed=("timestamp", "body", "ñ"), timestamp="X-T"),
            "x-s",
            lambda made: made("sha256", b"%d" % NOW_S + BODY + "ñ".encode()).hexdigest(),
        ),
    ],
    ids=["body in hex", "sha1 with a prefix", "sha512 in base64", "method and address", "its own moment", "text"],
)
def test_a_request_is_signed_as_the_scheme_says(scheme: Scheme, header: str, expected: Callable[[Any], str]) -> None:
    one = signed_by(scheme)

    assert one.headers[header] == expected(lambda name, message: hmac.new(SECRET.encode(), message, name))
    described(scheme).verify(one, ["old", SECRET])
    assert words_of(scheme, replace(one, body=BODY + b"\n")) == (
        f"the {scheme.header} header does not match any of the hook's secrets"
    )


def test_an_id_that_is_signed_can_not_be_changed_and_is_the_events() -> None:
    scheme = Scheme(header="X-S", signed=("id", ".", "body"), id="X-Id", kind="X-Event")
    one = described(scheme).sign(posted({"X-Id": "msg_1", "X-Event": "lead.created"}), SECRET)

    (event,) = described(scheme).parse(one)

    assert (event.id, event.kind) == ("msg_1", "lead.created")
    described(scheme).verify(one, [SECRET])
    assert "does not match" in words_of(scheme, replace(one, headers={**one.headers, "x-id": "msg_2"}))
    assert words_of(scheme, replace(one, headers={"x-s": one.headers["x-s"]})) == (
        "there is no X-Id header; have the sender sign with the hook's secret, as the hook file describes"
    )


def test_the_headers_of_id_and_kind_are_kept_with_the_event() -> None:
    scheme = Scheme(header="X-S", id="X-Id", kind="X-Event")
    adapter = adapter_of(hook_with(scheme))
    one = adapter.sign(posted({"X-Id": "msg_1", "X-Event": "lead.created"}, b'[{"n": 1}, {"n": 2}]'), SECRET)

    kept = {name: one.headers[name] for name in (*adapter.about.headers, "content-type") if name in one.headers}

    assert kept == {"x-id": "msg_1", "x-event": "lead.created", "content-type": "application/json"}
    events = adapter.parse(one)
    assert [adapter.parse(replace(one, headers=kept, body=event.body)) for event in events] == [[one] for one in events]
    assert {event.kind for event in events} == {"lead.created"}
    assert len({event.id for event in events}) == 2


def test_a_hook_gets_the_adapter_that_its_file_describes() -> None:
    assert adapter_of(hook_with(None)) is SENDERS["generic"]
    assert adapter_of(hook_with(SLACK)) is adapter_of(hook_with(replace(SLACK)))
    assert adapter_of(hook_with(SLACK)).name == "generic"


@pytest.mark.parametrize(
    "spell",
    [
        lambda value: value,
        lambda value: "v1=" + "0" * 64 + " " + value.split(",")[1] + ";" + value.split(",")[0],
        lambda value: value.replace(",", ", v1=" + "0" * 64 + ", v0=abc, v1=, "),
        lambda value: value[: value.index("v1=") + 3] + value[value.index("v1=") + 3 :].upper(),
    ],
    ids=["one", "another order", "several", "capitals"],
)
def test_any_signature_of_the_header_may_be_ours(spell: Callable[[str], str]) -> None:
    one = signed_by(INLINE)

    described(INLINE).verify(replace(one, headers={**one.headers, "x-sig": spell(one.headers["x-sig"])}), [SECRET])


@pytest.mark.parametrize(
    ("spell", "words"),
    [
        (lambda value: "", "there is no X-Sig header; "),
        (lambda value: value.split(",")[1], "there is no t= in the X-Sig header; "),
        (lambda value: value.split(",")[0], "the X-Sig header does not match any of the hook's secrets"),
        (lambda value: value.replace("v1=", "v0="), "the X-Sig header does not match any of the hook's secrets"),
        (lambda value: value.replace("v1=", "v1=0"), "the X-Sig header does not match any of the hook's secrets"),
        (lambda value: "t=1," + value, "the X-Sig header does not match any of the hook's secrets"),
    ],
)
def test_a_header_of_another_shape_is_refused(spell: Callable[[str], str], words: str) -> None:
    one = signed_by(INLINE)

    assert words_of(INLINE, replace(one, headers={"x-sig": spell(one.headers["x-sig"])})).startswith(words)


def test_a_moment_in_a_header_of_its_own_must_be_there() -> None:
    one = signed_by(SLACK)

    assert words_of(SLACK, replace(one, headers={"x-slack-signature": "v0=ab"})) == (
        "there is no X-Slack-Request-Timestamp header; "
        "have the sender sign with the hook's secret, as the hook file describes"
    )


def test_a_moment_that_is_no_number_is_refused_even_where_it_is_signed() -> None:
    made = hmac.new(SECRET.encode(), b"soon." + BODY, hashlib.sha256).hexdigest()

    assert words_of(INLINE, posted({"X-Sig": f"t=soon,v1={made}"})) == (
        "the moment in the X-Sig header is no whole number"
    )


@pytest.mark.parametrize("scheme", [SLACK, INLINE], ids=["own header", "inline"])
@pytest.mark.parametrize(
    ("later_s", "words"),
    [(300, ""), (-300, ""), (301, "301 s old, more than 300 s"), (-301, "301 s in the future, more than 300 s")],
)
def test_a_signature_holds_five_minutes_in_both_directions(scheme: Scheme, later_s: int, words: str) -> None:
    late = replace(signed_by(scheme), received_ms=RECEIVED_MS + later_s * 1000)

    if not words:
        described(scheme).verify(late, [SECRET])
    else:
        assert words in words_of(scheme, late)


def test_the_tolerance_is_the_hook_files() -> None:
    late = replace(signed_by(INLINE), received_ms=RECEIVED_MS + 61_000)

    described(replace(INLINE, tolerance=61)).verify(late, [SECRET])
    assert "61 s old, more than 60 s" in words_of(replace(INLINE, tolerance=60), late)


def test_a_moment_may_be_in_milliseconds() -> None:
    made = hmac.new(SECRET.encode(), b"%d." % (RECEIVED_MS - 1) + BODY, hashlib.sha256).hexdigest()
    one = posted({"X-Sig": f"t={RECEIVED_MS - 1},v1={made}"})

    described(INLINE).verify(one, [SECRET])
    assert "old" in words_of(INLINE, replace(one, received_ms=RECEIVED_MS + 301_000))


@pytest.mark.parametrize("secrets", [[], [""], ["", "another"]])
def test_nothing_passes_without_the_secret(secrets: list[str]) -> None:
    assert words_of(INLINE, signed_by(INLINE), secrets) == ("the X-Sig header does not match any of the hook's secrets")
    assert "does not match" in words_of(INLINE, signed_by(INLINE, secret=""), [""])


schemes = st.builds(
    Scheme,
    header=st.just("X-S"),
    algorithm=st.sampled_from(["sha1", "sha256", "sha512"]),
    encoding=st.sampled_from(["hex", "base64"]),
    prefix=st.sampled_from(["", "v1=", "v1,", "sha256=", "s="]),
    signed=st.permutations(["body", "timestamp", "id", "method", "url", ".", "ñ"]).map(tuple),
    timestamp=st.sampled_from(["X-T", "t="]),
    id=st.just("X-Id"),
)


@given(schemes, st.binary(max_size=50), st.text(min_size=1, max_size=20))
def test_what_any_scheme_signs_passes_it_and_nothing_else(scheme: Scheme, body: bytes, secret: str) -> None:
    one = signed_by(scheme, body, secret)

    described(scheme).verify(one, ["another", secret])

    for other in (
        replace(one, body=body + b"."),
        replace(one, method="PUT"),
        replace(one, url=ADDRESS + "?"),
        replace(one, headers={**one.headers, "x-id": "x"}),
    ):
        assert "does not match" in words_of(scheme, other, [secret])


@given(schemes, st.dictionaries(st.sampled_from(["x-s", "x-t", "x-id"]), st.text(max_size=40)), st.binary(max_size=20))
def test_no_guess_passes_and_none_breaks_the_adapter(scheme: Scheme, headers: dict[str, str], body: bytes) -> None:
    assert words_of(scheme, posted(headers, body))


def test_the_generic_example_becomes_this_update() -> None:
    assert updated("generic", "visit") == {
        **CONTACT,
        "metadata.fecha_visita": "2026-10-03",
        "metadata.proyecto": "Edificio Ñandú",
        "metadata.estado_lead": "visita pedida",
    }


@pytest.mark.parametrize("verify", [described(INLINE).verify, wpforms.verify], ids=["described", "timed"])
def test_a_header_full_of_signatures_costs_no_more_than_one(verify: Callable[[Request, list[str]], None]) -> None:
    name = "x-wpforms-webhook-signature" if verify is wpforms.verify else "x-sig"
    part = "v=" if verify is wpforms.verify else "v1="
    body = b"{" + b" " * 1_000_000 + b"}"

    def seconds(times: int) -> float:
        one = posted({name: f"t={NOW_S}" + f",{part}" * times}, body)
        began = time.thread_time()
        with pytest.raises(BadSignature):
            verify(one, [SECRET, "another"])
        return time.thread_time() - began

    few = min(seconds(1) for _ in range(3))
    many = min(seconds(2_000) for _ in range(3))

    assert many < 20 * few
