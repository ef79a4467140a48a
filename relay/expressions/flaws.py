"""Says everything that is wrong with an expression before it ever runs, and where in its text.

The rulebook asks here while it reads a hook file. The words never hold anything of an event, for there is none yet.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import TemplateSyntaxError, nodes

from relay.expressions.extent import TOO_DEEP, fault_of_source, fault_of_tree
from relay.expressions.filters import ALSO_KNOWN_AS, FILTERS, TESTS
from relay.expressions.grammar import CHOICES, NAMES, suggest, width
from relay.expressions.language import Language, Tree
from relay.expressions.syntax import words_of_syntax
from relay.lead_fields import kind_of

#: What an expression is made of, beside what is looked at for itself.
PARTS = (
    *(nodes.Literal, nodes.BinExpr, nodes.UnaryExpr, nodes.Slice, nodes.Operand),
    *(nodes.Concat, nodes.CondExpr, nodes.Keyword, nodes.Pair),
)
#: Words of other languages, and what is meant by them.
MEANT = {
    "null": "write 'is missing' to ask whether there is nothing",
    "nil": "write 'is missing' to ask whether there is nothing",
    "undefined": "write 'is missing' to ask whether there is nothing",
    "yes": "write true",
    "no": "write false",
    "TRUE": "write true",
    "FALSE": "write false",
}
#: A key written without quotes though it has a hyphen in it.
HYPHENED = re.compile(r"\b(fields|hidden|form|campaign|raw)\.([\w-]+)-$")
#: What a filter's arguments must be, where another type would fail on every event.
ARGUMENTS: dict[tuple[str, str], tuple[type, str]] = {
    ("round", "digits"): (int, "a whole number"),
    ("join", "sep"): (str, "text in quotes"),
    ("split", "sep"): (str, "text in quotes"),
}


class Flaw(NamedTuple):
    """What is wrong with an expression, and where in its source: the first character, from 0, and how many."""

    start: int
    length: int
    words: str
    #: Whether it does no harm, and only has no effect, so that it may run.
    idle: bool = False


class Key(NamedTuple):
    """A key of one of the names: ``presupuesto`` of ``fields.presupuesto``, and where it stands."""

    start: int
    length: int
    name: str
    key: str
    #: The ``or`` that it is one side of, numbered from 1; 0 where it is of none.
    choice: int = 0


@dataclass(frozen=True)
class Vocabulary:
    """What expressions of one hook file may name beside what all may."""

    tables: Collection[str] = ()
    #: The sender as people know it, and the keys that it gives to ``form`` and ``campaign``, where these are known.
    sender: str = ""
    given: Mapping[str, Collection[str]] = field(default_factory=dict)


class Look(NamedTuple):
    """An expression, looked at before it runs."""

    #: None where it can't be read.
    tree: Tree | None
    flaws: list[Flaw]
    keys: list[Key]
    #: Tables that it names.
    tables: list[str]


def look_at(source: str, language: Language, known: Vocabulary) -> Look:
    """Read an expression and say everything that is wrong with it."""
    if "${" in source:
        return failed(source.index("${"), 2, "is an expression already; leave out ${ }")
    if words := fault_of_source(source):
        return failed(0, 0, words)
    try:
        tree = language.parse_expression(source)
    except TemplateSyntaxError as error:
        return failed(*words_of_syntax(error, source))
    except (RecursionError, ValueError) as error:
        return failed(0, 0, TOO_DEEP if isinstance(error, RecursionError) else "holds a number of too many digits")
    if words := fault_of_tree(tree):
        return failed(0, 0, words)
    walk = Walk(source, known)
    walk.through(tree)
    walk.flaws.sort(key=lambda flaw: flaw.start)
    return Look(tree, walk.flaws, walk.keys, walk.tables)


def failed(start: int, length: int, words: str) -> Look:
    return Look(None, [Flaw(start, length, words)], [], [])


class Walk:
    """One way through an expression's tree, past every node once."""

    def __init__(self, source: str, known: Vocabulary) -> None:
        self.source, self.known = source, known
        self.flaws: list[Flaw] = []
        self.keys: list[Key] = []
        self.tables: list[str] = []
        #: The choice that the node at hand belongs to, and how many there are so far.
        self.choice = self.choices = 0

    def through(self, tree: nodes.Node) -> None:
        """Look at every node that a look at the one above it has not settled; without recursion, however deep."""
        left: list[tuple[nodes.Node, int]] = [(tree, 0)]
        while left:
            node, self.choice = left.pop()
            if isinstance(node, nodes.Or) and not self.choice:
                self.choices += 1
                self.choice = self.choices
            look = LOOKS.get(type(node), look_at_part)
            settled = {id(one) for one in look(self, node)}
            left += [(child, self.choice) for child in children(node) if id(child) not in settled]

    def flaw(self, start: int, words: str, *, idle: bool = False) -> None:
        self.flaws.append(Flaw(start, width(self.source, start), words, idle))

    def flaw_of(self, node: nodes.Node, words: str, *, idle: bool = False) -> None:
        """Note what is wrong with a name or a constant as a whole."""
        start, end = span_of(node, self.source)
        self.flaws.append(Flaw(start, end - start, words, idle))

    def place(self, node: nodes.Node) -> int:
        return place_of(node, self.source)


def children(node: nodes.Node) -> Iterator[nodes.Node]:
    for name in node.fields:
        value = getattr(node, name, None)
        if isinstance(value, nodes.Node):
            yield value
        elif isinstance(value, list):
            yield from (one for one in value if isinstance(one, nodes.Node))


def place_of(node: nodes.Node, source: str) -> int:
    """Find the word that a node is best known by: the key after a point, the test after ``is``, ``**`` between two."""
    start = (node.lineno or 1) - 1
    if isinstance(node, nodes.Getattr):
        return after(source, start, ".")
    if isinstance(node, nodes.Getitem):
        return after(source, start, source[start : start + 1])
    if isinstance(node, nodes.Test):
        name = after(source, start, "is")
        return after(source, name, "not") if re.match(r"not\b", source[name:]) else name
    return source.index("**", place_of(node.left, source)) if isinstance(node, nodes.Pow) else start


def span_of(node: nodes.Node, source: str) -> tuple[int, int]:
    """Give where a name or a constant begins and ends: ``fields.x`` whole."""
    end = place_of(node, source)
    end += width(source, end)
    first: nodes.Node = node
    while isinstance(first, (nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test)):
        first = first.node or node
    return place_of(first, source), end


def after(source: str, start: int, word: str) -> int:
    """Find where the next word begins behind this one."""
    end = start + len(word)
    return end + len(source[end:]) - len(source[end:].lstrip())


#: What a look at a node has settled: those below it that need no look of their own.
Settled = Collection[nodes.Node]


def look_at_part(walk: Walk, node: nodes.Node) -> Settled:
    if not isinstance(node, PARTS):
        walk.flaw(walk.place(node), f"has a {type(node).__name__.lower()}, which expressions don't have")
    return ()


def look_at_name(walk: Walk, node: nodes.Name) -> Settled:
    name, start = node.name, walk.place(node)
    if name in NAMES:
        return ()
    before = HYPHENED.search(walk.source[:start])
    if name in MEANT:
        hint = f"; {MEANT[name]}"
    elif before:
        hint = f"; a key that is not one word is written {before[1]}[{f'{before[2]}-{name}'!r}]"
    else:
        hint = suggest(name, NAMES, "names")
        hint += "" if hint.endswith("?") else f"; text is put in quotes: '{name}'"
    walk.flaw(start, f"unknown name {name!r}{hint}")
    return ()


def look_at_call(walk: Walk, node: nodes.Call) -> Settled:
    name = node.node.name if isinstance(node.node, nodes.Name) else "upper"
    known = name if name in FILTERS else ALSO_KNOWN_AS.get(name, "upper")
    walk.flaw(
        walk.place(node.node), f"calls a function, which expressions can't; use a filter, as in fields.x | {known}"
    )
    return [node.node] if isinstance(node.node, nodes.Name) else ()


def look_at_power(walk: Walk, node: nodes.Pow) -> Settled:
    walk.flaw(walk.place(node), "uses **, which expressions don't have; multiply with *")
    return ()


def look_at_key(walk: Walk, node: nodes.Getattr | nodes.Getitem) -> Settled:
    """Look at a key of one of the names, where both are written out."""
    key = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
    if not isinstance(node.node, nodes.Name) or node.node.name not in NAMES or not isinstance(key, str):
        return ()
    name, start = node.node.name, walk.place(node)
    walk.keys.append(Key(start, width(walk.source, start), name, key, walk.choice))
    if NAMES[name]:
        known, whose = NAMES[name], f"keys of {name}"
        if key not in known:
            walk.flaw(start, f"unknown name '{name}.{key}'{suggest(key, known, whose)}")
    elif name in walk.known.given and key not in walk.known.given[name]:
        walk.flaw(start, f"unknown name '{name}.{key}'{hint_of_given(walk.known, name, key)}", idle=True)
    return ()


def hint_of_given(known: Vocabulary, name: str, key: str) -> str:
    """Say which key of a name the sender gives that was probably meant, or all that it gives."""
    given = known.given[name]
    if not given:
        return f"; {known.sender} gives no {name}"
    hint = suggest(key, given, "")
    names = ", ".join(f"{name}.{one}" for one in given)
    return hint if hint.endswith("?") else f"; {known.sender} gives {names}"


def look_at_comparison(walk: Walk, node: nodes.Compare) -> Settled:
    """Refuse comparing with nothing: a missing value fails every comparison, so that it would never hold."""
    for side in (node.expr, *(operand.expr for operand in node.ops)):
        if isinstance(side, nodes.Const) and side.value in (None, ""):
            words = "compares with nothing, which never holds; write 'not fields.x' or 'fields.x is missing'"
            walk.flaw(walk.place(side), words)
    return ()


def look_at_test(walk: Walk, node: nodes.Test) -> Settled:
    start = walk.place(node)
    if node.name not in TESTS:
        walk.flaw(start, f"unknown test 'is {node.name}'{suggest(node.name, TESTS, 'tests')}")
        return node.args or ()
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        walk.flaw(
            start, f"test 'is {node.name}' takes nothing behind it; join two conditions with and or or", idle=True
        )
        return node.args or ()
    return ()


def look_at_filter(walk: Walk, node: nodes.Filter) -> Settled:
    start = walk.place(node)
    if node.name not in FILTERS:
        meant = ALSO_KNOWN_AS.get(node.name)
        hint = f"; did you mean {meant!r}?" if meant else suggest(node.name, FILTERS, "filters")
        walk.flaw(start, f"unknown filter {node.name!r}{hint}")
        return ()
    if node.dyn_args or node.dyn_kwargs:
        walk.flaw(
            start, f"filter {node.name!r}: * spreads arguments, which expressions can't; write them out", idle=True
        )
        return ()
    named = {str(keyword.key): keyword.value for keyword in node.kwargs}
    if len(named) < len(node.kwargs):
        walk.flaw(start, f"filter {node.name!r}: an argument is given twice; write it as {usage_of(node.name)}")
        return ()
    names, wrong = parameters_of(node.name, len(node.args), tuple(named))
    if wrong:
        walk.flaw(start, f"filter {node.name!r}: {wrong}; write it as {usage_of(node.name)}")
        return ()
    values = {**dict(zip(names, node.args, strict=True)), **named}
    return [value for name, value in values.items() if look_at_argument(walk, node.name, name, value)]


@lru_cache
def parameters_of(filter_name: str, count: int, named: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Give the names of so many arguments of a filter, beside those that are named; or what is wrong with them."""
    given = (*range(count),)
    try:
        bound = signature_of(filter_name).bind(None, *given, **dict.fromkeys(named)).arguments
    except TypeError as error:
        return (), str(error).replace("too many positional", "too many").replace("keyword argument", "argument")
    return tuple(name for name, value in list(bound.items())[1:] if name not in named), ""


@lru_cache
def signature_of(filter_name: str) -> inspect.Signature:
    return inspect.signature(FILTERS[filter_name])


def usage_of(filter_name: str) -> str:
    """Write a filter with its arguments, those in [ ] that may be left out: ``| replace(old, [new])``."""
    _, *more = signature_of(filter_name).parameters.values()
    names = [one.name if one.default is inspect.Parameter.empty else f"[{one.name}]" for one in more]
    return f"| {filter_name}" + (f"({', '.join(names)})" if names else "")


def look_at_argument(walk: Walk, filter_name: str, name: str, value: nodes.Node) -> bool:
    """Look at one argument of a filter; True where it has a fault, so that it needs no other look."""
    table = (filter_name, name) == ("lookup", "table")
    choices = walk.known.tables if table else CHOICES.get((filter_name, name))
    if table and isinstance(value, nodes.Const) and isinstance(value.value, str):
        walk.tables.append(value.value)
    faults = list(faults_of_choice(filter_name, name, value, choices)) if choices is not None else []
    for words in faults:
        walk.flaw_of(value, words)
    for words in faults_of_type(filter_name, name, value):
        walk.flaw_of(value, words, idle=True)
    return bool(faults)


def faults_of_choice(filter_name: str, name: str, value: nodes.Node, choices: Collection[str]) -> Iterator[str]:
    given = value.value if isinstance(value, nodes.Const) else None
    if given is None and isinstance(value, nodes.Const) and name != "table":
        return
    if not isinstance(given, str):
        quoted = f", as in '{value.name}'" if isinstance(value, nodes.Name) else ""
        yield f"filter {filter_name!r} needs its {name} written out in quotes{quoted}"
    elif given not in choices:
        yield f"filter {filter_name!r}: unknown {name} {given!r}{hint_of_choice(name, given, choices)}"


def hint_of_choice(name: str, given: str, choices: Collection[str]) -> str:
    if name == "region":
        return "; write the two letters of a country"
    if name == "table" and not choices:
        return f"; the file has no tables: write it under tables:, as in {given}: {{Ñuñoa: Carolina}}"
    return suggest(given, choices, name + "s")


def faults_of_type(filter_name: str, name: str, value: nodes.Node) -> Iterator[str]:
    wanted = ARGUMENTS.get((filter_name, name))
    if wanted is None or not isinstance(value, nodes.Const):
        return
    kind, words = wanted
    if not isinstance(value.value, kind) or isinstance(value.value, bool):
        yield f"filter {filter_name!r}: {name} must be {words}, not {kind_of(value.value)}"


LOOKS: dict[type[nodes.Node], Callable[[Walk, Any], Settled]] = {
    nodes.Name: look_at_name,
    nodes.Call: look_at_call,
    nodes.Pow: look_at_power,
    nodes.Getattr: look_at_key,
    nodes.Getitem: look_at_key,
    nodes.Compare: look_at_comparison,
    nodes.Filter: look_at_filter,
    nodes.Test: look_at_test,
}
