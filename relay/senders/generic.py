"""Any other sender: JSON, a list of JSON objects, or a form post, with a token or signed as its hook file describes.

This is the hook file without ``signature:``, whose secret comes as it is; ``described`` is the one with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.model import Event
from relay.senders.any_body import TIMES, events_of
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

name = "generic"
about = About(
    title="Any other sender",
    proof="a token in the header Authorization: Bearer, X-Api-Key or Basic; or an HMAC that the hook file describes",
    variable="GENERIC_SECRET",
    lead="fields.lead_id",
    ids=("event_id+", "*.event_id+", "idempotency-key"),
    times=(*TIMES, *(f"*.{key}" for key in TIMES)),
    headers=("idempotency-key",),
    described=True,
)


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one at the sender, with the hook's secret, or describe its signature")


sign = with_token


def parse(request: Request) -> list[Event]:
    return events_of(request, id=request.headers.get("idempotency-key", "").strip())
