"""Senders that sign in a usual way: Stripe, Shopify, GitHub and Standard Webhooks; what they sign, what is read."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import github, shopify, standard_webhooks, stripe
from relay.senders.base import Sender
from tests.example_hooks import CONTACT, mapped_examples, updated
from tests.sender_security import PAYLOADS, SECRET, request, sent, signed

VECTORS = Path(__file__).parent / "vectors"
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MOMENT = 1_790_433_227_000


def vectors(name: str) -> Any:
    return pytest.mark.parametrize("vector", json.loads((VECTORS / f"{name}.json").read_bytes()), ids=lambda v: v["id"])


def example(sender: Sender, name: str) -> Event:
    (event,) = sender.parse(sent(sender, PAYLOADS / sender.name / f"{name}.json"))
    return event


def read(sender: Sender, content: Any, **headers: str) -> Event:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    one = signed(sender, body)
    (event,) = sender.parse(
        replace(one, headers={**one.headers, **{name.replace("_", "-"): value for name, value in headers.items()}})
    )
    return event


# Stripe


def test_stripe_signs_the_moment_and_the_body_with_the_whole_secret() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"id": "evt_1"}'
    made = hmac.new(secret.encode(), b"1790000000." + body, hashlib.sha256).hexdigest()

    one = request({"Stripe-Signature": f"t=1790000000,v1={made},v0={made[::-1]}"}, body)

    stripe.verify(one, ["old", secret])
    assert stripe.sign(request({}, body), secret).headers["stripe-signature"] == f"t=1790000000,v1={made}"


def test_a_stripe_secret_that_is_rolled_signs_twice() -> None:
    one = signed(stripe, b"{}")
    two = replace(
        one, headers={"stripe-signature": one.headers["stripe-signature"].replace(",", ",v1=" + "0" * 64 + ",")}
    )

    stripe.verify(two, [SECRET])


def test_stripe_ignores_a_signature_of_its_test_scheme() -> None:
    one = signed(stripe, b"{}")
    old = replace(one, headers={"stripe-signature": one.headers["stripe-signature"].replace("v1=", "v0=")})

    with pytest.raises(BadSignature, match=r"^the Stripe-Signature header does not match any of the hook's secrets$"):
        stripe.verify(old, [SECRET])


def test_a_stripe_event_gives_what_it_is_about_and_its_metadata() -> None:
    event = example(stripe, "checkout_session_completed")

    assert event.fields == {
        "id": "cs_test_a1b2c3",
        "object": "checkout.session",
        "client_reference_id": LEAD,
        "customer_details": {
            "email": "mj.munoz@example.com",
            "name": "María José Muñoz Peña",
            "phone": "+56987654321",
        },
        "metadata": {"lead_id": LEAD},
    }
    assert event.hidden == {"lead_id": LEAD, "client_reference_id": LEAD}
    assert (event.id, event.kind) == ("evt_1Nabcdefghijklmn", "checkout.session.completed")
    assert (event.at_ms, event.test) == (1_790_433_226_000, True)
    assert (event.form, event.campaign, event.fetch) == ({}, {}, "")


def test_a_stripe_event_of_live_mode_is_no_test() -> None:
    event = example(stripe, "customer_updated")

    assert event.fields == {
        "id": "cus_Nabcdefgh",
        "object": "customer",
        "email": "mj.munoz@example.com",
        "metadata": {},
        "name": "María José Muñoz Peña",
        "phone": None,
    }
    assert (event.hidden, event.kind, event.test) == ({}, "customer.updated", False)
    assert (event.id, event.at_ms) == ("evt_1Nabcdefghijklmo", 1_790_433_300_000)


@pytest.mark.parametrize(
    "content",
    [
        {"id": "evt_1", "type": "v1.billing.meter.error", "created": "2026-09-26T14:33:47.000Z"},
        {"id": "evt_1", "type": "t", "created": MOMENT // 1000, "data": None},
        {"id": "evt_1", "type": "t", "created": MOMENT // 1000, "data": {"object": ["a"]}},
    ],
)
def test_a_stripe_event_that_names_its_object_alone_has_no_fields(content: dict[str, Any]) -> None:
    event = read(stripe, content)

    assert (event.fields, event.hidden, event.test, event.at_ms) == ({}, {}, False, MOMENT)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"type": "t"}, "id is missing"),
        ({"id": 1, "type": "t"}, "id is a number, not text"),
        ({"id": "evt_1"}, "type is missing"),
        ([], "the body is a list, not an object"),
    ],
)
def test_a_body_that_is_no_stripe_event_is_named(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read(stripe, content)

    assert str(refusal.value) == words


def test_the_stripe_example_becomes_this_update() -> None:
    assert updated("stripe", "checkout_completed") == {
        **CONTACT,
        "metadata.estado_lead": "reserva pagada",
        "metadata.reserva_moneda": "CLP",
        "metadata.reserva_monto": 300_000,
        "metadata.proyecto": "Edificio Ñandú",
    }


# Shopify


@vectors("shopify")
def test_shopify_signs_the_body_in_base64(vector: dict[str, Any]) -> None:
    one = request(vector["headers"], vector["body"].encode())

    shopify.verify(one, ["old", vector["secret"]])

    made = shopify.sign(request({}, one.body), vector["secret"])
    assert made.headers["x-shopify-hmac-sha256"] == vector["expected"]


def test_a_shopify_customer_gives_its_keys() -> None:
    event = example(shopify, "customers_create")

    assert event.fields == {
        "id": 706_405_506_930_370_084,
        "email": "mj.munoz@example.com",
        "created_at": "2026-09-26T11:33:47-03:00",
        "updated_at": "2026-09-26T11:33:47-03:00",
        "first_name": "María José",
        "last_name": "Muñoz Peña",
        "phone": "+56987654321",
        "note": f"lead_id={LEAD}",
        "tags": "lead",
    }
    assert (event.hidden, event.form, event.kind) == ({}, {"id": None}, "")
    assert (event.at_ms, event.test) == (MOMENT, False)


def test_a_shopify_order_gives_what_the_cart_carried_as_hidden_fields() -> None:
    event = example(shopify, "orders_create")

    assert event.hidden == {"lead_id": LEAD, "proyecto": "Edificio Ñandú"}
    assert event.form == {"id": "casas.myshopify.com"}
    assert (event.id, event.kind) == ("b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "orders/create")
    assert (event.at_ms, event.test) == (1_790_433_240_000, False)


@pytest.mark.parametrize(
    ("content", "headers", "test"),
    [
        ({"test": True}, {}, True),
        ({"test": "true"}, {}, False),
        ({}, {"x_shopify_test": "true"}, True),
        ({}, {"x_shopify_test": "false"}, False),
    ],
)
def test_a_shopify_test_is_told_in_the_body_or_in_a_header(
    content: dict[str, Any], headers: dict[str, str], test: bool
) -> None:
    assert read(shopify, content, **headers).test is test


@pytest.mark.parametrize("pairs", [None, {}, "a", [], [1], [{"value": 1}], [{"name": 1, "value": 2}]])
def test_odd_attributes_of_a_shopify_cart_are_passed_over(pairs: Any) -> None:
    assert read(shopify, {"note_attributes": pairs}).hidden == {}


def test_a_shopify_event_without_its_id_is_known_by_its_content() -> None:
    def id_of(content: dict[str, Any]) -> str:
        return shopify.parse(request({}, json.dumps(content).encode()))[0].id

    assert id_of({"id": 1, "updated_at": "a"}) == id_of({"updated_at": "a", "id": 1})
    assert id_of({"id": 1, "updated_at": "a"}) != id_of({"id": 1, "updated_at": "b"})


def test_the_shopify_examples_become_these_updates_of_who_has_this_mail() -> None:
    (customer,) = mapped_examples("shopify", "customer_created")
    (order,) = mapped_examples("shopify", "order_created")

    assert customer.updates[0].set == {
        "first_name": "María José",
        "last_name": "Muñoz Peña",
        "phone": "+56987654321",
        "email": "mj.munoz@example.com",
        "metadata.etiquetas_tienda": "departamento, contado",
    }
    assert order.updates[0].set == {
        "metadata.compra_tienda": "#1001",
        "metadata.compra_monto": 150_000,
        "metadata.proyecto": "Edificio Ñandú",
    }
    assert [one.value for one in customer.names] == ["mj.munoz@example.com", "+56987654321"]
    assert [one.value for one in order.names] == ["mj.munoz@example.com"]


# GitHub


@vectors("github")
def test_github_signs_as_its_page_says(vector: dict[str, Any]) -> None:
    one = request(vector["headers"], vector["body"].encode())

    github.verify(one, ["old", vector["secret"]])

    assert github.sign(request({}, one.body), vector["secret"]).headers["x-hub-signature-256"] == (vector["expected"])


def test_a_github_event_gives_its_keys_and_the_headers_say_what_it_is() -> None:
    event = example(github, "repository_dispatch")

    assert event.fields == {
        "action": "visita",
        "branch": "main",
        "client_payload": {"lead_id": LEAD, "nombre": "María José Muñoz Peña"},
        "repository": {"id": 1, "full_name": "casas/web"},
        "sender": {"login": "mjmunoz"},
    }
    assert (event.id, event.kind) == ("72d3162e-cc78-11e3-81ab-4c9367dc0958", "repository_dispatch")
    assert (event.hidden, event.form, event.at_ms, event.test) == ({}, {}, None, False)


def test_a_github_webhook_that_sends_forms_gives_the_same() -> None:
    event = example(github, "sent_as_form")

    assert event.fields == event.raw == {"zen": "Keep it logically awesome.", "hook_id": 2}
    assert (event.kind, event.test) == ("ping", True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"zen=a", "the form's payload is missing"),
        (b"payload=a&payload=b", "the form's payload is missing"),
        (b"payload=", "the form's payload is empty"),
        (b"payload=[]", "the form's payload is a list, not an object"),
        (b"payload={", "the form's payload is not JSON: line 1, column 2"),
    ],
)
def test_a_github_form_without_an_event_is_named(body: bytes, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        github.parse(request({"Content-Type": "application/x-www-form-urlencoded"}, body))

    assert str(refusal.value).startswith(words)


def test_the_github_example_becomes_this_update() -> None:
    assert updated("github", "visit") == {
        **CONTACT,
        "metadata.fecha_visita": "2026-10-03",
        "metadata.estado_lead": "visita pedida",
    }


# Standard Webhooks, and Svix


@vectors("standard_webhooks")
def test_standard_webhooks_sign_as_the_reference_does(vector: dict[str, Any]) -> None:
    family = "svix" if "svix-id" in vector["headers"] else "webhook"
    sent_ms = int(vector["headers"][f"{family}-timestamp"]) * 1000
    one = request(vector["headers"], vector["body"].encode(), received_ms=sent_ms + 1_000)

    standard_webhooks.verify(one, ["whsec_b2xk", vector["secret"]])

    id = vector["headers"][f"{family}-id"]
    made = standard_webhooks.sign(request({"webhook-id": id}, one.body, received_ms=sent_ms), vector["secret"])
    assert made.headers["webhook-signature"] == vector["expected"]
    assert standard_webhooks.parse(one)[0].id == id


KEY = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", KEY),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", KEY),
        ("whsec_b2xk", b"old"),
        ("whsec_b2xkZXI", b"older"),
        ("whsec_b2xkZXI=", b"older"),
        ("una contraseña larga", "una contraseña larga".encode()),
        ("whsec_no base64", b"whsec_no base64"),
    ],
)
def test_a_standard_secret_is_base64_or_else_the_key_itself(secret: str, key: bytes) -> None:
    assert standard_webhooks.key_of(secret) == key


@pytest.mark.parametrize("secret", ["", "whsec_"])
def test_a_standard_secret_without_a_key_lets_nothing_in(secret: str) -> None:
    made = standard_webhooks.sign(request({"webhook-id": "a"}, b"{}"), secret)

    with pytest.raises(BadSignature):
        standard_webhooks.verify(made, [secret])


def test_a_signature_by_a_private_key_is_said_not_to_be_supported() -> None:
    one = request({"webhook-id": "a", "webhook-timestamp": "1790000000", "webhook-signature": "v1a,abc v1a,def"}, b"{}")

    with pytest.raises(BadSignature) as refusal:
        standard_webhooks.verify(one, [SECRET])

    assert str(refusal.value) == (
        "the webhook-signature header holds v1a signatures alone, which are not supported; "
        "have the sender sign with a shared secret (v1)"
    )


def test_an_id_that_was_not_signed_is_not_taken() -> None:
    one = signed(standard_webhooks, b"{}")
    svix = {name.replace("webhook", "svix"): value for name, value in one.headers.items()}

    standard_webhooks.verify(replace(one, headers=svix), [SECRET])
    with pytest.raises(BadSignature, match=r"^the webhook-id and svix-id headers differ; one of them is not signed$"):
        standard_webhooks.verify(replace(one, headers={**svix, "webhook-id": "another"}), [SECRET])


def test_a_standard_event_gives_its_data() -> None:
    event = example(standard_webhooks, "lead_created")

    assert event.fields == {
        "id": LEAD,
        "nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
    }
    assert (event.kind, event.at_ms, event.test) == ("lead.created", MOMENT + 344, False)
    assert (event.hidden, event.form, event.campaign) == ({}, {}, {})


def test_a_svix_event_of_any_shape_gives_its_body() -> None:
    event = example(standard_webhooks, "no_envelope")

    assert event.fields == {
        "eventType": "lead.updated",
        "eventtype": "lead.updated",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "lead_id": LEAD,
    }
    assert (event.id, event.kind, event.at_ms) == ("msg_2b1kLm9PqRs7TuVwXyZ3AbCdEfG", "lead.updated", None)


@pytest.mark.parametrize("content", [{"data": None, "a": 1}, {"data": [1], "a": 1}, {"data": "x", "a": 1}])
def test_data_that_is_no_object_leaves_the_body_as_it_is(content: dict[str, Any]) -> None:
    assert read(standard_webhooks, content).fields == content


def test_a_standard_event_without_its_id_is_refused() -> None:
    with pytest.raises(BadBody, match=r"^the webhook-id header is missing$"):
        standard_webhooks.parse(request({}, b"{}"))


def test_the_standard_examples_become_these_updates() -> None:
    assert updated("standard_webhooks", "lead_created") == CONTACT
    assert updated("standard_webhooks", "unit_reserved") == {
        "metadata.unidad_reservada": "Torre B, 1204",
        "metadata.estado_lead": "reserva",
    }
