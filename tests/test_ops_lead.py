"""The page of a lead: why each field has its value, what waits and failed, and every event in one line of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relay.model import Fault, Name, State
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, known, matched, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"
PHONE = Name("phone", "+56987654321")
MINUTE = 60_000


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def page(url: str, path: str = f"/ops/leads/{ANA}", name: str = "pedro", **headers: str) -> str:
    answer = logged_in(url, name).get(path, **headers)
    assert answer.status_code == 200
    return answer.text


def place_of(html: str, event: str) -> str:
    """Give the words of one event's place in the line of time."""
    found = re.search(rf'<li[^>]* id="e-{event}">(.*?)</div></li>', html, re.DOTALL)
    assert found, "the event has no place"
    return text_of(found[1])


def delivered(world: World, id: str, *, ago: int = 0, **values: str) -> str:
    event = world.accept(id, ANA, update(**values), at_ms=world.store.events.now_ms() - ago)
    world.deliver()
    world.advance(2_000)
    return event


def test_a_field_says_its_value_who_set_it_and_what_it_was_before(url: str, world: World) -> None:
    old = delivered(world, "old", ago=9 * MINUTE, title="Gerenta", first_name="Ana")
    new = delivered(world, "new", ago=5 * MINUTE, title="Directora")

    html = page(url)

    [row] = [text_of(row) for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL) if ">title<" in row]
    assert re.match(rf"title Directora rule cotiza {new} \S+ Gerenta rule cotiza", row)
    assert old in html
    assert "<h1>Ana</h1>" in html


def test_an_event_shows_what_it_changed_and_what_the_crm_answered(url: str, world: World) -> None:
    delivered(world, "old", ago=9 * MINUTE, title="Gerenta")
    new = delivered(world, "new", ago=5 * MINUTE, title="Directora", company="Andes")

    place = place_of(page(url), new)

    assert " delivered cotiza typeform · form_response" in place
    assert "title Gerenta → Directora rule" in place
    assert "company → Andes rule" in place
    assert re.search(r"200 in \d+ ms", place)


def test_fields_that_an_event_says_again_are_folded_into_one_line(url: str, world: World) -> None:
    delivered(world, "old", ago=9 * MINUTE, title="Gerenta", company="Andes", city="Talca")
    new = delivered(world, "new", ago=5 * MINUTE, title="Directora", company="Andes", city="Talca")

    html = page(url)

    found = re.search(rf' id="e-{new}">(.*?)<details class="repeats">(.*?)</details>', html, re.DOTALL)
    assert found
    assert "title Gerenta → Directora rule" in text_of(found[1])
    assert "Andes" not in found[1]
    assert text_of(found[2]).startswith("2 fields as before")
    assert "company Andes as before rule" in text_of(found[2])
    assert html.count('class="repeats"') == 1, "the first event repeats nothing"


def test_an_older_event_that_came_late_names_what_superseded_it(url: str, world: World) -> None:
    new = delivered(world, "new", ago=5 * MINUTE, title="Directora")
    late = delivered(world, "late", ago=30 * MINUTE, title="Gerenta")

    html = page(url)

    place = place_of(html, late)
    assert "came 30 min later" in place
    assert f"superseded by {new}" in place
    assert "title → Gerenta rule · a newer value stood" in place
    assert html.index(f'id="e-{new}"') < html.index(f'id="e-{late}"'), "the newest first"


def test_a_value_that_a_newer_event_kept_out_of_the_put_is_not_said_to_be_set(url: str, world: World) -> None:
    delivered(world, "new", ago=5 * MINUTE, title="Directora")
    late = delivered(world, "late", ago=8 * MINUTE, title="Gerenta", company="Andes")

    place = place_of(page(url), late)

    assert "title → Gerenta rule · a newer value stood" in place
    assert "company → Andes rule 200 in" in place


def test_a_dead_letter_is_said_at_the_top_and_an_operator_can_replay_it_from_there(url: str, world: World) -> None:
    world.crm.poison = {"mala"}
    dead = delivered(world, "dead", title="mala")

    html = page(url, name="carolina")

    assert "1 event about this lead became a dead letter: it has not reached the CRM." in text_of(html)
    assert "refused 400: a value is refused" in place_of(html, dead)
    assert 'action="/ops/replays/new"' in html
    assert f'<input type="hidden" name="id" value="{dead}">' in html
    assert "Replay" not in text_of(page(url)).replace("Replays", ""), "a viewer is offered no act"


def test_what_waits_says_when_it_is_tried_again(url: str, world: World) -> None:
    world.accept("one", ANA, update(title="Gerenta"))
    world.deliver("fails before")
    world.client.zadd("relay:due:default", {ANA: world.store.events.now_ms() + 5 * MINUTE})

    said = text_of(page(url))

    assert "1 event waits for its delivery; next attempt in 5 minutes" in said
    assert "not set by us yet" in said


def test_a_closed_destination_is_named_with_what_waits(url: str, world: World) -> None:
    world.accept("one", ANA, update(title="Gerenta"))
    world.deliver("denied")

    assert "Destination default is held: The provided API key is not valid." in text_of(page(url))


def test_what_a_person_did_has_its_place(url: str, world: World) -> None:
    old = delivered(world, "old", ago=9 * MINUTE, title="Gerenta")
    event = world.store.events.event(old)
    assert event is not None
    world.store.letters.replay(event, who="ana")

    assert text_of(page(url)).count("replayed as mapped by ana") == 2, "in the event's place, and in its own time"


def test_ignored_events_and_values_held_back_are_told_too(url: str, store: Store, world: World) -> None:
    ignored = replace(arrival("test", ANA), test=True)
    [one] = store.door.accept([replace(ignored, mapped=replace(ignored.mapped, state=State.IGNORED))])
    other = arrival("faulty", ANA, update(title="Gerenta"))
    fault = Fault(rule="rule", register="email", words="is not an e-mail address")
    [two] = store.door.accept([replace(other, mapped=replace(other.mapped, faults=(fault,)))])

    html = page(url)

    assert "ignored cotiza typeform · form_response · test" in place_of(html, one.id)
    assert "email held back: is not an e-mail address" in place_of(html, two.id)


def test_a_name_that_means_several_leads_is_marked_and_leads_to_them(url: str, store: Store) -> None:
    store.door.accept([known("one", ANA, [PHONE], update(phone=PHONE.value))])
    store.names.learn("default", [(EVA, [PHONE])])

    html = page(url)

    assert "phone +56987654321 means several leads" in text_of(html)
    assert f'href="/ops/leads/{EVA}"' in html


def test_parked_events_that_look_for_its_phone_can_be_linked_from_the_lead(url: str, store: Store) -> None:
    store.door.accept([known("one", ANA, [PHONE], update(phone=PHONE.value))])
    store.names.learn("default", [(EVA, [PHONE])])
    parked = store.door.accept([matched("two", [PHONE], update(title="Gerenta"))])[0].id
    operator = logged_in(url, "carolina")
    html = operator.get(f"/ops/leads/{ANA}").text
    assert "1 parked event looks for this lead, perhaps: phone +56987654321" in text_of(html)

    fields = {"event": parked, "kind": "phone", "lead": ANA, "next": f"/ops/leads/{ANA}"}
    answer = operator.post("/ops/parked/link", fields)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/ops/leads/{ANA}")
    event = store.events.event(parked)
    assert event is not None
    assert (event.state, event.lead) == (State.IN_FLIGHT, ANA)
    assert "Linked: 1 parked event goes on." in text_of(operator.get(f"/ops/leads/{ANA}").text)


def test_a_lead_with_a_long_life_shows_its_newest_part_and_leads_to_the_rest(url: str, world: World) -> None:
    for number in range(70):
        world.accept(str(number), ANA, update(title=str(number)))
    world.deliver_all()

    html = page(url)

    assert len(re.findall(r'id="e-\w+"', html)) == 60
    older = re.search(r'href="(/ops/leads/[^"]+most=240)"', html)
    assert older
    whole = page(url, older[1])
    assert len(re.findall(r'id="e-\w+"', whole)) == 70
    assert "Show older" not in whole


def test_a_lead_of_another_destination_is_found_by_it(url: str, store: Store) -> None:
    store.door.accept([replace(arrival("one", ANA, update(title="Gerenta")), destination="acme")])

    assert "at acme" in text_of(page(url, f"/ops/leads/acme/{ANA}"))
    assert logged_in(url, "pedro").get(f"/ops/leads/{ANA}").status_code == 404


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"/ops/leads/{EVA}", "Nothing has come in about it"),
        ("/ops/leads/12", "This is no lead id: one looks like"),
        (f"/ops/leads/other/{EVA}", "There is no such destination; there are: default"),
    ],
)
def test_an_unknown_lead_is_a_page_that_helps_to_search(url: str, path: str, words: str) -> None:
    answer = logged_in(url, "pedro").get(path)

    assert answer.status_code == 404
    assert words in text_of(answer.text)
    assert "/ops/parked" in answer.text


def test_the_twin_in_json_says_the_same(url: str, world: World) -> None:
    new = delivered(world, "new", title="Directora")

    told = Browser(url).get(f"/ops/api/leads/{ANA}", **BEARER).json()

    [field] = told["fields"]
    assert (field["field"], field["value"], field["event"]) == ("title", "Directora", new)
    assert [event["id"] for event in told["events"]] == [new]
    assert Browser(url).get("/ops/api/leads/12", **BEARER).status_code == 404


def test_the_page_is_there_in_spanish(url: str, world: World) -> None:
    delivered(world, "new", title="Directora")

    said = text_of(page(url, **{"Accept-Language": "es-CL"}))

    assert "Línea de tiempo" in said
    assert "entregado" in said
