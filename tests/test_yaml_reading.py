"""Both readers of YAML read the same, and every character of a value is found in the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from relay.rulebook.places import index_inside, place_inside
from relay.rulebook.yaml_reading import (
    UNUSUAL,
    BadYaml,
    Items,
    Node,
    Pairs,
    Scalar,
    composed,
    exactly,
    quickly,
    read,
    tagged,
    typed,
)

RULES = Path(__file__).parent.parent / "rules"
TEXTS = [file.read_text(encoding="utf-8") for file in sorted(RULES.rglob("*.yaml"))]
#: What people write, and what a slip of theirs leaves behind.
SCRAPS = [
    *("\t", " ", "  ", "\n", "\r\n", ": ", ":", "- ", "#", " #", "'", '"', "''", "[", "]", "{", "}", ",", "? ", "%"),
    *("&a ", "*a", "!x ", "!", "|\n", ">\n", "|-\n", "> ", "|+\n", ">2\n", "@", "`", "${x}", "é", "---", "...", "~"),
    *("null", "<<: ", "0x1", "key: ", "\u00a0", "\x07", "\x85", "\u2028", "\ufeff", "\r", "|#", "&a:", "\\"),
    "\N{SLIGHTLY SMILING FACE}",
]


def shape(node: Node | None, seen: set[int]) -> object:
    """Give all that is asked of a node, in a form that can be compared."""
    if node is None or id(node) in seen:
        return "again" if node else None
    seen.add(id(node))
    at = (node.start.line, node.start.column, node.start.index)
    if isinstance(node, Scalar):
        empty = node.start.index == node.end.index
        end = (node.end.line, node.end.column, node.end.index)
        return (node.tag, "empty") if empty else (node.tag, node.text, node.style, node.plain, node.value, at, end)
    if isinstance(node, Items):
        return (node.tag, node.flow, at, [shape(one, seen) for one in node.items])
    return (node.tag, node.flow, at, [(shape(key, seen), shape(value, seen)) for key, value in node.pairs])


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Give some lines of a hook file with a few scraps thrown in."""
    lines = draw(st.sampled_from(TEXTS)).splitlines(keepends=True)
    first = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[first : first + draw(st.integers(1, 9))])
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[at + draw(st.sampled_from([0, 0, 1, 3])) :]
    return text


@settings(max_examples=1500, deadline=None)
@given(spoilt())
@pytest.mark.skipif(not yaml.__with_libyaml__, reason="libyaml is not there: all is read by the other reader")
def test_what_libyaml_reads_is_what_the_other_reader_reads(text: str) -> None:
    if UNUSUAL.search(text):
        return  # it is never asked
    try:
        quick = composed(quickly(text))
    except (yaml.YAMLError, BadYaml):
        return  # the other one decides

    if isinstance(quick, Pairs):  # of what is no object, the other one decides
        assert shape(quick, set()) == shape(exactly(text), set())


def test_the_hook_files_that_are_there_are_read_by_libyaml() -> None:
    assert not any(UNUSUAL.search(text) for text in TEXTS)


@settings(max_examples=1000)
@given(st.text("0123456789_+-.eExXoObBinfaNAtrulsTRUE~ n", max_size=8) | st.sampled_from(["0o17", "0b1", ".inf"]))
def test_a_plain_scalar_has_the_type_that_yaml_1_2_gives_it(text: str) -> None:
    tag = str(VersionedResolver(version="1.2").resolve(ScalarNode, text, (True, False)))

    assert repr(typed(text)) == repr(tagged(tag, text))


WORDS = st.lists(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="\ufeff"), min_size=1),
    min_size=1,
    max_size=12,
)


@settings(max_examples=400, deadline=None)
@given(WORDS, st.sampled_from(["'", '"', "|", ">", None]), st.integers(20, 80), st.booleans())
def test_every_character_of_a_value_is_found_where_it_is_written(
    words: list[str], style: str | None, width: int, unicode: bool
) -> None:
    value = " ".join(words)
    text = yaml.dump({"key": {"of": value}}, default_style=style, width=width, allow_unicode=unicode)
    node = read(text)
    scalar = node.pairs[0].value.pairs[0].value  # type: ignore[union-attr]
    assert isinstance(scalar, Scalar)
    assert scalar.text.rstrip("\n") == value

    for offset, letter in enumerate(value):
        at = index_inside(text, scalar, offset)
        assert at is not None
        assert letter == " " or text[at] in (letter, "\\")


def test_a_place_that_can_not_be_found_is_that_of_the_whole_value() -> None:
    text = "key: some text\n"
    node = read(text)
    scalar = node.pairs[0].value  # type: ignore[union-attr]

    assert place_inside("other: lines\n", scalar, 3, 1) == (1, 6, 9)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["[" * 50_000, "{a: " * 20_000, "- " * 3_000, "a: [b]\n" * 50_000])
def test_a_text_of_absurd_size_or_depth_is_refused_at_once(text: str) -> None:
    with pytest.raises(BadYaml):
        read(text + "\t}")
