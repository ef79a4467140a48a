"""Reads the text of templates and expressions, and says everything that is wrong with them before they ever run.

The rulebook asks here while it loads a hook file; what passes is compiled by ``expressions``.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes
from phonenumbers import SUPPORTED_REGIONS

from relay.expressions.filters import ALSO_KNOWN_AS, FILTERS, TESTS
from relay.expressions.formulas import Template
from relay.expressions.language import Language

#: The names of an event, with their keys where they are always the same.
NAMES: dict[str, tuple[str, ...]] = {
    "fields": (),
    "hidden": (),
    "form": (),
    "campaign": (),
    "event": ("id", "kind", "time", "test"),
    "hook": ("name",),
    "raw": (),
}
#: Arguments that must be one of a known list.
CHOICES: dict[tuple[str, str], Collection[str]] = {
    ("date", "order"): ("dmy", "mdy", "ymd"),
    ("number", "decimal"): (".", ","),
    ("phone", "region"): SUPPORTED_REGIONS,
}
CLOSING = {"(": ")", "[": "]", "{": "}"}
#: What people write out of habit, and what it is here.
HABITS = {"=": "; compare with ==", "&": "; write and", "!": "; write not", "'": "; a quote is not closed"}


class BadTemplate(Exception):
    """A template whose holes can't be told from its text. The text says why."""


def suggest(word: str, known: Collection[str], plural: str) -> str:
    """End a fault with what was probably meant, or with all that there is."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.65)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; the {plural} are {', '.join(known)}" if known else f"; there are no {plural}"


def template_of(text: str) -> Template:
    """Part text from its ``${...}``; ``$${`` is a literal ``${``. Raises BadTemplate."""
    texts, holes, place = [""], [], 0
    while place < len(text):
        if text.startswith("$${", place):
            texts[-1] += "${"
            place += 3
        elif text.startswith("${", place):
            end = end_of_hole(text, place + 2)
            holes.append(text[place + 2 : end].strip())
            texts.append("")
            place = end + 1
        else:
            texts[-1] += text[place]
            place += 1
    if "" in holes:
        raise BadTemplate("has an empty ${}")
    return Template(tuple(texts), tuple(holes))


def end_of_hole(text: str, start: int) -> int:
    """Find the brace that closes a hole, past quotes and brackets inside it. Raises BadTemplate."""
    closing: list[str] = []
    place = start
    while place < len(text):
        letter = text[place]
        if letter in "'\"":
            place = end_of_quote(text, place)
        elif letter in CLOSING:
            closing.append(CLOSING[letter])
        elif closing and letter == closing[-1]:
            closing.pop()
        elif letter == "}":
            return place
        place += 1
    raise BadTemplate("has a ${ that is not closed; put the whole value in quotes if it holds ' #' or ': '")


def end_of_quote(text: str, start: int) -> int:
    place = start + 1
    while place < len(text) and text[place] != text[start]:
        place += 2 if text[place] == "\\" else 1
    if place >= len(text):
        raise BadTemplate("has a ${ with a quote that is not closed")
    return place


def faults_of(source: str, language: Language, tables: Collection[str]) -> list[str]:
    """Say everything that is wrong with an expression; an empty list when it is good."""
    if "${" in source:
        return ["is an expression already; leave out ${ }"]
    try:
        tree = language.parse_expression(source)
    except TemplateSyntaxError as error:
        return [words_of_syntax(error)]
    except RecursionError:
        return ["is nested too deeply"]
    return [fault for node in every(tree) for fault in faults_of_node(node, tables)]


def every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from every(child)


def words_of_syntax(error: TemplateSyntaxError) -> str:
    message = (error.message or "").replace("end of template", "end").removesuffix(".")
    hint = next((words for habit, words in HABITS.items() if f"'{habit}'" in message or f'"{habit}"' in message), "")
    return f"can't be read: {message}{hint}"


def faults_of_node(node: nodes.Node, tables: Collection[str]) -> Iterator[str]:
    if isinstance(node, nodes.Name) and node.name not in NAMES:
        yield f"unknown name {node.name!r}{suggest(node.name, NAMES, 'names')}"
    elif isinstance(node, nodes.Call):
        yield "calls a function, which expressions can't; use a filter, as in fields.name | upper"
    elif isinstance(node, nodes.Pow):
        yield "uses **, which expressions don't have"
    elif isinstance(node, nodes.Getattr):
        yield from faults_of_key(node)
    elif isinstance(node, nodes.Compare):
        yield from faults_of_comparison(node)
    elif isinstance(node, nodes.Filter):
        yield from faults_of_filter(node, tables)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        yield f"unknown test 'is {node.name}'{suggest(node.name, TESTS, 'tests')}"


def faults_of_key(node: nodes.Getattr) -> Iterator[str]:
    keys = NAMES.get(node.node.name, ()) if isinstance(node.node, nodes.Name) else ()
    if keys and node.attr not in keys:
        name = getattr(node.node, "name", "")
        yield f"unknown name '{name}.{node.attr}'{suggest(node.attr, keys, f'keys of {name}')}"


def faults_of_comparison(node: nodes.Compare) -> Iterator[str]:
    """Refuse comparing with nothing: a missing value fails every comparison, so that it would never hold."""
    sides = [node.expr, *(operand.expr for operand in node.ops)]
    if any(isinstance(side, nodes.Const) and side.value in (None, "") for side in sides):
        yield "compares with nothing, which never holds; write 'not fields.x' or 'fields.x is missing'"


def faults_of_filter(node: nodes.Filter, tables: Collection[str]) -> Iterator[str]:
    if node.name not in FILTERS:
        meant = ALSO_KNOWN_AS.get(node.name)
        yield f"unknown filter {node.name!r}" + (
            f"; did you mean {meant!r}?" if meant else suggest(node.name, FILTERS, "filters")
        )
        return
    arguments = {str(keyword.key): keyword.value for keyword in node.kwargs}
    try:
        bound = inspect.signature(FILTERS[node.name]).bind(node.node, *node.args, **arguments).arguments
    except TypeError as error:
        yield f"filter {node.name!r}: {error}"
        return
    for name, value in bound.items():
        choices = tables if (node.name, name) == ("lookup", "table") else CHOICES.get((node.name, name))
        if choices is not None:
            yield from faults_of_choice(node.name, name, value, choices)


def faults_of_choice(filter_name: str, name: str, value: object, choices: Collection[str]) -> Iterator[str]:
    given = value.value if isinstance(value, nodes.Const) else None
    if given is None and isinstance(value, nodes.Const):
        return
    if not isinstance(given, str):
        yield f"filter {filter_name!r} needs its {name} written out in quotes"
    elif given not in choices:
        hint = "; write the two letters of a country" if name == "region" else suggest(given, choices, name + "s")
        yield f"filter {filter_name!r}: unknown {name} {given!r}{hint}"
