"""TikTok lead generation: tolerant, since TikTok publishes no example of a lead's webhook and others' examples differ.

What has an id is an event; a shape that nobody has told of is kept whole, as an event of kind ``unknown``.
Sources: developers.tiktok.com, "Webhooks overview" (the envelope and its signature); the shapes of leads are not
confirmed by TikTok.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from relay.errors import BadBody
from relay.model import About, Event, Json, Request
from relay.senders.base import digest, object_of, read_json
from relay.senders.event_ids import given_id
from relay.senders.plain_keys import with_plain_keys
from relay.senders.timed import TimedSignature
from relay.senders.tokens import IN_QUERY, verify_token

name = "tiktok"
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
)

WHERE = "subscribe with an app, whose client secret is the hook's, or put ?token= with the secret into the address"
SIGNATURE = TimedSignature(header="TikTok-Signature", part="s", where=WHERE)
IDS = ("lead_id", "leadgen_id", "id")
UNKNOWN = "unknown"
ABOUT_CAMPAIGN = ("campaign_id", "campaign_name", "adgroup_id", "ad_id", "advertiser_id")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the signature; without one, a token: TikTok does not say whether it signs what tells of leads."""
    if SIGNATURE.header.lower() in request.headers:
        SIGNATURE.verify(request, secrets)
    else:
        verify_token(request, secrets, where=WHERE, in_query=IN_QUERY)


sign = SIGNATURE.sign


def parse(request: Request) -> list[Event]:
    body = unpacked(object_of(read_json(request.body), "the body"))
    leads = list(leads_of(body))
    if not leads:
        return [unknown(body, request)]
    return [event_of(lead, body, request, alone=len(leads) == 1) for lead in leads]


def unpacked(body: Mapping[str, Json]) -> Mapping[str, Json]:
    """Read ``content``, which is JSON within JSON."""
    content = body.get("content")
    if not isinstance(content, str) or content[:1] != "{":
        return body
    try:
        return {**body, "content": read_json(content.encode(), "content")}
    except BadBody:
        return body


def leads_of(body: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Give each lead, wherever one of the known shapes has it."""
    inner = next((one for name in ("content", "data") if isinstance(one := body.get(name), dict)), body)
    listed = inner.get("leads")
    candidates = listed if isinstance(listed, list) else [inner]
    entries = body.get("entry")
    if isinstance(entries, list):
        candidates = [lead for entry in entries if isinstance(entry, dict) for lead in of_entry(entry)]
    yield from (one for one in candidates if isinstance(one, dict) and id_of(one))


def of_entry(entry: Mapping[str, Json]) -> Iterator[Json]:
    """Give the leads of an entry in the manner of Meta: its changes, as fields by name, or by values that hold one."""
    changes = entry.get("changes")
    rest = {name: value for name, value in entry.items() if name != "changes"}
    named: dict[str, Json] = {}
    for change in changes if isinstance(changes, list) else []:
        if isinstance(change, dict) and isinstance(change.get("value"), dict):
            yield {**rest, **change["value"]}
        elif isinstance(change, dict) and isinstance(change.get("field"), str):
            named[change["field"]] = change.get("value")
    if named:
        yield {**rest, "field_data": [{"name": key, "values": [one]} for key, one in named.items()]}


def id_of(lead: Mapping[str, Json]) -> str:
    return given_id(*(lead.get(name) for name in IDS))


def event_of(lead: Mapping[str, Json], body: Mapping[str, Json], request: Request, *, alone: bool) -> Event:
    own = request.body if alone else orjson.dumps({"event": body.get("event"), "data": lead})
    return Event(
        id=id_of(lead),
        fields=with_plain_keys(fields_of(lead)),
        form={"id": lead.get("form_id") or lead.get("page_id")},
        campaign={name: lead[name] for name in ABOUT_CAMPAIGN if lead.get(name)},
        kind=str(body.get("event") or "lead"),
        at_ms=at_ms(lead.get("create_time") or body.get("create_time")) if alone else at_ms(lead.get("create_time")),
        test=lead.get("is_test") is True,
        raw=body if alone else {"event": body.get("event"), "data": lead},
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


def unknown(body: Mapping[str, Json], request: Request) -> Event:
    """Keep a body of a shape that nobody has told of, so that a person can see it."""
    kind = str(body.get("event") or UNKNOWN)
    return Event(id=digest(request.body), fields={}, kind=kind, raw=body, body=request.body)
