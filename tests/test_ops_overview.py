"""The first page of the desk: what it says of the store, and its twin in JSON, over real HTTP and a real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Worker

from relay.model import Mapped, Name, Reason, State
from relay.nudge import DELIVER, queue_of
from relay.ops.lately import Lately
from relay.status import Status, status
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, settings_of, text_of
from tests.far_crm import World, arrival, matched, update

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


def said(url: str) -> str:
    return text_of(page(url))


def page(url: str) -> str:
    answer = logged_in(url, "pedro").get("/ops/")
    assert answer.status_code == 200
    return answer.text


def test_an_empty_store_gives_a_page_that_says_so(store: Store, url: str) -> None:
    Worker([queue_of(store.client, DELIVER)], connection=store.client).register_birth()

    words = said(url)

    assert "All is well." in words
    assert "no event was accepted yet" in words
    assert "default flowing 0 0 none" in words
    assert "Asked for first" not in words


def test_the_page_says_what_needs_a_person(store: Store, url: str) -> None:
    world = World(store)
    world.crm.poison = {"1"}
    for value in ("1", "2"):
        world.accept(f"e{value}", LEAD, update(phone=value))
        world.deliver()

    words = said(url)

    assert "No worker is alive, nothing is delivered; 1 dead letter." in words
    assert "refused 1" in words
    assert "cotiza today 2 0 1 1 all 2 0 1 1" in words


def test_a_destination_that_is_held_is_said_in_our_words(store: Store, url: str) -> None:
    world = World(store)
    world.accept("e", LEAD, update(phone="1"))
    world.deliver("denied")

    words = said(url)

    assert "default is held." in words
    assert "held: the lead API refuses our key; set the right one" in words
    assert "The provided API key is not valid" not in words


def test_what_is_asked_before_events_can_go_on_has_a_table_of_its_own(store: Store, url: str) -> None:
    asking = matched("a", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    (accepted,) = store.door.accept([asking])
    queue = "find:default"
    tried = store.errandry.claim(queue, room=1, lease_ms=1_000).events[accepted.id]
    store.errandry.rest(queue, accepted.id, tried, rest_ms=60_000, gate=("denied", "The key of Ana is not valid"))

    words = said(url)

    assert "asking for leads at default is held" in words
    assert "leads at default held: access is refused; see the words, and set the right token or key 1 0" in words
    assert "No background worker is alive" in words
    assert "Ana" not in words


def test_words_from_outside_can_not_become_markup(store: Store, url: str) -> None:
    dead = Mapped(event_id="e", at_ms=None, state=State.DEAD, reason=Reason(kind="<b>x</b>", words=""))
    store.door.accept([replace(arrival("e", LEAD), mapped=dead)])

    html = page(url)

    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<b>" not in html


def test_the_page_renews_what_it_shows_with_a_script_and_without(url: str) -> None:
    html = page(url)

    assert '<div id="now" hx-get="/ops/" hx-trigger="every 5s" hx-select="#now" hx-swap="outerHTML">' in html
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html


def test_the_same_as_json(store: Store, url: str) -> None:
    World(store).accept("e", LEAD, update(phone="1"))

    found = Browser(url).get("/ops/api/status", **BEARER).json()

    (hook,) = found["hooks"]
    assert (hook["hook"], hook["today"]["accepted"], hook["all"]["in flight"]) == ("cotiza", 1, 1)
    assert (found["due"], found["dead"], found["workers"]) == (1, 0, 0)
    (gate,) = found["destinations"]
    assert (gate["destination"], gate["state"], gate["leads_waiting"]) == ("default", "flowing", 1)


def test_many_who_look_at_once_ask_the_store_once(store: Store, tmp_path: Path) -> None:
    looks: list[Status] = []

    def look() -> Status:
        looks.append(status(store, settings_of(tmp_path)))
        return looks[-1]

    lately = Lately(look, same_for_s=3_600)

    assert lately.status() is lately.status()
    assert len(looks) == 1


def test_counts_of_earlier_days_are_in_all_but_not_in_today(store: Store, tmp_path: Path) -> None:
    World(store).accept("e", LEAD, update(phone="1"))
    today = store.events.today()
    store.client.hset(f"relay:n:{today - 100}", mapping={"cotiza:accepted": 4, "cotiza:d": 4})

    (hook,) = status(store, settings_of(tmp_path)).hooks

    assert (hook.today["accepted"], hook.all["accepted"], hook.all["delivered"]) == (1, 5, 4)
