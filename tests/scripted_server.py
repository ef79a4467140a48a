"""A server that plays whatever bytes a test wants as its answers, over real sockets, and counts connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

Play = Callable[[socket.socket], None]


class Server:
    """Plays once for each request it has read whole. Everything of it ends with its ``with``."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Server:
        self._thread(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)

    def _thread(self, run: Callable[..., None], *args: object) -> None:
        self._threads.append(threading.Thread(target=run, args=args))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._thread(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while request := _read(connection):
                self.requests.append(request)
                self._play(connection)


def _read(connection: socket.socket) -> bytes:
    """Read one request with its body; empty where the client has gone."""
    read = b""
    while b"\r\n\r\n" not in read or len(read) < _length(read):
        more = connection.recv(65_536)
        if not more:
            return b""
        read += more
    return read


def _length(read: bytes) -> int:
    head, _, _ = read.partition(b"\r\n\r\n")
    sizes = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return len(head) + 4 + int(sizes[0] if sizes else 0)


def answer(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    """Write an answer, byte for byte."""
    lines = [f"HTTP/1.1 {status} Some words", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def plays(text: bytes) -> Play:
    return lambda connection: connection.sendall(text)
