"""Says in the reader's language what the store keeps in English: why events fail, what the door refused, alarms, acts.

Store, log, API and commands have one plain English sentence each. Here it is found again among the templates of the
``of_...`` modules and said by the catalogue, and so is what stands in those of its places that hold sentences. What is
not found stays as it is: the CRM's own words, and what people write.

A new sentence of the relay belongs into the ``of_...`` module that it is nearest to, as ``N_("... %(place)s ...")``;
places that hold a sentence have a name of ``matching.INNER``, places that hold a number one of ``NUMBERS``. ``make
texts`` then puts it into ``translations``. ``tests/test_said.py`` reads all sources and says what is missing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from babel.numbers import format_decimal

from relay.model import Line
from relay.ops.sentences.saying import ALL, FAR, TITLES, Speaker
from relay.ops.words import CATALOGUES, gettext, locale, words

#: Sentences kept in their translation, over all languages.
KEPT = 4_096
#: Longer texts are bodies of answers, or many sentences; they stay as they are.
LONGEST_SAID = 2_000
#: Values of a line that hold sentences, and those that are constants of ours.
SENTENCES, CONSTANTS = ("words",), ("proof", "sender", "secrets", "content_type", "kind")
#: One part of a filter, as ``finding.described`` writes it: ``hook 'cotiza'``.
PART = re.compile(r"([a-z]+) ('(?:[^'\\]|\\.)*'?|\"(?:[^\"\\]|\\.)*\"?)")


def say(sentence: str, status: int | None = None) -> str:
    """Say a sentence that the store keeps. With the status of an answer it may be the answer's own words.

    Where the CRM or a sender said something itself, that stays, though it may read as one of ours.
    """
    return say_in(str(locale()), sentence, status)


def say_answer(words: str) -> str:
    """Say what a far side answered, where we put it into words; its own stay."""
    return say(words, 1)


def say_title(text: str) -> str:
    """Say the name of a replay: the sentence of a group, maybe cut, a filter in words, or what a person wrote."""
    found = say_title_in(str(locale()), text)
    return found if found != text else say_filter(text)


def say_in(place: str, sentence: str, status: int | None = None) -> str:
    """Say it in the language of a place, as ``es_CL``."""
    return _said(sentence, "far" if status else "all", place)


def say_title_in(place: str, text: str) -> str:
    return _said(text, "titles", place)


def say_filter(text: str) -> str:
    """Say a filter in words, ``dead, hook 'cotiza'``, or the beginning or the end of one."""
    state, comma, rest = text.partition(", ")
    return f"{_word(state)}{comma}{PART.sub(_part, rest)}" if comma else _word(text)


def said(line: Line) -> str:
    """Say a line that has words of others, or sentences of ours, in its places."""
    status = 1 if line.values.get("status") else 0
    values = {name: _value(name, text, status) for name, text in line.values.items()}
    return gettext(line.text, **values)


def _value(name: str, text: str, status: int) -> str:
    if name in SENTENCES:
        return say(text, status)
    if name == "hook":
        return _hook(text)
    return words(text) if name in CONSTANTS else text


def _hook(text: str) -> str:
    """Say the title of a sender where it stands before its hook and is no name: ``Google Ads lead forms landing``."""
    title, space, hook = text.rpartition(" ")
    return f"{words(title)}{space}{hook}"


def _part(found: re.Match[str]) -> str:
    value = f"'{words(found[2][1:-1])}'" if found[1] in ("kind", "state") else found[2]
    return f"{words(found[1])} {value}"


def _word(text: str) -> str:
    return words(text) if text.replace(" ", "").isalpha() else text


@lru_cache(maxsize=KEPT)
def _said(sentence: str, among: str, place: str) -> str:
    tongue = place.partition("_")[0]
    if tongue == "en" or not sentence or len(sentence) > LONGEST_SAID:
        return sentence
    speaker = Speaker(CATALOGUES[tongue].ugettext, lambda text: _number(text, place))
    return speaker.say(sentence, {"all": ALL, "far": FAR, "titles": TITLES}[among])


def _number(text: str, place: str) -> str:
    """Write a number as the reader does; years, ports and the like have no comma, and stay."""
    whole = text.replace(",", "")
    return format_decimal(int(whole), locale=place) if "," in text and whole.isdecimal() else text
