"""The inbox of the desk: failures in words, what stands in the place that fails, and who has seen them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.model import Mapped, Name, Reason, State
from relay.ops.pages import inbox
from relay.store import Store
from relay.store.groups import Group
from tests.desk import ANA, BEARER, EVA, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, matched, update

TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def refused(world: World, id: str, value: str = "Calificado", lead: str = ANA) -> str:
    """Have the CRM refuse an event's value."""
    world.crm.poison.add(value)
    event = world.accept(id, lead, update(metadata__estado_lead=value, first_name="Ana"))
    world.deliver()
    world.crm.poison.discard(value)
    assert world.state(event) is State.DEAD
    return event


def parked(world: World, id: str, phone: str = "+56912345678") -> str:
    return world.store.door.accept([matched(id, [Name("phone", phone)], update(title="a"))])[0].id


def only(store: Store, what: str = "dead") -> Group:
    [group] = [one for one in store.groups.open() if one.what == what]
    return group


def said(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def test_events_that_fail_alike_are_one_line_in_words(world: World, url: str) -> None:
    refused(world, "one")
    refused(world, "two", lead=EVA)

    words = said(logged_in(url, "carolina"), "/ops/inbox")

    assert "Open 1 Seen 0 Closed 0" in words
    assert "Typeform cotiza: the CRM refused the update: a value is refused dead 2 events since" in words
    assert "I have seen it Drop 2 …" in words


def test_an_empty_inbox_says_so(url: str) -> None:
    browser = logged_in(url, "pedro")

    assert "Nothing fails that nobody has seen." in said(browser, "/ops/inbox")
    assert "Nothing has been mended in the last 30 days." in said(browser, "/ops/inbox?show=closed")


def test_the_navigation_says_how_many_nobody_has_seen(world: World, url: str) -> None:
    refused(world, "one")
    parked(world, "two")

    assert "Inbox 2 new" in said(logged_in(url, "pedro"), "/ops/inbox")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("hook=cotiza", {"refused", "waits"}),
        ("hook=zapier", set()),
        ("state=parked", {"waits"}),
        ("kind=refused", {"refused"}),
        ("words=value+IS", {"refused"}),
        ("since=1h", {"refused", "waits"}),
        ("show=acknowledged", set()),
    ],
)
def test_the_inbox_is_filtered_as_lists_of_events_are(world: World, url: str, query: str, shown: set[str]) -> None:
    refused(world, "one")
    parked(world, "two")

    words = said(logged_in(url, "pedro"), f"/ops/inbox?{query}")

    sentences = {"refused": "cotiza: the CRM refused", "waits": "cotiza: waits for its lead"}
    assert {one for one, sentence in sentences.items() if sentence in words} == shown


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("show=gone", "show: must be one of open, acknowledged, closed, not"),
        ("state=delivered", "state: must be one of dead, parked, faulty, not"),
        ("hok=cotiza", "unknown part"),
        ("since=soon", "is no time"),
    ],
)
def test_a_wrong_filter_is_told(url: str, query: str, fault: str) -> None:
    for path, headers in (("/ops/inbox", {}), ("/ops/api/inbox", BEARER)):
        browser = Browser(url) if headers else logged_in(url, "pedro")
        answer = browser.get(f"{path}?{query}", **headers)

        assert answer.status_code == 400
        assert fault in answer.text


def test_more_groups_than_fit_on_a_page_are_shown_page_by_page(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("one", "two", "three"):
        reason = Reason(kind="mapping", words=f"rule {kind}x fails")
        mapped = Mapped(event_id=kind, at_ms=None, state=State.DEAD, reason=reason)
        world.store.door.accept([replace(arrival(kind, ""), mapped=mapped)])
    monkeypatch.setattr(inbox, "SIZE", 2)

    found: list[str] = []
    after = ""
    for _ in range(2):
        answer = Browser(url).get(f"/ops/api/inbox?after={after}", **BEARER).json()
        found += [one["words"] for one in answer["groups"]]
        after = answer["next"]

    assert after == ""
    assert sorted(found) == ["rule onex fails", "rule threex fails", "rule twox fails"]


def test_a_group_shows_the_values_that_were_refused_side_by_side(world: World, url: str) -> None:
    for number in range(3):
        refused(world, f"a{number}")
    refused(world, "b", "calificada", EVA)

    words = said(logged_in(url, "carolina"), f"/ops/inbox/{only(world.store).id}")

    assert "What stands there in the newest 4 events" in words
    assert f"estado_lead events value 3 {TIMES} “Calificado” 1 {TIMES} “calificada”" in words
    assert "What to do The CRM would refuse the same again." in words
    assert "refused 400: a value is refused" in words


def test_a_group_of_parked_events_shows_what_their_leads_were_looked_for_by(world: World, url: str) -> None:
    parked(world, "one")
    parked(world, "two", "+56987654321")
    parked(world, "three", "+56987654321")

    words = said(logged_in(url, "carolina"), f"/ops/inbox/{only(world.store, 'parked').id}")

    assert f"phone events value 2 {TIMES} “+56987654321” 1 {TIMES} “+56912345678”" in words
    assert "They go on by themselves as soon as a lead is known by this" in words


def test_a_group_that_is_none_is_not_found(url: str) -> None:
    answer = logged_in(url, "pedro").get("/ops/inbox/0000000000000000")

    assert answer.status_code == 404
    assert "There is no such kind of failure" in answer.text


def test_the_events_of_a_group_are_shown_page_by_page(world: World, url: str) -> None:
    ids = [refused(world, f"e{number}") for number in range(27)]
    group = only(world.store).id

    found = Browser(url).get(f"/ops/api/inbox/{group}", **BEARER).json()
    rest = Browser(url).get(f"/ops/api/inbox/{group}?after={found['next']}", **BEARER).json()

    assert [one["id"] for one in found["events"] + rest["events"]] == ids[::-1]
    assert rest["next"] == ""


def test_who_has_seen_it_is_noted_and_taken_back(world: World, url: str) -> None:
    refused(world, "one")
    group = only(world.store).id
    browser = logged_in(url, "carolina")

    answer = browser.post(f"/ops/inbox/{group}/acknowledge", {"next": "/ops/inbox?show=acknowledged"})
    refused(world, "two", lead=EVA)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/inbox?show=acknowledged")
    words = said(browser, "/ops/inbox?show=acknowledged")
    assert "Noted that you have seen it." in words
    assert re.search(r"seen by carolina, [\d:]+ ?, 1 more since", words)
    assert world.store.acts.last(1)[0].who == "carolina"

    browser.post(f"/ops/inbox/{group}/reopen", {"next": f"/ops/inbox/{group}"})
    assert only(world.store).state == "open"


def test_after_an_act_nobody_is_sent_to_another_site(world: World, url: str) -> None:
    refused(world, "one")

    path = f"/ops/inbox/{only(world.store).id}/acknowledge"
    answer = logged_in(url, "carolina").post(path, {"next": "https://evil.example/"})

    assert answer.headers["Location"] == "/ops/"


def test_a_viewer_sees_it_and_can_not_act(world: World, url: str) -> None:
    refused(world, "one")
    browser = logged_in(url, "pedro")

    for path in ("/ops/inbox", f"/ops/inbox/{only(world.store).id}"):
        words = said(browser, path)
        assert "a value is refused" in words
        assert "I have seen it" not in words
        assert "Drop" not in words
    assert browser.post(f"/ops/inbox/{only(world.store).id}/acknowledge").status_code == 403
    assert only(world.store).state == "open"


def test_a_group_whose_events_are_on_their_way_is_open_says_so_and_has_no_buttons(world: World, url: str) -> None:
    event = world.store.events.event(refused(world, "one"))
    assert event is not None
    group = only(world.store).id
    browser = logged_in(url, "carolina")
    world.store.letters.replay(event, who="ana")

    listed, words = said(browser, "/ops/inbox"), said(browser, f"/ops/inbox/{group}")
    html = browser.get(f"/ops/inbox/{group}").text

    assert "1 on its way since " in listed
    assert "Nothing has been mended" in said(browser, "/ops/inbox?show=closed")
    assert "None fails now: one event is on its way." in words
    assert f'href="/ops/events/{event.id}"' in html
    assert "Drop" not in words
    assert f'action="/ops/inbox/{group}/' not in html
    [told] = Browser(url).get("/ops/api/inbox", **BEARER).json()["groups"]
    assert (told["events"], told["on_their_way"], told["state"]) == (0, 1, "open")


def test_a_group_that_closed_shows_that_it_is_mended(world: World, url: str) -> None:
    event = world.store.events.event(refused(world, "one"))
    assert event is not None
    group = only(world.store).id
    browser = logged_in(url, "carolina")
    world.store.letters.replay(event, who="ana")
    world.deliver()

    assert "none fails any more since" in said(browser, "/ops/inbox?show=closed")
    words = said(browser, f"/ops/inbox/{group}")
    assert "All its events were delivered, or dropped." in words
    assert "Drop" not in words


def test_the_button_that_drops_asks_for_exactly_the_events_of_the_group(world: World, url: str) -> None:
    refused(world, "one")
    refused(world, "two", lead=EVA)
    parked(world, "other")
    browser = logged_in(url, "carolina")

    html = browser.get(f"/ops/inbox/{only(world.store).id}").text
    link = re.search(r'href="(/ops/events/drop[^"]+)"', html)
    assert link is not None
    question = said(browser, link[1].replace("&amp;", "&"))

    assert "Drop 2 events for good" in question


def test_the_inbox_in_spanish(world: World, url: str) -> None:
    refused(world, "one")
    browser = logged_in(url, "carolina")
    spanish = {"Accept-Language": "es-CL"}

    words = text_of(browser.get("/ops/inbox", **spanish).text)
    inside = text_of(browser.get(f"/ops/inbox/{only(world.store).id}", **spanish).text)

    assert "Abiertos 1 Vistos 0 Cerrados 0" in words
    assert "Typeform cotiza: el CRM rechazó la actualización: a value is refused fallido 1 evento desde" in words
    assert "Qué hacer El CRM rechazaría lo mismo otra vez." in inside


def test_the_same_as_json(world: World, url: str) -> None:
    refused(world, "one")
    group = only(world.store).id

    listed: Any = Browser(url).get("/ops/api/inbox?state=dead", **BEARER).json()
    told: Any = Browser(url).get(f"/ops/api/inbox/{group}", **BEARER).json()

    assert (listed["open"], listed["acknowledged"], listed["closed"]) == (1, 0, 0)
    [one] = listed["groups"]
    assert (one["group"], one["events"], one["state"]) == (group, 1, "open")
    assert len(one["trend"]) == 24
    assert told["sentence"] == "Typeform cotiza: the CRM refused the update: a value is refused"
    values = {place["name"]: [each["value"] for each in place["values"]] for place in told["suspects"]["places"]}
    assert values == {"metadata.estado_lead": ["Calificado"], "first_name": ["Ana"]}


def test_it_is_acknowledged_by_json_too(world: World, url: str) -> None:
    refused(world, "one")
    group = only(world.store).id
    browser = logged_in(url, "carolina")

    answer = browser.ask("POST", f"/ops/api/inbox/{group}/acknowledge", headers={"X-CSRFToken": browser.csrf()})

    assert (answer.json()["state"], answer.json()["seen_by"]) == ("acknowledged", "carolina")
    again = browser.ask("POST", f"/ops/api/inbox/{group}/reopen", headers={"X-CSRFToken": browser.csrf()})
    assert again.json()["state"] == "open"
