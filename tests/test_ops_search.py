"""The search box of the desk: what is found alone is gone to, the rest is listed, and no address has what was typed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relay.model import Mapped, State
from relay.store import Store
from relay.terms import Term
from tests.desk import BEARER, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"
PHONE = "+56 9 1234 5678"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


@pytest.fixture
def viewer(url: str) -> Browser:
    return logged_in(url, "pedro")


def take(store: Store, id: str, lead: str, *terms: Term) -> str:
    one = replace(
        arrival(id, lead), terms=terms, mapped=Mapped(event_id=id, at_ms=None, lead=lead, updates=(update(title=id),))
    )
    return store.door.accept([one])[0].id


def place(browser: Browser, text: str) -> str:
    """Give where a search leads to."""
    answer = browser.post("/ops/search", {"q": text})
    assert answer.status_code == 303
    return answer.headers["Location"]


def found(browser: Browser, text: str) -> str:
    where = place(browser, text)
    assert re.fullmatch(r"/ops/search/[\w-]{16}", where)
    return browser.get(where).text


@pytest.mark.parametrize("text", ["+56 9 1234 5678", "+56912345678", "12345678"])
def test_a_lead_that_is_found_alone_by_a_phone_is_gone_to(store: Store, viewer: Browser, text: str) -> None:
    take(store, "1", ANA, Term("phone", "12345678"))
    take(store, "2", ANA, Term("phone", "12345678"))

    assert place(viewer, text) == f"/ops/leads/{ANA}"


def test_a_lead_is_gone_to_by_its_id_and_by_an_e_mail(store: Store, viewer: Browser) -> None:
    take(store, "1", ANA, Term("email", "ana@correo.cl"))

    assert place(viewer, ANA.upper()) == f"/ops/leads/{ANA}"
    assert place(viewer, " Ana@Correo.cl ") == f"/ops/leads/{ANA}"


def test_an_event_is_gone_to_by_our_id_by_its_senders_and_by_a_click(store: Store, viewer: Browser) -> None:
    id = take(store, "a token", ANA, Term("click", "Cj0KCQ"))

    assert [place(viewer, text) for text in (id, id.upper(), "a token", "Cj0KCQ")] == [f"/ops/events/{id}"] * 4


def test_several_are_listed_on_a_page_that_can_be_loaded_again(store: Store, viewer: Browser) -> None:
    ids = [take(store, str(n), lead, Term("form", "Ab12Cd34")) for n, lead in enumerate((ANA, EVA))]

    where = place(viewer, "Ab12Cd34")
    first, again = viewer.get(where), viewer.get(where)

    for page in (first, again):
        assert page.status_code == 200
        assert "Found by “Ab12Cd34”" in text_of(page.text)
        assert f'href="/ops/leads/{ANA}"' in page.text
        assert f'href="/ops/leads/{EVA}"' in page.text
        assert re.findall(r'data-id="(\w+)"', page.text) in (ids, ids[::-1])


def test_of_many_leads_those_with_a_name_come_first_behind_the_events_and_the_rest_is_counted(
    store: Store, viewer: Browser
) -> None:
    leads = [f"7c9e6679-7425-40de-944b-0000000000{number:02}" for number in range(25)]
    for number, lead in enumerate(leads):
        take(store, str(number), lead, Term("form", "Ab12Cd34"))
    called = replace(
        arrival("named", leads[3]),
        terms=(Term("form", "Ab12Cd34"),),
        mapped=Mapped(
            event_id="named", at_ms=None, lead=leads[3], updates=(update(first_name="Ana", last_name="Soto"),)
        ),
    )
    store.door.accept([called])

    page = found(viewer, "Ab12Cd34")
    listed = re.findall(r'<li><a[^>]* href="/ops/leads/([^"]+)">([^<]+)</a>', page)

    assert page.index('id="events"') < page.index('id="leads"')
    assert listed[0] == (leads[3], "Ana Soto")
    assert len(listed) == 20
    assert all(id == name for id, name in listed[1:])
    assert "and 5 more" in text_of(page)


def test_a_few_leads_stand_before_the_events(store: Store, viewer: Browser) -> None:
    for number, lead in enumerate((ANA, EVA)):
        take(store, str(number), lead, Term("form", "Ab12Cd34"))

    page = found(viewer, "Ab12Cd34")

    assert page.index('id="leads"') < page.index('id="events"')


def test_an_event_of_no_lead_beside_a_lead_is_not_passed_over(store: Store, viewer: Browser) -> None:
    take(store, "1", ANA, Term("phone", "12345678"))
    one = replace(
        arrival("2", ""),
        terms=(Term("phone", "12345678"),),
        mapped=Mapped(event_id="2", at_ms=None, state=State.IGNORED),
    )
    store.door.accept([one])

    assert f'href="/ops/leads/{ANA}"' in found(viewer, PHONE)


def test_where_nothing_is_found_the_page_says_what_the_box_looks_for_and_how_far_back(viewer: Browser) -> None:
    words = html.unescape(text_of(found(viewer, PHONE)))

    assert "Nothing was found." in words
    for one in (
        "a lead's id",
        "an e-mail",
        "a phone",
        "an event's id",
        "the sender's own",
        "a click id",
        "a form's id",
    ):
        assert one.replace("'", "&#39;") in words or one in words
    assert "It looks back 30 days" in words


def test_what_was_typed_stands_in_no_address_and_in_no_key(store: Store, viewer: Browser) -> None:
    where = place(viewer, PHONE)

    keys = [key.decode() for key in store.client.scan_iter("*")]
    assert "1234" not in where
    assert [key for key in keys if "1234" in key] == []
    [ticket] = [key for key in keys if key.startswith("relay:asked:")]
    assert 0 < store.client.ttl(ticket) <= 3_600


def test_a_search_that_is_kept_no_longer_says_so(viewer: Browser) -> None:
    answer = viewer.get("/ops/search/nothing")

    assert answer.status_code == 404
    assert "kept for an hour only" in answer.text


def test_nothing_typed_and_a_bare_address_lead_to_what_the_box_looks_for(viewer: Browser) -> None:
    assert "What the box looks for" in found(viewer, "  ")
    assert "What the box looks for" in viewer.get("/ops/search").text


def test_what_was_typed_is_text_on_the_page(viewer: Browser) -> None:
    page = found(viewer, "<b>x</b>")

    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_the_twin_in_json_takes_what_to_look_for_in_its_body(store: Store, url: str) -> None:
    id = take(store, "1", ANA, Term("phone", "12345678"))

    told = Browser(url).ask("POST", "/ops/api/search", json={"q": PHONE}, headers=BEARER).json()
    wrong = [Browser(url).ask("POST", "/ops/api/search", json=one, headers=BEARER) for one in ({}, [], {"q": 3})]

    assert told["leads"] == [ANA]
    assert [event["id"] for event in told["events"]] == [id]
    assert [one.status_code for one in wrong] == [400] * 3


def test_a_lead_that_the_index_of_leads_knows_is_gone_to_without_any_event(store: Store, viewer: Browser) -> None:
    world = World(store)
    world.accept("1", ANA, update(email="ana@correo.cl"))
    world.deliver()

    assert place(viewer, "ana@correo.cl") == f"/ops/leads/{ANA}"
