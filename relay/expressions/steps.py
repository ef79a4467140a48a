"""Takes the filters of an expression one by one: which of them changed, emptied or refused a value?

``mapping.explain`` asks after the event was mapped. ``fields.nombre | title | first_word`` is computed up to each
of its bars; the syntax tree of the whole proves that each text is part of it, else nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from jinja2 import TemplateSyntaxError, nodes

from relay.expressions.language import Evaluate, Language, words_of
from relay.expressions.missing import is_missing
from relay.expressions.parts import READER, Seen, Token, names_in, seen, tokens_of
from relay.hooks import Scope
from relay.masking import is_secret_key, masked
from relay.model import Json

#: Words that stand between values, and never before a bar as one.
JOINING = frozenset(("and", "or", "not", "if", "else", "in", "is"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one filter made of the value that it was given."""

    #: As written: ``lookup('corredores', 'mesa de ventas')``.
    filter: str
    #: ``changed``, ``emptied`` (there is nothing left), ``filled`` (there was nothing), ``kept`` or ``failed``.
    verdict: str
    #: What came of it, cut where it is long; None where that is nothing.
    value: Json = None
    missing: bool = False
    #: Why it failed.
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtering:
    """A value of an expression on its way through its filters, as far as it came."""

    #: As written, with all of its filters.
    source: str
    #: The value before the first of them.
    start: Seen
    steps: tuple[Step, ...]

    @property
    def telling(self) -> Step | None:
        """Give the step that says most: the one that failed, else the one that emptied, else the last that changed."""
        for verdict in ("failed", "emptied"):
            if found := [one for one in self.steps if one.verdict == verdict]:
                return found[0]
        return next((one for one in reversed(self.steps) if one.verdict != "kept"), None)


class Chain:
    """The filters behind one value of an expression, each compiled with all before it."""

    def __init__(self, language: Language, texts: Sequence[str], filters: Sequence[str]) -> None:
        self.texts, self.filters = texts, filters
        self.evaluate: list[Evaluate] = [language.compile_unit([text]) for text in texts]
        keys = (key for chain in names_in(texts[0]) for key in chain)
        self.secret = any(isinstance(key, str) and is_secret_key(key) for key in keys)

    def look(self, scope: Scope) -> Filtering | None:
        """Follow the value of an event; None where even the first can't be computed. Never raises."""
        value, words = self.value(0, scope)
        if words:
            return None
        return Filtering(
            source=self.texts[-1], start=self.told(self.texts[0], value), steps=tuple(self.steps(value, scope))
        )

    def steps(self, before: object, scope: Scope) -> Iterator[Step]:
        for place, filter in enumerate(self.filters, 1):
            after, words = self.value(place, scope)
            if words:
                yield Step(filter=filter, verdict="failed", missing=True, words=words)
                return
            came = self.told(filter, after)
            yield Step(filter=filter, verdict=verdict(before, after), value=came.value, missing=came.missing)
            before = after

    def value(self, place: int, scope: Scope) -> tuple[object, str]:
        """Give the value behind so many filters, or why there is none."""
        try:
            return self.evaluate[place](scope)[0], ""
        except Exception as error:
            return None, words_of(error)

    def told(self, source: str, value: object) -> Seen:
        if self.secret and not is_missing(value):
            return Seen(source=source, value=masked(str(value)))
        return seen(source, value)


def verdict(before: object, after: object) -> str:
    empty = is_missing(after)
    if is_missing(before):
        return "kept" if empty else "filled"
    if empty:
        return "emptied"
    return "kept" if type(before) is type(after) and before == after else "changed"


def chains_of(language: Language, sources: Iterable[str]) -> tuple[Chain, ...]:
    """Compile every value with filters in these expressions."""
    found = dict.fromkeys(one for source in sources for one in chains_in(source))
    return tuple(Chain(language, texts, filters) for texts, filters in found)


def followed(chains: Iterable[Chain], scope: Scope) -> tuple[Filtering, ...]:
    """Follow the values of an event through all of them."""
    return tuple(one for chain in chains if (one := chain.look(scope)) is not None)


Texts = tuple[str, ...]


@lru_cache(maxsize=4096)
def chains_in(source: str) -> tuple[tuple[Texts, Texts], ...]:
    """Give of each value with filters its texts, up to each bar and whole, and the texts of its filters."""
    try:
        tree, tokens = READER.parse_expression(source), tokens_of(source)
    except (TemplateSyntaxError, RecursionError):
        return ()
    found, bars = [], [place for place, one in enumerate(tokens) if one.text == "|" and not one.key]
    while bars:
        ends = list(filters_from(tokens, bars[0]))
        begin, taken = begin_of(tokens, bars[0]), {bar for bar, _ in ends}
        texts = [source[tokens[begin].start : tokens[bars[0]].start].strip()] if begin is not None else []
        texts += [source[tokens[begin].start : tokens[end].end] for _, end in ends] if begin is not None else []
        filters = [source[tokens[bar].end : tokens[end].end].strip() for bar, end in ends]
        if proven(tree, texts):
            found.append((tuple(texts), tuple(filters)))
        bars = [bar for bar in bars if bar not in taken]
    return tuple(found)


def filters_from(tokens: Sequence[Token], bar: int) -> Iterator[tuple[int, int]]:
    """Give the places of each filter's bar and last word, from this bar on."""
    while bar + 1 < len(tokens) and tokens[bar].text == "|":
        end = bar + 1
        if end + 1 < len(tokens) and tokens[end + 1].text == "(":
            depth = tokens[end + 1].depth
            end = next((at for at in range(end + 2, len(tokens)) if tokens[at].depth == depth), end)
        yield bar, end
        bar = end + 1
        if bar >= len(tokens):
            return


def begin_of(tokens: Sequence[Token], bar: int) -> int | None:
    """Give the place of the first word of the value before a bar; None where there is none."""
    depth, at = tokens[bar].depth, bar - 1
    while at >= 0:
        one = tokens[at]
        if one.depth > depth or one.text in (")", "]", "}"):
            at -= 1  # within brackets, or their end
            continue
        if one.text in ("(", "[", "{") and at and names_value(tokens[at - 1], one):
            at -= 1  # of what stands before them
            continue
        if at and tokens[at - 1].text == "." and tokens[at - 1].depth == depth:
            at -= 2
            continue
        return at
    return None


def names_value(before: Token, bracket: Token) -> bool:
    """Whether a bracket belongs to the word before it, as in ``fields['a b']``."""
    if bracket.text != "[":
        return False
    return before.key or before.text in (")", "]") or (before.text.isidentifier() and before.text not in JOINING)


def proven(tree: nodes.Node, texts: Sequence[str]) -> bool:
    """Whether the last text is part of the whole as it is read, and each before it is what its filter is given."""
    try:
        read = [READER.parse_expression(text) for text in texts]
    except (TemplateSyntaxError, RecursionError):
        return False
    if len(read) < 2 or not any(read[-1] == one for one in (tree, *tree.find_all(nodes.Filter))):
        return False
    return all(isinstance(after, nodes.Filter) and after.node == before for before, after in pairwise(read))


def plain(filtering: Filtering) -> Filtering:
    """Give only those steps that did something."""
    return replace(filtering, steps=tuple(one for one in filtering.steps if one.verdict != "kept"))
