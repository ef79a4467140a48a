"""Whether a form has changed so that a rule reads what is no longer there: judged by what was seen of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.drift import GONE, TURNED, Drift, changes, drifts, is_gone, run_needed, shown, turned
from relay.shapes import Form, FormVersion, KindSeen, NameSeen, Shown
from tests.hook_texts import BY_ID, hook_of, rule, rules

DAY = 86_400_000
READS_UF = rules(rule("uf", "{metadata: {uf: '${fields.uf}'}}"))


def name(key: str = "uf", *, had: int = 100, of: int = 100, absent: int = 0, part: str = "fields") -> NameSeen:
    return NameSeen(part=part, key=key, number=had, of=of, absent=absent, first_ms=DAY, last_ms=5 * DAY, values=had)


def form(*names: NameSeen, **more: object) -> Form:
    usual: dict[str, object] = {"id": "Ab12", "kind": "form_response", "title": "Cotiza"}
    return Form(hook="h", events=200, first_ms=DAY, last_ms=9 * DAY, names=names, **{**usual, **more})  # type: ignore[arg-type]


def found(text: str, *names: NameSeen, **more: object) -> list[Drift]:
    return list(drifts(form(*names, **more), hook_of(text)))


def lost(key: str = "uf", *, part: str = "fields") -> NameSeen:
    return name(key, absent=100, part=part)


@pytest.mark.parametrize(
    ("seen", "gone"),
    [
        # All events had it: fourteen without it are no chance.
        (name(absent=13), False),
        (name(absent=14), True),
        (name(had=20, of=20, absent=20), False),
        (name(had=20, of=20, absent=21), True),
        (name(had=5_000, of=5_000, absent=11), False),
        (name(had=5_000, of=5_000, absent=12), True),
        # Half had it: it takes many more.
        (name(had=50, absent=89), False),
        (name(had=50, absent=90), True),
        # Fewer than half had it, or too few in all: nobody waits for it.
        (name(had=49, absent=10_000), False),
        (name(had=9, of=9, absent=10_000), False),
        # A hidden name comes and goes with the address that visitors are given.
        (name(absent=29, part="hidden"), False),
        (name(absent=30, part="hidden"), True),
        (name(had=94, absent=10_000, part="hidden"), False),
        # Where the form's definition has it, or no longer has it, no answer says otherwise.
        (replace(name(had=0, of=0, absent=0), defined=False), True),
        (replace(name(absent=10_000), defined=True), False),
    ],
)
def test_a_name_is_gone_when_chance_would_hardly_leave_it_out_for_so_long(seen: NameSeen, gone: bool) -> None:
    assert is_gone(seen) is gone


def test_optional_questions_are_not_taken_for_removed_ones() -> None:
    """A year of a busy form, with questions that visitors answer as they like: no alarm, at any moment."""
    chance = random.Random(7)

    for share in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99):
        had = absent = 0
        for event in range(1, 50_000):
            had, absent = (had + 1, 0) if chance.random() < share else (had, absent + 1)
            assert not is_gone(name(had=had, of=event - absent, absent=absent))


@given(st.integers(10, 10_000), st.integers(0, 10_000))
def test_the_rarer_a_name_was_the_longer_it_must_be_away(had: int, missed: int) -> None:
    usual = run_needed(name(had=had, of=had + missed))

    assert run_needed(name(had=had, of=had + missed + 1)) >= usual >= run_needed(name(had=had + 1, of=had + 1 + missed))


def test_what_a_rule_reads_and_the_form_lost_is_told_with_the_rule_its_line_and_since_when() -> None:
    [one] = found(READS_UF, name("nombre"), lost())

    assert (one.what, one.name.name, one.since_ms, one.events) == (GONE, "fields.uf", 5 * DAY, 100)
    assert [(use.rule, use.line, use.register) for use in one.uses] == [("uf", 7, "metadata.uf")]


def test_what_no_rule_reads_may_go() -> None:
    assert found(READS_UF, name("uf"), lost("comuna")) == []


def test_a_name_that_the_form_never_had_is_no_change_of_it() -> None:
    assert found(READS_UF, name("nombre")) == []


def test_the_lead_that_can_no_longer_be_found_is_told_too() -> None:
    [one] = found(READS_UF, name("uf"), lost("lead_id", part="hidden"))

    assert [(use.rule, use.register) for use in one.uses] == [("", "lead: id")]


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("form.id == 'Ab12'", True),
        ("form.id == 'Other'", False),
        ("fields.n > 1 and form.id == 'Other'", False),
        ("form.id == 'Other' or fields.n > 1", True),
        ("form.id in ['Other', 'Another']", False),
        ("not form.id == 'Ab12'", False),
        ("event.kind == 'partial'", False),
        ("form.title == 'Cotiza' and fields.uf", True),
        ("form.page_id == 'P'", True),
    ],
)
def test_a_rule_for_another_form_reads_nothing_of_this_one(when: str, told: bool) -> None:
    text = rules(rule("uf", "{metadata: {uf: '${fields.uf}'}}", f"when: {when}"))

    assert bool(found(text, lost())) is told


def test_a_form_whose_id_is_a_number_in_its_events_is_known_by_it() -> None:
    text = rules(rule("uf", "{metadata: {uf: '${fields.uf}'}}", "when: form.id == 77"))

    assert found(text, lost(), id="77")
    assert not found(text, lost(), id="78")


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("fields.uf or fields.presupuesto", False),
        ("fields.presupuesto or fields.uf", False),
        ("fields.uf | default(fields.presupuesto)", False),
        ("fields.uf or fields.a or fields.presupuesto", False),
        ("(fields.uf or fields.presupuesto) | number", False),
        # What is there does not stand in for it.
        ("fields.uf ~ fields.presupuesto", True),
        ("fields.uf or 0", True),
        ("fields.uf or fields.never", True),
        ("fields.uf > 3 or fields.presupuesto", True),
    ],
)
def test_a_rule_that_reads_the_new_name_too_is_made_for_both(expression: str, told: bool) -> None:
    text = rules(rule("uf", f'{{metadata: {{uf: "${{{expression}}}"}}}}'))

    assert bool(found(text, lost(), name("presupuesto"))) is told


@pytest.mark.parametrize(
    ("others", "likely"),
    [
        ([name("presupuesto_uf_2"), name("comuna")], "presupuesto_uf_2"),
        ([replace(name("pregunta_7"), question="q1")], "pregunta_7"),
        ([replace(name("monto"), label="¿Presupuesto (UF)?")], "monto"),
        ([name("comuna")], ""),
        ([name("presupuesto_uf_2", part="hidden")], ""),
        # It was there all the time: it is another question.
        ([replace(name("presupuesto_uf_total"), first_ms=DAY)], ""),
        ([replace(name("presupuesto_uf_2"), absent=500)], ""),
    ],
)
def test_the_new_name_is_told_where_it_can_be_known(others: list[NameSeen], likely: str) -> None:
    text = rules(rule("uf", "{metadata: {uf: '${fields.presupuesto_uf}'}}"))
    new = [
        one if one.first_ms == DAY and one.key.endswith("total") else replace(one, first_ms=6 * DAY) for one in others
    ]
    old = replace(lost("presupuesto_uf"), label="Presupuesto UF", question="q1")

    [one] = found(text, old, *new)

    assert one.likely == likely


def kinds(**several: tuple[int, int, int]) -> dict[str, KindSeen]:
    return {
        kind: KindSeen(number=n, first=first, last=last, first_ms=DAY) for kind, (n, first, last) in several.items()
    }


@pytest.mark.parametrize(
    ("values", "seen", "told"),
    [
        (25, kinds(text=(20, 1, 20), list=(5, 21, 25)), (("text",), "list")),
        (24, kinds(text=(20, 1, 20), list=(4, 21, 24)), None),
        (14, kinds(text=(9, 1, 9), list=(5, 10, 14)), None),
        # A question with several answers: text where one was ticked, a list where several were.
        (100, kinds(text=(80, 1, 95), list=(20, 7, 100)), None),
        (25, kinds(text=(12, 1, 20), number=(8, 2, 19), list=(5, 21, 25)), (("number", "text"), "list")),
        (100, kinds(text=(100, 1, 100)), None),
        (0, {}, None),
    ],
)
def test_a_name_turns_when_all_its_last_values_are_of_a_kind_it_never_had(
    values: int, seen: dict[str, KindSeen], told: tuple[tuple[str, ...], str] | None
) -> None:
    assert turned(replace(name(), values=values, kinds=seen)) == told


def test_a_value_of_another_kind_is_told_of_the_rule_that_reads_it() -> None:
    [one] = found(READS_UF, replace(name(), values=25, kinds=kinds(text=(20, 1, 20), list=(5, 21, 25))))

    assert (one.what, one.before, one.now, one.events) == (TURNED, ("text",), "list", 5)


def test_a_form_with_more_names_than_a_form_has_is_not_judged() -> None:
    assert found(READS_UF, lost(), crowded=True) == []


def test_a_change_is_another_one_when_it_happens_again() -> None:
    [first], [same], [again] = (
        found(READS_UF, lost()),
        found(READS_UF, replace(lost(), absent=140)),
        found(READS_UF, replace(lost(), last_ms=8 * DAY)),
    )

    assert first.id == same.id != again.id


def test_a_form_is_shown_by_what_people_typed_and_not_by_our_spelling_of_it() -> None:
    one = form(name("Teléfono"), name("telefono"), name("uf"), lost("comuna"), name("lead_id", part="hidden"))

    assert [(one.part, one.key) for one in shown(one)] == [
        ("fields", "Teléfono"),
        ("fields", "uf"),
        ("hidden", "lead_id"),
    ]


def test_two_versions_differ_by_names_that_came_went_or_were_altered() -> None:
    uf, nombre, comuna = (Shown("fields", key, "", "text") for key in ("uf", "nombre", "comuna"))
    before = FormVersion(version="a", first_ms=1, last_ms=2, names=(uf, nombre))
    after = FormVersion(version="b", first_ms=2, last_ms=3, names=(uf._replace(type="list"), comuna))

    assert changes(before, after) == ((comuna,), (nombre,), ((uf, uf._replace(type="list")),))
    assert not changes(before, before)


def test_every_hook_file_can_be_judged_whatever_its_form_has_lost() -> None:
    several = BY_ID + "event: {time: '${fields.at}'}\nrules:\n" + rule("a", "{title: '${fields.uf}'}", "when: true")

    assert [one.name.key for one in found(several, lost(), lost("at"), lost("n"))] == ["uf", "at"]
