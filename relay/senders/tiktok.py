"""TikTok lead generation: tolerant, since TikTok publishes no example of a lead's webhook and others' examples differ.

What has an id is an event; a shape that nobody has told of is kept whole, as an event of kind ``unknown``.
Sources: developers.tiktok.com, "Webhooks overview" (the envelope and its signature); the shapes of leads are not
confirmed by TikTok.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import digest, object_of, read_json
from relay.senders.event_ids import as_text, given_id
from relay.senders.plain_keys import with_plain_keys
from relay.senders.timed import TimedSignature
from relay.senders.tokens import IN_QUERY, verify_token
from relay.sending import About, Request

name = "tiktok"
ABOUT_CAMPAIGN = ("campaign_id", "campaign_name", "adgroup_id", "ad_id", "advertiser_id")
about = About(
    title="TikTok lead generation",
    proof="the app's client secret; or, where TikTok sends no signature, the same text as ?token= in the address",
    variable="TIKTOK_SECRET",
    ids=(
        "lead_id",
        "data.lead_id",
        "data.leads.*.lead_id",
        "entry.*.id",
        "entry.*.changes.*.value.lead_id",
    ),
    times=("create_time", "data.create_time", "entry.*.create_time"),
    experimental=True,
    given={"form": ("id",), "campaign": ABOUT_CAMPAIGN},
)

WHERE = "subscribe with an app, whose client secret is the hook's, or put ?token= with the secret into the address"
SIGNATURE = TimedSignature(header="TikTok-Signature", part="s", where=WHERE)
IDS = ("lead_id", "leadgen_id", "id")
UNKNOWN = "unknown"


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature; without one, a token: TikTok does not say whether it signs what tells of leads."""
    if SIGNATURE.header.lower() in request.headers:
        SIGNATURE.verify(request, secrets)
    else:
        verify_token(request, secrets, where=WHERE, in_query=IN_QUERY)


sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    body = unpacked(object_of(read_json(request.body), "the body"))
    parts = list(parts_of(body))
    if len(parts) == 1:
        return [event_of(body, request.body)]
    return [event_of(one, orjson.dumps(one)) for one in parts]


def unpacked(body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Read ``content``, which is JSON within JSON."""
    content = body.get("content")
    if not isinstance(content, str) or content[:1] != "{":
        return body
    try:
        return {**body, "content": read_json(content.encode(), "content")}
    except BadBody:
        return body


def parts_of(body: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Give the body once for each lead that it tells of, each alone in the same envelope."""
    entries = body.get("entry")
    where, inner = inner_of(body)
    leads = inner.get("leads")
    if isinstance(entries, list) and entries:
        yield from ({**body, "entry": [one]} for entry in entries for one in parts_of_entry(entry))
    elif isinstance(leads, list) and leads:
        for one in leads:
            yield {**body, where: {**inner, "leads": [one]}} if where else {**body, "leads": [one]}
    else:
        yield body


def inner_of(body: Mapping[str, Json]) -> tuple[str, Mapping[str, Json]]:
    """Give where in the body the leads stand, and what stands there; no name for the body itself."""
    for where in ("content", "data"):
        inner = body.get(where)
        if isinstance(inner, dict):
            return where, inner
    return "", body


def parts_of_entry(entry: Json) -> Iterator[Json]:
    """Part an entry in the manner of Meta: a change that holds a lead stands alone, the others are fields of one."""
    changes = changes_of(entry)
    whole = [one for one in changes if isinstance(one.get("value"), dict)]
    if not isinstance(entry, dict) or not whole:
        yield entry
        return
    yield from ({**entry, "changes": [one]} for one in whole)
    if fields := [one for one in changes if one not in whole and one.get("field")]:
        yield {**entry, "changes": fields}


def changes_of(entry: Json) -> list[Mapping[str, Json]]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    return [one for one in changes if isinstance(one, dict)] if isinstance(changes, list) else []


def lead_of(part: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give the one lead of a part, empty where there is none."""
    _, inner = inner_of(part)
    for name, holder in (("entry", part), ("leads", inner)):
        listed = holder.get(name)
        if isinstance(listed, list):
            first = listed[0] if listed and isinstance(listed[0], dict) else {}
            return of_entry(first) if name == "entry" else first
    return inner


def of_entry(entry: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give the lead of an entry: a change that holds it, else its changes as fields by name, else what it says itself.

    A lead within a change has an id of its own: in the manner of Meta, the entry's would be that of a page.
    """
    rest = {name: value for name, value in entry.items() if name != "changes"}
    for one in changes_of(entry):
        value = one.get("value")
        if isinstance(value, dict):
            return {**{name: told for name, told in rest.items() if name not in IDS}, **value}
    named = [{"name": one["field"], "values": [one.get("value")]} for one in changes_of(entry) if one.get("field")]
    return {**rest, "field_data": named} if named else rest


def event_of(part: Mapping[str, Json], own: bytes) -> Event:
    """Make an event of a part; one whose lead has no id is kept whole, so that a person can see it."""
    lead = lead_of(part)
    id = given_id(*(lead.get(name) for name in IDS))
    told = part.get("event")
    word = told if isinstance(told, str) else ""
    if not id:
        # The envelope with its content is TikTok's own, and tells of more than leads.
        kind = word if "content" in part else ""
        return Event(id=digest(own), fields={}, kind=kind or UNKNOWN, raw=part, body=own)
    return Event(
        id=id,
        fields=with_plain_keys(fields_of(lead)),
        form={"id": as_text(lead.get("form_id") or lead.get("page_id"))},
        campaign={name: as_text(lead[name]) for name in ABOUT_CAMPAIGN if lead.get(name)},
        kind=word or "lead",
        at_ms=at_ms(lead.get("create_time") or part.get("create_time")),
        test=lead.get("is_test") is True,
        raw=part,
        body=own,
    )


def fields_of(lead: Mapping[str, Json]) -> dict[str, Json]:
    """Give the answers by the name of their question; what else the lead says stands beside them."""
    answers = lead.get("field_data")
    fields: dict[str, Json] = {}
    for one in answers if isinstance(answers, list) else []:
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            values = one.get("values", one.get("value"))
            several = values if isinstance(values, list) else [values]
            fields[one["name"]] = several if len(several) > 1 else (several or [None])[0]
    told = ("field_data", "form_id", "page_id", "create_time", *ABOUT_CAMPAIGN, *IDS)
    return {**{key: value for key, value in lead.items() if key not in told}, **fields}


def at_ms(value: Json) -> int | None:
    """Read seconds since 1970."""
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**11
    return value * 1000 if good and isinstance(value, int) else None
