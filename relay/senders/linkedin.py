"""LinkedIn Lead Sync: a signed notification for each lead, which only names it; its answers are fetched.

LinkedIn asks every two hours whether the hook is ours still, and blocks it after three answers wrong or late.
Sources: learn.microsoft.com, "Webhook validation" and "Lead Sync". The answers: ``linkedin_answers``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from relay.errors import BadBody, BadSignature
from relay.model import Event, Json
from relay.senders.base import Reply, bounded_id, object_of, read_json, text_of
from relay.senders.linkedin_answers import at_ms, fetch, questions, tail, with_answers
from relay.senders.signing import header_bytes, hmac_hex, matches
from relay.sending import About, Request

__all__ = ["about", "fetch", "handshake", "name", "parse", "questions", "sign", "verify", "with_answers"]

name = "linkedin"
about = About(
    title="LinkedIn Lead Sync",
    proof="the client secret of the app, shown at Auth of the app at developer.linkedin.com",
    variable="LINKEDIN_CLIENT_SECRET",
    ids=("leadGenFormResponse",),
    times=("occurredAt",),
    keys={"token": "an access token with r_marketing_leadgen_automation"},
    given={"form": ("id", "response_id", "title")},
    hidden=True,
)

HEADER = "X-LI-Signature"
PREFIX = b"hmacsha256="
CREATED = "CREATED"
#: LinkedIn's challenges are UUIDs. The secret that answers them signs notifications too: were any text answered, a
#: stranger could have a notification of his own signed by asking for it as a challenge.
CODE = re.compile(r"[0-9A-Za-z-]{1,100}")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the HMAC, which is made over the body with a prefix; some write the prefix before the signature too."""
    given = request.headers.get(HEADER.lower())
    if not given:
        raise BadSignature(f"there is no {HEADER} header; only LinkedIn's own notifications are taken")
    signed = header_bytes(given).removeprefix(PREFIX)
    if not matches(signed, secrets, lambda secret: hmac_hex(secret, PREFIX + request.body)):
        raise BadSignature(f"the {HEADER} header does not match any of the hook's secrets")


def sign(request: Request, secret: str) -> Request:
    made = hmac_hex(secret, PREFIX + request.body).decode()
    return replace(request, headers={**request.headers, HEADER.lower(): made})


def handshake(request: Request, secrets: Sequence[str], keys: Mapping[str, str]) -> Reply | None:  # noqa: ARG001
    """Answer a challenge with the first of our secrets, which is the one of now."""
    code = request.query.get("challengeCode", "")
    if request.method != "GET" or not code:
        return None
    if not CODE.fullmatch(code):
        raise BadBody("challengeCode is no code of LinkedIn's: it may hold letters, digits and dashes alone")
    if not any(secrets):
        raise BadSignature("there is no secret to answer with; set the hook's")
    made = hmac_hex(next(one for one in secrets if one), code.encode())
    return Reply(orjson.dumps({"challengeCode": code, "challengeResponse": made.decode()}), "application/json")


def parse(request: Request) -> list[Event]:
    """Give the lead that is told of; notifications of other kinds, which come in lists, are none of ours."""
    body = object_of(read_json(request.body), "the body")
    if "leadGenFormResponse" not in body and isinstance(body.get("notifications"), list):
        return []
    response = text_of(body.get("leadGenFormResponse"), "leadGenFormResponse")
    action = text_of(body.get("leadAction") or CREATED, "leadAction")
    if not tail(response):
        raise BadBody("leadGenFormResponse ends with no id")
    return [
        Event(
            id=bounded_id(f"{response}:{action}"),
            fields={},
            form={"id": body.get("leadGenForm"), "response_id": tail(response)},
            campaign={
                "lead_type": body.get("leadType"),
                **flat(body, "owner"),
                **flat(body, "associatedEntity"),
            },
            kind=action,
            at_ms=at_ms(body.get("occurredAt")),
            fetch=tail(response) if action == CREATED else "",
            raw=body,
            body=request.body,
        )
    ]


def flat(body: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Give the object of this name, and nothing for what is none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}
