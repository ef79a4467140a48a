"""Reads the text of templates and expressions, and says everything that is wrong with them before they ever run.

The rulebook asks here while it loads a hook file; what passes is compiled by ``expressions``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import NamedTuple

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


#: A word of an expression: a name or number, a text in quotes, or a mark.
WORD = re.compile(r"\w+|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[=!<>]=|//|\*\*|&&|\|\||\S", re.DOTALL)


class BadTemplate(Exception):
    """A template whose holes can't be told from its text. The text says why, ``start`` where."""

    def __init__(self, words: str, start: int) -> None:
        super().__init__(words)
        self.start = start


class Flaw(NamedTuple):
    """What is wrong with an expression, and where in its source: the first character, from 0, and how many."""

    start: int
    length: int
    words: str


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
            end = end_of_hole(text, place)
            if not text[place + 2 : end].strip():
                raise BadTemplate("has an empty ${}", place)
            holes.append((place + 2, text[place + 2 : end]))
            texts.append("")
            place = end + 1
        else:
            texts[-1] += text[place]
            place += 1
    starts = tuple(start + len(hole) - len(hole.lstrip()) for start, hole in holes)
    return Template(tuple(texts), tuple(hole.strip() for _, hole in holes), starts)


def end_of_hole(text: str, start: int) -> int:
    """Find the brace that closes a hole, past quotes and brackets inside it. Raises BadTemplate."""
    closing: list[str] = []
    place = start + 2
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
    raise BadTemplate("has a ${ that is not closed; put the whole value in quotes if it holds ' #' or ': '", start)


def end_of_quote(text: str, start: int) -> int:
    place = start + 1
    while place < len(text) and text[place] != text[start]:
        place += 2 if text[place] == "\\" else 1
    if place >= len(text):
        raise BadTemplate("has a ${ with a quote that is not closed", start)
    return place


def flaws_of(source: str, language: Language, tables: Collection[str]) -> list[Flaw]:
    """Say everything that is wrong with an expression; an empty list when it is good."""
    if "${" in source:
        return [Flaw(source.index("${"), 2, "is an expression already; leave out ${ }")]
    try:
        tree = language.parse_expression(source)
    except TemplateSyntaxError as error:
        return [flaw_of_syntax(error, source)]
    except RecursionError:
        return [Flaw(0, 0, "is nested too deeply")]
    except ValueError:
        return [Flaw(0, 0, "holds a number of too many digits")]
    found = [
        Flaw(start, width(source, start), words)
        for node in every(tree)
        for start, words in flaws_of_node(node, source, tables)
    ]
    return sorted(found, key=lambda flaw: flaw.start)


def every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from every(child)


def width(source: str, start: int) -> int:
    """Give the length of the word that begins there."""
    found = WORD.match(source, start)
    return len(found[0]) if found else 1


def flaw_of_syntax(error: TemplateSyntaxError, source: str) -> Flaw:
    message = (error.message or "").replace("end of template", "end").removesuffix(".")
    message = re.sub(r" at \d+$", "", message)
    hint = next((words for habit, words in HABITS.items() if f"'{habit}'" in message or f'"{habit}"' in message), "")
    ended = "unexpected end" in message
    start = len(source.rstrip()) if ended else min(error.lineno - 1, len(source))
    return Flaw(start, width(source, start), f"can't be read: {message}{hint}")


#: Where it is in the source of the expression, and words.
Flaws = Iterator[tuple[int, str]]


def flaws_of_node(node: nodes.Node, source: str, tables: Collection[str]) -> Flaws:
    start = place_of(node, source)
    if isinstance(node, nodes.Name) and node.name not in NAMES:
        yield start, f"unknown name {node.name!r}{suggest(node.name, NAMES, 'names')}"
    elif isinstance(node, nodes.Call):
        yield start, "calls a function, which expressions can't; use a filter, as in fields.name | upper"
    elif isinstance(node, nodes.Pow):
        yield start, "uses **, which expressions don't have"
    elif isinstance(node, nodes.Getattr):
        yield from flaws_of_key(node, start)
    elif isinstance(node, nodes.Compare):
        yield from flaws_of_comparison(node, source)
    elif isinstance(node, nodes.Filter):
        yield from flaws_of_filter(node, source, tables)
    elif isinstance(node, nodes.Test) and node.name not in TESTS:
        yield start, f"unknown test 'is {node.name}'{suggest(node.name, TESTS, 'tests')}"


def place_of(node: nodes.Node, source: str) -> int:
    """Find the word that a node is best known by: the key after a point, the test after ``is``, ``**`` between two."""
    start = (node.lineno or 1) - 1
    if isinstance(node, nodes.Getattr):
        return after(source, start, ".")
    if isinstance(node, nodes.Test):
        name = after(source, start, "is")
        return after(source, name, "not") if re.match(r"not\b", source[name:]) else name
    return source.index("**", place_of(node.left, source)) if isinstance(node, nodes.Pow) else start


def after(source: str, start: int, word: str) -> int:
    """Find where the next word begins behind this one."""
    end = start + len(word)
    return end + len(source[end:]) - len(source[end:].lstrip())


def flaws_of_key(node: nodes.Getattr, start: int) -> Flaws:
    keys = NAMES.get(node.node.name, ()) if isinstance(node.node, nodes.Name) else ()
    if keys and node.attr not in keys:
        name = getattr(node.node, "name", "")
        yield start, f"unknown name '{name}.{node.attr}'{suggest(node.attr, keys, f'keys of {name}')}"


def flaws_of_comparison(node: nodes.Compare, source: str) -> Flaws:
    """Refuse comparing with nothing: a missing value fails every comparison, so that it would never hold."""
    for side in (node.expr, *(operand.expr for operand in node.ops)):
        if isinstance(side, nodes.Const) and side.value in (None, ""):
            words = "compares with nothing, which never holds; write 'not fields.x' or 'fields.x is missing'"
            yield place_of(side, source), words


def flaws_of_filter(node: nodes.Filter, source: str, tables: Collection[str]) -> Flaws:
    start = place_of(node, source)
    if node.name not in FILTERS:
        meant = ALSO_KNOWN_AS.get(node.name)
        hint = f"; did you mean {meant!r}?" if meant else suggest(node.name, FILTERS, "filters")
        yield start, f"unknown filter {node.name!r}{hint}"
        return
    arguments = {str(keyword.key): keyword.value for keyword in node.kwargs}
    try:
        bound = inspect.signature(FILTERS[node.name]).bind(node.node, *node.args, **arguments).arguments
    except TypeError as error:
        yield start, f"filter {node.name!r}: {error}"
        return
    for name, value in bound.items():
        choices = tables if (node.name, name) == ("lookup", "table") else CHOICES.get((node.name, name))
        if choices is not None:
            yield from ((place_of(value, source), words) for words in faults_of_choice(node.name, name, value, choices))


def faults_of_choice(filter_name: str, name: str, value: nodes.Node, choices: Collection[str]) -> Iterator[str]:
    given = value.value if isinstance(value, nodes.Const) else None
    if given is None and isinstance(value, nodes.Const):
        return
    if not isinstance(given, str):
        yield f"filter {filter_name!r} needs its {name} written out in quotes"
    elif given not in choices:
        hint = "; write the two letters of a country" if name == "region" else suggest(given, choices, name + "s")
        yield f"filter {filter_name!r}: unknown {name} {given!r}{hint}"
