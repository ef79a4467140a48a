"""What an example event holds, value by value: where each stands, how a rule writes it, and how it looks.

Keys that an adapter spells twice, as typed and as a rule writes them, are taken once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from relay.expressions.missing import is_missing
from relay.expressions.readings import NO, YES, plain
from relay.lead_fields import EMAIL, is_uuid
from relay.model import Event, Json
from relay.senders.plain_keys import plain as plain_key

GROUPS = ("fields", "hidden", "campaign", "form")
#: All that a rule wants of a form.
TITLE = ("form", "title")
DEEPEST = 6
LONG = 120
WORD = re.compile(r"[^\W\d]\w*")
#: Phones in full only: what has no + may be any number.
PHONE = re.compile(r"\+[\d\s().\-]{7,20}")
NUMBER = re.compile(r"-?\d{1,9}([.,]\d{1,6})?|\d{1,3}([.,]\d{3}){1,3}(,\d{1,2})?")
DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
#: Words that say yes or no and nothing else: a 1 or an S may be anything.
TRUTHS = {word for word in YES | NO if len(word) > 1}

Place: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """One value of the example."""

    #: The names that lead to it: ``("fields", "contacto", "nombre")``.
    place: Place
    value: Json
    #: The same key as it was typed, where it was spelled anew.
    label: str = ""

    @property
    def group(self) -> str:
        return self.place[0]

    @property
    def key(self) -> str:
        return self.place[-1]

    @property
    def expression(self) -> str:
        return expression_of(self.place)

    @property
    def empty(self) -> bool:
        return is_missing(self.value)


def expression_of(place: Place) -> str:
    """Write where a value stands as an expression: ``hidden.lead_id``, ``fields['¿Qué buscas?']``."""
    return place[0] + "".join(f".{key}" if is_word(key) else f"[{quoted(key)}]" for key in place[1:])


def is_word(key: str) -> bool:
    """Whether a key can stand behind a dot."""
    return key.isidentifier() and WORD.fullmatch(key) is not None


def quoted(key: str) -> str:
    """Write a key as text of an expression; what would end a hole, or can't be printed, as an escape."""
    return "'" + "".join(letter if is_plain(letter) else escaped(letter) for letter in key) + "'"


def is_plain(letter: str) -> bool:
    return letter.isprintable() and letter not in "\\'\"$"


def escaped(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def seen_in(events: Sequence[Event]) -> list[Seen]:
    """Give all that these events hold; where several have the same place, the first that is not empty."""
    found: dict[Place, Json] = {}
    for event in events:
        for group in GROUPS:
            for place, value in leaves((group,), getattr(event, group)):
                if (group != "form" or place == TITLE) and is_missing(found.get(place)):
                    found[place] = value
    return list(without_doubles(found))


def leaves(place: Place, value: Json) -> Iterator[tuple[Place, Json]]:
    """Give every value that is no object, with its place."""
    if not isinstance(value, Mapping) or not value or len(place) > DEEPEST:
        if len(place) > 1:
            yield place, value
        return
    for key, one in value.items():
        yield from leaves((*place, key), one)


def without_doubles(found: Mapping[Place, Json]) -> Iterator[Seen]:
    """Give each value once: ``telefono``, and not ``Teléfono`` of which it is the plain spelling."""
    labels: dict[Place, str] = {}
    for place, value in found.items():
        spelled = (*place[:-1], plain_key(place[-1]) or place[-1])
        if spelled != place and found.get(spelled) == value and spelled in found:
            labels.setdefault(spelled, place[-1])
            labels[place] = ""
    for place, value in found.items():
        if labels.get(place) != "":
            yield Seen(place, value, labels.get(place, ""))


def kind_seen(value: Json) -> str:
    """Name the kind of a value for a comment, never the value."""
    if is_missing(value):
        return "empty in the example"
    if isinstance(value, str):
        return kind_of_text(value.strip())
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, (int, float)):
        return "a number"
    return "an object" if isinstance(value, Mapping) else "a list"


def kind_of_text(text: str) -> str:
    return next((kind for kind, holds in LOOKS if holds(text)), "text" if len(text) <= LONG else "a long text")


LOOKS = (
    ("a UUID", is_uuid),
    ("an e-mail", EMAIL.fullmatch),
    ("a phone number", PHONE.fullmatch),
    ("a web address", re.compile(r"https?://\S+").match),
    ("yes or no", lambda text: plain(text) in TRUTHS),
    ("a time", TIME.fullmatch),
    ("a date", DATE.fullmatch),
    ("a number", re.compile(r"-?\d+([.,]\d+)*").fullmatch),
)
