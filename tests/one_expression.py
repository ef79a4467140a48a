"""One event, and the value of one template on it."""

from __future__ import annotations

import pytest

from relay.errors import ExpressionError
from relay.expressions.formulas import Reader
from relay.expressions.grammar import template_of
from relay.expressions.language import Language
from relay.model import Json

TABLES: dict[str, dict[str, Json]] = {"brokers": {"nunoa": "Carolina", "las condes": 7}}
SCOPE: dict[str, Json] = {
    "fields": {
        "nombre": "maría josé DE LA peña",
        "telefono": "9 8765 4321",
        "uf": 3500,
        "monto": "4.500,50",
        "acepta": True,
        "comunas": ["Ñuñoa", "Las Condes"],
        "vacio": "",
        "blanco": "  ",
        "nulo": None,
        "nada": [],
        "items": "a field called items",
        "grupo": {"a": {"b": "deep"}},
        "largo": "x" * 9_000,
        "Tu teléfono": "here",
    },
    "hidden": {},
    "form": {"id": "Ab12Cd34"},
    "campaign": {},
    "event": {"id": "e1", "kind": "form_response", "time": "2026-09-26T14:33:47Z", "test": False},
    "hook": {"name": "cotiza"},
    "raw": None,
}


def value_of(text: str) -> Json:
    return Reader(Language(TABLES), template_of(text))(SCOPE)


def fault_of(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        value_of(text)
    return str(caught.value)
