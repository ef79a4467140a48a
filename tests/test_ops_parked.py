"""The page of parked events: by what their lead is looked for, whom it may mean, a person's word on it, dropping."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from relay.model import Name, Reason, State
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, known, matched, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"
PHONE, MAIL = Name("phone", "+56987654321"), Name("email", "ana@example.cl")


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path, RELAY_OPS_TOKEN_ROLE="operator") as url:
        yield url


def parked(store: Store, id: str, *names: Name, hook: str = "cotiza") -> str:
    return store.door.accept([replace(matched(id, names, update(title=id)), hook=hook)])[0].id


def mute(store: Store, id: str) -> str:
    one = arrival(id, "", update(title=id))
    reason = Reason(kind="no id", words="hidden.lead_id is missing")
    return store.door.accept([replace(one, mapped=replace(one.mapped, state=State.PARKED, reason=reason))])[0].id


def state_of(store: Store, id: str) -> State:
    event = store.events.event(id)
    assert event is not None
    return event.state


def groups_of(html: str) -> list[str]:
    """Give the words of each group."""
    return [text_of(part) for part in re.split(r'id="g-', html)[1:]]


def test_events_stand_together_by_what_they_look_for(url: str, store: Store) -> None:
    parked(store, "one", PHONE, MAIL)
    parked(store, "two", PHONE)
    parked(store, "three", MAIL)

    html = logged_in(url, "pedro").get("/ops/parked").text

    by_mail, by_phone = groups_of(html)
    assert "3 events wait until their leads are known" in text_of(html)
    assert "phone +56987654321 or email ana@example.cl 2 events" in by_phone
    assert "email ana@example.cl 2 events" in by_mail, "one of them looks for the phone first"


def test_a_name_that_several_leads_have_shows_them_with_what_we_set(url: str, store: Store) -> None:
    world = World(store)
    store.door.accept([known("a", ANA, [PHONE], update(first_name="Ana", last_name="Rojas"))])
    world.deliver()
    store.names.learn("default", [(EVA, [PHONE])])
    event = parked(store, "one", PHONE)
    operator = logged_in(url, "carolina")

    html = operator.get("/ops/parked").text
    assert "2 leads have this phone: say which one is meant" in text_of(html)
    assert f'href="/ops/leads/{EVA}"' in html
    assert "Ana Rojas" in text_of(html)
    assert f"{EVA} nothing of this was set by the relay yet" in text_of(html)

    operator.post("/ops/parked/link", {"event": event, "kind": "phone", "lead": EVA, "next": "/ops/parked"})

    assert state_of(store, event) is State.IN_FLIGHT
    said = text_of(operator.get("/ops/parked").text)
    assert "Linked: 1 parked event goes on." in said
    assert "No event is parked" in said
    act = store.acts.last(1)[0]
    assert (act.who, act.what, act.about) == ("carolina", "link", EVA)


def test_an_unknown_one_goes_on_when_a_person_says_which_lead_it_is(url: str, store: Store) -> None:
    first, second = parked(store, "one", PHONE), parked(store, "two", PHONE, MAIL)
    operator = logged_in(url, "carolina")

    answer = operator.post("/ops/parked/link", {"event": first, "lead": f" {ANA.upper()} "})

    assert answer.headers["Location"] == "/ops/parked"
    assert [state_of(store, id) for id in (first, second)] == [State.IN_FLIGHT] * 2
    assert "Linked: 2 parked events go on." in text_of(operator.get("/ops/parked").text)


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        ("12", "a lead's id must be a UUID, as the lead API gives it"),
        (f"acme/{ANA}", "the lead is looked for at destination 'default', not at 'acme'"),
    ],
)
def test_a_lead_that_can_not_be_is_refused_in_words_and_nothing_goes_on(
    url: str, store: Store, lead: str, words: str
) -> None:
    event = parked(store, "one", PHONE)
    operator = logged_in(url, "carolina")

    operator.post("/ops/parked/link", {"event": event, "lead": lead})

    assert words in text_of(operator.get("/ops/parked").text.replace("&#39;", "'"))
    assert state_of(store, event) is State.PARKED


def test_no_address_and_no_redirect_holds_a_phone(url: str, store: Store) -> None:
    event = parked(store, "one", PHONE)
    operator = logged_in(url, "carolina")
    html = operator.get("/ops/parked").text

    answer = operator.post("/ops/parked/link", {"event": event, "lead": ANA})

    assert "56987654321" in html
    assert not [link for link in re.findall(r'(?:href|action|value)="([^"]*)"', html) if "987654321" in link]
    assert "987654321" not in answer.headers["Location"]


def test_those_that_say_nothing_of_their_lead_stand_by_their_reason_with_a_cure(url: str, store: Store) -> None:
    mute(store, "one")
    mute(store, "two")

    html = logged_in(url, "carolina").get("/ops/parked").text

    [group] = groups_of(html)
    assert group.split(" ", 1)[1].startswith("cotiza no id hidden.lead_id is missing 2 events") or "2 events" in group
    assert "Mend the hook file or the form" in text_of(html)
    assert "/ops/replays/new?state=parked&amp;hook=cotiza&amp;kind=no+id&amp;how=remapped" in html


def test_dropping_needs_a_reason_and_drops_what_the_button_says(url: str, store: Store) -> None:
    ids = [parked(store, name, PHONE) for name in ("one", "two")]
    other = parked(store, "three", MAIL)
    operator = logged_in(url, "carolina")
    html = operator.get("/ops/parked").text
    assert "Drop 2 events for good" in html

    def drop(why: str) -> requests.Response:
        fields: dict[str, Any] = {"csrf_token": operator.csrf(), "event": ids, "why": why}
        return operator.ask("POST", "/ops/parked/drop", data=fields)

    drop(" ")
    assert "Say why" in text_of(operator.get("/ops/parked").text)
    assert state_of(store, ids[0]) is State.PARKED

    drop("two tests")
    assert "2 events were dropped." in text_of(operator.get("/ops/parked").text)
    assert [state_of(store, id) for id in (*ids, other)] == [State.DISCARDED, State.DISCARDED, State.PARKED]


def test_the_list_is_narrowed_by_hook_and_reason(url: str, store: Store) -> None:
    parked(store, "one", PHONE, hook="anuncios")
    parked(store, "two", MAIL)
    mute(store, "three")
    viewer = logged_in(url, "pedro")

    by_hook = groups_of(viewer.get("/ops/parked?hook=anuncios").text)
    by_kind = groups_of(viewer.get("/ops/parked?hook=&kind=no+id").text)

    assert len(by_hook) == len(by_kind) == 1
    assert "+56987654321" in by_hook[0]
    assert "hidden.lead_id is missing" in by_kind[0]
    assert "No parked event fits." in viewer.get("/ops/parked?hook=nobody").text


@pytest.mark.parametrize("query", ["colour=red", "since=yesterday", "state=dead"])
def test_a_wrong_filter_is_said_in_words(url: str, query: str) -> None:
    answer = logged_in(url, "pedro").get(f"/ops/parked?{query}")

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_many_are_shown_page_by_page_and_none_is_left_out(url: str, store: Store) -> None:
    for number in range(130):
        parked(store, str(number), Name("phone", f"+569{number:08}"))
    viewer = logged_in(url, "pedro")

    first = viewer.get("/ops/parked").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = viewer.get(older[1].replace("&amp;", "&")).text

    assert [len(groups_of(html)) for html in (first, second)] == [100, 30]
    assert 'rel="next"' not in second


def test_a_viewer_sees_them_and_can_not_act(url: str, store: Store) -> None:
    event = parked(store, "one", PHONE)
    viewer = logged_in(url, "pedro")

    assert '<form class="inline"' not in viewer.get("/ops/parked").text
    assert viewer.post("/ops/parked/link", {"event": event, "lead": ANA}).status_code == 403
    assert state_of(store, event) is State.PARKED


def test_the_twin_in_json_lists_and_links(url: str, store: Store) -> None:
    event, other = parked(store, "one", PHONE), parked(store, "two", MAIL)
    machine = Browser(url)

    [by_mail, by_phone] = machine.get("/ops/api/parked", **BEARER).json()["groups"]
    assert (by_phone["name"], by_phone["waiting"]) == ({"kind": "phone", "value": PHONE.value}, 1)
    assert [one["id"] for one in by_mail["events"]] == [other]

    linked = machine.ask("POST", "/ops/api/parked/link", json={"event": event, "lead": ANA}, headers=BEARER)
    assert linked.json() == {"kind": "phone", "destination": "default", "lead": ANA, "gone_on": 1}
    named = machine.ask(
        "POST", "/ops/api/parked/link", json={"name": f"email:{MAIL.value}", "lead": ANA}, headers=BEARER
    )
    assert named.json()["gone_on"] == 1
    wrong = machine.ask("POST", "/ops/api/parked/link", json={"name": "mail:x", "lead": ANA}, headers=BEARER)
    assert (wrong.status_code, "must begin with phone:" in wrong.json()["message"]) == (400, True)


def test_the_page_is_there_in_spanish(url: str, store: Store) -> None:
    parked(store, "one", PHONE)

    said = text_of(logged_in(url, "carolina").get("/ops/parked", **{"Accept-Language": "es-CL"}).text)

    assert "Aún desconocidos" in said
    assert "Vincular a un lead" in said
