"""The list of what people did: its filters, its pages, its links, and its twin in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest

from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, text_of

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


def test_nobody_has_done_anything_yet(viewer: Browser) -> None:
    assert "Nobody has done anything yet." in text_of(shown(viewer))
    assert "Nobody did anything like this." in text_of(shown(viewer, who="ana"))


def test_an_event_that_an_act_was_about_is_linked(store: Store, viewer: Browser) -> None:
    store.acts.note(who="ana", what="drop", about=EVENT)
    store.acts.note(who="ana", what="replay", about="2 events")

    html = shown(viewer)

    assert f'href="/ops/events/{EVENT}"' in html
    assert "<td>2 events</td>" in html


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
