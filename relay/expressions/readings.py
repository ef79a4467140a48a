"""Reads what people type as what it means: numbers, dates, yes and no, phone numbers, names.

The filters of expressions stand on these. Each takes text and raises ExpressionError with words that never hold
the value. None looks at the clock: '10/5' is no date, for it would need today's year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache, wraps
from unicodedata import combining, normalize

import phonenumbers
from dateutil.parser import parse as parse_date
from dateutil.parser import parserinfo
from stdnum.cl import rut as chilean
from stdnum.exceptions import ValidationError

from relay.errors import ExpressionError

YES = frozenset(("true", "yes", "y", "si", "s", "1", "on", "verdadero"))
NO = frozenset(("false", "no", "n", "0", "off", "falso"))

#: Stay in lower case inside a Spanish, Portuguese, Dutch or German name.
PARTICLES = frozenset(("de", "del", "la", "las", "los", "y", "da", "do", "van", "von"))

#: A number between words without digits, such as a currency or a unit: 'UF 3.000', '85 m2'.
NUMBER = re.compile(r"[^\d+\-.,]*([+-]?[\d.,'\u2019\s]*\d)[.,]?\s*(?:m[23]\b|[^\d.,]*)", re.IGNORECASE)
GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,' "}
LONGEST_NUMBER = 40
LONGEST_DATE = 60
LONGEST_RUT = 40

INITIAL = re.compile(r"(^|[-'\u2019])(\w)")
ISO_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?=$|[T ])")
FIGURES = re.compile(r"(\d{1,2}|\d{4})[-/.](\d{1,2})[-/.](\d{4}|\d{1,2})(?=$|[T ,])")
#: Two dates that share no part: what is read the same with both as its default says all of day, month and year.
DEFAULTS = (datetime(2000, 1, 1), datetime(2001, 2, 2))


#: The longest text whose reading is kept for the next event.
LONGEST_KEPT = 100

#: Names that the library does not know, beside its own, in the order of the calendar.
MONTHS = "ene enero|febrero|marzo|abr abril|mayo|junio|julio|ago agosto|sept septiembre set setiembre|octubre|noviembre"
WEEKDAYS = "lun lunes|martes|mie miercoles|jue jueves|vie viernes|sab sabado|dom domingo"


def with_spanish(english: Sequence[Sequence[str]], spanish: str) -> list[tuple[str, ...]]:
    return [(*names, *more.split()) for names, more in zip(english, spanish.split("|"), strict=True)]


class SpanishDates(parserinfo):
    """Month and day names in Spanish beside the English ones, and two-digit years that no clock decides."""

    JUMP = [*parserinfo.JUMP, "de", "del", "el"]  # noqa: RUF012 - the library's own shape
    MONTHS = with_spanish(parserinfo.MONTHS, MONTHS + "|dic diciembre")  # type: ignore[assignment]
    WEEKDAYS = with_spanish(parserinfo.WEEKDAYS, WEEKDAYS)  # type: ignore[assignment]

    def convertyear(self, year: int, century_specified: bool = False) -> int:
        """Take 00 to 68 as of this century and 69 to 99 as of the last, as POSIX does."""
        if year >= 100 or century_specified:
            return year
        return year + (2000 if year < 69 else 1900)


SPANISH_DATES = SpanishDates()


def cached(function: Callable[[str], str]) -> Callable[[str], str]:
    """Keep what a reading makes of short texts: names and answers come again, and a rule reads some twice."""
    kept = lru_cache(maxsize=4096)(function)

    @wraps(function)
    def read(text: str) -> str:
        return kept(text) if len(text) <= LONGEST_KEPT else function(text)

    return read


@cached
def plain(text: str) -> str:
    """Give text for comparing: without case, accents and surplus space. 'Ñuñoa ' and 'nunoa' are alike."""
    if not text.isascii():
        text = "".join(c for c in normalize("NFKD", text) if not combining(c))
    return " ".join(text.casefold().split())


# Kept texts are short here too: the library refuses more than 250 characters, and a failure is not kept.
@lru_cache(maxsize=4096)
def phone(text: str, region: str | None) -> str:
    """Write a phone number as E.164; ``region`` says the country of one that is written without its +."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        where = f" of {region}" if region else "; say its country, as in phone('CL'), if it is written without its +"
        raise ExpressionError(f"is not a phone number{where}")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def rut(text: str) -> str:
    """Write a Chilean tax number as '12.345.678-5'; its check digit must be right."""
    try:
        return chilean.format(chilean.validate(text.lstrip("0") if len(text) <= LONGEST_RUT else ""))
    except ValidationError as error:
        raise ExpressionError("is not a RUT; it ends with its check digit, as in 12.345.678-5") from error


def truth(text: str) -> bool:
    """Read yes or no, in English or Spanish."""
    word = plain(text)
    if word not in YES and word not in NO:
        raise ExpressionError("is neither yes nor no")
    return word in YES


def number(text: str, decimal: str) -> int | float:
    """Read a number as people write it; a whole one is an int.

    With no ``decimal`` mark given, the last of two kinds of mark is the decimal one, and a single mark before three
    digits parts thousands: '3.000' is three thousand, as it is written in Chile.
    """
    found = NUMBER.fullmatch(text.strip().replace("\u2212", "-")) if len(text) <= LONGEST_NUMBER else None
    digits = re.sub(r"[\s\u2019]", " ", found[1]).replace(" ", "'") if found else ""
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits.removeprefix("+"))
    whole, _, fraction = digits.strip("'").partition(decimal or decimal_mark(digits) or "\0")
    for mark in ".,'":
        if GROUPED[mark].fullmatch(whole):
            whole = whole.replace(mark, "")
    if not (whole or "0").isdecimal() or not (fraction or "0").isdecimal() or not whole + fraction:
        raise ExpressionError("is not a number")
    value = float(f"{sign}{whole or 0}.{fraction or 0}")
    return int(f"{sign}{whole or 0}") if not fraction.strip("0") else value


def decimal_mark(digits: str) -> str:
    """Say which mark, if any, parts the decimals in '4.500,50', '4,500.50', '4,5' or '3.000'."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return ""
    mark, other = digits[last], ",."[digits[last] == ","]
    if other in digits:
        return mark
    several = digits.count(mark) > 1
    thousands = several or (GROUPED[mark].fullmatch(digits) is not None and not digits.startswith("0"))
    return "" if thousands else mark


def day(text: str, order: str) -> str:
    """Write a date as YYYY-MM-DD; ``order`` (dmy, mdy or ymd) reads what is written in figures and not year first."""
    text = text.strip()
    try:
        if found := ISO_DATE.match(text) or FIGURES.match(text):
            return day_in_figures(found, order)
        return day_in_words(text, order)
    except (ValueError, OverflowError, TypeError) as error:
        raise ExpressionError("is not a date") from error


def day_in_figures(found: re.Match[str], order: str) -> str:
    """Read three numbers as a date, strictly: another order would pass for half of the days. Raises ValueError."""
    parts = dict(zip("ymd" if len(found[1]) == 4 else order, found.groups(), strict=True))
    year = SPANISH_DATES.convertyear(int(parts["y"]), century_specified=len(parts["y"]) > 2)
    return date(year, int(parts["m"]), int(parts["d"])).isoformat()


def day_in_words(text: str, order: str) -> str:
    """Read a date that names its month in Spanish or English. Raises ValueError."""
    if len(text) > LONGEST_DATE:
        raise ValueError("too long")
    # Time zones would only raise warnings: a date is taken as it is written.
    readings = {
        parse_date(plain(text), SPANISH_DATES, default=default, dayfirst=order == "dmy", ignoretz=True).date()
        for default in DEFAULTS
    }
    if len(readings) != 1:
        raise ValueError("a part of the date is missing")
    return str(readings.pop())


@cached
def name(text: str) -> str:
    """Write a name with capitals: 'maría josé DE LA peña' is 'María José de la Peña'."""
    words = text.lower().split()
    return " ".join(
        word if place and word in PARTICLES else INITIAL.sub(_upper, word) for place, word in enumerate(words)
    )


def _upper(found: re.Match[str]) -> str:
    return found[1] + found[2].upper()


def slug(text: str) -> str:
    """Write text as words in lower-case ASCII joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", plain(text)).strip("-")
