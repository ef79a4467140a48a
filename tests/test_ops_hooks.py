"""Hooks on the desk: how each fares, all that one is made of but its secrets, and what a person does with it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from relay import wiring
from relay.hooks import Hook
from relay.model import Mapped, State
from relay.settings import Settings
from relay.store import Store
from tests.desk import ANA, BEARER, Browser, logged_in, settings_of, text_of
from tests.doors import serving
from tests.far_crm import World, arrival, update

RULES = Path(__file__).parent.parent / "rules"
SECRET = "the-very-secret-of-the-form"
VARIABLES = {
    "TYPEFORM_SECRET": SECRET,
    "META_APP_SECRET": "an-app-secret",
    "META_PAGE_TOKEN": "a-page-token",
    "META_VERIFY_TOKEN": "a-verify-token",
    "META_PAGE_TOKEN_EXPIRES": "2031-05-06",
    "RELAY_PUBLIC_URL": "http://relay.example",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with two hooks: one whose answers come along, and one for which they are asked."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for source, name in ((RULES, "cotiza"), (RULES / "examples", "meta")):
        shutil.copy(source / f"{name}.yaml", folder)
        shutil.copytree(source / name, folder / name)
    return settings_of(tmp_path, RELAY_RULES=str(folder), RELAY_OPS_TOKEN_ROLE="operator", **VARIABLES)


@pytest.fixture
def hooks(settings: Settings) -> dict[str, Hook]:
    return wiring.hooks(settings)


@pytest.fixture
def url(store: Store, settings: Settings, hooks: dict[str, Hook]) -> Iterator[str]:
    store.door.know(["encuesta", *hooks])
    store.rule_texts.keep(hooks.values())
    with serving(wiring.routes(settings, store, hooks)) as url:
        yield url


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def said(url: str, path: str, name: str = "pedro") -> str:
    return text_of(html(url, path, name))


def html(url: str, path: str, name: str = "pedro") -> str:
    answer = logged_in(url, name).get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def told(url: str, path: str) -> dict[str, Any]:
    answer = Browser(url).get(f"/ops/api{path}", **BEARER)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told_of(url: str, hook: str) -> dict[str, Any]:
    return next(one for one in told(url, "/hooks")["hooks"] if one["hook"] == hook)


def asked_for(store: Store) -> None:
    """Have a token refused that asks for the answers of an event."""
    one = replace(arrival("m", ""), hook="meta", sender="meta", mapped=Mapped(event_id="m", at_ms=None, fetch="1"))
    (accepted,) = store.door.accept([one])
    tried = store.errandry.claim("fetch:meta", room=1, lease_ms=1_000).events[accepted.id]
    store.errandry.rest("fetch:meta", accepted.id, tried, rest_ms=60_000, gate=("denied", "Session has expired"))


def test_the_list_says_how_each_hook_fares(store: Store, world: World, url: str) -> None:
    world.crm.poison = {"bad"}
    world.accept("dead", ANA, update(title="bad"))
    world.deliver()
    world.accept("good", ANA, update(title="good"))
    store.door.reject("cotiza", status=401, words="there is no Typeform-Signature header", size=3)

    words = said(url, "/ops/hooks")

    assert re.search(
        r"cotiza Typeform refused lately receiving 1 request refused in 24 h \d+ seconds? ago 2 2 1 0 \w{8} "
        r"meta Meta Lead Ads no event yet none yet 0 0 0 0 \w{8} "
        r"encuesta its file is gone not loaded no event yet",
        words,
    )
    row = told_of(url, "cotiza")
    assert (row["today"], row["last_24h"], row["dead"], row["parked"], row["rejected_lately"]) == (2, 2, 1, 0, 1)
    assert (row["state"], sum(row["trend"]), len(row["trend"])) == (["refused lately", "receiving"], 2, 24)


def test_a_count_leads_to_the_events_that_it_counts(world: World, url: str) -> None:
    world.crm.poison = {"bad"}
    world.accept("dead", ANA, update(title="bad"))
    world.deliver()
    page = html(url, "/ops/hooks")

    [href] = re.findall(r'href="(/ops/events\?[^"]+)">1</a>', page)

    assert logged_in(url, "pedro").get(href.replace("&amp;", "&")).text.count('<tr class="row-link"') == 1


def test_a_hook_without_an_event_for_a_day_is_told_from_one_that_never_had_any(store: Store, url: str) -> None:
    store.client.hset("relay:last", "cotiza", store.events.now_ms() - 2 * 86_400_000)

    assert told_of(url, "cotiza")["state"] == ["no event in 24 h"]
    assert told_of(url, "meta")["state"] == ["no event yet"]


def test_a_hook_that_is_quiet_beyond_its_habit_is_marked(store: Store, url: str) -> None:
    hour = store.events.now_ms() // 3_600_000
    for back in range(14, 21 * 24):
        store.client.hset(f"relay:hours:{(hour - back) // 24}", f"cotiza:{(hour - back) % 24}", 20)
    store.client.hset("relay:last", "cotiza", (hour - 14) * 3_600_000)

    row = told_of(url, "cotiza")

    assert (row["state"], row["silent"]) == (["quiet"], True)
    assert "were to be expected" in said(url, "/ops/hooks/cotiza")


def test_one_hook_says_where_its_sender_posts_and_what_its_rules_do(hooks: dict[str, Hook], url: str) -> None:
    words = said(url, "/ops/hooks/cotiza")

    assert "Address POST http://relay.example/hooks/cotiza" in words
    assert "What proves it the webhook&#39;s secret, set at Connect &gt; Webhooks &gt; Edit" in words
    assert "Step by step docs/senders/typeform.md" in words
    assert "Its lead: id hidden.lead_id :7" in words
    assert "broker :40 only if event.kind == &#39;form_response&#39; and fields.comunas" in words
    assert "metadata.estado_lead calificado :50" in words
    assert "contact details :19 always first_name fields.nombre | title | first_word :21" in words
    version = hooks["cotiza"].version
    assert f"{version} shown below" in words


def test_no_secret_is_shown_nor_anything_of_it(url: str) -> None:
    values = [
        VARIABLES[name] for name in ("TYPEFORM_SECRET", "META_APP_SECRET", "META_PAGE_TOKEN", "META_VERIFY_TOKEN")
    ]
    for hook in ("cotiza", "meta"):
        for page in (html(url, f"/ops/hooks/{hook}"), str(told(url, f"/hooks/{hook}"))):
            assert not [one for one in values if one in page]
    words = said(url, "/ops/hooks/meta")
    assert "META_APP_SECRET proves that a request is the sender&#39;s; any of them may match set no date set" in words
    assert "META_PAGE_TOKEN token: a page access token" in words
    assert "6 May 2031" in words
    secrets = told(url, "/hooks/meta")["secrets"]
    assert [(one["name"], one["key"], one["set"], one["expires"]) for one in secrets] == [
        ("META_APP_SECRET", "", True, None),
        ("META_PAGE_TOKEN", "token", True, "2031-05-06T00:00:00.000Z"),
        ("META_VERIFY_TOKEN", "verify_token", True, None),
    ]


def test_a_token_that_the_sender_refuses_is_said_beside_it(store: Store, url: str) -> None:
    asked_for(store)

    words = said(url, "/ops/hooks/meta")

    assert re.search(r"META_PAGE_TOKEN .{0,90} set held", words)
    assert "“Session has expired”. 1 event waits" in words
    assert told(url, "/hooks/meta")["asking"]["state"] == "held"


def test_a_hook_that_is_gone_is_shown_as_it_was_last(store: Store, hooks: dict[str, Hook], url: str) -> None:
    gone = hooks["cotiza"].text.replace(b"TYPEFORM_SECRET", b"OLD_SECRET")
    store.rule_texts.keep([replace(hooks["cotiza"], name="encuesta", text=gone, version="0a0b0c0d")])

    words = said(url, "/ops/hooks/encuesta")

    assert "Its hook file is not there: senders are answered 503" in words
    assert "What stands below is its last version." in words
    assert "OLD_SECRET proves that a request is the sender&#39;s; any of them may match missing" in words
    assert "qualified :46" in words


def test_a_version_of_before_can_be_read(store: Store, hooks: dict[str, Hook], url: str) -> None:
    before = replace(hooks["cotiza"], text=hooks["cotiza"].text.replace(b">= 2", b">= 4"), version="0a0b0c0d")
    store.rule_texts.keep([before])
    store.rule_texts.keep([hooks["cotiza"]])
    browser = logged_in(url, "pedro")

    of_now, of_then = (browser.get(f"/ops/hooks/cotiza{query}").text for query in ("", "?version=0a0b0c0d"))

    assert "dormitorios &gt;= 4" not in of_now
    assert '<li id="line-47"><code>    when: fields.preaprobado and fields.dormitorios &gt;= 4</code></li>' in of_then
    assert "0a0b0c0d" in of_now
    assert browser.get("/ops/hooks/cotiza?version=ffffffff").status_code == 404
    assert [one["version"] for one in told(url, "/hooks/cotiza")["versions"]][-1] == "0a0b0c0d"


def test_a_file_that_was_changed_or_is_gone_since_it_was_loaded_is_told(settings: Settings, url: str) -> None:
    file = settings.rules / "cotiza.yaml"
    assert told(url, "/hooks/cotiza")["on_disk"] == "as loaded"

    file.write_text(file.read_text() + "# more\n")
    assert "cotiza.yaml was changed just now, and is taken over within seconds" in said(url, "/ops/hooks/cotiza")
    assert str(file) not in logged_in(url, "pedro").get("/ops/hooks/cotiza").text, "its name says enough"

    file.unlink()
    words = said(url, "/ops/hooks/cotiza")
    assert "cotiza.yaml is gone: unless it comes back at once, its senders are answered 503" in words


def test_a_file_with_faults_is_told_with_each_fault_and_with_what_serves_since_when(store: Store, url: str) -> None:
    faults = ["rules/cotiza.yaml:3:1: the file has the unknown key 'rulez'", "rules/cotiza.yaml:9:5: is empty"]
    version = told(url, "/hooks/cotiza")["version"]
    store.serving.note(
        served=["cotiza"], taken={"cotiza": version}, faults={"cotiza": faults, "nuevo": ["rules/nuevo.yaml:1: no"]}
    )

    row, words, listed = told_of(url, "cotiza"), said(url, "/ops/hooks/cotiza"), said(url, "/ops/hooks")

    assert (row["state"][0], row["faults"], row["loaded"]) == ("faulty rules", faults, True)
    assert row["serves_since_ms"] == store.serving.versions()["cotiza"].since_ms
    assert f"its last good version {version} goes on" in words
    assert all(line.removeprefix("rules/") in unescape(words) for line in faults)
    assert "rules/cotiza.yaml:3" not in words
    assert "cotiza.yaml:3:1: the file has the unknown key 'rulez' and 1 more" in unescape(listed)
    assert "there is no good version: senders are answered 503" in said(url, "/ops/hooks/nuevo")


def test_the_overview_says_which_rules_have_faults_and_whether_senders_notice(store: Store, url: str) -> None:
    store.serving.note(served=["cotiza"], taken={"cotiza": "ab12cd34"}, faults={"cotiza": ["one"], "nuevo": ["two"]})

    found = told(url, "/overview")["worries"]

    assert {"words": "the rules of nuevo have faults, and senders are answered 503", "kind": "bad"} in found
    assert {"words": "the rules of cotiza have faults; the last good version goes on", "kind": "warn"} in found


def test_how_soon_its_events_are_delivered_is_said_by_the_buckets(store: Store, url: str) -> None:
    store.client.hset("relay:speed", mapping={"cotiza:0": 60, "cotiza:3": 30, "cotiza:14": 10, "cotiza:sum": 100_000})

    found = told(url, "/hooks/cotiza")["speed"]

    assert found == {"events": 100, "mean_ms": 1_000, "half_within_ms": 100, "95_percent_within_ms": None}
    assert "within 0.1 sec, 95 of 100 within more than a day" in said(url, "/ops/hooks/cotiza")


def test_what_was_refused_is_told_with_its_cure(store: Store, url: str) -> None:
    for _ in range(2):
        store.door.reject("cotiza", status=401, words="there is no Typeform-Signature header", size=3)
    store.door.reject("meta", status=400, words="the body is empty", size=0)

    words = said(url, "/ops/hooks/cotiza")

    assert "no secret or signature came 401 there is no Typeform-Signature header 2 requests" in words
    assert "How to mend it set it at Typeform: the webhook&#39;s secret" in words
    assert "the body is empty" not in words


def test_a_hook_that_never_was_is_not_there(url: str) -> None:
    browser = logged_in(url, "carolina")

    assert browser.get("/ops/hooks/nunca").status_code == 404
    assert browser.post("/ops/hooks/nunca/pause", {"why": "x"}).status_code == 404
    assert Browser(url).ask("POST", "/ops/api/hooks/nunca/pause", headers=BEARER, json={"why": "x"}).status_code == 404


def test_an_operator_pauses_a_hook_and_resumes_it_without_loss(store: Store, world: World, url: str) -> None:
    carolina = logged_in(url, "carolina")
    question = text_of(carolina.get("/ops/hooks/cotiza/pause").text)

    paused = carolina.post("/ops/hooks/cotiza/pause", {"why": "la campaña está mal"})
    event = world.accept("e", ANA, update(phone="1"))
    world.deliver()
    page = text_of(carolina.get(paused.headers["Location"]).text)
    kept_back = world.state(event)
    resumed = carolina.post("/ops/hooks/cotiza/resume")
    world.deliver_all()

    assert "Its events are accepted, verified and kept as ever" in question
    assert "cotiza is paused: its events are accepted and kept back." in page
    assert "Resume: 1 event goes on" in page
    assert re.search(r"Paused by carolina, [\d:]+ : la campaña está mal\. 1 event kept back", page)
    assert kept_back is State.IN_FLIGHT
    assert "Resumed: 1 event goes on." in text_of(carolina.get(resumed.headers["Location"]).text)
    assert world.state(event) is State.DELIVERED
    assert [(act.what, act.about, act.who, act.why) for act in store.acts.last(2)][::-1] == [
        ("pause", "hook cotiza", "carolina", "la campaña está mal"),
        ("resume", "hook cotiza", "carolina", ""),
    ]


def test_a_pause_wants_a_reason_and_says_who_was_first(store: Store, url: str) -> None:
    carolina = logged_in(url, "carolina")

    without = carolina.post("/ops/hooks/cotiza/pause", {"why": " "})
    store.steering.pause_hook("cotiza", who="pedro", why="antes")
    again = carolina.post("/ops/hooks/cotiza/pause", {"why": "después"})

    assert (without.status_code, "Say why it is paused." in without.text) == (400, True)
    assert "It was so already." in carolina.get(again.headers["Location"]).text
    assert "It is paused already, by pedro" in text_of(carolina.get("/ops/hooks/cotiza/pause").text)
    assert store.steering.paused_hooks()["cotiza"].why == "antes"


def test_a_viewer_sees_no_button_and_gets_to_no_question(url: str) -> None:
    page = html(url, "/ops/hooks/cotiza")

    assert "Pause" not in page
    assert "/ops/hooks/cotiza/test" not in page
    for question in ("pause", "test"):
        assert logged_in(url, "pedro").get(f"/ops/hooks/cotiza/{question}").status_code == 403


def test_a_machine_pauses_and_resumes(store: Store, url: str) -> None:
    def post(path: str, **more: Any) -> Any:
        return Browser(url).ask("POST", f"/ops/api/hooks/cotiza/{path}", headers=BEARER, **more)

    assert post("pause", json={"why": "a test"}).json() == {"hook": "cotiza", "state": "paused", "changed": True}
    assert post("pause", json={"why": "a test"}).json()["changed"] is False
    assert told_of(url, "cotiza")["paused"]["who"] == "token"
    assert post("resume").json() == {"hook": "cotiza", "state": "resumed", "changed": True}
    assert store.steering.paused_hooks() == {}
    for body in ({"json": {}}, {"json": {"why": 1}}, {"json": []}, {"data": "{"}, {}):
        assert post("pause", **body).status_code == 400


def test_the_pages_speak_spanish(store: Store, url: str) -> None:
    browser = logged_in(url, "pedro")
    store.steering.pause_hook("cotiza", who="ana", why="x")

    listed = text_of(browser.get("/ops/hooks", **{"Accept-Language": "es"}).text)
    one = text_of(browser.get("/ops/hooks/cotiza", **{"Accept-Language": "es"}).text)

    assert "en pausa aún sin eventos por ana" in listed
    assert "En el emisor Dirección POST" in one
    assert "sus valores nunca se muestran" in one
