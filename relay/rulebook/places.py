"""Finds where in a hook file something stands: a node of its YAML, or a character inside a scalar's value.

``yaml_nodes`` asks once something is wrong there. A value is not its source: quotes, escapes, folded lines and indents
stand between the two, so the two are walked side by side.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from relay.rulebook.yaml_reading import Node, Scalar

#: Anchor and tag before a value.
PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
#: How long an escape is in double quotes; others have two characters.
ESCAPES = {"x": 4, "u": 6, "U": 10}
BLANK = " \t\r\n"


class Place(NamedTuple):
    """A place in a file: line and column from 1, and the number of characters that it is about, 0 where not known."""

    line: int
    column: int = 0
    length: int = 0


def place_of(node: Node) -> Place:
    """Give where a node begins, and its length where it ends in the same line."""
    start, end = node.start, node.end
    return Place(start.line + 1, start.column + 1, end.column - start.column if end.line == start.line else 0)


def place_at(text: str, index: int, length: int) -> Place:
    """Give the place of a character of a file's text."""
    line_start = text.rfind("\n", 0, index) + 1
    line_end = text.find("\n", index)
    longest = (len(text) if line_end < 0 else line_end) - index
    return Place(text.count("\n", 0, index) + 1, index - line_start + 1, min(length, longest))


def place_inside(text: str, node: Scalar, offset: int, length: int) -> Place:
    """Give the place of a character of a scalar's value, else of the scalar."""
    index = index_inside(text, node, offset)
    return place_of(node) if index is None else place_at(text, index, length)


def index_inside(text: str, node: Scalar, offset: int) -> int | None:
    """Walk along a scalar's source and its value to a character of the value; None where the two part ways."""
    value, quote = node.text, node.style
    at = first_index(text, node)
    for letter in value[:offset]:
        step = step_over(text, at, letter, quote)
        if step is None:
            return None
        at = step
    if value[offset : offset + 1].strip():
        at = past_blanks(text, at)
    return at if at < len(text) else None


def first_index(text: str, node: Scalar) -> int:
    """Find the first character of a scalar's value in the file."""
    start: int = node.start.index
    properties = PROPERTIES.match(text, start)
    start = properties.end() if properties else start
    if node.style in ("|", ">"):
        return past_blanks(text, text.find("\n", start) + 1)
    return start + 1 if node.style in ("'", '"') else start


def step_over(text: str, at: int, letter: str, quote: str) -> int | None:
    """Step over one character of a value, however it is written."""
    if letter in BLANK and text[at : at + 1] != "\\":
        return at + 1 if text[at : at + 1] == letter != "\n" else past_blanks(text, at)
    at = past_blanks(text, at)
    if quote == '"' and text[at : at + 1] == "\\":
        return step_over_escape(text, at, letter)
    if quote == "'" and text.startswith("''", at):
        return at + 2
    return at + 1 if text[at : at + 1] == letter else None


def step_over_escape(text: str, at: int, letter: str) -> int | None:
    if text[at + 1 : at + 2] in ("\r", "\n"):  # a line that goes on, which is nothing in the value
        return step_over(text, past_blanks(text, at + 1), letter, '"')
    return at + ESCAPES.get(text[at + 1], 2)


def past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANK:
        at += 1
    return at
