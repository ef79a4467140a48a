"""The answers of a LinkedIn lead, asked of Lead Sync, and what its errors mean.

Source: learn.microsoft.com, "Lead Sync" and "Lead Sync schema" (li-lms-2025-09).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.model import Event, Json
from relay.senders.base import list_of, object_of, objects, read_json
from relay.senders.fetching import OK, ask, json_of, passing, retry_after_ms, segment
from relay.senders.plain_keys import plain
from relay.shapes import Question, Questions

VERSION = {"LinkedIn-Version": "202509", "X-Restli-Protocol-Version": "2.0.0"}
FIELDS = (
    "id,owner,leadType,versionedLeadGenFormUrn,submittedAt,testLead,associatedEntity,leadMetadata,formResponse,"
    "form:(hiddenFields,creationLocale,name,id,content)"
)
#: A number of seconds ends here; from here on it is milliseconds.
SECONDS_END = 100_000_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def tail(urn: str) -> str:
    """Give the id at the end of ``urn:li:leadGenFormResponse:<id>``."""
    return urn.rpartition(":")[2]


def at_ms(value: Json) -> int | None:
    """Read a time in milliseconds, or in seconds: LinkedIn's pages say both."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return None
    return value if value >= SECONDS_END else value * 1000


def fetch(event: Event, *, token: str, base_url: str) -> bytes:
    url = f"{base_url}/leadFormResponses/{segment('LinkedIn', event.fetch)}?fields={FIELDS}"
    response = ask("LinkedIn", url, token=token, headers=VERSION)
    told = json_of(response)
    if response.status_code == OK and isinstance(told.get("formResponse"), dict):
        return response.content
    raise error_of(response.status_code, response.headers)


def error_of(status: int, headers: Mapping[str, str]) -> LeadsApiError:
    """Give the error that a status stands for."""
    if status == 401:
        return Denied("LinkedIn: the token has expired, or its member lacks the role; set a new one", status=status)
    if status == 403:
        words = "the token may not read leads; it needs r_marketing_leadgen_automation and a role on the account"
        return Denied(f"LinkedIn: {words}", status=status)
    if status == 429:
        return SlowDown("LinkedIn: its limit of calls is reached", status=status, after_ms=regained_ms(headers))
    if status == 404:
        return NotFound("LinkedIn: the token does not see this lead, or it was deleted", status=status)
    if passing(status):
        return Unavailable("LinkedIn: it could not answer", status=status)
    return Refused(f"LinkedIn: it refused the call with {status}", status=status)


def regained_ms(headers: Mapping[str, str]) -> int:
    """Say for how long to wait: ``Retry-After``, else until the quota begins anew at midnight UTC, an hour at most."""
    after_ms = retry_after_ms(headers)
    return min(HOUR_MS, DAY_MS - time.time_ns() // 1_000_000 % DAY_MS) if after_ms is None else after_ms


def with_answers(event: Event, fetched: bytes) -> Event:
    """Give the event with its answers: by LinkedIn's own name of the question in lower case, by ours, and by its id."""
    lead = object_of(read_json(fetched, "the lead"), "the lead")
    form = part(lead, "form")
    questions = {str(one.get("questionId")): one for one in objects(part(form, "content").get("questions"))}
    response = object_of(lead.get("formResponse"), "formResponse")
    fields: dict[str, Json] = {}
    for answer in objects(list_of(response.get("answers") or [], "the answers")):
        id = str(answer.get("questionId"))
        for key in keys_of(questions.get(id, {}), id):
            fields.setdefault(key, value_of(part(answer, "answerDetails")))
    hidden = {str(one["name"]): one.get("value") for one in objects(form.get("hiddenFields")) if one.get("name")}
    campaign = part(part(lead, "leadMetadata"), "sponsoredLeadMetadata").get("campaign")
    form_id = str(form["id"]) if form.get("id") else event.form.get("id")
    return replace(
        event,
        fields=fields,
        hidden=hidden,
        form={**event.form, "id": form_id, "title": form.get("name")},
        campaign={**event.campaign, **({"campaign": campaign} if campaign else {})},
        at_ms=event.at_ms if event.at_ms is not None else at_ms(lead.get("submittedAt")),
        test=event.test or lead.get("testLead") is True,
        raw=lead,
        fetch="",
    )


def questions(event: Event) -> Questions | None:
    """Read what the form asks, which is fetched with the answers; each question has several names, as its answer."""
    lead = event.raw if isinstance(event.raw, dict) else {}
    asked = objects(part(part(lead, "form"), "content").get("questions"))
    return Questions(tuple(one for question in asked for one in named(question)), complete=True) if asked else None


def named(question: Mapping[str, Json]) -> list[Question]:
    id = str(question.get("questionId"))
    texts = [text for text in part(part(question, "question"), "localized").values() if isinstance(text, str)]
    label = str(question.get("name") or next(iter(texts), ""))
    return [Question(key, label, id=id) for key in keys_of(question, id)]


def keys_of(question: Mapping[str, Json], id: str) -> list[str]:
    """Give the names under which an answer is found, the steadiest first."""
    texts = part(part(question, "question"), "localized").values()
    names = [question.get("predefinedField"), question.get("name") or next(iter(texts), None)]
    return [*(plain(name) for name in names if isinstance(name, str) and plain(name)), id]


def value_of(details: Mapping[str, Json]) -> Json:
    """Give an answer's text, or the numbers of the options that were chosen."""
    if "textQuestionAnswer" in details:
        return part(details, "textQuestionAnswer").get("answer")
    return part(details, "multipleChoiceAnswer").get("options")


def part(whole: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Give the object of this name; an empty one where there is none."""
    inner = whole.get(name)
    return inner if isinstance(inner, dict) else {}
