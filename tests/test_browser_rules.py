"""What people do at the workbench of a hook file, in a real browser before the whole relay."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from relay import wiring
from relay.drafts.files import version_of
from relay.embedded import EmbeddedRedis
from relay.settings import load
from tests.browser import PHONE, Visit, browsing, overflow, skip_without_chromium, visiting
from tests.desk import OPERATOR, PASSWORD, VIEWER
from tests.doors import serving
from tests.running import Relay, environment_of, running

RULES = """\
# What the form of the flats brings.
sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre | title | first_word}
      phone: ${fields.telefono | phone('CL')}
  - name: where they stand
    when: fields.estado != 'borrador'
    update:
      metadata:
        estado_lead: ${fields.estado}
"""
RULES_PAGE = "/ops/hooks/cotiza/rules"
PERSONAL = ("rojas", "anita", "55512345")

Enter = Callable[..., Visit]

skip_without_chromium()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def started(browser: Browser, tmp_path_factory: pytest.TempPathFactory, redis_server: EmbeddedRedis) -> Iterator[Relay]:
    folder, users = tmp_path_factory.mktemp("relay"), f"{OPERATOR.line} {VIEWER.line}"
    with running(folder, RULES, redis_url=redis_server.url, RELAY_USERS=users, RELAY_RULES_EDITABLE="on") as relay:
        yield relay


@pytest.fixture(scope="module")
def cookies(started: Relay, browser: Browser) -> Any:
    """Give the cookies of an operator; those of one server of this machine are good for every other."""
    with visiting(browser, started.url) as visit:
        visit.go("/ops/login")
        visit.log_in("carolina", PASSWORD)
        expect(visit.page.get_by_role("button", name="Log out")).to_be_visible()
        return visit.page.context.storage_state()


@pytest.fixture
def relay(started: Relay) -> Relay:
    started.write_rules(RULES)
    return started


@pytest.fixture
def enter(relay: Relay, browser: Browser, cookies: Any) -> Iterator[Enter]:
    """Open windows; at the end nothing may have gone wrong in them, and no address may have told of a person."""
    visits: list[Visit] = []
    with ExitStack() as windows:

        def opened(url: str = relay.url, **options: Any) -> Visit:
            visits.append(windows.enter_context(visiting(browser, url, storage_state=cookies, **options)))
            return visits[-1]

        yield opened
    assert [fault for visit in visits for fault in visit.faults] == []
    assert [address for visit in visits for address in visit.named(PERSONAL)] == []


def text_in(page: Page) -> str:
    return page.locator("#text").input_value()


def change(page: Page, old: str, new: str) -> None:
    """Write something else into the text, as a person would: select it and type."""
    text = text_in(page)
    assert old in text
    page.locator("#text").evaluate(
        "(one, [from, to]) => { one.focus(); one.setSelectionRange(from, to); }",
        [text.index(old), text.index(old) + len(old)],
    )
    page.keyboard.insert_text(new)


def chosen(page: Page) -> str:
    """Give what is selected in the text."""
    said: str = page.locator("#text").evaluate("(one) => one.value.slice(one.selectionStart, one.selectionEnd)")
    return said


def first_try(page: Page) -> Any:
    return page.locator(".try").first


def test_a_person_changes_a_rule_sees_what_it_does_and_saves_it(relay: Relay, enter: Enter) -> None:
    event = relay.send(nombre="anita rojas", estado="nuevo")
    visit = enter()
    page = visit.page
    visit.go("/ops/hooks/cotiza")
    page.get_by_role("link", name="Change and try its rules").click()
    expect(page.get_by_role("status").filter(has_text="This is the file as it is.")).to_be_visible()
    expect(page.locator(".drawn > div")).to_have_count(len(RULES.splitlines()) + 1)

    change(page, "| title | first_word", "| upper")
    expect(first_try(page)).to_contain_text("first_name Anita → ANITA ROJAS")
    expect(page.locator("#gist")).to_contain_text("1 changed")
    expect(page.get_by_role("tab", name="Diff")).to_contain_text("+1 -1")

    change(page, "| upper", "| uper")
    marked = page.locator(".drawn > [data-mark='bad']")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("first_name: ${fields.nombre | uper}")
    expect(page.locator("#problems")).to_contain_text("unknown filter 'uper'; did you mean 'upper'?")
    expect(first_try(page)).to_contain_text("ANITA ROJAS")  # what could be said last stays, softly
    page.locator("#text").evaluate("(one) => one.setSelectionRange(0, 0)")
    page.get_by_role("link", name="line 9").click()
    assert "uper" in chosen(page)

    change(page, "| uper", "| upper")
    expect(marked).to_have_count(0)
    expect(first_try(page)).to_contain_text("changed")
    page.get_by_label("What for").fill("nombres en mayúsculas")
    page.get_by_role("button", name="Save", exact=True).click()

    new = RULES.replace("| title | first_word", "| upper")
    visit.said(f"Saved as version {version_of(new.encode())}, which maps what comes in from now on.")
    assert (relay.settings.rules / "cotiza.yaml").read_text() == new
    assert relay.store.acts.last(1)[0].why.endswith(": nombres en mayúsculas")
    assert relay.event(event).updates[0].set["first_name"] == "Anita", "what was mapped stays as it was"
    later = relay.event(relay.send(nombre="anita rojas", estado="nuevo"))
    assert (later.updates[0].set["first_name"], later.version) == ("ANITA ROJAS", version_of(new.encode()))


def test_an_event_is_explained_under_the_draft_and_its_lines_lead_into_the_text(relay: Relay, enter: Enter) -> None:
    relay.send(nombre="eva", estado="borrador")
    visit = enter()
    page = visit.page
    visit.go(RULES_PAGE)

    first_try(page).get_by_role("button").click()
    told = page.locator(".told")
    expect(told).to_contain_text("where they stand cotiza.yaml:11 did not hold")
    told.get_by_role("link", name="cotiza.yaml:11").click()
    assert chosen(page) == "  - name: where they stand"

    change(page, "!= 'borrador'", "!= 'listo'")
    expect(told).to_contain_text("where they stand cotiza.yaml:11 it held")
    expect(first_try(page)).to_contain_text("estado_lead borrador")


def test_the_diff_and_the_backtest_are_one_click_away(relay: Relay, enter: Enter) -> None:
    for name in ("eva", "ana"):
        relay.send(nombre=name, estado="nuevo")
    visit = enter()
    page = visit.page
    visit.go(RULES_PAGE)
    change(page, "${fields.estado}", "${fields.estado | upper}")

    page.get_by_role("tab", name="Diff").click()
    expect(page.locator(".patch .came")).to_contain_text("estado_lead: ${fields.estado | upper}")
    change(page, "title | first_word", "title")
    expect(page.locator(".patch .came")).to_have_count(2)

    page.get_by_role("tab", name="Backtest").click()
    expect(page.locator("#beside")).to_contain_text("by the file as it is and by the draft:")
    expect(page.locator(".by-field")).to_contain_text("nuevo → NUEVO")
    page.locator(".by-field").get_by_role("button").first.click()
    expect(page.get_by_role("tab", name="Last events")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".told")).to_contain_text("contact details")


def test_a_name_that_events_bring_is_put_into_the_text(relay: Relay, enter: Enter) -> None:
    relay.send(nombre="eva", comuna="Maipú")
    visit = enter()
    page = visit.page
    visit.go(RULES_PAGE)
    page.get_by_role("tab", name="Names").click()

    change(page, "${fields.estado}", "")
    page.get_by_role("button", name="fields.comuna").click()
    assert "estado_lead: ${fields.comuna}\n" in text_in(page)
    change(page, "fields.estado != 'borrador'", "")
    page.get_by_role("button", name="fields.comuna").click()
    assert "when: fields.comuna\n" in text_in(page)

    expect(page.get_by_role("row").filter(has_text="fields.comuna")).to_contain_text(":12 :15")
    page.get_by_role("tab", name="Last events").click()
    expect(first_try(page)).to_contain_text("estado_lead Maipú")


def test_the_keys_of_an_editor_work_and_lead_out_of_it(enter: Enter) -> None:
    visit = enter()
    page = visit.page
    visit.go(RULES_PAGE)
    text = page.locator("#text")
    text.focus()

    page.keyboard.press("Control+End")
    page.keyboard.type("  - name: more")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("when: fields.a")
    assert text_in(page) == RULES + "  - name: more\n    when: fields.a"
    page.keyboard.press("Shift+Tab")
    assert text_in(page) == RULES + "  - name: more\n  when: fields.a"
    page.keyboard.press("Control+z")
    assert text_in(page) == RULES + "  - name: more\n    when: fields.a"

    text.evaluate("(one) => one.setSelectionRange(one.value.indexOf('rules:'), one.value.length)")
    page.keyboard.press("Tab")
    assert "\n  rules:\n    - name: contact details\n      update:" in text_in(page)
    page.keyboard.press("Shift+Tab")
    assert text_in(page) == RULES + "  - name: more\n    when: fields.a"
    expect(page.locator(".drawn > div").last).to_have_text("    when: fields.a")

    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()


def test_who_leaves_with_a_text_that_is_not_saved_is_asked(enter: Enter) -> None:
    visit = enter()
    page, asked = visit.page, []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    visit.go(RULES_PAGE)
    change(page, "# What", "# All that")

    page.get_by_role("link", name="Events", exact=True).click(no_wait_after=True)
    page.wait_for_function("() => true")
    expect(page.locator("#text")).to_have_value(re.compile("^# All that"))
    assert asked == ["beforeunload"]


def test_what_somebody_else_saved_meanwhile_is_seen_before_it_is_overwritten(relay: Relay, enter: Enter) -> None:
    visit = enter()
    page = visit.page
    visit.go(RULES_PAGE)
    theirs = RULES.replace("where they stand", "stage")
    relay.write_rules(theirs)

    change(page, "| title", "| upper")
    expect(page.get_by_role("alert")).to_contain_text("The file has changed since you began")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing of yours is saved, and nothing of theirs is lost.")
    assert (relay.settings.rules / "cotiza.yaml").read_text() == theirs

    page.get_by_role("button", name="Save mine over theirs").click()
    visit.said("Saved as version")
    assert "| upper" in (relay.settings.rules / "cotiza.yaml").read_text()


def test_where_nothing_is_saved_the_patch_is_downloaded_and_applied(relay: Relay, enter: Enter, tmp_path: Path) -> None:
    folder = relay.settings.rules.parent
    variables = {**environment_of(folder, relay.settings.redis_url, relay.crm), "RELAY_USERS": OPERATOR.line}
    locked = load(variables)
    with serving(wiring.routes(locked, relay.store, wiring.hooks(locked))) as url:
        visit = enter(url)
        page = visit.page
        visit.go(RULES_PAGE)
        expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
        change(page, "| title | first_word", "| upper")
        # What was typed has been tried: nothing is on its way when the desk ends.
        expect(page.get_by_role("tab", name="Diff")).to_contain_text("+1")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download the patch").click()
        waiting.value.save_as(tmp_path / "cotiza.patch")

    assert waiting.value.suggested_filename == "cotiza.patch"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "cotiza.yaml").write_text(RULES)
    subprocess.run(["git", "apply", "cotiza.patch"], cwd=tmp_path, check=True)
    assert (tmp_path / "rules" / "cotiza.yaml").read_text() == RULES.replace("| title | first_word", "| upper")


def test_it_works_without_a_script(relay: Relay, enter: Enter) -> None:
    relay.send(nombre="eva", estado="nuevo")
    visit = enter(java_script_enabled=False)
    page = visit.page
    visit.go(RULES_PAGE)

    page.locator("#text").fill(RULES.replace("| title | first_word", "| upper"))
    page.get_by_role("button", name="Try it").click()
    expect(first_try(page)).to_contain_text("first_name Eva → EVA")
    page.get_by_role("tab", name="Diff").click()
    expect(page.locator(".patch .came")).to_contain_text("| upper")
    page.get_by_role("tab", name="Backtest").click()
    expect(page.locator("#beside")).to_contain_text("Field by field")
    page.get_by_role("tab", name="Last events").click()
    first_try(page).get_by_role("button").click()
    expect(page.locator(".told")).to_contain_text("contact details")
    page.get_by_role("button", name="Save", exact=True).click()
    visit.said("Saved as version")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_with_all_that_it_may_show(relay: Relay, enter: Enter, theme: str) -> None:
    relay.send(nombre="x" * 300, estado="y" * 200)
    visit = enter(viewport=PHONE, color_scheme=theme)
    page = visit.page
    visit.go(RULES_PAGE)
    change(page, "| title | first_word", "| upper")
    first_try(page).get_by_role("button").click()
    expect(page.locator(".told")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    assert overflow(page) == []
    for tab in ("Diff", "Backtest"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        assert overflow(page) == []
