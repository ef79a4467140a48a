"""How a hook file describes a signature, and what is said of a description that can't be right."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from relay.hooks import Hook
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT
from relay.sending import Scheme
from tests.hook_texts import by_line

KNOWN = Known(environment={"S": "s"}, senders=ABOUT, destinations=("default",))
HEAD = "sender: generic\nsecrets: [S]\nlead: {id: '${fields.lead_id}'}\nrules:\n  - name: a\n    update: {title: x}\n"


def read(signature: str, *, head: str = HEAD) -> tuple[Hook | None, list[str]]:
    """Read a hook file that ends with this description; its key stands in line 7, what it holds from line 8 on."""
    indented = signature.replace("\n", "\n  ")
    hook, problems = read_hook(PurePath("rules/h.yaml"), f"{head}signature:\n  {indented}\n".encode(), KNOWN)
    return hook, by_line(problems)


def scheme_of(signature: str) -> Scheme:
    hook, faults = read(signature)
    assert hook, faults
    assert hook.signature is not None
    return hook.signature


def faults_of(signature: str) -> list[str]:
    hook, faults = read(signature)
    assert hook is None
    return [fault.removeprefix("rules/h.yaml:") for fault in faults]


def test_a_header_alone_is_a_hex_hmac_of_the_body() -> None:
    assert scheme_of("header: X-Signature") == Scheme(
        header="X-Signature",
        algorithm="sha256",
        encoding="hex",
        prefix="",
        signed=("body",),
        timestamp="",
        id="",
        kind="",
        tolerance=300,
    )


def test_a_whole_description_is_read() -> None:
    whole = """header: X-Acme-Signature
algorithm: SHA512
encoding: base64
prefix: v1=
signed: [id, ':', timestamp, ':', method, url, "version", body]
timestamp: t=
id: X-Acme-Id
kind: X-Acme-Event
tolerance: 60"""

    assert scheme_of(whole) == Scheme(
        header="X-Acme-Signature",
        algorithm="sha512",
        encoding="base64",
        prefix="v1=",
        signed=("id", ":", "timestamp", ":", "method", "url", "version", "body"),
        timestamp="t=",
        id="X-Acme-Id",
        kind="X-Acme-Event",
        tolerance=60,
    )


def test_a_hook_file_without_a_description_has_none() -> None:
    hook, _ = read_hook(PurePath("rules/h.yaml"), HEAD.encode(), KNOWN)

    assert hook
    assert hook.signature is None


@pytest.mark.parametrize(
    ("signature", "faults"),
    [
        ("algorithm: sha1", ["7: signature has no header; name the header that holds it, as in X-Signature"]),
        ("header: ''", ["8: signature: header is empty"]),
        ("header: [a]", ["8: signature: header must be text, not a list"]),
        ("header: X Signature", ["8: signature: header is no name of a header; write it as in X-Signature"]),
        ("header: 'X-Signature:'", ["8: signature: header is no name of a header; write it as in X-Signature"]),
        ("header: X-S\nid: a b", ["9: signature: id is no name of a header; write it as in X-Signature"]),
        ("header: X-S\nkind: 3", ["9: signature: kind must be text, not a number"]),
        ("header: X-S\nheadr: X-S", ["9: signature has the unknown key 'headr'; did you mean 'header'?"]),
        ("header: X-S\nalgorithm: md5", ["9: signature: algorithm must be sha256, sha1 or sha512, not 'md5'"]),
        ("header: X-S\nencoding: [hex]", ["9: signature: encoding must be hex or base64, not a list"]),
        ("header: X-S\nsigned: body", ["9: signature: signed must be a list, not text"]),
        ("header: X-S\nsigned: []", ["9: signature: signed is empty"]),
        ("header: X-S\nsigned: [body, 3]", ["9: signature: a signed part must be text, not a number"]),
        (
            "header: X-S\nsigned: ['v0:']",
            ["9: signature: signed leaves out the body; then anybody could change it"],
        ),
        (
            "header: X-S\nsigned:\n  - body\n  - nonce",
            [
                "11: signature: signed: unknown part 'nonce'; the parts are body, timestamp, id, method, url; "
                "other text is put in quotes"
            ],
        ),
        (
            "header: X-S\nsigned: [body, 'timestmp']",
            ["9: signature: signed: unknown part 'timestmp'; did you mean 'timestamp'?"],
        ),
        (
            "header: X-S\nsigned: [timestamp, body]",
            ["7: signature: timestamp is signed; say where it stands, as in timestamp: X-Timestamp, or timestamp: t="],
        ),
        (
            "header: X-S\ntimestamp: X-Time",
            ["9: signature: timestamp is not among the signed parts; then anybody could change it"],
        ),
        (
            "header: X-S\nsigned: [timestamp, body]\ntimestamp: 't: '",
            [
                "10: signature: timestamp is neither a header, as in X-Timestamp, nor what stands before it in the "
                "signature's own, as in t="
            ],
        ),
        ("header: X-S\nsigned: [id, body]", ["7: signature: id is signed; name its header, as in id: webhook-id"]),
        ("header: X-S\ntolerance: 60", ["9: signature: tolerance needs a timestamp; without one no age is known"]),
        *(
            (
                f"header: X-S\nsigned: [timestamp, body]\ntimestamp: t=\ntolerance: {value}",
                ["11: signature: tolerance must be a number of seconds up to 86400, as in 300"],
            )
            for value in ("0", "-5", "1.5", "true", "5m", "[5]", "86401")
        ),
    ],
)
def test_what_can_not_be_right_is_said_with_its_line(signature: str, faults: list[str]) -> None:
    assert faults_of(signature) == faults


def test_all_faults_of_a_description_are_said_at_once() -> None:
    assert [fault.split(":")[0] for fault in faults_of("header: a b\nalgorithm: md5\nsigned: [bdy]\nid: ''")] == [
        "8",
        "9",
        "10",
        "10",
        "11",
    ]


def test_a_description_that_is_no_object_is_a_fault() -> None:
    _, faults = read_hook(PurePath("rules/h.yaml"), f"{HEAD}signature: X-Signature\n".encode(), KNOWN)

    assert by_line(faults) == ["rules/h.yaml:7: signature must be an object, not text"]


@pytest.mark.parametrize("sender", ["typeform", "stripe", "github"])
def test_only_a_generic_sender_is_described(sender: str) -> None:
    _, faults = read("header: X-S", head=HEAD.replace("generic", sender))

    title = ABOUT[sender].title
    assert faults == [f"rules/h.yaml:7: signature belongs to sender: generic; it is known how {title} signs"]
