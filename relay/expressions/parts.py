"""Takes a condition apart, so that a person sees which part of it held and what values it saw.

``mapping.explain`` asks after the event was mapped. Each part is compiled and computed as the whole is; the syntax tree
of the whole proves that it was parted where Jinja2 parts it, else it is left whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, reduce
from typing import NamedTuple

import orjson
from jinja2 import TemplateSyntaxError, nodes

from relay.expressions.language import Evaluate, Language, words_of
from relay.expressions.missing import MISSING, is_missing
from relay.hooks import Scope
from relay.masking import is_secret_key, masked, without_secrets
from relay.model import Json

JOINTS: dict[str, type[nodes.BinExpr]] = {"or": nodes.Or, "and": nodes.And}
#: What gives a yes or no, not a value of the event.
ASKED: tuple[type[nodes.Expr], ...] = (nodes.Compare, nodes.Test, nodes.Not)
COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in"))
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")
#: Parts within parts are shown down to here.
DEEPEST = 12
LONGEST_SHOWN = 200

#: Reads expressions; what a hook file's tables hold makes no difference to that.
READER = Language()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A value that an expression saw: that of a name, or of a side of a comparison."""

    source: str
    #: Cut where it is long; None where it is missing.
    value: Json = None
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A condition, or a part of one, on one event."""

    source: str
    #: None where it could not be computed.
    held: bool | None
    #: Why it could not be computed.
    words: str = ""
    #: Whether it was come to: of ``a and b``, ``b`` is not where ``a`` did not hold.
    asked: bool = True
    #: ``and``, ``or`` or ``not`` over its parts; empty where it has none.
    joint: str = ""
    parts: tuple[Part, ...] = ()
    seen: tuple[Seen, ...] = ()


def deciding(part: Part) -> tuple[Part, ...]:
    """Give the parts that decided whether a condition held: of ``a and b`` the first that did not, else both.

    A ``not`` stands for itself, with all that was seen in it.
    """
    if part.joint == "not":
        return (replace(part, parts=(), seen=tuple(all_seen(part))),)
    asked = [one for one in part.parts if one.asked]
    if not asked:
        return (part,)
    alone = part.held is None or part.held is (part.joint == "or")
    return tuple(leaf for one in (asked[-1:] if alone else asked) for leaf in deciding(one))


def all_seen(part: Part) -> Iterator[Seen]:
    yield from part.seen
    for one in part.parts:
        yield from all_seen(one)


class Token(NamedTuple):
    """A word of an expression's text, and how many brackets are open around it."""

    start: int
    end: int
    text: str
    depth: int
    #: Whether it is a key after a point: ``fields.or`` joins nothing.
    key: bool


class Condition:
    """A condition with its parts, all compiled."""

    def __init__(self, language: Language, source: str, depth: int = 0) -> None:
        self.language = language
        self.source = source.strip()
        self.evaluate: Evaluate = language.compile_unit([], when=self.source)
        self.joint, sources = parted(self.source) if depth < DEEPEST else ("", [])
        self.parts = [Condition(language, one, depth + 1) for one in sources]
        self.sides = [] if self.parts else [(one, language.compile_unit([one])) for one in sides_of(self.source)]

    def look(self, scope: Scope, *, asked: bool = True) -> Part:
        """Say of an event whether it held, and its parts; never raises."""
        held, words = self.holds(scope)
        return Part(
            source=self.source,
            held=held,
            words=words,
            asked=asked,
            joint=self.joint,
            parts=tuple(self.look_at_parts(scope, asked=asked)),
            seen=() if self.parts else (*names_seen(self.source, self.language, scope), *self.sides_seen(scope)),
        )

    def holds(self, scope: Scope) -> tuple[bool | None, str]:
        try:
            return self.evaluate(scope) is not None, ""
        except Exception as error:
            return None, words_of(error)

    def look_at_parts(self, scope: Scope, *, asked: bool) -> Iterator[Part]:
        decides = {"and": False, "or": True}.get(self.joint)
        for part in self.parts:
            look = part.look(scope, asked=asked)
            yield look
            asked = asked and look.held is not None and look.held is not decides

    def sides_seen(self, scope: Scope) -> Iterator[Seen]:
        for source, evaluate in self.sides:
            # What can't be computed is told of the part itself.
            with suppress(Exception):
                yield seen(source, evaluate(scope)[0])


def parted(source: str) -> tuple[str, list[str]]:
    """Give what joins the parts of a condition, and their texts; no parts where it can't be parted."""
    joint, sources = parted_by_words(source)
    if not sources:
        return "", []
    try:
        trees = [READER.parse_expression(one) for one in sources]
        whole = READER.parse_expression(source)
    except (TemplateSyntaxError, RecursionError):
        return "", []
    if joint == "not":
        joined: nodes.Expr = nodes.Not(trees[0])
    else:
        joined = reduce(JOINTS[joint], trees)
    return (joint, sources) if joined == whole else ("", [])


def parted_by_words(source: str) -> tuple[str, list[str]]:
    """Part a text at its outermost ``or``, else ``and``, else behind ``not``, within brackets around it all."""
    tokens = tokens_of(source)
    outer = [one for one in tokens if not one.depth and not one.key]
    if any(one.text == "if" for one in outer):
        return "", []
    for joint in JOINTS:
        if places := [one for one in outer if one.text == joint]:
            starts, ends = [0, *(one.end for one in places)], [*(one.start for one in places), len(source)]
            return joint, [source[start:end].strip() for start, end in zip(starts, ends, strict=True)]
    if outer and outer[0] is tokens[0] and outer[0].text == "not":
        return "not", [source[outer[0].end :].strip()]
    if len(outer) == 2 and outer[0].text == "(" and outer[1] is tokens[-1]:
        return parted_by_words(source[outer[0].end : outer[1].start].strip())
    return "", []


def tokens_of(source: str) -> list[Token]:
    """Give the words of a text; none where it has a line break that the lexer would count otherwise."""
    tokens: list[Token] = []
    place = depth = 0
    if "\r" in source:
        return tokens
    for _, kind, text in READER.lexer.tokeniter(source, None, None, "variable"):
        if kind != "whitespace":
            depth -= text in CLOSING and kind == "operator"
            key = bool(tokens) and tokens[-1].text == "." and kind == "name"
            tokens.append(Token(place, place + len(text), text, depth, key or kind == "string"))
            depth += text in OPENING and kind == "operator"
        place += len(text)
    return tokens


def sides_of(source: str) -> list[str]:
    """Give what a person wants to know the value of beside that of each name: what filters made of them."""
    tree = READER.parse_expression(source)
    if not isinstance(tree, nodes.Compare):
        plain = isinstance(tree, (nodes.Test, nodes.Const)) or chain_of(tree) is not None
        return [] if plain else [source]
    places = [one for one in tokens_of(source) if not one.depth and not one.key and one.text in COMPARISONS]
    if len(tree.ops) != 1 or len(places) != 1:
        return []
    left = source[: places[0].start].strip().removesuffix(" not").strip()
    pairs = ((left, tree.expr), (source[places[0].end :].strip(), tree.ops[0].expr))
    return [text for text, side in pairs if worth_telling(side) and reads_as(text, side)]


def worth_telling(side: nodes.Expr) -> bool:
    return chain_of(side) is None and next(chains(side), None) is not None


def reads_as(text: str, tree: nodes.Expr) -> bool:
    with suppress(TemplateSyntaxError):
        return READER.parse_expression(text) == tree
    return False


Chain = tuple[str | int, ...]


def chain_of(node: nodes.Node) -> Chain | None:
    """Give the keys of a name such as ``fields.grupo['a b'][0]``; None where it is anything else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        key: object = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        key = node.arg.value
    else:
        return None
    before = chain_of(node.node)
    return (*before, key) if before and isinstance(key, (str, int)) else None


def chains(node: nodes.Node) -> Iterator[Chain]:
    """Give the names in an expression, each as long as it is written."""
    if chain := chain_of(node):
        yield chain
        return
    for child in node.iter_child_nodes():
        yield from chains(child)


@lru_cache(maxsize=4096)
def names_in(source: str) -> tuple[Chain, ...]:
    """Give the names in an expression's text, each once, in their order."""
    return tuple(dict.fromkeys(chains(READER.parse_expression(source))))


@lru_cache(maxsize=4096)
def stand_ins(source: str) -> Mapping[Chain, tuple[Chain, ...]]:
    """Give for each name of an expression the names that are read where it is missing, as those behind an ``or``."""
    found: dict[Chain, tuple[Chain, ...]] = {}
    tree = READER.parse_expression(source)
    for node in (tree, *tree.find_all((nodes.Or, nodes.Filter))):
        first, second = alternatives(node)
        for names, others in ((first, second), (second, first)):
            found |= {name: tuple(dict.fromkeys((*found.get(name, ()), *others))) for name in names}
    return found


def alternatives(node: nodes.Node) -> tuple[tuple[Chain, ...], tuple[Chain, ...]]:
    """Give the names of a value, and of what is taken in its place; none of what is asked, and no value."""
    if isinstance(node, nodes.Or) and not any(node.find(asked) for asked in ASKED):
        return tuple(chains(node.left)), tuple(chains(node.right))
    if isinstance(node, nodes.Filter) and node.name == "default" and node.node is not None:
        return tuple(chains(node.node)), tuple(one for part in node.args for one in chains(part))
    return (), ()


def names_seen(source: str, language: Language, scope: Scope) -> Iterator[Seen]:
    """Give the value of each name in an expression."""
    for chain in names_in(source):
        value: object = scope.get(str(chain[0]), MISSING)
        for key in chain[1:]:
            value = language.getitem(value, key)
        secret = any(map(is_secret_key, chain)) and isinstance(value, str) and not is_missing(value)
        yield seen(written(chain), masked(str(value)) if secret else value)


def values_seen(sources: Iterable[str], language: Language, scope: Scope) -> tuple[Seen, ...]:
    """Give the value of each name in several expressions, each once."""
    return tuple({one.source: one for source in sources for one in names_seen(source, language, scope)}.values())


def written(chain: Sequence[str | int]) -> str:
    """Write a name as hook files do."""
    plain = (f".{key}" if isinstance(key, str) and key.isidentifier() else f"[{key!r}]" for key in chain[1:])
    return f"{chain[0]}{''.join(plain)}"


def seen(source: str, value: object) -> Seen:
    return Seen(source=source, missing=True) if is_missing(value) else Seen(source=source, value=shown(value))


def shown(value: object) -> Json:
    """Give a value as a person needs it: cut where it is long, and always fit for JSON."""
    if isinstance(value, str):
        return cut(value.encode(errors="replace").decode())
    try:
        text = orjson.dumps(without_secrets(value))  # type: ignore[arg-type]
    except TypeError:
        return cut(str(value))
    return orjson.loads(text) if len(text) <= LONGEST_SHOWN else cut(text.decode())


def cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
