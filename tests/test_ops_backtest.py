"""A hook's page to try its rules on the last events: beside what was made of them, or beside another version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from relay import wiring
from relay.settings import Settings
from relay.store import Store
from tests.desk import BEARER, logged_in, settings_of, text_of
from tests.doors import serving
from tests.forms import come_in
from tests.hook_texts import rule, rules

OLD = rules(rule("contact", '{first_name: "${fields.nombre}", phone: "${fields.tel}"}'))
NEW = rules(
    rule("contact", '{first_name: "${fields.nombre | upper}"}'), rule("never", "{title: x}", "when: fields.nada")
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "cotiza.yaml").write_text(OLD)
    return settings_of(tmp_path, RELAY_RULES=str(tmp_path / "rules"), S="a secret")


@pytest.fixture
def events(store: Store, settings: Settings) -> list[str]:
    hook = wiring.hooks(settings)["cotiza"]
    store.rule_texts.keep([hook])
    return [come_in(store, hook, nombre=name, tel="1") for name in ("Ana", "Eva")]


@pytest.fixture
def url(store: Store, settings: Settings, events: list[str]) -> Iterator[str]:
    hooks = wiring.hooks(settings)
    store.door.know(hooks)
    with serving(wiring.routes(settings, store, hooks)) as url:
        yield url


def write(settings: Settings, text: str) -> None:
    (settings.rules / "cotiza.yaml").write_text(text)


def page(url: str, query: str = "") -> str:
    answer = logged_in(url, "pedro").get(f"/ops/hooks/cotiza/diff{query}")
    assert answer.status_code == 200
    return text_of(answer.text)


def told(url: str, query: str = "") -> Any:
    answer = requests.get(f"{url}/ops/api/hooks/cotiza/diff{query}", headers=BEARER, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_rules_in_use_make_what_was_made_and_the_page_says_so(url: str) -> None:
    words = page(url)

    assert "2 events : 2 the same." in words
    assert "contact 2 2" in words
    assert told(url)["report"]["same"] == 2


def test_a_changed_file_is_tried_before_it_is_in_use(url: str, settings: Settings, events: list[str]) -> None:
    write(settings, NEW)

    words = page(url)

    assert "2 events : 0 the same, 2 change." in words
    assert f"2 lose a field {events[1]} , {events[0]}" in words
    assert f"first_name 2 changed Eva → EVA {events[1]} Ana → ANA {events[0]}" in words
    assert f"phone 2 lost 1 → left out \u00d7 2 {events[1]}" in words
    assert "never 0 0" in words
    found = told(url)
    assert (found["against"], found["faults"], found["report"]["lost_field"]) == (None, [], 2)
    assert found["version"] == wiring.hooks(settings)["cotiza"].version


def test_it_is_held_beside_another_version_whose_text_is_kept(url: str, store: Store, settings: Settings) -> None:
    old = wiring.hooks(settings)["cotiza"].version
    write(settings, NEW)

    words, same = page(url, f"?against={old}"), page(url, f"?against={wiring.hooks(settings)['cotiza'].version}")

    assert "2 events : 0 the same, 2 change." in words
    assert "never not there → 0 not there → 0" in words
    assert told(url, f"?against={old}")["report"]["hooks"][0]["old_version"] == old
    assert "It is the same version: nothing can differ." in same


def test_while_the_files_have_faults_the_rules_in_use_are_tried(url: str, settings: Settings) -> None:
    write(settings, NEW.replace("first_name", "frist_name"))

    assert "The hook files have faults now, so that the rules in use are tried:" in page(url)
    found = told(url)
    assert found["report"]["same"] == 2
    assert "frist_name" in found["faults"][0]


def test_the_page_of_a_hook_leads_there(url: str) -> None:
    assert 'href="/ops/hooks/cotiza/diff"' in logged_in(url, "pedro").get("/ops/hooks/cotiza").text


@pytest.mark.parametrize("path", ["/ops/hooks/nunca/diff", "/ops/hooks/cotiza/diff?against=ffffffff"])
def test_what_is_not_there_can_not_be_tried(url: str, path: str) -> None:
    assert logged_in(url, "pedro").get(path).status_code == 404


def test_a_hook_without_events_says_so(url: str, store: Store) -> None:
    store.client.flushall()
    browser = logged_in(url, "pedro")

    assert "No event of this hook is kept." in text_of(browser.get("/ops/hooks/cotiza/diff").text)
