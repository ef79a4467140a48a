"""What the door refused, on the desk: what was refused alike as one, how to mend it, and each request."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import orjson
import pytest

from relay.ops.pages import rejected
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, text_of

WRONG = "the Typeform-Signature header does not match any of the hook's secrets"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


def refuse(store: Store, hook: str = "cotiza", status: int = 401, words: str = WRONG, ago_ms: int = 0) -> None:
    store.door.reject(hook, status=status, words=words, size=1_234)
    if ago_ms:
        row = orjson.loads(store.client.lindex("relay:rejected", 0))  # type: ignore[arg-type]
        store.client.lset("relay:rejected", 0, orjson.dumps([row[0] - ago_ms, *row[1:]]).decode())


def said(browser: Browser, path: str = "/ops/rejected") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(text_of(answer.text))


def test_nothing_refused_is_said(url: str) -> None:
    assert "The door has refused nothing lately." in said(logged_in(url, "pedro"))


def test_what_was_refused_alike_is_one_with_what_to_do_at_the_sender(store: Store, url: str) -> None:
    refuse(store)
    refuse(store)
    for column in (3, 8):
        refuse(store, status=400, words=f"the body is not JSON: line 1, column {column}: Expecting value")

    words = said(logged_in(url, "pedro"))

    assert f"cotiza: wrong signature Typeform 401 · {WRONG}" in words
    assert "2 requests since" in words
    assert "How to mend it copy the secret from Typeform into OLD, NEW once more" in words
    assert "cotiza: not JSON Typeform 400 · the body is not JSON: line …, column …: Expecting value" in words
    assert "Expecting value · to the hook 2 requests" in words
    assert "Each request 4" in words
    assert "cotiza 400 not JSON the body is not JSON: line 1, column 8: Expecting value 1,234" in words


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("", 3),
        ("hook=cotiza", 2),
        ("hook=zap", 1),
        ("since=1h", 2),
        ("words=not+JSON", 1),
        ("words=the+body+is+not+JSON:+line+%E2%80%A6,+column+%E2%80%A6:+Expecting+value", 1),
        ("hook=cotiza&words=signature", 2),
    ],
)
def test_they_are_filtered_by_hook_time_and_words(store: Store, url: str, query: str, number: int) -> None:
    refuse(store, ago_ms=7_200_000)
    refuse(store)
    refuse(store, "zap", 400, "the body is not JSON: line 1, column 3: Expecting value")

    found = Browser(url).get(f"/ops/api/rejected?{query}", **BEARER).json()

    assert (found["number"], len(found["requests"])) == (number, number)
    assert sum(one["requests"] for one in found["groups"]) == number


@pytest.mark.parametrize(
    ("query", "fault", "of_the_twin"),
    [
        ("since=soon", "is no time", "is no time"),
        ("lead=x", "lead: says nothing of a refused request", "unknown part 'lead'"),
        ("houk=cotiza", "unknown part", "did you mean 'hook'?"),
    ],
)
def test_a_wrong_filter_is_told(url: str, query: str, fault: str, of_the_twin: str) -> None:
    page = logged_in(url, "pedro").get(f"/ops/rejected?{query}")
    twin = Browser(url).get(f"/ops/api/rejected?{query}", **BEARER)

    assert (page.status_code, twin.status_code) == (400, 400)
    assert fault in page.text
    assert of_the_twin in twin.json()["message"]


def test_pages_give_every_request_once_though_many_came_in_one_moment(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [[1_790_000_000_000 - number // 5, "cotiza", 401, f"word{chr(97 + number)}", 1] for number in range(13)]
    store.client.rpush("relay:rejected", *(orjson.dumps(row).decode() for row in rows))
    monkeypatch.setattr(rejected, "SIZE", 3)

    found: list[str] = []
    after = ""
    for _ in range(5):
        answer = Browser(url).get(f"/ops/api/rejected?after={after}", **BEARER).json()
        found += [one["words"] for one in answer["requests"]]
        after = answer["next"]

    assert after == ""
    assert found == [row[3] for row in rows]


def test_a_place_that_can_not_be_read_is_told(url: str) -> None:
    answer = logged_in(url, "pedro").get("/ops/rejected?after=x")

    assert answer.status_code == 400
    assert "that place in the list can&#39;t be read" in answer.text


def test_a_hook_that_is_not_loaded_has_a_cure_all_the_same(store: Store, url: str) -> None:
    refuse(store, "gone")

    words = said(logged_in(url, "pedro"))

    assert "How to mend it copy the secret from the sender into the hook's secrets once more" in words


def test_it_is_said_in_spanish(store: Store, url: str) -> None:
    refuse(store)

    words = text_of(logged_in(url, "pedro").get("/ops/rejected", **{"Accept-Language": "es"}).text)

    assert "Rechazados" in words
    assert "1 solicitud desde" in words
    assert "Cómo arreglarlo" in words
    assert "copy the secret" not in words
