"""Secrets that come as they are, for the senders that sign nothing: in a header, or in the address as a last resort.

``Authorization: Bearer``, ``X-Api-Key`` and Basic auth are taken alike, since people set up whichever is offered.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from relay.errors import BadSignature
from relay.senders.signing import header_bytes, header_text, matches
from relay.sending import Request

#: Name of the secret in the address, for senders that can't set a header.
IN_QUERY = "token"


def verify_token(request: Request, secrets: Sequence[str], *, where: str, in_query: str = "") -> None:
    """Check the secret. ``where`` says where to set it; ``in_query`` is its name in the address, where it may be."""
    given = list(credentials(request.headers))
    places = "Authorization or X-Api-Key header"
    if in_query:
        places = f"{places}, and no {in_query} in the address" if not given else places
        given += [one.encode("utf-8", "surrogatepass") for one in [request.query.get(in_query, "")] if one]
    if not given:
        raise BadSignature(f"there is no {places}; {where}")
    if not any(matches(one, secrets, str.encode) for one in given):
        beside = f", or the {in_query} in the address," if in_query else ""
        words = f"the Authorization or X-Api-Key header{beside} does not match any of the hook's secrets"
        raise BadSignature(words)


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


def with_token(request: Request, secret: str) -> Request:
    """Give the request with the secret in a header."""
    header = {"authorization": header_text(b"Bearer " + secret.encode())}
    return replace(request, headers={**request.headers, **header})


def with_query_token(request: Request, secret: str) -> Request:
    """Give the request with the secret in its address."""
    glue = "&" if "?" in request.url else "?"
    return replace(request, url=f"{request.url}{glue}{IN_QUERY}={quote(secret, safe='')}")
