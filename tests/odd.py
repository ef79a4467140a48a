"""Odd things for property tests: expressions by the grammar and beside it, hook files, and events of every kind."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS

from relay.expressions.filters import FILTERS, TESTS
from relay.model import Event, Json
from tests.hook_texts import LEAD

#: What people try who want out of a sandbox, and what is only odd.
HOSTILE = [
    "fields.__class__.__mro__[1].__subclasses__()",
    "fields['__class__']['__init__']['__globals__']",
    "fields | attr('__class__')",
    "fields.a | map(attribute='__class__') | list",
    "'{0.__class__}'.format(fields)",
    "'%s' % fields",
    "'%1000000000d' % 1",
    "'{:>1000000000}' | format(1)",
    "fields.a.format(1)",
    "fields.items()",
    "self._TemplateReference__context",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__",
    "namespace(a=1)",
    "range(1000000000)",
    "joiner()",
    "config",
    "_",
    "loop.index",
    "caller()",
    "true.__class__",
    "none.real",
    "(1).real",
    "1.5.hex()",
    "9 ** 9 ** 9",
    "'a' * 1000000000",
    "[0] * 1000000000",
    "fields * 3",
    "1 << 100000",
    "0x" + "f" * 3_000,
    "9" * 4_000,
    "9" * 5_000,
    "9" * 4_000 + " * " + "9" * 4_000,
    "1e308 * 1e308 - 1e308 * 1e308",
    "1e999",
    "-" * 300 + "1",
    "not " * 300 + "fields.a",
    "(" * 200 + "1" + ")" * 200,
    "[" * 29 + "fields.a" + "]" * 29,
    "fields.a" + " | lower" * 140,
    "fields.a" + " | slug" * 400,
    "fields.a" + "[1:]" * 140,
    "fields.a" + ".a" * 1_000,
    " or ".join(["fields.a == 'x'"] * 140),
    " ~ ".join(["fields.a"] * 900),
    " + ".join(["1"] * 140),
    "fields.a" + " | replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')" * 50,
    "fields.a" + " | split('') | join('xxxxxxxxxx')" * 50,
    "fields.a | replace(old='a', old='b')",
    "fields.a | replace(*fields.b)",
    "fields.a | replace('a', *fields.b)",
    "fields.a | lookup(**fields.b)",
    "fields.a | phone(region=none)",
    "fields.a is defined(1)",
    "fields.a is in fields.b",
    "fields.a is missing fields.b",
    "fields.a is sameas fields.b",
    "fields.a[::0]",
    "fields.a['x':'y']",
    "fields.a[fields.b:fields.c]",
    "fields[[1]]",
    "{[1]: 2}",
    "{fields.b: fields.b}",
    "fields.a if",
    "fields.a if fields.b else",
    "1 if 2 if 3 else 4 else 5",
    "fields.a | round(1000000000)",
    "1.5 | round(fields.a)",
    "1e14 | round(-1000000000)",
    "fields.a | join(fields.b)",
    "fields.a | split(fields.a)",
    "fields.a in fields.a",
    "fields.a == fields.b == fields.c",
    "fields.a < fields.b",
    "[fields.a, fields.a] == [fields.b, fields.b]",
    "{'a': fields} | length",
    "raw | join",
    "raw",
    "'\\ud800'",
    "'\\N{DIGIT ONE}'",
    "'\\x'",
    "'\\0'",
    "fields['\\ud800']",
    "#comment",
    "{# #}",
    "{{ fields.a }}",
    "{% if 1 %}",
    "fields.a\n| lower",
    "fields.a\r\n| lower\0",
    "\ufb01elds.a",
    "fields.\uff41",
    "fields.a | \uff4cower",
    "fields . a",
    "fields.a;import os",
    "fields.a \\\n b",
    "lambda: 1",
    "fields.a := 1",
    "await fields.a",
    "async",
    "class",
    "fields.class",
    "fields.a | phone(class='x')",
    "fields.a | replace('a', new='b', zzz='c')",
    ",",
    "1,2",
    "*fields",
    "**fields",
    "...",
    "",
    " ",
    "'",
    '"',
    "}",
    "${",
]

WORDS = [
    "a",
    "b",
    "c",
    "'x'",
    "0",
    "1.5",
    "none",
    "true",
    "not",
    "and",
    "or",
    "in",
    "is",
    "if",
    "else",
    "fields",
    "raw",
]
WORDS += [
    "hidden",
    "event",
    "__class__",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    ":",
    "|",
    "~",
    "+",
    "-",
    "*",
    "/",
    "//",
]
WORDS += [
    "%",
    "**",
    "==",
    "!=",
    "<",
    ">=",
    "=",
    "'",
    '"',
    "\\",
    "$",
    "${",
    "#",
    "\n",
    "\0",
    "ñ",
    "\ud800",
    "1e9",
    *FILTERS,
]

texts = st.sampled_from(
    ["", " ", "a", "María José", "+56 9 8765 4321", "UF 3.000", "3 de mayo de 2026", "sí", "\0", "ﷺ" * 9]
)
texts |= st.text(max_size=20)
numbers = st.sampled_from([0, -1, 1.5, 2**63, 10**25, 1e308, -0.0]) | st.integers() | st.floats()
letters = st.sampled_from("abc")


def quoted(text: str) -> str:
    """Write a text as an expression does."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


literals = texts.map(quoted) | st.integers(-9, 10**12).map(str) | st.sampled_from(["1.5", "true", "none", "[]", "{}"])
names = st.sampled_from(["fields", "hidden", "form", "campaign", "event", "hook", "raw"])
paths = st.builds(lambda name, keys: ".".join([name, *keys]), names, st.lists(letters, max_size=3))


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make expressions of expressions, as the grammar has them."""
    joints = ["and", "or", "~", "+", "-", "*", "/", "//", "%", "==", "!=", "<", ">=", "in", "not in"]
    three = st.tuples(inner, inner, inner)
    return (
        st.builds(lambda left, op, right: f"({left} {op} {right})", inner, st.sampled_from(joints), inner)
        | st.builds(lambda one, name: f"{one} | {name}", inner, st.sampled_from(sorted(FILTERS)))
        | st.builds(lambda one, name, more: f"({one} | {name}({more}))", inner, st.sampled_from(sorted(FILTERS)), inner)
        | st.builds(lambda one, old, new: f"({one} | replace({old}, {new}))", inner, inner, inner)
        | st.builds(
            lambda one, region: f"({one} | phone('{region}'))", inner, st.sampled_from(sorted(SUPPORTED_REGIONS))
        )
        | st.builds(lambda one, other: f"({one} | lookup('t', {other}))", inner, inner)
        | st.builds(lambda one, name: f"({one} is {name})", inner, st.sampled_from(sorted(TESTS)))
        | three.map(lambda parts: "({} if {} else {})".format(*parts))
        | three.map(lambda parts: "{}[{}:{}]".format(*parts))
        | st.builds(lambda one, key: f"{one}[{key}]", inner, inner)
        | st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.builds(lambda key, one: f"{{{key}: {one}}}", inner, inner)
        | inner.map(lambda one: f"-{one}")
        | inner.map(lambda one: f"not {one}")
    )


by_grammar = st.recursive(paths | literals, larger, max_leaves=12)
soup = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=30)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Give a good or a hostile expression in which something was put in, or left out."""
    text = draw(by_grammar | st.sampled_from(HOSTILE))
    place = draw(st.integers(0, len(text)))
    return text[:place] + draw(st.sampled_from(WORDS) | st.just("")) + text[place + draw(st.integers(0, 3)) :]


expressions = by_grammar | soup | st.sampled_from(HOSTILE) | mutated()

LONG = 200_000


def nested(depth: int) -> Json:
    """Give a list in a list, and so on."""
    value: Json = "a"
    for _ in range(depth):
        value = [value]
    return value


huge = st.sampled_from(
    [
        "a" * LONG,
        "ﷺ" * LONG,
        "a@" + "a." * (LONG // 2),
        " " * LONG + "1",
        "1," * LONG,
        list(range(LONG)),
        ["a" * 9] * (LONG // 10),
        nested(200),
        {str(number): number for number in range(LONG // 10)},
    ]
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(letters | st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(letters | st.text(max_size=5), values, max_size=5)


@st.composite
def events(draw: st.DrawFn, *, large: bool = False) -> Event:
    """Give an event that knows its lead, and else holds anything."""
    fields = draw(objects)
    if large:
        fields |= draw(st.dictionaries(letters, huge, min_size=1, max_size=2))
    return Event(
        id=draw(st.text(min_size=1, max_size=20)),
        fields=fields,
        hidden={**draw(objects), "lead_id": LEAD},
        form=draw(objects),
        campaign=draw(objects),
        kind=draw(texts),
        at_ms=draw(st.none() | st.integers()),
        test=draw(st.booleans()),
        raw=draw(values),
    )
