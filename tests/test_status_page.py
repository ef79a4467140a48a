"""The page: what it shows and what it must not, over real HTTP and a real store."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask
import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Worker

from relay import ops
from relay.model import Mapped, Name, Reason, State
from relay.nudge import DELIVER, queue_of
from relay.ops.figures import short
from relay.settings import Settings, load
from relay.status import Status, status
from relay.store import Store
from tests.doors import serving
from tests.far_crm import World, arrival, matched, update

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"RELAY_HOME": str(tmp_path), "LEADS_API_URL": "http://crm", "LEADS_API_KEY": "k"})


@pytest.fixture
def url(store: Store, settings: Settings) -> Iterator[str]:
    with serving(app_of(store, settings)) as url:
        yield url


def app_of(store: Store, settings: Settings) -> flask.Flask:
    app = flask.Flask("page")
    app.register_blueprint(ops.page(store, settings))
    return app


def page_of(url: str) -> requests.Response:
    return requests.get(url, timeout=10)


def text_of(html: str) -> str:
    """Give the words of a page, without its style and its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)).split())


def test_where_nothing_is_asked_there_is_no_table_for_it(url: str) -> None:
    assert "Asked for first" not in text_of(page_of(url).text)


def test_what_is_asked_before_events_can_go_on_has_a_table_of_its_own(store: Store, url: str) -> None:
    asking = matched("a", [Name("phone", "+56912345678")], update(title="x"), missing="create")
    (accepted,) = store.door.accept([asking])
    queue = "find:default"
    tried = store.errandry.claim(queue, room=1, lease_ms=1_000).events[accepted.id]
    store.errandry.rest(queue, accepted.id, tried, rest_ms=60_000, gate=("denied", "The key of Ana is not valid"))

    text = text_of(page_of(url).text)

    assert "Asked for first" in text
    assert "asking for leads at default is held" in text
    assert "leads at default held: access is refused; see the words, and set the right token or key 1 0" in text
    assert "No background worker is alive" in text
    assert "Ana" not in text


def test_an_empty_store_gives_a_page_that_says_so(store: Store, url: str) -> None:
    Worker([queue_of(store.client, DELIVER)], connection=store.client).register_birth()

    page = page_of(url)

    assert page.status_code == 200
    assert "All is well." in text_of(page.text)
    assert "no event was accepted yet" in text_of(page.text)
    assert "default flowing 0 0 none" in text_of(page.text)


def test_the_page_says_what_needs_a_person_and_the_command_that_shows_it(store: Store, url: str) -> None:
    world = World(store)
    world.crm.poison = {"1"}
    for value in ("1", "2"):
        world.accept(f"e{value}", LEAD, update(phone=value))
        world.deliver()

    said = text_of(page_of(url).text)

    assert "No worker is alive, nothing is delivered; 1 dead letter." in said
    assert "refused 1 relay dead list --kind refused" in said
    assert "cotiza today 2 0 1 1 all 2 0 1 1" in said


def test_a_destination_that_is_held_is_said_in_our_words(store: Store, url: str) -> None:
    world = World(store)
    world.accept("e", LEAD, update(phone="1"))
    world.deliver("denied")

    said = text_of(page_of(url).text)

    assert "held: the lead API refuses our key; set the right one" in said
    assert "The provided API key is not valid" not in said


def test_nothing_of_a_person_stands_on_the_page(store: Store, url: str) -> None:
    words = "ana@example.com is taken"
    dead = Mapped(event_id="e", at_ms=None, lead=LEAD, state=State.DEAD, reason=Reason(kind="refused", words=words))
    store.door.accept([replace(arrival("e", LEAD, update(email="ana@example.com")), mapped=dead)])
    store.door.reject("cotiza", status=400, words=words, size=1)

    pages = page_of(url).text + page_of(f"{url}/status.json").text

    assert "example.com" not in pages
    assert LEAD not in pages


def test_words_from_outside_can_not_become_markup(store: Store, url: str) -> None:
    dead = Mapped(event_id="e", at_ms=None, state=State.DEAD, reason=Reason(kind="<b>x</b>", words=""))
    store.door.accept([replace(arrival("e", LEAD), mapped=dead)])

    html = page_of(url).text

    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "<b>" not in html


def test_the_page_is_allowed_its_own_style_and_nothing_else(url: str) -> None:
    page = page_of(url)

    (style,) = re.findall(r"<style>(.*)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert page.headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|<form|<img| style=| on\w+=", page.text)


def test_the_page_renews_itself_and_fits_a_phone(url: str) -> None:
    html = page_of(url).text

    assert '<meta http-equiv="refresh" content="5">' in html
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in html


def test_the_same_as_json(store: Store, url: str) -> None:
    world = World(store)
    world.accept("e", LEAD, update(phone="1"))

    found = page_of(f"{url}/status.json").json()

    (hook,) = found["hooks"]
    assert (hook["hook"], hook["today"]["accepted"], hook["all"]["in flight"]) == ("cotiza", 1, 1)
    assert (found["due"], found["dead"], found["workers"]) == (1, 0, 0)
    (gate,) = found["destinations"]
    assert (gate["destination"], gate["state"], gate["leads_waiting"]) == ("default", "flowing", 1)


def test_while_the_store_is_away_the_page_says_so_and_renews_itself(tmp_path: Path, settings: Settings) -> None:
    client = redis.Redis(unix_socket_path=str(tmp_path / "nothing"), retry=Retry(NoBackoff(), 0))
    with serving(app_of(Store(client, retention_ms=1), settings)) as url:
        page, numbers = page_of(url), page_of(f"{url}/status.json")

    assert (page.status_code, numbers.status_code) == (503, 503)
    assert "Redis is away or still loading: start it, or check REDIS_URL." in text_of(page.text)
    assert 'http-equiv="refresh"' in page.text
    assert numbers.json()["error"] == "store unavailable"


def test_many_who_look_at_once_ask_the_store_once(store: Store, settings: Settings) -> None:
    looks: list[Status] = []

    def look() -> Status:
        looks.append(status(store, settings))
        return looks[-1]

    lately = ops.Lately(look, same_for_s=3_600)

    assert lately.status() is lately.status()
    assert len(looks) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_can_only_be_read(url: str, method: str) -> None:
    assert requests.request(method, url, timeout=10).status_code == 405


def test_counts_of_earlier_days_are_in_all_but_not_in_today(store: Store, settings: Settings) -> None:
    World(store).accept("e", LEAD, update(phone="1"))
    today = store.events.today()
    store.client.hset(f"relay:n:{today - 100}", mapping={"cotiza:accepted": 4, "cotiza:d": 4})

    (hook,) = status(store, settings).hooks

    assert (hook.today["accepted"], hook.all["accepted"], hook.all["delivered"]) == (1, 5, 4)


@pytest.mark.parametrize(
    ("ms", "words"), [(0, "0.0 s"), (1_500, "1.5 s"), (60_000, "1 min"), (7_200_000, "2 h"), (86_400_000 * 3, "3 d")]
)
def test_a_wait_is_written_in_its_largest_unit(ms: int, words: str) -> None:
    assert short(ms) == words
