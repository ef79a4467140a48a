"""Missing, the value in expressions of what an event does not have; what counts as missing; how a value reads as text.

A missing value is never an error: it passes through whatever an expression does, and its field is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite

from jinja2 import Undefined

from relay.errors import ExpressionError


class Missing(Undefined):
    """What is not there, or is empty. Whatever is taken from it or computed with it is missing too.

    No comparison with it holds, whichever way it is written: ``missing != 'x'`` is as false as ``missing == 'x'``.
    """

    __slots__ = ()

    def _still(self, *_: object) -> Missing:
        return self

    def _no(self, *_: object) -> bool:
        return False

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __str__(self) -> str:
        return ""

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0

    __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = __pos__ = _still  # type: ignore[assignment]
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _still  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __contains__ = __bool__ = _no  # type: ignore[assignment]


MISSING = Missing()


def is_missing(value: object) -> bool:
    """Whether there is nothing: missing, null, blank text, an empty list or object."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or isinstance(value, Undefined) or (isinstance(value, (list, tuple, dict)) and not value)


def text_of(value: object) -> str:
    """Write a value as text: whole numbers without a point, true and false, a list with commas."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not isfinite(value):
            raise ExpressionError("is not a finite number")
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(text_of(one).strip() for one in value if not is_missing(one))
    if isinstance(value, Mapping):
        raise ExpressionError("is an object; take one of its keys")
    return "" if value is None else str(value)
