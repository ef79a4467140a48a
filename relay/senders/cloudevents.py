"""CloudEvents over HTTP: one event or a batch as JSON, or one with its attributes in ``ce-*`` headers.

Any producer of the format can send here, such as Azure Event Grid or Knative. They sign nothing; a token comes in a
header or as ``access_token`` in the address. Before they send, they may ask by OPTIONS whether they may.
Source: github.com/cloudevents/spec, its documents "HTTP protocol binding" and "HTTP 1.1 web hooks".
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import orjson

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.base import Reply, bounded_id, object_of, read_json, time_ms
from relay.senders.event_ids import given_id
from relay.senders.forms import is_form, read_form
from relay.senders.plain_keys import with_plain_keys
from relay.senders.tokens import credentials, verify_token, with_token
from relay.sending import About, Request

STRUCTURED = "application/cloudevents"
#: The attributes that are read; those that a producer adds are kept only where they stand in the body.
ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema")
IN_ADDRESS = "access_token"
#: Names of hosts that may ask, and no more than a header can hold.
ORIGIN = re.compile(r"[A-Za-z0-9.:*_-]{1,253}")

name = "cloudevents"
about = About(
    title="CloudEvents",
    proof="a token in the header Authorization: Bearer or X-Api-Key, or as ?access_token= in the address",
    variable="CLOUDEVENTS_TOKEN",
    lead="fields.lead_id",
    content_type="application/cloudevents+json",
    ids=("id", "*.id", "ce-id"),
    times=("time", "*.time"),
    headers=tuple(f"ce-{one}" for one in ATTRIBUTES),
)


def verify(request: Request, secrets: Sequence[str]) -> None:
    where = "have the producer send the hook's secret as a bearer token"
    verify_token(request, secrets, where=where, in_query=IN_ADDRESS)


sign = with_token


def handshake(request: Request, secrets: Sequence[str], keys: Mapping[str, str]) -> Reply | None:
    """Give our consent to who asks by OPTIONS; who brings a token must bring the right one. Raises BadSignature."""
    del keys
    origin = request.headers.get("webhook-request-origin", "")
    if request.method != "OPTIONS" or not ORIGIN.fullmatch(origin):
        return None
    if IN_ADDRESS in request.query or any(True for _ in credentials(request.headers)):
        verify(request, secrets)
    headers = {"Allow": "POST", "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return Reply(b"", headers=headers)


def parse(request: Request) -> list[Event]:
    """Read the events. A batch may be empty."""
    declared = request.headers.get("content-type", "").strip().lower()
    if "ce-id" in request.headers and not declared.startswith(STRUCTURED):
        return [event_of(in_headers(request), request.body)]
    content = read_json(request.body)
    if isinstance(content, list):
        items = [object_of(one, f"item {number} of the body") for number, one in enumerate(content, 1)]
        return [event_of(one, orjson.dumps([one])) for one in items]
    return [event_of(object_of(content, "the body"), request.body)]


def in_headers(request: Request) -> dict[str, Json]:
    """Give an event whose attributes are headers as if it were all JSON. Its data is the body."""
    found: dict[str, Json] = {
        one: unquote(request.headers[f"ce-{one}"]) for one in ATTRIBUTES if f"ce-{one}" in request.headers
    }
    return {**found, "data": content_of(request)} if request.body else found


def content_of(request: Request) -> Json:
    if is_form(request):
        return read_form(request)
    return read_json(request.body)


def event_of(item: Mapping[str, Json], body: bytes) -> Event:
    """Give the event of its attributes and its data: a source's ids are its own."""
    id = given_id(item.get("id"))
    if not id:
        raise BadBody("the event has no id: neither an attribute of the body nor a ce-id header")
    source, kind = item.get("source"), item.get("type")
    return Event(
        id=bounded_id(f"{source} {id}" if isinstance(source, str) else id),
        fields=fields_of(item),
        kind=kind if isinstance(kind, str) else "",
        at_ms=time_ms(item.get("time")),
        raw=item,
        body=body,
    )


def fields_of(item: Mapping[str, Json]) -> dict[str, Json]:
    """Give the keys of the event's data; data that is no object stands under ``data``, and no data is no field."""
    content = decoded(item.get("data_base64")) if "data_base64" in item else item.get("data")
    if isinstance(content, dict):
        return with_plain_keys(content)
    return {} if content is None else {"data": content}


def decoded(text: Json) -> Json:
    """Read JSON that travels in base64."""
    try:
        return read_json(b64decode(text if isinstance(text, str) else "", validate=True), "data_base64")
    except (binascii.Error, ValueError) as error:
        raise BadBody("data_base64 is no base64 of JSON") from error
