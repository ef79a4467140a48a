"""HubSpot: a list of signed subscription events, or one CRM record from a workflow, its properties as plain values.

A subscription event tells of one property at most; a workflow's webhook carries all of the record.
Sources: developers.hubspot.com, "Validating requests" and "Webhooks API"; knowledge.hubspot.com, "Use webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import bounded_id, object_of, read_json, text_of
from relay.senders.event_ids import given_id, id_of_day
from relay.senders.hubspot_signature import sign, verify
from relay.sending import About, Request

__all__ = ["about", "name", "parse", "sign", "verify"]

name = "hubspot"
about = About(
    title="HubSpot",
    proof="the client secret of the HubSpot app, shown at its page Auth",
    variable="HUBSPOT_CLIENT_SECRET",
    lead="fields.relay_lead_id",
    ids=("vid", "id", "*.eventId"),
    times=("*.occurredAt",),
)

#: Under this name a rule finds the record's id, whatever the shape of the body; HubSpot itself calls it so.
RECORD = "hs_object_id"
#: What happened, where HubSpot has no word for it: a workflow sent the record.
WORKFLOW = "workflow"


def parse(request: Request) -> list[Event]:
    content = read_json(request.body)
    if not isinstance(content, list):
        body = object_of(content, "the body")
        read = subscription_event if "subscriptionType" in body else record
        return [read(body, request)]
    if not content:
        raise BadBody("the body is an empty list")
    items = [object_of(one, f"item {number} of the body") for number, one in enumerate(content, 1)]
    alone = len(items) == 1
    return [subscription_event(one, request, body=None if alone else orjson.dumps([one])) for one in items]


def subscription_event(item: Mapping[str, Json], request: Request, *, body: bytes | None = None) -> Event:
    """Read one event of a subscription: the property that changed, and which record's."""
    occurred = item.get("occurredAt")
    fields: dict[str, Json] = {RECORD: id_text(item.get("objectId"))}
    if isinstance(changed := item.get("propertyName"), str):
        fields[changed] = item.get("propertyValue")
    return Event(
        id=event_id(item),
        fields=fields,
        kind=text_of(item.get("subscriptionType"), "subscriptionType"),
        at_ms=occurred if isinstance(occurred, int) and not isinstance(occurred, bool) else None,
        raw=item,
        body=request.body if body is None else body,
    )


def event_id(item: Mapping[str, Json]) -> str:
    """Name the event by four of its numbers: HubSpot's ``eventId`` is not said to be the only one of its kind."""
    own = given_id(item.get("eventId"))
    if not own:
        raise BadBody("eventId is missing")
    more = [id_text(item.get(key)) or "" for key in ("portalId", "subscriptionId", "occurredAt")]
    return bounded_id(":".join([own, *more]))


def record(body: Mapping[str, Json], request: Request) -> Event:
    """Read a record as a workflow sends it, or the keys that a customer chose for the workflow's body."""
    properties = body.get("properties")
    own = object_of(properties, "properties") if properties is not None else body
    fields = {key: value_of(value) for key, value in own.items()}
    if not fields:
        raise BadBody("properties is missing")
    number = next((found for key in ("vid", "id", "objectId") if (found := id_text(body.get(key)))), None)
    return Event(
        id=id_of_day(body, request.received_ms),
        fields=fields if number is None else {**fields, RECORD: number},
        kind=WORKFLOW,
        raw=body,
        body=request.body,
    )


def value_of(value: Json) -> Json:
    """Give a property's value, which older bodies keep together with its versions."""
    return value.get("value") if isinstance(value, dict) and "value" in value else value


def id_text(value: Json) -> str | None:
    """Give an id as text: HubSpot writes some as numbers."""
    return given_id(value) or None
