"""Puts an English sentence together again in another language, piece by piece.

A sentence may stand behind a name (``rules/cotiza.yaml:14: ...``), behind a field (``phone is not a date``), before a
count (``... (and 2 more)``), and beside others (``...; ...``). Whatever is found in the most of its parts is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from relay.forms import LOST, TURNED
from relay.grouping import GAP, LONGEST
from relay.inbox import SENTENCES as OF_GROUPS
from relay.ops.sentences import of_asking, of_events, of_far_sides, of_rules, of_standing, of_the_door
from relay.ops.sentences.matching import INNER, NUMBERS, Match, Templates
from relay.ops.sentences.phrases import PHRASES
from relay.texts import N_

MODULES = (of_events, of_far_sides, of_the_door, of_standing, of_asking, of_rules)
#: What may be said of an answer of the CRM's or of a sender: all else is said by these themselves.
FAR = Templates(of_far_sides.SENTENCES)
ALL = Templates([*(text for module in MODULES for text in module.SENTENCES), *LOST, *TURNED])
#: Sentences of groups, by which replays are named.
TITLES = Templates([*(text for both in OF_GROUPS.values() for text in both if text), *of_standing.SENTENCES])
PARTS = Templates(PHRASES)

OR = N_("%(first)s or %(second)s")
AND_MORE = N_("%(words)s (and %(number)s more)")
TRACED = N_("%(words)s (fbtrace_id %(trace)s)")
#: What stands behind a sentence of any kind.
TAILS = {
    AND_MORE: re.compile(rf"(?P<words>.+) \(and (?P<number>\d+|{GAP}) more\)", re.DOTALL),
    TRACED: re.compile(r"(?P<words>.+) \(fbtrace_id (?P<trace>[^()]+)\)", re.DOTALL),
}
BEHIND_A_NAME = re.compile(r"(?P<name>.+?): (?P<rest>.+)", re.DOTALL)
BEHIND_A_FIELD = re.compile(r"(?P<field>[^\s:;,]+) (?P<rest>.+)", re.DOTALL)
#: A file, a variable, a key: one word, or a path with its line.
A_NAME = re.compile(rf"\S+|[^;]+\.(?:ya?ml|json)(?::(?:\d+|{GAP}))*")
LETTERS = re.compile(r"[^\W\d_]{2,}")
CUT = (" …", GAP)
DEEPEST = 6
#: Parts between semicolons, or lines, that one sentence may take up of several: else a long list of faults, or of what
#: the CRM has to say, would be tried in more ways than anybody can wait for.
MOST_TOGETHER = 5

#: Gives the translation of a text of the catalogue, or the text.
Translate = Callable[[str], str]


class Said(NamedTuple):
    """A sentence in another language."""

    text: str
    #: Whether nothing in it is left in English that could have been meant to be said.
    whole: bool = True


@dataclass(frozen=True)
class Speaker:
    """Says sentences in one language."""

    translate: Translate
    #: Writes a number, as ``1,234``, in that language.
    number: Callable[[str], str] = str
    #: What was made of each part that was tried: the same one is come to in many ways.
    tried: dict[_Place, Said | None] = field(default_factory=dict, compare=False, repr=False)

    def say(self, sentence: str, among: Templates = ALL) -> str:
        """Say a sentence; one that is not found stays as it is."""
        found = self.find(sentence, among)
        return found.text if found else sentence

    def find(self, sentence: str, among: Templates = ALL) -> Said | None:
        """Give the first reading of a sentence that is whole, else the first at all; None where there is none."""
        found = self._read(_Place(sentence, among))
        mark = next((mark for mark in CUT if sentence.endswith(mark)), "")
        if (found and found.whole) or not (mark or len(sentence) >= LONGEST):
            return found
        return self._read(_Place(sentence.removesuffix(mark), among, cut=True)) or found

    def part(self, text: str) -> Said | None:
        """Say a part of a sentence, which is none by itself."""
        return self._part(text, _Place(text, ALL))

    def _read(self, here: _Place) -> Said | None:
        if here not in self.tried:
            self.tried[here] = self._read_anew(here)
        return self.tried[here]

    def _read_anew(self, here: _Place) -> Said | None:
        first = None
        for said in self._readings(here) if here.depth < DEEPEST else ():
            if said.whole:
                return said
            first = first or said
        return first

    def _readings(self, here: _Place) -> Iterator[Said]:
        text, among = here.text, here.among
        if among is not FAR and " " in text and (exact := self.translate(text)) != text:
            yield Said(exact)
        for template, pattern in TAILS.items():
            if found := pattern.fullmatch(text):
                yield self._filled(Match(template, found.groupdict()), here)
        by_words, by_places = among.matches(text)
        yield from (self._filled(match, here) for match in by_words)
        yield from self._behind_a_name(here)
        yield from self._behind_a_field(here)
        yield from (self._filled(match, here) for match in by_places)
        yield from self._several(here)
        if here.cut:
            # A place that is cut could be anything, so it counts only where its beginning is known too.
            filled = (self._filled(match, here) for match in among.matches_cut(text))
            yield from (said for said in filled if said.whole)

    def _filled(self, match: Match, here: _Place) -> Said:
        """Put into a template's translation what stands in its places."""
        places = {name: self._place(name, text, here) for name, text in match.places.items()}
        text = self.translate(match.template) % {name: said.text for name, said in places.items()}
        return Said(text, all(said.whole for said in places.values()))

    def _place(self, name: str, text: str, here: _Place) -> Said:
        if name in NUMBERS:
            return Said(self.number(text))
        if name not in INNER or not LETTERS.search(text):
            return Said(text)
        if name in SAID_APART:
            return Said(SAID_APART[name](self, text))
        return self._part(text, here) or self._read(here.inner(text)) or Said(text, bool(A_NAME.fullmatch(text)))

    def _part(self, text: str, here: _Place) -> Said | None:
        for match in (*PARTS.matches(text)[0], *PARTS.matches(text)[1]):
            return self._filled(match, here.inner(text))
        exact = self.translate(text)
        return Said(exact) if exact != text else None

    def names(self, text: str) -> str:
        """Say what a lead is known by: ``phone or email``."""
        names = [self.translate(one) for one in text.split(" or ")]
        return reduce(lambda first, second: self.translate(OR) % {"first": first, "second": second}, names)

    def sum(self, text: str) -> str:
        """Say how many events stand where: ``2 delivered + 1 in flight``."""
        counted = (one.partition(" ") for one in text.split(" + "))
        return " + ".join(f"{number}{space}{self.translate(word)}" for number, space, word in counted)

    def title(self, text: str) -> str:
        """Say the sentence of a group, by which a replay is named."""
        return self.say(text, TITLES)

    def _behind_a_name(self, here: _Place) -> Iterator[Said]:
        """Take a sentence apart at a name, or a part that could be a name, with a colon before it."""
        if not (found := BEHIND_A_NAME.fullmatch(here.text)):
            return
        name = Said(found["name"]) if A_NAME.fullmatch(found["name"]) else self._part(found["name"], here)
        if name and (rest := self._read(here.inner(found["rest"]))):
            yield Said(f"{name.text}: {rest.text}", rest.whole)

    def _behind_a_field(self, here: _Place) -> Iterator[Said]:
        """Take a sentence apart at a field, of which a template says something in words of its own."""
        if found := BEHIND_A_FIELD.fullmatch(here.text):
            inner = here.inner(found["rest"])
            matches = here.among.matches_cut(inner.text) if here.cut else here.among.matches(inner.text)[0]
            for match in matches:
                rest = self._filled(match, inner)
                if rest.whole or not here.cut:
                    yield Said(f"{found['field']} {rest.text}", rest.whole)

    def _several(self, here: _Place) -> Iterator[Said]:
        """Say what is parted by semicolons, or stands on lines of its own."""
        for mark in ("\n", "; "):
            head, parted, tail = here.text.partition(mark)
            for _ in range(MOST_TOGETHER):
                if not parted:
                    break
                if first := self._read(here.inner(head, cut=False)):
                    rest = self._read(here.inner(tail)) or Said(tail, whole=False)
                    yield Said(f"{first.text}{mark}{rest.text}", first.whole and rest.whole)
                more, parted, tail = tail.partition(mark)
                head = f"{head}{mark}{more}"


#: Places that hold what is no sentence, and how it is said.
SAID_APART: Mapping[str, Callable[[Speaker, str], str]] = {
    "names": Speaker.names,
    "sum": Speaker.sum,
    "title": Speaker.title,
}


@dataclass(frozen=True)
class _Place:
    """A text within a sentence, and what it may be."""

    text: str
    among: Templates
    depth: int = 0
    #: Whether its end may be missing.
    cut: bool = False

    def inner(self, text: str, *, cut: bool = True) -> _Place:
        among = ALL if self.among is TITLES else self.among
        return _Place(text, among, self.depth + 1, self.cut and cut)
