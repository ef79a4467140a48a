"""Gravity Forms with its Webhooks add-on: the whole entry by the numbers of its inputs, or keys that were chosen.

The add-on signs nothing but can send headers. It sends once: what we do not take while we are away is lost there.
Source: docs.gravityforms.com, "Triggering Webhooks on Form Submissions", and the add-on's class GF_Webhooks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from relay.model import Event, Json
from relay.senders.base import bounded_id, object_of, read_json, time_ms
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import verify_token, with_token
from relay.sending import About, Request

name = "gravity_forms"
about = About(
    title="Gravity Forms",
    proof="a long random text in the request header Authorization: Bearer, set at the form's Webhooks feed",
    variable="GRAVITY_FORMS_TOKEN",
    lead="fields.lead_id",
    ids=("entry_id", "id"),
    times=("date_created",),
    given={"form": ("id", "url"), "campaign": ()},
)

#: One input of a field with several: ``1.3`` is the first name of field 1.
PART = re.compile(r"(\d+)\.\d+")


def verify(request: Request, secrets: Sequence[str]) -> None:
    verify_token(request, secrets, where="add one to the Request Headers of the Webhooks feed, with the hook's secret")


sign = with_token


def parse(request: Request) -> list[Event]:
    content = read_form(request) if is_form(request) else read_json(request.body)
    entry = object_of(content, "the body")
    return [
        Event(
            id=event_id(entry, request),
            fields=with_plain_keys({**entry, **whole_fields(entry)}),
            form={"id": entry.get("form_id"), "url": entry.get("source_url")},
            kind="entry",
            at_ms=time_ms(entry.get("date_created")),
            raw=entry,
            body=request.body,
        )
    ]


def event_id(entry: Mapping[str, Json], request: Request) -> str:
    """Take the id that was chosen, or the entry's own, which is one of its form at its site."""
    if chosen := given_id(entry.get("event_id")):
        return chosen
    own = given_id(entry.get("entry_id"), entry.get("id"))
    if not own:
        return id_of_day(entry, request.received_ms)
    return bounded_id(":".join([site_of(entry), given_id(entry.get("form_id")), own]).strip(":"))


def site_of(entry: Mapping[str, Json]) -> str:
    url = entry.get("source_url")
    try:
        return urlsplit(url).hostname or "" if isinstance(url, str) else ""
    except ValueError:
        return ""


def whole_fields(entry: Mapping[str, Json]) -> dict[str, Json]:
    """Give the inputs of each field that has several, the ticked boxes or the parts of a name, as a list."""
    whole: dict[str, list[Json]] = {}
    for key, value in entry.items():
        if (found := PART.fullmatch(key)) and value not in ("", None):
            whole.setdefault(found[1], []).append(value)
    return {number: parts for number, parts in whole.items() if number not in entry}
