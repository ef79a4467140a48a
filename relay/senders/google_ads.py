"""Google Ads lead forms: one lead in each request, with its answers, proved by a key inside the body.

Source: developers.google.com/google-ads/webhook/docs/implementation; the ids of columns: the enum
LeadFormFieldUserInputType of the Google Ads API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from relay.errors import BadBody, BadSignature
from relay.model import Event, Json
from relay.senders.base import list_of, object_of, read_json, time_ms
from relay.senders.event_ids import as_text, given_id
from relay.senders.plain_keys import plain
from relay.senders.signing import matches
from relay.sending import About, Request

name = "google_ads"
ABOUT_CAMPAIGN = ("campaign_id", "adgroup_id", "creative_id", "asset_group_id", "gcl_id", "lead_stage", "lead_source")
about = About(
    title="Google Ads lead forms",
    proof="the key that is typed into the lead form asset, at Webhook integration",
    variable="GOOGLE_ADS_KEY",
    ids=("lead_id",),
    times=("lead_submit_time",),
    given={"form": ("id",), "campaign": ABOUT_CAMPAIGN},
)

KEY = "google_key"
MASK = "***"
#: Names that some of Google's own texts have for the same columns.
ALIASES = {"GIVEN_NAME": "FIRST_NAME", "FAMILY_NAME": "LAST_NAME"}


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Compare the key in the body; nothing else of the body is believed before."""
    given: Json = None
    with suppress(BadBody):
        body = read_json(request.body)
        given = body.get(KEY) if isinstance(body, dict) else None
    if not isinstance(given, str) or not given:
        raise BadSignature(f"there is no {KEY} in the body; type one into the lead form, the same as the hook's secret")
    if not matches(given.encode("utf-8", "surrogatepass"), secrets, str.encode):
        raise BadSignature(f"the {KEY} in the body does not match any of the hook's secrets")


def sign(request: Request, secret: str) -> Request:
    """Write the key into the body, where there is one that can hold it."""
    with suppress(ValueError, RecursionError):
        body = json.loads(request.body)
        if isinstance(body, dict):
            told = json.dumps({**body, KEY: secret}, ensure_ascii=False, separators=(",", ":"))
            return replace(request, body=told.encode("utf-8", "surrogatepass"))
    return request


def parse(request: Request) -> list[Event]:
    body = object_of(read_json(request.body), "the body")
    lead = given_id(body.get("lead_id"))
    if not lead:
        raise BadBody("lead_id is missing")
    return [
        Event(
            id=lead,
            fields=fields_of(list_of(body.get("user_column_data") or [], "user_column_data")),
            form={"id": as_text(body.get("form_id"))},
            campaign={name: as_text(body[name]) for name in ABOUT_CAMPAIGN if body.get(name) is not None},
            kind="lead",
            at_ms=time_ms(body.get("lead_submit_time")),
            test=body.get("is_test") is True,
            raw={**body, KEY: MASK} if KEY in body else body,
            body=request.body,
        )
    ]


def fields_of(columns: Sequence[Json]) -> dict[str, Json]:
    """Give each answer by its column's id, as Google writes it and in lower case; by its name where it has no id."""
    fields: dict[str, Json] = {}
    for one in columns:
        column = object_of(one, "a column of user_column_data")
        value = column.get("string_value")
        for key in keys_of(column):
            fields.setdefault(key, value)
    return fields


def keys_of(column: Mapping[str, Json]) -> list[str]:
    id, label = column.get("column_id"), column.get("column_name")
    if isinstance(id, str) and id:
        known = ALIASES.get(id, id)
        return [id, known, plain(id) or id, plain(known) or known]
    return [label, plain(label) or label] if isinstance(label, str) and label else []
