"""Reads the pages of a search, and looks at each lead in them: the lead API's search finds roughly.

Neither the search nor its answer is documented; this is what its clients send and read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from relay.errors import Unavailable
from relay.lead_fields import is_uuid
from relay.model import Json

PHONE, EMAIL = "phone", "email"
#: Rows of a page.
ROWS = 50
#: The end of a phone is searched for, since its beginning is spelled in many ways; so much of it must agree.
SEARCHED_DIGITS = 8
NO_DIGIT = re.compile(r"[^0-9]")

Lead = Mapping[str, Json]


def query_for(kind: str, value: str, page: int) -> dict[str, str]:
    """Give the query of one page, the first being 0. Raises ValueError for a kind that is not searched for."""
    if kind not in (PHONE, EMAIL):
        raise ValueError(f"a lead is searched for by {PHONE} or {EMAIL}, not by {kind}")
    text = _digits(value)[-SEARCHED_DIGITS:] if kind == PHONE else value
    return {"search": text, "limit": str(ROWS), "page": str(page)}


def page_in(content: bytes) -> tuple[list[Lead], bool]:
    """Read one page: its leads, ids in lower case, and whether more follow. Raises Unavailable where it can't be read.

    An answer of another shape must not look like an empty page: a lead would be created that is there already.
    """
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        answer = None
    found = [answer.get("leads"), answer.get("data")] if isinstance(answer, dict) else []
    rows = next((one for one in found if isinstance(one, list)), None)
    if rows is None:
        raise Unavailable("the lead API's answer to a search can't be read")
    leads = [row for row in rows if isinstance(row, dict) and is_uuid(row.get("id"))]
    return [{**lead, "id": lead["id"].lower()} for lead in leads], _more_follow(answer.get("pagination"), rows)


def _more_follow(pagination: Json, rows: list[Json]) -> bool:
    more = pagination.get("has_more") if isinstance(pagination, dict) else None
    # Where the answer does not say, a full page may have others behind it.
    return more if isinstance(more, bool) else len(rows) >= ROWS


def has(lead: Lead, kind: str, value: str) -> bool:
    """Whether a found lead really has this phone or e-mail; of a phone the digits count, not how it is spelled."""
    told = lead.get(kind)
    if not isinstance(told, str):
        return False
    if kind == EMAIL:
        return told.strip().lower() == value
    shorter, longer = sorted((_digits(told), _digits(value)), key=len)
    return shorter == longer or (len(shorter) >= SEARCHED_DIGITS and longer.endswith(shorter))


def _digits(text: str) -> str:
    return NO_DIGIT.sub("", text)
