"""The page of one event: where it stands and why, its way, field by field, which rules held, and what came."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from relay import receive, rulebook, wiring
from relay.hooks import Hook
from relay.model import Json, Name, State
from relay.senders import ABOUT, typeform
from relay.sending import Request
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, settings_of, text_of
from tests.doors import serving
from tests.far_crm import World, matched, update

ANA = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SECRET = "a secret of the form"
RULES = """sender: typeform
secrets: [NEW, OLD]
lead:
  id: ${hidden.lead_id}
rules:
  - name: contact
    update:
      first_name: ${fields.nombre}
      phone: ${fields.telefono | phone('CL')}
  - name: qualified
    when: form.id == 'Ab12Cd34' and fields.uf >= 3000
    update:
      metadata:
        estado: calificado
"""

Send = Callable[..., str]


@pytest.fixture
def hooks(tmp_path: Path) -> Mapping[str, Hook]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "cotiza.yaml").write_text(RULES)
    environment = {"NEW": SECRET, "OLD": "an old secret of it"}
    return rulebook.load(tmp_path / "rules", environment=environment, senders=ABOUT, destinations=["default"])


@pytest.fixture
def url(store: Store, hooks: Mapping[str, Hook], tmp_path: Path) -> Iterator[str]:
    store.rule_texts.keep(hooks.values())
    store.door.know(hooks)
    with serving(wiring.routes(settings_of(tmp_path), store, hooks)) as url:
        yield url


@pytest.fixture
def operator(url: str) -> Browser:
    return logged_in(url, "carolina")


@pytest.fixture
def send(store: Store, hooks: Mapping[str, Hook]) -> Send:
    """Have the door receive a signed form response with these answers; gives our id of it."""
    serial = iter(range(100))

    def sent(*, lead: str = ANA, at: str = "", **answers: Json) -> str:
        kinds = {name: "number" if isinstance(value, int) else "text" for name, value in answers.items()}
        response = {
            "form_id": "Ab12Cd34",
            "token": f"response {next(serial)}",
            "hidden": {"lead_id": lead, "api_key": "sk-live-123456"},
            "answers": [{"type": kinds[n], kinds[n]: v, "field": {"ref": n}} for n, v in answers.items()],
            **({"submitted_at": at} if at else {}),
        }
        body = orjson.dumps({"event_type": "form_response", "form_response": response})
        headers = {"content-type": "application/json", "user-agent": "Typeform Webhooks"}
        request = Request(headers=headers, body=body, received_ms=store.events.now_ms(), url="http://r/hooks/cotiza")
        signed = typeform.sign(request, SECRET)
        return receive.receive(signed, hook=hooks["cotiza"], store=store.door)[0].id

    return sent


def page(browser: Browser, id: str) -> str:
    answer = browser.get(f"/ops/events/{id}")
    assert answer.status_code == 200, answer.text
    return answer.text


def headline(html: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert found
    return text_of(found[1])


def section(html: str, id: str) -> str:
    """Give the words of one part of a page."""
    found = re.search(rf'<section aria-labelledby="{id}">(.*?)</section>', html, re.DOTALL)
    assert found
    return text_of(found[1])


def test_a_delivered_event_tells_its_whole_way(store: Store, operator: Browser, send: Send) -> None:
    id = send(nombre="Ana", uf=4000, at="2026-01-02T03:04:05Z")
    World(store).deliver()

    html = page(operator, id)

    assert re.fullmatch(r"The CRM took it at \d\d:\d\d:\d\d\.", headline(html))
    way = section(html, "way")
    steps = ["It happened at typeform", "Received by hook cotiza", "Verified by NEW", "Mapped: sets 2 fields"]
    steps += ["by 2 rules, cotiza.yaml, version", "The CRM took it: 200"]
    places = [way.index(step) for step in steps]
    assert places == sorted(places)


def test_each_field_tells_its_rule_and_line_and_what_has_set_it_since(
    store: Store, operator: Browser, send: Send
) -> None:
    world = World(store)
    old = send(nombre="Ana", telefono="+56 9 8765 4321")
    world.deliver()
    new = send(nombre="Eva")
    world.deliver()

    fields = section(page(operator, old), "fields")

    assert f"first_name Ana contact cotiza.yaml:8 delivered Eva by {new[:8]}" in fields
    assert "phone +56987654321 contact cotiza.yaml:9 delivered the lead has it" in fields
    assert "first_name Eva contact cotiza.yaml:8 delivered the lead has it" in section(page(operator, new), "fields")


def test_rules_that_did_not_hold_say_why_with_the_values_that_they_saw(operator: Browser, send: Send) -> None:
    rules = section(page(operator, send(nombre="Ana", uf=2000)), "rules")

    assert re.search(r"✗ qualified cotiza.yaml:10 did not hold fields.uf &gt;= 3000 fields.uf = 2000", rules)
    assert "✓ contact cotiza.yaml:6 it held" in rules
    assert "which mapped it" in rules


def test_what_superseded_an_event_and_what_it_superseded_lead_to_each_other(
    store: Store, operator: Browser, send: Send
) -> None:
    new = send(nombre="Eva")
    World(store).deliver()
    old = send(nombre="Ana", at="2026-01-02T03:04:05Z")
    World(store).deliver()

    html = page(operator, old)

    assert headline(html) == "Newer events had set all that it wanted to set, so nothing was sent."
    assert f"Superseded by {new}" in section(html, "way")
    assert f'href="/ops/events/{new}"' in html
    assert f"It superseded, since it had set all that they wanted to set: {old}" in section(page(operator, new), "way")


def test_a_dead_event_says_why_what_helps_and_offers_it(store: Store, operator: Browser, send: Send) -> None:
    world = World(store)
    world.crm.poison = {"Malo"}
    id = send(nombre="Malo")
    world.deliver()

    html = page(operator, id)

    assert headline(html) == "Given up after 1 attempt: refused (400): a value is refused."
    assert "The CRM refuses a value: mend the rule, or edit the value, then replay it." in text_of(html)
    assert f'href="/ops/events/drop?id={id}"' in html
    assert "The CRM answered 400 a value is refused" in section(html, "way")


def test_a_viewer_is_offered_nothing_to_do(store: Store, url: str, send: Send) -> None:
    world = World(store)
    world.crm.poison = {"Malo"}
    id = send(nombre="Malo")
    world.deliver()

    assert "Drop" not in text_of(page(logged_in(url, "pedro"), id))


def test_an_event_in_flight_says_what_it_waits_for(store: Store, operator: Browser, send: Send) -> None:
    id = send(nombre="Ana")
    assert headline(page(operator, id)) == "It waits for its delivery."

    World(store).deliver("fails before")
    assert re.match(r"The last attempt got 500; the next one is due at \d", headline(page(operator, id)))

    World(store).client.hset("relay:d:default", mapping={"held": 1, "words": "no"})
    assert headline(page(operator, id)) == "It waits: the lead API refuses our key."

    store.steering.pause_hook("cotiza", who="ana", why="the campaign is wrong")
    assert re.match(
        r"It is kept back: hook cotiza is paused by ana since .*: the campaign is wrong\.", headline(page(operator, id))
    )


def test_a_parked_event_says_what_it_was_looked_for_by(store: Store, operator: Browser) -> None:
    id = store.door.accept([matched("1", [Name("phone", "+56912345678")], update(first_name="Ana"))])[0].id

    html = page(operator, id)

    assert headline(html) == "It waits for a lead: no lead is known yet."
    assert "It goes on by itself once its lead becomes known" in text_of(html)
    assert "Looked for by phone +56912345678" in section(html, "came")


def test_a_dropped_event_says_who_dropped_it_and_why(store: Store, operator: Browser) -> None:
    id = store.door.accept([matched("1", [Name("phone", "+56912345678")], update(first_name="Ana"))])[0].id
    event = store.events.event(id)
    assert event is not None
    store.letters.discard(event, who="ana", why="a test of marketing")

    assert re.fullmatch(r"ana dropped it at \d\d:\d\d:\d\d: a test of marketing", headline(page(operator, id)))


def test_what_a_person_edited_is_told_before_and_after(store: Store, operator: Browser, send: Send) -> None:
    world = World(store)
    world.crm.poison = {"Malo"}
    id = send(nombre="Malo")
    world.deliver()
    event = store.events.event(id)
    assert event is not None
    store.letters.edit(event, [replace(event.updates[0], set={"first_name": "Bueno"})], who="ana")

    assert re.search(r"Edited by ana, \d\d:\d\d:\d\d first_name Malo → Bueno", section(page(operator, id), "fields"))


def test_values_held_back_are_told_with_the_rule(operator: Browser, send: Send) -> None:
    html = page(operator, send(nombre="Ana", telefono="12"))

    assert re.search(r"Held back phone is not a phone number of CL rule contact", section(html, "fields"))


def test_a_value_tells_which_filter_changed_or_refused_it(operator: Browser, send: Send) -> None:
    changed = section(page(operator, send(nombre="Ana", telefono="9 8765 4321")), "rules")
    refused = section(page(operator, send(nombre="Ana", telefono="12")), "rules")

    assert """fields.telefono = "9 8765 4321" | phone('CL') → "+56987654321\"""" in html.unescape(changed)
    assert "| phone('CL') failed: is not a phone number of CL" in html.unescape(refused)


def test_what_came_is_shown_as_a_tree_and_as_it_came_with_its_secrets_masked(operator: Browser, send: Send) -> None:
    html = page(operator, send(nombre="Ana"))
    came = section(html, "came")

    assert "user-agent Typeform Webhooks" in came
    assert re.search(r"typeform-signature \(masked, \d+ characters\)", came)
    assert "api_key (masked, 14 characters)" in came
    assert "secrets are masked" in came
    assert "&#34;token&#34;:&#34;response 0&#34;" in html, "as it came"
    assert "sk-live-123456" not in html


def test_a_body_with_markup_in_it_stays_text(operator: Browser, send: Send) -> None:
    html = page(operator, send(nombre="<script>alert(1)</script>"))

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_the_twin_in_json_tells_the_same(store: Store, url: str, send: Send) -> None:
    id = send(nombre="Ana", uf=2000)
    World(store).deliver()

    told = Browser(url).get(f"/ops/api/events/{id}", **BEARER).json()

    assert (told["id"], told["state"], told["kept_back"]) == (id, "delivered", None)
    assert [(rule["name"], rule["held"]) for rule in told["explanation"]["rules"]] == [
        ("contact", True),
        ("qualified", False),
    ]
    assert [one["status"] for one in told["happenings"]] == [200]
    assert "sk-live-123456" not in orjson.dumps(told).decode()


def test_an_event_that_is_not_kept_is_told_in_words(url: str, operator: Browser) -> None:
    page = operator.get("/ops/events/aaaaaaaaaaaaaaaaaaaa")
    twin = Browser(url).get("/ops/api/events/aaaaaaaaaaaaaaaaaaaa", **BEARER)

    assert (page.status_code, twin.status_code) == (404, 404)
    assert "There is no such event, or it is kept no longer." in text_of(page.text)
    assert twin.json()["message"] == "There is no such event, or it is kept no longer."


def test_the_page_speaks_spanish(store: Store, operator: Browser, send: Send) -> None:
    id = send(nombre="Ana", uf=2000)
    World(store).deliver()
    assert World(store).state(id) is State.DELIVERED

    words = text_of(operator.ask("GET", f"/ops/events/{id}", headers={"Accept-Language": "es"}).text)

    assert "El CRM lo recibió" in words
    assert "Qué reglas se cumplieron, y por qué las otras no" in words
    assert "Recibido por el hook cotiza" in words
