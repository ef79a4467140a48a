"""What is said of a condition before any event comes is true of every event."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.expressions.certain import truth_of, why_always, why_never
from relay.expressions.language import Language
from relay.model import Json

LANGUAGE = Language()
FIXED = {("hook", "name"): ["cotiza"], ("event", "test"): [True, False]}

NAMES = st.sampled_from(["fields.a", "fields.b", "fields['a']", "event.test", "hook.name"])
CONSTANTS = st.sampled_from(["'x'", "'y'", "0", "1", "1.0", "2", "3.5", "true", "false", "'true'", "'cotiza'"])
COMPARED = st.builds("{} {} {}".format, NAMES, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), CONSTANTS)
LEAVES = st.one_of(
    COMPARED,
    st.builds("{2} {1} {0}".format, NAMES, st.sampled_from(["==", "<", ">="]), CONSTANTS),
    st.builds("{} {} [{}, {}]".format, NAMES, st.sampled_from(["in", "not in"]), CONSTANTS, CONSTANTS),
    st.builds(
        "{} is {}{}".format,
        NAMES,
        st.sampled_from(["", "not "]),
        st.sampled_from(["missing", "defined", "true", "false", "text", "number", "list"]),
    ),
    st.builds("{} < {} <= {}".format, CONSTANTS, NAMES, CONSTANTS),
    NAMES,
    CONSTANTS,
    st.builds("{} == {}".format, CONSTANTS, CONSTANTS),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda one: (
        st.builds("{} and {}".format, one, one)
        | st.builds("({}) or {}".format, one, one)
        | st.builds("not ({})".format, one)
        | st.builds("({})".format, one)
    ),
    max_leaves=6,
)
VALUES: st.SearchStrategy[Json] = st.sampled_from(
    ["x", "y", "true", "", "  ", 0, 1, 1.0, 2, 3, 3.5, True, False, None, [], ["x"], {}, {"k": 1}]
)
FIELDS = st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES})


def held(source: str, fields: Mapping[str, Json], *, test: bool) -> bool | None:
    """Whether a condition held; None where it could not be computed."""
    scope: dict[str, Json] = {"fields": fields, "event": {"test": test}, "hook": {"name": "cotiza"}}
    try:
        return LANGUAGE.compile_unit([], when=source)(scope) is not None
    except Exception:  # what can't be computed does not hold
        return None


@settings(max_examples=600, deadline=None)
@given(CONDITIONS, st.lists(st.tuples(FIELDS, st.booleans()), min_size=4, max_size=8))
def test_what_never_holds_holds_of_no_event(source: str, events: list[tuple[Mapping[str, Json], bool]]) -> None:
    tree = LANGUAGE.parse_expression(source)
    seen = [held(source, fields, test=test) for fields, test in events]

    if why_never(tree, FIXED):
        assert True not in seen
    if (truth := truth_of(tree)) is not None:
        assert set(seen) <= {truth, None}


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, CONDITIONS, FIELDS, st.booleans())
def test_a_warning_that_it_always_holds_is_true_of_events_that_have_the_name(
    one: str, other: str, fields: Mapping[str, Json], test: bool
) -> None:
    tree = LANGUAGE.parse_expression(f"{one} or {other}")
    found = why_always(tree)

    if found and found.words.startswith("always holds: "):
        assert held(f"{one} or {other}", fields, test=test) in (True, None)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("form.id == 'a' and form.id == 'b'", "form.id == 'a' and form.id == 'b' exclude each other; "
         "write or between them, or form.id in ['a', 'b']"),
        ("fields.x and (form.id == 'a' and form.id == 'b' or not fields.x)", "form.id == 'a' and form.id == 'b' "
         "exclude each other; write or between them, or form.id in ['a', 'b']"),
        ("form.id == 'a' and form.id != 'a'", "form.id == 'a' and form.id != 'a' exclude each other"),
        ("1 < fields.x < 0", "fields.x > 1 and fields.x < 0 exclude each other"),
        ("fields['x'] == 1 and fields.x == 2", "fields.x == 1 and fields.x == 2 exclude each other; "
         "write or between them, or fields.x in [1, 2]"),
        ("fields.x in ['a', 'b'] and fields.x == 'c'", "fields.x in ['a', 'b'] and fields.x == 'c' exclude each other"),
        ("fields.x is text and fields.x is number", "fields.x is text and fields.x is number exclude each other"),
        ("fields.x and not fields.x", "fields.x and not fields.x exclude each other"),
        ("fields.x in [1, 2] and fields.x in [2, 3] and fields.x != 2", "fields.x can't be all that is asked of it"),
        ("event.test == 'true'", "event.test is always true or false"),
        ("1 == 2 or 'a' in 'bcd'", "it is false for every event"),
    ],
)  # fmt: skip
def test_a_condition_that_can_not_hold_is_found(source: str, words: str) -> None:
    found = why_never(LANGUAGE.parse_expression(source), FIXED)

    assert found
    assert found.words == f"never holds: {words}"


@pytest.mark.parametrize(
    "source",
    [
        "fields.x >= 3 and fields.x <= 3",
        "fields.x == 1 and fields.x is true",
        "fields.x == 1 and fields.x == 1.0",
        "not form.id == 'a' and form.id is missing",
        "not fields.x > 3 and not fields.x <= 3",
        "fields.x != 'a' and fields.x != 'b'",
        "fields.x == ['a'] and fields.x is list",
        "fields.x == fields.y and fields.x != fields.z",
        "form.id == 'a' and campaign.id == 'b'",
        "(form.id == 'a' or form.id == 'b') and form.id == 'b'",
    ],
)
def test_a_condition_that_may_hold_is_left_alone(source: str) -> None:
    assert why_never(LANGUAGE.parse_expression(source), FIXED) is None
