"""Numbers, times and lengths of time as the reader writes them. Times are in the browser's zone once its script has
told it, else in UTC; the foot of every page says which.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import flask
from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

from relay.ops.words import locale

ZONE_COOKIE = "relay_zone"
UNITS = ((86_400, "duration-day"), (3_600, "duration-hour"), (60, "duration-minute"))


def number(value: float) -> str:
    """Write ``12,345`` or ``12.345``."""
    # A page may have thousands of small ones.
    return str(value) if isinstance(value, int) and 0 <= value < 1000 else _number(value, locale())


@lru_cache(maxsize=10_000)
def _number(value: float, place: Locale) -> str:
    return format_decimal(value, locale=place)


def percent(share: float) -> str:
    """Write a share of 1 as ``12 %``."""
    return format_percent(share, locale=locale())


def span(ms: float) -> str:
    """Write a length of time in its largest unit: ``5 min``, ``3 days``; below ten seconds with tenths."""
    seconds = max(0.0, ms) / 1000
    # The short forms of some places are none: "6.4 secs" in Britain, "3 dd." in Chile.
    place = Locale(locale().language)
    for size, unit in UNITS:
        if seconds >= size:
            return format_unit(round(seconds / size), unit, length="short", locale=place)
    written = round(seconds, 1) if seconds < 10 else round(seconds)
    return format_unit(written, "duration-second", length="short", locale=place)


def ago(ms: int) -> Markup:
    """Write how long ago a moment was: ``5 minutes ago``; the moment itself is its title."""
    past = timedelta(seconds=ms / 1000 - time.time())
    said = format_timedelta(past, add_direction=True, threshold=1, locale=locale())
    return _element(ms, said)


def moment(ms: int) -> Markup:
    """Write a moment as short as it can be told: ``23:43:01`` of today, ``25 Nov, 23:43``, ``25 Nov 2025, 23:43``."""
    return _element(ms, short(ms))


def short(ms: int) -> str:
    """Write a moment as ``moment`` does, for a sentence."""
    at, now = _at(ms), datetime.now(zone())
    skeleton = "HH:mm:ss" if at.date() == now.date() else "d MMM, HH:mm" if at.year == now.year else "d MMM y, HH:mm"
    return format_datetime(at, skeleton, locale=locale())


def whole(ms: int) -> str:
    """Write a moment to the second, with its zone: ``25 Nov 2026, 23:43:01 (UTC-03:00)``."""
    at = _at(ms)
    return f"{format_datetime(at, 'd MMM y, HH:mm:ss', locale=locale())} ({_offset(at)})"


def day(ms: int) -> str:
    """Write a date: ``Wed 25 Nov``."""
    return format_date(_at(ms), "EEE d MMM", locale=locale())


def clock(ms: int) -> str:
    """Write the time of a day to the minute: ``23:43``."""
    return _at(ms).strftime("%H:%M")


def day_short(ms: int) -> str:
    """Write a date as short as an axis has room for: ``Wed 25``."""
    return _day_short(_at(ms).date(), locale())


@lru_cache(maxsize=1_000)
def _day_short(day: date, place: Locale) -> str:
    return format_date(day, "EEE d", locale=place)


def zone() -> tzinfo:
    """Give the browser's zone, else UTC."""
    if "zone" not in flask.g:
        flask.g.zone = _zone_named(flask.request.cookies.get(ZONE_COOKIE, ""))
    found: tzinfo = flask.g.zone
    return found


def _zone_named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, LookupError):
        return UTC


def zone_name() -> str:
    """Say which zone the times of a page are in: ``America/Santiago, UTC-03:00``."""
    found = zone()
    offset = _offset(datetime.now(found))
    return f"{found.key}, {offset}" if isinstance(found, ZoneInfo) and found.key != offset else offset


def _offset(at: datetime) -> str:
    written = at.strftime("%z")
    return "UTC" if written == "+0000" else f"UTC{written[:3]}:{written[3:]}"


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, zone())


def _element(ms: int, said: str) -> Markup:
    stamp = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, whole(ms), said)


def line(values: Sequence[float], width: int, height: int) -> str:
    """Give the points of a polyline that draws these values from left to right; 0 is the ground."""
    top = max(values, default=0) or 1
    step = width / max(1, len(values) - 1)
    return " ".join(f"{at * step:.1f},{height - value / top * height:.1f}" for at, value in enumerate(values))


FILTERS = {one.__name__: one for one in (number, percent, span, ago, moment, whole, day)}
