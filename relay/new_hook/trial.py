"""Tries expressions on the example that a hook file is made from: what would be a fault is not written down."""

from __future__ import annotations

from collections.abc import Sequence

from relay.errors import ExpressionError
from relay.expressions.formulas import Reader, Template
from relay.expressions.language import Language
from relay.hooks import Scope
from relay.lead_fields import fault_of
from relay.model import Event, Json
from relay.new_hook.seen import GROUPS


class Trial:
    """The example's events, as expressions see them."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._language = Language()
        self._scopes: list[Scope] = [{name: getattr(event, name) for name in (*GROUPS, "raw")} for event in events]

    def values(self, expression: str) -> list[Json]:
        """Give what an expression gives in each event, None where that is nothing. Raises ExpressionError."""
        read = Reader(self._language, Template(("", ""), (expression,)))
        return [read(scope) for scope in self._scopes]

    def passes(self, register: str, expression: str) -> bool:
        """Whether no event gets a fault when this expression sets that register."""
        try:
            return all(value is None or fault_of(register, value) is None for value in self.values(expression))
        except ExpressionError:
            return False

    def first_passing(self, register: str, expressions: Sequence[str]) -> str:
        """Give the first expression that passes; empty where none does."""
        return next((one for one in expressions if self.passes(register, one)), "")
