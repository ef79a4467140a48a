"""Standard Webhooks, and Svix by its own header names: one signed JSON object, whose ``data`` holds the fields.

Signatures of version v1, made with a shared secret, are checked; those of v1a, made with a private key, can't be.
Sources: standardwebhooks.com, its specification; docs.svix.com/receiving/verifying-payloads/how-manual.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence

from relay.errors import BadBody, BadSignature
from relay.model import Event, Json
from relay.senders.any_body import kind_in, moment_ms
from relay.senders.base import bounded_id, object_of, read_json
from relay.senders.plain_keys import with_plain_keys
from relay.senders.schemes import Signature
from relay.sending import About, Request, Scheme

name = "standard_webhooks"
about = About(
    title="Standard Webhooks, Svix",
    proof="the endpoint's signing secret (whsec_...), HMAC-SHA256 in the header webhook-signature or svix-signature",
    variable="STANDARD_WEBHOOKS_SECRET",
    lead="fields.lead_id",
    ids=("webhook-id", "svix-id"),
    times=("timestamp",),
    headers=("webhook-id", "svix-id"),
)

PREFIX = "whsec_"
#: Begins a signature made with a private key.
ASYMMETRIC = "v1a,"


def key_of(secret: str) -> bytes:
    """Decode a secret, with or without its prefix and padding; one that is no base64 is the key as it is."""
    bare = secret.removeprefix(PREFIX)
    try:
        return b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def signature(family: str) -> Signature:
    scheme = Scheme(
        header=f"{family}-signature",
        encoding="base64",
        prefix="v1,",
        signed=("id", ".", "timestamp", ".", "body"),
        timestamp=f"{family}-timestamp",
        id=f"{family}-id",
    )
    return Signature(scheme=scheme, where="give the hook the endpoint's signing secret", key_of=key_of)


STANDARD, SVIX = signature("webhook"), signature("svix")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature under either name. Two ids that differ are refused: only one of them would be signed."""
    headers = request.headers
    if len({headers[one] for one in about.headers if one in headers}) > 1:
        raise BadSignature("the webhook-id and svix-id headers differ; one of them is not signed")
    used = SVIX if "svix-signature" in headers and "webhook-signature" not in headers else STANDARD
    refuse_asymmetric(request, used.scheme.header)
    used.verify(request, secrets)


def refuse_asymmetric(request: Request, header: str) -> None:
    """Say so where there are only signatures of the kind that is not supported."""
    given = request.headers.get(header, "").split()
    if given and all(one.startswith(ASYMMETRIC) for one in given):
        words = f"the {header} header holds v1a signatures alone, which are not supported"
        raise BadSignature(f"{words}; have the sender sign with a shared secret (v1)")


sign = STANDARD.sign


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    inner = body.get("data")
    return [
        Event(
            id=id_of(request),
            fields=with_plain_keys(inner if isinstance(inner, dict) else body),
            kind=kind_in(body) or kind_in({"type": body.get("eventType")}),
            at_ms=moment_ms(body.get("timestamp")),
            raw=body,
            body=request.body,
        )
    ]


def id_of(request: Request) -> str:
    id: Json = request.headers.get("webhook-id") or request.headers.get("svix-id")
    if not isinstance(id, str):
        raise BadBody("the webhook-id header is missing")
    return bounded_id(id)
