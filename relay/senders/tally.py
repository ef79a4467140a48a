"""Tally: one signed form response in each request, answers by the label of their question.

Sources: tally.so/help/webhooks; developers.tally.so, "Webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from relay.errors import BadSignature
from relay.model import Event, Json
from relay.senders.base import alone, bounded_id, list_of, object_of, objects, read_json, text_of, time_ms
from relay.senders.labels import address_of, by_label
from relay.senders.plain_keys import with_plain_keys
from relay.senders.signing import header_bytes, header_text, hmac_base64, matches
from relay.sending import About, Request
from relay.shapes import Question, Questions

name = "tally"
about = About(
    title="Tally",
    proof="the webhook's signing secret, set at Integrations > Webhooks of the form",
    variable="TALLY_SECRET",
    lead="hidden.lead_id",
    ids=("eventId", "data.responseId", "data.submissionId"),
    times=("createdAt", "data.createdAt"),
    given={"form": ("id", "title"), "campaign": ()},
    hidden=True,
)

HEADER = "Tally-Signature"
WHERE = "set a signing secret at the Tally webhook, the same as the hook's"
COMPLETE = "FORM_RESPONSE"
HIDDEN = "HIDDEN_FIELDS"
#: Questions that take one choice, though their value is a list.
ONE_CHOICE = ("DROPDOWN", "MULTIPLE_CHOICE")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the HMAC over the raw body: JSON that is written anew has other bytes."""
    given = request.headers.get("tally-signature")
    if not given:
        raise BadSignature(f"there is no {HEADER} header; {WHERE}")
    if not matches(header_bytes(given), secrets, lambda secret: hmac_base64(secret, request.body)):
        raise BadSignature(f"the {HEADER} header does not match any of the hook's secrets")


def sign(request: Request, secret: str) -> Request:
    made = header_text(hmac_base64(secret, request.body))
    return replace(request, headers={**request.headers, HEADER.lower(): made})


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    kind = text_of(body.get("eventType"), "eventType")
    response = object_of(body.get("data"), "data")
    answers = [object_of(one, "a field of data") for one in list_of(response.get("fields") or [], "data.fields")]
    return [
        Event(
            id=event_id(kind, body, response),
            fields=with_plain_keys(named([one for one in answers if one.get("type") != HIDDEN])),
            hidden=named([one for one in answers if one.get("type") == HIDDEN]),
            form={"id": response.get("formId"), "title": response.get("formName")},
            kind=kind,
            at_ms=time_ms(response.get("createdAt") or body.get("createdAt")),
            raw=body,
            body=request.body,
        )
    ]


def event_id(kind: str, body: Mapping[str, Json], response: Mapping[str, Json]) -> str:
    """Name the response; what else is told of it is an event of its own."""
    response_id = text_of(response.get("responseId") or response.get("submissionId"), "data.responseId")
    return bounded_id(response_id if kind == COMPLETE else f"{response_id}:{kind}:{body.get('eventId')}")


def named(answers: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """Give the answers by their labels, or by the keys of their questions."""
    return by_label(((one.get("label"), one.get("key"), value_of(one)) for one in answers), "the key of a field")


def value_of(answer: Mapping[str, Json]) -> Json:
    """Give an answer's plain value: texts instead of the ids of choices, addresses instead of files."""
    texts = texts_of(answer.get("options"))
    value = answer.get("value")
    plain = [plain_item(one, texts) for one in value] if isinstance(value, list) else plain_item(value, texts)
    return alone(plain) if answer.get("type") in ONE_CHOICE else plain


def questions(event: Event) -> Questions | None:
    """Read labels, types and keys of the questions; it is not said anywhere that all of them come each time."""
    response = object_of(object_of(event.raw, "the body").get("data"), "data")
    listed = [one for one in objects(response.get("fields")) if one.get("type") != HIDDEN]
    told = [tuple(str(one.get(name) or "") for name in ("label", "type", "key")) for one in listed]
    return Questions(tuple(Question(label or key, label, kind, key) for label, kind, key in told), complete=False)


def texts_of(options: Json) -> dict[Json, Json]:
    """Give the texts of a question's choices by their ids."""
    listed = options if isinstance(options, list) else []
    return {one["id"]: one.get("text") for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)}


def plain_item(value: Json, texts: Mapping[Json, Json]) -> Json:
    """Give a choice's text, a file's address, and anything else as it is."""
    return texts.get(value, value) if isinstance(value, str) else address_of(value)
