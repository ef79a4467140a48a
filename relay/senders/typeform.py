"""Typeform: one signed form response in each request, answers by the ``ref`` of their question.

Sources: typeform.com/developers/webhooks, its pages "Secure your webhooks" and "Example payload".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from relay.errors import BadBody, BadSignature
from relay.model import Event, Json
from relay.senders.base import bounded_id, list_of, object_of, objects, read_json, text_of, time_ms
from relay.senders.signing import header_bytes, header_text, hmac_base64, matches
from relay.sending import About, Request
from relay.shapes import Question, Questions

name = "typeform"
about = About(
    title="Typeform",
    proof="the webhook's secret, set at Connect > Webhooks > Edit",
    variable="TYPEFORM_SECRET",
    lead="hidden.lead_id",
    ids=("form_response.token", "event_id"),
    times=("form_response.submitted_at",),
    given={"form": ("id", "title"), "campaign": ()},
    hidden=True,
)

HEADER = "Typeform-Signature"
PREFIX = b"sha256="
COMPLETE = "form_response"


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the HMAC over the raw body, to the last byte: a trailing newline belongs to it."""
    given = request.headers.get("typeform-signature")
    if not given:
        raise BadSignature(f"there is no {HEADER} header; set a secret at the Typeform webhook, the same as the hook's")
    if not matches(header_bytes(given), secrets, lambda secret: PREFIX + hmac_base64(secret, request.body)):
        raise BadSignature(f"the {HEADER} header does not match any of the hook's secrets")


def sign(request: Request, secret: str) -> Request:
    made = signature(request.body, secret)[HEADER]
    return replace(request, headers={**request.headers, HEADER.lower(): made})


def signature(body: bytes, secret: str) -> dict[str, str]:
    """Give the header with which Typeform would send this body."""
    return {HEADER: header_text(PREFIX + hmac_base64(secret, body))}


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    response = object_of(body.get("form_response"), "form_response")
    kind = text_of(body.get("event_type"), "event_type")
    definition = object_of(response.get("definition") or {}, "form_response.definition")
    return [
        Event(
            id=event_id(kind, response),
            fields=fields_of(list_of(response.get("answers") or [], "form_response.answers")),
            hidden=object_of(response.get("hidden") or {}, "form_response.hidden"),
            form={"id": response.get("form_id"), "title": definition.get("title")},
            kind=kind,
            at_ms=time_ms(response.get("submitted_at")),
            raw=body,
            body=request.body,
        )
    ]


def event_id(kind: str, response: Mapping[str, Json]) -> str:
    """Name the response by its token, and a partial one by its time too: it may come again with more answers.

    Typeform does not say whether ``event_id`` stays the same when it sends again; the token does.
    """
    token = text_of(response.get("token"), "form_response.token")
    return bounded_id(token if kind == COMPLETE else f"{token}:{kind}:{response.get('submitted_at')}")


def fields_of(answers: Sequence[Json]) -> dict[str, Json]:
    """Give the answers by the ref of their question, or its id where it has none; unanswered ones are not there."""
    fields: dict[str, Json] = {}
    for one in answers:
        answer = object_of(one, "an answer of form_response")
        question = object_of(answer.get("field"), "the field of an answer")
        key = question.get("ref") or question.get("id")
        if not isinstance(key, str):
            raise BadBody("the field of an answer has no ref and no id")
        fields[key] = value_of(answer)
    return fields


def value_of(answer: Mapping[str, Json]) -> Json:
    """Give an answer's plain value, which stands under the name of its type; an unknown type's as it is."""
    kind = answer.get("type")
    value = answer.get(kind) if isinstance(kind, str) else None
    if not isinstance(value, dict):
        return value
    if kind == "choice":
        return value.get("other") or value.get("label")
    if kind == "choices":
        return chosen(value)
    return value.get("amount") if kind == "payment" else value


def chosen(choices: Mapping[str, Json]) -> list[Json]:
    """Give the labels that were ticked and, last, what the visitor wrote under "Other"."""
    labels = choices.get("labels") or []
    other = choices.get("other")
    listed = labels if isinstance(labels, list) else [labels]
    return [*listed, other] if other else listed


def questions(event: Event) -> Questions | None:
    """Read the form's definition, which comes with each response; questions of a group stand within it."""
    response = object_of(object_of(event.raw, "the body").get("form_response"), "form_response")
    fields = object_of(response.get("definition") or {}, "form_response.definition").get("fields")
    return Questions(tuple(defined(fields)), complete=True) if isinstance(fields, list) and fields else None


def defined(fields: Json) -> Iterator[Question]:
    for one in objects(fields):
        key = one.get("ref") or one.get("id")
        if isinstance(key, str):
            yield Question(key, *(str(one.get(name) or "") for name in ("title", "type", "id")))
        inner = one.get("properties")
        yield from defined(inner.get("fields") if isinstance(inner, dict) else None)
