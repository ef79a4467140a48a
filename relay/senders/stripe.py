"""Stripe: one signed event in each request; its fields are those of the object that it is about.

What an integration writes into ``metadata`` or ``client_reference_id`` is its own, as a form's hidden fields are.
Sources: docs.stripe.com/webhooks, "Verify webhook signatures"; docs.stripe.com/api/events/object.
"""

from __future__ import annotations

from collections.abc import Mapping

from relay.model import Event, Json
from relay.senders.any_body import moment_ms
from relay.senders.base import bounded_id, object_of, read_json, text_of
from relay.senders.plain_keys import with_plain_keys
from relay.senders.schemes import Signature
from relay.sending import About, Request, Scheme

name = "stripe"
about = About(
    title="Stripe",
    proof="the endpoint's signing secret (whsec_...), HMAC-SHA256 in the header Stripe-Signature",
    variable="STRIPE_WEBHOOK_SECRET",
    lead="hidden.lead_id",
    ids=("id",),
    times=("created",),
    hidden=True,
)

SIGNATURE = Signature(
    scheme=Scheme(header="Stripe-Signature", prefix="v1=", timestamp="t=", signed=("timestamp", ".", "body")),
    where="give the hook the endpoint's signing secret, from Developers > Webhooks",
)
verify = SIGNATURE.verify
sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    """Read the event. Those of Stripe's second kind bring no object, but only name one: their fields are empty."""
    body = object_of(read_json(request.body), "the body")
    event_id = bounded_id(text_of(body.get("id"), "id"))
    about_what = object_in(object_in(body.get("data")).get("object"))
    return [
        Event(
            id=event_id,
            fields=with_plain_keys(about_what),
            hidden=hidden_of(about_what),
            kind=text_of(body.get("type"), "type"),
            at_ms=moment_ms(body.get("created")),
            test=body.get("livemode") is False,
            raw=body,
            body=request.body,
        )
    ]


def hidden_of(about_what: Mapping[str, Json]) -> dict[str, Json]:
    """Give the metadata, and the reference with which a checkout was opened."""
    hidden = dict(object_in(about_what.get("metadata")))
    if reference := about_what.get("client_reference_id"):
        hidden.setdefault("client_reference_id", reference)
    return hidden


def object_in(value: Json) -> Mapping[str, Json]:
    """Take an object; anything else is an empty one, since most parts are optional."""
    return value if isinstance(value, dict) else {}
