"""The drain at work: real PUTs to the sandbox, a real Redis, real threads."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from relay.audit import audit
from relay.embedded import EmbeddedRedis
from relay.leads_api import LeadsApi
from relay.model import State
from relay.sandbox import Sandbox
from relay.settings import DAY_MS, Destination
from relay.store import Store
from tests.far_crm import arrival, update
from tests.running import environment_of, process
from tests.waiting import until
from workers.drain import Drain

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def crm() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def leads(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


def accept(store: Store, lead: str, value: str, *, each: bool = False, at_ms: int | None = None) -> str:
    """Have the store accept an event that sets the register named before the ``=`` of its value."""
    register = value.partition("=")[0]
    one = arrival(secrets.token_hex(8), lead, update(each=each, **{register: value}), at_ms=at_ms)
    return store.door.accept([one])[0].id


class Running:
    """A drain in a thread of its own."""

    def __init__(self, drain: Drain, name: str) -> None:
        self.drain, self.name = drain, name
        self.thread = threading.Thread(target=drain.run)
        self.thread.start()

    def ended(self) -> bool:
        return not self.thread.is_alive()


@contextmanager
def draining(
    store: Store,
    crm: Sandbox,
    *,
    slot: int | None = None,
    threads: int = 8,
    timeout_ms: int = 2_000,
    lease_ms: int = 30_000,
    rate: float = 0,
) -> Iterator[Running]:
    """Arm a drain for what is due, in this slot though it may be another's, and stop it when the block ends."""
    name = secrets.token_hex(4)
    arming = store.arming("default", slots=2, room=1)
    armed = arming.arm(name) if slot is None else slot
    assert armed is not None
    destination = Destination(name="default", url=crm.url, key=crm.key, rate=rate)
    drain = Drain(
        store.delivery("default", lease_ms=lease_ms, rate=rate),
        arming,
        LeadsApi(destination, timeout_ms=timeout_ms, connections=threads),
        slot=armed,
        name=name,
        threads=threads,
        deadline_ms=timeout_ms,
        waker=redis.Redis(connection_pool=store.client.connection_pool),
    )
    running = Running(drain, name)
    try:
        yield running
    finally:
        drain.stop()
        running.thread.join()


def until_all(store: Store, ids: list[str], *states: State) -> None:
    """Wait until every one of these events is in one of these states."""
    until(lambda: all(header.state in states for header in store.events.headers(ids)))


def puts(crm: Sandbox, lead: str = LEAD) -> list[dict[str, Any]]:
    return [one for one in crm.requests() if one["lead"] == lead]


def test_a_drain_goes_on_at_once_where_a_person_ends_the_wait_of_its_destination(store: Store, crm: Sandbox) -> None:
    crm.put_faults(errors={"429": 1}, retry_after=600)
    slow = accept(store, LEAD, "title=x")

    with draining(store, crm):
        until(lambda: store.gates.gate("default").state == "slowed")
        crm.put_faults()
        store.steering.probe("default", who="ana")
        until_all(store, [slow], State.DELIVERED)


def test_a_paused_destination_is_sent_nothing_until_it_is_resumed(store: Store, crm: Sandbox) -> None:
    first = accept(store, LEAD, "title=x")

    with draining(store, crm):
        until_all(store, [first], State.DELIVERED)
        store.steering.pause_destination("default", who="ana", why="a test")
        second = accept(store, LEAD, "title=y")
        until(lambda: store.gates.gate("default").due == 1)
        sent = len(puts(crm))
        store.steering.resume_destination("default", who="ana")
        until_all(store, [second], State.DELIVERED)

    assert (sent, len(puts(crm))) == (1, 2)


def test_many_leads_are_in_flight_at_once_and_each_only_once(store: Store, crm: Sandbox) -> None:
    crm.put_faults(latency_ms=100)
    ids = [accept(store, lead, f"title={number}") for number, lead in enumerate(leads(40))]

    with draining(store, crm, threads=8):
        until_all(store, ids, State.DELIVERED)

    stats = crm.stats()
    assert (stats["max_in_flight"], stats["max_in_flight_per_lead"]) == (8, 1)
    assert stats["applied"] == 40


def test_steps_that_must_all_be_seen_go_out_one_by_one_in_the_order_in_which_they_happened(
    store: Store, crm: Sandbox
) -> None:
    crm.put_faults(errors={"500": 1.0})
    now = store.events.now_ms()
    ids = [accept(store, LEAD, f"title={ago}", each=True, at_ms=now - ago * 1_000) for ago in (3, 1, 4, 2, 5)]

    with draining(store, crm):
        until(lambda: crm.stats()["by_status"] == {"500": 1})
        crm.put_faults()
        until_all(store, ids, State.DELIVERED)

    sent = [one["body"]["title"] for one in puts(crm)]
    assert sent[:6] == ["title=5", "title=5", "title=4", "title=3", "title=2", "title=1"]


def test_of_a_merged_body_that_is_refused_only_the_bad_event_is_buried(store: Store, crm: Sandbox) -> None:
    crm.put_faults(refuse=[{"field": "title", "message": "no titles here"}])
    good = [accept(store, LEAD, value) for value in ("phone=1", "company=1")]
    bad = accept(store, LEAD, "title=1")

    with draining(store, crm):
        until_all(store, good, State.DELIVERED)
        until_all(store, [bad], State.DEAD)

    event = store.events.event(bad)
    assert event is not None
    assert event.reason is not None
    assert (event.reason.kind, event.reason.words) == ("refused", "no titles here")
    assert [one["status"] for one in puts(crm)] == [400, 200, 200, 400]


def test_429_slows_the_whole_destination_and_burns_no_attempt(store: Store, crm: Sandbox) -> None:
    crm.put_faults(errors={"429": 1.0}, retry_after=2)
    first = accept(store, LEAD, "title=1")

    with draining(store, crm):
        until(lambda: store.gates.gate("default").state == "slowed")
        crm.put_faults()
        others = [accept(store, lead, "title=2") for lead in leads(5)]
        until_all(store, [first, *others], State.DELIVERED)

    refused, *passed = crm.requests()
    assert [refused["status"], {one["status"] for one in passed}] == [429, {200}]
    assert min(one["started_ms"] for one in passed) >= refused["ended_ms"] + 2_000
    assert [entry.attempt for entry in store.events.lead(LEAD).history] == [1, 1]


def test_a_lead_that_the_crm_does_not_know_yet_is_waited_for(store: Store, crm: Sandbox) -> None:
    crm.put_faults(strict=True)
    event = accept(store, LEAD, "title=1")

    with draining(store, crm):
        until(lambda: crm.stats()["by_status"] == {"404": 1})
        crm.add_lead(LEAD)
        until_all(store, [event], State.DELIVERED)

    assert crm.leads()[LEAD]["title"] == "title=1"


def test_a_put_that_is_never_answered_is_cut_at_its_deadline_and_sent_again(store: Store, crm: Sandbox) -> None:
    crm.put_faults(hang=1.0)
    event = accept(store, LEAD, "title=1")

    with draining(store, crm, timeout_ms=500):
        until(lambda: store.events.lead(LEAD).history)
        crm.put_faults()
        until_all(store, [event], State.DELIVERED)

    cut = store.events.lead(LEAD).history[0]
    assert (cut.status, cut.words) == (0, "the lead API did not answer in time")
    assert cut.took_ms >= 500


def test_one_that_is_told_to_stop_finishes_what_is_in_flight_and_claims_no_more(store: Store, crm: Sandbox) -> None:
    crm.put_faults(latency_ms=500)
    ids = [accept(store, lead, "title=1") for lead in leads(20)]

    with draining(store, crm, threads=2) as running:
        until(lambda: crm.stats()["in_flight"] == 2)
        running.drain.stop()
        until(running.ended)

    assert {one["status"] for one in crm.requests()} == {200}
    states = [header.state for header in store.events.headers(ids)]
    assert states.count(State.DELIVERED) == crm.stats()["applied"] < 20
    assert store.gates.gate("default").due == states.count(State.IN_FLIGHT)


def test_a_worker_that_gets_sigterm_finishes_what_is_in_flight(
    store: Store, crm: Sandbox, redis_server: EmbeddedRedis, tmp_path: Path
) -> None:
    crm.put_faults(latency_ms=1_000)
    event = accept(store, LEAD, "title=1")

    with process(["workers.run"], environment_of(tmp_path, redis_server.url, crm)):
        until(lambda: crm.stats()["in_flight"])

    until_all(store, [event], State.DELIVERED)
    assert [one["status"] for one in puts(crm)] == [200]


def test_a_worker_that_starts_while_redis_is_away_says_so_and_ends(crm: Sandbox, tmp_path: Path) -> None:
    environment = environment_of(tmp_path, f"unix://{tmp_path}/nothing", crm)

    ended = subprocess.run(
        [sys.executable, "-m", "workers.run"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 2
    assert ended.stderr.endswith("\nRedis is away or still loading: start it, or check REDIS_URL\n")
    assert "Traceback" not in ended.stderr


def test_two_drains_never_have_one_lead_in_flight_twice(store: Store, crm: Sandbox) -> None:
    crm.put_faults(latency_ms=300)
    some = leads(60)
    ids = [accept(store, lead, "title=0") for lead in some]

    with draining(store, crm, threads=3), draining(store, crm, threads=3):
        until(lambda: crm.stats()["max_in_flight"] > 3)
        crm.put_faults(latency_ms=20, spread_ms=20)
        for number in range(300):
            ids.append(accept(store, some[number % 10], f"title={number}"))
        until_all(store, ids, State.DELIVERED, State.SUPERSEDED)

    stats = crm.stats()
    assert (stats["max_in_flight_per_lead"], stats["overlaps"]) == (1, 0)
    assert audit(store).holds


def test_a_drain_whose_slot_is_anothers_ends(store: Store, crm: Sandbox) -> None:
    crm.put_faults(hang=1.0)
    event = accept(store, LEAD, "title=1")

    with draining(store, crm, timeout_ms=20_000) as right:
        until(lambda: crm.stats()["in_flight"])
        with draining(store, crm, slot=0, timeout_ms=20_000) as doubled:
            until(doubled.ended)
        assert not right.ended()
        crm.put_faults()
        until_all(store, [event], State.DELIVERED)

    assert len(puts(crm)) == 1


def test_what_was_sent_while_redis_was_killed_is_recorded_and_not_sent_again(crm: Sandbox, tmp_path: Path) -> None:
    crm.put_faults(latency_ms=300)
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        store = Store(client, retention_ms=30 * DAY_MS)
        ids = [accept(store, lead, "title=1") for lead in leads(12)]

        with draining(store, crm, threads=4):
            until(lambda: crm.stats()["in_flight"] == 4)
            server.kill()
            until(lambda: crm.stats()["in_flight"] == 0)
            server.start()
            until_all(store, ids, State.DELIVERED)

        assert audit(store).holds
    assert crm.stats()["requests"] == 12


def test_the_rate_of_the_destination_is_kept(store: Store, crm: Sandbox) -> None:
    ids = [accept(store, lead, "title=1") for lead in leads(120)]

    with draining(store, crm, threads=16, rate=40):
        until_all(store, ids, State.DELIVERED)

    starts = [one["started_ms"] for one in crm.requests()]
    in_a_second = [sum(start <= other < start + 1_000 for other in starts) for start in starts]
    # 40 in a second, and what may be saved up or claimed ahead; without a limit it would be all 120.
    assert max(in_a_second) <= 80
