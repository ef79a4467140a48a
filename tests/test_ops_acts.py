"""The list of what people did: its filters, its pages, its links, and its twin in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest

from relay import replay
from relay.finding import Filter, described
from relay.store import Store
from tests.desk import ANA, BEARER, EVA, Browser, logged_in, served, text_of
from tests.far_crm import World, update

EVENT = "aaaaaaaaaaaaaaaaaaaa"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


@pytest.fixture
def viewer(url: str) -> Browser:
    return logged_in(url, "pedro")


def shown(browser: Browser, **words: str) -> str:
    answer = browser.get(f"/ops/acts?{urlencode(words)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def whys(html: str) -> list[str]:
    return re.findall(r'<td class="said">(.*?)</td></tr>', html)


def test_an_act_tells_who_when_what_about_what_how_many_and_why(store: Store, viewer: Browser) -> None:
    store.acts.note(who="ana", what="drop", about="38 events", why="a test", filter="dead, hook 'cotiza'", count=38)

    row = text_of(shown(viewer))

    assert re.search(r"\d\d:\d\d:\d\d ana drop 38 events dead, hook &#39;cotiza&#39; 38 a test", row)


def test_the_group_that_a_filter_names_is_said_and_linked_and_one_that_is_gone_is_left_as_it_was_written(
    store: Store, viewer: Browser
) -> None:
    world = World(store)
    world.crm.poison = {"x"}
    world.accept("one", ANA, update(title="x"))
    world.deliver()
    [group] = store.groups.open()
    store.groups.acknowledge(group.id, who="ana")
    store.acts.note(who="ana", what="drop", about="2 events", filter=described(Filter(group=group.id)), count=2)
    store.acts.note(who="ana", what="drop", about="3 events", filter="dead, group 'abcdef', hook 'cotiza'", count=3)

    html = shown(viewer)

    sentence = "Typeform cotiza: the CRM refused the update: a value is refused"
    assert f'dead, group &#39;<a href="/ops/inbox/{group.id}" title="{group.id}">{sentence}</a>&#39;' in html
    assert f'<td class="about"><a href="/ops/inbox/{group.id}" title="group {group.id}">{sentence}</a></td>' in html
    assert "group &#39; abcdef &#39;, hook &#39;cotiza&#39;" in text_of(html)


def test_a_replays_act_leads_to_its_record_and_older_entries_are_still_read(store: Store, viewer: Browser) -> None:
    world = World(store)
    world.crm.poison = {"x"}
    ids = [world.accept(id, lead, update(title="x")) for id, lead in (("one", ANA), ("two", EVA))]
    world.deliver()
    both, one = (replay.draft(store, some, who="ana") for some in (ids, ids[:1]))
    replay.start(store, both.id, who="ana")
    replay.start(store, one.id, who="ana")
    store.client.rpush("relay:acts", orjson.dumps([2, "eva", "replay", "7 events", "seven", "dead", 7]))
    store.client.rpush("relay:acts", orjson.dumps([1, "eva", "replay", "5 events", "five"]))

    html = shown(viewer)
    told = Browser(viewer.url).get("/ops/api/acts", **BEARER).json()["acts"]

    assert f'<a href="/ops/replays/{both.id}">2 events</a>' in html
    assert f'<a href="/ops/replays/{one.id}">replay</a>' in html
    assert f'href="/ops/events/{ids[0]}"' in html
    assert whys(html)[2:] == ["seven", "five"]
    assert [(act["replay"], act["count"]) for act in told] == [(one.id, 1), (both.id, 2), ("", 7), ("", 0)]


def test_nobody_has_done_anything_yet(viewer: Browser) -> None:
    assert "Nobody has done anything yet." in text_of(shown(viewer))
    assert "Nobody did anything like this." in text_of(shown(viewer, who="ana"))


def test_an_event_that_an_act_was_about_is_linked(store: Store, viewer: Browser) -> None:
    store.acts.note(who="ana", what="drop", about=EVENT)
    store.acts.note(who="ana", what="replay", about="2 events")

    html = shown(viewer)

    assert f'href="/ops/events/{EVENT}"' in html
    assert '<td class="about">2 events</td>' in html


def test_acts_are_found_by_who_what_and_since(store: Store, viewer: Browser) -> None:
    now_ms = store.events.now_ms()
    rows = [("eva", "drop", 0), ("ana", "replay", 0), ("ana", "drop", 2 * 3_600_000), ("ana", "pause", 9 * 86_400_000)]
    for number, (who, what, ago_ms) in enumerate(rows):
        store.client.rpush("relay:acts", orjson.dumps([now_ms - ago_ms, who, what, "x", str(number)]))

    assert whys(shown(viewer)) == ["0", "1", "2", "3"]
    assert whys(shown(viewer, who="ana")) == ["1", "2", "3"]
    assert whys(shown(viewer, what="drop")) == ["0", "2"]
    assert whys(shown(viewer, who="ana", since="1h")) == ["1"]
    assert whys(shown(viewer, since="7d")) == ["0", "1", "2"]


@pytest.mark.parametrize("query", ["since=yesterday", "after=nowhere"])
def test_what_can_not_be_read_is_told(viewer: Browser, query: str) -> None:
    page, twin = viewer.get(f"/ops/acts?{query}"), viewer.get(f"/ops/api/acts?{query}")

    assert (page.status_code, twin.status_code) == (400, 400)
    assert 'name="who"' in page.text


@pytest.mark.parametrize("together", [1, 7, 1_000])
def test_pages_give_every_act_once_also_while_new_ones_come(store: Store, url: str, together: int) -> None:
    """Acts of one millisecond, ``together`` of them each, part across pages."""
    for number in range(640):
        store.client.lpush("relay:acts", orjson.dumps([1_000 + number // together, "ana", "drop", "x", str(number)]))
    machine, given, after = Browser(url), list[str](), ""

    while True:
        told = machine.get(f"/ops/api/acts?size=90&after={after}", **BEARER).json()
        given += [act["why"] for act in told["acts"]]
        store.acts.note(who="eva", what="replay", about="x", why="new")
        after = told["next"]
        if not after:
            break

    assert given == [str(number) for number in range(640)][::-1]


def test_older_and_newest_lead_through_the_pages(store: Store, viewer: Browser) -> None:
    for number in range(60):
        store.acts.note(who="ana", what="drop", about="x", why=str(number))

    first = shown(viewer, who="ana")
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older
    second = viewer.get(older[1].replace("&amp;", "&")).text

    assert whys(first) == [str(n) for n in range(59, 9, -1)]
    assert whys(second) == [str(n) for n in range(9, -1, -1)]
    assert 'href="/ops/acts?who=ana"' in second


def test_the_list_speaks_spanish(store: Store, viewer: Browser) -> None:
    store.acts.note(who="ana", what="drop", about="x")

    words = text_of(viewer.ask("GET", "/ops/acts", headers={"Accept-Language": "es"}).text)

    assert "ana descartar x" in words
