"""Fillout: one submission in each request, or a list of them, answers by the name of their question.

Fillout signs nothing; the secret comes in a header that its advanced mode adds. It does not publish what its webhook
sends: read here is the submission of its API. Sources: fillout.com/help/webhook; fillout.com/help/fillout-rest-api.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import bounded_id, list_of, object_of, read_json, text_of, time_ms
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.labels import address_of, by_label
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

name = "fillout"
PLACES = ("", "submission.", "*.", "*.submission.")
about = About(
    title="Fillout",
    proof="a long random text, sent as the header Authorization: Bearer that the webhook's advanced mode adds",
    variable="FILLOUT_TOKEN",
    lead="hidden.lead_id",
    ids=tuple(f"{place}submissionId" for place in PLACES),
    times=tuple(f"{place}{key}" for place in PLACES for key in ("submissionTime", "lastUpdatedAt")),
    experimental=True,
    given={"form": ("id", "title"), "campaign": ()},
    hidden=True,
)

#: Parts of a submission that list answers, each with id, name and value.
ANSWERS = ("questions", "calculations", "scheduling", "payments")


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one to the webhook in its advanced mode, with the hook's secret")


sign = with_token


def parse(request: Request) -> list[Event]:
    content = read_json(request.body)
    if not isinstance(content, list):
        return [event_of(object_of(content, "the body"), request, request.body)]
    if not content:
        raise BadBody("the body is an empty list")
    items = [object_of(one, f"item {number} of the body") for number, one in enumerate(content, 1)]
    return [event_of(one, request, orjson.dumps([one])) for one in items]


def event_of(item: Mapping[str, Json], request: Request, body: bytes) -> Event:
    """Give the event of a submission, in its envelope or without; an object of other keys is taken as it is."""
    submission = object_of(item.get("submission") or item, "submission")
    if "questions" not in submission:
        return Event(id=chosen_id(submission, request), fields=with_plain_keys(submission), raw=item, body=body)
    return Event(
        id=event_id(submission),
        fields=with_plain_keys(named(submission, *ANSWERS)),
        hidden=named(submission, "urlParameters"),
        form={"id": item.get("formId"), "title": item.get("formName")},
        at_ms=time_ms(submission.get("lastUpdatedAt") or submission.get("submissionTime")),
        raw=item,
        body=body,
    )


def named(submission: Mapping[str, Json], *parts: str) -> dict[str, Json]:
    """Give the answers in these parts by their names, or by their ids."""
    return by_label((one for part in parts for one in listed(submission, part)), "the id of an answer")


def listed(submission: Mapping[str, Json], part: str) -> Iterator[tuple[Json, Json, Json]]:
    """Give name, id and value of each answer in a part of the submission."""
    for one in list_of(submission.get(part) or [], part):
        answer = object_of(one, f"an answer of {part}")
        value = answer.get("value")
        plain = [address_of(item) for item in value] if isinstance(value, list) else value
        yield answer.get("name"), answer.get("id"), plain


def event_id(submission: Mapping[str, Json]) -> str:
    """Name the submission, and one that was changed later by that time too."""
    submission_id = text_of(submission.get("submissionId"), "submissionId")
    changed = submission.get("lastUpdatedAt") or submission.get("submissionTime")
    return bounded_id(submission_id if changed == submission.get("submissionTime") else f"{submission_id}:{changed}")


def chosen_id(item: Mapping[str, Json], request: Request) -> str:
    """Take the id out of a body that was put together in advanced mode, or its content and the day."""
    return given_id(*(item.get(key) for key in ("submissionId", "event_id"))) or id_of_day(item, request.received_ms)
