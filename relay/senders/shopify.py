"""Shopify: one signed object in each request, a customer or an order, and in the headers what happened to it.

Source: shopify.dev/docs/apps/build/webhooks, its pages "Verify deliveries" and "Ignore duplicates".
"""

from __future__ import annotations

from collections.abc import Mapping

from relay.model import Event, Json
from relay.senders.any_body import moment_ms
from relay.senders.base import object_of, read_json
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.plain_keys import with_plain_keys
from relay.senders.schemes import Signature
from relay.sending import About, Request, Scheme

name = "shopify"
about = About(
    title="Shopify",
    proof="the app's client secret, or that of Settings > Notifications, HMAC in the header X-Shopify-Hmac-Sha256",
    variable="SHOPIFY_SECRET",
    lead="hidden.lead_id",
    ids=("x-shopify-webhook-id", "id"),
    times=("updated_at", "created_at"),
    headers=("x-shopify-webhook-id", "x-shopify-topic", "x-shopify-shop-domain", "x-shopify-test"),
    given={"form": ("id",), "campaign": ()},
    hidden=True,
)

SIGNATURE = Signature(
    scheme=Scheme(header="X-Shopify-Hmac-Sha256", encoding="base64", id="X-Shopify-Webhook-Id"),
    where="give the hook the app's client secret, or that which Settings > Notifications > Webhooks shows",
)
verify = SIGNATURE.verify
sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    headers = request.headers
    return [
        Event(
            id=given_id(headers.get("x-shopify-webhook-id")) or id_of_day(body, request.received_ms),
            fields=with_plain_keys(body),
            hidden=attributes_of(body.get("note_attributes")),
            form={"id": headers.get("x-shopify-shop-domain")},
            kind=headers.get("x-shopify-topic", ""),
            at_ms=changed_ms(body),
            test=body.get("test") is True or headers.get("x-shopify-test") == "true",
            raw=body,
            body=request.body,
        )
    ]


def attributes_of(pairs: Json) -> dict[str, Json]:
    """Give what the shop's pages wrote into the cart, by its name."""
    listed = [one for one in pairs if isinstance(one, dict)] if isinstance(pairs, list) else []
    return {str(one["name"]): one.get("value") for one in listed if isinstance(one.get("name"), str)}


def changed_ms(body: Mapping[str, Json]) -> int | None:
    """Give when the object was changed: it comes again with every change of it."""
    changed = moment_ms(body.get("updated_at"))
    return moment_ms(body.get("created_at")) if changed is None else changed
