"""The hardest promise, as a property: whatever happens on the way, each register ends with the newest delivered value.

A state machine over the real store and the real decisions; only the far CRM and time are models.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from relay.audit import audit
from relay.embedded import EmbeddedRedis
from relay.model import Arrival, Name, State, Update
from relay.settings import DAY_MS
from relay.store import Store
from relay.store.delivery import Claim, Completion
from tests.far_crm import DEADLINE_MS, LEASE_MS, World, arrival, matched

LEAD_A, LEAD_B = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
LEADS = (LEAD_A, LEAD_A, LEAD_A, LEAD_B)
#: What the leads are known by, once somebody says so; of the last one two may come to have it.
NAMES = (Name("phone", "+56912345678"), Name("email", "a@b.cl"), Name("external_id", "x"))
OWNERS = {NAMES[0]: (LEAD_A,), NAMES[1]: (LEAD_B,), NAMES[2]: (LEAD_A, LEAD_B)}
REGISTERS = ("phone", "metadata.estado", "metadata.utm")
HOOKS = ("cotiza", "cotiza", "visita")
FATES = ("ok", "ok", "ok", "fails before", "fails after", "late", "missing", "slow", "denied")

#: The updates of one event: for each the registers it sets, and whether it is sent alone.
shapes = st.lists(
    st.tuples(st.sets(st.sampled_from(REGISTERS), min_size=1), st.sampled_from((False, False, True))),
    min_size=1,
    max_size=2,
)
#: Events that come in one after the other: lead, age in ms, updates, whether the CRM refuses the first of them, and
#: the fate of a delivery right after, if there is one.
arrivals = st.lists(
    st.tuples(
        st.sampled_from(LEADS),
        st.integers(0, 60_000),
        shapes,
        st.sampled_from((False, False, False, False, True)),
        st.sampled_from((None, "ok", "ok", "ok", "late", "late", "fails after", "fails before")),
    ),
    min_size=2,
    max_size=8,
)
#: Longer than the first wait after a failure, shorter than the deadline of a PUT.
MOMENT_MS = 2_500


class Deliveries(RuleBasedStateMachine):
    """Events come in any order; attempts meet any fate; workers die; people replay, pause and resume."""

    server: EmbeddedRedis

    claims = Bundle("claims")

    @initialize()
    def begin(self) -> None:
        client = redis.Redis.from_url(self.server.url)
        client.flushall()
        self.world = World(Store(client, retention_ms=30 * DAY_MS))
        self.world.store.door.know(HOOKS)
        self.serial = itertools.count()
        self.ids: list[str] = []
        self.accepted: dict[str, Arrival] = {}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.check_the_end()
            finally:
                self.world.client.close()

    @rule(some=arrivals, hook=st.sampled_from(HOOKS), pausing=st.sampled_from((False, False, False, True)))
    def accept(
        self, some: list[tuple[str, int, list[tuple[set[str], bool]], bool, str | None]], hook: str, pausing: bool
    ) -> None:
        for lead, ago_ms, shape, bad, fate in some:
            name = f"event {next(self.serial)}"
            updates = tuple(
                Update(
                    set={register: f"{name} {place} {register}" for register in sorted(registers)},
                    by=dict.fromkeys(registers, "a rule"),
                    each=each,
                )
                for place, (registers, each) in enumerate(shape)
            )
            if bad:
                self.world.crm.poison |= set(updates[0].set.values())
            at_ms = self.world.store.events.now_ms() - ago_ms
            self.take(name, replace(arrival(name, lead, *updates, at_ms=at_ms), hook=hook))
            if pausing:
                self.pause_a_hook(hook)
            if fate is not None:
                self.world.advance(MOMENT_MS)
                self.world.deliver(fate)

    @precondition(lambda self: self.accepted)
    @rule(which=st.randoms(use_true_random=False))
    def send_again(self, which: Random) -> None:
        """A sender repeats an event: nothing changes."""
        name = which.choice(sorted(self.accepted))
        again = self.world.store.door.accept([self.accepted[name]])
        assert again[0].duplicate

    def take(self, name: str, one: Arrival) -> None:
        self.ids.append(self.world.store.door.accept([one])[0].id)
        self.accepted[name] = one

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
        ago_ms=st.integers(0, 60_000),
        registers=st.sets(st.sampled_from(REGISTERS), min_size=1),
        each=st.booleans(),
        hook=st.sampled_from(HOOKS),
    )
    def accept_one_whose_lead_is_to_be_found(
        self, names: list[Name], ago_ms: int, registers: set[str], each: bool, hook: str
    ) -> None:
        name = f"event {next(self.serial)}"
        values = {register: f"{name} {register}" for register in sorted(registers)}
        wanted = Update(set=values, by=dict.fromkeys(values, "a rule"), each=each)
        at_ms = self.world.store.events.now_ms() - ago_ms
        self.take(name, replace(matched(name, names, wanted, at_ms=at_ms), hook=hook))

    @rule(hook=st.sampled_from(HOOKS))
    def pause_a_hook(self, hook: str) -> None:
        self.world.store.steering.pause_hook(hook, who="ana", why="a test")

    @rule(hook=st.sampled_from(HOOKS), patience_s=st.sampled_from((0.0, 10.0)))
    def resume_a_hook(self, hook: str, patience_s: float) -> None:
        """Who resumes it dies at once, or stays until all is put back."""
        self.world.store.steering.resume_hook(hook, who="ana", patience_s=patience_s)

    @rule(hook=st.sampled_from(HOOKS))
    def put_one_back(self, hook: str) -> None:
        self.world.store.steering.put_back(hook, most=1)

    @rule()
    def the_background_goes_on(self) -> None:
        self.world.store.steering.go_on()

    @rule(paused=st.booleans())
    def pause_or_resume_the_destination(self, paused: bool) -> None:
        if paused:
            self.world.store.steering.pause_destination("default", who="ana", why="a test")
        else:
            self.world.store.steering.resume_destination("default", who="ana")

    @rule(name=st.sampled_from(NAMES), which=st.integers(0, 1))
    def a_name_becomes_known(self, name: Name, which: int) -> None:
        owners = OWNERS[name]
        self.world.store.names.learn("default", [(owners[which % len(owners)], [name])])

    @rule(which=st.sampled_from(LEADS))
    def a_person_links(self, which: str) -> None:
        self.world.store.names.link("default", NAMES[2], which, who="ana", at_ms=self.world.now())

    @rule(fate=st.sampled_from(FATES), room=st.integers(1, 3))
    def deliver(self, fate: str, room: int) -> None:
        self.world.deliver(fate, room)

    @rule(target=claims, fate=st.sampled_from((None, "ok", "fails before", "late")))
    def die_with_a_claim(self, fate: str | None) -> tuple[Claim, Completion | None] | None:
        """A worker is killed, or stopped for long: before its PUT, or after it."""
        for claim in self.world.claim(1):
            return claim, (self.world.attempt(claim, fate) if fate else None)
        return None

    @rule(dead=consumes(claims))
    def wake_up_too_late(self, dead: tuple[Claim, Completion | None] | None) -> None:
        """It comes back after its lease has ended and its lead was claimed by another."""
        if dead is None or dead[1] is None:
            return
        claim, completion = dead
        self.world.advance(LEASE_MS + 1)
        others = self.world.claim(10)
        mine = self.world.complete(completion)
        assert not (mine and any(other.name == claim.name for other in others))
        for other in others:
            self.world.complete(self.world.attempt(other))

    @rule(ms=st.sampled_from((50, 2_000, 5_000, DEADLINE_MS, LEASE_MS, 300_000)))
    def pass_time(self, ms: int) -> None:
        self.world.advance(ms)

    @rule()
    def late_ones_arrive(self) -> None:
        self.world.crm.late_ones_arrive()

    @precondition(lambda self: self.ids)
    @rule(which=st.randoms(use_true_random=False), force=st.booleans())
    def replay(self, which: Random, force: bool) -> None:
        event = self.world.store.events.event(which.choice(self.ids))
        assert event is not None
        if event.lead and State.IN_FLIGHT not in event.update_states and event.state is not State.DISCARDED:
            self.world.store.letters.replay(event, who="ana", force=force)

    @rule(which=st.randoms(use_true_random=False))
    def drop_a_dead_letter(self, which: Random) -> None:
        dead = self.world.store.events.dead()
        if dead:
            event = self.world.store.events.event(which.choice(dead))
            assert event is not None
            self.world.store.letters.discard(event, who="ana", why="a test")

    @invariant()
    def the_sum_holds(self) -> None:
        if hasattr(self, "world"):
            found = audit(self.world.store)
            assert found.holds, found

    @invariant()
    def groups_hold_what_fails_and_what_is_on_its_way(self) -> None:
        if not hasattr(self, "world"):
            return
        groups, client = self.world.store.groups, self.world.client
        states = {event.id: event.state for event in self.world.store.events.events(self.ids)}
        outgoing = {id.decode(): group.decode() for id, group in client.hgetall("relay:outgoing").items()}
        for id in self.ids:
            assert (id in groups.of([id])) == (states[id] in (State.DEAD, State.PARKED)), id
        assert {states[id] for id in outgoing} <= {State.IN_FLIGHT}
        open_now = {group.id: group for group in groups.open(trends=False)}
        assert set(outgoing.values()) | set(groups.of(self.ids).values()) == set(open_now)
        assert all(group.count + group.on_their_way for group in open_now.values())
        assert sum(group.on_their_way for group in open_now.values()) == len(outgoing)

    def check_the_end(self) -> None:
        self.world.store.steering.resume_destination("default", who="ana")
        for hook in HOOKS:
            self.world.store.steering.resume_hook(hook, who="ana")
        assert self.world.store.steering.paused_hooks() == {}
        self.world.deliver_all()
        for event in self.world.store.events.events(self.ids):
            if event.state is State.PARKED:
                assert len(self.world.store.names.resolve("default", event.names)) != 1
        newest: dict[tuple[str, str], tuple] = {}
        for event in self.world.store.events.events(self.ids):
            assert State.IN_FLIGHT not in event.update_states
            for place, (update, state) in enumerate(zip(event.updates, event.update_states, strict=True)):
                if state is State.DELIVERED:
                    for register, value in update.set.items():
                        found = (event.stamp._replace(place=place), value)
                        key = (event.lead, register)
                        newest[key] = max(newest.get(key, found), found)
        at_the_crm = {
            (lead, name): value for lead, values in self.world.crm.leads.items() for name, value in values.items()
        }
        assert at_the_crm == {key: value for key, (_, value) in newest.items()}


@pytest.fixture
def server(redis_server: EmbeddedRedis) -> EmbeddedRedis:
    Deliveries.server = redis_server
    return redis_server


def test_each_register_ends_with_the_newest_delivered_value_whatever_happens(server: EmbeddedRedis) -> None:
    """Any order, duplicates, leads known late, failures before and after applying, kills, replays, pauses, ``each``."""
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=100,
            stateful_step_count=25,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
