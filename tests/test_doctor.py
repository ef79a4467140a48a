"""What the relay stands on: what is looked at, how it is judged, and what refuses to start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Worker

from relay import wiring
from relay.doctor import (
    Finding,
    Level,
    examine,
    judge_redis,
    look_at_api,
    look_at_background,
    look_at_index,
    look_at_redis,
    look_at_workers,
    redis_faults,
)
from relay.embedded import EmbeddedRedis
from relay.errors import SettingsError, StoreError
from relay.leads_api import LeadsApi
from relay.model import Name
from relay.nudge import BACKGROUND, DELIVER, queue_of
from relay.sandbox import Sandbox
from relay.settings import DAY_MS, Destination, Settings, load
from relay.store import Store
from relay.store.condition import Condition, condition
from tests.far_crm import World, matched, update
from tests.hook_texts import ONE

GOOD = Condition(
    version=(7, 2), used_bytes=1, most_bytes=100, appendonly="yes", appendfsync="always", policy="noeviction"
)
EVERYSEC = "redis: appendfsync is everysec: a power cut loses the last second or two of accepted events"

Set = Callable[[str, object], None]


@pytest.fixture
def option(client: redis.Redis) -> Iterator[Set]:
    """Set options of the server until the test ends."""
    before: dict[str, str] = {}

    def set_option(name: str, value: object) -> None:
        before.update(client.config_get(name))
        client.config_set(name, value)

    yield set_option
    for name, value in before.items():
        client.config_set(name, value)


def away_from(tmp_path: Path) -> redis.Redis:
    """Give a client of a Redis that is not there, and that does not try again."""
    return redis.Redis(unix_socket_path=str(tmp_path / "nothing"), retry=Retry(NoBackoff(), 0))


def settings_for(tmp_path: Path, **environment: str) -> Settings:
    return load({"RELAY_HOME": str(tmp_path), "RELAY_RULES": str(tmp_path / "rules"), **environment})


def worst(findings: list[Finding]) -> list[tuple[Level, str]]:
    return [(one.level, str(one)) for one in findings if one.level is not Level.OK]


@pytest.mark.parametrize(
    ("found", "level", "words"),
    [
        ({"version": (6, 0)}, Level.FAULT, "redis: its version is 6.0; run Redis 6.2 or newer"),
        (
            {"policy": "allkeys-lru"},
            Level.FAULT,
            "redis: maxmemory-policy is allkeys-lru: when memory is short, Redis deletes events and leads; "
            "set maxmemory-policy noeviction",
        ),
        (
            {"appendonly": "no"},
            Level.FAULT,
            "redis: appendonly is no: a crash loses accepted events; set appendonly yes",
        ),
        ({"appendfsync": "everysec"}, Level.WARNING, f"{EVERYSEC}; set appendfsync always, or accept it"),
        (
            {"appendfsync": "no"},
            Level.WARNING,
            "redis: appendfsync is no: a power cut loses events; set appendfsync always",
        ),
        (
            {"policy": None},
            Level.WARNING,
            "redis: it does not tell maxmemory-policy (CONFIG is not allowed), so it could not be checked; "
            "see that it is noeviction",
        ),
    ],
)
def test_what_is_wrong_with_a_redis_is_said_with_what_to_change(
    found: dict[str, object], level: Level, words: str
) -> None:
    fields = {name: getattr(GOOD, name) for name in GOOD.__slots__}

    judged = list(judge_redis(Condition(**{**fields, **found})))

    assert worst(judged) == [(level, words)]


def test_a_good_redis_has_no_faults(client: redis.Redis, option: Set) -> None:
    option("appendfsync", "always")
    option("maxmemory", 10**9)

    assert redis_faults(client) == []
    assert worst(list(look_at_redis(client))) == []


def test_a_redis_without_a_limit_on_its_memory_is_doubtful(client: redis.Redis, option: Set) -> None:
    option("maxmemory", 0)

    (found,) = [one for one in look_at_redis(client) if "maxmemory is not set" in one.words]

    assert (found.level, found.cure) == (Level.WARNING, "set maxmemory to what it may take")


def test_a_redis_that_is_nearly_full_is_a_fault_but_does_not_keep_workers_from_starting(
    client: redis.Redis, option: Set
) -> None:
    option("appendfsync", "always")
    option("maxmemory", int(client.info("memory")["used_memory"] * 1.1))

    found = list(look_at_redis(client))[-1]

    assert (found.level, found.cure) == (Level.FAULT, "raise maxmemory: above 85 % new events are refused")
    assert redis_faults(client) == []


def test_a_redis_that_forbids_config_is_judged_by_what_it_tells(redis_server: EmbeddedRedis, option: Set) -> None:
    option("maxmemory", 10**9)
    with redis.Redis.from_url(redis_server.url) as owner:
        owner.acl_setuser("tenant", enabled=True, nopass=True, categories=["+@all"], commands=["-config"], keys=["*"])
        with redis.Redis.from_url(redis_server.url, username="tenant", password="any") as tenant:
            found = condition(tenant)
        owner.acl_deluser("tenant")

    assert (found.appendfsync, found.appendonly, found.policy, found.most_bytes) == (None, "yes", "noeviction", 10**9)


def test_start_up_refuses_a_redis_that_would_evict_events(client: redis.Redis, option: Set) -> None:
    option("maxmemory-policy", "allkeys-lru")

    with pytest.raises(SettingsError) as refused:
        wiring.heed(client)

    assert str(refused.value) == (
        "REDIS_URL: maxmemory-policy is allkeys-lru: when memory is short, Redis deletes events and leads; "
        "set maxmemory-policy noeviction"
    )


def test_start_up_logs_what_is_doubtful_and_goes_on(client: redis.Redis, caplog: pytest.LogCaptureFixture) -> None:
    wiring.heed(client)

    assert [(one.message, one.__dict__["words"]) for one in caplog.records] == [
        ("redis.doubtful", f"{EVERYSEC}; set appendfsync always, or accept it")
    ]


def test_start_up_does_not_judge_a_redis_that_is_away(tmp_path: Path) -> None:
    away = away_from(tmp_path)

    wiring.heed(away)

    with pytest.raises(StoreError):
        redis_faults(away)


def test_workers_that_are_alive_are_counted_and_none_is_a_fault(store: Store) -> None:
    worker = Worker([queue_of(store.client, DELIVER)], connection=store.client)
    nobody = look_at_workers(store)
    worker.register_birth()

    alive = look_at_workers(store)
    store.client.delete(worker.key)  # as it expires when a worker was killed

    assert str(alive) == "workers: 1 alive"
    assert look_at_workers(store) == nobody
    assert (nobody.level, str(nobody)) == (
        Level.FAULT,
        "workers: none is alive: events are accepted, but nothing is delivered; start workers",
    )


def test_errands_that_nobody_runs_are_a_fault(store: Store) -> None:
    assert list(look_at_background(store)) == []
    asking = matched("a", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    store.door.accept([asking])

    (nobody,) = look_at_background(store)
    Worker([queue_of(store.client, BACKGROUND)], connection=store.client).register_birth()
    (alive,) = look_at_background(store)

    assert (nobody.level, str(nobody)) == (
        Level.FAULT,
        "background: no worker is alive, and 1 event waits for answers or for their lead; "
        "start one: python -m workers.run background",
    )
    assert str(alive) == "background: 1 alive"


def test_an_index_made_with_another_key_is_a_fault(store: Store) -> None:
    assert look_at_index(store).level is Level.OK

    other = look_at_index(Store(store.client, retention_ms=DAY_MS, index_key="another"))

    assert other.level is Level.FAULT
    assert "RELAY_INDEX_KEY is not the one" in str(other)


def test_a_lead_api_that_knows_our_key_is_good_and_nothing_is_put() -> None:
    with Sandbox(strict=True) as crm:
        found = look_at_api("lead API default", api_of(crm, crm.key))
        asked = crm.requests()

    assert str(found) == "lead API default: it answers, and takes our key"
    assert [one["method"] for one in asked] == ["GET"]


def test_a_lead_api_that_refuses_our_key_is_a_fault() -> None:
    with Sandbox() as crm:
        found = look_at_api("lead API default", api_of(crm, "another"))

    assert (found.level, found.cure) == (Level.FAULT, "set the right LEADS_API_KEY")
    assert found.words.startswith("it refuses our key (401: ")


def test_a_lead_api_that_is_away_is_a_fault() -> None:
    with Sandbox() as crm:
        api = api_of(crm, crm.key)

    assert str(look_at_api("lead API default", api)) == (
        "lead API default: could not reach the lead API; check LEADS_API_URL, and whether it is up"
    )


def api_of(crm: Sandbox, key: str) -> LeadsApi:
    return LeadsApi(Destination(name="default", url=crm.url, key=key, rate=0), timeout_ms=2_000)


def test_everything_is_looked_at_even_when_much_is_wrong(store: Store, tmp_path: Path) -> None:
    World(store).accept("e", "lead", update(phone="1"))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "h.yaml").write_text(ONE)
    settings = settings_for(tmp_path)

    found = [str(one) for one in examine(store, settings, partial(wiring.leads_api, settings))]

    assert "destination default: 1 lead waits, but it is not served; set LEADS_API_URL" in found
    assert "lead API default: LEADS_API_URL is not set; set it, or try it all with relay up" in found
    assert any(one.startswith(f"rules: {tmp_path}/rules/h.yaml:2:11: ") for one in found)


def test_a_store_that_is_away_is_one_finding_among_the_others(tmp_path: Path) -> None:
    away = Store(away_from(tmp_path), retention_ms=1)
    settings = settings_for(tmp_path)

    found = [str(one) for one in examine(away, settings, partial(wiring.leads_api, settings))]

    assert found[0] == "redis: Redis is away or still loading: start it, or check REDIS_URL"
    assert len(found) == 3
