"""Alarms: each raised once when it begins and once when it ends, whoever looks, and told until it was taken."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import pytest
import redis
from rq import Worker

from relay import alarms
from relay.alarms import Watch, current
from relay.embedded import EmbeddedRedis
from relay.model import Name
from relay.nudge import BACKGROUND, DELIVER, queue_of
from relay.settings import DAY_MS, Settings, load
from relay.store import Store
from relay.store.alarms import Change, Sighting
from relay.store.scripts import Scripts
from tests.doors import serving
from tests.far_crm import World, matched, update
from tests.waiting import until

HOUR_MS = 3_600_000
PERSON = "ana@example.com is taken"


class Receiver:
    """Where alarms are posted: a chat room that may be out of order."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[dict[str, Any]] = []
        self.refused = 0

    def app(self) -> flask.Flask:
        app = flask.Flask("receiver")

        @app.post("/room/a-secret-path")
        def take() -> tuple[str, int]:
            if self.status == 200:
                self.taken.append(flask.request.get_json())
            else:
                self.refused += 1
            return "", self.status

        return app

    def told(self) -> list[tuple[str, str]]:
        return [(one["alarm"], one["state"]) for one in self.taken]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Iterator[Settings]:
    with serving(receiver.app()) as url:
        yield load(
            {
                "RELAY_HOME": str(tmp_path),
                "LEADS_API_URL": "http://crm",
                "LEADS_API_KEY": "key",
                "RELAY_ALARM_URL": f"{url}/room/a-secret-path",
                "RELAY_PUBLIC_URL": "https://relay.example.cl",
            }
        )


@pytest.fixture
def world(store: Store) -> World:
    """A world in which workers are alive."""
    with_workers(store, DELIVER, BACKGROUND)
    return World(store)


def with_workers(store: Store, *queues: str) -> None:
    for queue in queues:
        Worker([queue_of(store.client, queue)], connection=store.client, name=f"w-{queue}").register_birth()


def looks(world: World, settings: Settings, number: int = 2) -> list[Change]:
    """Have a fresh process look so often, each time when it is its turn."""
    watch = Watch(world.store, settings)
    changes = []
    for _ in range(number):
        world.client.delete("relay:alarm-turn")
        changes += watch.look()
    return changes


def told(changes: list[Change]) -> list[tuple[str, str]]:
    return [(one.alarm, one.state) for one in changes]


def fail(world: World, times: int = 20) -> None:
    for n in range(times):
        world.accept(f"failing {n}", f"failing-{n}", update(phone="A"))
    world.deliver("fails before")


def errand_gate(world: World, queue: str, **fields: int | str) -> None:
    """Have an event wait in a queue whose gate has these fields."""
    one = matched("errand", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    world.store.door.accept([one])
    if queue != "find:default":
        world.client.sadd("relay:errands", queue)
        world.client.rename("relay:errands:find:default", f"relay:errands:{queue}")
        world.client.srem("relay:errands", "find:default")
    for name, value in fields.items():
        world.client.hset(f"relay:g:{queue}", name, str(value))


def aged(world: World, event: str, ms: int) -> None:
    """Have an event come in so much earlier."""
    key = f"relay:e:{event}"
    state, states, received, rest = world.client.get(key).split(b" ", 3)  # type: ignore[union-attr]
    world.client.set(key, b" ".join([state, states, b"%d" % (int(received) - ms), rest]))


def facts(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if one.name == "relay"]


def test_all_is_well_raises_nothing(world: World, settings: Settings) -> None:
    world.accept("e", "lead", update(phone="A"))

    assert looks(world, settings, 4) == []
    assert current(world.store) == []


def test_a_destination_that_is_held_is_told_once_when_it_begins_and_once_when_it_ends(
    world: World, settings: Settings
) -> None:
    world.accept("e", "lead", update(phone="A"))
    world.deliver("denied")

    began = looks(world, settings, 5)
    standing = current(world.store)
    world.advance(10_000)
    world.deliver()
    ended = looks(world, settings, 5)

    assert told(began) == [("held:default", "began")]
    assert [(one.name, one.about, one.words) for one in standing] == [
        ("held:default", "destination default", "the lead API refuses our key; set the right one")
    ]
    assert standing[0].began_ms == began[0].at_ms
    assert told(ended) == [("held:default", "ended")]
    assert ended[0].began_ms == began[0].at_ms
    assert current(world.store) == []


def test_what_is_seen_once_and_gone_again_is_told_by_nobody(world: World, settings: Settings) -> None:
    world.accept("e", "lead", update(phone="A"))
    world.deliver("denied")
    assert looks(world, settings, 1) == []

    world.client.delete("relay:d:default")
    assert looks(world, settings, 1) == []
    world.client.hset("relay:d:default", "held", 1)

    assert looks(world, settings, 1) == []
    assert told(looks(world, settings, 1)) == [("held:default", "began")]


def test_an_alarm_that_is_gone_for_one_look_goes_on(world: World, settings: Settings) -> None:
    world.client.hset("relay:d:default", "held", 1)
    looks(world, settings)

    world.client.hdel("relay:d:default", "held")
    looks(world, settings, 1)
    world.client.hset("relay:d:default", "held", 1)

    assert looks(world, settings, 3) == []
    assert len(current(world.store)) == 1


def test_an_open_breaker_is_an_alarm(world: World, settings: Settings) -> None:
    fail(world)

    assert told(looks(world, settings)) == [("open:default", "began")]


def test_dead_letters_are_an_alarm_from_the_number_on_that_is_set(world: World, settings: Settings) -> None:
    world.crm.poison = {"A"}
    few = replace(settings, alarm_dead=3)
    for n in range(2):
        world.accept(f"e{n}", f"lead-{n}", update(phone="A"))
        world.deliver()
    assert looks(world, few) == []

    world.accept("e3", "lead-3", update(phone="A"))
    world.deliver()

    [began] = looks(world, few)
    assert (began.alarm, began.words) == ("dead", "3 events could not be delivered")
    assert told(looks(world, settings)) == []  # it is the same alarm, with another limit


def test_a_long_wait_begins_above_its_limit_and_ends_well_below_it(world: World, settings: Settings) -> None:
    event = world.accept("e", "lead", update(phone="A"))
    aged(world, event, 10 * 60_000)

    def at_limit(minutes: float) -> list[tuple[str, str]]:
        return told(looks(world, replace(settings, alarm_wait_ms=round(minutes * 60_000)), 3))

    assert at_limit(11) == []
    assert at_limit(9) == [("wait:default", "began")]
    assert [one.words for one in current(world.store)] == ["the oldest lead has waited for 10 min"]
    assert at_limit(11) == []
    assert at_limit(13) == [("wait:default", "ended")]


def test_a_wait_that_has_another_cause_is_no_alarm_beside_it(world: World, settings: Settings) -> None:
    event = world.accept("e", "lead", update(phone="A"))
    aged(world, event, 10 * 60_000)
    world.client.hset("relay:d:default", "held", 1)

    assert told(looks(world, settings, 3)) == [("held:default", "began")]


def test_no_worker_is_an_alarm_only_while_something_is_due(store: Store, settings: Settings) -> None:
    world = World(store)
    assert looks(world, settings) == []

    world.accept("e", "lead", update(phone="A"))
    [began] = looks(world, settings)
    with_workers(store, DELIVER)
    ended = looks(world, settings)

    assert (began.alarm, began.words) == ("workers", "no worker is alive, and 1 lead is due")
    assert told(ended) == [("workers", "ended")]


def test_no_background_worker_is_an_alarm_while_somebody_is_to_be_asked(store: Store, settings: Settings) -> None:
    with_workers(store, DELIVER)
    world = World(store)
    errand_gate(world, "find:default")

    [began] = looks(world, settings)

    assert (began.alarm, began.words) == (
        "background",
        "no background worker is alive, and 1 event waits for answers or for a lead",
    )


@pytest.mark.parametrize(
    ("queue", "field", "alarm", "about"),
    [
        ("fetch:anuncios", "held", "token:fetch:anuncios", "asking for answers of hook anuncios"),
        ("find:default", "held", "held:find:default", "asking for leads at default"),
        ("fetch:anuncios", "open", "open:fetch:anuncios", "asking for answers of hook anuncios"),
    ],
)
def test_errands_that_are_kept_back_are_an_alarm_of_their_own(
    world: World, settings: Settings, queue: str, field: str, alarm: str, about: str
) -> None:
    errand_gate(world, queue, **{field: 1, "words": PERSON})

    [began] = looks(world, settings)

    assert (began.alarm, began.about) == (alarm, about)
    assert "example.com" not in began.words


def test_errands_that_wait_for_long_are_an_alarm(world: World, settings: Settings) -> None:
    errand_gate(world, "find:default")
    aged(world, world.client.zrange("relay:errands:find:default", 0, 0)[0].decode(), 10 * 60_000)

    assert told(looks(world, settings)) == [("wait:find:default", "began")]


def test_words_of_the_crm_stand_in_no_alarm(world: World, settings: Settings) -> None:
    world.client.hset("relay:d:default", mapping={"held": 1, "words": PERSON})

    [began] = looks(world, settings)

    assert "example.com" not in json.dumps(alarms.said(began, ""))


def habit(world: World, hook: str, *, per_hour: int, quiet_hours: int) -> None:
    """Write down two weeks in which the hook had so many events each hour, but for the last hours."""
    now_ms = world.store.events.now_ms()
    last = now_ms // HOUR_MS - quiet_hours
    for hour in range(last - 14 * 24, last + 1):
        world.client.hset(f"relay:hours:{hour // 24}", f"{hook}:{hour % 24}", per_hour)
    world.client.hset("relay:last", hook, last * HOUR_MS)


def test_a_hook_that_is_quiet_beyond_its_habit_is_an_alarm_until_its_next_event(
    world: World, settings: Settings
) -> None:
    world.store.door.know(["cotiza", "visita"])
    habit(world, "cotiza", per_hour=5, quiet_hours=6)
    habit(world, "visita", per_hour=1, quiet_hours=6)
    habit(world, "not loaded any more", per_hour=50, quiet_hours=6)

    [began] = looks(world, settings)
    world.accept("e", "lead", update(phone="A"))
    ended = looks(world, settings)

    assert (began.alarm, began.about) == ("silent:cotiza", "hook cotiza")
    assert began.words.startswith("no event since 20")
    assert began.words.endswith("UTC; about 25 were to be expected")
    assert told(ended) == [("silent:cotiza", "ended")]


def test_what_a_person_has_paused_is_not_told_of(world: World, settings: Settings) -> None:
    world.store.door.know(["cotiza", "visita"])
    habit(world, "cotiza", per_hour=5, quiet_hours=6)
    habit(world, "visita", per_hour=5, quiet_hours=6)
    aged(world, world.accept("e", "lead", update(phone="A")), 10 * 60_000)
    world.client.hset("relay:last", "cotiza", (world.store.events.now_ms() // HOUR_MS - 6) * HOUR_MS)
    world.store.steering.pause_hook("cotiza", who="ana", why="the campaign is wrong")
    world.store.steering.pause_destination("default", who="ana", why="the CRM moves")

    assert told(looks(world, settings)) == [("silent:visita", "began")]


def test_a_sum_that_does_not_hold_is_an_alarm_until_an_audit_finds_that_it_does(
    world: World, settings: Settings
) -> None:
    world.store.proofs.note(holds=False, events=5, faults=("one is lost",))
    assert told(looks(world, settings)) == [("sum", "began")]

    world.store.proofs.note(holds=True, events=5)
    assert told(looks(world, settings)) == [("sum", "ended")]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (8, None),
        (6, "runs out on {day}; set a new one, and META_TOKEN_EXPIRES with it"),
        (-1, "ran out on {day}; set a new one, and META_TOKEN_EXPIRES with it"),
    ],
)
def test_a_token_that_runs_out_within_a_week_is_an_alarm(
    world: World, settings: Settings, days: int, words: str | None
) -> None:
    at_ms = (world.store.events.now_ms() // DAY_MS + days) * DAY_MS
    day = alarms.time.strftime("%Y-%m-%d", alarms.time.gmtime(at_ms / 1000))

    changes = looks(world, replace(settings, expiries={"META_TOKEN": at_ms}))

    expected = [] if words is None else [("expires:META_TOKEN", "META_TOKEN", words.format(day=day))]
    assert [(one.alarm, one.about, one.words) for one in changes] == expected


def test_a_redis_that_is_nearly_full_is_an_alarm(world: World, settings: Settings) -> None:
    used = int(world.client.info("memory")["used_memory"])
    world.client.config_set("maxmemory", round(used / 0.9))
    try:
        changes = looks(world, settings)
    finally:
        world.client.config_set("maxmemory", 0)

    [began] = changes
    assert (began.alarm, began.about) == ("memory", "Redis")
    assert "of maxmemory are used; above 85% new events are refused: raise it" in began.words
    assert told(looks(world, settings)) == [("memory", "ended")]


def test_many_watches_at_once_raise_and_tell_once(world: World, settings: Settings, receiver: Receiver) -> None:
    world.client.hset("relay:d:default", "held", 1)
    watches = [Watch(world.store, settings, look_s=0.1) for _ in range(4)]
    for watch in watches:
        watch.start()
    try:
        until(lambda: receiver.taken)
        world.client.hdel("relay:d:default", "held")
        until(lambda: len(receiver.taken) > 1)
        until(lambda: not world.client.exists("relay:alarm-out"))
    finally:
        for watch in watches:
            watch.stop()

    assert receiver.told() == [("held:default", "began"), ("held:default", "ended")]


def test_looks_made_in_the_same_moment_are_one_step_each(world: World) -> None:
    """Whatever the turns are: of many looks of the same thing one begins the alarm."""
    changes: list[Change] = []
    sighting = Sighting(name="dead", about="dead letters", words="1 event")

    def look() -> None:
        changes.extend(world.store.alarms.look([sighting], looks=2, told=True))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told(changes) == [("dead", "began")]
    assert world.client.llen("relay:alarm-out") == 1


def test_a_look_that_is_repeated_after_its_answer_was_lost_gives_the_same_and_tells_nothing_twice(
    client: redis.Redis,
) -> None:
    run = Scripts(client).run
    arguments = ("nonce", 1, "1", 10, "dead", "dead letters", "1 event", "1", "memory", "Redis", "90%", "1")

    first, again = run("alarm", *arguments), run("alarm", *arguments)

    assert first == again
    assert len(first) == 2
    assert client.llen("relay:alarm-out") == 2


def test_a_message_says_what_where_since_when_and_where_to_look(
    world: World, settings: Settings, receiver: Receiver
) -> None:
    world.client.hset("relay:d:default", "held", 1)
    looks(world, settings)
    world.client.hdel("relay:d:default", "held")
    looks(world, settings)

    assert Watch(world.store, settings).tell()

    began, ended = receiver.taken
    assert {**began, "id": "", "at": ""} == {
        "text": "Lead Relay: destination default: the lead API refuses our key; set the right one",
        "id": "",
        "alarm": "held:default",
        "state": "began",
        "about": "destination default",
        "words": "the lead API refuses our key; set the right one",
        "at": "",
        "page": "https://relay.example.cl/ops",
    }
    assert began["at"].endswith("Z")
    assert ended["text"] == f"{began['text']} (over after 0 s)"
    assert began["id"] != ended["id"]


def test_a_receiver_that_is_out_of_order_gets_all_in_order_once_it_is_back(
    world: World, settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 503
    world.client.hset("relay:d:default", "held", 1)
    looks(world, settings)
    world.client.hdel("relay:d:default", "held")
    looks(world, settings)
    watch = Watch(world.store, settings)

    with caplog.at_level(logging.DEBUG, logger="relay"):
        rests = []
        for _ in range(3):
            assert not watch.tell()
            rests.append(world.client.pttl("relay:alarm-post"))
            assert watch.tell()  # it rests: nobody is asked
            world.client.delete("relay:alarm-post")
    assert receiver.refused == 3
    assert [round(ms / 1000) for ms in rests] == [5, 10, 20]

    receiver.status = 200
    assert watch.tell()
    assert receiver.told() == [("held:default", "began"), ("held:default", "ended")]
    assert not world.client.exists("relay:alarm-out", "relay:alarm-post", "relay:alarm-tries")
    assert Counter(one.msg for one in facts(caplog)) == {"alarm.began": 1, "alarm.ended": 1, "alarm.not_taken": 3}
    assert "a-secret-path" not in str([vars(one) for one in facts(caplog)])


@pytest.mark.parametrize("status", [301, 400, 404, 500])
def test_only_a_2xx_is_taken_for_an_answer(world: World, settings: Settings, receiver: Receiver, status: int) -> None:
    receiver.status = status
    world.client.hset("relay:d:default", "held", 1)
    looks(world, settings)

    assert not Watch(world.store, settings).tell()
    assert world.client.llen("relay:alarm-out") == 1


def test_a_receiver_that_is_not_there_is_asked_again(world: World, settings: Settings) -> None:
    world.client.hset("relay:d:default", "held", 1)
    looks(world, settings)

    assert not Watch(world.store, replace(settings, alarm_url="http://127.0.0.1:1/x")).tell()
    assert world.client.llen("relay:alarm-out") == 1


def test_a_message_that_nobody_took_for_a_day_is_given_up(
    world: World, settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    world.client.hset("relay:d:default", "held", 1)
    looks(world, settings)
    packed = json.loads(world.client.lindex("relay:alarm-out", 0))
    world.client.lset("relay:alarm-out", 0, json.dumps({**packed, "at": packed["at"] - DAY_MS - 1000}))

    with caplog.at_level(logging.DEBUG, logger="relay"):
        assert Watch(world.store, settings).tell()

    assert (receiver.taken, world.client.exists("relay:alarm-out")) == ([], 0)
    assert [one.msg for one in facts(caplog)] == ["alarm.began", "alarm.dropped"]


def test_without_an_address_alarms_stand_in_the_log_and_nothing_piles_up(
    world: World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = replace(settings, alarm_url="")
    world.client.hset("relay:d:default", "held", 1)

    with caplog.at_level(logging.DEBUG, logger="relay"):
        looks(world, nowhere)
        assert Watch(world.store, nowhere).tell()

    assert [(one.msg, one.levelname, one.__dict__["alarm"]) for one in facts(caplog)] == [
        ("alarm.began", "ERROR", "held:default")
    ]
    assert not world.client.exists("relay:alarm-out")


def test_an_outage_of_redis_ends_no_watch(tmp_path: Path, settings: Settings, receiver: Receiver) -> None:
    with EmbeddedRedis(tmp_path, appendfsync="everysec") as server:
        client = redis.Redis.from_url(server.url)
        watch = Watch(Store(client, retention_ms=DAY_MS), settings, look_s=0.1)
        watch.start()
        try:
            until(lambda: client.exists("relay:alarm-last"))
            server.kill()
            server.start()
            client.hset("relay:d:default", "held", 1)
            until(lambda: receiver.told() == [("held:default", "began")])
        finally:
            watch.stop()
            client.close()
