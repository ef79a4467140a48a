"""Reads one rule of a hook file: its update with holes, checked against the lead API's contract, compiled into a unit.

``hook_file`` calls it for each entry under ``rules``; mapping runs what it gives.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from relay.errors import ExpressionError
from relay.expressions.formulas import Reader, Template, Unit, settle
from relay.expressions.grammar import BadTemplate, flaws_of, suggest, template_of
from relay.expressions.language import Language
from relay.hooks import Formula, Rule
from relay.lead_fields import FIELDS, fault_of
from relay.model import METADATA, Json
from relay.rulebook.places import Place
from relay.rulebook.yaml_nodes import Entry, Page, kind_of_node
from relay.rulebook.yaml_reading import Pairs, Scalar

KEYS = ("name", "when", "update", "deliver", "stop")


@dataclass(frozen=True)
class Wording:
    """What expressions of one hook file are read with: its page for the faults, its language, its tables' names."""

    page: Page
    language: Language
    tables: Collection[str]

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
        good = [self.expression(entry, hole, what, start) for start, hole in holes]
        return template if all(good) else None

    def expression(self, entry: Entry, source: str, what: str, start: int = 0) -> bool:
        """Check an expression, which begins there in the value; False after a fault."""
        flaws = flaws_of(source, self.language, self.tables)
        for flaw in flaws:
            self.page.fault(self.inside(entry, start + flaw.start, flaw.length), f"{what}: {flaw.words}")
        return not flaws

    def inside(self, entry: Entry, start: int, length: int) -> Place:
        """Give the place of some characters of a text."""
        return self.page.inside(entry.node, start, length) if isinstance(entry.node, Scalar) else entry.at

    def formula(self, entry: Entry, what: str) -> Formula | None:
        """Read a value that must come out of the event."""
        template = self.template(entry, what)
        if template is None:
            return None
        if not template.holes:
            self.page.fault(entry.at, f"{what} is the same for every event; write an expression in ${{ }}")
            return None
        return Formula(source=template.source, read=Reader(self.language, template), line=entry.key.line)


@dataclass
class Draft:
    """A rule while it is read."""

    what: str
    literals: dict[str, Json] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_rule(wording: Wording, entry: Entry, number: int) -> Rule | None:
    """Read one rule; None after a fault."""
    page, before = wording.page, len(wording.page.faults)
    entries = page.entries(entry, f"rule {number}")
    if entries is None:
        return None
    name = page.text_of(entries["name"], f"rule {number}: name") if "name" in entries else None
    if "name" not in entries:
        page.fault(entry.at, f"rule {number} has no name; the name is what people see beside each value that it set")
    draft = Draft(f"rule {name!r}" if name else f"rule {number}")
    page.known(entries, draft.what, KEYS)
    when = read_when(wording, entries.get("when"), draft)
    each = page.option(entries.get("deliver"), f"{draft.what}: deliver", ("merged", "each")) == "each"
    stop = page.option(entries.get("stop"), f"{draft.what}: stop", ("false", "true")) == "true"
    read_update(wording, entries.get("update"), draft, entry.key)
    if name is None or len(page.faults) > before:
        return None
    unit = Unit(wording.language, name, when=when, templates=draft.templates, literals=draft.literals)
    when_line = entries["when"].key.line if "when" in entries else 0
    return Rule(name=name, line=entry.key.line, run=unit, each=each, stop=stop, when_line=when_line, lines=draft.lines)


def read_when(wording: Wording, entry: Entry | None, draft: Draft) -> str | None:
    if entry is None:
        return None
    if isinstance(entry.node, Scalar) and isinstance(entry.node.value, bool):
        return entry.node.text.lower()
    source = wording.page.text_of(entry, f"{draft.what}: when")
    return source if source and wording.expression(entry, source, f"{draft.what}: when") else None


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
            words = f"must be text, a number or true/false, not {kind_of_node(one.node)}; metadata is flat"
            page.fault(one.at, f"{draft.what}: {METADATA}{key} {words}")
        elif one.node.value is None:
            words = "is null, and the lead API does not say what that does to a key; write a text, as in 'ninguno'"
            page.fault(one.at, f"{draft.what}: {METADATA}{key} {words}")
        else:
            read_value(wording, one, METADATA + key, draft)
    if keys is not None and isinstance(entry.node, Pairs) and not entry.node.pairs:
        page.fault(entry.at, f"{draft.what} has metadata with nothing in it")


def read_value(wording: Wording, entry: Entry, register: str, draft: Draft) -> None:
    """Read one value: a literal that keeps the field's contract, or a template."""
    page, what = wording.page, f"{draft.what}: {register}"
    draft.lines[register] = entry.key.line
    if not isinstance(entry.node, Scalar):
        page.fault(entry.at, f"{what} must be one value, not {kind_of_node(entry.node)}")
        return
    value = entry.node.value
    if isinstance(value, str) and "${" in value:
        template = wording.template(entry, what)
        if template and template.holes:
            draft.templates[register] = template
        if template is None or template.holes:
            return
        value = "".join(template.texts)
    read_literal(page, entry, register, value, draft)


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
        quotes = "; put it in quotes" if isinstance(value, (int, float)) else ""
        page.fault(entry.at, f"{draft.what}: {words}{quotes}")
    else:
        draft.literals[register] = settled
