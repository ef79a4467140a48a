"""Figures for a scraper: the same from every process, those of the store, and nothing in a label that may grow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
import redis
import requests
from prometheus_client.parser import text_string_to_metric_families
from redis.backoff import NoBackoff
from redis.retry import Retry

from relay import ops, wiring
from relay.embedded import EmbeddedRedis
from relay.errors import StoreError
from relay.metrics import exposition
from relay.model import Mapped, Name, Reason, State
from relay.settings import DAY_MS, Settings, load
from relay.store import Store
from relay.store.accept_times import ACCEPT_BOUNDS_MS, AcceptTimes
from relay.store.scripts import Scripts
from tests.doors import MemoryStore, app_with, post_zap, serving
from tests.far_crm import World, arrival, matched, update
from tests.running import TOKEN, running
from tests.waiting import until

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
RULES = """\
sender: typeform
secrets: [TYPEFORM_SECRET]
lead: {id: "${hidden.lead_id}"}
rules:
  - name: title
    update: {title: "${fields.cargo}"}
"""

#: Value by name and labels: ``relay_gate{destination=default,state=held}``.
Figures = dict[str, float]


def read(text: str) -> Figures:
    """Read the text as Prometheus does."""
    return {
        f"{one.name}{{{','.join(f'{label}={value}' for label, value in sorted(one.labels.items()))}}}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = {"RELAY_HOME": str(tmp_path), "LEADS_API_URL": "http://crm", "LEADS_API_KEY": "key"}
    return load({**home, "RELAY_OPS_TOKEN": TOKEN})


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def figures(world: World, settings: Settings) -> Figures:
    return read(exposition(world.store, settings, "")[0].decode())


def some(found: Figures, name: str) -> Figures:
    """Give the figures of one name that are not 0, by their labels."""
    return {key.removeprefix(name): value for key, value in found.items() if key.startswith(f"{name}{{") and value}


def test_a_store_of_which_nothing_is_known_has_figures(world: World, settings: Settings) -> None:
    found = figures(world, settings)

    assert some(found, "relay_gate") == {"{destination=default,state=flowing}": 1}
    assert (
        found["relay_dead_letters{kind=refused}"]
        == found["relay_parked{}"]
        == found["relay_workers{queue=deliver}"]
        == 0
    )
    assert found["relay_accept_seconds_count{}"] == 0
    assert [key for key in found if key.startswith("relay_build_info{python=3.")] != []


def test_events_are_counted_by_hook_and_by_the_states_they_enter(world: World, settings: Settings) -> None:
    world.crm.poison = {"B"}
    world.accept("e1", "lead-1", update(phone="A"))
    world.accept("e1", "lead-1", update(phone="A"))
    world.accept("e2", "lead-2", update(phone="B"))
    world.deliver()
    world.store.door.accept([matched("e3", [Name("phone", "+56912345678")], update(title="x"))])
    world.store.door.reject("cotiza", status=401, words="no", size=1)

    found = figures(world, settings)

    assert some(found, "relay_events_accepted_total") == {"{hook=cotiza}": 3}
    assert some(found, "relay_events_duplicate_total") == {"{hook=cotiza}": 1}
    assert some(found, "relay_requests_rejected_total") == {"{hook=cotiza}": 1}
    assert some(found, "relay_events_total") == {
        "{hook=cotiza,state=delivered}": 1,
        "{hook=cotiza,state=dead}": 1,
        "{hook=cotiza,state=parked}": 1,
    }
    assert some(found, "relay_put_attempts_total") == {
        "{destination=default,status=200}": 1,
        "{destination=default,status=400}": 1,
    }
    assert some(found, "relay_dead_letters") == {"{kind=refused}": 1}
    assert found["relay_parked{}"] == 1
    assert found["relay_last_event_timestamp_seconds{hook=cotiza}"] == pytest.approx(world.now() / 1000, abs=60)


def test_speed_to_lead_is_a_histogram_whose_buckets_add_up(world: World, settings: Settings) -> None:
    world.client.hset("relay:speed", mapping={"cotiza:0": 3, "cotiza:2": 1, "cotiza:14": 1, "cotiza:sum": 90_000_500})

    found = figures(world, settings)

    def upto(bound: str) -> float:
        return found[f"relay_speed_to_lead_seconds_bucket{{hook=cotiza,le={bound}}}"]

    assert [upto(bound) for bound in ("0.1", "0.25", "0.5", "86400.0", "+Inf")] == [3, 3, 4, 4, 5]
    assert found["relay_speed_to_lead_seconds_count{hook=cotiza}"] == 5
    assert found["relay_speed_to_lead_seconds_sum{hook=cotiza}"] == 90_000.5


@pytest.mark.parametrize("state", ["held", "open"])
def test_a_gate_has_one_state_of_all(world: World, settings: Settings, state: str) -> None:
    world.client.hset("relay:d:default", state, 1)

    found = figures(world, settings)

    assert some(found, "relay_gate") == {f"{{destination=default,state={state}}}": 1}
    assert found["relay_gate{destination=default,state=flowing}"] == 0


def test_what_waits_is_told_by_destination_and_by_queue(world: World, settings: Settings) -> None:
    world.accept("e1", "lead-1", update(phone="A"))
    world.accept("e2", "lead-2", update(phone="A"))
    world.client.zadd("relay:due:default", {"lead-2": world.now() + 60_000})
    world.store.door.accept([matched("e3", [Name("phone", "+56912345678")], update(title="x"), missing="create")])
    world.client.hset("relay:g:find:default", "held", 1)

    found = figures(world, settings)

    assert found["relay_due_leads{destination=default}"] == 1
    assert found["relay_leads_waiting{destination=default}"] == 2
    assert 0 <= found["relay_oldest_wait_seconds{destination=default}"] < 60
    assert found["relay_errands{queue=find:default}"] == 1
    assert some(found, "relay_errands_gate") == {"{queue=find:default,state=held}": 1}


def test_secrets_that_run_out_and_alarms_are_told_by_name(world: World, settings: Settings) -> None:
    world.client.hset("relay:alarms", "dead", '{"about":"dead letters","words":"1 event","began":5,"seen":2,"gone":0}')

    found = figures(world, replace(settings, expiries={"META_TOKEN": 20 * DAY_MS}))

    assert found["relay_secret_expires_timestamp_seconds{secret=META_TOKEN}"] == 20 * 86_400
    assert some(found, "relay_alarm") == {"{alarm=dead}": 1}


def test_what_others_say_becomes_no_label(world: World, settings: Settings) -> None:
    dead = Mapped(event_id="e", at_ms=None, state=State.DEAD, reason=Reason(kind="ana@example.com", words="ana"))
    world.store.door.accept([replace(arrival("e", LEAD), mapped=dead)])
    world.client.hset("relay:d:default", mapping={"held": 1, "words": "ana@example.com is taken"})

    text = exposition(world.store, settings, "")[0].decode()

    assert some(read(text), "relay_dead_letters") == {"{kind=other}": 1}
    assert "ana" not in text.replace("NAME_EXPIRES", "").replace("manager", "")
    assert LEAD not in text


def test_many_leads_make_no_more_figures_than_one(world: World, settings: Settings) -> None:
    def lines() -> int:
        return len(figures(world, settings))

    for n in range(40):
        world.crm.poison = {n}
        world.accept(f"dead {n}", f"lead-{n}", update(phone=n))
        world.accept(f"good {n}", f"good-{n}", update(phone="A"))
        world.deliver()
        if n == 0:
            one = lines()

    assert lines() == one
    assert one < 150


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
)
def test_the_format_is_the_one_that_the_scraper_asks_for(
    world: World, settings: Settings, accept: str, kind: str
) -> None:
    text, content_type = exposition(world.store, settings, accept)

    assert content_type.startswith(kind)
    assert text.endswith(b"# EOF\n") == (kind != "text/plain")


def test_times_of_all_processes_add_up(client: redis.Redis) -> None:
    ours, theirs = AcceptTimes(Scripts(client)), AcceptTimes(Scripts(client))
    for seconds in (0.0005, 0.002, 0.002):
        ours.note(seconds)
    theirs.note(7)

    ours.flush()
    theirs.flush()
    ours.flush()

    found = ours.all()
    assert dict(zip((*ACCEPT_BOUNDS_MS, "more"), found.buckets, strict=True)) == {
        **dict.fromkeys(ACCEPT_BOUNDS_MS, 0),
        1: 1,
        2.5: 2,
        "more": 1,
    }
    assert found.sum_us == 7_004_500


def test_times_noted_by_many_threads_at_once_are_all_there(client: redis.Redis) -> None:
    times = AcceptTimes(Scripts(client))

    def note() -> None:
        for n in range(2_000):
            times.note(0.001)
            if n % 100 == 0:
                times.flush()

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.flush()

    assert sum(times.all().buckets) == 8_000


def test_a_call_that_is_repeated_after_its_answer_was_lost_adds_nothing(client: redis.Redis) -> None:
    run = Scripts(client).run

    assert [run("tally", "process", number, "0", 5, "sum", 100) for number in (1, 1, 2)] == [1, 0, 1]
    assert client.hgetall("relay:accept") == {b"0": b"10", b"sum": b"200"}


def test_times_that_the_store_did_not_take_are_added_later(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as server:
        times = AcceptTimes(Scripts(redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))))
        times.note(0.001)
        server.kill()
        with pytest.raises(StoreError, match="Redis is away"):
            times.flush()
        times.note(0.001)
        server.start()

        times.flush()

        assert sum(times.all().buckets) == 2


def test_the_door_notes_how_long_accepted_requests_took_and_no_others() -> None:
    noted: list[float] = []
    with serving(app_with(MemoryStore(), note=noted.append)) as url:
        post_zap(url, {"event_id": "e1", "nombre": "Juana", "lead_id": LEAD})
        post_zap(url, b"[1]")

    [seconds] = noted
    assert 0 < seconds < 10


def means_of(store: Store, settings: Settings) -> ops.Means:
    """Give what the desk needs to know who asks."""
    logins, read = wiring.logins(settings, store.client), wiring.reader(settings)
    return ops.means(store, settings, logins=logins, hooks={}, rules=dict, read=read)


@pytest.fixture
def url(settings: Settings, redis_server: EmbeddedRedis, client: redis.Redis) -> Iterator[str]:
    store = Store(client, retention_ms=30 * DAY_MS)
    app = flask.Flask("metrics")
    app.register_blueprint(ops.desk(means_of(store, settings)))
    app.register_blueprint(ops.metrics(store, settings))
    with serving(app) as address:
        yield address


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer another-token-of-16"}, 401),
        ({"Authorization": "Basic " + TOKEN}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_figures_are_for_those_who_have_a_token(url: str, headers: dict[str, str], status: int) -> None:
    answer = requests.get(f"{url}/metrics", headers=headers, timeout=10, allow_redirects=False)

    assert answer.status_code == status
    assert ("relay_events" in answer.text) == (status == 200)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Cache-Control"] == "no-store"


def test_while_redis_is_away_there_are_no_figures_rather_than_wrong_ones(settings: Settings, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis", appendfsync="everysec") as server:
        client = redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0), socket_timeout=2)
        store = Store(client, retention_ms=DAY_MS)
        app = flask.Flask("metrics")
        app.register_blueprint(ops.desk(means_of(store, settings)))
        app.register_blueprint(ops.metrics(store, settings))
        with client, serving(app) as address:
            server.kill()
            headers = {"Authorization": f"Bearer {TOKEN}"}
            answer = requests.get(f"{address}/metrics", headers=headers, timeout=10)

    assert (answer.status_code, "relay_" in answer.text) == (503, False)


def test_whichever_process_is_asked_the_figures_are_those_of_the_store(
    tmp_path: Path, redis_server: EmbeddedRedis
) -> None:
    with running(tmp_path, RULES, redis_url=redis_server.url, webs=2) as relay:
        ids = [relay.send(cargo=f"paso {n}") for n in range(30)]
        requests.post(f"{relay.url}/hooks/cotiza", data="{}", timeout=10)
        until(lambda: all(relay.event(id).state in (State.DELIVERED, State.SUPERSEDED) for id in ids))
        until(lambda: read(relay.metrics())["relay_accept_seconds_count{}"] == 30)

        found: list[dict[str, Any]] = [read(relay.metrics()) for _ in range(6)]

        totals, attempts = relay.store.meters.totals(), relay.store.meters.attempts()
        started = [one for one in relay.lines() if one["event"] == "web.started"]
    assert len(started) == 2
    for one in found:
        assert one["relay_events_accepted_total{hook=cotiza}"] == totals["accepted"]["cotiza"] == 30
        assert one["relay_requests_rejected_total{hook=cotiza}"] == totals["rejected"]["cotiza"] == 1
        delivered = one["relay_events_total{hook=cotiza,state=delivered}"]
        assert delivered == totals["delivered"]["cotiza"]
        assert one["relay_put_attempts_total{destination=default,status=200}"] == attempts["default", 200]
        assert one["relay_speed_to_lead_seconds_count{hook=cotiza}"] == delivered
        assert one["relay_accept_seconds_count{}"] == 30
        assert one["relay_workers{queue=deliver}"] == 1
    same = [{name: value for name, value in one.items() if "wait" not in name} for one in found]
    assert same == [same[0]] * len(same)
