"""The door over the real store."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry

from relay.model import State
from relay.store import Store
from tests.doors import EXAMPLE, JSON, LEAD, app_with, post_typeform, post_zap, serving


@pytest.fixture
def redis_url(store: Store) -> Iterator[str]:
    """Serve the door over the real store."""
    store.door.know(["gone"])
    with serving(app_with(store.door)) as address:
        yield address


def test_the_real_store_has_the_event_as_it_was_sent(redis_url: str, store: Store) -> None:
    (id,) = post_typeform(redis_url).json()["events"]

    event = store.events.event(id)

    assert event is not None
    assert (event.body, event.content_type, event.version) == (EXAMPLE, JSON, "ab12cd34")
    assert (event.lead, event.state) == (LEAD, State.IN_FLIGHT)
    assert event.updates[0].set == {"first_name": "María José Muñoz Peña"}


def test_the_real_store_counts_an_event_that_it_had(redis_url: str, store: Store) -> None:
    first = post_zap(redis_url, {"event_id": "a"}).json()

    again = post_zap(redis_url, [{"event_id": "a"}, {"event_id": "b"}])

    assert again.status_code == 200
    assert again.json()["events"][0] == first["events"][0]
    assert again.json()["duplicates"] == 1
    assert len(store.events.log("zap", store.events.today())) == 2


def test_an_event_whose_rules_failed_is_a_dead_letter_with_its_reason(redis_url: str, store: Store) -> None:
    (id,) = post_zap(redis_url, {"nombre": "Fallo", "lead_id": LEAD}).json()["events"]

    event = store.events.event(id)

    assert event is not None
    assert event.state is State.DEAD
    assert event.reason is not None
    assert (event.reason.kind, event.reason.words) == (
        "mapping",
        "rules/zap.yaml:3: rule 'name': nombre can't be read",
    )


def test_the_real_store_keeps_what_was_refused_and_knows_hooks_that_were(redis_url: str, store: Store) -> None:
    refused = post_zap(redis_url, b"{")
    gone = requests.post(f"{redis_url}/hooks/gone", data=b"{}", timeout=10)
    never = requests.post(f"{redis_url}/hooks/nowhere", data=b"{}", timeout=10)

    assert [refused.status_code, gone.status_code, never.status_code] == [400, 503, 404]
    (rejection,) = store.events.rejected()
    assert (rejection.hook, rejection.status, rejection.size) == ("zap", 400, 1)


def test_without_redis_a_sender_is_asked_to_try_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    away = Store(redis.Redis(port=port, retry=Retry(NoBackoff(), 0)), retention_ms=1_000)

    with serving(app_with(away.door)) as address:
        accepted, unknown = post_typeform(address), requests.post(f"{address}/hooks/nowhere", timeout=10)

    assert (accepted.status_code, accepted.headers["Retry-After"]) == (503, "5")
    assert unknown.status_code == 503
