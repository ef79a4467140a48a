"""How often each rule held and gave its values is counted of the events that come in by the door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import wiring
from relay.coverage import HookCovered, RuleCovered, covered
from relay.embedded import EmbeddedRedis
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Event, State
from relay.noticing import Noticing
from relay.store import Store
from relay.store.coverage import KEPT_DAYS
from tests.form_events import COTIZA, Place, place
from tests.hook_texts import NOW, hook_of, rule, rules
from tests.running import running
from tests.waiting import until

THREE = rules(
    rule("all", '{title: "${fields.title}", company: Inmobiliaria}'),
    rule("some", '{metadata: {n: "${fields.n | number}", x: "${fields.x}"}}', "when: fields.n", "stop: true"),
    rule("last", "{source: web}"),
)


@pytest.fixture
def here(store: Store, tmp_path: Path) -> Iterator[Place]:
    with place(store, tmp_path) as one:
        yield one


def noted(store: Store, text: str, *several: dict[str, object], test: bool = False) -> HookCovered:
    """Have events of these fields mapped by a hook file and counted, and give what is counted."""
    hook, noticing = hook_of(text), Noticing(store)
    for fields in several:
        event = Event(id="e", fields=fields, test=test)  # type: ignore[arg-type]
        noticing.note(hook, event, map_event(event, hook, received_ms=NOW), received_ms=NOW)
    noticing.flush()
    return of(store, hook)


def of(store: Store, hook: Hook) -> HookCovered:
    return covered(store, hook, since_ms=store.events.now_ms())


def told(one: RuleCovered) -> tuple[int, int, dict[str, tuple[int, int]]]:
    return one.considered, one.held, {field.register: (field.gave, field.faulty) for field in one.fields}


def test_every_rule_tells_for_how_many_events_it_held_and_what_it_gave(store: Store) -> None:
    found = noted(store, THREE, {"title": "CEO"}, {"n": "3"}, {"n": "3", "x": 1, "title": "a"}, {"n": "no number"})

    assert [told(one) for one in found.rules] == [
        (4, 4, {"title": (2, 0), "company": (4, 0)}),
        (4, 3, {"metadata.n": (2, 1), "metadata.x": (1, 0)}),
        # The run ended at the rule above it for all but one.
        (1, 1, {"source": (1, 0)}),
    ]
    assert (found.events, found.untaken, found.failed) == (4, 0, 0)


def test_a_value_counts_for_the_rule_that_gave_it_though_a_later_rule_set_it_anew(store: Store) -> None:
    found = noted(store, rules(rule("a", "{title: a}"), rule("b", "{title: b}")), {})

    assert [told(one)[2] for one in found.rules] == [{"title": (1, 0)}, {"title": (1, 0)}]


def test_a_value_that_the_crm_would_refuse_is_held_back_and_not_given(store: Store) -> None:
    found = noted(store, rules(rule("a", '{email: "${fields.mail}"}')), {"mail": "none"}, {"mail": "a@example.com"})

    assert told(found.rules[0]) == (2, 2, {"email": (1, 1)})


def test_events_that_no_rule_takes_and_those_that_fail_as_a_whole_are_counted(store: Store) -> None:
    text = rules(rule("a", '{title: "${fields.t | required}"}', "when: fields.n"))

    found = noted(store, text, {}, {"x": 1}, {"n": 1}, {"n": 1, "t": "x"})

    assert (found.events, found.untaken, found.failed) == (4, 2, 1)
    assert told(found.rules[0]) == (3, 1, {"title": (1, 0)})


def test_a_rule_that_is_changed_starts_anew_and_the_others_go_on(store: Store) -> None:
    before = rules(rule("a", '{title: "${fields.t}"}'), rule("b", "{company: b, source: x}", "when: fields.n"))
    after = "# A comment changes nothing.\n" + before.replace("fields.n", "fields.m").replace(
        "fields.t", "fields.title"
    )
    noted(store, before, {"t": "x", "n": 1})

    found = of(store, hook_of(after))

    assert [told(one) for one in found.rules] == [
        (1, 1, {"title": (0, 0)}),
        (0, 0, {"company": (0, 0), "source": (0, 0)}),
    ]


def test_a_rule_seems_never_to_hold_once_enough_events_came_to_it(store: Store) -> None:
    text = rules(rule("never", "{title: a}", "when: false"), rule("always", "{title: b}"))

    assert [one.never for one in noted(store, text, *([{}] * 19)).rules] == [False, False]
    assert [one.never for one in noted(store, text, {}).rules] == [True, False]


def test_tests_are_not_counted(store: Store) -> None:
    assert noted(store, THREE, {"n": 1}, test=True).events == 0


def test_what_comes_by_the_door_is_counted_once_however_often_it_is_sent(here: Place) -> None:
    for _ in range(3):
        here.typeform({"nombre": "Ana", "presupuesto_uf": 3200}, token="the same")
    here.typeform({"nombre": "Eva", "presupuesto_uf": 10})
    here.flush()

    found = of(here.store, here.hooks["cotiza"])

    assert found.events == 2
    assert [(one.considered, one.held) for one in found.rules] == [(2, 2), (2, 1)]


def test_counts_are_of_days_and_kept_for_so_long(here: Place) -> None:
    here.zap(nombre="Ana")
    here.flush()
    today = here.store.events.today()

    [key] = here.store.client.keys("relay:held:*")

    assert key == b"relay:held:zap:%d" % today
    assert 0 < here.store.client.ttl(key) <= KEPT_DAYS * 86_400
    here.store.client.rename(key, f"relay:held:zap:{today - 3}")
    zap = here.hooks["zap"]
    assert covered(here.store, zap, since_ms=(today - 2) * 86_400_000).events == 0
    assert covered(here.store, zap, since_ms=(today - 3) * 86_400_000).events == 1


def test_a_call_that_is_made_again_counts_once(store: Store) -> None:
    for _ in range(2):
        store.coverage.add("a process", 1, {("h", "n"): 3})

    assert store.coverage.counts("h", store.events.today(), store.events.today()) == {"n": 3}


def test_two_versions_of_a_hook_file_in_one_second_are_each_counted_by_their_own_rules(store: Store) -> None:
    one, other = hook_of(THREE), hook_of(rules(rule("new", "{title: a}")))
    noticing, event = Noticing(store), Event(id="e", fields={})
    for hook in (one, other, other):
        noticing.note(hook, event, map_event(event, hook, received_ms=NOW), received_ms=NOW)
    noticing.flush()

    assert [told(rule)[:2] for rule in of(store, other).rules] == [(2, 2)]
    assert told(of(store, one).rules[0])[:2] == (1, 1)


VALUES = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=2)
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["title", "n", "x"]), VALUES), max_size=12))
def test_the_counts_are_what_the_updates_say(store: Store, several: list[dict[str, object]]) -> None:
    """Each register of an update was given by the rule that the update names, and by no fewer events than have it."""
    store.client.flushall()
    hook = hook_of(THREE)
    mapped = [map_event(Event(id="e", fields=one), hook, received_ms=NOW) for one in several]  # type: ignore[arg-type]

    found = noted(store, THREE, *several)

    assert found.events == len(several)
    assert found.failed == sum(one.state is State.DEAD and not one.held for one in mapped)
    for one in found.rules:
        for field in one.fields:
            by = [update.by.get(field.register) for each in mapped for update in each.updates]
            assert field.gave == by.count(one.name)
            assert field.gave + field.faulty <= one.held <= one.considered <= found.events


def test_a_hook_that_is_unchanged_but_for_its_secrets_counts_on(store: Store) -> None:
    noted(store, THREE, {"n": 1})

    assert of(store, replace(hook_of(THREE), secrets=("another",), version="other")).events == 1


def test_every_web_process_tells_of_its_events_by_itself(redis_server: EmbeddedRedis, tmp_path: Path) -> None:
    with running(tmp_path, COTIZA, redis_url=redis_server.url, webs=2) as relay:
        for _ in range(12):
            relay.send(nombre="Ana")
        hook = wiring.hooks(relay.settings)["cotiza"]

        until(lambda: of(relay.store, hook).events == 12)

        until(lambda: sum(one.events for one in relay.store.forms.forms("cotiza")) == 12)
        assert [one.key for one in relay.store.forms.forms("cotiza")[0].names if one.part == "fields"] == ["nombre"]
