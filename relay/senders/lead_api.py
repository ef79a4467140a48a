"""The lead API's own webhooks: a status that changed, a meeting that was made or held, each with its lead.

How their signature is written is not said, so each likely way is taken, and the secret in a header of one's own too.
Source: the lead API's page "Webhooks overview".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.errors import BadSignature
from relay.model import Event, Json
from relay.senders.base import object_of, read_json, time_ms
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.signing import header_bytes, hmac_base64, hmac_hex, matches
from relay.senders.tokens import credentials, verify_token
from relay.sending import About, Request

name = "lead_api"
about = About(
    title="Lead API",
    proof="the webhook's secret, shown once at Settings > Integrations > Webhooks",
    variable="LEAD_API_WEBHOOK_SECRET",
    lead="fields.lead.id",
    ids=("event_id", "delivery_id"),
    times=("timestamp",),
    experimental=True,
)

HEADER = "X-Nexor-Signature"
PREFIX = b"sha256="
WHERE = f"let the webhook sign ({HEADER}) or add such a header to it, with the hook's secret"
#: The parts of the envelope around ``data``.
ENVELOPE = ("event_type", "event_id", "webhook_id", "delivery_id", "timestamp", "client_id", "test")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the HMAC over the raw body, or else the secret itself. Raises BadSignature."""
    given = request.headers.get(HEADER.lower(), "")
    if signed(header_bytes(given).removeprefix(PREFIX), request.body, secrets):
        return
    if any(matches(one, secrets, str.encode) for one in credentials(request.headers)):
        return
    if given:
        raise BadSignature(f"the {HEADER} header does not match any of the hook's secrets")
    verify_token(request, secrets, where=WHERE)


def signed(given: bytes, body: bytes, secrets: Sequence[str]) -> bool:
    """Whether any secret made this signature, be it written in hex or in base64."""
    hexadecimal = matches(given.lower(), secrets, lambda secret: hmac_hex(secret, body))
    return hexadecimal or matches(given, secrets, lambda secret: hmac_base64(secret, body))


def sign(request: Request, secret: str) -> Request:
    made = hmac_hex(secret, request.body).decode()
    return replace(request, headers={**request.headers, HEADER.lower(): made})


def parse(request: Request) -> list[Event]:
    """Read one event; a webhook may have a body of its own making, so nothing in it is required."""
    body = object_of(read_json(request.body), "the body")
    kind = body.get("event_type")
    own = given_id(body.get("event_id"), body.get("delivery_id"))
    return [
        Event(
            id=own or id_of_day(body, request.received_ms),
            fields=fields_of(body),
            kind=kind if isinstance(kind, str) else "",
            at_ms=time_ms(body.get("timestamp")),
            test=body.get("test") is True,
            raw=body,
            body=request.body,
        )
    ]


def fields_of(body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give what ``data`` holds, or of a body without it all but the envelope."""
    content = body.get("data")
    if isinstance(content, dict):
        return content
    return {key: value for key, value in body.items() if key not in ENVELOPE}
