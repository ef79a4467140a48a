"""Reads one rule of a hook file: its update with holes, checked against the lead API's contract, compiled into a unit.

``hook_file`` calls it for each entry under ``rules``; mapping runs what it gives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from relay.errors import ExpressionError
from relay.expressions.certain import conjuncts, kind_given, truth_of, why_always, why_never
from relay.expressions.formulas import Template, Unit, settle
from relay.expressions.grammar import suggest
from relay.expressions.language import Tree
from relay.hooks import Rule
from relay.lead_fields import FIELDS, fault_of
from relay.model import METADATA, Json
from relay.rulebook.places import Place, place_of
from relay.rulebook.wording import Wording
from relay.rulebook.yaml_nodes import Entry, Page, kind_of_node
from relay.rulebook.yaml_reading import Items, Node, Pairs, Scalar

KEYS = ("name", "when", "update", "deliver", "stop")
#: The words of ``deliver``, the usual one first.
DELIVER = ("merged", "each")
#: How deep a list or an object in metadata may be: far less than what a JSON writer ends at.
DEEPEST = 8
#: A text that is nothing but an expression without its ``${ }``, or with those of another language.
MEANT_AS_EXPRESSION = re.compile(
    r"\{\{(.+)\}\}|\$?\{((?:fields|hidden|form|campaign)\..+)\}|\$?((?:fields|hidden|form|campaign)\.\w+)", re.DOTALL
)


@dataclass
class Draft:
    """A rule while it is read, and what is known of it before any event comes."""

    what: str
    #: Of its name, or of the whole rule where it has none.
    place: Place
    name: str = ""
    when: str | None = None
    #: Its condition, where it has one that can be read.
    tree: Tree | None = None
    each: bool = False
    stop: bool = False
    literals: dict[str, Json] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    @cached_property
    def always(self) -> bool:
        """Whether it holds for every event."""
        return self.when is None or (self.tree is not None and truth_of(self.tree) is True)

    @cached_property
    def parts(self) -> frozenset[str]:
        """Give what must all hold for it to hold, each in one spelling: many rules are held against one another."""
        return frozenset(map(repr, conjuncts(self.tree))) if self.tree is not None else frozenset()


def read_rule(wording: Wording, entry: Entry, number: int) -> tuple[Draft | None, Rule | None]:
    """Read one rule; no Rule after a fault."""
    page, before = wording.page, wording.page.faulty
    entries = page.entries(entry, f"rule {number}")
    if entries is None:
        return None, None
    name = page.text_of(entries["name"], f"rule {number}: name") if "name" in entries else None
    if "name" not in entries:
        page.fault(entry.at, f"rule {number} has no name; the name is what people see beside each value that it set")
    draft = Draft(f"rule {name!r}" if name else f"rule {number}", entries["name"].at if name else entry.key, name or "")
    page.known(entries, draft.what, KEYS)
    read_when(wording, entries.get("when"), draft)
    draft.each = page.option(entries.get("deliver"), f"{draft.what}: deliver", DELIVER) == "each"
    draft.stop = page.option(entries.get("stop"), f"{draft.what}: stop", ("false", "true")) == "true"
    read_update(wording, entries.get("update"), draft, entry.key)
    if name is None or page.faulty > before:
        return draft, None
    return draft, rule_of(wording, draft, entry.key.line, entries["when"].key.line if "when" in entries else 0)


def rule_of(wording: Wording, draft: Draft, line: int, when_line: int) -> Rule | None:
    unit = Unit(wording.language, draft.name, when=draft.when, templates=draft.templates, literals=draft.literals)
    if not wording.compiles(unit, draft.place, draft.what):
        return None
    lines = {register: place.line for register, place in draft.places.items()}
    return Rule(
        name=draft.name, line=line, run=unit, each=draft.each, stop=draft.stop, when_line=when_line, lines=lines
    )


def read_when(wording: Wording, entry: Entry | None, draft: Draft) -> None:
    """Read when the rule holds, and say where that is certain already."""
    if entry is None:
        return
    page, what = wording.page, f"{draft.what}: when"
    if isinstance(entry.node, Scalar) and isinstance(entry.node.value, bool):
        draft.when = entry.node.text.lower()
        draft.tree = wording.language.parse_expression(draft.when)
        if draft.when == "false":
            page.warn(entry.at, f"{what} is false: the rule is switched off, and holds for no event")
        return
    source = page.text_of(entry, what)
    draft.tree = wording.expression(entry, source, what) if source else None
    if source and draft.tree:
        draft.when = source
        say_certain(wording, entry, source, draft.tree, what)


def say_certain(wording: Wording, entry: Entry, source: str, tree: Tree, what: str) -> None:
    """Say that a condition can't hold, which is a fault, or that it always does."""
    if found := why_never(tree, wording.fixed):
        wording.page.idle(wording.at_node(entry, source, found.node), f"{what} {found.words}")
    elif found := why_always(tree):
        wording.page.warn(wording.at_node(entry, source, found.node), f"{what} {found.words}")


def read_update(wording: Wording, entry: Entry | None, draft: Draft, rule: Place) -> None:
    """Read the body of a PUT with holes: core fields, and keys under ``metadata``."""
    page = wording.page
    if entry is None:
        page.fault(rule, f"{draft.what} has no update; say what should be true of the lead")
        return
    fields = page.entries(entry, f"{draft.what}: update")
    if fields is None:
        return
    for name, one in fields.items():
        if name == "metadata":
            read_metadata(wording, one, draft)
        elif name in FIELDS:
            read_value(wording, one, name, draft)
        else:
            page.fault(one.key, f"{draft.what} sets unknown field {name!r}{hint_of(name)}")
            if isinstance(one.node, Scalar) and "${" in one.node.text:
                wording.template(one, f"{draft.what}: {name}")  # its faults are to be known now too
    if not fields:
        page.fault(entry.at, f"{draft.what} has an update with nothing in it")


def hint_of(name: str) -> str:
    if name.startswith(METADATA):
        return f"; write {name.removeprefix(METADATA)!r} under metadata"
    hint = suggest(name, [*FIELDS, "metadata"], "fields")
    return hint if hint.endswith("?") else f"{hint}; anything else goes under metadata"


def read_metadata(wording: Wording, entry: Entry, draft: Draft) -> None:
    page = wording.page
    keys = page.entries(entry, f"{draft.what}: metadata")
    for key, one in (keys or {}).items():
        if not isinstance(one.node, Scalar):
            read_nested(page, one, METADATA + key, draft)
        elif one.node.value is None:
            words = "is null, and the lead API does not say what that does to a key; write a text, as in 'ninguno'"
            page.fault(one.at, f"{draft.what}: {METADATA}{key} {words}")
        else:
            read_value(wording, one, METADATA + key, draft)
    if keys is not None and isinstance(entry.node, Pairs) and not entry.node.pairs:
        page.fault(entry.at, f"{draft.what} has metadata with nothing in it")


def read_nested(page: Page, entry: Entry, register: str, draft: Draft) -> None:
    """Read a list or an object as it is written: the lead API takes it, but promises nothing for it."""
    draft.places[register] = entry.key
    what = f"{draft.what}: {register}"
    try:
        value = nested_of(entry.node)
    except Unfit as error:
        page.fault(place_of(error.node), f"{what} {error}")
        return
    draft.literals[register] = value
    words = "metadata is meant to be flat, and a later value replaces it whole; write one key for each part"
    page.warn(entry.at, f"{what} is {kind_of_node(entry.node)}: {words}")


class Unfit(Exception):
    """A part of a list or an object that can't be a value. The text says why."""

    def __init__(self, words: str, node: Node) -> None:
        super().__init__(words)
        self.node = node


def nested_of(node: Node, depth: int = 1) -> Json:
    """Give the value of a list or an object of literals. Raises Unfit."""
    if depth > DEEPEST:
        raise Unfit(f"is nested more than {DEEPEST} deep", node)
    if isinstance(node, Items):
        return [nested_of(one, depth + 1) for one in node.items]
    if isinstance(node, Pairs):
        keys = [key.text if isinstance(key, Scalar) else "" for key, _ in node.pairs]
        if len(set(keys)) < len(keys) or "" in keys:
            raise Unfit("has a key twice, or one that is no text", node)
        return {key: nested_of(one, depth + 1) for key, (_, one) in zip(keys, node.pairs, strict=True)}
    if "${" in node.text:
        raise Unfit("has a ${ } inside, which is not filled there; give the value a key of its own", node)
    try:
        return settle(node.value)
    except ExpressionError as error:
        raise Unfit(f"has a value that {error}", node) from error


def read_value(wording: Wording, entry: Entry, register: str, draft: Draft) -> None:
    """Read one value: a literal that keeps the field's contract, or a template."""
    page, what = wording.page, f"{draft.what}: {register}"
    draft.places[register] = entry.key
    if not isinstance(entry.node, Scalar):
        words = "write a text, or an expression in ${ }"
        page.fault(entry.at, f"{what} must be one value, not {kind_of_node(entry.node)}; {words}")
        return
    value = entry.node.value
    if isinstance(value, str) and "${" in value:
        template = wording.template(entry, what)
        if template and template.holes:
            draft.templates[register] = template
            say_wrong_type(wording, entry, template, register, what)
        if template is None or template.holes:
            return
        value = "".join(template.texts)
    elif isinstance(value, str):
        say_no_expression(page, entry, value, what)
    read_literal(page, entry, register, value, draft)


def say_no_expression(page: Page, entry: Entry, text: str, what: str) -> None:
    """Say where a text looks as if it were meant as an expression."""
    if found := MEANT_AS_EXPRESSION.fullmatch(text.strip()):
        inside = next(one for one in found.groups() if one)
        page.warn(entry.at, f"{what} is the text {text.strip()!r} itself; write ${{{inside.strip()}}} for its value")


def say_wrong_type(wording: Wording, entry: Entry, template: Template, register: str, what: str) -> None:
    """Say where a core field, which must be text, would always be given something else."""
    if register.startswith(METADATA) or not template.alone:
        return
    if given := kind_given(wording.trees[template.holes[0]]):
        at = wording.inside(entry, template.starts[0], len(template.holes[0]))
        wording.page.idle(at, f"{what} must be text, but {given}")


def cure_of(register: str, value: Json) -> str:
    """Say what would be right in place of a literal that the lead API refuses."""
    if value is None:
        return "leave it out"
    if isinstance(value, (int, float)):
        return "put it in quotes"
    wanted = {"email": "ana@example.com", "campaign_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    return f"write one, as in {wanted[register]}" if register in wanted else "write a text"


def read_literal(page: Page, entry: Entry, register: str, value: Json, draft: Draft) -> None:
    try:
        settled = settle(value)
    except ExpressionError as error:
        page.fault(entry.at, f"{draft.what}: {register} {error}")
        return
    if settled is None and value is not None:
        clears = "" if register.startswith(METADATA) or fault_of(register, None) else ", or write null to clear it"
        page.fault(entry.at, f"{draft.what}: {register} is empty; leave it out{clears}")
    elif words := fault_of(register, settled):
        page.fault(entry.at, f"{draft.what}: {words}; {cure_of(register, value)}")
    else:
        draft.literals[register] = settled
