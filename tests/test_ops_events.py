"""The list of events: its filters, its pages, its tail, its twin in JSON, and dropping from it; over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from relay.model import Mapped, Reason, State
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


@pytest.fixture
def operator(url: str) -> Browser:
    return logged_in(url, "carolina")


def take(
    store: Store, id: str, state: State = State.DEAD, *, hook: str = "cotiza", kind: str = "refused", words: str = "no"
) -> str:
    """Have an event accepted that stands where it stays."""
    reason = Reason(kind=kind, words=words) if state in (State.DEAD, State.PARKED) else None
    one = replace(arrival(id, ANA), hook=hook, mapped=Mapped(event_id=id, at_ms=None, state=state, reason=reason))
    return store.door.accept([one])[0].id


def listed(browser: Browser, **words: str) -> list[str]:
    """Give the ids of the rows of a page, from top to bottom."""
    return ids_in(shown(browser, **words))


def shown(browser: Browser, **words: str) -> str:
    answer = browser.get(f"/ops/events?{urlencode(words)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def ids_in(html: str) -> list[str]:
    return re.findall(r'<tr class="row-link" data-id="([a-z2-7]{20})"', html)


def href(html: str, text: str) -> str:
    """Give the address of the link with this text."""
    found = re.search(rf'<a[^>]*href="([^"]*)"[^>]*>{re.escape(text)}</a>', html)
    assert found, f"no link {text!r}"
    return found[1].replace("&amp;", "&")


def drop(browser: Browser, **fields: Any) -> requests.Response:
    return browser.ask("POST", "/ops/events/drop", data={"csrf_token": browser.csrf(), **fields})


def test_an_empty_list_says_that_nothing_was_accepted(operator: Browser) -> None:
    assert "No event was accepted yet." in text_of(shown(operator))
    assert "No event is found by this." in text_of(shown(operator, state="dead"))


def test_what_a_pause_keeps_back_says_so_and_what_has_ended_does_not(store: Store, operator: Browser) -> None:
    world = World(store)
    store.door.know(["cotiza"])
    world.accept("ended", EVA, update(title="x"))
    world.deliver()
    world.accept("waits", ANA, update(title="y"))
    assert ">paused<" not in shown(operator)

    store.steering.pause_hook("cotiza", who="ana", why="a test")
    by_hook = shown(operator)
    store.steering.resume_hook("cotiza", who="ana")
    store.steering.pause_destination("default", who="ana", why="a test")
    by_destination = shown(operator)

    for html in (by_hook, by_destination):
        assert re.findall(r'data-state="([^"]+)"', html) == ["p paused", "d"]
        assert html.count(">paused<") == 1


def test_the_group_that_is_asked_for_is_said_in_its_own_words(store: Store, operator: Browser) -> None:
    world = World(store)
    world.crm.poison = {"x"}
    world.accept("one", ANA, update(title="x"))
    world.deliver()
    [group] = store.groups.open()

    html = shown(operator, state="dead", group=group.id)
    asked = operator.get(f"/ops/events/drop?state=dead&group={group.id}").text

    for page in (html, asked):
        assert f'<a href="/ops/inbox/{group.id}">Typeform cotiza: the CRM refused the update' in page
    assert "Failures of one kind" not in shown(operator, state="dead", group="abcdef")


def test_a_row_says_what_an_event_is_about_where_it_stands_and_why(store: Store, operator: Browser) -> None:
    world = World(store)
    world.crm.poison = {"no phone"}
    dead = world.accept("1", ANA, update(phone="no phone"))
    world.deliver()
    delivered = world.accept("2", EVA, update(first_name="Eva", metadata__estado="calificado"))
    world.deliver()
    ignored = take(store, "3", State.IGNORED)

    page = shown(operator)
    rows = dict(re.findall(r'data-id="(\w+)"[^>]*>(.*?)</tr>', page, re.DOTALL))

    assert list(rows) == [ignored, delivered, dead]
    assert re.search(r"cotiza typeform dead 7c9e6679 refused 400: a value is refused$", text_of(rows[dead]))
    assert re.search(r"delivered 16fd2706 first_name Eva · estado calificado$", text_of(rows[delivered]))
    assert text_of(rows[ignored]).endswith("ignored not known no rule held")
    assert f'href="/ops/leads/{EVA}"' in rows[delivered]
    assert f'href="/ops/events/{dead}"' in rows[dead]


def test_filters_are_those_of_the_command_line(store: Store, operator: Browser) -> None:
    one = take(store, "1", words="campaign_id: not found")
    two = take(store, "2", hook="visita", kind="mapping")
    parked = take(store, "3", State.PARKED, kind="unknown lead")

    assert listed(operator) == [parked, two, one]
    assert listed(operator, state="dead") == [two, one]
    assert listed(operator, hook="visita") == [two]
    assert listed(operator, state="dead", kind="mapping") == [two]
    assert listed(operator, state="dead", words="CAMPAIGN") == [one]
    assert listed(operator, state="parked", sender="typeform") == [parked]
    assert listed(operator, sender="zapier") == []
    assert listed(operator, since="1h") == [parked, two, one]
    assert listed(operator, until="1h") == []
    assert listed(operator, since="today", test="no") == [parked, two, one]
    assert listed(operator, group=store.groups.open()[0].id) in ([one], [two], [parked])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("state=deda", "state: must be one of"),
        ("since=yesterday", "is no time"),
        ("hok=cotiza", "did you mean &#39;hook&#39;?"),
        ("after=nowhere", "begin at its start"),
    ],
)
def test_a_wrong_filter_is_told_on_the_page(store: Store, operator: Browser, query: str, words: str) -> None:
    take(store, "1")
    page, twin = operator.get(f"/ops/events?{query}"), operator.get(f"/ops/api/events?{query}")

    assert (page.status_code, twin.status_code) == (400, 400)
    assert words in page.text
    assert 'name="hook"' in page.text, "the form is still there to put it right"
    assert "error" in twin.json()


def test_of_a_name_that_comes_twice_the_last_that_says_something_counts(store: Store, operator: Browser) -> None:
    take(store, "1")

    assert ids_in(operator.get("/ops/events?since=1h&since=").text)
    assert ids_in(operator.get("/ops/events?since=&since=2030-01-01T00%3A00").text) == []


def test_older_and_newest_lead_through_all_pages(store: Store, operator: Browser) -> None:
    ids = [take(store, str(n), State.IGNORED) for n in range(120)][::-1]

    first = shown(operator, state="ignored")
    second = operator.get(href(first, "Older")).text
    third = operator.get(href(second, "Older")).text

    assert [ids_in(first), ids_in(second), ids_in(third)] == [ids[:50], ids[50:100], ids[100:]]
    assert 'rel="next"' not in third
    assert href(third, "Newest") == "/ops/events?state=ignored"
    assert "data-tail" in first
    assert "data-tail" not in second, "what is older is not followed"


def test_a_page_that_ends_before_it_is_full_says_how_far_back_it_looked(
    store: Store, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        take(store, str(number))
    monkeypatch.setattr("relay.finding.paging.MOST_RECORDS", 10)

    page = shown(operator, words="nowhere")

    assert re.search(r"Looked back to \d\d:\d\d:\d\d ; there may be more before that\.", text_of(page))
    assert 'rel="next"' in page


def test_the_tabs_say_how_many_there_are_only_where_that_is_what_they_show(store: Store, operator: Browser) -> None:
    for number in range(3):
        take(store, str(number))
    take(store, "p", State.PARKED, kind="unknown lead")

    assert "any state dead 3 parked 1 value held back 0 in flight delivered" in text_of(shown(operator))
    assert "any state dead parked value held back in flight" in text_of(shown(operator, hook="cotiza"))


def test_the_tail_gives_the_newest_rows_and_those_that_are_asked_for_as_they_are_now(
    store: Store, operator: Browser
) -> None:
    old = take(store, "old")
    new = take(store, "new", State.IGNORED)
    event = store.events.event(old)
    assert event is not None
    store.letters.discard(event, who="ana", why="a test")

    tail = operator.get(f"/ops/events/tail?state=ignored&also={old},gone,../x").text
    newest, _, also = tail.partition("data-also")

    assert ids_in(newest) == [new]
    assert ids_in(also) == [old]
    assert 'data-state="c"' in also


def test_the_twin_in_json_gives_the_same_events_page_by_page(store: Store, url: str) -> None:
    ids = [take(store, str(n), State.IGNORED) for n in range(4)][::-1]
    dead = take(store, "dead")
    machine = Browser(url)

    first = machine.get("/ops/api/events?size=3", **BEARER).json()
    rest = machine.get(f"/ops/api/events?size=3&{urlencode({'after': first['next']})}", **BEARER).json()

    assert [event["id"] for event in (*first["events"], *rest["events"])] == [dead, *ids]
    assert (rest["next"], rest["back_to_ms"]) == ("", None)
    assert first["events"][0]["reason"]["kind"] == "refused"
    assert machine.get("/ops/api/events?size=0", **BEARER).status_code == 400


def test_the_button_says_how_many_the_question_counts_and_the_act_drops(store: Store, operator: Browser) -> None:
    dead = [take(store, str(n)) for n in range(3)]
    parked = take(store, "p", State.PARKED, kind="unknown lead")

    button = href(shown(operator, state="dead"), "Drop 3 events …")
    question = operator.get(button)
    done = drop(operator, state="dead", count="3", why="a test of marketing")

    assert "Drop 3 events for good" in text_of(question.text)
    assert ids_in(question.text) == dead[::-1]
    assert (done.status_code, done.headers["Location"]) == (303, "/ops/events?state=dead")
    assert "3 events dropped." in text_of(operator.get("/ops/events?state=dead").text)
    assert [World(store).state(id) for id in (*dead, parked)] == [State.DISCARDED] * 3 + [State.PARKED]
    [act] = store.acts.last(10)
    assert (act.who, act.what, act.about, act.count) == ("carolina", "drop", "3 events", 3)
    assert (act.why, act.filter) == ("a test of marketing", "dead")


def test_more_events_than_were_asked_about_are_not_dropped(store: Store, operator: Browser) -> None:
    ids = [take(store, str(n)) for n in range(2)]
    late = take(store, "late")

    answer = drop(operator, state="dead", count="2", why="a test")

    assert answer.status_code == 409
    assert "There are more of them now than when you were asked: look again." in text_of(answer.text)
    assert 'name="count" value="3"' in answer.text
    assert {World(store).state(id) for id in (*ids, late)} == {State.DEAD}


def test_selected_events_are_asked_about_then_dropped_and_what_can_not_be_is_told(
    store: Store, operator: Browser
) -> None:
    one, other = take(store, "1"), take(store, "2")
    ignored = take(store, "3", State.IGNORED)

    question = drop(operator, id=[one, ignored])
    without_reason = drop(operator, id=[one, ignored], why="  ")
    done = drop(operator, id=[one, ignored], why="a test")
    after = text_of(operator.get(done.headers["Location"]).text)

    assert (question.status_code, without_reason.status_code) == (200, 400)
    assert "Drop 2 events for good" in text_of(question.text)
    assert "Say why they are dropped." in text_of(without_reason.text)
    assert "1 event dropped." in after
    assert f"event {ignored}: only dead and parked events can be dropped" in after
    assert [World(store).state(id) for id in (one, other, ignored)] == [State.DISCARDED, State.DEAD, State.IGNORED]


def test_only_dead_and_parked_events_can_be_dropped_by_a_filter(operator: Browser) -> None:
    answer = drop(operator, state="delivered", count="1", why="a test")

    assert answer.status_code == 400
    assert "only dead and parked events can be dropped" in answer.text


def test_a_viewer_sees_no_way_to_act(store: Store, url: str) -> None:
    take(store, "1")

    page = shown(logged_in(url, "pedro"), state="dead")

    assert len(ids_in(page)) == 1
    assert "checkbox" not in page
    assert "/ops/events/drop" not in page
    assert logged_in(url, "pedro").get("/ops/events/drop?state=dead").status_code == 403


def test_a_machine_drops_by_ids(store: Store, tmp_path: Path) -> None:
    one = take(store, "1")
    with served(store, tmp_path, RELAY_OPS_TOKEN_ROLE="operator") as url:

        def ask(told: object) -> requests.Response:
            return Browser(url).ask("POST", "/ops/api/events/drop", json=told, headers=BEARER)

        assert [ask(told).status_code for told in ({}, [], {"ids": [one]}, {"ids": "x", "why": "y"})] == [400] * 4
        answer = ask({"ids": [one, "gone"], "why": "a test"}).json()

    assert answer == {"dropped": 1, "not_dropped": 1, "failed": {"gone": "event gone: it is not kept any more"}}
    assert World(store).state(one) is State.DISCARDED


def test_the_list_speaks_spanish(store: Store, operator: Browser) -> None:
    take(store, "1")

    page = text_of(operator.ask("GET", "/ops/events?state=dead", headers={"Accept-Language": "es-CL"}).text)

    assert "Descartar 1 evento …" in page
    assert "Los eventos se guardan 30 días" in page
    assert "Seguir en vivo" in page
