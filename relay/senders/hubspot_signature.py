"""The signatures of HubSpot: version 3 covers method, address, body and moment; 1 and 2 are older and plain hashes.

Subscriptions come with versions 1 and 3, workflows with 2. Where there is a version 3, no other counts.
Source: developers.hubspot.com, "Validating requests".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from urllib.parse import unquote

from relay.errors import BadSignature
from relay.senders.signing import header_bytes, header_text, hmac_base64, matches
from relay.senders.timed import check_age, seconds_of
from relay.sending import Request

V3 = "X-HubSpot-Signature-v3"
MOMENT = "X-HubSpot-Request-Timestamp"
OLDER = "X-HubSpot-Signature"
VERSION = "X-HubSpot-Signature-Version"
WHERE = "let HubSpot call the hook from an app whose client secret is the hook's secret"
TOLERANCE_S = 300
#: HubSpot signs an address with these characters decoded: : / ? @ ! $ ' ( ) * , ;
DECODED = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the newest signature that came. Raises BadSignature."""
    if given := request.headers.get(V3.lower()):
        verify_v3(request, secrets, header_bytes(given))
    elif given := request.headers.get(OLDER.lower()):
        verify_older(request, secrets, header_bytes(given))
    else:
        raise BadSignature(f"there is no {V3} or {OLDER} header; {WHERE}")


def verify_v3(request: Request, secrets: Sequence[str], given: bytes) -> None:
    """Check the HMAC over everything, then that it was made lately: its moment comes in ms."""
    moment = request.headers.get(MOMENT.lower(), "")
    signed = [signed_bytes(request, url, moment) for url in addresses(request.url)]
    if not any(matches(given, secrets, partial(hmac_base64, message=one)) for one in signed):
        raise BadSignature(f"the {V3} header does not match any of the hook's secrets")
    check_age(seconds_of(moment, MOMENT) / 1000, request.received_ms, TOLERANCE_S, header=MOMENT)


def verify_older(request: Request, secrets: Sequence[str], given: bytes) -> None:
    """Check the hash over secret and body, in version 2 with method and address between them."""
    version = request.headers.get(VERSION.lower(), "")
    before = [b""] if version in ("v1", "") else []
    before += [called(request, url) for url in addresses(request.url)] if version in ("v2", "") else []
    if not any(matches(given, secrets, partial(hashed, message=one + request.body)) for one in before):
        raise BadSignature(f"the {OLDER} header does not match any of the hook's secrets")


def addresses(url: str) -> list[str]:
    """Give the address as HubSpot may have signed it: with some of its escapes decoded, or as it was called."""
    return list(dict.fromkeys([DECODED.sub(lambda found: unquote(found[0]), url), url]))


def signed_bytes(request: Request, url: str, moment: str) -> bytes:
    return called(request, url) + request.body + header_bytes(moment)


def called(request: Request, url: str) -> bytes:
    return header_bytes(f"{request.method}{url}")


def hashed(secret: str, message: bytes) -> bytes:
    return sha256(secret.encode() + message).hexdigest().encode()


def sign(request: Request, secret: str) -> Request:
    """Give the request with a signature of version 3, made at this moment."""
    moment = str(request.received_ms)
    made = hmac_base64(secret, signed_bytes(request, addresses(request.url)[0], moment))
    return replace(request, headers={**request.headers, V3.lower(): header_text(made), MOMENT.lower(): moment})
