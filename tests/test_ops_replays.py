"""Replays on the desk: chosen, planned, started, watched, cancelled; one event edited, with its faults beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay import replay
from relay.model import Mapped, Reason, State
from relay.replay import Mode, Stage
from relay.store import Store
from tests.desk import BEARER, Browser, logged_in, served, text_of
from tests.far_crm import World, arrival, update
from tests.forms import come_in
from tests.hook_texts import BY_ID, hook_of, rule, rules

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"
MINUTE = 60_000
CAMPAIGN = "9b2e1c1e-0000-4000-8000-000000000001"


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "rules").mkdir()
    with served(store, tmp_path, RELAY_RULES=str(tmp_path / "rules"), RELAY_OPS_TOKEN_ROLE="operator", S="s") as url:
        yield url


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def operator(url: str) -> Browser:
    return logged_in(url, "carolina")


def dead(world: World, id: str, lead: str = ANA, *, ago: int = 0, **values: Any) -> str:
    """Have the CRM refuse an event."""
    world.crm.poison = set(values.values())
    event = world.accept(id, lead, update(**values), at_ms=world.store.events.now_ms() - ago)
    world.deliver()
    world.crm.poison = set()
    return event


def delivered(world: World, id: str, lead: str = ANA, **values: Any) -> str:
    event = world.accept(id, lead, update(**values))
    world.deliver()
    return event


def planned(operator: Browser, **fields: str) -> str:
    """Make a plan by the form; gives the path of its page."""
    answer = operator.post("/ops/replays", fields)
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["Location"]


def shown(operator: Browser, path: str) -> str:
    return text_of(operator.get(path).text)


def drive(store: Store, path: str) -> None:
    """Carry a replay on as the background does."""
    list(replay.drive(store, path.rpartition("/")[2], driver="test", remaps=lambda _: replay.remapper({})))


def test_a_plan_says_what_applies_what_stays_back_and_what_would_change_before_anything_is(
    operator: Browser, world: World
) -> None:
    old = dead(world, "old", ago=9 * MINUTE, title="Gerenta")
    delivered(world, "new", title="Directora")
    fresh = dead(world, "other", EVA, company="Andes")

    path = planned(operator, state="dead", how="as mapped")

    said = shown(operator, path)
    assert "planned, not started as mapped · carolina" in said
    assert "1 event is older than what its lead has now and stays back." in said
    assert "1 field would change" in said
    assert f"{EVA[:8]} company not set by us Andes {fresh[:8]}" in said
    assert "Start: replay 2 events" in said
    assert [world.state(id) for id in (old, fresh)] == [State.DEAD] * 2


def test_the_plan_that_was_shown_is_what_is_run(operator: Browser, world: World) -> None:
    first = dead(world, "one", title="uno")
    path = planned(operator, state="dead")
    later = dead(world, "two", EVA, title="dos")

    operator.post(f"{path}/start")
    drive(world.store, path)

    assert [world.state(id) for id in (first, later)] == [State.IN_FLIGHT, State.DEAD]
    said = shown(operator, path)
    assert "done as mapped" in said
    assert "1 event was replayed" in said
    act = world.store.acts.last(1)[0]
    assert (act.who, act.what, act.about) == ("carolina", "replay", first)


def test_while_it_runs_the_page_renews_itself_and_says_when_nobody_carries_it_on(
    operator: Browser, world: World
) -> None:
    dead(world, "one", title="uno")
    path = planned(operator, state="dead", name="the CRM was away")

    operator.post(f"{path}/start")

    html = operator.get(path).text
    assert 'hx-trigger="every 2s"' in html
    assert "No background worker is alive" in text_of(html)
    assert "the CRM was away as mapped carolina running 0 / 1" in shown(operator, "/ops/replays")
    drive(world.store, path)
    assert "hx-trigger" not in operator.get(path).text


def test_what_runs_can_be_cancelled_and_what_is_left_planned_anew(operator: Browser, world: World) -> None:
    event = dead(world, "one", title="uno")
    path = planned(operator, state="dead", name="first")
    operator.post(f"{path}/start")

    operator.post(f"{path}/cancel")

    said = shown(operator, path)
    assert "Cancelled; what was replayed stays so." in said
    assert "Plan the 1 event left anew" in shown(operator, path)
    again = operator.post(f"{path}/again").headers["Location"]
    assert again != path
    assert "Start: replay 1 event" in shown(operator, again)
    operator.post(f"{path}/start")
    assert "is cancelled; only one that is planned can be started" in shown(operator, path)
    assert world.state(event) is State.DEAD


def test_a_plan_that_is_put_away_changes_nothing(operator: Browser, world: World) -> None:
    event = dead(world, "one", title="uno")
    path = planned(operator, state="dead")

    operator.post(f"{path}/cancel")

    assert "Put away; nothing was changed." in shown(operator, path)
    assert world.state(event) is State.DEAD


def test_the_form_counts_what_it_is_about_and_keeps_the_filter(operator: Browser, world: World) -> None:
    for number in range(3):
        dead(world, str(number), title=f"t{number}")

    assert "Replay 3 events" in shown(operator, "/ops/replays/new?state=dead")
    html = operator.get("/ops/replays/new?state=dead&hook=cotiza&kind=refused").text
    assert "Replay what is found" in text_of(html)
    assert '<input type="hidden" name="kind" value="refused">' in html
    assert operator.get("/ops/replays/new?colour=red").status_code == 400


def test_events_that_were_selected_in_a_list_are_planned_and_no_others(operator: Browser, world: World) -> None:
    chosen = [dead(world, str(number), title=f"t{number}") for number in range(2)]
    dead(world, "left", title="left")
    asked = operator.ask("POST", "/ops/replays/new", data={"csrf_token": operator.csrf(), "id": chosen})
    assert "Replay 2 events" in text_of(asked.text)
    assert all(f'<input type="hidden" name="id" value="{id}">' in asked.text for id in chosen)

    answer = operator.ask("POST", "/ops/replays", data={"csrf_token": operator.csrf(), "id": chosen})

    assert "Start: replay 2 events" in shown(operator, answer.headers["Location"])


def test_newer_values_are_overwritten_only_by_a_word_that_is_typed(operator: Browser, world: World) -> None:
    old = dead(world, "old", ago=9 * MINUTE, title="Gerenta")
    delivered(world, "new", title="Directora")

    refused = operator.post("/ops/replays", {"id": old, "force": "yes"})
    assert refused.status_code == 400
    assert "To overwrite newer values, type overwrite." in text_of(refused.text)

    path = planned(operator, id=old, force="yes", confirm="overwrite")
    said = shown(operator, path)
    assert "Nothing stays back" in said
    assert "title Directora Gerenta" in said


def test_by_the_rules_of_now_a_mended_rule_delivers_what_failed(
    operator: Browser, store: Store, tmp_path: Path
) -> None:
    file = tmp_path / "rules" / "h.yaml"
    event = come_in(store, hook_of(rules(rule("mail", '{email: "${fields.correo}"}'))), correo="none", cargo="Gerenta")
    file.write_text("sender: none")
    broken = operator.post("/ops/replays", {"id": event, "how": "remapped"})
    assert (broken.status_code, "the rules of now have faults" in broken.text) == (400, True)
    assert "The hook files have faults now" in shown(operator, f"/ops/replays/new?id={event}&how=remapped")

    file.write_text(rules(rule("post", '{title: "${fields.cargo}"}')))
    path = planned(operator, id=event, how="remapped")

    said = shown(operator, path)
    assert "by the rules of now" in said
    assert "title not set by us Gerenta" in said
    assert "rules of h: version" in said


def test_what_would_not_be_sent_is_counted_with_the_reason(operator: Browser, store: Store, tmp_path: Path) -> None:
    event = come_in(store, hook_of(rules(rule("mail", '{email: "${fields.correo}"}'))), correo="none")
    (tmp_path / "rules" / "h.yaml").write_text(
        BY_ID + "rules:\n" + rule("none", "{title: x}", "when: fields.nothing == 1")
    )

    said = shown(operator, planned(operator, id=event, how="remapped"))
    assert "1 event will be ignored: no rule holds for it now, or it is a test." in said
    as_mapped = shown(operator, planned(operator, id=event))
    assert "1 event is left as it is: it was mapped to no update of a lead" in as_mapped
    assert "There is nothing that could be replayed." in as_mapped
    assert "Start:" not in as_mapped


def test_more_changes_than_one_page_shows_are_gone_through_page_by_page(operator: Browser, world: World) -> None:
    for number in range(60):
        dead(world, str(number), f"{number:08}-0000-4000-8000-000000000000", title=f"t{number}")

    path = planned(operator, state="dead")

    html = operator.get(path).text
    assert "1 to 50 of 60" in text_of(html)
    following = re.search(r'rel="next" href="([^"#]+)', html)
    assert following
    assert "51 to 60 of 60" in shown(operator, following[1])


def edit_fields(event: str, **more: str) -> dict[str, str]:
    """Give the form as it stands for an event that sets a campaign and a state, with some of it changed."""
    fields = {"id": event, "w-0-0": "text", "v-0-0": "No existe", "w-0-1": "text", "v-0-1": "calificado"}
    return fields | {name.replace("_", "-"): value for name, value in more.items()}


def test_an_edited_event_shows_before_and_after_and_both_are_kept(operator: Browser, world: World) -> None:
    event = dead(world, "one", campaign_id="No existe", metadata__estado="calificado")
    form = operator.get(f"/ops/replays/new?id={event}&how=edited").text
    assert 'value="No existe"' in form

    fields = edit_fields(event, v_0_0=CAMPAIGN, w_0_1="out", r_0_key0="uf", v_0_key0="3200", w_0_key0="number")
    answer = operator.post("/ops/replays/edit", fields)

    path = answer.headers["Location"]
    said = shown(operator, path)
    assert f"campaign_id No existe {CAMPAIGN}" in said
    assert "metadata. estado calificado left out" in said
    assert re.search(r"metadata\. uf \S 3200", said)
    operator.post(f"{path}/start")
    drive(world.store, path)
    world.deliver_all()
    assert world.crm.leads[ANA] == {"campaign_id": CAMPAIGN, "metadata.uf": 3200}
    assert f"campaign_id No existe {CAMPAIGN}" in shown(operator, path), "as it was, when it is long done"
    assert world.store.replays.last(1)[0].mode is Mode.EDITED


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"v-0-0": "no uuid"}, "campaign_id is not a UUID"),
        ({"w-0-key0": "number", "r-0-key0": "uf", "v-0-key0": "mucho"}, "is not a number: write 3200 or 12.5"),
        ({"w-0-key0": "yes or no", "r-0-key0": "vip", "v-0-key0": "tal vez"}, "write true or false"),
        ({"r-0-key0": "estado", "v-0-key0": "x", "v-0-0": CAMPAIGN}, "is there twice"),
        ({"r-0-field": "first_name", "w-0-field": "clear", "v-0-0": CAMPAIGN}, "can't be cleared"),
        ({"r-0-key0": "", "v-0-key0": "x", "v-0-0": CAMPAIGN}, "a key under metadata has no name"),
    ],
)
def test_what_a_field_can_not_be_is_said_beside_it_and_nothing_typed_is_lost(
    operator: Browser, world: World, changed: dict[str, str], fault: str
) -> None:
    event = dead(world, "one", campaign_id="No existe", metadata__estado="calificado")

    answer = operator.post("/ops/replays/edit", edit_fields(event) | {"v-0-1": "a long text"} | changed)

    assert answer.status_code == 400
    html = answer.text.replace("&#39;", "'")
    faulty = [text_of(line) for line in re.split(r'<div class="line', html) if 'aria-invalid="true"' in line]
    assert any(fault.removeprefix("campaign_id ") in line for line in faulty)
    assert 'value="a long text"' in html
    assert world.store.replays.last() == []


def test_an_event_that_was_not_changed_is_not_edited(operator: Browser, world: World) -> None:
    event = dead(world, "one", campaign_id=CAMPAIGN, metadata__estado="calificado")

    answer = operator.post("/ops/replays/edit", edit_fields(event, v_0_0=CAMPAIGN))

    assert answer.status_code == 400
    assert "nothing was changed: replay it as mapped" in text_of(answer.text)


def test_an_event_without_a_lead_can_not_be_edited(operator: Browser, store: Store) -> None:
    assert operator.get("/ops/replays/new?id=nosuch&how=edited").status_code == 404


def test_a_viewer_sees_replays_and_can_not_make_or_start_one(url: str, operator: Browser, world: World) -> None:
    dead(world, "one", title="uno")
    path = planned(operator, state="dead")
    viewer = logged_in(url, "pedro")

    assert "Start" not in shown(viewer, path)
    assert viewer.get("/ops/replays/new").status_code == 403
    assert viewer.post("/ops/replays", {"state": "dead"}).status_code == 403
    assert viewer.post(f"{path}/start").status_code == 403
    assert world.store.replays.last(1)[0].stage is Stage.PLANNED


NOW = "The rules of cotiza have changed since"


def failed(world: World, id: str, *, version: str, kind: str) -> str:
    """Have an event accepted that has failed, by these rules and for this reason."""
    reason = Reason(kind=kind, words="no")
    told = Mapped(event_id=id, at_ms=None, lead=EVA, updates=(update(title=id),), state=State.DEAD, reason=reason)
    return world.store.door.accept([replace(arrival(id, EVA), version=version, mapped=told)])[0].id


def checked(html: str) -> str:
    """Give the way that is chosen on the form."""
    found = re.search(r'name="how" value="([^"]+)" checked', html)
    assert found
    return found[1]


def test_a_replay_of_a_group_says_its_sentence_and_is_named_by_it(operator: Browser, world: World) -> None:
    dead(world, "one", title="x")
    [group] = world.store.groups.open()

    html = operator.get(f"/ops/replays/new?state=dead&group={group.id}").text
    path = planned(operator, state="dead", group=group.id)
    named = planned(operator, state="dead", group=group.id, name=" mine ")

    sentence = "Typeform cotiza: the CRM refused the update: a value is refused"
    assert f'<a href="/ops/inbox/{group.id}">{sentence}</a>' in html
    assert f'placeholder="{sentence}"' in html
    stored = [replay.get(world.store, one.rpartition("/")[2]) for one in (path, named)]
    assert [(one.name, one.filter) for one in stored] == [
        (sentence, f"dead, group '{group.id}'"),
        ("mine", f"dead, group '{group.id}'"),
    ]


def test_where_the_rules_have_changed_since_they_are_chosen_already_and_it_is_said_why(
    operator: Browser, world: World, tmp_path: Path
) -> None:
    event = dead(world, "one", title="x")
    [group] = world.store.groups.open()
    (tmp_path / "rules" / "cotiza.yaml").write_text(rules(rule("one", '{title: "${fields.title}"}')))

    for address in (f"state=dead&group={group.id}", f"id={event}"):
        html = operator.get(f"/ops/replays/new?{address}").text
        assert (checked(html), NOW in html) == ("remapped", True)
    own = operator.get(f"/ops/replays/new?id={event}&how=mapped").text
    assert (checked(own), NOW in own) == ("as mapped", False)


def test_what_failed_by_the_rules_of_now_or_without_a_fault_of_its_own_goes_as_mapped(
    operator: Browser, world: World, tmp_path: Path
) -> None:
    now = rules(rule("one", '{title: "${fields.title}"}'))
    refused = dead(world, "one", title="x")
    (tmp_path / "rules" / "cotiza.yaml").write_text(now)
    mapped_now = failed(world, "two", version=hook_of(now).version, kind="refused")
    away = failed(world, "three", version="v1", kind="unreachable")

    for ids in ((mapped_now,), (away,), (refused, away)):
        query = "&".join(f"id={id}" for id in ids)
        html = operator.get(f"/ops/replays/new?{query}").text
        assert (checked(html), NOW in html) == ("as mapped", False)


def test_a_replay_that_is_not_there_is_said_to_be(operator: Browser) -> None:
    assert "There is no such replay" in shown(operator, "/ops/replays/nosuch")
    assert "Nothing was replayed yet." in shown(operator, "/ops/replays")


def test_the_twin_in_json_drafts_starts_and_cancels(url: str, world: World) -> None:
    event = dead(world, "one", title="uno")
    machine = Browser(url)

    def act(path: str, body: Any = None) -> Any:
        return machine.ask("POST", f"/ops/api/replays{path}", json=body, headers=BEARER)

    made = act("", {"filter": {"state": "dead"}, "name": "mine"})
    assert (made.status_code, made.json()["plan"]["applies"], made.json()["state"]) == (201, 1, "planned")
    assert made.json()["plan"]["fields"][0]["then"] == "uno"
    id = made.json()["id"]
    assert act(f"/{id}/start").json()["state"] == "running"
    assert act(f"/{id}/cancel").json()["state"] == "cancelled"
    [listed] = machine.get("/ops/api/replays", **BEARER).json()["replays"]
    assert (listed["id"], listed["name"], listed["state"]) == (id, "mine", "cancelled")
    assert machine.get(f"/ops/api/replays/{id}", **BEARER).json()["failures"] == []
    edited = act("", {"ids": [event], "mode": "edited", "updates": [{"title": "dos"}]})
    assert (edited.status_code, edited.json()["mode"]) == (201, "edited")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, "the body must be a JSON object"),
        ({}, "give either ids or a filter"),
        ({"ids": [], "filter": {}}, "give either ids or a filter"),
        ({"ids": "one"}, "ids must be a list of texts"),
        ({"filter": {"state": 1}}, "filter must be an object of texts"),
        ({"filter": {"colour": "red"}}, "filter: unknown part 'colour'"),
        ({"ids": ["x"], "mode": "backwards"}, "mode: must be one of as mapped, remapped, edited"),
        ({"ids": ["x"], "force": "yes"}, "force must be true or false"),
        ({"filter": {"state": "dead"}}, "no event was chosen: nothing to replay"),
        ({"ids": ["x", "y"], "mode": "edited"}, "edited: give the id of one event"),
        ({"ids": ["x"], "mode": "edited", "updates": {}}, "updates must be a list of objects"),
    ],
)
def test_what_a_script_asks_wrongly_is_answered_in_words(url: str, body: Any, words: str) -> None:
    answer = Browser(url).ask("POST", "/ops/api/replays", json=body, headers=BEARER)

    assert answer.status_code == 400
    assert words in answer.json()["message"]


def test_the_pages_are_there_in_spanish(operator: Browser, world: World) -> None:
    event = dead(world, "one", campaign_id="No existe")
    path = planned(operator, id=event)

    for address, words in (
        ("/ops/replays", "planificado, sin iniciar"),
        (path, "Iniciar: reenviar 1 evento"),
        (f"/ops/replays/new?id={event}", "¿Cómo se envían?"),
        (f"/ops/replays/new?id={event}&how=edited", "Hacer el plan"),
    ):
        assert words in text_of(operator.get(address, **{"Accept-Language": "es-CL"}).text)
