"""Puts a server under load, as a process of its own: every request is made before the clock starts, and what is left
costs a few microseconds, so that the load takes little of what it measures.

It reads its order as one line of JSON, says "ready", starts at the next line, and answers with one line of JSON.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import repeat

import orjson

from bench.bodies import Visitors, lead_ids
from relay.senders import typeform

END = b"\r\n\r\n"
LENGTH = b"content-length:"
OK = b"HTTP/1.1 200 "
#: As gunicorn writes it. A sync worker ends every connection so.
CLOSE = b"\r\nConnection: close\r\n"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to send where, and how fast."""

    port: int
    path: str
    secret: str
    count: int
    connections: int
    seed: int
    #: Requests per second, sent at their time whatever happens; 0 sends the next as soon as one is answered.
    rate: float = 0
    #: All events are about one lead.
    one_lead: bool = False


@dataclass(kw_only=True)
class Result:
    """What came of it; times are seconds of the monotonic clock that all processes of a machine share."""

    started: float
    ended: float = 0.0
    ok: int = 0
    other: int = 0
    #: When each request's 200 came, by its lead; kept for requests at a rate only.
    answered: dict[str, float] = field(default_factory=dict)


def leads_of(order: Order) -> list[str]:
    one = lead_ids(order.seed)
    return [lead for lead, _ in zip(repeat(next(one)) if order.one_lead else one, range(order.count), strict=False)]


def made(order: Order) -> list[bytes]:
    """Make every request, signed."""
    visitors = Visitors(order.seed)
    head = f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    requests = []
    for lead in leads_of(order):
        body = visitors.body(lead)
        signature = typeform.signature(body, order.secret)[typeform.HEADER]
        headers = f"{head}Content-Length: {len(body)}\r\n{typeform.HEADER}: {signature}\r\n\r\n"
        requests.append(headers.encode() + body)
    return requests


class Generator:
    """Some connections, each with one request in flight at the most."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._requests = made(order)
        self._leads = leads_of(order) if order.rate else []
        self._next = 0
        self._poll = select.epoll()
        self._lines: dict[int, socket.socket] = {}
        self._heard: dict[int, bytes] = {}
        self._sent: dict[int, int] = {}
        self._free: deque[int] = deque()
        for _ in range(order.connections):
            self._connect()

    def _connect(self) -> None:
        line = socket.create_connection(("127.0.0.1", self._order.port))
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number = line.fileno()
        self._lines[number] = line
        self._heard[number] = b""
        self._free.append(number)
        self._poll.register(number, select.EPOLLIN)

    def run(self) -> Result:
        result = Result(started=time.monotonic())
        while result.ok + result.other < self._order.count:
            self._send_due(result.started)
            for number, _ in self._poll.poll(self._pause_s(result.started)):
                self._hear(number, result)
        result.ended = time.monotonic()
        return result

    def _due(self, started: float) -> int:
        """Say how many requests should have been sent by now."""
        if not self._order.rate:
            return self._order.count
        return min(self._order.count, int((time.monotonic() - started) * self._order.rate) + 1)

    def _send_due(self, started: float) -> None:
        due = self._due(started)
        while self._free and self._next < due:
            number = self._free.popleft()
            self._sent[number] = self._next
            # A request is far smaller than the socket's buffer: it always goes out whole.
            self._lines[number].sendall(self._requests[self._next])
            self._next += 1

    def _pause_s(self, started: float) -> float | None:
        if not self._order.rate or self._next == self._order.count or not self._free:
            return None
        return max(0.0, started + self._next / self._order.rate - time.monotonic())

    def _hear(self, number: int, result: Result) -> None:
        heard = self._lines[number].recv(65_536)
        if not heard:
            raise ConnectionError("the server hung up in the middle of an answer")
        heard = self._heard[number] + heard
        if not whole(heard):
            self._heard[number] = heard
            return
        self._heard[number] = b""
        if heard.startswith(OK):
            result.ok += 1
        else:
            result.other += 1
        if self._order.rate:
            result.answered[self._leads[self._sent[number]]] = time.monotonic()
        if CLOSE in heard:
            self._poll.unregister(number)
            self._lines.pop(number).close()
            self._connect()
        else:
            self._free.append(number)


def whole(heard: bytes) -> bool:
    """Whether these bytes are a whole answer."""
    head = heard.find(END)
    if head < 0:
        return False
    at = heard.lower().index(LENGTH) + len(LENGTH)
    return len(heard) >= head + len(END) + int(heard[at : heard.index(b"\r", at)])


def main() -> None:
    generator = Generator(Order(**orjson.loads(sys.stdin.buffer.readline())))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.buffer.readline()
    sys.stdout.buffer.write(orjson.dumps(asdict(generator.run())) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
