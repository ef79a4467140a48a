"""The limit on the work of one value: an event of a megabyte must not keep the door busy, whatever its hook file says.

Expressions have no loops, so that only the length of what they go through makes them slow. What filters go through is
counted, never timed: the same event has the same value, or the same fault, on every machine and in every replay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from relay.errors import ExpressionError
from relay.expressions.missing import Missing
from relay.model import Json

#: Steps that one value may take, some 10 ns each: a filter takes so many for each character that it goes through.
MOST_STEPS = 1_000_000
#: What is no longer than this is not counted: the length of the expression is bound to what that costs.
SHORT = 200
#: An item of a list is worth so many characters.
ITEM = 100
LONGEST_TEXT = 10_000
#: The longest text that an expression may make on its way to a value.
LONGEST_GROWN = 10 * LONGEST_TEXT
#: The longest whole number that arithmetic may make, in bits.
LARGEST_BITS = 128
#: Types whose values are no longer than any other of them.
PLAIN = frozenset((bool, int, float, type(None), Missing))


class TooMuchWork(ExpressionError):
    """The texts of an event are too long for what is done with them."""

    def __init__(self) -> None:
        super().__init__("takes too much work, for its text is too long; cut it first, as in fields.text[:500]")


class Evaluation(Context):
    """One evaluation, which knows how many steps it has left."""

    left = MOST_STEPS

    def __init__(self, environment: Environment, scope: dict[str, Json]) -> None:
        """Take what compiled expressions ask for; what the library keeps beside it serves templates, and costs more."""
        self.environment, self.parent = environment, scope
        self.vars, self.exported_vars = {}, set()

    def spend(self, value: object, weight: int = 1) -> None:
        """Count what is about to be gone through. Raises TooMuchWork."""
        steps = (len(value) if isinstance(value, str) else size_of(value, self.left)) * weight
        if steps > self.left:
            raise TooMuchWork
        self.left -= steps


def size_of(value: object, most: int = MOST_STEPS) -> int:
    """Give the characters of all texts in a value, items counted too; it looks no further than ``most``."""
    size, left = 0, [value]
    while left and size <= most:
        one = left.pop()
        if isinstance(one, str):
            size += len(one)
        elif isinstance(one, (list, tuple)):
            size += ITEM * len(one)
            left += one if size <= most else ()
        elif isinstance(one, Mapping):
            size += ITEM * len(one)
            left += (*one, *one.values()) if size <= most else ()
    return size


def is_long(value: object) -> bool:
    """Whether a value must be counted."""
    kind = type(value)
    return len(value) > SHORT if kind is str else kind not in PLAIN  # type: ignore[arg-type]


def counted(function: Callable[..., Any], weight: int = 1) -> Callable[..., Any]:
    """Have a filter or a test count what it goes through: ``weight`` steps for each character that it is given."""

    @pass_context
    def counting(context: Evaluation, value: object, /, *args: object, **named: object) -> Any:
        kind = type(value)  # as is_long does, at half of its price
        if len(value) > SHORT if kind is str else kind not in PLAIN:  # type: ignore[arg-type]
            context.spend(value, weight)
        if args or named:
            for one in (*args, *named.values()):
                if is_long(one):
                    context.spend(one)
            return function(value, *args, **named)
        return function(value)

    return counting


def bounded(join: Callable[[], str], *, size: int) -> str:
    """Make a text unless it could fill the memory. ``size`` is its length, or more."""
    if size > LONGEST_GROWN:
        raise ExpressionError(f"gives more than {LONGEST_GROWN:,} characters")
    return join()
