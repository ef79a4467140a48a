"""HTTP/1.1 on a socket: bytes come in, whole requests go to the service, its answers go out in order.

Kept small for speed: httptools parses in C, an answer is one write. Requests that a client sends without waiting
for answers are taken one after another, since their answers must come in the same order.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple, Protocol, cast

import httptools

MAX_HEAD = 65_536
MAX_BODY = 1_048_576
#: Requests of one connection that wait; above it nothing more is read from its socket.
MAX_WAITING = 64

#: Headers that are kept beside the key, by the length of their names, which is quicker to look up than a name.
KEPT = {len(name): name for name in (b"authorization", b"linkedin-version")}
NONE_KEPT: Mapping[bytes, bytes] = {}

#: With SO_LINGER at zero seconds, closing a socket sends a reset in place of an orderly end.
RESET = struct.pack("ii", 1, 0)


class Request(NamedTuple):
    """A request, read whole."""

    method: str
    path: str
    #: What stands in X-API-Key; None where the header is missing.
    key: bytes | None
    body: bytes
    keep_alive: bool
    #: What else was kept, by name in lower case.
    headers: Mapping[bytes, bytes] = NONE_KEPT


#: Stands in the row of requests for bytes that are no HTTP, or too large.
NO_HTTP = Request("", "", None, b"", False)


class Answer(NamedTuple):
    """A status and a JSON body."""

    status: int
    body: bytes
    #: Seconds for the header Retry-After, or None to leave it out.
    retry_after: int | None = None
    close: bool = False
    #: Header lines beyond the usual ones, each with its end.
    more: bytes = b""


class Takes(Protocol):
    """What a connection gives its requests to, one at a time; it answers through the connection, now or later."""

    connections: set[Connection]

    def take(self, connection: Connection, request: Request) -> None: ...


class Connection(asyncio.Protocol):
    """One client's socket, from its first byte until either side closes it."""

    def __init__(self, service: Takes) -> None:
        self.service = service
        #: Called once if the connection ends before the request at hand is answered.
        self.on_lost: Callable[[], None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._busy = False
        #: Bytes since the parser last came to a part's end: a head that never ends shows here.
        self._unparsed = 0
        self.on_message_begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.service.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.service.connections.discard(self)
        self._waiting.clear()
        self._tell_lost()

    def eof_received(self) -> None:
        # The loop calls connection_lost a turn later, and by then another connection may have brought the client's
        # next request for the same lead: it would look like an overlap.
        self._tell_lost()

    def _tell_lost(self) -> None:
        if self.on_lost:
            self.on_lost()
            self.on_lost = None

    def data_received(self, data: bytes) -> None:
        self._unparsed += len(data)
        try:
            self._parser.feed_data(data)
            broken = self._unparsed > MAX_HEAD
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            broken = True
        if broken:
            # Requests that came before these bytes still get their answers, in order.
            self._waiting.append(NO_HTTP)
        if broken or len(self._waiting) > MAX_WAITING:
            self.transport.pause_reading()
        self._take_next()

    def on_message_begin(self) -> None:
        self._path = b""
        self._key: bytes | None = None
        self._headers: Mapping[bytes, bytes] = NONE_KEPT
        self._body = b""
        self._head = 0

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > MAX_HEAD:
            raise ValueError("the head is too large")
        length = len(name)
        if length == 9 and name.lower() == b"x-api-key":
            self._key = value
        elif length in KEPT and name.lower() == KEPT[length]:
            self._headers = {**self._headers, KEPT[length]: value}

    def on_headers_complete(self) -> None:
        self._unparsed = 0

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        self._body += body
        if len(self._body) > MAX_BODY:
            raise ValueError("the body is too large")

    def on_message_complete(self) -> None:
        parser = self._parser
        self._unparsed = 0
        self._waiting.append(
            Request(
                parser.get_method().decode("ascii"),
                self._path.decode("latin-1"),
                self._key,
                self._body,
                parser.should_keep_alive(),
                self._headers,
            )
        )

    def _take_next(self) -> None:
        while self._waiting and not self._busy and not self.transport.is_closing():
            self._busy = True
            request = self._waiting.popleft()
            self.service.take(self, request)
            if not self._waiting and request is not NO_HTTP:
                self.transport.resume_reading()

    def answer(self, request: Request, answer: Answer) -> None:
        """Write the answer to the request at hand and go on to the next one."""
        close = answer.close or not request.keep_alive
        self._busy = False
        self.on_lost = None
        if self.transport.is_closing():
            return
        self.transport.write(encode(answer, close=close))
        if close:
            self.transport.close()
        elif self._waiting:
            asyncio.get_running_loop().call_soon(self._take_next)

    def reset(self) -> None:
        """End the connection with a TCP reset, so that the client sees its answer cut off."""
        self.on_lost = None
        if not self.transport.is_closing():
            plug = cast(socket.socket, self.transport.get_extra_info("socket"))
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def is_local(self) -> bool:
        """Whether the client is on this machine."""
        peer = self.transport.get_extra_info("peername")
        host = str(peer[0]) if peer else ""
        return host == "::1" or host.removeprefix("::ffff:").startswith("127.")


def phrase(status: int) -> str:
    """Give a status its usual words, as the lead API writes them: only the first letter is a capital."""
    try:
        return HTTPStatus(status).phrase.capitalize()
    except ValueError:
        return "Unknown status"


HEADS = {
    status: f"HTTP/1.1 {status} {phrase(status)}\r\nContent-Type: application/json\r\n".encode()
    for status in range(200, 600)
}


def encode(answer: Answer, *, close: bool) -> bytes:
    """Write an answer out, with as few headers as HTTP allows."""
    more = answer.more
    if answer.retry_after is not None:
        more += b"Retry-After: %d\r\n" % answer.retry_after
    if close:
        more += b"Connection: close\r\n"
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (HEADS[answer.status], more, len(answer.body), answer.body)
