"""A real Redis for every test that asks for one, empty each time, and the store over it."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from relay.embedded import EmbeddedRedis
from relay.settings import DAY_MS
from relay.store import Store

# Where the tests run in the background Ctrl-C is ignored, and all that they start would ignore it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:
        server = EmbeddedRedis(Path(folder), appendfsync="everysec")
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def client(redis_server: EmbeddedRedis) -> Iterator[redis.Redis]:
    one = redis.Redis.from_url(redis_server.url)
    one.flushall()
    yield one
    one.close()


@pytest.fixture
def store(client: redis.Redis) -> Store:
    return Store(client, retention_ms=30 * DAY_MS)
