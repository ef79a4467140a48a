"""The first page of the desk: what it says of the store, and its twin in JSON, over real HTTP and a real store."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rq import Worker

from relay import wiring
from relay.audit import audit
from relay.model import Mapped, Name, Reason, State
from relay.nudge import DELIVER, queue_of
from relay.ops.lately import Lately
from relay.status import Status, status
from relay.store import Store
from relay.store.alarms import Sighting
from tests.desk import BEARER, Browser, logged_in, served, settings_of, text_of
from tests.doors import hook, serving
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
    assert "No event has come yet." in words
    assert "relay send cotiza" in words
    assert "Nothing came to pass in this time." in words
    assert "Not proved from the records yet: relay audit" in words
    assert "default flowing 0 0 none" in words
    assert re.search(r"Hooks No event yet: cotiza\b", words)
    assert "Asked for first" not in words


def test_the_page_says_what_needs_a_person(store: Store, url: str) -> None:
    world = World(store)
    world.crm.poison = {"1"}
    for value in ("1", "2"):
        world.accept(f"e{value}", LEAD, update(phone=value))
        world.deliver()

    words = said(url)

    assert "No worker is alive, nothing is delivered; 1 new kind of failure (1 event)." in words
    assert "Typeform cotiza: the CRM refused the update: a value is refused 1 event, last" in words
    assert "today 2 0 1 1 all 2 0 1 1" in words
    assert "holds today 2 accepted = 1 delivered + 1 dead" in words


def test_hooks_without_an_event_stand_in_one_line_that_leads_to_them(store: Store, tmp_path: Path) -> None:
    known = {name: hook(name, "typeform") for name in ("cotiza", "agenda", "visita", "feria")}
    store.door.know(known)
    store.steering.pause_hook("feria", who="ana", why="cerrada")
    World(store).accept("e1", LEAD, update(phone="1"))

    with serving(wiring.routes(settings_of(tmp_path), store, known)) as url:
        html = page(url)

    assert 'No event yet: <a href="/ops/hooks/agenda" id="hook-agenda">agenda</a>, <a href="/ops/hooks/visita"' in html
    assert html.count('<th scope="rowgroup"') == 2, "the one with an event, and the paused one"
    assert '<a href="/ops/hooks/cotiza" id="hook-cotiza">' in html


def test_what_somebody_has_seen_is_no_news(store: Store, url: str) -> None:
    Worker([queue_of(store.client, DELIVER)], connection=store.client).register_birth()
    world = World(store)
    world.crm.poison = {"1"}
    world.accept("e1", LEAD, update(phone="1"))
    world.deliver()
    [group] = store.groups.open()

    before = said(url)
    store.groups.acknowledge(group.id, who="carolina")
    time.sleep(1.1)  # for so long the page may show what it saw before
    after = said(url)

    assert "1 new kind of failure (1 event)." in before
    assert "All is well. Besides, 1 kind of failure (1 event) that somebody has seen." in after
    assert "a value is refused" not in after


def test_a_sum_that_does_not_hold_is_said_first(store: Store, url: str) -> None:
    World(store).accept("e", LEAD, update(phone="1"))
    store.client.hincrby(f"relay:n:{store.events.today()}", "cotiza:p", -1)

    words = said(url)

    assert "No worker is alive, nothing is delivered; the sum does not hold." in words
    assert "does not hold today cotiza: 1 accepted = 0" in words


def test_the_verdict_of_the_last_audit_is_shown(store: Store, url: str) -> None:
    World(store).accept("e", LEAD, update(phone="1"))
    audit(store)

    assert "Proved from each of 1 records at" in said(url)


def test_what_an_audit_found_is_shown(store: Store, url: str) -> None:
    store.proofs.note(holds=False, events=3, faults=("lead x is due but has nothing pending",))

    words = said(url)

    assert "the sum does not hold" in words
    assert "the records disagree as the audit of" in words
    assert "lead x is due but has nothing pending" in words


def test_an_alarm_stands_at_the_top(store: Store, url: str) -> None:
    sighting = Sighting(name="held:default", about="destination default", words="the lead API refuses our key")
    for _ in range(2):
        store.alarms.look([sighting], looks=2, told=False)

    assert "Alarm destination default: the lead API refuses our key since" in said(url)


def test_a_destination_that_a_person_paused_says_who_and_why(store: Store, url: str) -> None:
    store.steering.pause_destination("default", who="ana", why="the CRM is moved")

    words = said(url)

    assert "default is paused" in words
    assert "by ana: the CRM is moved" in words


def test_a_hook_that_is_quiet_beyond_its_habit_is_marked(store: Store, url: str) -> None:
    store.door.know(["cotiza"])
    hour = store.events.now_ms() // 3_600_000
    for back in range(14, 21 * 24):
        store.client.hset(f"relay:hours:{(hour - back) // 24}", f"cotiza:{(hour - back) % 24}", 20)
    store.client.hset("relay:last", "cotiza", (hour - 14) * 3_600_000)

    assert re.search(r"cotiza \S+ .*quiet about \d+ were to be expected", said(url))


def test_the_plot_shows_what_came_of_events(store: Store, url: str) -> None:
    world = World(store)
    world.crm.poison = {"1"}
    for value in ("1", "2", "3"):
        world.accept(f"e{value}", LEAD, update(phone=value))
        world.deliver()

    browser = logged_in(url, "pedro")
    for span in ("1h", "24h", "7d"):
        html = browser.get(f"/ops/?span={span}").text
        words = text_of(html)
        assert "accepted 3 delivered 2 dead 1" in words
        assert f'id="span-{span}" ' in html
        assert f'aria-current="page">{ {"1h": "1 hour", "24h": "24 hours", "7d": "7 days"}[span] }' in html
        assert re.search(r"\d\d:\d\d 3 2 1 The sum", words), "the table has one row, of now"


def test_a_span_that_is_none_is_refused_in_words(url: str) -> None:
    answer = logged_in(url, "pedro").get("/ops/?span=2y")

    assert answer.status_code == 400
    assert "span: must be one of 1h, 24h, 7d, not &#39;2y&#39;" in answer.text


def test_the_overview_in_spanish(store: Store, url: str) -> None:
    World(store).accept("e", LEAD, update(phone="1"))

    words = text_of(logged_in(url, "pedro").get("/ops/", **{"Accept-Language": "es-CL"}).text)

    assert "No hay ningún worker activo" in words
    assert "Eventos en el tiempo" in words
    assert "cuadra hoy 1 aceptado = 1 en camino" in words
    assert not re.search(r"\b(since|holds|last event)\b", words)


def test_the_overview_as_json(store: Store, url: str) -> None:
    world = World(store)
    world.crm.poison = {"1"}
    world.accept("e", LEAD, update(phone="1"))
    world.deliver()
    audit(store)

    found = Browser(url).get("/ops/api/overview?span=1h", **BEARER).json()

    assert {"words": "1 new kind of failure (1 event)", "kind": "warn"} in found["worries"]
    assert found["failures"] == {"open": 1, "unseen": 1}
    assert found["sum"] == {"holds": True, "unbalanced": []}
    assert (found["proof"]["holds"], found["proof"]["events"]) == (True, 1)
    assert (found["plot"]["span"], len(found["plot"]["bins"])) == ("1h", 60)
    assert (found["plot"]["bins"][-1]["dead"] or found["plot"]["bins"][-2]["dead"]) == 1
    assert [one["hook"] for one in found["last_events"]] == ["cotiza"]


def test_a_destination_that_is_held_says_so_in_our_words_and_in_those_of_the_crm(store: Store, url: str) -> None:
    world = World(store)
    world.accept("e", LEAD, update(phone="1"))
    world.deliver("denied")

    words = said(url)

    assert "default is held." in words
    assert "held: the lead API refuses our key; set the right one since" in words
    assert "“The provided API key is not valid”" in words


def test_what_is_asked_before_events_can_go_on_has_a_table_of_its_own(store: Store, url: str) -> None:
    asking = matched("a", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    (accepted,) = store.door.accept([asking])
    queue = "find:default"
    tried = store.errandry.claim(queue, room=1, lease_ms=1_000).events[accepted.id]
    store.errandry.rest(queue, accepted.id, tried, rest_ms=60_000, gate=("denied", "The key of Ana is not valid"))

    words = said(url)

    assert "asking for leads at default is held" in words
    assert "leads at default held: access is refused; see the words, and set the right token or key since" in words
    assert "“The key of Ana is not valid” 1 0" in words
    assert "No background worker is alive" in words


def test_words_from_outside_can_not_become_markup(store: Store, url: str) -> None:
    dead = Mapped(event_id="e", at_ms=None, state=State.DEAD, reason=Reason(kind="<b>x</b>", words=""))
    store.door.accept([replace(arrival("e", LEAD), mapped=dead)])

    html = page(url)

    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<b>x" not in html


def test_the_page_renews_what_it_shows_with_a_script_and_without(url: str) -> None:
    html = page(url)

    now = '<div id="now" hx-get="/ops/" hx-trigger="every 5s" hx-select="#now" hx-select-oob="#standing"'
    assert now in html
    assert '<section id="plot" hx-get="/ops/?span=1h" hx-trigger="every 30s" hx-select="#plot"' in html
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in html


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

    assert lately.seen() is lately.seen()
    assert len(looks) == 1


def test_counts_of_earlier_days_are_in_all_but_not_in_today(store: Store, tmp_path: Path) -> None:
    World(store).accept("e", LEAD, update(phone="1"))
    today = store.events.today()
    store.client.hset(f"relay:n:{today - 100}", mapping={"cotiza:accepted": 4, "cotiza:d": 4})

    (hook,) = status(store, settings_of(tmp_path)).hooks

    assert (hook.today["accepted"], hook.all["accepted"], hook.all["delivered"]) == (1, 5, 4)
