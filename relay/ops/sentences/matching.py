"""Finds an English sentence again among templates: which one it is, and what stands in its places.

A template is a text with named places, ``is longer than %(most)s characters``. What is matched may be a gist, in which
… stands for what differs between events, and may be cut at its end. Pure; knows no language but English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from relay.grouping import GAP, VARIES

PLACE = re.compile(r"%\((\w+)\)s")
#: Places that hold numbers alone.
NUMBERS = frozenset(("number", "most", "least", "line", "column", "size", "status", "seconds"))
#: Places that hold a sentence, or a part of one, that is said in the reader's language too.
INNER = frozenset(("words", "what", "kind", "names", "hint", "how", "sum", "title"))
NUMBER = rf"(?:[\d.,]+|{GAP})"
#: A name as ``repr`` writes it, or the place of a rule that has none.
RULE = rf"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+|{GAP})"
#: What is told of never has a colon in it: that parts it from what stands before.
WHAT = r"(?:(?!: ).)+?"
ANY = r".+?"
#: Letters of its beginning by which a sentence is known that is cut in them.
LEAST = 8
#: Ways to lay a template over a sentence beyond which that is not tried: none that we say has nearly as many, but one
#: that was made for it would take minutes.
MOST_WAYS = 100_000


def place_pattern(name: str) -> str:
    if name in NUMBERS:
        return NUMBER
    return {"rule": RULE, "what": WHAT}.get(name, ANY)


def literal_pattern(text: str) -> str:
    """Match a text, or its gist."""
    parts, place = [], 0
    for found in VARIES.finditer(text):
        parts += [re.escape(text[place : found.start()]), f"(?:{re.escape(found[0])}|{GAP})"]
        place = found.end()
    return "".join([*parts, re.escape(text[place:])])


def beginnings(text: str, *, least: int) -> str:
    """Match any beginning of a text, the longest first."""
    ends = range(len(text), min(least, len(text)) - 1, -1)
    return f"(?:{'|'.join(re.escape(text[:end]) for end in ends)})"


@dataclass(frozen=True)
class Template:
    """One sentence with named places."""

    text: str

    @cached_property
    def pieces(self) -> list[str]:
        """Literal texts at even places, names of places at odd ones."""
        return [piece.replace("%%", "%") for piece in PLACE.split(self.text)]

    @cached_property
    def literals(self) -> int:
        """How many letters stand in it as they are: the more there are, the surer is a match."""
        return sum(map(len, self.pieces[::2]))

    @cached_property
    def anchor(self) -> str:
        """The longest text that every such sentence holds, unless it is cut."""
        return max((one for text in self.pieces[::2] for one in VARIES.split(text)), key=len)

    @cached_property
    def whole(self) -> re.Pattern[str]:
        return re.compile(self._pattern(len(self.pieces)), re.DOTALL)

    @cached_property
    def cut(self) -> list[re.Pattern[str]]:
        """Match what is cut in one of its pieces, the last first."""
        last = range(len(self.pieces) - 1, -1, -1)
        return [re.compile(self._pattern(end) + self._beginning(end), re.DOTALL) for end in last if self.pieces[end]]

    def _beginning(self, number: int) -> str:
        piece = self.pieces[number]
        return f"(?P<{piece}>.+)" if number % 2 else beginnings(piece, least=1 if number else LEAST)

    def _pattern(self, end: int) -> str:
        return "".join(
            f"(?P<{piece}>{place_pattern(piece)})" if number % 2 else literal_pattern(piece)
            for number, piece in enumerate(self.pieces[:end])
        )

    def match(self, sentence: str) -> Mapping[str, str] | None:
        """Give what stands in its places; None where this is not the sentence."""
        found = self.whole.fullmatch(sentence) if self.anchor in sentence and not self._endless(sentence) else None
        return found.groupdict() if found else None

    def _endless(self, sentence: str) -> bool:
        """Whether its words stand in a sentence so often that there are too many ways to lay it over it."""
        return prod(max(1, sentence.count(text)) for text in self.pieces[::2] if text) > MOST_WAYS

    def match_cut(self, sentence: str) -> Mapping[str, str] | None:
        """Give what stands in its places, as far as the sentence goes; … is in the others."""
        for pattern in self.cut if not self._endless(sentence) else ():
            if found := pattern.fullmatch(sentence):
                return dict.fromkeys(self.pieces[1::2], GAP) | found.groupdict()
        return None


@dataclass(frozen=True)
class Match:
    """A sentence that was found."""

    template: str
    places: Mapping[str, str]


class Templates:
    """Several templates, of which the one that says most by itself is found first."""

    def __init__(self, texts: Iterable[str]) -> None:
        several = sorted(map(Template, dict.fromkeys(texts)), key=lambda one: -one.literals)
        self._by_words = [one for one in several if one.pieces[0]]
        self._by_places = [one for one in several if not one.pieces[0]]

    def matches(self, sentence: str) -> tuple[Sequence[Match], Sequence[Match]]:
        """Give every template that a sentence can be of, the likeliest first; apart those that begin with a place."""
        return _matches(self._by_words, sentence), _matches(self._by_places, sentence)

    def matches_cut(self, sentence: str) -> Iterator[Match]:
        """Give every template that begins with words of its own and that a cut sentence can be of."""
        for one in self._by_words:
            if (places := one.match_cut(sentence)) is not None:
                yield Match(one.text, places)


def _matches(templates: Iterable[Template], sentence: str) -> list[Match]:
    found = ((one.text, one.match(sentence)) for one in templates)
    return [Match(text, places) for text, places in found if places is not None]
