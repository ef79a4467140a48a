"""What is kept of a request's headers: what the sender said, and nothing with which anybody could speak in its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import receive
from relay.masking import LONGEST_VALUE, MOST_HEADERS, what_came
from relay.senders.base import Sender
from tests.doors import hook
from tests.sender_security import SECRET, every_example, every_sender, examples, proofs, sent

BORING = {
    "host": "relay.example.cl",
    "accept": "*/*",
    "accept-encoding": "gzip",
    "content-length": "12",
    "connection": "keep-alive",
    "content-type": "application/json",
}
CLIENT = {
    "x-forwarded-for": "190.1.2.3",
    "forwarded": "for=190.1.2.3",
    "x-real-ip": "190.1.2.3",
    "cf-connecting-ip": "190.1.2.3",
    "true-client-ip": "190.1.2.3",
    "via": "1.1 190.1.2.3",
}


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-auth-token",
        "x-client-secret",
        "typeform-signature",
        "x-hub-signature-256",
        "x-shopify-hmac-sha256",
        "x-password",
        "x-csrf",
    ],
)
def test_a_header_that_proves_who_sends_is_masked_with_its_length(name: str) -> None:
    assert what_came({name: "s3cret value"}) == {name: "(masked, 12 characters)"}


def test_what_says_nothing_and_where_it_came_from_are_left_out() -> None:
    assert what_came({**BORING, **CLIENT, "user-agent": "Zapier"}) == {"user-agent": "Zapier"}


@pytest.mark.parametrize("secret", ["una palabra larga", "contraseña"])
def test_a_secret_is_masked_in_whatever_header_it_stands(secret: str) -> None:
    on_the_wire = secret.encode().decode("latin-1")

    came = what_came({"x-campaign": f"pre {on_the_wire}", "x-other": "pre"}, secrets=["", secret])

    assert came == {"x-campaign": f"(masked, {len(on_the_wire) + 4} characters)", "x-other": "pre"}


def test_the_header_that_a_hook_file_names_for_the_signature_is_masked() -> None:
    assert what_came({"x-proof": "abcdef"}, secret_header="x-proof") == {"x-proof": "(masked, 6 characters)"}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("https://a.cl/form?token=abc&x=1", "https://a.cl/form?(masked, 13 characters)"),
        ("/hooks/cotiza?token=abc", "/hooks/cotiza?(masked, 9 characters)"),
        ("https://ana:pw@a.cl/x", "https://(masked, 6 characters)@a.cl/x"),
        ("Bearer abcdef", "(masked, 13 characters)"),
        ("Basic YTpi", "(masked, 10 characters)"),
        ("x" * 300, "x" * (LONGEST_VALUE - 1) + "…"),
        ("what? ever", "what? ever"),
    ],
)
def test_a_value_is_cut_to_what_a_person_needs(value: str, kept: str) -> None:
    assert what_came({"x-said": value}) == {"x-said": kept}


@given(st.dictionaries(st.text(max_size=80), st.text(max_size=400), max_size=40))
def test_whatever_comes_little_is_kept(headers: dict[str, str]) -> None:
    came = what_came(headers)

    assert len(came) <= MOST_HEADERS
    assert all(len(name) <= 64 and len(value) <= LONGEST_VALUE + 60 for name, value in came.items())


@every_example
def test_no_proof_and_no_secret_of_any_sender_is_kept(sender: Sender, path: object) -> None:
    one = sent(sender, path)  # type: ignore[arg-type]
    chosen = hook("cotiza", sender.name)

    came = receive.came_of(one, sender=sender, hook=chosen)

    kept = " ".join(came.values())
    proving = [value for name, value in proofs(sender, one.body).items() if "timestamp" not in name]
    assert not [value for value in (*proving, SECRET) if value in kept]
    assert not set(came) & {*sender.about.headers, "content-type"}


@every_sender
def test_which_of_several_secrets_matched_is_told(sender: Sender) -> None:
    one = sent(sender, examples(sender)[0])
    several = hook("cotiza", sender.name)

    assert receive.verify(one, sender=sender, hook=several) == "NEW"
