"""Errands: leads that are looked for and created at a real sandbox, answers that are fetched, and what errors mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from relay.audit import audit
from relay.coverage import covered
from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.hooks import Hook
from relay.leads_api import LeadsApi
from relay.model import Event, Mapped, Name, State, StoredEvent
from relay.noticing import Noticing
from relay.replay import remapper
from relay.sandbox import Sandbox
from relay.senders import SENDERS, zapier
from relay.sending import Request
from relay.settings import DAY_MS, Destination
from relay.store import Store
from tests.far_crm import World, arrival, matched, update
from tests.hook_texts import HEAD, hook_of, rule
from tests.waiting import until
from workers.background import Background
from workers.errand import KEPT_BACK_MS, Means

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
EVA = "0b0b6679-7425-40de-944b-e07fc1f90ae8"
PHONE = Name("phone", "+56912345678")
MAIL = Name("email", "ana@example.cl")
AT_META = Name("external_id", "meta:1789")
LEASE_MS = 60_000


@pytest.fixture
def crm() -> Iterator[Sandbox]:
    with Sandbox(strict=True) as sandbox:
        yield sandbox


class Desk:
    """A store, a sandbox, and errands that are run when a test says so."""

    def __init__(self, store: Store, crm: Sandbox, *, lookup: bool) -> None:
        self.store = Store(store.client, retention_ms=30 * DAY_MS, lookup=lookup)
        self.world = World(self.store)
        self.crm = crm
        self.hooks: dict[str, Hook] = {}
        self.key = crm.key
        self.noticing = Noticing(self.store)

    def means(self) -> Means:
        destination = Destination(name="default", url=self.crm.url, key=self.key, rate=0)
        return Means(
            store=self.store,
            hooks=self.hooks,
            api=lambda _: LeadsApi(destination, timeout_ms=2_000),
            sender_urls={},
            lease_ms=LEASE_MS,
            noticing=self.noticing,
        )

    def run(self) -> None:
        """Run all errands that are due now."""
        background = Background(self.means(), name="test")
        until(lambda: not background.turn() and not background.unfinished())

    def pass_time(self, ms: int) -> None:
        """Let time pass for errands and their gates."""
        client = self.store.client
        for id, text in client.hgetall("relay:errand").items():
            attempts, first_ms, created = json.loads(text)
            client.hset("relay:errand", id, json.dumps([attempts, first_ms and first_ms - ms, created]))
        for queue in self.store.errandry.queues():
            for id, score in client.zrange(f"relay:errands:{queue}", 0, -1, withscores=True):
                client.zadd(f"relay:errands:{queue}", {id: score - ms})
            for name in ("slow", "probe"):
                if client.hexists(f"relay:g:{queue}", name):
                    client.hincrby(f"relay:g:{queue}", name, -ms)

    def accept(self, *names: Name, missing: str = "park", id: str = "a", **values: Any) -> str:
        one = matched(id, names, update(**(values or {"title": "x"})), missing=missing)
        return self.store.door.accept([one])[0].id

    def event(self, id: str) -> StoredEvent:
        event = self.store.events.event(id)
        assert event is not None
        return event

    def asked(self, method: str) -> int:
        return sum(one["method"] == method for one in self.crm.requests())


@pytest.fixture
def looking(store: Store, crm: Sandbox) -> Desk:
    """A relay that may search the lead API."""
    return Desk(store, crm, lookup=True)


@pytest.fixture
def blind(store: Store, crm: Sandbox) -> Desk:
    """A relay that may not."""
    return Desk(store, crm, lookup=False)


def test_no_lead_is_created_for_an_event_of_a_paused_hook(blind: Desk) -> None:
    steering = blind.store.steering
    blind.store.door.know(["cotiza"])
    steering.pause_hook("cotiza", who="ana", why="a test")
    id = blind.accept(PHONE, missing="create", first_name="Ana")

    blind.run()
    while_paused = (blind.asked("POST"), blind.event(id).state)
    steering.resume_hook("cotiza", who="ana")
    blind.pass_time(KEPT_BACK_MS)
    blind.run()

    assert while_paused == (0, State.IN_FLIGHT)
    assert blind.asked("POST") == 1
    assert blind.event(id).lead


def test_a_lead_that_the_relay_does_not_know_is_looked_for_at_the_crm(looking: Desk) -> None:
    looking.crm.add_lead(ANA, first_name="Ana", phone="+56 9 1234 5678")
    id = looking.accept(PHONE)
    assert looking.event(id).state is State.IN_FLIGHT
    assert audit(looking.store).holds

    looking.run()

    assert (looking.event(id).state, looking.event(id).lead) == (State.IN_FLIGHT, ANA)
    looking.world.deliver_all()
    assert looking.world.crm.leads[ANA] == {"title": "x"}
    assert looking.store.names.resolve("default", [PHONE]) == [ANA]
    looking.accept(PHONE, id="b")
    assert looking.asked("GET") == 1, "what is known is not asked again"


def test_without_leave_the_lead_api_is_never_searched(blind: Desk) -> None:
    blind.crm.add_lead(ANA, first_name="Ana", phone="+56912345678")
    id = blind.accept(PHONE)

    blind.run()

    assert blind.event(id).state is State.PARKED
    assert blind.asked("GET") == 0


def test_a_lead_that_nobody_knows_is_parked_and_found_when_it_is_there(looking: Desk) -> None:
    id = looking.accept(PHONE, MAIL)

    looking.run()

    event = looking.event(id)
    assert event.state is State.PARKED
    assert event.reason
    assert event.reason.words == "neither the relay nor the CRM knows a lead for phone or email"
    looking.store.names.learn("default", [(ANA, [MAIL])])
    assert looking.event(id).lead == ANA


def test_two_leads_at_the_crm_are_never_guessed(looking: Desk) -> None:
    looking.crm.add_lead(ANA, first_name="Ana", email="ana@example.cl")
    looking.crm.add_lead(EVA, first_name="Eva", email="ANA@example.cl")
    id = looking.accept(MAIL)

    looking.run()

    event = looking.event(id)
    assert event.reason
    assert (event.state, event.reason.kind) == (State.PARKED, "ambiguous")
    assert sorted(looking.store.names.resolve("default", [MAIL])) == sorted([ANA, EVA])


def test_a_lead_is_created_where_the_hook_file_says_so_and_only_once(blind: Desk) -> None:
    ids = [
        blind.accept(PHONE, MAIL, missing="create", id=str(n), first_name="Ana", **{f"metadata__k{n}": n})
        for n in range(3)
    ]

    blind.run()
    blind.pass_time(1_000)
    blind.run()

    assert blind.asked("POST") == 1
    (lead,) = blind.crm.leads().values()
    assert (lead["first_name"], lead["phone"], lead["email"]) == ("Ana", "+56912345678", "ana@example.cl")
    assert {blind.event(id).lead for id in ids} == {lead["id"]}
    assert blind.crm.stats().get("enrolled", 0) == 0
    blind.world.deliver_all()
    assert {blind.event(id).state for id in ids} == {State.DELIVERED}


def test_a_lead_without_a_first_name_gets_the_one_that_the_hook_file_says(blind: Desk) -> None:
    text = HEAD + "lead:\n  match: {phone: '${fields.p}'}\n  missing: create\n  nameless: Sin nombre\nrules:\n"
    blind.hooks["cotiza"] = replace(hook_of(text + rule("a", "{title: a}")), name="cotiza")
    blind.accept(PHONE, AT_META, missing="create")

    blind.run()

    (lead,) = blind.crm.leads().values()
    assert lead["first_name"] == "Sin nombre"
    assert blind.store.names.resolve("default", [AT_META]) == [lead["id"]]


def test_a_create_of_which_the_answer_was_lost_is_looked_up_before_it_is_tried_again(blind: Desk) -> None:
    blind.crm.put_faults(reset_after=1.0)
    id = blind.accept(PHONE, missing="create", first_name="Ana")
    blind.run()
    assert blind.event(id).state is State.IN_FLIGHT
    (lead,) = blind.crm.leads()
    blind.crm.put_faults()

    blind.pass_time(LEASE_MS)
    blind.run()

    assert blind.event(id).lead == lead
    assert (blind.asked("POST"), blind.asked("GET")) == (1, 1)


def test_a_create_that_never_reached_the_crm_is_simply_tried_again(blind: Desk) -> None:
    blind.crm.put_faults(errors={"429": 1.0}, retry_after=3)
    id = blind.accept(PHONE, missing="create", first_name="Ana")
    blind.run()
    blind.crm.put_faults()

    blind.pass_time(LEASE_MS)
    blind.run()

    assert len(blind.crm.leads()) == 1
    assert (blind.event(id).state, blind.asked("GET")) == (State.IN_FLIGHT, 0)


def test_a_create_that_is_refused_is_parked_in_the_words_of_the_crm(blind: Desk) -> None:
    blind.crm.put_faults(errors={"400": 1.0})
    id = blind.accept(PHONE, missing="create", first_name="Ana")

    blind.run()

    event = blind.event(id)
    assert event.state is State.PARKED
    assert event.reason
    assert "The sandbox was told to fail" in event.reason.words


def test_without_a_phone_or_an_e_mail_no_lead_is_created(blind: Desk) -> None:
    id = blind.accept(AT_META, missing="create", first_name="Ana")

    blind.run()

    event = blind.event(id)
    assert event.reason
    assert (event.state, blind.asked("POST")) == (State.PARKED, 0)
    assert event.reason.words == "a lead is created only with a phone or an e-mail, and this event has neither"


def test_a_wrong_key_holds_the_search_and_parks_nothing_until_it_works(looking: Desk) -> None:
    looking.crm.add_lead(ANA, first_name="Ana", phone="+56912345678")
    looking.key = "wrong"
    ids = [looking.accept(PHONE), looking.accept(MAIL, id="b")]
    looking.run()
    assert {looking.event(id).state for id in ids} == {State.IN_FLIGHT}
    (gate,) = looking.store.gates.errands()
    assert (gate.destination, gate.state, gate.leads) == ("find:default", "held", 2)
    looking.run()
    assert looking.asked("GET") <= 2, "one probe at a time"

    looking.key = looking.crm.key
    looking.pass_time(LEASE_MS)
    looking.run()
    looking.pass_time(LEASE_MS)
    looking.run()

    assert [looking.event(id).state for id in ids] == [State.IN_FLIGHT, State.PARKED]
    assert looking.event(ids[0]).lead == ANA
    assert looking.store.gates.errands() == []


def test_a_lead_that_a_look_up_gave_wrongly_is_looked_for_once_more_and_no_more(looking: Desk) -> None:
    looking.crm.add_lead(ANA, first_name="Ana", phone="+56912345678")
    looking.world.crm.gone.add(ANA)
    id = looking.accept(PHONE)
    looking.run()
    looking.world.deliver()
    assert (looking.event(id).state, looking.event(id).lead) == (State.IN_FLIGHT, "")

    looking.run()
    assert looking.event(id).lead == ANA
    looking.world.deliver()

    event = looking.event(id)
    assert event.reason
    assert (event.state, event.reason.kind) == (State.PARKED, "lead gone")
    assert looking.asked("GET") == 2
    assert audit(looking.store).holds


class Asked:
    """A sender that keeps its answers to itself, and what it does when it is asked for them."""

    name = "zapier"
    about = zapier.about
    verify = staticmethod(zapier.verify)
    sign = staticmethod(zapier.sign)

    def __init__(self) -> None:
        self.answer: Callable[[], bytes] = lambda: b'{"nombre": "Ana", "phone": "+56912345678"}'
        self.tokens: list[str] = []

    def parse(self, request: Any) -> list[Event]:
        return [replace(event, fields={}, fetch=event.id) for event in zapier.parse(request)]

    def fetch(self, event: Event, *, token: str, base_url: str) -> bytes:
        self.tokens.append(token)
        return self.answer()

    def with_answers(self, event: Event, fetched: bytes) -> Event:
        (told,) = zapier.parse(zapier_request(fetched))
        return replace(event, fields=told.fields, test=told.fields.get("test") is True)


def zapier_request(body: bytes) -> Request:
    return Request(headers={"content-type": "application/json"}, body=body, received_ms=0)


FETCHED = "sender: zapier\nsecrets: [S]\nlead:\n  match: {phone: '${fields.phone}'}\nrules:\n" + rule(
    "a", "{first_name: '${fields.nombre | required}'}"
)


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Asked:
    one = Asked()
    monkeypatch.setattr("relay.senders.SENDERS", {**SENDERS, "zapier": one})
    monkeypatch.setattr("relay.replay.remap.SENDERS", {**SENDERS, "zapier": one})
    return one


@pytest.fixture
def asking(blind: Desk, sender: Asked) -> Desk:
    """A relay with one hook whose sender is asked for the answers; the lead's phone is known."""
    blind.hooks["cotiza"] = replace(hook_of(FETCHED), name="cotiza", keys={"token": "a token"})
    blind.store.names.learn("default", [(ANA, [PHONE])])
    return blind


def told(desk: Desk, id: str = "1") -> str:
    """Accept an event of which only the id is known so far."""
    one = arrival(id, "")
    mapped = Mapped(event_id=id, at_ms=None, fetch=id)
    body = b'{"event_id": "%b"}' % id.encode()
    return desk.store.door.accept([replace(one, sender="zapier", body=body, mapped=mapped)])[0].id


def failing(error: LeadsApiError) -> Callable[[], bytes]:
    def fail() -> bytes:
        raise error

    return fail


def test_the_answers_of_an_event_are_fetched_and_mapped(asking: Desk, sender: Asked) -> None:
    id = told(asking)
    assert (asking.event(id).state, asking.event(id).fetch) == (State.IN_FLIGHT, "1")
    assert audit(asking.store).holds

    asking.run()

    event = asking.event(id)
    assert (event.lead, event.updates[0].set) == (ANA, {"first_name": "Ana"})
    assert event.fetched == b'{"nombre": "Ana", "phone": "+56912345678"}'
    assert event.body == b'{"event_id": "1"}'
    assert sender.tokens == ["a token"]
    asking.world.deliver_all()
    assert asking.world.crm.leads[ANA] == {"first_name": "Ana"}


def test_fetched_answers_tell_of_their_form_and_are_counted_once(asking: Desk, sender: Asked) -> None:
    told(asking)
    told(asking, "2")
    background = Background(asking.means(), name="test", budget_s=0.5)
    asking.store.errandry.arm("test")

    background.run()

    [form] = asking.store.forms.forms("cotiza")
    assert (form.events, {one.key for one in form.names}) == (2, {"nombre", "phone"})
    found = covered(asking.store, asking.hooks["cotiza"], since_ms=asking.store.events.now_ms())
    assert [(one.considered, one.held) for one in found.rules] == [(2, 2)]


@pytest.mark.parametrize("error", [Unavailable("no answer", sent=True), NotFound("not visible", status=400)])
def test_a_fetch_that_fails_is_tried_again(asking: Desk, sender: Asked, error: LeadsApiError) -> None:
    good, sender.answer = sender.answer, failing(error)
    id = told(asking)
    asking.run()
    assert asking.event(id).state is State.IN_FLIGHT
    assert len(sender.tokens) == 1

    sender.answer = good
    asking.pass_time(60_000)
    asking.run()

    assert asking.event(id).lead == ANA


@pytest.mark.parametrize(
    ("error", "patience_ms"),
    [(NotFound("Meta: not visible", status=400), 600_000), (Unavailable("Meta: no answer", status=500), 86_400_000)],
)
def test_a_fetch_that_never_succeeds_is_a_dead_letter_in_the_end(
    asking: Desk, sender: Asked, error: LeadsApiError, patience_ms: int
) -> None:
    sender.answer = failing(error)
    id = told(asking)
    asking.run()
    asking.pass_time(patience_ms - 60_000)
    asking.run()
    assert asking.event(id).state is State.IN_FLIGHT

    asking.pass_time(4_000_000)
    asking.run()

    event = asking.event(id)
    assert event.reason
    assert (event.state, event.reason.kind, event.reason.words) == (State.DEAD, "fetch", str(error))
    assert event.reason.attempts == 3
    assert audit(asking.store).holds


def test_a_lead_api_that_is_away_for_a_day_leaves_the_event_parked_with_the_reason(looking: Desk) -> None:
    looking.crm.put_faults(errors={"500": 1.0})
    id = looking.accept(PHONE)
    looking.run()
    assert looking.event(id).state is State.IN_FLIGHT

    looking.pass_time(90_000_000)
    looking.run()

    event = looking.event(id)
    assert event.reason
    assert (event.state, event.reason.words) == (State.PARKED, "Internal server error")


def test_a_token_that_stopped_working_holds_this_hooks_events_and_buries_none(asking: Desk, sender: Asked) -> None:
    good, sender.answer = sender.answer, failing(Denied("Meta: the token has expired; set a new one", status=400))
    ids = [told(asking, str(n)) for n in range(5)]
    for _ in range(3):
        asking.run()
        asking.pass_time(10_000)
    assert {asking.event(id).state for id in ids} == {State.IN_FLIGHT}
    (gate,) = asking.store.gates.errands()
    assert (gate.state, gate.words) == ("held", "Meta: the token has expired; set a new one")

    sender.answer = good
    for _ in range(3):
        asking.pass_time(60_000)
        asking.run()

    assert {asking.event(id).lead for id in ids} == {ANA}


def test_a_limit_of_rate_is_waited_for_as_long_as_told(asking: Desk, sender: Asked) -> None:
    good, sender.answer = sender.answer, failing(SlowDown("too many", status=400, after_ms=300_000))
    id = told(asking)
    asking.run()
    sender.answer = good
    asking.pass_time(290_000)
    asking.run()
    assert (len(sender.tokens), asking.event(id).state) == (1, State.IN_FLIGHT)

    asking.pass_time(11_000)
    asking.run()

    assert asking.event(id).lead == ANA


def test_what_can_not_be_fetched_is_a_dead_letter_that_a_replay_fetches_anew(asking: Desk, sender: Asked) -> None:
    good, sender.answer = sender.answer, failing(Refused("Meta: no such lead", status=400))
    id = told(asking)
    asking.run()
    event = asking.event(id)
    assert event.reason
    assert (event.state, event.reason.kind, event.reason.words) == (State.DEAD, "fetch", "Meta: no such lead")

    sender.answer = good
    asking.store.letters.remap(event, remapper(asking.hooks)(event), who="ana")
    asking.run()

    assert asking.event(id).lead == ANA
    assert audit(asking.store).holds


def test_fetched_answers_are_mapped_again_without_asking_again(asking: Desk, sender: Asked) -> None:
    sender.answer = lambda: b'{"phone": "+56912345678"}'
    id = told(asking)
    asking.run()
    assert asking.event(id).state is State.DEAD
    mended = FETCHED.replace("${fields.nombre | required}", "${fields.nombre | default(fields.phone)}")
    asking.hooks["cotiza"] = replace(hook_of(mended), name="cotiza")

    asking.store.letters.remap(asking.event(id), remapper(asking.hooks)(asking.event(id)), who="ana")

    assert (asking.event(id).lead, len(sender.tokens)) == (ANA, 1)


def test_an_event_found_to_be_a_test_once_its_answers_are_there_is_kept_and_not_sent(
    asking: Desk, sender: Asked
) -> None:
    sender.answer = lambda: b'{"nombre": "Ana", "phone": "+56912345678", "test": true}'
    id = told(asking)

    asking.run()

    assert (asking.event(id).state, asking.event(id).test) == (State.IGNORED, True)


def test_events_of_a_hook_that_is_not_loaded_wait_for_it(asking: Desk, sender: Asked) -> None:
    hook = asking.hooks.pop("cotiza")
    id = told(asking)
    asking.run()
    assert asking.event(id).state is State.IN_FLIGHT
    assert sender.tokens == []

    asking.hooks["cotiza"] = hook
    asking.run()

    assert asking.event(id).lead == ANA
