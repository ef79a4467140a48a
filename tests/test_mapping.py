"""An event and a hook file in, updates out; and whatever the event holds, nothing is ever raised."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.mapping import map_event
from relay.model import Event, Fault, Json, Reason, State, Update
from tests.hook_texts import BY_ID, LEAD, NOW, ONE, SUBMITTED, hook_of, mapped, rule, rules


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
    assert [(fault.register, fault.words) for fault in result.faults] == [
        ("email", "is not an e-mail address"),
        ("title", "must be text, not a number"),
        ("campaign_id", "is not a UUID"),
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
    assert result.reason is not None
    assert (result.reason.kind, result.reason.words) == ("mapping", words)
    assert f": {result.reason.field} " in words


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


def test_a_test_event_is_kept_with_its_updates_and_not_delivered_unless_the_file_says_so() -> None:
    kept = mapped(ONE, test=True, title="x")
    delivered = mapped(ONE + "tests: deliver\n", test=True, title="x")

    assert (kept.state, kept.reason, kept.lead) == (State.IGNORED, None, LEAD)
    assert (delivered.state, delivered.updates) == (State.IN_FLIGHT, kept.updates)


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
