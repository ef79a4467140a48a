"""The cryptography of the adapters: HMACs, and comparing what came with what each secret would give.

Everything is compared as bytes, in a time that does not depend on where the difference is.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Sequence


def matches(given: bytes, secrets: Sequence[str], expected: Callable[[str], bytes]) -> bool:
    """Whether any secret gives what came. An empty secret never does: with that anybody could sign."""
    return any(hmac.compare_digest(given, expected(secret)) for secret in secrets if secret)


def any_matches(given: Sequence[bytes], made: Sequence[bytes]) -> bool:
    """Whether any of several signatures is one of ours, each of which was made once.

    A header may hold thousands: making ours again for each would let anybody keep us busy for seconds.
    """
    return any(hmac.compare_digest(one, other) for one in given for other in made)


def hmac_base64(secret: str, message: bytes) -> bytes:
    """Give the HMAC-SHA256 of a message in base64 with its padding."""
    return b64encode(hmac.digest(secret.encode(), message, "sha256"))


def hmac_hex(secret: str, message: bytes) -> bytes:
    """Give the HMAC-SHA256 of a message in lower-case hex."""
    return hmac.digest(secret.encode(), message, "sha256").hex().encode()


def header_bytes(value: str) -> bytes:
    """Give a header as it was on the wire: WSGI shows its bytes as Latin-1."""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def header_text(value: bytes) -> str:
    """Give bytes as a header's text, the way back from ``header_bytes``."""
    return value.decode("latin-1")
