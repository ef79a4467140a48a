"""What a lead is known by beside its id, each in one form, so that equal ones are equal. Pure.

Mapping takes names from events, the store keeps them under keyed hashes, and every answer of the lead API gives more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from relay.model import Json, Name

KINDS = ("phone", "email", "external_id")
#: A country code and a number, at most fifteen digits. Source: ITU-T E.164.
E164 = re.compile(r"\+[1-9]\d{6,14}")
BETWEEN_DIGITS = re.compile(r"[\s().\-/]+")
LONGEST_ID = 200


def name_of(kind: str, value: Json) -> Name | None:
    """Give the name for a value; None for one that says nothing, or, a phone, nothing without its country."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = str(value).strip()
    if kind == "phone":
        text = BETWEEN_DIGITS.sub("", text)
        return Name(kind, text) if E164.fullmatch(text) else None
    if kind == "email":
        return Name(kind, text.lower()) if "@" in text else None
    return Name(kind, text) if 0 < len(text) <= LONGEST_ID else None


def names_in(fields: Mapping[str, Json]) -> tuple[Name, ...]:
    """Give the names in a lead's fields, as the lead API answers them or an update sets them."""
    found = (name_of(kind, fields[kind]) for kind in KINDS if kind in fields)
    return tuple(one for one in found if one is not None)
