"""The answers of a Jotform submission: out of ``rawRequest``, or out of the text ``pretty`` where that is broken.

Keys are ``q7_leadId``: the question's number, which stays, and its unique name, which people can change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from relay.model import Json

QUESTION = re.compile(r"(q\d+)_(.+)", re.DOTALL)
#: Where an answer begins in ``Nombre:María José, Correo:mj@example.com``; an address has a colon too.
LABEL = re.compile(r"(?:^|, )([^,:]+):(?!//)")
#: Parts of a full name in the order in which it is said.
NAME = ("prefix", "first", "middle", "last", "suffix")
PHONE = ("country", "area", "phone")
DATE = ("year", "month", "day")


def answers_of(raw_request: Mapping[str, Json]) -> dict[str, Json]:
    """Give each answer under its question's name and under its number; of a full name also ``nombre_first``.

    Files come under the bare name, as a list of addresses. All else is Jotform's own.
    """
    answers: dict[str, Json] = {}
    beside: dict[str, Json] = {}
    for key, value in raw_request.items():
        if found := QUESTION.fullmatch(key):
            answers[found[1]] = answers[found[2]] = plain_value(value)
            beside |= {f"{found[2]}_{part}": one for part, one in name_parts(value).items()}
        elif isinstance(value, list):
            beside[key] = value
    return {**beside, **answers}


def name_parts(value: Json) -> Mapping[str, Json]:
    """Give the parts of a full name; none of anything else."""
    return value if isinstance(value, Mapping) and is_made_of(value, NAME) else {}


def plain_value(value: Json) -> Json:
    """Give a name, a phone or a date as one text; an address, a table and anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    if is_made_of(value, NAME):
        return joined(value, NAME)
    if is_made_of(value, ("full",)):
        return value["full"]
    if is_made_of(value, PHONE):
        return joined(value, PHONE)
    return day_of(value) or value if is_made_of(value, DATE) else value


def is_made_of(value: Mapping[str, Json], keys: Iterable[str]) -> bool:
    """Whether an object has some of these keys and no others, all of them text or empty."""
    return bool(value) and all(key in keys and isinstance(one, (str, type(None))) for key, one in value.items())


def joined(value: Mapping[str, Json], keys: Iterable[str]) -> str:
    return " ".join(str(value[key]).strip() for key in keys if value.get(key))


def day_of(value: Mapping[str, Json]) -> str:
    """Give year, month and day as ISO text; empty where they are no day."""
    try:
        return date(*(int(str(value.get(key))) for key in DATE)).isoformat()
    except (ValueError, OverflowError):
        return ""


def answers_of_pretty(pretty: Json) -> dict[str, Json]:
    """Part ``Nombre:María José, Correo:mj@example.com`` into answers by their labels.

    Nothing marks where an answer ends: one that holds a comma, words and a colon is cut there.
    """
    if not isinstance(pretty, str):
        return {}
    _, *parts = LABEL.split(pretty)
    return {label.strip(): answer.strip() for label, answer in zip(parts[::2], parts[1::2], strict=True)}
