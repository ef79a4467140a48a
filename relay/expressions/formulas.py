"""Makes values of fields out of expressions: templates with holes, and whole rules as one compiled unit.

The rulebook builds them from hook files, mapping runs them on events. Only when a unit fails is each of its values
computed alone, so that one bad value costs one field and not the event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

from relay.errors import ExpressionError, RequiredMissing
from relay.expressions.language import Evaluate, Language, words_of
from relay.expressions.missing import Missing, is_missing, text_of
from relay.expressions.parts import Condition
from relay.expressions.steps import Chain, chains_of
from relay.expressions.work import LONGEST_TEXT, MOST_STEPS, TooMuchWork, size_of
from relay.hooks import Outcome, Scope
from relay.lead_fields import kind_of
from relay.model import Fault, Json

#: What the store's JSON writer ends at.
LARGEST = 2**63


def settle(value: Any) -> Json:
    """Make an expression's result a value of a register: a scalar, or None where there is nothing."""
    if isinstance(value, str):
        return settle_text(value)
    if isinstance(value, (list, tuple)):
        return settle_text(text_within(value))
    if value is None or isinstance(value, (bool, Missing)):
        return value if isinstance(value, bool) else None
    if not isinstance(value, (int, float)):
        raise ExpressionError(f"is {kind_of(value)}; take one of its keys")
    if not (isfinite(value) and abs(value) < LARGEST):
        raise ExpressionError("is too large a number")
    return value


def settle_text(value: str) -> Json:
    value = within(value.strip())
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ExpressionError("holds half a character (a lone surrogate)") from error
    return value or None


def text_within(value: object) -> str:
    """Write a value as text, unless it is a list of absurd length."""
    if isinstance(value, (list, tuple)) and size_of(value) > MOST_STEPS:
        raise TooMuchWork
    return text_of(value)


def within(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"is longer than {LONGEST_TEXT:,} characters")
    return text


@dataclass(frozen=True, slots=True)
class Template:
    """A value with holes: a lone hole keeps its type, text around holes makes text. Missing if a hole is."""

    #: Before, between and after the holes: one more than there are holes.
    texts: tuple[str, ...]
    #: The source of each hole's expression.
    holes: tuple[str, ...]
    #: Where each of them begins in the whole text.
    starts: tuple[int, ...] = field(default=(), compare=False)

    @property
    def alone(self) -> bool:
        return self.texts == ("", "")

    @property
    def source(self) -> str:
        """Write it as a person knows it: a lone expression without its ``${}``."""
        if self.alone:
            return self.holes[0]
        pairs = zip(self.holes, self.texts[1:], strict=True)
        return self.texts[0] + "".join(f"${{{hole}}}{text}" for hole, text in pairs)

    def fill(self, values: Sequence[Any]) -> Json:
        """Put the values of the holes in place. Raises ExpressionError."""
        if self.alone:
            return settle(values[0])
        if any(map(is_missing, values)):
            return None
        parts = [self.texts[0]]
        for value, text in zip(values, self.texts[1:], strict=True):
            parts.append(within(text_within(value).strip()) + text)
        return settle_text("".join(parts))


class Reader:
    """One template, compiled: reads its value from an event."""

    def __init__(self, language: Language, template: Template) -> None:
        self.language, self.template = language, template

    @cached_property
    def evaluate(self) -> Evaluate:
        return self.language.compile_unit(self.template.holes)

    def __call__(self, scope: Scope) -> Json:
        try:
            return self.template.fill(self.evaluate(scope))
        except RequiredMissing:
            raise
        except Exception as error:
            raise ExpressionError(words_of(error)) from error

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """The filters in it, once somebody asks what they made of a value."""
        return chains_of(self.language, self.template.holes)


class Unit:
    """One rule, compiled: its ``when`` and all the values of its update in one go."""

    def __init__(
        self, language: Language, rule: str, *, when: str | None, templates: Mapping[str, Template], literals: Scope
    ) -> None:
        self.language, self.rule, self.when = language, rule, when
        self.templates, self.literals = templates, literals

    @cached_property
    def evaluate(self) -> Evaluate:
        """All of it, compiled once: at the start of a door, else when it is first asked for."""
        holes = [hole for one in self.templates.values() for hole in one.holes]
        return self.language.compile_unit(holes, when=self.when)

    def __call__(self, scope: Scope) -> Outcome | None:
        """Give what the rule sets, or None where it does not hold. Raises ExpressionError if the event fails."""
        try:
            values = self.evaluate(scope)
        except Exception:  # whatever it was: computing each value alone finds it again and names it
            return self.collect(lambda register: self.readers[register](scope)) if self.holds(scope) else None
        return None if values is None else self.collect(self.from_holes(values))

    def from_holes(self, values: Sequence[Any]) -> Callable[[str], Json]:
        """Read each register's value out of the values of all holes."""
        templates, places = self.templates, self.places
        return lambda register: templates[register].fill(values[places[register]])

    def collect(self, read: Callable[[str], Json]) -> Outcome:
        """Read every register; a value that can't be had becomes a fault. Raises RequiredMissing."""
        found, faults = dict(self.literals), []
        for register in self.templates:
            try:
                value = read(register)
            except RequiredMissing as error:
                raise RequiredMissing(f"{register} {error}") from error
            except Exception as error:
                faults.append(Fault(rule=self.rule, register=register, words=words_of(error)))
                continue
            if value is not None:
                found[register] = value
        return Outcome(found, tuple(faults))

    def holds(self, scope: Scope) -> bool:
        """Evaluate ``when`` alone. Raises ExpressionError."""
        try:
            return self.condition(scope) is not None
        except Exception as error:
            raise ExpressionError(f"when: {words_of(error)}") from error

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where each register's holes are among all holes of the unit."""
        places, end = {}, 0
        for register, template in self.templates.items():
            places[register] = slice(end, end + len(template.holes))
            end += len(template.holes)
        return places

    @cached_property
    def condition(self) -> Evaluate:
        """``when`` compiled alone, once a unit has failed."""
        return self.language.compile_unit([], when=self.when)

    @cached_property
    def parts(self) -> Condition | None:
        """``when`` with its parts, once somebody asks why it held; None where it always does."""
        return None if self.when is None else Condition(self.language, self.when)

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """The filters in ``when``, once somebody asks what they made of a value."""
        return chains_of(self.language, [] if self.when is None else [self.when])

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """Each register's value compiled alone, once a unit has failed or somebody asks how it came about."""
        return {register: Reader(self.language, template) for register, template in self.templates.items()}
