"""What people achieve at the ops desk, in a real browser before the whole relay; only the CRM is the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import flask
import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from relay import replay, wiring
from relay.embedded import EmbeddedRedis
from relay.model import State
from relay.ops.desk import Desk
from relay.store.logins import Logins
from tests.browser import DESKTOP, PHONE, Visit, browsing, overflow, skip_without_chromium, visiting
from tests.desk import OPERATOR, PASSWORD, VIEWER
from tests.running import Relay, running
from tests.waiting import until

RULES = """\
sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre | title | first_word}
      phone: ${fields.telefono | phone('CL')}
      email: ${fields.correo | email}
  - name: where they stand
    when: fields.estado != 'borrador'
    update:
      metadata:
        estado_lead: ${fields.estado}
"""
CALLS = """\
sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  match: {phone: "${fields.telefono | phone('CL')}"}
rules:
  - name: who called
    update: {first_name: "${fields.nombre | title | first_word}"}
"""
#: What stands of people in the events: nobody may find it in an address.
PERSONAL = ("rojas", "example.cl", "87654321", "8765 4321", "55512345", "5551 2345", "55500000", "5550 0000", "anita")

Enter = Callable[..., Visit]

skip_without_chromium()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all; of this module alone, since its loop runs in the thread of the tests as long as it does."""
    with browsing() as one:
        yield one


@pytest.fixture(scope="module")
def started(browser: Browser, tmp_path_factory: pytest.TempPathFactory, redis_server: EmbeddedRedis) -> Iterator[Relay]:
    folder, users = tmp_path_factory.mktemp("relay"), f"{OPERATOR.line} {VIEWER.line}"
    with running(folder, RULES, redis_url=redis_server.url, more={"llamada": CALLS}, RELAY_USERS=users) as relay:
        yield relay


@pytest.fixture
def relay(started: Relay) -> Relay:
    """The relay, with a CRM that takes everything, and a lead that nothing has happened to yet."""
    started.crm.put_faults()
    started.write_rules(RULES)
    return replace(started, lead=str(uuid4()))


@pytest.fixture(scope="module")
def cookies(started: Relay, browser: Browser) -> Callable[[str], Any]:
    """Give the cookies of somebody who logged in once; each log-in counts against the limit."""
    kept: dict[str, Any] = {}

    def of(name: str) -> Any:
        if name not in kept:
            with visiting(browser, started.url) as visit:
                visit.go("/ops/login")
                visit.log_in(name, PASSWORD)
                expect(visit.page.get_by_role("button", name="Log out")).to_be_visible()
                kept[name] = visit.page.context.storage_state()
        return kept[name]

    return of


@pytest.fixture
def enter(relay: Relay, browser: Browser, cookies: Callable[[str], Any]) -> Iterator[Enter]:
    """Open windows; at the end nothing may have gone wrong in them, and no address may have told of a person."""
    visits: list[Visit] = []
    with ExitStack() as windows:

        def opened(name: str = "carolina", **options: Any) -> Visit:
            kept = {"storage_state": cookies(name)} if name else {}
            window: AbstractContextManager[Visit] = visiting(browser, relay.url, **kept, **options)
            visits.append(windows.enter_context(window))
            return visits[-1]

        yield opened
    assert [fault for visit in visits for fault in visit.faults] == []
    assert [address for visit in visits for address in visit.named(PERSONAL)] == []


def test_a_person_logs_in_and_out(enter: Enter) -> None:
    visit = enter("")
    visit.go("/ops/")

    visit.log_in("carolina", "otra clave")
    visit.said("The name or the password is wrong.")
    visit.log_in("carolina", PASSWORD)
    expect(visit.page.get_by_role("navigation", name="Sections")).to_be_visible()

    visit.page.get_by_role("button", name="Log out").click()
    expect(visit.page.get_by_role("heading", name="Log in")).to_be_visible()
    visit.go("/ops/events")
    expect(visit.page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_link_that_relay_up_prints_lets_in_once(relay: Relay, enter: Enter) -> None:
    link = f"/ops/enter/{Logins(relay.store.client).make_link('carolina')}"

    first, second = enter(""), enter("")
    first.go(link)
    second.go(link)

    expect(first.page.get_by_role("button", name="Log out")).to_be_visible()
    second.said("This link was used already")
    expect(second.page.get_by_role("button", name="Log out")).to_have_count(0)


def test_new_events_wait_until_they_are_asked_for_and_rows_hold_still_under_the_mouse(
    relay: Relay, enter: Enter
) -> None:
    for _ in range(3):
        relay.until(State.DELIVERED, relay.send(estado="nuevo"))
    visit = enter()
    visit.go(f"/ops/events?lead={relay.lead}")
    rows = visit.page.get_by_role("row").filter(has=visit.page.get_by_role("checkbox", name="Select event"))
    expect(rows).to_have_count(3)

    # Somebody reads a row, and is about to click it.
    rows.first.hover()
    before = rows.first.bounding_box()
    newer = relay.send(estado="contactado")
    asked = visit.page.get_by_role("button", name="1 new event: show it")
    expect(asked).to_be_visible()
    assert rows.first.bounding_box() == before
    expect(rows).to_have_count(3)

    asked.click()
    expect(rows).to_have_count(4)
    expect(rows.first.get_by_role("checkbox", name=newer)).to_be_visible()


def test_the_live_tail_goes_on_by_itself_and_stands_still_while_it_is_paused_or_pointed_at(
    relay: Relay, enter: Enter
) -> None:
    relay.until(State.DELIVERED, relay.send(estado="nuevo"))
    visit = enter()
    visit.go(f"/ops/events?lead={relay.lead}")
    rows = visit.page.get_by_role("checkbox", name="Select event")
    visit.page.get_by_role("button", name="Follow live").click()
    live = visit.page.get_by_text("New events are shown as they come")
    expect(live).to_be_visible()

    relay.send(estado="contactado")
    expect(rows).to_have_count(2)

    visit.page.get_by_role("button", name="Pause").click()
    relay.send(estado="agendado")
    expect(visit.page.get_by_role("button", name="1 new event: show it")).to_be_visible()
    expect(rows).to_have_count(2)

    visit.page.get_by_role("button", name="Pause").click()
    expect(rows).to_have_count(3)

    visit.page.get_by_role("table").hover()
    expect(visit.page.get_by_text("Waits while you are in the list")).to_be_visible()
    still = rows.first.bounding_box()
    relay.send(estado="visitado")
    expect(visit.page.get_by_role("button", name="1 new event: show it")).to_be_visible()
    assert rows.first.bounding_box() == still
    visit.page.get_by_role("heading", name="Events", level=1).hover()
    expect(rows).to_have_count(4)


def test_a_page_is_used_with_the_keyboard_alone(relay: Relay, enter: Enter) -> None:
    event = relay.send(nombre="Pía", estado="nuevo")
    relay.until(State.DELIVERED, event)
    visit = enter()
    visit.go("/ops/events")
    keys = visit.page.keyboard

    keys.press("Tab")
    skip = visit.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    keys.press("Enter")
    expect(visit.page.get_by_role("main")).to_be_focused()
    keys.press("Tab")
    assert focused(visit.page) in visit.page.get_by_role("main").inner_text()

    keys.press("/")
    expect(visit.page.get_by_role("searchbox", name="Search")).to_be_focused()
    keys.type(event)
    keys.press("Enter")
    expect(visit.page).to_have_url(re.compile(f"/ops/events/{event}$"))


def test_the_focus_goes_through_a_page_in_the_order_in_which_it_is_read(enter: Enter) -> None:
    visit = enter()
    visit.go("/ops/")

    met = []
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        met.append(visit.page.evaluate("document.activeElement.closest('header, nav, main')?.localName ?? ''"))

    order = [one for one, before in zip(met, ["", *met], strict=False) if one and one != before]
    assert order[:3] == ["header", "nav", "main"]


def focused(page: Page) -> str:
    """Give the words of what has the focus."""
    words: str = page.evaluate("document.activeElement.innerText")
    return words


def test_the_menu_of_a_phone_opens_and_closes_by_keys(enter: Enter) -> None:
    visit = enter(viewport=PHONE)
    visit.go("/ops/")
    sections = visit.page.get_by_role("navigation", name="Sections")
    expect(sections).to_be_hidden()

    visit.page.get_by_role("button", name="Menu").focus()
    visit.page.keyboard.press("Enter")
    expect(sections).to_be_visible()
    visit.page.keyboard.press("Tab")
    expect(sections.get_by_role("link", name="Overview")).to_be_focused()

    visit.page.keyboard.press("Escape")
    expect(sections).to_be_hidden()
    expect(visit.page.get_by_role("button", name="Menu")).to_be_focused()


def test_a_browser_that_asks_for_spanish_is_answered_in_it(relay: Relay, enter: Enter) -> None:
    visit = enter(locale="es-CL")

    visit.go("/ops/")
    expect(visit.page.get_by_role("link", name="Eventos")).to_be_visible()
    visit.page.get_by_role("link", name="Eventos").click()

    expect(visit.page.get_by_role("heading", name="Eventos", level=1)).to_be_visible()
    assert visit.page.locator("html").get_attribute("lang") == "es"
    visit.page.get_by_role("link", name="English").click()
    expect(visit.page.get_by_role("heading", name="Events", level=1)).to_be_visible()


def test_a_lead_is_found_by_its_phone_and_its_page_tells_why_a_field_has_its_value(relay: Relay, enter: Enter) -> None:
    relay.until(State.DELIVERED, relay.send(minutes_ago=30, nombre="ana maría rojas", estado="nuevo"))
    event = relay.send(telefono="9 8765 4321", correo="ana.rojas@example.cl", estado="calificado")
    relay.until(State.DELIVERED, event)
    visit = enter()
    visit.go("/ops/")

    visit.page.get_by_role("searchbox", name="Search").fill("9 8765 4321")
    visit.page.keyboard.press("Enter")

    expect(visit.page).to_have_url(re.compile(f"/ops/leads/{relay.lead}$"))
    fields = visit.page.get_by_role("table", name="Each field with its value now")
    stands = fields.get_by_role("row").filter(has=visit.page.get_by_role("rowheader", name="estado_lead"))
    for words in ("calificado", "where they stand cotiza", "nuevo"):
        expect(stands).to_contain_text(words)
    expect(fields.get_by_role("row", name="phone")).to_contain_text("+56987654321")

    stands.get_by_role("link", name=event).click()
    expect(visit.page).to_have_url(re.compile(f"/ops/events/{event}$"))
    why = visit.page.get_by_role("table", name="Field by field")
    expect(why.get_by_role("row", name="metadata.estado_lead")).to_contain_text("where they stand cotiza.yaml:15")
    rule = visit.page.get_by_role("group").filter(has_text="where they stand")
    rule.get_by_text("where they stand").click()
    expect(rule.get_by_text("fields.estado != 'borrador'").first).to_be_visible()
    expect(rule.get_by_text('"calificado"').first).to_be_visible()


def test_a_group_that_the_crm_refused_is_mended_by_its_rule_and_replayed_from_its_page(
    relay: Relay, enter: Enter
) -> None:
    words, line = "estado_lead must be lower case", "cotiza: the CRM refused estado_lead: must be lower case"
    relay.crm.put_faults(refuse=[{"field": "metadata.estado_lead", "value": "Calificado", "message": words}])
    fellows = [replace(relay, lead=str(uuid4())) for _ in range(3)]
    events = [one.send(nombre="Ana", estado="Calificado") for one in fellows]
    for event in events:
        relay.until(State.DEAD, event)
    visit = enter()
    visit.go("/ops/")

    # What fails, in words, with the values that were refused.
    visit.page.get_by_role("navigation", name="Sections").get_by_role("link", name="Inbox").click()
    visit.page.get_by_role("link", name=line).click()
    group = visit.page.url
    visit.said("3 events")
    seen = visit.page.get_by_role("table", name="estado_lead").get_by_role("row", name="“Calificado”")
    expect(seen).to_contain_text("3")

    # The rule is mended on disk; the plan says what would change, and changes nothing.
    relay.write_rules(RULES.replace("fields.estado}", "fields.estado | lower}"))
    visit.page.get_by_role("link", name="Replay 3").click()
    visit.page.get_by_role("radio", name="By the rules of now").check()
    visit.page.get_by_role("button", name="Make the plan").click()
    begin = visit.page.get_by_role("button", name="Start: replay 3 events")
    expect(begin).to_be_visible()
    changes = visit.page.get_by_role("table", name="Fields that would change")
    expect(changes.get_by_role("row", name="estado_lead").first).to_contain_text("calificado")
    assert {relay.event(event).state for event in events} == {State.DEAD}

    begin.click()
    visit.said("3 events were replayed")
    for event in events:
        relay.until(State.DELIVERED, event)
    visit.page.goto(group)
    visit.said("none fails any more")
    visit.go("/ops/inbox?show=closed")
    expect(visit.page.get_by_role("link", name=line)).to_be_visible()
    for one in fellows:
        assert one.lead_at_the_crm()["metadata"] == {"estado_lead": "calificado"}


def test_the_plan_tells_that_an_older_event_stays_back_and_running_it_changes_nothing(
    relay: Relay, enter: Enter
) -> None:
    relay.crm.put_faults(refuse=[{"field": "first_name", "value": "Anita", "message": "no nicknames"}])
    older = relay.send(minutes_ago=30, nombre="Anita")
    relay.until(State.DEAD, older)
    relay.crm.put_faults()
    relay.until(State.DELIVERED, relay.send(nombre="Ana"))
    before = relay.puts()
    visit = enter()
    visit.go(f"/ops/events/{older}")

    visit.page.get_by_role("link", name="Replay as mapped").click()
    visit.page.get_by_role("button", name="Make the plan").click()

    expect(figure(visit.page, "stay back")).to_have_text("1")
    expect(figure(visit.page, "fields change")).to_have_text("0")
    visit.page.get_by_role("button", name="Start: replay 1 event").click()
    visit.said("1 event was replayed")
    relay.until(State.SUPERSEDED, older)
    assert relay.puts() == before
    assert relay.lead_at_the_crm()["first_name"] == "Ana"


def figure(page: Page, name: str) -> Any:
    """Find a number at the top of a page by what it counts."""
    return page.get_by_role("term").filter(has_text=name).locator("xpath=following-sibling::dd[1]")


def test_a_parked_event_is_linked_to_its_lead_and_delivered(relay: Relay, enter: Enter) -> None:
    event = relay.send(hook="llamada", telefono="9 5551 2345", nombre="Pía")
    relay.until(State.PARKED, event)
    visit = enter()
    visit.go("/ops/")

    visit.page.get_by_role("navigation", name="Sections").get_by_role("link", name="Parked").click()
    waits = visit.page.get_by_role("listitem").filter(has_text="+56955512345")
    expect(waits).to_contain_text("1 event")
    waits.get_by_text("Link to a lead").click()
    waits.get_by_role("textbox", name="Lead id").fill(relay.lead)
    waits.get_by_role("button", name="Link").click()

    visit.said("Linked")
    expect(visit.page.get_by_text("+56955512345")).to_have_count(0)
    relay.until(State.DELIVERED, event)
    assert relay.lead_at_the_crm()["first_name"] == "Pía"


def test_a_paused_hook_keeps_its_events_back_and_says_so_until_it_is_resumed(relay: Relay, enter: Enter) -> None:
    visit = enter()
    visit.go("/ops/hooks/cotiza")
    pause(visit.page, why="the form asks twice")
    visit.said("Paused by carolina")

    event = relay.send(nombre="Pía")
    visit.go(f"/ops/events/{event}")
    visit.said("the form asks twice")
    visit.go("/ops/hooks")
    expect(visit.page.get_by_role("row", name="cotiza")).to_contain_text("1 event kept back")
    assert relay.event(event).state is State.IN_FLIGHT
    assert relay.puts() == []

    visit.page.get_by_role("link", name="cotiza").click()
    visit.page.get_by_role("button", name="Resume: 1 event goes on").click()
    relay.until(State.DELIVERED, event)
    visit.go("/ops/hooks/cotiza")
    expect(visit.page.get_by_text("paused")).to_have_count(0)


def test_a_paused_destination_is_sent_nothing_and_says_so_until_it_is_resumed(relay: Relay, enter: Enter) -> None:
    visit = enter()
    visit.go("/ops/destinations")
    pause(visit.page, why="the CRM is being moved")
    visit.said("by carolina: the CRM is being moved")

    event = relay.send(nombre="Pía")
    visit.go(f"/ops/events/{event}")
    visit.said("the CRM is being moved")
    visit.go(f"/ops/leads/{relay.lead}")
    visit.said("1 event waits for its delivery")
    assert relay.event(event).state is State.IN_FLIGHT
    assert relay.puts() == []

    visit.go("/ops/destinations")
    visit.page.get_by_role("button", name="Resume").click()
    expect(visit.page.get_by_role("main").get_by_text("flowing")).to_be_visible()
    relay.until(State.DELIVERED, event)


def pause(page: Page, *, why: str) -> None:
    """Pause the hook or the destination whose page is shown."""
    page.get_by_role("link", name="Pause").click()
    page.get_by_label("Why is it paused?").fill(why)
    page.get_by_role("button", name="Pause").click()


def test_a_viewer_sees_no_way_to_act_and_is_refused_where_one_is_tried(relay: Relay, enter: Enter) -> None:
    relay.crm.put_faults(refuse=[{"field": "first_name", "value": "Nadie", "message": "no such person"}])
    event = relay.send(nombre="Nadie")
    relay.until(State.DEAD, event)
    relay.until(State.PARKED, relay.send(hook="llamada", telefono="9 5550 0000", nombre="Pía"))
    visit = enter("pedro")

    for path in ("/ops/inbox", "/ops/events?state=dead", f"/ops/events/{event}", f"/ops/leads/{relay.lead}"):
        visit.go(path)
        expect(visit.page.get_by_role("main")).to_contain_text("no such person")
        assert acts(visit.page) == []
    visit.go("/ops/parked")
    visit.said("+56955500000")
    assert acts(visit.page) == []

    visit.go(f"/ops/replays/new?id={event}")
    visit.said("Your role doesn't allow this.")
    refused = visit.page.evaluate(
        """async (address) => (await fetch(address, {method: "POST", headers: {"X-CSRFToken":
        document.querySelector('[name="csrf_token"]').value}})).status""",
        f"/ops/events/drop?id={event}&why=x",
    )
    assert refused == 403
    assert relay.event(event).state is State.DEAD


def acts(page: Page) -> list[str]:
    """Give the words of all that acts on a page: buttons of forms that are posted, and what leads to them."""
    buttons = page.get_by_role("main").locator('form[method="post"] button').all_inner_texts()
    named = re.compile("^(Replay|Drop|Link|Pause|Resume|Edit)")
    return [*buttons, *page.get_by_role("main").get_by_role("link", name=named).all_inner_texts()]


def test_what_goes_wrong_in_a_page_does_not_go_unseen(relay: Relay, browser: Browser) -> None:
    """The other tests trust in this: an error, a style that is refused, what is too wide, a name in an address."""
    with visiting(browser, relay.url) as visit:
        visit.go("/ops/login?next=/ops/events%3Fwords%3DMar%C3%ADa%20Rojas")
        visit.page.evaluate("document.body.setAttribute('style', 'color: red')")
        visit.page.evaluate("setTimeout(() => { throw new Error('broken'); })")
        visit.page.evaluate("document.querySelector('h1').textContent = 'x'.repeat(400)")
        visit.page.wait_for_function("document.scrollingElement.scrollWidth > innerWidth")

        until(lambda: visit.page.title() and len(visit.faults) == 2)
        assert ["Content Security Policy" in visit.faults[0], "broken" in visit.faults[1]] == [True, True]
        assert any(one.startswith("h1") for one in overflow(visit.page))
        assert visit.named(PERSONAL) == [visit.addresses[0], visit.page.url]


def addresses(relay: Relay) -> dict[str, str]:
    """Give an address for each page, of a store that has something to show on it."""
    words = "this campaign_id is unknown"
    relay.crm.put_faults(refuse=[{"field": "metadata.estado_lead", "value": "Perdido", "message": words}])
    relay.until(State.DELIVERED, relay.send(nombre="ana maría rojas", correo="ana.rojas@example.cl", estado="x" * 400))
    dead = relay.send(nombre="Ana", correo="nada", estado="Perdido")
    relay.until(State.DEAD, dead)
    relay.until(State.PARKED, relay.send(hook="llamada", telefono="9 5550 0001", nombre="Pía"))
    requests.post(f"{relay.url}/hooks/cotiza", data="{}", timeout=10)
    made = replay.draft(relay.store, [dead], who="carolina", name="lo de ayer")
    until(lambda: replay.get(relay.store, made.id).stage is replay.Stage.PLANNED)
    group = next(one for one in relay.store.groups.open() if words in one.words)
    return {
        "ops.overview": "/ops/",
        "ops.inbox": "/ops/inbox",
        "ops.inbox_group": f"/ops/inbox/{group.id}",
        "ops.events": "/ops/events",
        "ops.event": f"/ops/events/{dead}",
        "ops.drop_what": f"/ops/events/drop?id={dead}",
        "ops.lead": f"/ops/leads/{relay.lead}",
        "ops.parked": "/ops/parked",
        "ops.rejected": "/ops/rejected",
        "ops.replays": "/ops/replays",
        "ops.replay": f"/ops/replays/{made.id}",
        "ops.new_replay": f"/ops/replays/new?id={dead}&how=edited",
        "ops.hooks": "/ops/hooks",
        "ops.hook": "/ops/hooks/cotiza",
        "ops.hook_test": "/ops/hooks/cotiza/test",
        "ops.hook_diff": "/ops/hooks/cotiza/diff",
        "ops.hook_forms": "/ops/hooks/cotiza/forms",
        "ops.hook_shadow": "/ops/hooks/cotiza/shadow",
        "ops.pause_hook_question": "/ops/hooks/cotiza/pause",
        "ops.rules": f"/ops/hooks/cotiza/rules?event={dead}",
        "ops.rule_versions": "/ops/hooks/cotiza/rules/versions",
        "ops.rule_version": f"/ops/hooks/cotiza/rules/versions/{relay.event(dead).version}",
        "ops.destinations": "/ops/destinations",
        "ops.pause_destination_question": "/ops/destinations/default/pause",
        "ops.acts": "/ops/acts",
        "ops.account": "/ops/account",
        "ops.search_page": "/ops/search",
        "ops.searched": f"/ops/search/{relay.store.searches.keep('Ab12Cd34')}",
    }


@pytest.mark.parametrize(("theme", "window"), [("light", DESKTOP), ("dark", PHONE)])
def test_every_page_fits_its_window_and_nothing_goes_wrong_in_it(
    relay: Relay, enter: Enter, theme: str, window: dict[str, int]
) -> None:
    app = wiring.routes(relay.settings, relay.store, wiring.hooks(relay.settings))
    pages = addresses(relay)
    assert pages_of(app) - pages.keys() == set(), "name an address where it has something to show"
    visit = enter(color_scheme=theme, viewport=window)

    for path in [*pages.values(), "/ops/nothing", "/ops/inbox?kind=x"]:
        visit.go(path)
        expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
        visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert overflow(visit.page) == [], path


def pages_of(app: flask.Flask) -> set[str]:
    """Give the endpoints of all pages that want a login, but the part of one that renews itself."""
    desk = app.blueprints["ops"]
    assert isinstance(desk, Desk)
    shown = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    marked = {name for name, mark in desk.marks.items() if mark.role is not None and not mark.json}
    return (shown & marked) - {"ops.events_tail"}
