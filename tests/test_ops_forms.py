"""What forms have lost, and how often rules held: on the pages of hooks, in their JSON, as an alarm, by commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from relay import forms
from relay.alarms import Watch, current
from relay.embedded import EmbeddedRedis
from relay.finding import read_filter, select, words_of
from relay.store import Store
from tests.desk import BEARER, JSON, Browser, Desk, desk_over, logged_in, text_of
from tests.far_crm import World
from tests.form_events import COTIZA, VARIABLES, Place, place

UF = "presupuesto_uf"


@pytest.fixture
def here(store: Store, tmp_path: Path) -> Iterator[Place]:
    with place(store, tmp_path, RELAY_OPS_TOKEN_ROLE="operator") as one:
        yield one


@pytest.fixture
def changed(here: Place) -> Place:
    """A form of which rule 'qualified' reads a question that was renamed two events ago."""
    here.typeform({"nombre": "Ana", UF: 3200})
    forms.note_versions(here.store, here.forms())
    for _ in range(2):
        here.typeform({"nombre": "Eva", "presupuesto_uf_2": 4200})
        here.flush()
    forms.note_versions(here.store, here.forms())
    return here


@pytest.fixture
def carolina(here: Place) -> Browser:
    return logged_in(here.url, "carolina")


def change_of(here: Place) -> str:
    [one] = here.told()[0].drifted
    return one.id


def test_the_page_of_a_hook_says_which_rule_reads_what_its_form_lost(changed: Place, carolina: Browser) -> None:
    words = text_of(carolina.get("/ops/hooks/cotiza").text)

    assert "form changed" in words
    assert (
        "cotiza.yaml:10: rule &#39;qualified&#39; reads fields.presupuesto_uf, which form Ab12Cd34 no longer has"
        in words
    )
    assert "(2 events since)" in words


def test_the_list_of_hooks_and_the_overview_mark_it(changed: Place, carolina: Browser) -> None:
    listed = text_of(carolina.get("/ops/hooks").text)
    overview = text_of(carolina.get("/ops/").text)

    assert "its rules read 1 name that a form no longer gives" in listed
    assert "cotiza: a form changed" in overview


def test_a_hook_whose_forms_are_as_its_rules_say_has_no_mark(here: Place, carolina: Browser) -> None:
    here.typeform({"nombre": "Ana", UF: 3200})
    here.flush()

    assert "form changed" not in text_of(carolina.get("/ops/hooks/cotiza").text)


def test_the_forms_of_a_hook_are_shown_with_versions_likely_name_and_lines(changed: Place, carolina: Browser) -> None:
    page = carolina.get("/ops/hooks/cotiza/forms").text
    words = text_of(page)

    assert "Its new name may be presupuesto_uf_2" in words
    assert ":10 qualified only if form.id == &#39;Ab12Cd34&#39; and fields.presupuesto_uf &gt;= 3000" in words
    assert re.search(r"<ins><code>presupuesto_uf_2</code>.*?<del><code>presupuesto_uf</code>", page, re.DOTALL)
    assert "Ana" not in words
    assert "7c9e6679" not in words


def test_the_events_since_are_one_click_from_a_remapped_replay(changed: Place, carolina: Browser) -> None:
    page = carolina.get("/ops/hooks/cotiza/forms").text
    [href] = re.findall(r'href="(/ops/replays/new\?[^"]+)"', page)
    query = {name: one[0] for name, one in parse_qs(urlsplit(href.replace("&amp;", "&")).query).items()}
    how = query.pop("how")

    plan = carolina.get(href.replace("&amp;", "&"))

    assert (plan.status_code, how) == (200, "remapped")
    ids = select(changed.store, read_filter(query, now_ms=changed.store.events.now_ms()))
    assert len(ids) == 3, "those since, and the last one before"
    assert re.search(r'value="remapped"[^>]*checked', plan.text)


def test_the_replay_by_a_rule_that_was_mended_brings_what_was_lost(changed: Place, carolina: Browser) -> None:
    mended = COTIZA.replace("uf: ${fields.presupuesto_uf}", "uf: ${fields.presupuesto_uf or fields.presupuesto_uf_2}")
    mended = mended.replace("fields.presupuesto_uf >=", "(fields.presupuesto_uf or fields.presupuesto_uf_2) >=")
    (changed.settings.rules / "cotiza.yaml").write_text(mended)
    World(changed.store).deliver_all()
    [one] = changed.told()[0].drifted

    made = carolina.post("/ops/replays", {**words_of(one.wanted), "state": "any", "how": "remapped"})
    plan = text_of(carolina.get(made.headers["Location"]).text)

    assert "metadata. uf 3200 4200" in plan


def test_a_person_says_that_it_is_meant_and_it_is_kept_who_said_so(changed: Place, carolina: Browser) -> None:
    change = change_of(changed)

    answer = carolina.post(f"/ops/hooks/cotiza/forms/{change}/meant", {"why": "no longer asked"})

    assert answer.status_code == 303
    words = text_of(carolina.get("/ops/hooks/cotiza/forms").text)
    assert "meant by carolina" in words
    assert "no longer asked" in words
    assert "a form changed" not in text_of(carolina.get("/ops/hooks/cotiza").text).lower()
    [act] = changed.store.acts.last(1)
    assert (act.who, act.what, act.about, act.why) == (
        "carolina",
        "form meant",
        f"cotiza: fields.{UF}",
        "no longer asked",
    )


def test_it_is_meant_once_and_by_operators_alone(changed: Place) -> None:
    change = change_of(changed)
    carolina, pedro = logged_in(changed.url, "carolina"), logged_in(changed.url, "pedro")
    path = f"/ops/hooks/cotiza/forms/{change}/meant"

    assert pedro.post(path).status_code == 403
    assert [carolina.post(path).status_code for _ in range(2)] == [303, 303]
    assert len(changed.store.acts.last(10)) == 1
    assert "It is meant" not in text_of(pedro.get("/ops/hooks/cotiza/forms").text)


def test_a_change_that_is_none_now_is_not_found(changed: Place, carolina: Browser) -> None:
    assert carolina.post("/ops/hooks/cotiza/forms/no-such/meant").status_code == 404
    assert carolina.get("/ops/hooks/nie/forms").status_code == 404


def test_the_same_as_json(changed: Place) -> None:
    browser = Browser(changed.url)

    [form] = browser.get("/ops/api/hooks/cotiza/forms", **BEARER).json()["forms"]
    rules = browser.get("/ops/api/hooks/cotiza/rules?days=1", **BEARER).json()
    hook = browser.get("/ops/api/hooks/cotiza", **BEARER).json()

    [change] = form["changes"]
    assert (change["name"], change["likely"], change["events"]) == (f"fields.{UF}", "presupuesto_uf_2", 2)
    assert [(one["rule"], one["line"]) for one in change["read_by"]] == [("qualified", 10), ("qualified", 14)]
    assert [one["name"] for one in form["versions"][0]["removed"]] == [UF]
    assert (rules["events"], [one["held"] for one in rules["rules"]]) == (3, [3, 1])
    assert (hook["lost_names"], "form changed" in hook["state"]) == (1, True)
    meant = browser.ask("POST", f"/ops/api/hooks/cotiza/forms/{change['change']}/meant", json={}, headers=BEARER)
    assert meant.json() == {"hook": "cotiza", "change": change["change"], "changed": True}
    assert browser.get("/ops/api/hooks/cotiza/rules?days=0", **BEARER).status_code == 400


def test_rules_tell_on_the_page_of_their_hook_how_often_they_held(here: Place, carolina: Browser) -> None:
    for number in range(20):
        here.typeform({"nombre": "Ana", UF: number}, form="Ab12Cd34")
    here.typeform({}, asks=["nombre"])
    here.flush()

    words = text_of(carolina.get("/ops/hooks/cotiza").text)

    assert "held for 21 of 21 events" in words
    assert "never held held for 0 of 21 events" in words
    assert "gave 20 values" in words


def test_events_that_no_rule_took_are_a_link_on_the_page(here: Place, carolina: Browser) -> None:
    (here.settings.rules / "cotiza.yaml").write_text(COTIZA)
    hook = here.hooks["cotiza"]
    only = replace(hook, rules=hook.rules[1:])
    here.hooks["cotiza"] = only  # type: ignore[index]
    here.typeform({"nombre": "Ana"})
    here.flush()

    page = carolina.get("/ops/hooks/cotiza").text

    assert "1 that no rule took" in text_of(page)
    [href] = re.findall(r'href="([^"]+)">\s*1 that no rule took', page)
    assert "state=ignored" in href
    assert "hook=cotiza" in href
    assert carolina.get(href.replace("&amp;", "&")).text.count('class="row"') == 1


def test_in_spanish(changed: Place, carolina: Browser) -> None:
    words = text_of(carolina.get("/ops/hooks/cotiza/forms", **{"Accept-Language": "es-CL"}).text)

    assert "regla 'qualified' lee fields.presupuesto_uf, que el formulario Ab12Cd34 ya no tiene" in words.replace(
        "&#39;", "'"
    )
    assert "Su nombre nuevo puede ser presupuesto_uf_2" in words


def test_an_alarm_begins_and_ends_when_the_rule_is_changed(changed: Place) -> None:
    watch = Watch(changed.store, changed.settings)
    looks = iter(range(10**6))

    def look() -> None:
        watch._asked = float("-inf")
        changed.store.client.delete("relay:alarm-turn")
        next(looks)
        watch.look()

    for _ in range(2):
        look()

    [alarm] = [one for one in current(changed.store) if one.name.startswith("form:")]
    assert (alarm.name, alarm.about) == ("form:cotiza:Ab12Cd34", "hook cotiza")
    assert re.fullmatch(
        r"a form changed: \S+rules/cotiza.yaml:10: rule 'qualified' reads fields.presupuesto_uf, which form Ab12Cd34 "
        r"no longer has since \d{4}-\d\d-\d\d \d\d:\d\d UTC \(2 events since\)",
        alarm.words,
    )
    new = replace(changed.hooks["cotiza"], text=COTIZA.replace(UF, "presupuesto_uf_2").encode(), version="new")
    changed.store.rule_texts.keep([new, changed.hooks["zap"]])
    changed.store.serving.note(served=[*changed.hooks], taken={"cotiza": "new"}, faults={})
    for _ in range(2):
        look()
    assert not [one for one in current(changed.store) if one.name.startswith("form:")]


def test_an_alarm_ends_when_it_is_meant(changed: Place, carolina: Browser) -> None:
    assert len(forms.watch(changed.store, changed.settings.rules)) == 1

    carolina.post(f"/ops/hooks/cotiza/forms/{change_of(changed)}/meant")

    assert forms.watch(changed.store, changed.settings.rules) == []


@pytest.fixture
def desk(changed: Place, redis_server: EmbeddedRedis, tmp_path: Path) -> Desk:
    one = desk_over(changed.store, redis_server.url, tmp_path)
    return Desk(one.world, {**one.environment, **VARIABLES, "RELAY_RULES": str(changed.settings.rules)})


def test_relay_forms_says_it_with_what_to_do(desk: Desk, changed: Place) -> None:
    all_of_them, one = desk.relay("forms"), desk.relay("forms", "cotiza")

    assert "rule 'qualified' reads fields.presupuesto_uf, which form Ab12Cd34 no longer has since" in all_of_them.stdout
    assert "now 'presupuesto_uf_2'?" in all_of_them.stdout
    assert "relay replay --state any --hook cotiza --since" in all_of_them.stdout
    assert re.search(r"fields\.presupuesto_uf +short_text +number +1 +1 .* gone", one.stdout)
    assert "+ fields.presupuesto_uf_2 (short_text “presupuesto_uf_2”)" in one.stdout
    assert desk.json("forms", "cotiza")[0]["changes"][0]["change"] == change_of(changed)


def test_relay_forms_takes_what_is_meant(desk: Desk, changed: Place) -> None:
    change = change_of(changed)

    first = desk.relay("forms", "cotiza", "--meant", change, "--why", "gone for good", "--who", "ana")
    again = desk.relay("forms", "cotiza", "--meant", change)
    wrong = desk.relay("forms", "--meant", "nonsense")

    assert first.stdout == f"fields.{UF} of cotiza: it counts as meant\n"
    assert again.stdout == f"fields.{UF} of cotiza: that was said before\n"
    assert (wrong.returncode, wrong.stderr) == (
        1,
        "no change 'nonsense' of a form is known now: relay forms lists them\n",
    )
    assert "(meant, says ana: gone for good)" in desk.relay("forms").stdout
    assert changed.store.acts.last(1)[0].who == "ana"


def test_the_commands_that_relay_forms_tells_can_be_run(desk: Desk) -> None:
    desk.world.deliver_all()
    [command] = re.findall(r"relay (replay --state any .*)", desk.relay("forms").stdout)

    shown = desk.relay(*command.split())

    assert (shown.returncode, shown.stdout.startswith("3 events, 1 lead, remapped by the rules of now")) == (0, True)


def test_relay_rules_tells_how_often_each_rule_held(desk: Desk, changed: Place) -> None:
    table = desk.relay("rules", "cotiza").stdout
    told = {one["hook"]: one for one in desk.json("rules", "--last", "2d")}

    assert re.search(r":6 +contact +3 +3 +first_name +3", table)
    assert re.search(r":9 +qualified +1 +3 +metadata.estado_lead +1", table)
    assert told["zap"]["events"] == 0
    assert [one["held"] for one in told["cotiza"]["rules"]] == [3, 1]


def test_commands_for_a_hook_that_never_was_say_so(desk: Desk) -> None:
    assert desk.relay("rules", "nie").stderr == "hook 'nie' is not served now; there are cotiza, zap\n"
    assert desk.relay("forms", "nie").stderr == "there is no hook 'nie', and there never was; there are cotiza, zap\n"


def test_the_json_of_an_unknown_hook_is_a_404(here: Place) -> None:
    assert Browser(here.url).get("/ops/api/hooks/nie/forms", **BEARER, **JSON).status_code == 404
