"""A test event sent from the desk: through the door's own steps, harmless unless it is meant, and then its page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import wiring
from relay.model import State, StoredEvent
from relay.replay import remapper
from relay.settings import Settings
from relay.store import Store
from tests.desk import Browser, logged_in, settings_of, text_of
from tests.doors import serving
from tests.far_crm import World

RULES = Path(__file__).parent.parent / "rules"
#: The lead that the example names.
ITS_OWN = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OTHER = "0b2f6c1e-58a4-4d0a-9d7f-2f5a1c0e9b11"
VARIABLES = {
    "TYPEFORM_SECRET": "a-secret",
    "META_APP_SECRET": "a-secret",
    "META_PAGE_TOKEN": "a-token",
    "META_VERIFY_TOKEN": "a-word",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "rules"
    folder.mkdir()
    for source, name in ((RULES, "cotiza"), (RULES / "examples", "meta")):
        shutil.copy(source / f"{name}.yaml", folder)
        shutil.copytree(source / name, folder / name)
    return settings_of(tmp_path, RELAY_RULES=str(folder), **VARIABLES)


@pytest.fixture
def url(store: Store, settings: Settings) -> Iterator[str]:
    with serving(wiring.routes(settings, store, wiring.hooks(settings))) as url:
        yield url


@pytest.fixture
def carolina(url: str) -> Browser:
    return logged_in(url, "carolina")


def sent(browser: Browser, store: Store, **fields: str) -> StoredEvent:
    """Send the example, and give the event whose page is shown then."""
    answer = browser.post("/ops/hooks/cotiza/test", fields)
    assert answer.status_code == 303, text_of(answer.text)
    [id] = re.findall(r"^/ops/events/(\w+)$", answer.headers["Location"])
    event = store.events.event(id)
    assert event is not None
    return event


def refused(browser: Browser, **fields: str) -> str:
    answer = browser.post("/ops/hooks/cotiza/test", fields)
    assert answer.status_code == 400
    return text_of(answer.text)


def test_what_will_come_of_it_is_shown_before(carolina: Browser) -> None:
    words = text_of(carolina.get("/ops/hooks/cotiza/test").text)

    assert "Nothing is sent to the CRM." in words
    assert "A PUT is made to the lead below, at default" in words
    assert "What will come of it full.json ignored form_response it is a test: nothing is sent" in words
    assert "metadata.broker_asociado Carolina Rojas broker" in words


def test_another_example_can_be_chosen_but_no_other_file(carolina: Browser) -> None:
    partial = text_of(carolina.get("/ops/hooks/cotiza/test?file=partial.json").text)
    outside = text_of(carolina.get("/ops/hooks/cotiza/test?file=../meta/lead.json").text)

    assert "What will come of it partial.json" in partial
    assert "has no example &#39;../meta/lead.json&#39;; there are full.json, partial.json" in outside
    assert "Send it" not in outside


def test_as_a_test_it_is_verified_and_mapped_and_nothing_is_sent(carolina: Browser, store: Store) -> None:
    event = sent(carolina, store, how="test")
    page = text_of(carolina.get(f"/ops/events/{event.id}").text)

    assert (event.state, event.test, event.lead) == (State.IGNORED, True, ITS_OWN)
    assert event.updates[0].set["first_name"] == "María"
    assert store.client.zcard("relay:due:default") == 0
    assert "It came in, as the sender&#39;s own requests do." in page
    (act,) = store.acts.last(1)
    assert (act.who, act.what, act.about, act.why) == ("carolina", "send", event.id, "full.json: sent as a test")


def test_unless_it_is_said_to_be_real_it_is_a_test(carolina: Browser, store: Store) -> None:
    assert sent(carolina, store).test
    assert sent(carolina, store, how="anything", lead=OTHER).test


def test_each_is_an_event_of_its_own(carolina: Browser, store: Store) -> None:
    assert sent(carolina, store).id != sent(carolina, store).id


def test_a_test_stays_one_when_it_is_mapped_anew(carolina: Browser, store: Store, settings: Settings) -> None:
    event = sent(carolina, store)

    arrival = remapper(wiring.hooks(settings))(event)

    assert (arrival.test, arrival.mapped.state) == (True, State.IGNORED)


def test_as_a_real_event_it_changes_the_lead_that_was_named_and_no_other(carolina: Browser, store: Store) -> None:
    world = World(store)

    event = sent(carolina, store, how="real", lead=f" {OTHER} ")
    world.deliver_all()

    assert (event.test, event.lead) == (False, OTHER)
    assert world.state(event.id) is State.DELIVERED
    assert list(world.crm.leads) == [OTHER]
    assert OTHER.encode() in event.body
    assert store.acts.last(1)[0].why == "full.json: sent as a real event"


@pytest.mark.parametrize(
    ("lead", "words"), [("", "Say which lead it is about: a PUT is made to it."), ("ana", "the lead&#39;s id must be")]
)
def test_a_real_event_wants_the_id_of_a_lead(carolina: Browser, store: Store, lead: str, words: str) -> None:
    assert words in refused(carolina, how="real", lead=lead)
    assert store.overview.counts([store.events.today()]) == {}


def test_where_tests_are_delivered_the_page_says_so_and_wants_a_lead(store: Store, settings: Settings) -> None:
    file = settings.rules / "cotiza.yaml"
    file.write_text("tests: deliver\n" + file.read_text())
    with serving(wiring.routes(settings, store, wiring.hooks(settings))) as url:
        carolina = logged_in(url, "carolina")

        assert "a PUT is made all the same" in text_of(carolina.get("/ops/hooks/cotiza/test").text)
        assert "Say which lead it is about" in refused(carolina, how="test")
        event = sent(carolina, store, how="test", lead=OTHER)

    assert (event.test, event.state, event.lead) == (True, State.IN_FLIGHT, OTHER)


def test_before_the_sandbox_the_examples_own_lead_is_proposed(store: Store, tmp_path: Path, settings: Settings) -> None:
    sandboxed = settings_of(tmp_path, RELAY_RULES=str(settings.rules), SANDBOX_URL="http://crm", **VARIABLES)
    field = f'value="{ITS_OWN}"'
    with serving(wiring.routes(sandboxed, store, wiring.hooks(sandboxed))) as url:
        assert field in logged_in(url, "carolina").get("/ops/hooks/cotiza/test").text
    with serving(wiring.routes(settings, store, wiring.hooks(settings))) as url:
        assert field not in logged_in(url, "carolina").get("/ops/hooks/cotiza/test").text


def test_a_secret_that_is_missing_is_said(store: Store, tmp_path: Path, settings: Settings) -> None:
    bare = settings_of(tmp_path, RELAY_RULES=str(settings.rules))
    with serving(wiring.routes(bare, store, wiring.hooks(settings))) as url:
        words = text_of(logged_in(url, "carolina").get("/ops/hooks/cotiza/test").text)

    assert "TYPEFORM_SECRET: is not set" in words
    assert "Send it" not in words


def test_a_signature_that_the_door_refuses_makes_no_event(store: Store, tmp_path: Path, settings: Settings) -> None:
    """The door has another secret than this process would sign with, as where one was changed and not started anew."""
    other = settings_of(tmp_path, RELAY_RULES=str(settings.rules), **{**VARIABLES, "TYPEFORM_SECRET": "another"})
    with serving(wiring.routes(other, store, wiring.hooks(settings))) as url:
        words = refused(logged_in(url, "carolina"))

    assert "the Typeform-Signature header does not match any of the hook&#39;s secrets" in words
    assert store.overview.counts([store.events.today()]) == {}


def test_a_hook_without_an_example_says_where_one_would_be(carolina: Browser, settings: Settings) -> None:
    shutil.rmtree(settings.rules / "cotiza")

    words = text_of(carolina.get("/ops/hooks/cotiza/test").text)

    assert "/rules/cotiza: no example event there: put one in as a .json file" in words
    assert "no example event there" in refused(carolina)


def test_of_a_sender_that_keeps_its_answers_the_page_warns(carolina: Browser) -> None:
    words = text_of(carolina.get("/ops/hooks/meta/test").text)

    assert "Meta Lead Ads keeps the answers to itself" in words
    assert "its answers are asked for" in words


def test_a_hook_that_is_not_loaded_takes_none(carolina: Browser, store: Store) -> None:
    store.door.know(["encuesta"])

    assert carolina.get("/ops/hooks/encuesta/test").status_code == 404
    assert carolina.post("/ops/hooks/encuesta/test").status_code == 404


def test_a_viewer_can_send_none(url: str, store: Store) -> None:
    assert logged_in(url, "pedro").post("/ops/hooks/cotiza/test").status_code == 403
    assert store.overview.counts([store.events.today()]) == {}
