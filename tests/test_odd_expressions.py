"""No expression, however odd, gets out of its sandbox, breaks mapping or keeps it busy; no file breaks loading."""

from __future__ import annotations

import json
import re
import time
from pathlib import PurePath
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from relay.expressions.filters import FILTERS
from relay.expressions.flaws import Vocabulary, look_at
from relay.expressions.language import Language
from relay.hooks import Hook
from relay.mapping import map_event
from relay.mapping.explain import explain_event
from relay.mapping.uses import uses
from relay.model import Event, Mapped, State
from relay.rulebook.hook_file import read_hook
from tests.hook_texts import BY_ID, KNOWN, LEAD, NOW
from tests.odd import HOSTILE, LONG, events, expressions, huge

TABLE = "tables: {t: {a: 1, 'sí': dos}}\n"
#: Far above what any event needs here, and far below what would hold up a door.
MOST_SECONDS = 5.0
#: How Python writes what is not JSON.
INSIDE = re.compile(r"object at 0x|<(class|function|module|built-in|bound|method|generator|frame|code)\b|Traceback")
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))


def text_of(expression: str, *, when: str = "true") -> str:
    """Write a hook file with this expression in every place that can hold one."""
    hole, part = json.dumps(f"${{{expression}}}"), json.dumps(f"a ${{{expression}}} b")
    update = f"{{first_name: {hole}, last_name: x, metadata: {{whole: {hole}, part: {part}}}}}"
    one = f"  - {{name: one, when: {json.dumps(when)}, update: {update}}}\n"
    return f"{BY_ID}{TABLE}rules:\n{one}  - {{name: two, update: {{title: Sra.}}}}\n"


def read(text: str) -> Hook | None:
    """Read a hook file; a fault has words and a line, and there is a hook or a fault."""
    hook, problems = read_hook(PurePath("rules/h.yaml"), text.encode(errors="surrogatepass"), KNOWN)
    assert (hook is None) == any(one.severity == "fault" for one in problems)
    for problem in map(str, problems):
        assert problem.startswith("rules/h.yaml"), problem
        assert not INSIDE.search(problem), problem
    assert hook is None or all(use.names for use in uses(hook))
    return hook


def mapped(one: Event, hook: Hook) -> Mapped:
    """Map an event, and hold what comes of it to what the store and the lead API can take."""
    began = time.process_time()
    made = map_event(one, hook, received_ms=NOW)
    assert time.process_time() - began < MOST_SECONDS
    words = [made.reason.words] if made.reason else []
    assert not [one for one in words if "broke down" in one]
    for update in made.updates:
        for value in update.set.values():
            assert value is None or type(value) in (str, int, float, bool), value
            words.append(str(value))
        orjson.dumps([dict(update.set), dict(update.by)])
    for line in (*words, *(fault.words for fault in made.faults)):
        assert not INSIDE.search(line), line
        assert len(line) <= 10_000
    return made


@pytest.mark.parametrize("expression", HOSTILE)
def test_a_hostile_expression_is_a_fault_of_the_file_or_gives_a_harmless_value(expression: str) -> None:
    for hook in (read(text_of(expression)), read(text_of("fields.a", when=expression))):
        if hook is None:
            continue
        for fields in ({}, {"a": "a b", "b": ["x"], "c": 2}, {"a": {"b": 1}, "b": {"t": "t"}}, {"a": "a" * LONG}):
            made = mapped(Event(id="e", fields=fields, hidden={"lead_id": LEAD}), hook)

            assert made.lead == LEAD or made.state is State.DEAD


@given(expression=expressions, when=expressions, one=events())
@settings(CALM, max_examples=250)
def test_any_expression_loads_or_has_its_faults_and_maps_any_event(expression: str, when: str, one: Event) -> None:
    hook = read(text_of(expression)) or read(text_of("fields.a", when=when))
    event("hook" if hook else "faults")
    if hook is not None:
        mapped(one, hook)


@given(expression=expressions, one=events(large=True))
@settings(CALM, max_examples=60)
def test_any_expression_on_an_event_of_any_size_ends_soon(expression: str, one: Event) -> None:
    hook = read(text_of(expression))
    if hook is not None:
        mapped(one, hook)


@given(expression=expressions, one=events())
@settings(CALM, max_examples=100)
def test_any_mapping_can_be_explained(expression: str, one: Event) -> None:
    hook = read(text_of(expression)) or read(text_of("fields.a", when=expression))
    if hook is None:
        return
    explained = explain_event(one, hook, received_ms=NOW)

    assert explained.mapped == map_event(one, hook, received_ms=NOW)
    assert "can't be explained" not in explained.words
    assert not INSIDE.search(repr(explained.rules))


DEEP = "is nested too deeply; part it into several rules"
NOTHING_BEHIND = "takes nothing behind it; join two conditions with and or or"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("'" + "a" * 10_000 + "'", "is longer than 10,000 characters; use a table, or several rules"),
        ("(" * 31 + "1" + ")" * 31, DEEP),
        ("fields.a" + " | lower" * 149, DEEP),
        ("9" * 4_301, "holds a number of too many digits"),
        (
            "fields.a | replace(*fields.b)",
            "filter 'replace': * spreads arguments, which expressions can't; write them out",
        ),
        (
            "fields.a | lookup('t', **fields.b)",
            "filter 'lookup': * spreads arguments, which expressions can't; write them out",
        ),
        (
            "fields.a | replace(old='a', old='b')",
            "filter 'replace': an argument is given twice; write it as | replace(old, [new])",
        ),
        ("fields.a is missing(1)", f"test 'is missing' {NOTHING_BEHIND}"),
        ("fields.a is missing fields.b", f"test 'is missing' {NOTHING_BEHIND}"),
    ],
    ids=lambda value: value[:40],
)
def test_what_is_too_much_or_too_clever_is_a_fault_of_the_file(expression: str, words: str) -> None:
    assert [flaw.words for flaw in look_at(expression, Language(), Vocabulary(["t"])).flaws] == [words]


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 30 + "1" + ")" * 30,
        "fields.a" + " | lower" * 140,
        " or ".join(["fields.a == 'x'"] * 140),
        "'" + "(" * 99 + "'",
    ],
    ids=lambda value: value[:40],
)
def test_what_is_just_within_the_limits_is_read_however_deep_the_stack_is(expression: str) -> None:
    def deeper(left: int) -> Hook | None:
        return deeper(left - 1) if left else read(text_of(expression, when=expression))

    assert deeper(100)


class Watched(dict[str, Any]):
    """An object of an event that notes what is asked of it beside its keys."""

    asked: set[str] = set()  # noqa: RUF012 -- all of them together

    def __getattribute__(self, name: str) -> Any:
        Watched.asked.add(name)
        return super().__getattribute__(name)


@given(expression=expressions)
@settings(CALM, max_examples=200)
def test_an_expression_reaches_the_keys_of_an_event_and_no_attribute(expression: str) -> None:
    hook = read(text_of(expression))
    if hook is None:
        return
    Watched.asked.clear()
    grown = Watched(a=Watched(a="x", b=[Watched(a=1)]), b="y", c=3)

    mapped(Event(id="e", fields=grown, hidden=Watched(lead_id=LEAD), form=grown, campaign=grown, raw=grown), hook)

    # Its own type, and the values of an object whose length is counted.
    assert Watched.asked <= {"__class__", "values"}


@pytest.mark.parametrize("name", sorted(FILTERS))
@given(value=huge)
@settings(CALM, max_examples=9)
def test_every_filter_ends_soon_on_a_text_or_list_of_any_length(name: str, value: Any) -> None:
    arguments = {"replace": "('a', 'bb')", "lookup": "('t', 'other')", "default": "('x')", "phone": "('CL')"}
    hook = read(text_of(f"fields.a | {name}{arguments.get(name, '')}"))
    assert hook

    mapped(Event(id="e", fields={"a": value}, hidden={"lead_id": LEAD}), hook)


def test_a_value_that_takes_too_much_work_is_the_fault_of_its_own_field() -> None:
    hook = read(text_of("fields.a | title | title"))
    assert hook

    made = mapped(Event(id="e", fields={"a": "ab " * 9_000}, hidden={"lead_id": LEAD}), hook)

    words = "takes too much work, for its text is too long; cut it first, as in fields.text[:500]"
    assert {(fault.register, fault.words) for fault in made.faults} == {
        (register, words) for register in ("first_name", "metadata.whole", "metadata.part")
    }
    assert made.state is State.IN_FLIGHT
    assert dict(made.updates[0].set) == {"last_name": "x", "title": "Sra."}


def test_a_long_text_can_be_cut_and_then_be_worked_on() -> None:
    hook = read(text_of("fields.a[:5] | title"))
    assert hook

    made = mapped(Event(id="e", fields={"a": "ab " * 90_000}, hidden={"lead_id": LEAD}), hook)

    assert made.updates[0].set["first_name"] == "Ab Ab"


def test_what_another_field_costs_changes_nothing_of_a_value() -> None:
    costly = "  - {name: costly, update: {company: '${fields.a | split | join | slug}'}}\n"
    alone, beside = read(text_of("fields.a | lower")), read(text_of("fields.a | lower") + costly)
    assert alone
    assert beside

    for length in (9_000, 90_000):
        one = Event(id="e", fields={"a": "Ab" * (length // 2)}, hidden={"lead_id": LEAD})
        first, second = mapped(one, alone), mapped(one, beside)

        assert first.updates[0].set.items() <= second.updates[0].set.items()
        assert set(first.faults) <= set(second.faults)


@pytest.mark.parametrize(
    "text", ['{name: "\\uD800", update: {title: x}}', '{name: x, update: {metadata: {"\\uD800": x}}}']
)
def test_half_a_character_anywhere_in_a_hook_file_is_a_fault_of_it(text: str) -> None:
    assert read(f"{BY_ID}rules:\n  - {text}\n") is None


@pytest.mark.parametrize(
    "text",
    [
        "rules: " + "[" * 100_000,
        "rules: " + "[[]," * 20_000,
        "rules: " + "{a: " * 20_000,
        "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d]",
        "x: &u {"
        + ", ".join(f"k{number}: '${{fields.a}}'" for number in range(300))
        + "}\nrules:\n".join(f"  - {{name: a{number}, update: {{metadata: *u}}}}\n" for number in range(300)),
        "&a [*a, *a]",
    ],
    ids=["lists", "lists in lists", "objects", "aliases of aliases", "aliases of rules", "an alias of itself"],
)
def test_a_file_that_would_keep_its_reader_busy_is_refused_soon(text: str) -> None:
    began = time.process_time()

    assert read(f"{BY_ID}{text}\n") is None
    assert time.process_time() - began < MOST_SECONDS


YAML = [
    "a",
    "b: c",
    "- x",
    "sender: typeform",
    "secrets: [S]",
    "lead:",
    "  id: ${hidden.lead_id}",
    "rules:",
    "  - name: one",
]
YAML += [
    "    update:",
    "      first_name: ${fields.a}",
    "    when: fields.a",
    "*a",
    "&a",
    "<<: *a",
    "[",
    "{",
    "!!int x",
    "\t",
]
YAML += [
    "---",
    "...",
    "%YAML 1.1",
    "? a",
    ": b",
    "'",
    '"\\uD800"',
    '"\\0"',
    "|",
    ">-",
    "# x",
    "\ufeff",
    "\x85",
    "\ud800",
]


@given(lines=st.lists(st.sampled_from(YAML) | st.text(max_size=10), max_size=12))
@settings(CALM, max_examples=300)
def test_any_text_is_a_hook_file_or_has_its_faults(lines: list[str]) -> None:
    read("\n".join(lines))
    read(BY_ID + "rules:\n" + "\n".join(lines))


@given(at=st.integers(0, 2_000), put=st.text(max_size=4), cut=st.integers(0, 9))
@settings(CALM, max_examples=300)
def test_a_hook_file_with_a_slip_is_read_or_has_its_faults(at: int, put: str, cut: int) -> None:
    text = text_of("fields.a | title")
    at %= len(text)

    read(text[:at] + put + text[at + cut :])
