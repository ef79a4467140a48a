"""Jotform: one submission in each multipart form post, its answers as JSON in the part ``rawRequest``.

Jotform signs nothing and sends no headers of ours, so the secret stands in the address.
Source: jotform.com/help/245-how-to-setup-a-webhook-with-jotform; api.jotform.com/docs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import bounded_id, digest, object_of, read_json, text_of
from relay.senders.forms import MULTIPART, is_form, read_form
from relay.senders.jotform_answers import answers_of, answers_of_pretty
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import IN_QUERY, verify_token, with_query_token
from relay.sending import About, Request

name = "jotform"
about = About(
    title="Jotform",
    proof="a long random text, at the end of the webhook's address as ?token=<the text>",
    variable="JOTFORM_TOKEN",
    lead="fields.leadId",
    content_type=MULTIPART,
    ids=("submissionID",),
    given={"form": ("id", "title"), "campaign": ()},
)

ANSWERS = "rawRequest"


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="end the address at Jotform with ?token=<the secret>", in_query=IN_QUERY)


sign = with_query_token


def parse(request: Request) -> list[Event]:
    if not is_form(request):
        raise BadBody("the body is no form post; Jotform sends multipart/form-data")
    parts = read_form(request)
    submission = text_of(parts.get("submissionID"), "submissionID")
    raw_request = raw_request_of(parts)
    answers = answers_of_pretty(parts.get("pretty")) if raw_request is None else answers_of(raw_request)
    return [
        Event(
            id=event_id(submission, answers),
            fields=with_plain_keys(answers),
            form={"id": parts.get("formID"), "title": parts.get("formTitle")},
            raw=parts if raw_request is None else {**parts, ANSWERS: raw_request},
            body=request.body,
        )
    ]


def raw_request_of(parts: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Read the answers' JSON; None where Jotform has sent what is none, as it does now and then."""
    try:
        return object_of(read_json(text_of(parts.get(ANSWERS), ANSWERS).encode(), ANSWERS), ANSWERS)
    except BadBody:
        return None


def event_id(submission: str, answers: Mapping[str, Json]) -> str:
    """Name the submission with what it says: one that is edited comes again under its old number."""
    return bounded_id(f"{submission}:{digest(orjson.dumps(answers, option=orjson.OPT_SORT_KEYS))}")
