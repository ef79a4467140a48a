"""Texts of hook files are kept by version, so that an event can be explained by the rules that mapped it."""

from __future__ import annotations

import pytest
import redis

from relay.errors import StoreError
from relay.replay.versions import Versions
from relay.settings import DAY_MS
from relay.store import Store
from tests.hook_texts import ONE, hook_of
from tests.waiting import until

OTHER = ONE + "# another version\n"


def test_a_text_is_found_by_its_hook_and_version(store: Store) -> None:
    one, other = hook_of(ONE), hook_of(OTHER)

    store.rule_texts.keep([one])
    store.rule_texts.keep([other])

    assert store.rule_texts.text("h", one.version) == ONE
    assert store.rule_texts.text("h", other.version) == OTHER
    assert store.rule_texts.text("h", "00000000") is None
    assert store.rule_texts.text("nosuch", one.version) is None


def test_versions_are_listed_with_when_they_were_loaded_the_last_one_first(store: Store) -> None:
    one, other = hook_of(ONE), hook_of(OTHER)
    before = store.events.now_ms()

    store.rule_texts.keep([one])
    until(lambda: store.events.now_ms() > before + 1)
    store.rule_texts.keep([other])

    second, first = store.rule_texts.versions("h")
    assert (first.version, second.version) == (one.version, other.version)
    assert before <= first.first_ms <= first.last_ms < second.first_ms == second.last_ms <= store.events.now_ms()
    assert store.rule_texts.versions("nosuch") == []


def test_a_version_ends_when_another_takes_its_place_or_its_file_is_gone(store: Store) -> None:
    one, other = hook_of(ONE), hook_of(OTHER)
    ends = []
    for loaded in ([one], [other], []):
        until(lambda: store.events.now_ms() > (ends[-1] if ends else 0) + 1)
        store.rule_texts.keep(loaded)
        ends.append(store.events.now_ms())

    second, first = store.rule_texts.versions("h")

    assert ends[0] <= first.last_ms <= ends[1]
    assert ends[1] <= second.last_ms <= ends[2]


def test_the_version_loaded_last_is_the_first_of_the_list_even_where_the_clock_stood_still(
    store: Store, client: redis.Redis
) -> None:
    one, other = hook_of(ONE), hook_of(OTHER)
    store.rule_texts.keep([one])
    ahead = store.events.now_ms() + 60_000
    client.hset("relay:rules:h", one.version, f"{ahead} {ahead}")

    store.rule_texts.keep([other])
    assert [named.version for named in store.rule_texts.versions("h")] == [other.version, one.version]

    store.rule_texts.keep([one])
    newest, _ = store.rule_texts.versions("h")
    assert (newest.version, newest.first_ms, newest.last_ms) == (one.version, ahead, ahead + 2)


def test_keeping_a_text_again_keeps_when_it_was_first_loaded(store: Store) -> None:
    store.rule_texts.keep([hook_of(ONE)])
    (first,) = store.rule_texts.versions("h")
    until(lambda: store.events.now_ms() > first.last_ms)

    store.rule_texts.keep([hook_of(ONE)])

    (again,) = store.rule_texts.versions("h")
    assert again.first_ms == first.first_ms
    assert again.last_ms > first.last_ms


def test_a_text_outlives_the_retention_time_twelvefold_and_is_kept_for_longer_while_loaded(
    store: Store, client: redis.Redis
) -> None:
    hook = hook_of(ONE)
    key = f"relay:rules:h:{hook.version}"
    store.rule_texts.keep([hook])
    client.pexpire(key, 5_000)

    store.rule_texts.keep([hook])

    assert 359 * DAY_MS < client.pttl(key) <= 360 * DAY_MS  # type: ignore[operator]
    assert 359 * DAY_MS < client.pttl("relay:rules:h") <= 360 * DAY_MS  # type: ignore[operator]


def test_a_version_whose_text_is_gone_is_not_listed(store: Store, client: redis.Redis) -> None:
    one, other = hook_of(ONE), hook_of(OTHER)
    store.rule_texts.keep([one])
    client.delete(f"relay:rules:h:{one.version}")

    store.rule_texts.keep([other])

    assert [found.version for found in store.rule_texts.versions("h")] == [other.version]


def test_the_door_keeps_what_could_not_be_kept_at_the_start(store: Store, client: redis.Redis) -> None:
    hook = hook_of(ONE)
    client.config_set("maxmemory", 1)
    try:
        store.rule_texts.keep([hook])  # raises nothing
        with pytest.raises(StoreError, match="Redis is full"):
            store.rule_texts.refresh()
    finally:
        client.config_set("maxmemory", 0)
    assert store.rule_texts.text("h", hook.version) is None

    store.door.try_writing()

    assert store.rule_texts.text("h", hook.version) == ONE


def test_a_store_that_is_away_is_not_taken_for_a_text_that_is_not_kept() -> None:
    away = Store(redis.Redis(unix_socket_path="/nowhere/redis.sock"), retention_ms=DAY_MS)

    with pytest.raises(StoreError, match="Redis is away"):
        Versions(away, {}).version("h", "00000000")
