"""Asks a sender's own API for answers that its webhook left out. What an error means is said by its type alone.

The token goes in a header and nowhere else: in an address it would stand in logs. No redirect is followed with it.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import requests

from relay.errors import Unavailable
from relay.model import Json

#: Seconds to connect, and between two bytes.
TIMEOUT_S = (5.0, 15.0)
OK = 200


def ask(title: str, url: str, *, token: str, headers: Mapping[str, str] | None = None) -> requests.Response:
    """Make one GET. Raises Unavailable where no answer came."""
    all_headers = {"Authorization": f"Bearer {token}", "User-Agent": "lead-relay", **(headers or {})}
    try:
        return requests.get(url, headers=all_headers, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise Unavailable(f"{title} could not be reached") from error


def json_of(response: requests.Response) -> Mapping[str, Json]:
    """Read an answer as a JSON object; empty where it is none."""
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
