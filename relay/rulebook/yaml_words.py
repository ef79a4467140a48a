"""Says in plain words why a text is no YAML: what was most likely meant, and where it shows.

``yaml_reading`` asks it for words in place of those of its library, which speaks of tokens and of where it gave up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

At: TypeAlias = "tuple[int, int]"


class Failure(NamedTuple):
    """What the library says of a text: what it met, what it was reading, and where both are, from 1."""

    problem: str
    context: str
    at: At
    #: Where what it was reading began.
    since: At
    text: str

    @property
    def line(self) -> str:
        """The line in which it gave up."""
        return self.lines(self.at[0])

    def lines(self, number: int) -> str:
        several = self.text.split("\n")
        return several[number - 1] if 0 < number <= len(several) else ""


class Told(NamedTuple):
    words: str
    at: At


CLOSING = {"[": "]", "{": "}"}
#: A key whose value follows its colon without a blank.
CROWDED = re.compile(r"\s*(?:- )?([\w.-]+):(?=[^\s/])")
KEY_WITH_VALUE = re.compile(r"\s*(?:- )?([\w.-]+): +[^\s#|>]")
QUOTED = re.compile(r"""(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")\s*$""")
#: What the library says, and what to do, where there is no more to tell.
PLAIN = {
    "found another document": "a second document after ---; one file is one hook",
    "found undefined alias": "an alias (*) without its anchor (&); put the value in quotes if it is none",
    "sequence entries are not allowed here": "a '- ' behind a key; begin the list on a line of its own",
    "expected chomping or indentation indicators": "text behind | or >; begin it on the next line",
    "expected '<document start>'": "a line that begins with %; put the value in quotes",
    "found unexpected document separator": "--- inside a value; put it in quotes",
}


def plain_words(failure: Failure) -> Told:
    """Give words and a place."""
    for look in LOOKS:
        if told := look(failure):
            return told
    words = next((words for part, words in PLAIN.items() if part in failure.problem), failure.problem)
    return Told(words, failure.at)


def of_tab(failure: Failure) -> Told | None:
    if "'\\t'" not in failure.problem:
        return None
    indents = not failure.line[: failure.at[1] - 1].strip()
    return Told("a tab; indent with spaces" if indents else "a tab; write a blank in its place", failure.at)


def of_first_letter(failure: Failure) -> Told | None:
    if "cannot start any token" in failure.problem:
        letter = failure.line[failure.at[1] - 1 : failure.at[1]]
        return Told(f"{letter} can't begin a value; put the value in quotes", failure.at)
    return None


def of_quote(failure: Failure) -> Told | None:
    """Tell of quotes: one that is not closed, what stands behind one, and what means nothing inside."""
    if failure.problem.startswith("found unexpected") and "quoted scalar" in failure.context:
        quote = failure.lines(failure.since[0])[failure.since[1] - 1 :][:1]
        return Told(f"the quote {quote} is not closed; write another one at the end of the text", failure.since)
    if "escape" in failure.problem:
        words = "a \\ that means nothing in double quotes; write \\\\ for the sign itself, or use single quotes"
        return Told(words, failure.at)
    before = failure.line[: failure.at[1] - 1]
    if "but found '<scalar>'" in failure.problem and QUOTED.search(before):
        return Told("text behind a closing quote; put the whole value in quotes of the other kind", failure.at)
    return None


def of_bracket(failure: Failure) -> Told | None:
    """Tell of ``[ ]`` and ``{ }``: an expression inside, one that is not closed, or closed by the other kind."""
    if "flow" not in failure.context or failure.context == "while parsing a flow node":
        return None
    if "but got '{'" in failure.problem and failure.line[: failure.at[1] - 1].endswith("$"):
        words = "a ${ inside [ ] or { }; put the value in quotes, or write one key on each line"
        return Told(words, (failure.at[0], failure.at[1] - 1))
    opening = failure.lines(failure.since[0])[failure.since[1] - 1 :][:1]
    closing = CLOSING.get(opening, "")
    met = failure.line[failure.at[1] - 1 : failure.at[1]]
    if met in CLOSING.values():
        return Told(f"a {met} for the {opening} in line {failure.since[0]}; write {closing}", failure.at)
    if failure.at[0] > failure.since[0] or not met:
        return Told(f"the {opening} is not closed; write {closing} behind its last entry", failure.since)
    return Told(
        f"no comma between two entries of {opening} {closing}; write one, or put the value in quotes", failure.at
    )


def of_empty_entry(failure: Failure) -> Told | None:
    if "expected the node content" not in failure.problem:
        return None
    met = failure.line[failure.at[1] - 1 : failure.at[1]]
    if met == ",":
        return Told("a comma with nothing before it; leave it out", failure.at)
    return Told(f"a {met} that closes nothing; leave it out, or put the value in quotes", failure.at)


def of_colon(failure: Failure) -> Told | None:
    """Tell of a colon where none can be, and of one that lacks the blank behind it."""
    if "mapping values are not allowed" not in failure.problem:
        return None
    line, above = failure.at[0], failure.at[0] - 1
    while above > 1 and not failure.lines(above).strip():
        above -= 1
    if crowded := CROWDED.match(failure.lines(above)):
        words = f"no blank behind the colon of {crowded[1]!r}; write {crowded[1]}: and then its value"
        return Told(words, (above, crowded.end()))
    if not re.match(r"\s*(- )?[^:]*$", failure.line[: failure.at[1] - 1]):
        return Told("a ': ' inside a value; put the value in quotes", failure.at)
    if (key := KEY_WITH_VALUE.match(failure.lines(above))) and indent(failure.line) > indent(failure.lines(above)):
        words = f"a key below {key[1]!r}, which has a value already; indent it as {key[1]!r}, or take that value away"
        return Told(words, (line, indent(failure.line) + 1))
    if above and ":" not in failure.lines(above):
        return Told("a line that is no key; write a ':' behind it, or join it to the value above", (above, 1))
    return Told("a ': ' where none can be; put the value in quotes", failure.at)


def of_no_key(failure: Failure) -> Told | None:
    if "could not find expected ':'" in failure.problem:
        return Told(
            "a line that is no key; write a ':' behind it, or indent it below the key it belongs to", failure.since
        )
    return None


def of_indentation(failure: Failure) -> Told | None:
    if "expected <block end>" in failure.problem or "but found '<block" in failure.problem:
        words = "an indentation that does not fit the lines above; begin it exactly below what it belongs with"
        return Told(words, failure.at)
    return None


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))


LOOKS: tuple[Callable[[Failure], Told | None], ...] = (
    *(of_tab, of_first_letter, of_quote, of_bracket, of_empty_entry, of_colon, of_no_key, of_indentation),
)
