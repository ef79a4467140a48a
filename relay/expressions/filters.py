"""The filters and tests of expressions.

A filter that is given nothing gives nothing: missing values pass through all of them without an error, except
``required``, and ``default`` fills them. An ExpressionError says what is wrong and never holds the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Concatenate, ParamSpec

from relay.errors import ExpressionError, RequiredMissing
from relay.expressions import readings
from relay.expressions.missing import MISSING, is_missing, text_of
from relay.expressions.work import bounded
from relay.lead_fields import EMAIL

P = ParamSpec("P")


def passing(function: Callable[Concatenate[object, P], object]) -> Callable[Concatenate[object, P], object]:
    """Have a missing value pass by the filter."""

    def filter_or_pass(value: object, /, *args: P.args, **named: P.kwargs) -> object:
        return MISSING if is_missing(value) else function(value, *args, **named)

    filter_or_pass.__wrapped__ = function  # type: ignore[attr-defined]
    return filter_or_pass


def on_text(function: Callable[[str], str]) -> Callable[[object], object]:
    """Make a filter of what takes text and gives text."""

    def filter_or_pass(value: object) -> object:
        return MISSING if is_missing(value) else function(text_of(value).strip())

    return filter_or_pass


def phone(value: object, region: str | None = None) -> str:
    return readings.phone(text_of(value).strip(), region)


def email(value: object) -> str:
    address = text_of(value).strip().lower()
    if not EMAIL.fullmatch(address):
        raise ExpressionError("is not an e-mail address")
    return address


def rut(value: object) -> str:
    return readings.rut(text_of(value).strip())


def number(value: object, decimal: str = "") -> int | float:
    if isinstance(value, bool):
        raise ExpressionError("is true/false, not a number")
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, float) and value.is_integer() else value
    return readings.number(text_of(value), decimal)


def rounded(value: object, digits: int = 0) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ExpressionError("is not a number that can be rounded; write | number before it")
    if not abs(value) < 10**15:
        raise ExpressionError("is too large a number to be rounded")
    if type(digits) is not int or not -15 <= digits <= 15:
        raise ExpressionError("is rounded to a number of digits that is no whole number up to 15")
    # Half away from zero, as people round, not to the even neighbour.
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return float(exact) if digits > 0 else int(exact)


def date(value: object, order: str = "dmy") -> str:
    return readings.day(text_of(value), order)


def truth(value: object) -> bool:
    return readings.truth(text_of(value))


def length(value: object) -> int:
    return len(value) if isinstance(value, (str, list, tuple, dict)) else len(text_of(value))


def first(value: object) -> object:
    return value[0] if isinstance(value, (list, tuple)) else value


def last(value: object) -> object:
    return value[-1] if isinstance(value, (list, tuple)) else value


def first_word(value: str) -> str:
    return value.split(maxsplit=1)[0]


def last_word(value: str) -> str:
    return value.rsplit(maxsplit=1)[-1]


def rest(value: str) -> str:
    return " ".join(value.split()[1:])


def join(value: object, sep: str = ", ") -> str:
    parts = [text_of(one).strip() for one in listed(value) if not is_missing(one)]
    sep = text_of(sep)
    return bounded(lambda: sep.join(parts), size=sum(map(len, parts)) + len(parts) * len(sep))


def split(value: object, sep: str = ",") -> list[str]:
    sep = text_of(sep)
    parts = text_of(value).split(sep) if sep.strip() else text_of(value).split()
    return [part.strip() for part in parts if part.strip()]


def replace(value: object, old: str, new: str = "") -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    return bounded(lambda: text.replace(old, new), size=len(text) + text.count(old) * len(new))


def listed(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else [value]


def default(value: object, other: object) -> object:
    return other if is_missing(value) else value


def required(value: object) -> object:
    if is_missing(value):
        raise RequiredMissing("is required and missing")
    return value


def lookup_in(tables: Mapping[str, Mapping[str, object]]) -> Callable[..., object]:
    """Make the filter ``lookup`` over a hook file's tables; case and accents of the key do not matter."""

    def lookup(value: object, table: str, default: object = MISSING) -> object:
        if isinstance(value, (list, tuple)):
            raise ExpressionError("is a list; take one of it, as in | first, before | lookup")
        return tables[table].get(readings.plain(text_of(value)), default)

    return passing(lookup)


FILTERS: Mapping[str, Callable[..., object]] = {
    "bool": passing(truth),
    "date": passing(date),
    "default": default,
    "email": passing(email),
    "first": passing(first),
    "first_word": on_text(first_word),
    "join": passing(join),
    "last": passing(last),
    "last_word": on_text(last_word),
    "length": passing(length),
    "lookup": lookup_in({}),
    "lower": on_text(str.lower),
    "number": passing(number),
    "phone": passing(phone),
    "replace": passing(replace),
    "required": required,
    "rest": on_text(rest),
    "round": passing(rounded),
    "rut": passing(rut),
    "slug": on_text(readings.slug),
    "split": passing(split),
    "title": on_text(readings.name),
    "trim": on_text(str.strip),
    "upper": on_text(str.upper),
}

#: Steps that a filter takes for each character that it is given, where that is not one. Measured.
WEIGHTS = {"bool": 100, "email": 3, "lookup": 100, "slug": 100, "title": 30, "split": 4}
#: Filters that go through nothing: they look whether something is there, or take one of it.
QUICK = frozenset(("default", "first", "last", "length", "required"))

#: Names from elsewhere, and what they are here.
ALSO_KNOWN_AS = {
    "capitalize": "title",
    "count": "length",
    "d": "default",
    "float": "number",
    "int": "number",
    "string": "trim",
    "strip": "trim",
}

TESTS: Mapping[str, Callable[..., bool]] = {
    "defined": lambda value: not is_missing(value),
    "missing": is_missing,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "text": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "list": lambda value: isinstance(value, (list, tuple)),
}
