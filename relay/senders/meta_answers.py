"""The answers of a Meta lead, asked of the Graph API, and what its errors mean: their code decides.

Sources: developers.facebook.com, "Retrieving Leads" and "Handling Errors"; the fields: Lead of Meta's business SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.model import Event, Json
from relay.senders.base import list_of, object_of, objects, read_json, time_ms
from relay.senders.event_ids import as_text
from relay.senders.fetching import (
    LONGEST_WAIT_MS,
    OK,
    ask,
    json_of,
    passing,
    retry_after_ms,
    segment,
)
from relay.senders.plain_keys import with_plain_keys

#: What is asked of a lead. Source: the object Lead of the business SDK.
FIELDS = (
    "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,"
    "field_data,custom_disclaimer_responses"
)
ABOUT_CAMPAIGN = (
    "ad_id",
    "ad_name",
    "adset_id",
    "adset_name",
    "campaign_id",
    "campaign_name",
    "platform",
    "is_organic",
)
TEST_ANSWER = "<test lead: dummy data for "
TEST_EMAILS = ("test@fb.com", "test@meta.com")
#: Codes of errors, by what is to be done about them.
TOKEN_CODES = {190: "the token has expired or was revoked", 102: "the session of the token is not valid"}
RATE_CODES = (4, 17, 32, 613, 80001, 80005)
PASSING_CODES = (1, 2)
PERMISSION_CODES = (10, 368, *range(200, 300))
NOT_VISIBLE = (100, 33)
MINUTE_MS = 60_000
TRACE = re.compile(r"[\w/+=-]{1,64}", re.ASCII)


def fetch(event: Event, *, token: str, base_url: str) -> bytes:
    response = ask("Meta", f"{base_url}/{segment('Meta', event.fetch)}?fields={FIELDS}", token=token)
    told = json_of(response)
    if response.status_code == OK and isinstance(told.get("field_data"), list):
        return response.content
    error = told.get("error")
    raise error_of(response.status_code, error if isinstance(error, dict) else {}, response.headers)


def error_of(status: int, error: Mapping[str, Any], headers: Mapping[str, str]) -> LeadsApiError:
    """Give the error that Meta's answer stands for: its code decides, nobody reads its text."""
    code = error["code"] if isinstance(error.get("code"), int) else None
    subcode = error.get("error_subcode")
    trace = f" (fbtrace_id {error['fbtrace_id']})" if TRACE.fullmatch(str(error.get("fbtrace_id") or "")) else ""
    if code in TOKEN_CODES:
        return Denied(f"Meta: {TOKEN_CODES[code]}; set a new one{trace}", status=status)
    if code in RATE_CODES or status == 429:
        return SlowDown(f"Meta: its limit of calls is reached{trace}", status=status, after_ms=regained_ms(headers))
    if code in PERMISSION_CODES or status in (401, 403):
        words = "the token may not read leads; give it leads_retrieval, and access in Leads Access Manager"
        return Denied(f"Meta: {words}{trace}", status=status)
    if (code, subcode) == NOT_VISIBLE:
        words = (
            "the token does not see this lead: it was deleted, is a test of the dashboard, or belongs to another page"
        )
        return NotFound(f"Meta: {words}{trace}", status=status)
    if code in PASSING_CODES or passing(status):
        return Unavailable(f"Meta: it could not answer{trace}", status=status)
    return Refused(f"Meta: it refused the call with code {code}{trace}", status=status)


def regained_ms(headers: Mapping[str, str]) -> int:
    """Say for how long to wait: the longest that the usage header says, else ``Retry-After``, else a minute."""
    minutes = max(minutes_in(headers.get("X-Business-Use-Case-Usage", "")), default=0)
    if minutes > 0:
        return int(min(max(minutes * MINUTE_MS, MINUTE_MS), LONGEST_WAIT_MS))
    after_ms = retry_after_ms(headers)
    return MINUTE_MS if after_ms is None else after_ms


def minutes_in(text: str) -> Iterator[float]:
    """Give each time to regain access in a usage header: a JSON object with a list of uses for each page."""
    try:
        usage = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    for uses in usage.values() if isinstance(usage, dict) else ():
        told = (use.get("estimated_time_to_regain_access") for use in objects(uses))
        yield from (one for one in told if isinstance(one, (int, float)))


def with_answers(event: Event, fetched: bytes) -> Event:
    """Give the event with its answers by the name of their question, in lower case."""
    lead = object_of(read_json(fetched, "the lead"), "the lead")
    fields: dict[str, Json] = {}
    for one in list_of(lead.get("field_data"), "field_data"):
        answer = object_of(one, "an answer of field_data")
        if not answer.get("name"):
            continue  # it stands in raw: no rule could name it
        values = answer.get("values")
        several = values if isinstance(values, list) else [values]
        fields[str(answer["name"]).lower()] = several if len(several) > 1 else (several or [None])[0]
    campaign = {name: as_text(lead[name]) for name in ABOUT_CAMPAIGN if lead.get(name) is not None}
    return replace(
        event,
        fields=with_plain_keys(fields),
        form={**event.form, "id": as_text(lead.get("form_id")) or event.form.get("id")},
        campaign={**event.campaign, **campaign},
        at_ms=event.at_ms if event.at_ms is not None else at_ms(lead.get("created_time")),
        test=event.test or is_test(fields),
        raw=lead,
        fetch="",
    )


def is_test(fields: Mapping[str, Json]) -> bool:
    """Whether it comes from Meta's testing tool, which marks its leads by their answers alone."""
    texts = [value.lower() for value in fields.values() if isinstance(value, str)]
    return any(text.startswith(TEST_ANSWER) or text in TEST_EMAILS for text in texts)


def at_ms(value: Json) -> int | None:
    """Read a time that Meta writes as seconds, or as ISO text."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**11:
        return value * 1000
    return time_ms(value)
