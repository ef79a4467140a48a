"""Asks a sender's own API for answers that its webhook left out. What an error means is said by its type alone.

The token goes in a header and nowhere else: in an address it would stand in logs. No redirect is followed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from relay.errors import Denied, Refused, Unavailable
from relay.model import Json

if TYPE_CHECKING:
    import requests

#: Seconds to connect, and between two bytes.
TIMEOUT_S = (5.0, 15.0)
OK = 200
#: Answers that pass by themselves, beside 5xx.
WAIT_STATUSES = (408, 425)
LONGEST_WAIT_MS = 86_400_000


def ask(title: str, url: str, *, token: str, headers: Mapping[str, str] | None = None) -> requests.Response:
    """Make one GET. Raises Unavailable where no answer came, Denied for a token that can't even be sent."""
    import requests  # noqa: PLC0415 -- slow to load, and what only checks or maps never asks anybody

    if not (token and token.isascii() and token.isprintable()):
        raise Denied(f"{title}: the token is empty, or holds characters that no token has; set it anew")
    all_headers = {"Authorization": f"Bearer {token}", "User-Agent": "lead-relay", **(headers or {})}
    try:
        return requests.get(url, headers=all_headers, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise Unavailable(f"{title} could not be reached") from error


def segment(title: str, id: str) -> str:
    """Give an id as one part of a path. Raises Refused for one that would lead to another place of the API."""
    if not id.strip("."):
        raise Refused(f"{title}: what is to be fetched has no id")
    return quote(id, safe="")


def passing(status: int) -> bool:
    """Whether the same call may pass later."""
    return status >= 500 or status < 400 or status in WAIT_STATUSES


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """Read ``Retry-After`` in seconds; None where it says no such thing."""
    text = headers.get("Retry-After", "")
    return min(int(text) * 1000, LONGEST_WAIT_MS) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def json_of(response: requests.Response) -> Mapping[str, Json]:
    """Read an answer as a JSON object; empty where it is none."""
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
