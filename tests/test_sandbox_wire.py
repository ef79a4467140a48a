"""The sandbox's HTTP: connections that stay, requests in a row, in pieces, in chunks, and bytes that are none."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

import pytest

from relay.sandbox import Sandbox

ANA = "6f1c0b52-7a34-4d0f-9a50-2a5d0c9b7e11"
BAD_REQUEST = {"error": "Bad request", "message": "The bytes are not HTTP, or too large"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


class Client(NamedTuple):
    """A raw connection to the sandbox."""

    socket: socket.socket
    file: BinaryIO

    def send(self, sent: bytes) -> None:
        self.socket.sendall(sent)

    def answer(self) -> tuple[int, Any]:
        """Read one answer, and no byte more."""
        status = int(self.file.readline().split()[1])
        headers = dict(line.decode().rstrip().split(": ") for line in iter(self.file.readline, b"\r\n"))
        return status, json.loads(self.file.read(int(headers["Content-Length"])))

    def is_closed(self) -> bool:
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def connect(sandbox: Sandbox) -> Iterator[Client]:
    with socket.create_connection(("127.0.0.1", sandbox.port), 20) as plug:
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with plug.makefile("rb") as file:
            yield Client(plug, file)


def put(sandbox: Sandbox, phone: str, *more: str, lead: str = ANA) -> bytes:
    body = json.dumps({"phone": phone}).encode()
    head = [f"PUT /leads/{lead} HTTP/1.1", f"x-api-key: {sandbox.key}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        for phone in "123":
            client.send(put(sandbox, phone))

            status, body = client.answer()

            assert (status, body["lead"]["phone"]) == (200, phone)


@pytest.mark.parametrize("faults", [{}, {"latency_ms": 2, "spread_ms": 2, "seed": 1}])
def test_requests_sent_in_a_row_are_answered_in_their_order(sandbox: Sandbox, faults: dict[str, Any]) -> None:
    sandbox.put_faults(**faults)
    phones = [str(number) for number in range(150)]

    with connect(sandbox) as client:
        client.send(b"".join(put(sandbox, phone) for phone in phones))
        answered = [client.answer()[1]["lead"]["phone"] for _ in phones]

    assert answered == phones
    assert [one["applied_at"] for one in sandbox.requests()] == list(range(1, 151))
    assert sandbox.stats()["overlaps"] == 0


def test_a_request_in_pieces_is_put_together(sandbox: Sandbox) -> None:
    whole = put(sandbox, "+56911112222")

    with connect(sandbox) as client:
        for start in range(0, len(whole), 7):
            client.send(whole[start : start + 7])
        status, body = client.answer()

    assert (status, body["lead"]["phone"]) == (200, "+56911112222")


def test_a_chunked_body_is_put_together(sandbox: Sandbox) -> None:
    head = f"PUT /leads/{ANA} HTTP/1.1\r\nX-API-Key: {sandbox.key}\r\nTransfer-Encoding: chunked\r\n\r\n"

    with connect(sandbox) as client:
        client.send(head.encode() + b'9\r\n{"phone":\r\n')
        client.send(b'4\r\n"1"}\r\n0\r\n\r\n')
        status, body = client.answer()

    assert (status, body["lead"]["phone"]) == (200, "1")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02garbage\r\n\r\n", b"PUT /leads HTTP/9\r\n\r\n", b"PUT\r\n\r\n"])
def test_bytes_that_are_no_http_are_refused_and_the_connection_ends(sandbox: Sandbox, sent: bytes) -> None:
    with connect(sandbox) as client:
        client.send(sent)

        assert client.answer() == (400, BAD_REQUEST)
        assert client.is_closed()


def test_requests_before_garbage_are_answered_first(sandbox: Sandbox) -> None:
    sandbox.put_faults(latency_ms=2)

    with connect(sandbox) as client:
        client.send(put(sandbox, "1") + put(sandbox, "2") + b"garbage\r\n\r\n")

        assert [client.answer()[0] for _ in range(3)] == [200, 200, 400]
        assert client.is_closed()


@pytest.mark.parametrize("end", ["\r\n\r\n", ""])
def test_a_huge_head_is_refused_and_the_connection_ends(sandbox: Sandbox, end: str) -> None:
    head = f"PUT /leads/{ANA} HTTP/1.1\r\nX-Long: {'x' * 100_000}{end}"

    with connect(sandbox) as client:
        client.send(head.encode())

        assert client.answer() == (400, BAD_REQUEST)
        assert client.is_closed()


def test_a_huge_body_is_refused_and_the_connection_ends(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        client.send(put(sandbox, "1" * 1_048_576))

        assert client.answer() == (400, BAD_REQUEST)
        assert client.is_closed()
    assert sandbox.stats()["requests"] == 0


def test_a_large_body_within_the_limit_is_taken(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        client.send(put(sandbox, "1" * 1_000_000))

        assert client.answer()[0] == 200


def test_a_client_that_asks_for_it_is_closed_after_the_answer(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        client.send(put(sandbox, "1", "Connection: close"))

        assert client.answer()[0] == 200
        assert client.is_closed()


def test_the_end_of_the_sandbox_cuts_off_its_clients() -> None:
    with Sandbox() as sandbox, connect(sandbox) as idle, connect(sandbox) as hanging:
        idle.send(put(sandbox, "1"))
        idle.answer()
        sandbox.put_faults(hang=1)
        hanging.send(put(sandbox, "2"))

        sandbox.close()

        assert idle.is_closed()
        assert hanging.is_closed()
