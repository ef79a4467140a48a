"""Webflow: one form submission in each request, answers by the name of their field.

Webhooks made over its API are signed; those made in the dashboard are not, so that their secret stands in the address.
Source: developers.webflow.com, "Working with webhooks", and the changelog of its webhook signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from relay.errors import BadSignature
from relay.model import Event
from relay.senders.base import bounded_id, object_of, objects, read_json, text_of, time_ms
from relay.senders.plain_keys import with_plain_keys
from relay.senders.signing import header_bytes, header_text, hmac_hex, matches
from relay.senders.timed import check_age, seconds_of
from relay.senders.tokens import IN_QUERY, verify_token
from relay.sending import About, Request
from relay.shapes import Question, Questions

name = "webflow"
about = About(
    title="Webflow",
    proof="the secret key of a webhook made over the API; else a long random text in its address, as ?token=<the text>",
    variable="WEBFLOW_SECRET",
    lead="fields.lead_id",
    ids=("payload.id", "_id"),
    times=("payload.submittedAt", "d"),
    given={"form": ("id", "title", "site"), "campaign": ()},
)

HEADER = "X-Webflow-Signature"
MOMENT = "X-Webflow-Timestamp"
TOLERANCE_S = 300
FORM_SUBMISSION = "form_submission"
WHERE = (
    f"webhooks made over Webflow's API have an {HEADER} header; "
    "end the address of one made in its dashboard with ?token=<the hook's secret>"
)


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature where there is one, else the token: a wrong signature is not mended by a token."""
    if given := request.headers.get(HEADER.lower()):
        verify_signature(request, secrets, header_bytes(given))
    else:
        verify_token(request, secrets, where=WHERE, in_query=IN_QUERY)


def verify_signature(request: Request, secrets: Sequence[str], given: bytes) -> None:
    """Check the HMAC over moment and raw body, then that it was made lately: the moment is in ms."""
    moment = request.headers.get(MOMENT.lower(), "")
    if not matches(given, secrets, partial(hmac_hex, message=signed_bytes(moment, request.body))):
        raise BadSignature(f"the {HEADER} header does not match any of the hook's secrets")
    check_age(seconds_of(moment, MOMENT) / 1000, request.received_ms, TOLERANCE_S, header=MOMENT)


def sign(request: Request, secret: str) -> Request:
    """Give the request as a webhook that was made over the API sends it."""
    moment = str(request.received_ms)
    made = header_text(hmac_hex(secret, signed_bytes(moment, request.body)))
    return replace(request, headers={**request.headers, MOMENT.lower(): moment, HEADER.lower(): made})


def signed_bytes(moment: str, body: bytes) -> bytes:
    return header_bytes(moment) + b":" + body


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    kind = text_of(body.get("triggerType") or FORM_SUBMISSION, "triggerType")
    # A webhook is for one kind of event; of those that are not forms we read nothing.
    if kind != FORM_SUBMISSION:
        return []
    # Bodies of the API's first version were what is the payload now.
    told = object_of(body.get("payload") or body, "payload")
    return [
        Event(
            id=bounded_id(text_of(told.get("id") or told.get("_id"), "payload.id")),
            fields=with_plain_keys(object_of(told.get("data") or {}, "payload.data")),
            form={
                "id": told.get("formId"),
                "title": told.get("name"),
                "site": told.get("siteId") or told.get("site"),
            },
            kind=kind,
            at_ms=time_ms(told.get("submittedAt") or told.get("d")),
            raw=body,
            body=request.body,
        )
    ]


def questions(event: Event) -> Questions | None:
    """Read the form's schema: types, and the ids that its elements keep when they are renamed."""
    body = object_of(event.raw, "the body")
    schema = objects(object_of(body.get("payload") or body, "payload").get("schema"))
    told = [tuple(str(one.get(name) or "") for name in ("fieldName", "fieldType", "fieldElementId")) for one in schema]
    return Questions(tuple(Question(key, "", kind, id) for key, kind, id in told if key), complete=False)
