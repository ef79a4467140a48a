"""The CRM's client: an answer as a result or a typed error. What an error means is decided in ``retry``.

Source: the lead API's page "Update Lead". ``PUT /leads/{id}`` is idempotent, so a lost answer may be asked for again.
The PUTs go through urllib3's connection pool, since they are many; every other call goes through requests.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
import urllib3
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.lead_fields import is_uuid
from relay.model import Answer, Json
from relay.settings import Destination

RETRY_AFTER_MS = 5_000
LONGEST_RETRY_AFTER_MS = 3_600_000
LONGEST_WORDS = 200
OK, MULTIPLE = 200, 300
#: The end of a phone is searched for, since its beginning is spelled in many ways; so much of it must agree.
SEARCHED_DIGITS = 8
MOST_PAGES = 6
SEVERAL = 2
WAIT_STATUSES = (408, 425)

#: For each thread that waits for an answer: when it began to send, and through which socket.
_on_the_wire: dict[int, tuple[float, socket.socket]] = {}


class _Watched(HTTPConnection):
    """A connection whose socket can be found while it waits, so that a slow answer can be cut off."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        super().request(*args, **kwargs)
        if self.sock is not None:
            _on_the_wire[threading.get_ident()] = (time.monotonic(), self.sock)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""


class LeadsApi:
    """One account of the lead API. Safe to use from as many threads as it has connections."""

    def __init__(self, destination: Destination, *, timeout_ms: int, connections: int = 1) -> None:
        self._destination = destination
        self._timeout_s = timeout_ms / 1000
        parts = urlsplit(destination.url)
        self._path = f"{parts.path.rstrip('/')}/leads/"
        tls = parts.scheme == "https"
        pool: Any = HTTPSConnectionPool if tls else HTTPConnectionPool
        self._pool: HTTPConnectionPool = pool(
            parts.hostname,
            parts.port,
            maxsize=connections,
            block=False,
            timeout=urllib3.Timeout(connect=min(5.0, self._timeout_s), read=self._timeout_s, total=self._timeout_s),
        )
        self._pool.ConnectionCls = _WatchedTls if tls else _Watched
        self._headers = {
            "X-API-Key": destination.key,
            "Content-Type": "application/json",
            "User-Agent": "lead-relay",
            "Accept-Encoding": "identity",
        }

    def put(self, lead: str, body: Mapping[str, Json]) -> Answer:
        """Update one lead. Raises LeadsApiError, whose type says what to do."""
        try:
            response = self._pool.urlopen(
                "PUT",
                self._path + lead,
                body=orjson.dumps(body),
                headers=self._headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
            )
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise Unavailable("could not connect to the lead API") from error
        except (HTTPError, OSError) as error:
            raise Unavailable(_lost(error), sent=True) from error
        finally:
            _on_the_wire.pop(threading.get_ident(), None)
        if OK <= response.status < MULTIPLE:
            return Answer(response.status, _lead_in(response.data))
        raise error_for(response)

    def cut_overdue(self) -> None:
        """Cut off every PUT that has been on the wire for longer than its deadline, byte by byte or not."""
        for began, wire in list(_on_the_wire.values()):
            if time.monotonic() - began > self._timeout_s:
                try:
                    wire.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # answered or closed in this very moment

    def get(self, lead: str) -> Mapping[str, Json]:
        """Read one lead. Raises LeadsApiError."""
        return _lead_in(self._call("GET", f"/{lead}"))

    def search(self, kind: str, value: str) -> list[Mapping[str, Json]]:
        """Give the leads that have this phone (E.164) or e-mail (lower case), each row looked at. Raises LeadsApiError.

        ``GET /leads?search=`` is known from clients' code alone and finds roughly: what it gives is verified here.
        """
        found: list[Mapping[str, Json]] = []
        text = value[-SEARCHED_DIGITS:] if kind == "phone" else value
        for page in range(MOST_PAGES):
            rows, more = _rows_in(self._call("GET", params={"search": text, "limit": "50", "page": str(page)}))
            found += [row for row in rows if is_uuid(row.get("id")) and _has(row, kind, value)]
            if not more:
                return found
        if len(found) < SEVERAL:
            raise Refused("the lead API's search found too many leads to be sure of one")
        return found

    def create(self, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        """Create a lead, or update the one with the same e-mail or phone; gives it with its id. Raises LeadsApiError.

        Source: the lead API's page "Create Lead". A created lead counts against the account's plan.
        """
        if "workflow_id" in fields:
            raise ValueError("a lead with a workflow_id would be written to at once")
        lead = _lead_in(self._call("POST", json=fields))
        if not is_uuid(lead.get("id")):
            raise Unavailable("the lead API created a lead and did not say which", sent=True)
        return lead

    def _call(self, method: str, path: str = "", **more: Any) -> bytes:
        """Make one call other than a PUT; each wait for bytes has the deadline of a PUT. Raises LeadsApiError."""
        try:
            # Followed, a redirect would carry our key to wherever it leads.
            response = requests.request(
                method,
                f"{self._destination.url}/leads{path}",
                headers=self._headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                **more,
            )
        except requests.ConnectTimeout as error:
            raise Unavailable("could not connect to the lead API") from error
        except requests.RequestException as error:
            reached = not isinstance(_root(error), urllib3.exceptions.NewConnectionError)
            raise Unavailable("could not reach the lead API", sent=reached) from error
        if OK <= response.status_code < MULTIPLE:
            return response.content
        raise _typed(response.status_code, _words(response.status_code, response.content), response.headers)

    def close(self) -> None:
        self._pool.close()


def _root(error: Exception) -> object:
    """Give what lies under an error of requests."""
    inner = error.args[0] if error.args else None
    return getattr(inner, "reason", inner)


def _rows_in(content: bytes) -> tuple[list[Mapping[str, Json]], bool]:
    """Read one page of a search, and whether more follow. Raises Unavailable where it can't be read."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    rows = (answer.get("leads") or answer.get("data") or []) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise Unavailable("the lead API's answer to a search can't be read")
    pagination = answer.get("pagination")
    more = isinstance(pagination, dict) and pagination.get("has_more") is True
    return [row for row in rows if isinstance(row, dict)], more


def _has(row: Mapping[str, Json], kind: str, value: str) -> bool:
    """Whether a found lead really has this phone or e-mail; phones are spelled in many ways, so digits are compared."""
    told = row.get(kind)
    if not isinstance(told, str):
        return False
    if kind == "email":
        return told.strip().lower() == value
    ours, theirs = _digits(value), _digits(told)
    return len(theirs) >= SEARCHED_DIGITS and (ours.endswith(theirs) or theirs.endswith(ours))


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


def _lost(error: Exception) -> str:
    kind = "did not answer in time" if isinstance(error, urllib3.exceptions.TimeoutError) else "cut the connection"
    return f"the lead API {kind}"


def _lead_in(content: bytes) -> Mapping[str, Json]:
    """Find the lead in an answer; older answers have no ``lead`` around it. Empty where there is none."""
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    lead = answer.get("lead", answer) if isinstance(answer, dict) else {}
    return lead if isinstance(lead, dict) else {}


def error_for(response: BaseHTTPResponse) -> LeadsApiError:
    """Give the error that a non-2xx answer stands for."""
    return _typed(response.status, _words(response.status, response.data), response.headers)


def _typed(status: int, words: str, headers: Mapping[str, str]) -> LeadsApiError:
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
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    if isinstance(answer, dict):
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
