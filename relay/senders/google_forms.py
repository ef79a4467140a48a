"""Google Forms, which has no webhooks: a script of the form sends each response, signed, answers by their question.

The script is docs/senders/google_forms.gs. Scripts of old that sent ``answers`` or ``namedValues`` are read too.
Source: developers.google.com/apps-script, "Class FormResponse" and "Event objects".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from relay.model import Event, Json
from relay.senders.base import alone, bounded_id, object_of, read_json, text_of, time_ms
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.labels import by_label
from relay.senders.plain_keys import with_plain_keys
from relay.senders.timed import TimedSignature
from relay.sending import About, Request

name = "google_forms"
about = About(
    title="Google Forms",
    proof="a long random text, kept by the form's script as its property RELAY_SECRET",
    variable="GOOGLE_FORMS_SECRET",
    lead="fields.lead_id",
    ids=("responseId+",),
    times=("submittedAt", "timestamp"),
    given={"form": ("id", "title"), "campaign": ()},
)

SIGNATURE = TimedSignature(
    header="X-Relay-Signature",
    part="v1",
    where="install the script of the relay's page on Google Forms, with the hook's secret as its RELAY_SECRET",
)

verify = SIGNATURE.verify
sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    fields = answers_of(body)
    if email := body.get("respondentEmail"):
        fields.setdefault("respondent_email", email)
    return [
        Event(
            id=event_id(body, request),
            fields=with_plain_keys(fields),
            form={"id": body.get("formId"), "title": body.get("formTitle")},
            at_ms=time_ms(moment_of(body)),
            raw=body,
            body=request.body,
        )
    ]


def answers_of(body: Mapping[str, Json]) -> dict[str, Json]:
    """Give the answers by the titles of their questions."""
    answers = body.get("answers")
    if isinstance(answers, list):
        return by_label(listed(answers), "the id of an answer")
    # Scripts of old sent each answer as a list, whatever the question.
    part = "answers" if "namedValues" not in body else "namedValues"
    return {title: alone(value) for title, value in object_of(body.get(part), part).items()}


def listed(answers: list[Json]) -> Iterator[tuple[Json, Json, Json]]:
    for one in answers:
        answer = object_of(one, "an answer of answers")
        yield answer.get("title"), answer.get("id"), answer.get("value")


def event_id(body: Mapping[str, Json], request: Request) -> str:
    """Name the response with its moment, since one that is edited comes again; what has no id by its content."""
    if "namedValues" in body:
        return given_id(body.get("responseId")) or id_of_day(body, request.received_ms)
    response_id, moment = text_of(body.get("responseId"), "responseId"), moment_of(body)
    return bounded_id(f"{response_id}:{moment}" if moment else response_id)


def moment_of(body: Mapping[str, Json]) -> Json:
    return body.get("submittedAt") or body.get("timestamp") or body.get("createTime")
