"""Destinations on the desk: how each fares, in words, and what a person does about it, with who and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.model import Mapped, Name, State
from relay.store import Store
from tests.desk import ANA, BEARER, EVA, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, matched, update

ACME = {"LEADS_API_URL__ACME": "http://acme", "LEADS_API_KEY__ACME": "k", "LEADS_API_RATE__ACME": "0"}


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path, RELAY_OPS_TOKEN_ROLE="operator", **ACME) as url:
        yield url


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def said(url: str, name: str = "pedro") -> str:
    answer = logged_in(url, name).get("/ops/destinations")
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def told(url: str, name: str = "default") -> dict[str, Any]:
    answer = Browser(url).get("/ops/api/destinations", **BEARER)
    assert answer.status_code == 200, answer.text
    return next(one for one in answer.json()["destinations"] if one["destination"] == name)


def done(url: str, path: str, fields: dict[str, str] | None = None) -> str:
    """Act as an operator, and give the words of the page that comes then."""
    carolina = logged_in(url, "carolina")
    answer = carolina.post(f"/ops/destinations/default/{path}", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/destinations#default")
    return text_of(carolina.get("/ops/destinations").text)


def test_a_destination_that_flows_says_what_is_due_and_at_which_rate(world: World, url: str) -> None:
    world.accept("one", ANA, update(title="a"))
    world.deliver()
    world.accept("two", ANA, update(title="b"))

    words = said(url)

    assert re.search(
        r"default http://crm flowing PUTs go out as they come due leads due 1 leads waiting 1 oldest wait \d\S* sec "
        r"rate set 50 PUTs/s rate by hand not set PUTs by their answer 1 .*200 1",
        words,
    )
    assert "acme http://acme flowing nothing waits for it" in words
    assert "rate set no limit" in words
    assert (told(url)["due"], told(url)["rate"], told(url)["puts"]) == (1, 50.0, {"200": 1})


@pytest.mark.parametrize(
    ("fate", "state", "words"),
    [
        ("denied", "held", r"held the lead API refuses our key; set the right one since [\d:]+ “The provided API key"),
        ("slow", "slowed", r"slowed the lead API asked for a rest until [\d:]+ “too many requests”"),
    ],
)
def test_what_keeps_it_back_is_said_in_our_words_and_the_crms(
    world: World, url: str, fate: str, state: str, words: str
) -> None:
    world.accept("e", ANA, update(title="a"))
    world.deliver(fate)

    assert re.search(words, said(url))
    assert told(url)["state"] == state


def test_a_breaker_that_is_open_is_said(world: World, url: str) -> None:
    for number in range(20):
        world.accept(f"e{number}", f"{number:08d}-7425-40de-944b-e07fc1f90ae7", update(title="a"))
    world.deliver("fails before")

    assert told(url)["state"] == "open"
    assert "open many failures in a row; one try every few seconds since" in said(url)


def test_puts_are_counted_by_their_answer_and_what_fails_leads_to_the_inbox(
    store: Store, world: World, url: str
) -> None:
    world.crm.poison = {"bad"}
    world.accept("one", ANA, update(title="bad"))
    world.deliver()
    world.accept("two", EVA, update(title="good"))
    world.deliver()
    page = logged_in(url, "pedro").get("/ops/destinations").text

    assert "200 1 400 1" in text_of(page)
    assert "Typeform cotiza: the CRM refused the update: a value is refused 1 event" in text_of(page)
    assert f'href="/ops/inbox/{store.groups.open()[0].id}"' in page
    assert told(url)["failing"] == ["Typeform cotiza: the CRM refused the update: a value is refused"]


def test_what_is_asked_first_stands_with_its_gate(store: Store, url: str) -> None:
    store.door.accept([matched("a", [Name("phone", "+56912345678")], update(title="x"), missing="create")])
    one = replace(arrival("m", ""), hook="meta", sender="meta", mapped=Mapped(event_id="m", at_ms=None, fetch="1"))
    (accepted,) = store.door.accept([one])
    tried = store.errandry.claim("fetch:meta", room=1, lease_ms=1_000).events[accepted.id]
    store.errandry.rest("fetch:meta", accepted.id, tried, rest_ms=60_000, gate=("denied", "Session has expired"))

    words = said(url)

    assert "Looking up and creating leads 1 event waits flowing" in words
    assert "answers of hook meta held access is refused; see the words, and set the right token or key since" in words
    assert "“Session has expired” 1 0" in words
    assert told(url)["asking"]["events_waiting"] == 1
    asked = Browser(url).get("/ops/api/destinations", **BEARER).json()["asked_of_senders"]
    assert [(one["queue"], one["state"]) for one in asked] == [("fetch:meta", "held")]


def test_one_that_had_puts_and_has_no_address_any_more_is_told(store: Store, url: str) -> None:
    store.client.hset("relay:total", "attempt:old:200", 5)

    assert "old not served its address is not set here" in said(url)
    assert (told(url, "old")["served"], told(url, "old")["puts"]) == (False, {"200": 5})


def test_an_operator_pauses_and_resumes_without_loss(store: Store, world: World, url: str) -> None:
    carolina = logged_in(url, "carolina")
    assert "Nothing waits for it now." in text_of(carolina.get("/ops/destinations/default/pause").text)
    event = world.accept("e", ANA, update(title="a"))
    question = text_of(carolina.get("/ops/destinations/default/pause").text)

    paused = done(url, "pause", {"why": "el CRM se muda"})
    world.deliver()
    before = world.state(event)
    resumed = done(url, "resume")
    world.deliver_all()

    assert "nothing is lost" in question
    assert "1 lead waits for it now; it goes on waiting." in question
    assert "default is paused: nothing is sent there." in paused
    assert re.search(r"paused by a person.* since [\d:]+ by carolina: el CRM se muda", paused)
    assert before is State.IN_FLIGHT
    assert "Resumed: 1 lead goes on." in resumed
    assert world.state(event) is State.DELIVERED
    assert [(act.what, act.about, act.who, act.why) for act in store.acts.last(2)][::-1] == [
        ("pause", "destination default", "carolina", "el CRM se muda"),
        ("resume", "destination default", "carolina", ""),
    ]


def test_a_pause_wants_a_reason_and_a_second_one_changes_nothing(store: Store, url: str) -> None:
    carolina = logged_in(url, "carolina")

    without = carolina.post("/ops/destinations/default/pause")
    store.steering.pause_destination("default", who="pedro", why="antes")

    assert (without.status_code, "Say why it is paused." in without.text) == (400, True)
    assert "It is paused already, by pedro" in text_of(carolina.get("/ops/destinations/default/pause").text)
    assert "It was so already." in done(url, "pause", {"why": "después"})


def test_an_operator_slows_it_down_and_takes_that_back(store: Store, url: str) -> None:
    slowed = done(url, "slow", {"rate": "0,5", "why": "fin de mes"})

    assert store.gates.gate("default").rate == 0.5
    assert "No more than 0.5 PUTs a second are sent from now on." in slowed
    assert re.search(r"rate by hand 0\.5 PUTs/s The rate was set by carolina, [\d:]+ : fin de mes", slowed)
    assert store.acts.last(1)[0].why == "0.5 PUTs a second: fin de mes"
    assert "The rate set by hand is taken back." in done(url, "slow", {"rate": " "})
    assert store.gates.gate("default").rate is None
    assert "No rate was set by hand." in done(url, "slow", {"rate": ""})


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("mucho", "rate: must be a number of PUTs a second, as in 5 or 0.5, not"),
        ("0", "a rate of 0 PUTs a second: must be from 0.01 to 100000; to send none, pause"),
        ("nan", "a rate of nan PUTs a second"),
        ("-1", "a rate of -1 PUTs a second"),
    ],
)
def test_what_is_no_rate_is_said_and_changes_nothing(store: Store, url: str, rate: str, words: str) -> None:
    assert words in done(url, "slow", {"rate": rate})
    assert store.gates.gate("default").rate is None


def test_an_operator_has_it_probed(store: Store, world: World, url: str) -> None:
    assert "There is nothing to probe" in done(url, "probe")
    event = world.accept("e", ANA, update(title="a"))
    world.deliver("denied")

    assert "The next PUT is tried at once" in done(url, "probe")
    world.deliver()

    assert world.state(event) is State.DELIVERED
    assert [(act.what, act.who) for act in store.acts.last(2)] == [("probe", "carolina")]


def test_a_viewer_sees_no_button(url: str) -> None:
    page = logged_in(url, "pedro").get("/ops/destinations").text

    assert not [word for word in ("Pause", "Probe", "Slow it down") if word in text_of(page)]
    assert logged_in(url, "pedro").get("/ops/destinations/default/pause").status_code == 403


def test_a_destination_that_never_was_is_not_there(url: str) -> None:
    carolina = logged_in(url, "carolina")

    for path in ("pause", "resume", "slow", "probe"):
        assert carolina.post(f"/ops/destinations/nowhere/{path}", {"why": "x", "rate": "1"}).status_code == 404


def test_a_machine_steers_it(store: Store, url: str) -> None:
    def post(path: str, **more: Any) -> Any:
        return Browser(url).ask("POST", f"/ops/api/destinations/default/{path}", headers=BEARER, **more)

    assert post("pause", json={"why": "x"}).json() == {"destination": "default", "state": "paused", "changed": True}
    assert (told(url)["state"], told(url)["paused"]["who"]) == ("paused", "token")
    assert post("resume").json() == {"destination": "default", "state": "resumed", "changed": True}
    assert post("slow", json={"rate": 5, "why": "x"}).json()["state"] == "slowed"
    assert store.gates.gate("default").rate == 5.0
    assert post("slow", json={"rate": None}).json() == {"destination": "default", "state": "as set", "changed": True}
    assert post("probe").json() == {"destination": "default", "state": "probed", "changed": False}
    for path, body in (
        ("pause", {}),
        ("pause", {"why": ""}),
        ("slow", {}),
        ("slow", {"rate": [1]}),
        ("slow", {"rate": 0}),
    ):
        assert post(path, json=body).status_code == 400


def test_what_is_told_renews_itself_and_what_is_clicked_stays(url: str) -> None:
    page = logged_in(url, "carolina").get("/ops/destinations").text

    [renewed] = re.findall(r'hx-trigger="every 5s" hx-swap="none" hx-select-oob="([^"]+)"', page)
    assert renewed == "#now-default,#now-acme,#asked"
    for name in ("default", "acme"):
        told_part = page.partition(f'id="now-{name}"')[2].partition('<details class="by-hand"')[0]
        assert "<button" not in told_part
        assert "<input" not in told_part


def test_the_page_speaks_spanish(store: Store, url: str) -> None:
    store.steering.slow("default", 5, who="ana", why="fin de mes")
    answer = logged_in(url, "pedro").get("/ops/destinations", **{"Accept-Language": "es-CL"})

    assert "fluyendo nada lo espera" in text_of(answer.text)
    assert re.search(r"ritmo a mano 5 PUT/s Ritmo fijado por ana, [\d:]+ : fin de mes", text_of(answer.text))
