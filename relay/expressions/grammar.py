"""The text of templates and expressions: names, words, suggestions, and how a text is parted from its holes.

``flaws`` says what is wrong with an expression; what passes is compiled by ``language``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from phonenumbers import SUPPORTED_REGIONS

from relay.expressions.extent import LONGEST_TEMPLATE
from relay.expressions.formulas import Template

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
#: A word of an expression: a name or number, a text in quotes, or a mark.
WORD = re.compile(r"\w+|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[=!<>]=|//|\*\*|&&|\|\||\S", re.DOTALL)


class BadTemplate(Exception):
    """A template whose holes can't be told from its text. The text says why, ``start`` where."""

    def __init__(self, words: str, start: int) -> None:
        super().__init__(words)
        self.start = start


def nearest(word: str, known: Collection[str]) -> str:
    """Give what was probably meant; empty where nothing is near."""
    close = get_close_matches(word.lower(), list(known), n=1, cutoff=0.65)
    return close[0] if close else ""


def suggest(word: str, known: Collection[str], plural: str) -> str:
    """End a fault with what was probably meant, or with all that there is."""
    if close := nearest(word, known):
        return f"; did you mean {close!r}?"
    return f"; the {plural} are {', '.join(known)}" if known else f"; there are no {plural}"


def template_of(text: str) -> Template:
    """Part text from its ``${...}``; ``$${`` is a literal ``${``. Raises BadTemplate."""
    if len(text) > LONGEST_TEMPLATE:
        raise BadTemplate(f"is longer than {LONGEST_TEMPLATE:,} characters", 0)
    texts, holes, place = [""], [], 0
    while place < len(text):
        if text.startswith("$${", place):
            texts[-1] += "${"
            place += 3
        elif text.startswith("${", place):
            end = end_of_hole(text, place)
            if not text[place + 2 : end].strip():
                raise BadTemplate("has an empty ${}; write an expression in it, or leave it out", place)
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


def width(source: str, start: int) -> int:
    """Give the length of the word that begins there."""
    found = WORD.match(source, start)
    return len(found[0]) if found else 1
