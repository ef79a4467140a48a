"""The connections of the PUTs, kept alive, each with a deadline over the whole of its request.

They are urllib3's, the engine under requests, without what requests adds to each call: the PUTs are many.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any
from urllib.parse import SplitResult

import urllib3
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

LONGEST_CONNECT_S = 5.0

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


def pool_to(address: SplitResult, *, timeout_s: float, connections: int) -> HTTPConnectionPool:
    """Give a pool of connections to where this address is."""
    tls = address.scheme == "https"
    kind: Any = HTTPSConnectionPool if tls else HTTPConnectionPool
    pool: HTTPConnectionPool = kind(
        address.hostname,
        address.port,
        maxsize=connections,
        block=False,
        timeout=urllib3.Timeout(connect=min(LONGEST_CONNECT_S, timeout_s), read=timeout_s, total=timeout_s),
    )
    pool.ConnectionCls = _WatchedTls if tls else _Watched
    return pool


def answered() -> None:
    """Note that this thread waits for no answer any more."""
    _on_the_wire.pop(threading.get_ident(), None)


def cut_overdue(timeout_s: float) -> None:
    """Cut off every request that has been on the wire for longer than this, byte by byte or not."""
    for began, wire in list(_on_the_wire.values()):
        if time.monotonic() - began > timeout_s:
            try:
                wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # answered or closed in this very moment
