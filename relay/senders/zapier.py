"""Zapier's "Webhooks by Zapier": JSON, a list of JSON objects, or a form post, as whoever built the Zap chose.

Zapier signs nothing, so the secret itself comes in a header: Bearer, ``X-Api-Key``, or the Basic Auth field
(written ``user|password`` in Zapier). It gives no event id and no time either.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from unicodedata import combining, normalize

import orjson

from relay.errors import BadSignature
from relay.model import Event, Json, Request
from relay.senders.base import bounded_id, digest, object_of, read_json
from relay.senders.forms import is_form, read_form
from relay.senders.signing import header_bytes, header_text, matches

name = "zapier"
content_type = "application/json"

DAY_MS = 86_400_000


def verify(request: Request, secrets: Sequence[str]) -> None:
    given = list(credentials(request.headers))
    if not given:
        raise BadSignature("there is no Authorization or X-Api-Key header; add one to the Zap, with the hook's secret")
    if not any(matches(one, secrets, str.encode) for one in given):
        raise BadSignature("the Authorization or X-Api-Key header does not match any of the hook's secrets")


def credentials(headers: Mapping[str, str]) -> Iterator[bytes]:
    """Give everything in the headers that may be a secret; of Basic both ``user:password`` and the password."""
    if key := headers.get("x-api-key"):
        yield header_bytes(key)
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield header_bytes(rest.strip())
    elif scheme.lower() == "basic":
        pair = basic_pair(header_bytes(rest.strip()))
        yield pair
        yield pair.partition(b":")[2]


def basic_pair(encoded: bytes) -> bytes:
    """Decode ``user:password``; what is no base64 gives nothing, which matches no secret."""
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


def sign(body: bytes, secret: str) -> dict[str, str]:  # noqa: ARG001 - the protocol's; Zapier does not sign the body
    return {"Authorization": header_text(b"Bearer " + secret.encode())}


def parse(request: Request) -> list[Event]:
    content = read_form(request) if is_form(request) else read_json(request.body)
    if not isinstance(content, list):
        return [event_of(object_of(content, "the body"), request, number=0)]
    events = []
    for number, one in enumerate(content):
        item = object_of(one, f"item {number + 1} of the body")
        events.append(event_of(item, request, number=number, body=orjson.dumps(item)))
    return events


def event_of(item: Mapping[str, Json], request: Request, *, number: int, body: bytes | None = None) -> Event:
    return Event(
        id=event_id(item, request, number=number),
        fields=with_plain_keys(item),
        raw=item,
        body=request.body if body is None else body,
    )


def event_id(item: Mapping[str, Json], request: Request, *, number: int) -> str:
    """Take the id that the Zap maps, or the request's idempotency key, or the content and the UTC day.

    The last one makes a Zap replayed on the same day a duplicate, and the same answers next month an event.
    """
    own = item.get("event_id")
    if isinstance(own, (str, int)) and not isinstance(own, bool) and str(own).strip():
        return bounded_id(str(own).strip())
    if key := request.headers.get("idempotency-key"):
        return bounded_id(f"{key}:{number}" if number else key)
    day = request.received_ms // DAY_MS
    return digest(orjson.dumps([day, item], option=orjson.OPT_SORT_KEYS))


def with_plain_keys(item: Mapping[str, Json]) -> dict[str, Json]:
    """Add to each key its plain spelling, where that is not taken: people type ``Teléfono``, rules say ``telefono``."""
    fields = dict(item)
    for key, value in item.items():
        fields.setdefault(plain(key), value)
    return fields


def plain(key: str) -> str:
    """Give a key without capitals, accents and blanks."""
    bare = key.strip().lower()
    if not bare.isascii():
        bare = "".join(letter for letter in normalize("NFKD", bare) if not combining(letter))
    return "_".join(bare.split())
