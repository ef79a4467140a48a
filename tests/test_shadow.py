"""Shadows: other rules that are tried on every event a hook accepts, counted once each, and never sent."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis

from relay import wiring
from relay.errors import StoreError
from relay.live_rules import LiveRules
from relay.model import Arrival
from relay.receive import mapped
from relay.senders import meta, typeform
from relay.sending import Request
from relay.settings import Settings, load
from relay.shadow import Follower, Told, told_of
from relay.store import Store
from relay.store.shadows import Place, Step
from tests.hook_texts import LEAD, rule, rules
from tests.waiting import until

SETTLE_S = 0.02
LIVE = rules(rule("one", "{title: '${fields.title}', last_name: '${fields.last}'}"))
OTHER = rules(rule("one", "{title: '${fields.title | upper}', last_name: '${fields.last}'}"))


@dataclass
class Scene:
    """A folder with a hook and its shadow, a door that accepts by what is in use, and a follower."""

    folder: Path
    store: Store
    settings: Settings
    live: LiveRules
    follower: Follower
    number: int = 0

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.settle()

    def settle(self) -> None:
        until(self.live.look)
        for _ in range(4):
            self.follower.turn()
            threading.Event().wait(SETTLE_S)

    def accept(self, count: int = 1, **fields: str) -> list[str]:
        """Accept so many events by the rules in use, as the door does; gives their ids."""
        return [one.id for number in range(count) for one in self.store.door.accept([self.arrival(**fields)])]

    def arrival(self, **fields: str) -> Arrival:
        self.number += 1
        answers = [{"type": "text", "text": text, "field": {"ref": ref}} for ref, text in fields.items()]
        response = {"token": f"t{self.number}", "hidden": {"lead_id": LEAD}, "answers": answers, "form_id": "f"}
        body = {"event_id": f"e{self.number}", "event_type": "form_response", "form_response": response}
        return self.arrived(typeform, json.dumps(body).encode())

    def arrived(self, sender: Any, body: bytes) -> Arrival:
        request = Request(
            headers={"content-type": "application/json"}, body=body, received_ms=self.store.events.now_ms()
        )
        (event,) = sender.parse(request)
        return mapped(event, request, sender=sender, hook=self.live["h"])

    def told(self) -> Told:
        return told_of(self.store, self.live["h"])

    def counts(self) -> tuple[int, int]:
        """Give how many were compared, and how many of them differ."""
        self.follower.turn()
        return self.told().events, self.told().changed


@pytest.fixture
def scene(tmp_path: Path, store: Store) -> Scene:
    return scene_of(tmp_path, store, LIVE + "shadow: shadow/h.yaml\n", OTHER)


def scene_of(tmp_path: Path, store: Store, live_text: str, shadow_text: str) -> Scene:
    folder = tmp_path / "rules"
    (folder / "shadow").mkdir(parents=True)
    (folder / "h.yaml").write_text(live_text)
    (folder / "shadow" / "h.yaml").write_text(shadow_text)
    where = {"RELAY_RULES": str(folder), "RELAY_HOME": str(tmp_path), "LEADS_API_URL": "http://crm"}
    settings = load({**where, "S": "s", "LEADS_API_KEY": "k"})
    live = wiring.live_rules(settings, store, serves=True, settle_s=SETTLE_S)
    live.begin()
    scene = Scene(folder, store, settings, live, Follower(store, live, settle_s=SETTLE_S))
    scene.settle()
    return scene


def test_every_event_is_compared_once_and_what_differs_is_counted_by_field(scene: Scene) -> None:
    same = scene.accept(2, title="ABC", last="Rojas")
    other = scene.accept(3, title="abc", last="Rojas")

    assert scene.counts() == (5, 3)
    assert scene.counts() == (5, 3), "a turn without news counts nothing"
    told = scene.told()
    assert told.fields == {"title": {"gained": 0, "lost": 0, "changed": 3, "cleared": 0}}
    assert {one.event for one in told.differing} == set(other)
    times = [told.received_ms[one.event] for one in told.differing]
    assert times == sorted(times, reverse=True)
    (change,) = told.differing[0].fields
    assert (change.old, change.new) == ("abc", "ABC")
    assert not set(same) & {one.event for one in told.differing}
    assert told.live == {scene.live["h"].version: 5}
    assert told.behind == 0


def test_nothing_of_a_shadow_is_sent_or_kept_with_the_event(scene: Scene) -> None:
    (id,) = scene.accept(title="abc")

    assert scene.counts() == (1, 1)
    event = scene.store.events.event(id)
    assert event is not None
    assert [one.set for one in event.updates] == [{"title": "abc"}]
    assert scene.store.events.lead(LEAD).pending == (id,)


def test_events_from_before_a_shadow_are_not_compared(tmp_path: Path, store: Store) -> None:
    scene = scene_of(tmp_path, store, LIVE, OTHER)
    scene.accept(4, title="abc")

    scene.write("h.yaml", LIVE + "shadow: shadow/h.yaml\n")
    scene.accept(2, title="abc")

    assert scene.counts() == (2, 2)


def test_another_version_of_a_shadow_begins_anew(scene: Scene) -> None:
    scene.accept(3, title="abc")
    assert scene.counts() == (3, 3)

    scene.write("shadow/h.yaml", LIVE)
    scene.accept(2, title="abc")

    assert scene.counts() == (2, 0)
    assert scene.told().differing == ()


def test_each_event_is_held_against_the_rules_that_mapped_it(scene: Scene) -> None:
    scene.accept(title="abc")
    scene.live.look()
    before = scene.live["h"].version
    (scene.folder / "h.yaml").write_text(OTHER + "shadow: shadow/h.yaml\n")
    until(scene.live.look)
    scene.accept(title="abc")

    assert scene.counts() == (2, 1)
    assert scene.told().live == {before: 1, scene.live["h"].version: 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OTHER.replace("title:", "titel:"), "rule 'one' sets unknown field 'titel'; did you mean 'title'?"),
        (
            OTHER.replace("typeform", "tally"),
            "a shadow maps the events of its hook, whose sender is 'typeform', not 'tally'",
        ),
        (None, "is not there: put it there, or take the key shadow out"),
    ],
)
def test_a_faulty_shadow_is_told_its_last_good_version_goes_on_and_the_hook_is_not_touched(
    scene: Scene, text: str | None, words: str
) -> None:
    if text is None:
        (scene.folder / "shadow" / "h.yaml").unlink()
        scene.settle()
    else:
        scene.write("shadow/h.yaml", text)
    scene.accept(2, title="abc")

    assert scene.counts() == (2, 2)
    followed = scene.told().followed
    assert followed is not None
    assert [line.partition(": ")[2] for line in followed.faults] == [words]
    assert scene.store.serving.faulty() == {}

    scene.write("shadow/h.yaml", OTHER)
    mended = scene.told().followed
    assert mended is not None
    assert mended.faults == ()
    assert scene.counts() == (2, 2), "it is the same version, and goes on counting"


def test_a_shadow_that_no_disk_can_hold_does_not_keep_the_others_from_being_followed(scene: Scene) -> None:
    scene.write("a.yaml", LIVE + f"shadow: shadow/{'x' * 300}.yaml\n")
    scene.accept(2, title="abc")

    assert scene.counts() == (2, 2)
    followed = scene.store.shadows.get("a")
    assert followed is not None
    assert [line.partition(": ")[2] for line in followed.faults] == [
        "is not there: put it there, or take the key shadow out"
    ]


def test_a_shadow_that_never_was_right_compares_nothing(tmp_path: Path, store: Store) -> None:
    scene = scene_of(tmp_path, store, LIVE + "shadow: shadow/h.yaml\n", "rules: [\n")
    scene.accept(2, title="abc")

    assert scene.counts() == (0, 0)
    followed = scene.told().followed
    assert followed is not None
    assert len(followed.faults) >= 1


def test_secrets_of_a_shadow_need_not_be_set(scene: Scene) -> None:
    scene.write("shadow/h.yaml", OTHER.replace("secrets: [S]", "secrets: [NOT_YET_SET]"))
    scene.accept(title="abc")

    assert scene.counts() == (1, 1)


def test_a_step_whose_answer_is_lost_or_that_somebody_else_made_counts_nothing_twice(scene: Scene) -> None:
    followed = scene.told().followed
    assert followed is not None
    step = Step(to=Place(followed.place.day, followed.place.at + 1), counts={"events": 1}, differing=[("e", 1)])

    done = [scene.store.shadows.note("h", followed.version, followed.place, step) for _ in range(3)]

    assert done == [True, False, False]
    assert scene.told().events == 1


def test_many_that_follow_at_once_count_every_event_once(scene: Scene) -> None:
    stop = threading.Event()

    def follow() -> None:
        one = Follower(scene.store, scene.live, settle_s=SETTLE_S)
        while not stop.is_set():
            one.turn()

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(300):
        scene.accept(title="abc" if number % 3 else "ABC")
    until(lambda: scene.told().behind == 0)
    stop.set()
    for thread in threads:
        thread.join()

    assert scene.counts() == (300, 200)


def test_while_redis_takes_no_writes_nothing_is_lost(scene: Scene, client: redis.Redis) -> None:
    scene.accept(3, title="abc")
    client.config_set("maxmemory", 1)
    try:
        with suppress(StoreError):
            scene.follower.turn()
        behind = scene.told().behind
    finally:
        client.config_set("maxmemory", 0)

    assert behind == 3
    assert scene.counts() == (3, 3)


def test_what_is_behind_is_told(scene: Scene) -> None:
    scene.accept(7, title="abc")

    assert scene.told().behind == 7
    scene.follower.turn()
    assert scene.told().behind == 0


def test_the_log_of_an_earlier_day_is_read_to_its_end(scene: Scene, client: redis.Redis) -> None:
    day = scene.store.events.today()
    scene.accept(title="abc")
    client.rename(f"relay:log:h:{day}", f"relay:log:h:{day - 2}")
    client.hset("relay:shadow:h", mapping={"day": day - 2, "at": 0})
    scene.accept(title="abc")

    assert scene.told().behind == 2
    assert scene.counts() == (2, 2)
    followed = scene.told().followed
    assert followed is not None
    assert followed.place == Place(day, 1)


def test_an_event_that_is_not_kept_any_more_is_told_as_gone(scene: Scene, client: redis.Redis) -> None:
    (id,) = scene.accept(title="abc")
    client.delete(f"relay:e:{id}")

    assert scene.counts() == (0, 0)
    assert scene.told().counts["gone"] == 1
    assert scene.told().behind == 0


META = "sender: meta\nsecrets: [S]\ntoken: S\nverify_token: S\nlead: {id: '${fields.lead_id}'}\nrules:\n"


def test_an_event_whose_answers_are_fetched_is_compared_once_they_are_there(
    tmp_path: Path, store: Store, client: redis.Redis
) -> None:
    live = META + rule("one", "{title: '${fields.title}'}") + "shadow: shadow/h.yaml\n"
    scene = scene_of(tmp_path, store, live, META + rule("one", "{title: '${fields.title | upper}'}"))
    value = {"leadgen_id": "1", "page_id": "1", "form_id": "2", "created_time": store.events.now_ms() // 1000}
    body = {"object": "page", "entry": [{"id": "1", "time": 1, "changes": [{"field": "leadgen", "value": value}]}]}
    (accepted,) = store.door.accept([scene.arrived(meta, json.dumps(body).encode())])

    assert scene.counts() == (0, 0)
    followed = scene.told().followed
    assert followed is not None
    assert followed.later == 1

    fetch(scene, accepted.id)
    client.zadd("relay:shadow:h:later", {accepted.id: 0})

    assert scene.counts() == (1, 1)
    assert scene.counts() == (1, 1)
    assert [one.event for one in scene.told().differing] == [accepted.id]


def fetch(scene: Scene, id: str) -> None:
    """Have the answers of an event be there, as the background worker puts them there."""
    from relay.replay.remap import remapper  # noqa: PLC0415

    answers = [{"name": "lead_id", "values": [LEAD]}, {"name": "title", "values": ["abc"]}]
    event = scene.store.events.event(id)
    assert event is not None
    fetched = json.dumps({"id": "1", "created_time": "2026-11-23T00:00:00+0000", "field_data": answers}).encode()
    arrival = remapper(scene.live)(replace(event, fetched=fetched))
    scene.store.errandry.settle(id, "fetch:h", arrival)


@pytest.fixture
def many(scene: Scene) -> Scene:
    scene.accept(1_200, title="abc")
    return scene


def test_of_the_events_that_differ_the_last_thousand_are_kept(many: Scene) -> None:
    until(lambda: many.counts() == (1_200, 1_200))

    assert len(many.store.shadows.differing("h", 5_000)) == 1_000
