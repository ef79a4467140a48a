"""The contract of ``PUT /leads/{id}``: which fields there are, their types, and which may be cleared.

Source: the lead API's page "Update Lead". Everything is optional; ``metadata`` is merged key by key.
"""

from __future__ import annotations

import re

from relay.model import METADATA, Json

#: Field, and whether null clears it.
NULLABLE = {
    "first_name": False,
    "last_name": True,
    "email": True,
    "phone": True,
    "company": True,
    "title": True,
    "source": False,
    "campaign_id": True,
}

FIELDS = tuple(NULLABLE)

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def is_uuid(value: object) -> bool:
    """Whether it is a UUID in its canonical 8-4-4-4-12 form; the version digit is not looked at."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def fault_of(register: str, value: Json) -> str | None:
    """Say what the lead API would refuse in this value, or None when it is good."""
    if register.startswith(METADATA):
        return None
    if value is None:
        return None if NULLABLE[register] else f"{register} can't be cleared"
    if not isinstance(value, str):
        return f"{register} must be text, not {kind_of(value)}"
    if register == "email" and not EMAIL.fullmatch(value):
        return "email is not an e-mail address"
    if register == "campaign_id" and not is_uuid(value):
        return "campaign_id is not a UUID"
    return None


def kind_of(value: Json) -> str:
    """Name a value's type in words for a person."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true/false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, dict) else "a list"
