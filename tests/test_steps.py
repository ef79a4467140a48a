"""What each filter of an expression made of the value that it was given: where it was changed, emptied or refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.expressions.filters import FILTERS
from relay.expressions.language import Language
from relay.expressions.steps import Filtering, chains_of, followed
from relay.hooks import Scope
from tests.one_expression import SCOPE, TABLES


def ways(source: str, scope: Scope = SCOPE) -> list[Filtering]:
    return list(followed(chains_of(Language(TABLES), [source]), scope))


def told(source: str) -> list[str]:
    """Write each way in short: ``value | filter: verdict value``."""
    return [
        " ".join([repr(one.start.value), *(f"| {step.filter}: {step.verdict} {step.value!r}" for step in one.steps)])
        for one in ways(source)
    ]


@pytest.mark.parametrize(
    ("source", "steps"),
    [
        ("fields.nombre", []),
        ("fields.uf + 2", []),
        (
            "fields.nombre | title | first_word",
            ["'maría josé DE LA peña' | title: changed 'María José de la Peña' | first_word: changed 'María'"],
        ),
        (
            "fields.nombre|upper|upper",
            ["'maría josé DE LA peña' | upper: changed 'MARÍA"],
        ),
        ("fields.uf | number", ["3500 | number: kept 3500"]),
        ("fields.vacio | default('x')", ["None | default('x'): filled 'x'"]),
        ("fields.comunas | first | lookup('brokers')", ["['Ñuñoa', 'Las Condes'] | first: changed 'Ñuñoa' | lookup("]),
        ("'' ~ 'Macul' | lookup('brokers')", ["'Macul' | lookup('brokers'): emptied None"]),
        ("fields.grupo['a']['b'] | upper", ["'deep' | upper: changed 'DEEP'"]),
        ("fields['Tu teléfono']|upper", ["'here' | upper: changed 'HERE'"]),
        ("(fields.vacio or fields.items) | upper", ["'a field called items' | upper: changed"]),
        (
            "(fields.monto | number) >= 3 and fields.uf|round > 1",
            ["'4.500,50' | number: changed 4500.5", "3500"],
        ),
        ("fields.monto|number if fields.acepta else fields.uf|number", ["'4.500,50' | number", "3500 | number"]),
        (
            "[fields.items|upper, 'a|b'] | join('|')",
            ["'a field", "['A FIELD CALLED ITEMS', 'a|b'] | join('|')"],
        ),
        (
            "fields.comunas | join(fields.items | last_word)",
            ["['Ñuñoa', 'Las Condes'] | join(", "'a field"],
        ),
        ("fields.items | replace('|', ')') | first_word", ["'a field called items' | replace('|', ')'): kept"]),
        ("fields.nombre is defined and (fields.uf | round) == 3500", ["3500 | round: kept 3500"]),
    ],
)
def test_every_value_is_followed_through_its_filters(source: str, steps: list[str]) -> None:
    found = told(source)

    assert len(found) == len(steps)
    assert all(one.startswith(wanted) for one, wanted in zip(found, steps, strict=True)), found


def test_a_filter_that_refuses_a_value_says_why_and_ends_the_way() -> None:
    (way,) = ways("fields.nombre | number | round")

    (failed,) = way.steps
    assert (failed.filter, failed.verdict, failed.words) == ("number", "failed", "is not a number")
    assert way.telling == failed


def test_the_step_that_says_most_is_the_one_that_emptied_before_any_that_changed() -> None:
    (way,) = ways("fields.nombre | rest | lookup('brokers') | title")

    assert way.telling is not None
    assert (way.telling.filter, way.telling.verdict) == ("lookup('brokers')", "emptied")


def test_a_secret_is_masked_on_all_its_way() -> None:
    scope: Scope = {**SCOPE, "fields": {"password": "correct horse battery"}}

    (way,) = ways("fields.password | upper | first_word", scope)

    shown = [way.start.value, *(step.value for step in way.steps)]
    assert not [one for one in shown if "horse" in str(one).lower() or "correct" in str(one).lower()]


@given(
    st.lists(st.sampled_from(sorted(FILTERS)), min_size=1, max_size=4),
    st.sampled_from([f"fields.{name}" for name in SCOPE["fields"] if " " not in name]),  # type: ignore[union-attr,misc]
)
@settings(deadline=None, max_examples=150)
def test_any_chain_ends_where_the_whole_expression_does(filters: list[str], name: str) -> None:
    given = {"lookup": "lookup('brokers')", "default": "default('x')", "replace": "replace('a', 'b')"}
    source = " | ".join([name, *(given.get(one, one) for one in filters)])
    whole = Language(TABLES).compile_unit([source])

    (way,) = ways(source)

    assert way.source == source
    failed = way.steps[-1].verdict == "failed"
    try:
        (value,) = whole(SCOPE)
    except Exception:
        assert failed
        return
    assert not failed
    assert [one.filter for one in way.steps] == [given.get(one, one) for one in filters]
    assert way.steps[-1].missing or way.steps[-1].value == value or len(str(value)) > 200


@given(st.text(alphabet="fields.uf|()[]' \",~title-+ifelse", max_size=40))
@settings(deadline=None, max_examples=200)
def test_no_text_however_odd_is_a_fault(source: str) -> None:
    assert isinstance(told_or_nothing(source), list)


def told_or_nothing(source: str) -> list[str]:
    try:
        Language(TABLES).compile_unit([source])
    except Exception:
        return []  # it is refused when the hook file is read
    return told(source)
