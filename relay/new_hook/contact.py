"""Values of the example into the lead's own fields: names, phone, e-mail, company, title.

A key that says what it is comes before one that speaks of it, and that before a value that merely looks like it. Two
places with one value are tried one after the other; a second value that differs goes to metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relay.model import Json
from relay.new_hook.names import is_of_person, meaning_of, spoken_of
from relay.new_hook.seen import Seen, kind_seen
from relay.new_hook.trial import Trial

#: Fields that one expression and one filter give. Names are read apart.
FILTERS = {"phone": "phone", "email": "email", "company": "trim", "title": "trim"}
#: Where a visitor's own words, or those that a link brings, stand.
SPOKEN_IN = ("fields", "hidden")
LOOKS = {"a phone number": "phone", "an e-mail": "email"}


@dataclass(frozen=True)
class Line:
    """One line of an update."""

    register: str
    #: Empty where the value is only told of.
    expression: str
    #: What was seen there, for the comment.
    seen: tuple[Seen, ...] = ()

    @property
    def comment(self) -> str:
        labels = [one.label for one in self.seen if one.label]
        kinds = dict.fromkeys(kind_seen(one.value) for one in self.seen if not one.empty)
        told = " or ".join(kinds) or ("empty in the example" if self.seen else "")
        return f"{told}; typed as {', '.join(labels)}" if labels else told


@dataclass(frozen=True)
class Contact:
    """The lines of the rule with the lead's own fields."""

    lines: tuple[Line, ...]

    def expression(self, register: str) -> str:
        return next((line.expression for line in self.lines if line.register == register), "")

    @classmethod
    def guessed(cls, region: str) -> Contact:
        """Give usual names of fields, where no example says which there are."""
        expressions = {
            "first_name": "(fields.first_name or (fields.full_name | first_word)) | title",
            "last_name": "(fields.last_name or (fields.full_name | rest)) | title",
            "phone": f"(fields.phone_number or fields.phone) | phone('{region}')",
            "email": "fields.email | email",
        }
        return cls(tuple(Line(register, expression) for register, expression in expressions.items()))


def read_contact(seen: Sequence[Seen], trial: Trial, region: str) -> Contact:
    """Give the lead's own fields, each from where the example has it best."""
    plain = [one for one in seen if one.group in SPOKEN_IN and is_of_person(one.place) and is_scalar(one.value)]
    lines = [*name_lines(plain, trial)]
    for register, name in FILTERS.items():
        call = f"phone('{region}')" if register == "phone" else name
        if found := agreeing(ranked(plain, register), register, call, trial):
            lines.append(Line(register, f"{either(found)} | {call}", found))
    return Contact(tuple(lines))


def is_scalar(value: Json) -> bool:
    return value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool))


def ranked(seen: Sequence[Seen], register: str) -> list[Seen]:
    """Give the places that may hold this field, the best first."""
    named = [one for one in seen if meaning_of(one.key) == register]
    others = [one for one in seen if not meaning_of(one.key) and isinstance(one.value, str) and not one.empty]
    spoken = [one for one in others if spoken_of(one.key) == register]
    looking = [one for one in others if LOOKS.get(kind_seen(one.value)) == register]
    return list(dict.fromkeys((*named, *spoken, *looking)))


def agreeing(places: Sequence[Seen], register: str, call: str, trial: Trial) -> tuple[Seen, ...]:
    """Give the best place that passes, and with it those that have the same value, or none."""
    passing = [one for one in places if trial.passes(register, f"{one.expression} | {call}")]
    best = next((one for one in passing if not one.empty), None)
    values = trial.values(f"{best.expression} | {call}") if best else []
    return tuple(one for one in passing if one.empty or trial.values(f"{one.expression} | {call}") == values)


def either(places: Sequence[Seen], *more: str) -> str:
    """Write several places as one: the first that is there."""
    words = [*(one.expression for one in places), *more]
    return f"({' or '.join(words)})" if len(words) > 1 else words[0]


def name_lines(seen: Sequence[Seen], trial: Trial) -> Iterator[Line]:
    """Give first and last name: as they are told, else out of the whole name."""
    firsts, lasts, wholes = (
        agreeing([one for one in seen if tells(one, role)], "first_name", "title", trial)
        for role in ("first_name", "last_name", "name")
    )
    if wholes and lasts and not firsts:
        firsts, wholes = wholes, ()
    yield from name_line("first_name", firsts, wholes[:1], "first_word")
    yield from name_line("last_name", lasts, wholes[:1], "rest")


def tells(one: Seen, role: str) -> bool:
    """Whether a place tells this name; an order's number may be called its name."""
    return meaning_of(one.key) == role and not any(map(str.isdecimal, str(one.value)))


def name_line(register: str, told: Sequence[Seen], whole: Sequence[Seen], part: str) -> Iterator[Line]:
    """Write one of the two names: as it is told, else as a part of the whole name, whichever is there."""
    seen = (*told, *whole)
    if told:
        parts = [f"({one.expression} | {part})" for one in whole]
        yield Line(register, f"{either(told, *parts)} | title", seen)
    elif whole:
        yield Line(register, f"{whole[0].expression} | title | {part}", seen)
