"""What is stored is just what the rules that mapped it make of it, whatever clocks, senders and people have done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import receive
from relay.backtest import Again, prove
from relay.embedded import EmbeddedRedis
from relay.errors import BadSignature
from relay.finding import Filter, select
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.replay import draft_edited, drive, remapper, start
from relay.senders import SENDERS, adapter_of
from relay.senders.base import Fetching, Sender
from relay.sending import Request
from relay.settings import DAY_MS
from relay.store import Store
from tests.example_hooks import example_hook
from tests.forms import come_in
from tests.hook_texts import HEAD, LEAD, hook_of, rule, rules
from tests.sender_security import SECRET, every_example, sent
from tests.varied import Filled
from tests.varied import settings as varied_settings

GOOD = hook_of(rules(rule("name", '{first_name: "${fields.nombre}", title: "${fields.titulo | email}"}')))
OTHER = hook_of(rules(rule("name", '{last_name: "${fields.nombre}"}')))


def proved(store: Store, *hooks: Hook) -> Again:
    return prove(store, {hook.name: hook for hook in hooks}, select(store, Filter(state="")))


def the_event(store: Store, id: str) -> StoredEvent:
    event = store.events.event(id)
    assert event is not None
    return event


def test_what_the_door_has_stored_is_mapped_again_alike(store: Store) -> None:
    come_in(store, GOOD, nombre="Ana")
    come_in(store, GOOD, nombre="Ana", titulo="no address")
    come_in(store, GOOD, titulo="no address")
    come_in(store, GOOD, lead=None, nombre="Ana")
    come_in(store, GOOD)

    found = proved(store, GOOD)

    assert (found.events, found.differ, found.told, found.holds) == (5, 0, [], True)
    assert str(found) == "mapped again: 5 events, 0 differ"


def test_the_version_that_mapped_an_event_is_taken_from_the_texts_that_are_kept(store: Store) -> None:
    come_in(store, GOOD, nombre="Ana")
    come_in(store, replace(OTHER, version="gone"), nombre="Eva")
    store.rule_texts.keep([GOOD])

    found = proved(store, OTHER)

    assert (found.events, found.differ) == (1, 0)
    assert dict(found.left) == {"version gone of hook 'h' is not kept": 1}
    assert str(found) == "mapped again: 1 events, 0 differ, 1 not compared"


@pytest.mark.parametrize(
    ("other", "answers", "words"),
    [
        (rules(rule("name", '{first_name: "${fields.nombre | upper}"}')), {"nombre": "Ana"}, "updates"),
        (rules(rule("otherwise", '{first_name: "${fields.nombre}"}')), {"nombre": "Ana"}, "updates"),
        (
            rules(rule("name", '{first_name: "${fields.nombre}", phone: "${fields.nombre | phone}"}')),
            {"nombre": "Ana"},
            "faults",
        ),
        (
            rules(rule("name", '{first_name: "${fields.nombre}"}')).replace("lead_id", "other"),
            {"nombre": "Ana"},
            "lead, state: parked, and it is in flight",
        ),
        (
            HEAD + "lead:\n  match:\n    email: ${fields.nombre}\nrules:\n" + rule("name", "{title: x}"),
            {"nombre": "a@b.cl"},
            "lead, names, updates",
        ),
        (
            rules(rule("name", '{first_name: "${fields.nombre}"}', "when: fields.nada")),
            {"nombre": "Ana"},
            "state: ignored, and it is in flight, updates",
        ),
    ],
)
def test_a_record_that_differs_is_told_without_its_values(
    store: Store, other: str, answers: dict[str, str], words: str
) -> None:
    id = come_in(store, hook_of(rules(rule("name", '{first_name: "${fields.nombre}"}'))), **answers)
    version = the_event(store, id).version

    found = proved(store, replace(hook_of(other), version=version))

    assert (found.differ, found.holds) == (1, False)
    assert found.told[0][0] == id
    assert found.told[0][1].startswith(words)
    assert "Ana" not in words


@every_example
def test_whatever_a_sender_sends_is_mapped_again_alike(store: Store, sender: Sender, path: Path) -> None:
    hook = replace(example_hook(sender.name), secrets=(SECRET,), signature=None)
    stored = receive.receive(sent(sender, path), hook=hook, store=store.door)

    found = proved(store, hook)

    assert (found.events, found.told) == (len(stored), [])


def test_what_was_remapped_is_held_against_the_version_that_mapped_it_last(store: Store) -> None:
    event = the_event(store, come_in(store, GOOD, titulo="no address"))
    store.letters.remap(event, remapper({"h": OTHER})(event), who="ana")

    assert proved(store, GOOD).left.total() == 1
    assert (proved(store, OTHER).events, proved(store, OTHER).differ) == (1, 0)


def test_what_people_edited_is_held_against_what_it_was_before(store: Store) -> None:
    id = come_in(store, GOOD, nombre="Ana")
    for name in ("Eva", "Isa"):
        store.client.delete("relay:p:" + LEAD)
        settle(store, id)
        one = draft_edited(store, id, [{"first_name": name, "company": "x"}], who="ana")
        start(store, one.id, who="ana", driver="me")
        list(drive(store, one.id, driver="me", remaps=lambda _: remapper({})))
        assert the_event(store, id).updates[0].set["first_name"] == name

    assert proved(store, GOOD).told == []
    assert proved(store, replace(OTHER, version=GOOD.version)).told == [(id, "updates")]


def settle(store: Store, id: str) -> None:
    """Have an event be delivered, as far as its record says."""
    key = f"relay:e:{id}"
    header, _, blob = store.client.get(key).partition(b"\n")
    _, _, *rest = header.split(b" ")
    store.client.set(key, b" ".join([b"d", b"d", *rest]) + b"\n" + blob)


def test_a_store_in_which_all_has_happened_is_mapped_again_alike(store: Store, tmp_path: Path) -> None:
    filled = Filled(store, varied_settings(tmp_path))

    found = prove(store, filled.hooks, select(store, Filter(state="")))

    assert found.events >= 15
    assert found.told == []
    assert set(found.left) == {"version v1 of hook 'cotiza' is not kept"}


CLOCKED = '{title: "${event.time}", company: "${event.id}", first_name: "${fields.nombre}"}'
LEADS = (
    "lead:\n  id: ${fields.lead_id}\n",
    "lead:\n  match:\n    phone: ${fields.tel | phone('CL')}\n    email: ${fields.correo}\n  missing: ignore\n",
    "lead:\n  match:\n    phone: ${fields.tel}\n",
)
EVENTS = (
    "",
    "event:\n  time: ${fields.cuando}\n",
    "event:\n  id: ${event.id ~ event.time}\n",
    "event:\n  id: ${fields.numero}\n  time: ${fields.cuando or event.time}\n",
)
RULES = (
    rule("clocked", CLOCKED),
    rule("clocked", CLOCKED) + rule("step", '{metadata: {n: "${fields.n}", at: "${event.time}"}}', "deliver: each"),
    rule("strict", '{email: "${fields.correo | required}"}') + rule("clocked", CLOCKED),
    rule("never", "{source: web}", "when: fields.n > 1", "stop: true") + rule("clocked", CLOCKED),
    rule("faulty", '{phone: "${fields.tel | phone}", email: "${fields.correo | email}"}'),
)
files = st.builds(
    lambda sender, tests, lead, event, some: f"sender: {sender}\nsecrets: [S]\n{tests}{lead}{event}rules:\n{some}",
    st.sampled_from(("generic", "zapier", "wpforms", "make")),
    st.sampled_from(("", "tests: deliver\n")),
    st.sampled_from(LEADS),
    st.sampled_from(EVENTS),
    st.sampled_from(RULES),
)
moments = st.sampled_from(
    (None, "2026-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "1960-01-01T00:00:00Z", 1_790_000_000, "no time")
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "lead_id": st.sampled_from((LEAD, "no id")),
        "nombre": st.sampled_from(("Ana", " ", "ñ")),
        "tel": st.sampled_from(("+56 9 8765 4321", "98765432", 1)),
        "correo": st.sampled_from(("ana@example.cl", "no address")),
        "n": st.sampled_from((0, 1, 2, 1.5, True, "2", 2**62)),
        "cuando": moments,
        "created_at": moments,
        "numero": st.sampled_from(("n1", 7)),
        "event_id": st.sampled_from(("e1", "e2")),
    },
)
#: How far the door's clock is from Redis's, in ms.
skews = st.sampled_from((0, -1, 3, 5_000, -5_000, DAY_MS, -DAY_MS))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies, st.lists(files, min_size=1, max_size=3), skews, st.booleans(), st.booleans())
def test_no_clock_and_no_remapping_makes_a_record_that_its_rules_would_not_make_again(
    redis_server: EmbeddedRedis, body: dict[str, Any], texts: list[str], skew_ms: int, test: bool, force: bool
) -> None:
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    store = Store(client, retention_ms=30 * DAY_MS)
    first, *later = [hook_of(text) for text in texts]
    store.rule_texts.keep([first, *later])
    for id in arrived(store, first, body, skew_ms=skew_ms, test=test):
        for hook in later:
            settle_all(store, id)
            event = the_event(store, id)
            store.letters.remap(event, remapper({"h": hook})(event), who="ana", force=force)
    kept = select(store, Filter(state=""))

    found = prove(store, {}, kept)

    client.close()
    assert found.told == []
    assert (found.events, found.left) == (len(kept), {})


@pytest.mark.parametrize("skew_ms", [-DAY_MS, 0, DAY_MS])
@pytest.mark.parametrize("ago_ms", [DAY_MS // 2, -DAY_MS // 2, 2 * DAY_MS])
@pytest.mark.parametrize("event", EVENTS)
def test_a_door_whose_clock_is_not_that_of_the_store_makes_no_difference(
    store: Store, skew_ms: int, ago_ms: int, event: str
) -> None:
    """Neither to a time between the two, nor to an id that is made of the day."""
    hook = hook_of(f"sender: generic\nsecrets: [S]\n{LEADS[0]}{event}rules:\n{rule('clocked', CLOCKED)}")
    body = {"lead_id": LEAD, "nombre": "Ana", "created_at": store.events.now_ms() - ago_ms, "numero": "n1"}

    (id,) = arrived(store, hook, body, skew_ms=skew_ms, test=False)

    assert the_event(store, id).updates[0].set["company"]
    assert proved(store, hook).told == []


def arrived(store: Store, hook: Hook, body: dict[str, Any], *, skew_ms: int, test: bool) -> list[str]:
    request = Request(
        headers={"content-type": "application/json"},
        body=orjson.dumps(body),
        received_ms=store.events.now_ms() + skew_ms,
        url="https://r.cl/hooks/h",
    )
    signed = adapter_of(hook).sign(request, "s")
    try:
        return [one.id for one in receive.receive(signed, hook=hook, store=store.door, test=test)]
    except BadSignature:
        return []


def settle_all(store: Store, id: str) -> None:
    """Have an event be in flight no more, as far as its record says."""
    key = f"relay:e:{id}"
    header, _, blob = store.client.get(key).partition(b"\n")
    state, states, *rest = header.split(b" ")
    ended = [state.replace(b"p", b"d"), states.replace(b"p", b"d")]
    store.client.set(key, b" ".join([*ended, *rest]) + b"\n" + blob)


@pytest.mark.parametrize("name", [name for name, one in SENDERS.items() if isinstance(one, Fetching)])
def test_an_event_whose_answers_are_not_fetched_yet_is_mapped_again_alike(store: Store, name: str) -> None:
    hook = replace(example_hook(name), secrets=(SECRET,), signature=None)
    for path in sorted((Path(__file__).parent / "payloads" / name).glob("*.json")):
        receive.receive(sent(SENDERS[name], path), hook=hook, store=store.door)

    assert proved(store, hook).events
    assert proved(store, hook).told == []
