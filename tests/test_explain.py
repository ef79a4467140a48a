"""An explanation says of an event what mapping made of it, and why; it never says anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.expressions.language import Language
from relay.expressions.parts import Condition, Part, parted
from relay.hooks import Hook
from relay.mapping import map_event
from relay.mapping.explain import Explanation, RuleSeen, Setting, explain_event
from relay.model import Event, Json, State
from relay.rulebook import check
from relay.senders import ABOUT, adapter_of
from relay.senders.base import Fetching
from relay.senders.examples import read_example
from tests.example_hooks import FOLDER, NOW, example_hook
from tests.hook_texts import BY_ID, HEAD, LEAD, hook_of, rule, rules
from tests.one_expression import SCOPE, TABLES
from tests.sender_security import ADDRESS

EXAMPLES = sorted(FOLDER.glob("*/*.json"))
QUICK = settings(max_examples=30, deadline=None)
scalars = (
    st.none() | st.booleans() | st.integers(-5_000, 5_000) | st.text(max_size=12) | st.sampled_from(["3.000", "x@y.cl"])
)
values = st.recursive(
    scalars, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=4), one, max_size=2)
)


@cache
def events_of(path: Path) -> tuple[Hook, list[Event]]:
    """Read an example as its sender sends it; where the sender keeps the answers to itself, they are a few fields."""
    hook = example_hook(path.parent.name)
    sender = adapter_of(hook)
    request = sender.sign(read_example(path, sender.about).request(url=ADDRESS, now_ms=NOW), hook.secrets[0])
    events = sender.parse(request)
    if isinstance(sender, Fetching):
        events = [
            replace(one, fetch="", fields={"full_name": "Ana Rojas", "email": "ana@example.cl"}) for one in events
        ]
    return hook, events


def explained(text: str, *, hidden: Json = None, test: bool = False, **fields: Json) -> Explanation:
    event = Event(id="e1", fields=fields, hidden=hidden or {"lead_id": LEAD}, at_ms=NOW, test=test)  # type: ignore[arg-type]
    return explain_event(event, hook_of(text), received_ms=NOW)


def hold_steps_to(setting: Setting) -> None:
    """Hold the way of a value through its filters to what came of it, where it is the whole value of a field."""
    for way in setting.filtered:
        assert [one.verdict for one in way.steps[:-1]].count("failed") == 0
        last = way.steps[-1]
        if way.source.strip() != setting.source.strip():
            continue
        if last.verdict == "failed":
            assert setting.fault == last.words
        elif last.missing:
            assert setting.missing or setting.fault
        elif isinstance(last.value, (int, float)):
            assert setting.fault or setting.value == last.value
        elif isinstance(last.value, str) and not setting.fault:
            assert setting.value == last.value.strip() or last.value.endswith("…")


def hold_to_mapping(event: Event, hook: Hook) -> Explanation:
    """Have an event explained, and hold every word to what mapping makes of it."""
    mapped = map_event(event, hook, received_ms=NOW)
    told = explain_event(event, hook, received_ms=NOW)

    assert told.mapped == mapped
    assert "can't be explained" not in told.words
    updates: dict[int, dict[str, Json]] = {}
    names: dict[int, dict[str, str]] = {}
    for one in told.update:
        updates.setdefault(one.place, {})[one.register] = one.value
        names.setdefault(one.place, {})[one.register] = one.rule
    assert list(updates.values()) == [dict(one.set) for one in mapped.updates]
    assert list(names.values()) == [dict(one.by) for one in mapped.updates]
    for each in told.rules:
        for setting in each.settings:
            hold_steps_to(setting)
    failed = any(one.considered and one.held is None for one in told.rules)
    faults = [(each.name, one.register) for each in told.rules for one in each.settings if one.fault]
    assert failed or sorted(faults) == sorted((one.rule, one.register) for one in mapped.faults)
    for each in told.rules:
        if each.considered and each.when is not None:
            assert each.held is None or each.when.held == each.held
            hold_together(each.when)
    return told


def hold_together(part: Part) -> None:
    """Hold a condition to what its parts say."""
    for one in part.parts:
        hold_together(one)
    if part.joint == "not":
        assert part.held == (None if part.parts[0].held is None else not part.parts[0].held)
    elif part.joint and part.asked:
        asked = [one.held for one in part.parts if one.asked]
        assert part.held == asked[-1]


def hook_names() -> list[Any]:
    return [pytest.param(path, id=f"{path.parent.name}-{path.stem}") for path in EXAMPLES]


@pytest.mark.parametrize("path", hook_names())
def test_of_every_example_the_explanation_says_what_mapping_did(path: Path) -> None:
    hook, events = events_of(path)

    for event in events:
        told = hold_to_mapping(event, hook)
        assert [one.name for one in told.rules] == [one.name for one in hook.rules]
        assert all(one.line and one.source for one in told.update)


@settings(max_examples=6, deadline=None)
@pytest.mark.parametrize("path", hook_names())
@given(st.data())
def test_of_every_variant_of_an_example_too(path: Path, data: st.DataObject) -> None:
    hook, events = events_of(path)
    for event in events[:2]:
        fields = dict(event.fields)
        for key in data.draw(st.lists(st.sampled_from(sorted(fields) or ["a"]), max_size=4)):
            fields[key] = data.draw(values)
        others = {key: data.draw(values) for key in data.draw(st.sampled_from([[], ["hidden"], ["form"]]))}
        hold_to_mapping(replace(event, fields=fields, **others), hook)


NAMED = st.sampled_from(["fields.a", "fields.b", "fields['c d']", "form.id", "fields.a.x", "fields.or", "fields.b[0]"])
LEAVES = st.one_of(
    NAMED,
    st.builds(
        "{} {} {}".format,
        NAMED,
        st.sampled_from(["==", "!=", "<", ">=", "in"]),
        st.sampled_from(["3", "'x'", "fields.a"]),
    ),
    st.builds("{} is {}".format, NAMED, st.sampled_from(["missing", "not missing", "number", "text"])),
    st.builds("({} if {} else 2) > 1".format, NAMED, NAMED),
    st.builds("{} | number >= 3".format, NAMED),
    st.sampled_from(["true", "false", "'and' == fields.a", "not fields.a", "'x' not in fields.b"]),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda one: (
        st.builds("{} and {}".format, one, one)
        | st.builds("{} or {}".format, one, one)
        | st.builds("not ({})".format, one)
        | st.builds("({})".format, one)
    ),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries({}, optional={"a": values, "b": values, "c d": values, "or": values})


@QUICK
@given(st.lists(st.tuples(CONDITIONS, st.booleans(), st.booleans()), min_size=1, max_size=4), FIELDS)
def test_of_whatever_rules_too(drawn: list[tuple[str, bool, bool]], fields: Mapping[str, Json]) -> None:
    update = '{title: "${fields.a}", metadata: {n: "${fields.b | number}", r: "r"}}'
    several = [
        rule(f"r{number}", update, f'when: "{when}"', *["stop: true"][:stop], *["deliver: each"][:each])
        for number, (when, stop, each) in enumerate(drawn)
    ]
    event = Event(id="e", fields=fields, hidden={"lead_id": LEAD}, form={"id": "x"}, at_ms=NOW)

    hold_to_mapping(event, hook_of(rules(*several)))


@QUICK
@given(CONDITIONS)
def test_the_parts_of_a_condition_are_found_wherever_they_are_joined(source: str) -> None:
    joint, parts = parted(source)

    assert bool(joint) == bool(parts)
    if source.startswith("not ("):
        assert joint in ("not", "and", "or")
    condition = Condition(Language(TABLES), source)
    hold_together(condition.look({**SCOPE, "fields": {"a": 3, "b": ["x"], "or": "y"}}))


def part(source: str) -> Part:
    return Condition(Language(TABLES), source).look(SCOPE)


def test_each_part_tells_whether_it_held_and_what_it_saw() -> None:
    whole = part("form.id == 'Xy' and fields.uf >= 3000")

    first, second = whole.parts
    assert (whole.held, whole.joint) == (False, "and")
    assert (first.source, first.held, first.asked) == ("form.id == 'Xy'", False, True)
    assert [(one.source, one.value) for one in first.seen] == [("form.id", "Ab12Cd34")]
    assert (second.source, second.held, second.asked) == ("fields.uf >= 3000", True, False)


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("fields.nada_de_eso == 'x'", [("fields.nada_de_eso", "missing")]),
        ("fields.vacio", [("fields.vacio", "missing")]),
        ("fields.monto | number > 1", [("fields.monto", "4.500,50"), ("fields.monto | number", 4500.5)]),
        ("fields['Tu teléfono'] == 'x'", [("fields['Tu teléfono']", "here")]),
        ("fields.comunas[0] | lookup('brokers') == 'x'",
         [("fields.comunas[0]", "Ñuñoa"), ("fields.comunas[0] | lookup('brokers')", "Carolina")]),
        ("'x' not in fields.comunas", [("fields.comunas", ["Ñuñoa", "Las Condes"])]),
        ("fields.grupo.a.b == 'deep'", [("fields.grupo.a.b", "deep")]),
        ("fields.largo == 'x'", [("fields.largo", "x" * 199 + "…")]),
        ("true", []),
    ],
)  # fmt: skip
def test_a_part_shows_the_values_of_its_names_and_what_filters_made_of_them(source: str, seen: list[Any]) -> None:
    found = part(source).seen

    assert [(one.source, "missing" if one.missing else one.value) for one in found] == seen


def test_a_secret_under_its_usual_key_is_not_shown() -> None:
    looked = Condition(Language(), "fields.password == 'x' and raw").look(
        {**SCOPE, "fields": {"password": "hunter2"}, "raw": {"in": {"api_key": "hunter2"}}}
    )

    assert [one.value for each in looked.parts for one in each.seen] == [
        "(masked, 7 characters)",
        {"in": {"api_key": "(masked, 7 characters)"}},
    ]


def test_a_part_that_can_not_be_computed_says_why() -> None:
    looked = part("fields.nombre > 3 or true")

    words = "text is compared with a number; write | number after the text"
    assert (looked.held, looked.words) == (None, words)
    assert [(one.held, one.asked) for one in looked.parts] == [(None, True), (True, False)]


@pytest.mark.parametrize(
    "source", ["not " * 140 + "true", "(" * 60 + "true" + ")" * 60, " and ".join(["fields.a"] * 60)]
)
def test_a_condition_of_any_depth_is_looked_at(source: str) -> None:
    assert part(source).held is not None


def held(told: Explanation) -> dict[str, bool | None]:
    return {one.name: one.held for one in told.rules}


def the(told: Explanation, name: str) -> RuleSeen:
    return next(one for one in told.rules if one.name == name)


TWO = rules(
    rule("one", '{title: "${fields.title}", phone: "${fields.tel}"}'),
    rule("two", '{title: "Dr. ${fields.title}"}', "when: fields.doctor is true", "stop: true"),
    rule("three", '{last_name: "fixed"}'),
)


def test_rules_below_one_that_ends_the_run_were_not_come_to() -> None:
    told = explained(TWO, title="x", doctor=True)

    assert held(told) == {"one": True, "two": True, "three": None}
    assert the(told, "three").words == "rule 'two' above held and ended the run"
    assert not the(told, "three").considered
    assert held(explained(TWO, title="x")) == {"one": True, "two": False, "three": True}


def test_each_value_names_its_rule_and_line_and_what_it_overrode() -> None:
    told = explained(TWO, title="x", doctor=True)

    (final,) = told.update
    assert (final.register, final.value, final.rule, final.source) == ("title", "Dr. x", "two", "Dr. ${fields.title}")
    assert TWO.splitlines()[final.line - 1].strip() == 'update: {title: "Dr. ${fields.title}"}'
    assert final.overrode == ("one",)
    first, second = the(told, "one").settings
    assert (first.register, first.value, first.overridden_by) == ("title", "x", "two")
    assert (second.register, second.missing, [one.missing for one in second.seen]) == ("phone", True, [True])


def test_values_that_are_sent_alone_override_nothing() -> None:
    text = rules(
        rule("one", '{title: "a"}'), rule("two", '{title: "b"}', "deliver: each"), rule("three", '{title: "c"}')
    )

    told = explained(text)

    assert [(one.place, one.value, one.rule, one.overrode) for one in told.update] == [
        (0, "c", "three", ("one",)),
        (1, "b", "two", ()),
    ]
    assert the(told, "two").settings[0].overridden_by == ""


def test_a_value_that_is_held_back_tells_its_fault() -> None:
    (one,) = explained(rules(rule("r", '{email: "${fields.mail}"}')), mail="no mail").rules[0].settings

    assert (one.fault, one.missing, one.seen[0].value) == ("is not an e-mail address", False, "no mail")


def test_an_event_that_fails_as_a_whole_says_in_which_rule() -> None:
    text = rules(rule("a", '{title: "x"}'), rule("b", '{title: "${fields.t | required}"}'), rule("c", '{title: "y"}'))

    told = explained(text)

    assert (told.mapped.state, told.update) == (State.DEAD, ())
    assert held(told) == {"a": True, "b": None, "c": None}
    assert (the(told, "b").considered, the(told, "b").words) == (True, "title is required and missing")
    assert the(told, "c").words == "the event had failed in rule 'b' above"


def test_an_event_whose_lead_is_required_and_missing_sets_nothing() -> None:
    text = HEAD + "lead:\n  id: ${hidden.id | required}\nrules:\n" + rule("r", '{title: "x"}')

    told = explained(text)

    assert (told.mapped.state, told.update, held(told)) == (State.DEAD, (), {"r": True})
    assert told.lead.words == "is required and missing"


def test_an_event_whose_own_id_can_not_be_read_tells_that_and_no_rules() -> None:
    told = explained(BY_ID + 'event: {id: "${fields.x | number}"}\nrules:\n' + rule("r", '{title: "x"}'), x="y")

    assert told.words == "rules/h.yaml: event id is not a number"
    assert told.rules == ()


def test_the_lead_is_read_from_its_expression() -> None:
    told = explained(TWO, title="x", hidden={"lead_id": LEAD.upper()}).lead

    assert (told.source, told.line, told.names) == ("hidden.lead_id", 4, ())
    assert told.value is not None
    assert told.value.value == LEAD.upper()


def test_names_are_told_in_the_order_in_which_they_are_tried() -> None:
    match = "lead:\n  match:\n    email: ${fields.mail}\n    phone: ${fields.tel}\n    external_id: ${fields.nr}\n"

    told = explained(HEAD + match + "rules:\n" + rule("r", '{title: "x"}'), mail="Ana@Example.cl", tel="123").lead

    assert [(one.kind, one.name and one.name.value, one.line) for one in told.names] == [
        ("email", "ana@example.cl", 5),
        ("phone", None, 6),
        ("external_id", None, 7),
    ]
    assert [one.words for one in told.names] == ["", "its phone has no country code", ""]
    assert told.names[2].value.missing


def test_an_event_whose_answers_are_not_fetched_says_so() -> None:
    event = Event(id="e", fields={}, fetch="123")

    told = explain_event(event, hook_of(TWO), received_ms=NOW)

    assert told.words == "its answers are not fetched yet: nothing was mapped for h"
    assert told.rules == ()


def test_the_hook_files_of_the_project_know_the_lines_of_all_they_set() -> None:
    environment = {"TYPEFORM_SECRET": "s", "ZAPIER_TOKEN": "t"}
    hooks, _ = check(FOLDER.parent, environment=environment, senders=ABOUT, destinations=("default",))

    for hook in hooks.values():
        lines = Path(hook.file).read_text().splitlines()
        for one in hook.rules:
            for register, line in one.lines.items():
                assert f"{register.rpartition('.')[2]}:" in lines[line - 1]
            assert not one.when_line or "when:" in lines[one.when_line - 1]
