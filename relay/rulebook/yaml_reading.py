"""Reads YAML 1.2 as nodes that know their places: quickly where it is plain, exactly where it is not.

``yaml_nodes`` calls it for each hook file. libyaml reads fifty times faster than the library that reads YAML as its
authors mean it; of texts in which the two could differ, and of all that libyaml refuses, the latter alone decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import yaml

from relay.model import Json
from relay.rulebook.yaml_words import PLAIN, Failure, plain_words

CORE = "tag:yaml.org,2002:"
CORE_TAGS = ("", "!", "str", "int", "float", "bool", "null", "seq", "map", "timestamp", "merge", "value")
#: Tabs, anchors, aliases, tags, directives, odd line breaks, a comment right behind the mark of a block.
UNUSUAL = re.compile(r"[\t\x85\u2028\u2029\ufeff]|\r(?!\n)|(?<![^\s,\[{}:?-])(?:[&*!](?=\S)(?!=)|%)|[|>][-+\d]*#")
#: What plain scalars mean by the core schema, with the first characters that decide whether it is worth a look.
TYPED = frozenset("-+.0123456789tTfFnN~")
FLOAT = re.compile(
    r"[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|[-+]?\d[\d_]*[eE][-+]?\d+|[-+]?\.[\d_]+(?:[eE][-+]\d+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    re.ASCII,
)
INT = re.compile(r"[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[\d_]+|[-+]?0x[\da-fA-F_]+", re.ASCII)
WORDS: dict[str, Json] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("~", "null", "Null", "NULL", ""), None),
}

#: Bound of what is read, so that a slip, or a wish to harm, costs seconds at the most.
LONGEST = 300_000
BRACKETS = re.compile(r"[\[\]{}]")

#: A library's mark: ``line``, ``column`` and ``index``, each from 0.
Mark: TypeAlias = Any

#: Lists and objects within one another: a hook file needs eight, and the slower reader takes the square of the depth.
DEEPEST = 50
#: Values for which aliases may stand in a file: a few lines of aliases of aliases would else be millions of values.
MOST_REPEATED = 10_000


class BadYaml(Exception):
    """A text that is no YAML. Line and column are from 1; 0 where it is not known where."""

    def __init__(self, words: str, line: int = 0, column: int = 0) -> None:
        super().__init__(words)
        self.line, self.column = line, column


@dataclass(slots=True, eq=False)
class Scalar:
    """A value that is neither an object nor a list."""

    text: str
    #: As written; empty where there is none.
    tag: str
    #: A quote, ``|`` or ``>``; empty for plain ones.
    style: str
    start: Mark
    end: Mark
    #: Whether it is plain, so that its text decides its type.
    plain: bool

    @property
    def value(self) -> Json:
        """Give its value by the core schema of YAML 1.2; a date is text."""
        if self.plain:
            return typed(self.text)
        return tagged(self.tag, self.text)


@dataclass(slots=True, eq=False)
class Items:
    """A list."""

    tag: str
    #: Whether it is written in ``[ ]``.
    flow: bool
    start: Mark
    end: Mark
    items: list[Node] = field(default_factory=list)


class Pair(NamedTuple):
    key: Node
    value: Node


@dataclass(slots=True, eq=False)
class Pairs:
    """An object: its keys and values in order, with those that are written twice."""

    tag: str
    #: Whether it is written in ``{ }``.
    flow: bool
    start: Mark
    end: Mark
    pairs: list[Pair] = field(default_factory=list)


Node: TypeAlias = "Scalar | Items | Pairs"


def typed(text: str) -> Json:
    """Read a plain scalar."""
    if text and text[0] not in TYPED:
        return text
    if text in WORDS:
        return WORDS[text]
    if FLOAT.fullmatch(text):
        return number_of("float", text)
    return number_of("int", text) if INT.fullmatch(text) else text


def tagged(tag: str, text: str) -> Json:
    """Read a scalar by its tag; text where it has none."""
    kind = tag.removeprefix(CORE)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    return number_of(kind, text) if kind in ("int", "float") else text


def number_of(kind: str, written: str) -> Json:
    """Read a number of any notation of YAML's; what only claims to be one is text."""
    text = written.replace("_", "").lower()
    try:
        if kind == "int":
            return int(text, 0 if text.lstrip("+-")[:2] in ("0x", "0o", "0b") else 10)
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return written


def read(text: str) -> Node | None:
    """Read a text's only document; None where it has none. Raises BadYaml."""
    if len(text) > LONGEST:
        raise BadYaml(f"more than {LONGEST:,} characters; part it into several hooks")
    if yaml.__with_libyaml__ and not UNUSUAL.search(text):
        # What is refused, or is no object, the other reader finds again, or finds otherwise.
        with suppress(yaml.YAMLError, BadYaml, ValueError):
            if isinstance(found := composed(quickly(text)), Pairs):
                return found
    return exactly(text)


def quickly(text: str) -> Iterator[Any]:
    return iter(yaml.cyaml.CParser(text).get_event, None)


def exactly(text: str) -> Node | None:
    from ruamel.yaml import YAML  # noqa: PLC0415 -- slow to load, and needed for odd or faulty files only
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    if deepest(text) > DEEPEST:
        raise BadYaml(f"brackets within brackets, more than {DEEPEST} deep")
    try:
        return composed(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        at, since = place(error.problem_mark or error.context_mark), place(error.context_mark or error.problem_mark)
        told = plain_words(Failure(str(error.problem), str(error.context or ""), at, since, text))
        raise BadYaml(told.words, *told.at) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise BadYaml(str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def deepest(text: str) -> int:
    """Say how deep brackets stand within brackets at the most; the exact reader's work grows with its third power."""
    depth = most = 0
    for found in BRACKETS.finditer(text):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        most = max(most, depth)
    return most


def place(mark: Mark) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def composed(events: Iterable[Any]) -> Node | None:
    """Put nodes together out of a library's events. Raises BadYaml."""
    root: list[Node] = []
    open_nodes: list[tuple[Node | None, list[Node]]] = [(None, root)]
    anchors: dict[str, Node] = {}
    room = MOST_REPEATED
    for event in events:
        kind = type(event).__name__
        if kind in ("SequenceEndEvent", "MappingEndEvent"):
            close(*open_nodes.pop(), event.end_mark)
        elif kind == "AliasEvent":
            open_nodes[-1][1].append(anchored(event, anchors))
            room -= weight(anchored(event, anchors), room)
            if room < 0:
                words = f"aliases (*) that stand for more than {MOST_REPEATED:,} values"
                raise BadYaml(words, event.start_mark.line + 1, event.start_mark.column + 1)
        elif make := MAKERS.get(kind):
            node = make(event)
            open_nodes[-1][1].append(node)
            if event.anchor is not None:
                anchors[event.anchor] = node
            if not isinstance(node, Scalar):
                open_nodes.append((node, []))
            if len(open_nodes) > DEEPEST:
                raise BadYaml("is nested too deeply", event.start_mark.line + 1, event.start_mark.column + 1)
        elif kind == "DocumentStartEvent" and root:
            raise BadYaml(PLAIN["found another document"], *place(event.start_mark))
    return root[0] if root else None


def close(node: Node | None, found: list[Node], end: Mark) -> None:
    """Give a list or an object what was found in it."""
    if isinstance(node, Items):
        node.items = found
        node.end = end
    elif isinstance(node, Pairs):
        node.pairs = list(map(Pair, found[::2], found[1::2]))
        node.end = end


def anchored(event: Any, anchors: dict[str, Node]) -> Node:
    if event.anchor not in anchors:
        raise BadYaml(PLAIN["found undefined alias"], *place(event.start_mark))
    return anchors[event.anchor]


def weight(node: Node, most: int) -> int:
    """Count a node and all below it, an alias each time anew; no further than a little above ``most``."""
    count, left = 0, [node]
    while left and count <= most:
        one = left.pop()
        count += 1
        if isinstance(one, Items):
            left += one.items
        elif isinstance(one, Pairs):
            left += [part for pair in one.pairs for part in pair]
    return count


def scalar(event: Any) -> Scalar:
    return Scalar(
        text=event.value,
        tag=event.tag or "",
        style=event.style or "",
        start=event.start_mark,
        end=event.end_mark,
        plain=event.implicit[0] and event.tag in (None, "!"),
    )


def items(event: Any) -> Items:
    return Items(event.tag or "", bool(event.flow_style), event.start_mark, event.end_mark)


def pairs(event: Any) -> Pairs:
    return Pairs(event.tag or "", bool(event.flow_style), event.start_mark, event.end_mark)


MAKERS: dict[str, Callable[[Any], Node]] = {
    "ScalarEvent": scalar,
    "SequenceStartEvent": items,
    "MappingStartEvent": pairs,
}
