"""Finds leads as the account does: by any text, roughly, for a search; by e-mail or phone, exactly, for a POST.

The lead API's pages do not say how its search compares. Ours is as loose as its clients take it to be, so that who
asks has to look at each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

#: What a row of a search shows of a lead: no metadata.
ROW = ("id", "first_name", "last_name", "phone", "email")
LIKE_A_PHONE = re.compile(r"[\d\s()+./-]+")
NO_DIGIT = re.compile(r"\D")

Lead = dict[str, Any]


class Index:
    """Leads by e-mail and by phone. Updates only note what they change; it is sorted in when somebody asks."""

    def __init__(self) -> None:
        self._changed: dict[str, Lead] = {}
        self._keys: dict[str, list[str]] = {}
        self._leads: dict[str, dict[str, Lead]] = {}

    def note(self, lead: Lead) -> None:
        """Remember that this lead's e-mail or phone may be another now."""
        self._changed[lead["id"]] = lead

    def forget(self, lead_id: str) -> None:
        self._changed.pop(lead_id, None)
        self._drop(lead_id, self._keys.pop(lead_id, []))

    def find(self, fields: Mapping[str, Any]) -> Lead | None:
        """Find the lead with the e-mail of these fields, else with their phone; of several who had it first."""
        for lead in self._changed.values():
            self._sort_in(lead)
        self._changed.clear()
        return next((lead for key in _keys(fields) for lead in self._leads.get(key, {}).values()), None)

    def _sort_in(self, lead: Lead) -> None:
        lead_id: str = lead["id"]
        keys = _keys(lead)
        self._drop(lead_id, [key for key in self._keys.get(lead_id, []) if key not in keys])
        for key in keys:
            self._leads.setdefault(key, {})[lead_id] = lead
        self._keys[lead_id] = keys

    def _drop(self, lead_id: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._leads[key].pop(lead_id)
            if not self._leads[key]:
                del self._leads[key]


def _keys(fields: Mapping[str, Any]) -> list[str]:
    """Give what a lead is known by, the e-mail first. An e-mail has an @ in it, so it never is some phone's key."""
    email: str = (fields.get("email") or "").lower()
    return [key for key in (email, digits(fields.get("phone"))) if key]


def digits(text: str | None) -> str:
    """Give a phone's digits and nothing else of it."""
    return NO_DIGIT.sub("", text or "")


def search(leads: Iterable[Lead], text: str, *, limit: int, page: int) -> tuple[list[Lead], bool]:
    """Give one page of the leads in which the text occurs, the first page being 0, and whether more pages follow."""
    text = text.lower()
    number = digits(text) if LIKE_A_PHONE.fullmatch(text) else ""
    found = (lead for lead in leads if _occurs(text, lead) or (number and number in digits(lead["phone"])))
    rows = list(islice(found, page * limit, (page + 1) * limit + 1))
    return [{name: lead[name] for name in ROW} for lead in rows[:limit]], len(rows) > limit


def _occurs(text: str, lead: Lead) -> bool:
    name = f"{lead['first_name']} {lead['last_name'] or ''}".lower()
    return text in name or text in (lead["email"] or "").lower()
