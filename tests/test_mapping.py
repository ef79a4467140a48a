"""An event and a hook file in, updates out; and whatever the event holds, nothing is ever raised."""

from __future__ import annotations

from pathlib import Path, PurePath

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.mapping import map_event
from relay.model import Event, Fault, Hook, Json, Mapped, Reason, Request, State, Update
from relay.rulebook import check
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import typeform, zapier

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NOW = 1_790_500_000_000
SUBMITTED = 1_790_433_227_000

HEAD = "sender: typeform\nsecrets: [S]\n"
BY_ID = HEAD + "lead:\n  id: ${hidden.lead_id}\n"
KNOWN = Known(environment={"S": "s"}, senders=("typeform",), destinations=("default",))
EXAMPLES = Path(__file__).parent.parent / "rules"


def hook_of(text: str) -> Hook:
    hook, faults = read_hook(PurePath("rules/h.yaml"), text.encode(), KNOWN)
    assert hook, faults
    return hook


def mapped(text: str, *, hidden: Json = None, received_ms: int = NOW, test: bool = False, **fields: Json) -> Mapped:
    event = Event(id="e1", fields=fields, hidden=hidden or {"lead_id": LEAD}, at_ms=SUBMITTED, test=test)  # type: ignore[arg-type]
    return map_event(event, hook_of(text), received_ms=received_ms)


def rule(name: str, update: str, *more: str) -> str:
    return "".join([f"  - name: {name}\n", *(f"    {one}\n" for one in more), f"    update: {update}\n"])


def rules(*several: str) -> str:
    return BY_ID + "rules:\n" + "".join(several)


ONE = rules(rule("one", '{title: "${fields.title}", metadata: {n: "${fields.n | number}"}}'))


def test_every_rule_that_holds_contributes_and_the_later_one_wins_per_field() -> None:
    text = rules(
        rule("first", "{title: a, company: b}"),
        rule("not now", "{title: never}", "when: fields.n > 5"),
        rule("last", "{title: c, phone: null}", "when: fields.n > 1"),
    )

    result = mapped(text, n=3)

    assert result.updates == (
        Update(
            set={"title": "c", "company": "b", "phone": None},
            by={"title": "last", "company": "first", "phone": "last"},
        ),
    )
    assert (result.state, result.lead, result.event_id, result.at_ms) == (State.IN_FLIGHT, LEAD, "e1", SUBMITTED)


def test_a_missing_value_of_a_later_rule_leaves_the_earlier_one_standing() -> None:
    text = rules(rule("first", "{title: a}"), rule("second", "{title: '${fields.title}'}"))

    assert mapped(text).updates == (Update(set={"title": "a"}, by={"title": "first"}),)


def test_stop_ends_the_run_only_after_a_rule_that_held() -> None:
    text = rules(
        rule("a", "{title: a}", "when: fields.n == 1", "stop: true"),
        rule("b", "{company: b}", "stop: true"),
        rule("c", "{source: c}"),
    )

    assert mapped(text, n=2).updates[0].set == {"company": "b"}
    assert mapped(text, n=1).updates[0].set == {"title": "a"}


def test_each_rules_stand_alone_and_merged_ones_share_the_place_of_the_first() -> None:
    text = rules(
        rule("e1", "{title: a}", "deliver: each"),
        rule("m1", "{title: b}"),
        rule("e2", "{title: c}", "deliver: each"),
        rule("m2", "{company: d}"),
    )

    result = mapped(text)

    assert [(update.each, update.set) for update in result.updates] == [
        (True, {"title": "a"}),
        (False, {"title": "b", "company": "d"}),
        (True, {"title": "c"}),
    ]
    assert result.updates[1].by == {"title": "m1", "company": "m2"}


def test_no_rule_that_holds_leaves_the_event_ignored() -> None:
    result = mapped(rules(rule("a", "{title: a}", "when: fields.n == 1")))

    assert (result.state, result.updates, result.reason) == (State.IGNORED, (), None)


def test_an_event_without_any_value_for_its_rules_is_ignored() -> None:
    assert mapped(ONE, title="  ", n="").state == State.IGNORED


def test_a_value_that_can_not_be_had_is_a_fault_and_the_rest_goes_on() -> None:
    result = mapped(ONE, title=" CEO ", n="many")

    assert result.updates == (Update(set={"title": "CEO"}, by={"title": "one"}),)
    assert result.faults == (Fault(rule="one", register="metadata.n", words="is not a number"),)
    assert result.state == State.IN_FLIGHT


def test_a_value_that_breaks_the_contract_of_its_field_is_a_fault() -> None:
    text = rules(rule("a", '{email: "${fields.e}", title: "${fields.n}", campaign_id: "${fields.c}", company: x}'))

    result = mapped(text, e="nobody", n=3, c="not one")

    assert result.updates[0].set == {"company": "x"}
    assert [fault.words for fault in result.faults] == [
        "email is not an e-mail address",
        "title must be text, not a number",
        "campaign_id is not a UUID",
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": 3}, "rules/h.yaml:6: rule 'one': title must be text, not a number"),
        ({"n": "x"}, "rules/h.yaml:6: rule 'one': metadata.n is not a number"),
        (
            {"title": {"a": 1}, "n": "x"},
            "rules/h.yaml:6: rule 'one': title is an object; take one of its keys (and 1 more)",
        ),
    ],
)
def test_faults_that_leave_nothing_make_a_dead_letter(fields: dict[str, Json], words: str) -> None:
    result = mapped(ONE, **fields)

    assert (result.state, result.updates, result.lead) == (State.DEAD, (), LEAD)
    assert result.reason == Reason(kind="mapping", words=words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            rules(rule("a", "{title: a}"), rule("b", "{phone: '${fields.x | required}', company: c}")),
            "rules/h.yaml:8: rule 'b': phone is required and missing",
        ),
        (
            rules(rule("a", "{title: a}", "when: fields.words >= 3000")),
            "rules/h.yaml:6: rule 'a': when: text is compared with a number; write | number after the text",
        ),
        (
            rules(rule("a", "{title: a}", "when: fields.x | required")),
            "rules/h.yaml:6: rule 'a': when: is required and missing",
        ),
        (
            rules(rule("a", "{title: a}", "when: (fields.words | number) > 3")),
            "rules/h.yaml:6: rule 'a': when: is not a number",
        ),
        (
            BY_ID.replace("lead_id", "x | required") + "rules:\n" + rule("a", "{title: a}"),
            "rules/h.yaml: lead is required and missing",
        ),
        (
            BY_ID + "event: {id: '${fields.x | required}'}\nrules:\n" + rule("a", "{title: a}"),
            "rules/h.yaml: event id is required and missing",
        ),
        (
            BY_ID + "event: {time: '${fields.words}'}\nrules:\n" + rule("a", "{title: a}"),
            "rules/h.yaml: event time is no ISO time and no number of seconds or milliseconds",
        ),
    ],
)
def test_what_the_whole_event_depends_on_makes_a_dead_letter_when_it_fails(text: str, words: str) -> None:
    result = mapped(text, words="abc")

    assert (result.state, result.updates, result.event_id) == (State.DEAD, (), "e1")
    assert result.reason == Reason(kind="mapping", words=words)


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ({"other": 1}, "hidden.lead_id is missing"),
        ({"lead_id": " "}, "hidden.lead_id is missing"),
        ({"lead_id": "7c9e6679"}, "hidden.lead_id is not a lead id"),
        ({"lead_id": 7}, "hidden.lead_id is not a lead id"),
        ({"lead_id": {"a": 1}}, "hidden.lead_id is an object; take one of its keys"),
    ],
)
def test_an_event_without_a_lead_id_is_parked_with_its_updates(hidden: Json, words: str) -> None:
    result = mapped(ONE, hidden=hidden, title="CEO")

    assert (result.state, result.lead, result.reason) == (State.PARKED, "", Reason(kind="lead", words=words))
    assert result.updates == (Update(set={"title": "CEO"}, by={"title": "one"}),)


def test_a_lead_id_is_stripped_and_lower_cased() -> None:
    assert mapped(ONE, hidden={"lead_id": f"  {LEAD.upper()}\n"}, title="x").lead == LEAD


MATCH = (
    HEAD
    + "lead:\n  match: {phone: '${fields.p}', email: '${fields.e | email}'}\n  missing: %s\n"
    + "rules:\n"
    + rule("a", "{title: a}")
)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"p": "1", "e": "a@b.cl"}, "no lead is known yet for phone or email"),
        ({"e": "a@b.cl"}, "no lead is known yet for email"),
        ({"e": "no address"}, "the event has no phone or email to find a lead by"),
    ],
)
def test_an_event_whose_lead_is_to_be_matched_is_parked(fields: dict[str, Json], words: str) -> None:
    result = mapped(MATCH % "park", **fields)

    assert (result.state, result.reason) == (State.PARKED, Reason(kind="lead", words=words))


def test_an_event_whose_lead_is_not_known_is_ignored_if_the_file_says_so() -> None:
    result = mapped(MATCH % "ignore", p="1")

    assert (result.state, result.reason) == (State.IGNORED, None)


def test_a_test_event_is_kept_with_its_updates_and_not_delivered_unless_the_file_says_so() -> None:
    kept = mapped(ONE, test=True, title="x")
    delivered = mapped(ONE + "tests: deliver\n", test=True, title="x")

    assert (kept.state, kept.reason, kept.lead) == (State.IGNORED, None, LEAD)
    assert (delivered.state, delivered.updates) == (State.IN_FLIGHT, kept.updates)


OWN = (
    BY_ID
    + "event: {id: '${fields.id}', time: '${fields.at}'}\n"
    + "rules:\n"
    + rule("a", "{title: '${event.id} ${event.time}'}")
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-09-26T14:33:47Z", SUBMITTED),
        ("2026-09-26T11:33:47-03:00", SUBMITTED),
        ("2026-09-26T14:33:47", SUBMITTED),
        (SUBMITTED, SUBMITTED),
        (SUBMITTED // 1000, SUBMITTED),
        (SUBMITTED / 1000, SUBMITTED),
        (str(SUBMITTED), SUBMITTED),
        (str(SUBMITTED // 1000), SUBMITTED),
        ("2099-01-01", NOW),
        (None, SUBMITTED),
    ],
)
def test_the_file_can_take_the_time_of_the_event_from_its_fields(at: Json, expected: int) -> None:
    assert mapped(OWN, id="mine", at=at).at_ms == expected


def test_the_file_can_take_the_id_of_the_event_from_its_fields() -> None:
    result = mapped(OWN, id=77, at="2026-09-26T14:00:00Z")

    assert result.event_id == "77"
    assert result.updates[0].set == {"title": "77 2026-09-26T14:00:00Z"}


def test_an_own_id_that_is_missing_leaves_the_senders_and_a_long_one_becomes_its_hash() -> None:
    assert mapped(OWN, id="").event_id == "e1"
    assert len(mapped(OWN, id="x" * 500).event_id) == 32
    assert mapped(OWN, id="x" * 500).event_id != mapped(OWN, id="x" * 501).event_id


@pytest.mark.parametrize("at", [True, "soon", -1e300, 1e300, {"a": 1}])
def test_a_time_that_is_none_makes_a_dead_letter(at: Json) -> None:
    result = mapped(OWN, id="a", at=at)

    assert (result.state, result.event_id) == (State.DEAD, "e1")


def test_a_time_of_the_sender_in_the_future_is_cut_and_one_before_1970_is_none() -> None:
    hook = hook_of(rules(rule("a", "{title: '${event.time}'}")))
    times = [NOW + 1, -5, None, 10**17]

    results = [
        map_event(Event(id="e", fields={}, hidden={"lead_id": LEAD}, at_ms=at), hook, received_ms=NOW) for at in times
    ]

    assert [result.at_ms for result in results] == [NOW, None, None, NOW]
    assert {result.updates[0].set["title"] for result in results} == {"2026-09-27T09:06:40Z"}


def example_hooks() -> dict[str, Hook]:
    environment = {"TYPEFORM_SECRET": "s", "ZAPIER_TOKEN": "t"}
    hooks, faults = check(EXAMPLES, environment=environment, senders=("typeform", "zapier"), destinations=("default",))
    assert faults == []
    return hooks


def mapped_example(hook: str, name: str) -> Mapped:
    body = (EXAMPLES / hook / f"{name}.json").read_bytes()
    request = Request(headers={"content-type": "application/json"}, body=body, received_ms=NOW)
    sender = {"cotiza": typeform, "zapier": zapier}[hook]
    (event,) = sender.parse(request)
    return map_event(event, example_hooks()[hook], received_ms=NOW)


CONTACT = {
    "first_name": "María",
    "last_name": "José Muñoz Peña",
    "phone": "+56987654321",
    "email": "mj.munoz@example.com",
}


def test_the_whole_typeform_example_becomes_this_update() -> None:
    result = mapped_example("cotiza", "full")

    (update,) = result.updates
    assert update.set == {
        **CONTACT,
        "metadata.utm_source": "instagram",
        "metadata.formulario": "Cotiza tu departamento",
        "metadata.tipo_propiedad": "Departamento",
        "metadata.comunas": "Ñuñoa, Providencia",
        "metadata.dormitorios": 3,
        "metadata.fecha_visita": "2026-10-03",
        "metadata.preaprobado": True,
        "metadata.mensaje": "Busco con terraza y estacionamiento. ¡Gracias!",
        "metadata.broker_asociado": "Carolina Rojas",
        "metadata.estado_lead": "calificado",
        "metadata.resumen": "Departamento de 3 dormitorios en Ñuñoa o Providencia",
    }
    assert (result.lead, result.state, result.faults, result.at_ms) == (LEAD, State.IN_FLIGHT, (), SUBMITTED)


def test_the_partial_typeform_example_leaves_out_what_was_not_answered() -> None:
    (update,) = mapped_example("cotiza", "partial").updates

    assert update.set == {
        "first_name": "María",
        "last_name": "José Muñoz Peña",
        "phone": "+56987654321",
        "metadata.formulario": "Cotiza tu departamento",
    }


def test_the_flat_zapier_example_becomes_this_update() -> None:
    result = mapped_example("zapier", "flat")

    (update,) = result.updates
    assert update.set == {
        **CONTACT,
        "metadata.dormitorios": 3,
        "metadata.presupuesto_uf": 4500,
        "metadata.acepta_contacto": True,
        "metadata.estado_lead": "calificado",
    }
    assert (result.lead, result.state, result.at_ms) == (LEAD, State.IN_FLIGHT, SUBMITTED)


def test_the_grouped_zapier_example_becomes_this_update() -> None:
    (update,) = mapped_example("zapier", "unflattened").updates

    assert update.set == {**CONTACT, "metadata.tipo_propiedad": "Departamento", "metadata.dormitorios": 3}


HARD = hook_of(
    BY_ID
    + "tables: {t: {a: b}}\nevent: {id: '${fields.a}', time: '${fields.b}'}\n"
    + "rules:\n"
    + rule("when", "{title: x}", "when: fields.a > fields.b or fields.c in fields.d")
    + rule("filters", "{phone: '${fields.a | phone}', email: '${fields.a | email}', title: '${fields.b | title}'}")
    + rule("readings", "{metadata: {a: '${fields.a | number}', b: '${fields.b | date}', c: '${fields.c | bool}'}}")
    + rule("lists", "{metadata: {a: '${fields.a | join}', b: '${fields.b | first | last}', c: '${fields.c[0][1]}'}}")
    + rule("sums", "{metadata: {a: '${fields.a + fields.b * -fields.c}', b: '${fields.a | round(2)}'}}")
    + rule("texts", "{company: 'x ${fields.a} ${raw.a.b}', source: '${fields.a | slug ~ fields.b | rest}'}")
    + rule("tables", '{metadata: {a: "${fields.a | lookup(\'t\', 1)}", b: "${fields.d | split | length}"}}')
    + rule("replace", "{last_name: '${fields.a | replace(fields.b, fields.c)}'}", "deliver: each")
)

TEXTS = st.text() | st.sampled_from(["3.000,5", "31/12/2026", "a@b.cl", "+56987654321"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(SCALARS, lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXTS, one, max_size=3))
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), VALUES)


@settings(max_examples=300, deadline=None)
@given(
    fields=OBJECTS,
    hidden=st.fixed_dictionaries({"lead_id": VALUES | st.just(LEAD)}),
    raw=VALUES,
    at_ms=st.none() | st.integers(),
)
@example(fields={"a": 10**5000, "b": "1" * 5000}, hidden={"lead_id": 10**5000}, raw=None, at_ms=None)
@example(fields={"a": "\ud800", "b": float("nan")}, hidden={"lead_id": LEAD}, raw=None, at_ms=10**400)
def test_no_event_makes_mapping_raise_and_what_it_gives_can_be_sent(
    fields: dict[str, Json], hidden: dict[str, Json], raw: Json, at_ms: int | None
) -> None:
    event = Event(id="e1", fields=fields, hidden=hidden, raw=raw, at_ms=at_ms)

    result = map_event(event, HARD, received_ms=NOW)

    assert (result.reason is None) == (result.state in (State.IN_FLIGHT, State.IGNORED))
    assert bool(result.updates) or result.state != State.IN_FLIGHT
    assert result.at_ms is None or 0 <= result.at_ms <= NOW
    for update in result.updates:
        assert orjson.dumps(dict(update.set))
    if result.reason:
        assert "fault of the relay" not in result.reason.words
