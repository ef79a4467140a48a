"""Reads YAML as nodes that know their lines, and collects what is wrong with them.

``hook_file`` and ``rule_reading`` walk a page with it; the rulebook shows the faults. YAML is 1.2: ``no`` is the
text "no", and a key written twice is a fault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from relay.errors import Problem
from relay.expressions.grammar import nearest, suggest
from relay.lead_fields import kind_of
from relay.model import Json
from relay.rulebook.places import Place, place_inside, place_of
from relay.rulebook.yaml_reading import CORE, CORE_TAGS, BadYaml, Items, Node, Pairs, Scalar, read

#: What is wrong with a whole file is told of its first line.
WHOLE = Place(1)


class Entry(NamedTuple):
    """A value in the file, with the place of its key: an empty value's own place may be a line below."""

    key: Place
    node: Node

    @property
    def at(self) -> Place:
        """Where the value stands, where it has a place of its own that a person would look at, else its key."""
        block = not isinstance(self.node, Scalar) and not self.node.flow
        return self.key if block or self.node.start.index == self.node.end.index else place_of(self.node)


@dataclass
class Page:
    """One hook file while it is read: its name, its text, and what is wrong with it so far."""

    file: str
    text: str = ""
    problems: list[Problem] = field(default_factory=list)
    #: Whether it was loaded once and is read again: what works, though to no effect, is no fault then.
    again: bool = False

    def fault(self, at: Place, words: str) -> None:
        self.note(at, words, "fault")

    def idle(self, at: Place, words: str) -> None:
        """Note what does no harm and has no effect: a fault where rules are written."""
        self.note(at, words, "warning" if self.again else "fault")

    def warn(self, at: Place, words: str) -> None:
        self.note(at, words, "warning")

    def note(self, at: Place, words: str, severity: Literal["fault", "warning"]) -> None:
        line, column, length = at
        self.problems.append(
            Problem(file=self.file, line=line, column=column, length=length, words=words, severity=severity)
        )

    @property
    def faulty(self) -> int:
        """How many faults there are so far."""
        return sum(problem.severity == "fault" for problem in self.problems)

    def in_order(self) -> tuple[Problem, ...]:
        return tuple(sorted(self.problems, key=lambda problem: (problem.line, problem.column)))

    def inside(self, node: Scalar, offset: int, length: int) -> Place:
        """Give the place of some characters of a scalar's value."""
        return place_inside(self.text, node, offset, length)

    def compose(self, content: bytes) -> Entry | None:
        """Read the file's bytes; None after a fault."""
        try:
            self.text = content.decode("utf-8-sig")
            node = read(self.text)
        except UnicodeDecodeError as error:
            line_start = content.rfind(b"\n", 0, error.start) + 1
            column = len(content[line_start : error.start].decode(errors="replace")) + 1
            self.fault(Place(content.count(b"\n", 0, error.start) + 1, column, 1), "is not UTF-8 text")
        except BadYaml as error:
            at = Place(error.line, error.column) if error.line else WHOLE
            self.fault(at, f"is not YAML: {error}")
        else:
            if node is not None:
                return self.without_tags(Entry(place_of(node), node))
            self.fault(WHOLE, "is empty")
        return None

    def without_tags(self, root: Entry) -> Entry:
        """Say where a tag such as ``!secret`` stands: a hook file gives none a meaning."""
        for node in every(root.node):
            if has_tag(node):
                words = "means nothing here; leave it out, or put the value in quotes"
                self.fault(place_of(node), f"the tag {node.tag} {words}")
            if isinstance(node, Scalar) and not is_utf8(node.text):
                self.fault(
                    place_of(node), "holds half a character (a lone surrogate), as in \\ud83d; write the whole one"
                )
        return root

    def entries(self, entry: Entry, what: str) -> dict[str, Entry] | None:
        """Read an object's entries by key, and say which are written twice; None after a fault of its type."""
        if not isinstance(entry.node, Pairs):
            self.fault(entry.at, f"{what} must be an object, not {kind_of_node(entry.node)}")
            return None
        found: dict[str, Entry] = {}
        for key, value in entry.node.pairs:
            if not isinstance(key, Scalar) or not key.text:
                self.fault(place_of(key), f"{what} has a key that is no text")
            elif key.text in found:
                first = found[key.text].key.line
                self.fault(
                    place_of(key), f"{what} has the key {key.text!r} twice, first in line {first}; leave out one"
                )
            else:
                found[key.text] = Entry(place_of(key), value)
        return found

    def known(self, entries: dict[str, Entry], what: str, keys: Collection[str]) -> None:
        """Say which keys of an object are not known. The entry of one that is nearly known goes under its right name.

        So nobody is told that it is missing, and what is wrong in it is told at once.
        """
        for key, entry in list(entries.items()):
            if key not in keys:
                self.fault(entry.key, f"{what} has the unknown key {key!r}{suggest(key, keys, 'keys')}")
                if meant := nearest(key, keys):
                    entries.setdefault(meant, entry)

    def items(self, entry: Entry, what: str) -> list[Entry]:
        """Read a list that holds something; an empty one after a fault."""
        if not isinstance(entry.node, Items):
            self.fault(entry.at, f"{what} must be a list, not {kind_of_node(entry.node)}")
            return []
        if not entry.node.items:
            self.fault(entry.at, f"{what} is empty")
        return [Entry(place_of(node), node) for node in entry.node.items]

    def text_of(self, entry: Entry, what: str) -> str | None:
        """Read text that is not blank."""
        value = scalar_of(entry.node)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, str) and not has_tag(entry.node):
            self.fault(entry.at, f"{what} is empty")
        elif not isinstance(value, str):
            self.fault(entry.at, f"{what} must be text, not {kind_of_node(entry.node)}")
        return None

    def option(self, entry: Entry | None, what: str, choices: Sequence[str]) -> str:
        """Read one of a few words; the first one where nothing is written."""
        if entry is None:
            return choices[0]
        node = entry.node
        value = node.text if isinstance(node, Scalar) else ""
        if value.lower() not in choices:
            given = repr(value) if value else kind_of_node(node)
            self.fault(entry.at, f"{what} must be {', '.join(choices[:-1])} or {choices[-1]}, not {given}")
        return value.lower()


def scalar_of(node: Node) -> Json:
    """Give a scalar's value; None for what is none."""
    return node.value if isinstance(node, Scalar) else None


def kind_of_node(node: Node) -> str:
    if isinstance(node, Scalar):
        return kind_of(node.value)
    return "an object" if isinstance(node, Pairs) else "a list"


def is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_tag(node: Node) -> bool:
    return node.tag.removeprefix(CORE) not in CORE_TAGS


def every(node: Node) -> Iterator[Node]:
    """Give a node and all below it, each once: an alias is the very node of its anchor, and may be above itself."""
    seen, left = set(), [node]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, Pairs):
            left += [part for pair in one.pairs for part in pair]
        elif isinstance(one, Items):
            left += one.items
