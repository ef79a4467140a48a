"""Whether a process is alive, and whether it can take events: over real HTTP and a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry

from relay import ops
from relay.embedded import EmbeddedRedis
from relay.settings import DAY_MS
from relay.store import Store
from tests.doors import serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as one:
        yield one


@pytest.fixture
def url(server: EmbeddedRedis) -> Iterator[str]:
    client = redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0), socket_timeout=2)
    app = flask.Flask("health")
    app.register_blueprint(ops.health(Store(client, retention_ms=DAY_MS), hooks=["cotiza", "zap"], faulty=lambda: 1))
    with client, serving(app) as address:
        yield address


def asked(url: str, path: str) -> tuple[int, dict[str, object]]:
    answer = requests.get(f"{url}/{path}", timeout=10)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()


def test_a_process_that_can_write_is_ready(url: str) -> None:
    assert asked(url, "ready") == (200, {"ready": True, "hooks": 2, "faulty_rules": 1})
    assert asked(url, "health") == (200, {"alive": True})


def test_without_redis_it_is_alive_and_not_ready(server: EmbeddedRedis, url: str) -> None:
    server.kill()

    words = "Redis is away or still loading: start it, or check REDIS_URL"
    assert asked(url, "ready") == (503, {"ready": False, "faults": [words]})
    assert asked(url, "health") == (200, {"alive": True})


def test_while_redis_takes_no_writes_it_is_not_ready(server: EmbeddedRedis, url: str) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("maxmemory", "1mb")

    status, body = asked(url, "ready")

    assert status == 503
    assert body["faults"] in (
        ["Redis is nearly full: raise maxmemory, nothing was accepted"],
        ["Redis is full: raise maxmemory, nothing was accepted"],
    )
