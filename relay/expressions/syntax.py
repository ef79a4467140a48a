"""Says in plain words why an expression can't be read, and where: what people write by habit, and what it is here."""

from __future__ import annotations

import re

from jinja2 import TemplateSyntaxError

from relay.expressions.grammar import CLOSING, width

#: What people write out of habit, and what it is here.
HABITS = {
    "=": "compare with ==",
    "&": "write and",
    "&&": "write and",
    "||": "write or",
    "!": "write not",
    "?": "write a if b else c",
    "<>": "write !=",
    "'": "a quote is not closed",
    '"': "a quote is not closed",
    **dict.fromkeys("\u201c\u201d\u2018\u2019", "write plain quotes"),
    "AND": "write and",
    "And": "write and",
    "OR": "write or",
    "Or": "write or",
    "NOT": "write not",
    "Not": "write not",
    "contains": "write 'x' in fields.y",
}
PLAIN_WORDS = {
    "expected name or number": "a key must follow the point",
    "expected subscript expression": "a key must stand between [ and ]",
    "You cannot chain": "unexpected 'is'; join two tests with and",
}
#: A key before a place, where it is not one word: ``fields.Tu `` before ``nombre``.
KEY = re.compile(r"\b(fields|hidden|form|campaign|raw)\.([\w?¿!-]*[ -]?)$")
OPERATORS = frozenset((*"+-*/~<>,", "==", "!=", "<=", ">=", "and", "or", "not", "in", "is", "if", "else"))


def words_of_syntax(error: TemplateSyntaxError, source: str) -> tuple[int, int, str]:
    """Give the place in the source, its length, and words."""
    message = re.sub(r" at \d+$", "", (error.message or "").removesuffix("."))
    if "end of template" in message:
        return words_of_end(source)
    start = min(max(error.lineno - 1, 0), len(source))
    found = habit_at(source, start)
    if found:
        start, word = found
        return start, len(word), f"can't be read: unexpected {word!r}; {HABITS[word]}"
    if hint := hint_of_key(source, start):
        return start, width(source, start), f"can't be read: unexpected {word_at(source, start)!r}; {hint}"
    return start, width(source, start), f"can't be read: {plain(message, source, start)}"


def habit_at(source: str, start: int) -> tuple[int, str] | None:
    """Find a word of another language at this place; of two marks the error may be at the second."""
    for place in (start - 1, start):
        if place >= 0 and source[place : place + 2] in ("||", "&&", "<>"):
            return place, source[place : place + 2]
    word = word_at(source, start)
    return (start, word) if word in HABITS else None


def hint_of_key(source: str, start: int) -> str:
    """Say how a key is written that is not one word; empty where none stands before the place."""
    before = KEY.search(source[:start])
    rest = re.match(r"[\w?-]+", source[start:])
    if not before or not rest or not (before[2] or rest):
        return ""
    return f"a key that is not one word is written {before[1]}[{before[2] + rest[0]!r}]"


def plain(message: str, source: str, start: int) -> str:
    """Put one of the library's messages in the words of hook files."""
    word = word_at(source, start)
    for beginning, words in PLAIN_WORDS.items():
        if message.startswith(beginning):
            return words
    if message.startswith("expected token"):
        return f"unexpected {word!r}; {expected(message)}"
    if message.startswith("unexpected") and ", expected" not in message:
        between = "; join two values with and, or, ~ or a comparison" if word[:1].isalnum() else ""
        return f"unexpected {word!r}{between}"
    return message


def expected(message: str) -> str:
    """Say what should stand there instead."""
    what = message.removeprefix("expected token ").split(", got ")[0].strip("'\"")
    return {"name": "a name must stand here", "else": "write else before it"}.get(what, f"{what!r} must stand here")


def words_of_end(source: str) -> tuple[int, int, str]:
    """Say what is missing at the end: the other bracket, or what the last word asks for."""
    end = len(source.rstrip())
    last = re.search(r"(\w+|[^\w\s]=?)\s*$", source)
    word = last[1] if last else ""
    if word == "|":
        return end - 1, 1, "can't be read: the name of a filter must follow |"
    if word == ".":
        return end - 1, 1, "can't be read: a key must follow the point"
    if word in OPERATORS:
        return end - len(word), len(word), f"can't be read: a value must follow {word!r}"
    place = unclosed(source)
    if place is not None:
        return place, 1, f"can't be read: the {source[place]!r} is not closed; write {CLOSING[source[place]]!r}"
    return end, 1, "can't be read: it ends too early"


def unclosed(source: str) -> int | None:
    """Find the innermost bracket that is open at the end."""
    opened: list[int] = []
    for found in re.finditer(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()\[\]{}]", source, re.DOTALL):
        if found[0] in CLOSING:
            opened.append(found.start())
        elif found[0] in CLOSING.values() and opened:
            opened.pop()
    return opened[-1] if opened else None


def word_at(source: str, start: int) -> str:
    return source[start : start + width(source, start)]
