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
from relay.model import Answer, Json
from relay.settings import Destination

RETRY_AFTER_MS = 5_000
LONGEST_RETRY_AFTER_MS = 3_600_000
LONGEST_WORDS = 200
OK, MULTIPLE = 200, 300
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
        try:
            # Followed, a redirect would carry our key to wherever it leads.
            response = requests.get(
                f"{self._destination.url}/leads/{lead}",
                headers=self._headers,
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unavailable("could not reach the lead API") from error
        if response.status_code == OK:
            return _lead_in(response.content)
        raise _typed(response.status_code, _words(response.status_code, response.content), response.headers)

    def close(self) -> None:
        self._pool.close()


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
