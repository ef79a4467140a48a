"""Reads the expressions of one hook file, and notes what they name.

``hook_file`` and ``rule_reading`` read texts with it; ``doubts`` asks it afterwards what was named and what was not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from relay.expressions.certain import Fixed
from relay.expressions.flaws import Key, Vocabulary, look_at, span_of
from relay.expressions.formulas import Reader, Template, Unit
from relay.expressions.grammar import BadTemplate, template_of
from relay.expressions.language import Branch, Language, Tree
from relay.hooks import Formula
from relay.rulebook.places import Place
from relay.rulebook.yaml_nodes import Entry, Page
from relay.rulebook.yaml_reading import Scalar


class Named(NamedTuple):
    """A key that an expression reads: ``presupuesto`` of ``fields``, in which value of the file, and for what."""

    key: Key
    entry: Entry
    #: Where the expression begins in the value.
    start: int
    what: str


@dataclass(frozen=True)
class Wording:
    """What expressions of one hook file are read with: its page for the faults, its language, its names."""

    page: Page
    language: Language
    known: Vocabulary
    #: What some names are for every event of this hook.
    fixed: Fixed
    #: Whether what was read is compiled at once, for a door, or when it is first asked for.
    at_once: bool = True
    #: Every expression that could be read, by its source.
    trees: dict[str, Tree] = field(default_factory=dict)
    named: list[Named] = field(default_factory=list)
    #: Tables that a ``lookup`` names.
    tables: set[str] = field(default_factory=set)

    def template(self, entry: Entry, what: str) -> Template | None:
        """Read a text with holes; None after a fault."""
        text = self.page.text_of(entry, what)
        if text is None:
            return None
        try:
            template = template_of(text)
        except BadTemplate as error:
            self.page.fault(self.inside(entry, error.start, len(text)), f"{what} {error}")
            return None
        holes = zip(template.starts, template.holes, strict=True)
        good = [self.expression(entry, hole, what, start) is not None for start, hole in holes]
        return template if all(good) else None

    def expression(self, entry: Entry, source: str, what: str, start: int = 0) -> Tree | None:
        """Read an expression, which begins there in the value; None after a fault."""
        look = look_at(source, self.language, self.known)
        for flaw in look.flaws:
            note = self.page.idle if flaw.idle else self.page.fault
            note(self.inside(entry, start + flaw.start, flaw.length), f"{what}: {flaw.words}")
        self.named.extend(Named(key, entry, start, what) for key in look.keys)
        self.tables.update(look.tables)
        if look.tree is not None:
            self.trees[source] = look.tree
        return None if any(not flaw.idle or not self.page.again for flaw in look.flaws) else look.tree

    def inside(self, entry: Entry, start: int, length: int) -> Place:
        """Give the place of some characters of a text."""
        return self.page.inside(entry.node, start, length) if isinstance(entry.node, Scalar) else entry.at

    def at_node(self, entry: Entry, source: str, node: Branch) -> Place:
        """Give the place of a node of an expression; of the whole where the node is the whole."""
        if node is self.trees.get(source):
            return entry.at
        start, end = span_of(node, source)
        return self.inside(entry, start, end - start)

    def formula(self, entry: Entry, what: str) -> Formula | None:
        """Read a value that must come out of the event."""
        template = self.template(entry, what)
        if template is None:
            return None
        if not template.holes:
            self.page.fault(entry.at, f"{what} is the same for every event; write an expression in ${{ }}")
            return None
        reader = Reader(self.language, template)
        if not self.compiles(reader, entry.at, what):
            return None
        return Formula(source=template.source, read=reader, line=entry.key.line)

    def compiles(self, unit: Unit | Reader, at: Place, what: str) -> bool:
        """Compile what was read, where that is wanted now; False after a fault."""
        try:
            return not self.at_once or callable(unit.evaluate)
        except Exception:  # Python's limits are not ours to know, and no event may be the first to meet them
            self.page.fault(at, f"{what} is too much for one rule; part it into several")
            return False
