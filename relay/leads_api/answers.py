"""Reads what the lead API answered: the lead in it, or the error that it stands for, with the CRM's own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson
import requests
from urllib3.exceptions import NewConnectionError, TimeoutError

from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.lead_fields import is_uuid
from relay.model import Json

RETRY_AFTER_MS = 5_000
LONGEST_RETRY_AFTER_MS = 3_600_000
LONGEST_WORDS = 200
WAIT_STATUSES = (408, 425)


def lead_in(content: bytes) -> Mapping[str, Json]:
    """Find the lead in an answer; older answers have no ``lead`` around it. Empty where there is none."""
    answer = _object_in(content)
    lead = answer.get("lead", answer)
    return lead if isinstance(lead, dict) else {}


def created_in(content: bytes) -> Mapping[str, Json]:
    """Find a created lead, its ``id`` in lower case, with ``existed``: whether an older lead was updated instead.

    The API's pages do not say whether these two stand in the lead or beside it. Raises Unavailable without an id.
    """
    answer, lead = _object_in(content), lead_in(content)
    lead_id = lead.get("id") or answer.get("id")
    if not is_uuid(lead_id):
        raise Unavailable("the lead API created a lead and did not say which", sent=True)
    existed = True in (answer.get("existed"), lead.get("existed"))
    return {**lead, "id": str(lead_id).lower(), "existed": existed}


def lost(error: Exception) -> Unavailable:
    """Give the error of a PUT that went out and got no answer, or only a part of one."""
    kind = "did not answer in time" if isinstance(error, TimeoutError) else "cut the connection"
    return Unavailable(f"the lead API {kind}", sent=True)


def unreached(error: requests.RequestException) -> Unavailable:
    """Give the error of a call by requests that got no answer. Only one that never connected was surely not sent."""
    inner = error.args[0] if error.args else None
    never = isinstance(getattr(inner, "reason", None), NewConnectionError)
    return Unavailable("could not reach the lead API", sent=not (never or isinstance(error, requests.ConnectTimeout)))


def error_for(status: int, content: bytes, headers: Mapping[str, str]) -> LeadsApiError:
    """Give the error that a non-2xx answer stands for."""
    words = _words(status, content)
    if status == 429 or (status == 503 and "Retry-After" in headers):
        return SlowDown(words, status=status, after_ms=_after_ms(headers.get("Retry-After", "")))
    if status in WAIT_STATUSES:
        return Unavailable(words, status=status)
    if status >= 500 or status < 400:
        # It may have been applied before it failed.
        return Unavailable(words, status=status, sent=True)
    kinds: dict[int, type[LeadsApiError]] = {401: Denied, 403: Denied, 404: NotFound}
    return kinds.get(status, Refused)(words, status=status)


def _words(status: int, content: bytes) -> str:
    """Give the CRM's own words: ``message``, else ``error``, else the status."""
    answer = _object_in(content)
    words = answer.get("message") or answer.get("error")
    if isinstance(words, str):
        return words[:LONGEST_WORDS]
    return f"the lead API answered {status}"


def _after_ms(text: str) -> int:
    """Read ``Retry-After``: seconds or a date; 5 s where it says neither, an hour at most."""
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return RETRY_AFTER_MS
    return int(min(max(seconds * 1000, 0), LONGEST_RETRY_AFTER_MS)) if seconds == seconds else RETRY_AFTER_MS  # noqa: PLR0124


def _object_in(content: bytes) -> Mapping[str, Json]:
    """Read an answer as a JSON object; empty where it is none."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
