"""What forms look like is learnt from the events that come in by the door, and kept in the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import forms
from relay.errors import StoreError
from relay.forms import history, names_seen
from relay.hooks import Hook
from relay.model import Event, Mapped
from relay.noticing import Noticing
from relay.shapes import Form, FormNoted, NameSeen
from relay.store import Store
from relay.store.forms import MOST_FORMS, MOST_NAMES
from tests.form_events import Place, place
from tests.hook_texts import ONE, hook_of

UF = "presupuesto_uf"


@pytest.fixture
def here(store: Store, tmp_path: Path) -> Iterator[Place]:
    with place(store, tmp_path) as one:
        yield one


def named(form: Form, key: str, part: str = "fields") -> NameSeen:
    [one] = [one for one in form.names if (one.part, one.key) == (part, key)]
    return one


def keys(form: Form) -> set[str]:
    return {f"{one.part}.{one.key}" for one in form.names}


def test_a_form_is_known_by_its_first_event_with_the_names_and_kinds_of_its_answers(here: Place) -> None:
    here.typeform({"nombre": "Ana", UF: 3200, "comunas": ["Ñuñoa"], "vacio": ""})

    [form] = here.forms()

    assert (form.id, form.kind, form.title, form.events) == ("Ab12Cd34", "form_response", "Cotiza", 1)
    assert keys(form) == {"fields.nombre", f"fields.{UF}", "fields.comunas", "fields.vacio", "hidden.lead_id"}
    assert [list(named(form, key).kinds) for key in ("nombre", UF, "comunas", "vacio")] == [
        ["text"],
        ["number"],
        ["list"],
        [],
    ]
    assert (named(form, "nombre").type, named(form, "nombre").question) == ("short_text", "id-nombre")


def test_no_value_of_an_event_is_kept_of_it(here: Place, client: redis.Redis) -> None:
    here.typeform({"nombre": "Carolina Zúñiga", "correo": "caro@example.com"})
    here.flush()

    kept = b"".join(client.hgetall("relay:forms:cotiza").values()).decode()

    assert "nombre" in kept
    for secret in ("Carolina", "caro@", "7c9e6679"):
        assert secret not in kept


def test_events_are_counted_and_how_many_came_since_a_name_was_seen(here: Place) -> None:
    for _ in range(3):
        here.zap(nombre="Ana", comuna="Ñuñoa")
        here.flush()
    for _ in range(4):
        here.zap(nombre="Eva")
        here.flush()

    [form] = here.forms("zap")

    assert form.events == 7
    assert (named(form, "comuna").number, named(form, "comuna").of, named(form, "comuna").absent) == (3, 3, 4)
    assert (named(form, "nombre").number, named(form, "nombre").of, named(form, "nombre").absent) == (7, 7, 0)


def test_a_duplicate_is_no_event_of_the_form(here: Place) -> None:
    for _ in range(3):
        here.typeform({"nombre": "Ana"}, token="the same")

    assert here.forms()[0].events == 1


def test_forms_of_one_hook_and_kinds_of_events_are_kept_apart(here: Place) -> None:
    here.typeform({"nombre": "Ana"})
    here.typeform({"apellido": "Rojas"}, form="Other")

    assert [(one.id, sorted(keys(one))) for one in sorted(here.forms(), key=lambda one: one.id)] == [
        ("Ab12Cd34", ["fields.nombre", "hidden.lead_id"]),
        ("Other", ["fields.apellido", "hidden.lead_id"]),
    ]


def test_a_question_is_gone_with_the_first_event_whose_form_does_not_ask_it(here: Place) -> None:
    here.typeform({"nombre": "Ana", UF: 3200})
    here.flush()
    here.typeform({"nombre": "Eva"}, asks=["nombre", "presupuesto_uf_2"])

    [told] = here.told()

    [one] = told.drifted
    assert (one.drift.name.name, one.drift.likely, one.drift.events) == (f"fields.{UF}", "presupuesto_uf_2", 1)
    assert [(use.rule, use.line) for use in one.drift.uses] == [("qualified", 10), ("qualified", 14)]


def test_a_question_that_nobody_answers_is_not_gone_while_the_form_asks_it(here: Place) -> None:
    here.typeform({"nombre": "Ana", UF: 3200})
    for _ in range(40):
        here.typeform({"nombre": "Eva"}, asks=["nombre", UF])
        here.flush()

    assert here.told()[0].drifted == ()


def test_a_question_of_a_group_is_asked_too(here: Place) -> None:
    inner = {"id": "i", "ref": UF, "type": "number", "title": "UF"}
    group = {"id": "g", "ref": "grupo", "type": "group", "title": "", "properties": {"fields": [inner]}}
    here.typeform({"nombre": "Ana", UF: 3200})
    here.flush()
    here.typeform({"nombre": "Eva"}, definition=[{"id": "n", "ref": "nombre", "type": "short_text"}, group])

    assert here.told()[0].drifted == ()


def test_an_old_response_that_comes_late_does_not_bring_an_old_form_back(here: Place) -> None:
    here.typeform({"nombre": "Ana", UF: 1}, at="2026-09-26T10:00:00Z")
    here.flush()
    here.typeform({"nombre": "Eva"}, at="2026-09-26T12:00:00Z")
    here.flush()
    here.typeform({"nombre": "Luz", UF: 2}, at="2026-09-26T11:00:00Z")

    assert [one.drift.name.key for one in here.told()[0].drifted] == [UF]


def test_the_change_ends_when_the_form_asks_it_again_and_is_another_one_the_next_time(here: Place) -> None:
    ids = []
    for asks in (["nombre", UF], ["nombre"], ["nombre", UF], ["nombre"]):
        here.typeform(dict.fromkeys(asks, "x"))
        drifted = here.told()[0].drifted
        assert bool(drifted) is (UF not in asks)
        ids += [one.id for one in drifted]

    assert len(set(ids)) == 2


def test_a_sender_of_answers_alone_has_lost_a_name_only_after_many_events_without_it(here: Place) -> None:
    for _ in range(40):
        here.zap(nombre="Ana", comuna="Ñuñoa")
    here.flush()
    needed = 0
    while not here.told("zap")[0].drifted and needed < 40:
        here.zap(nombre="Eva")
        needed += 1

    [one] = here.told("zap")[0].drifted
    assert 12 <= needed < 25
    assert (one.drift.name.name, one.drift.events) == ("fields.comuna", needed)


def test_a_value_that_turns_into_a_list_is_told(here: Place) -> None:
    for _ in range(12):
        here.zap(nombre="Ana", comuna="Ñuñoa")
        here.flush()
    for _ in range(5):
        here.zap(nombre="Ana", comuna=["Ñuñoa", "Maipú"])
        here.flush()

    [one] = here.told("zap")[0].drifted

    assert (one.drift.before, one.drift.now, one.drift.events) == (("text",), "list", 5)


def test_versions_of_a_form_are_put_down_with_what_each_changed(here: Place) -> None:
    for asks in (["nombre", UF], ["nombre", "comuna"], ["nombre", "comuna"]):
        here.typeform(dict.fromkeys(asks, "x"))
        forms.note_versions(here.store, here.forms())

    told = history(here.forms()[0])

    assert [changed and [[one.key for one in some] for some in changed[:2]] for _, changed in told] == [
        [["comuna"], [UF]],
        None,
    ]
    assert told[0][0].first_ms >= told[1][0].first_ms


def test_a_name_that_came_back_did_so_after_the_form_was_seen_without_it(here: Place) -> None:
    for asks in (["nombre", UF], ["nombre"], ["nombre", UF]):
        here.typeform(dict.fromkeys(asks, "x"))
        forms.note_versions(here.store, here.forms())

    back, without, first = (version for version, _ in history(here.forms()[0]))

    assert len(back.names) == len(first.names) > len(without.names)
    assert back.first_ms >= without.last_ms > without.first_ms


def test_a_label_that_is_another_one_makes_a_version_of_its_own(here: Place) -> None:
    for title in ("Your budget", "Tu presupuesto"):
        asks = [{"id": "q1", "ref": UF, "type": "number", "title": title}]
        here.typeform({UF: 3200}, definition=asks)
        forms.note_versions(here.store, here.forms())

    (version, changed), first = history(here.forms()[0])

    assert changed is not None
    assert [(old.label, new.label) for old, new in changed.altered] == [("Your budget", "Tu presupuesto")]
    assert version.first_ms > first[0].first_ms


def test_a_form_that_is_still_being_learnt_has_one_version(here: Place) -> None:
    for number in range(12):
        here.zap(nombre="Ana", **{f"pregunta_{one}": "x" for one in range(number)})
        forms.note_versions(here.store, here.forms("zap"))

    [form] = here.forms("zap")
    assert [one.learning for one in form.versions] == [True]
    assert len(form.versions[0].names) == 2 + 1 + 11


def test_an_event_marked_as_a_test_says_nothing_of_its_form(store: Store) -> None:
    noticing = Noticing(store)

    noticing.note(hook_of(ONE), Event(id="e", fields={"a": 1}, test=True), Mapped(event_id="e", at_ms=1), received_ms=1)
    noticing.flush()

    assert store.forms.forms("h") == []


def note(store: Store, hook: Hook, *events: Event) -> None:
    noticing = Noticing(store)
    for one in events:
        noticing.note(hook, one, Mapped(event_id=one.id, at_ms=1), received_ms=store.events.now_ms())
    noticing.flush()


def test_a_name_that_is_a_persons_e_mail_or_phone_is_not_kept(store: Store) -> None:
    note(store, hook_of(ONE), Event(id="e", fields={"ana@example.com": 1, "+56912345678": 2, "n" * 121: 3, "ok": 4}))

    assert keys(store.forms.forms("h")[0]) == {"fields.ok"}


def test_a_sender_whose_visitors_name_the_fields_is_bounded_and_not_judged(store: Store) -> None:
    hook = hook_of(ONE)
    for number in range(4):
        note(store, hook, *(Event(id="e", fields={f"{number}-{one}": 1}) for one in range(200)))

    [form] = store.forms.forms("h")

    assert (len(form.names), form.crowded) == (MOST_NAMES, True)
    forms.note_versions(store, [form])
    assert store.forms.forms("h")[0].versions == ()


def test_so_many_forms_of_a_hook_are_remembered_and_the_newest_of_them(store: Store) -> None:
    hook = hook_of(ONE)
    for number in range(MOST_FORMS + 3):
        note(store, hook, Event(id="e", fields={"a": 1}, form={"id": str(number)}))
        forms.note_versions(store, store.forms.forms("h"))

    ids = {one.id for one in store.forms.forms("h")}

    assert len(ids) == MOST_FORMS
    assert ids >= {str(number) for number in range(50, MOST_FORMS + 3)}
    assert store.client.hlen("relay:forms:h:versions") == MOST_FORMS


def test_what_was_noticed_is_told_once_though_the_answer_was_lost(store: Store) -> None:
    noted = FormNoted("h", "F", "", "", 2, 1, {("fields", "a"): (2, {"text": 2})})

    for _ in range(2):
        store.forms.add("a process", 7, [noted], now_ms=1)

    [form] = store.forms.forms("h")
    assert (form.events, form.names[0].number) == (2, 2)


def test_what_could_not_be_told_is_told_when_the_store_is_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    noticing = Noticing(store)
    noticing.note(hook_of(ONE), Event(id="e", fields={"a": "x"}), Mapped(event_id="e", at_ms=1), received_ms=1)
    with monkeypatch.context() as away:
        away.setitem(store.scripts._all, "form_shapes", lambda **_: away_now())
        with pytest.raises(StoreError):
            noticing.flush()

    noticing.flush()

    assert store.forms.forms("h")[0].events == 1


def away_now() -> None:
    raise redis.ConnectionError


def test_the_names_that_events_of_a_hook_had_are_known(here: Place) -> None:
    here.typeform({"nombre": "Ana"}, asks=["nombre", "nunca"])
    here.typeform({"apellido": "Rojas"}, form="Other")
    here.flush()

    assert names_seen(here.store, "cotiza") == {
        "fields": {"nombre", "nunca", "apellido"},
        "hidden": {"lead_id"},
    }
    assert names_seen(here.store, "zap") == {"fields": frozenset(), "hidden": frozenset()}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    fields=st.dictionaries(st.text(), JSON, max_size=8),
    hidden=st.dictionaries(st.text(), JSON, max_size=4),
    form=st.dictionaries(st.sampled_from(["id", "title"]), JSON),
    kind=st.text(max_size=200),
    raw=JSON,
    sender=st.sampled_from(["typeform", "tally", "webflow", "linkedin", "zapier"]),
)
def test_whatever_an_event_holds_it_is_noted_and_read_back(
    store: Store, fields: object, hidden: object, form: object, kind: str, raw: object, sender: str
) -> None:
    store.client.flushall()
    event = Event(id="e", fields=fields, hidden=hidden, form=form, kind=kind, raw=raw)  # type: ignore[arg-type]

    note(store, replace(hook_of(ONE), sender=sender), event)

    [found] = store.forms.forms("h")
    assert found.events == 1
    forms.note_versions(store, [found])
    told = forms.look(store, {"h": hook_of(ONE)})["h"]
    assert forms.form_json(told[0])["events"] == 1


def test_an_event_that_says_nonsense_of_its_form_is_noted_all_the_same(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR", logger="relay")

    note(store, hook_of(ONE), Event(id="e", fields={"a": 1}, raw={"form_response": {"definition": 7}}))

    assert [one.message for one in caplog.records] == ["form.unreadable"]
    assert keys(store.forms.forms("h")[0]) == {"fields.a"}
