"""What a difference must not be, as a person writes it for a script: ``lost_field > 1%``, ``lost_field:phone >= 3``.

A share is one of the events whose hook's rules differ. The grammar is strict, so that no misspelt condition passes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from relay.backtest.report import METRICS, OF_FIELDS, Report
from relay.errors import CommandError
from relay.expressions.grammar import nearest
from relay.lead_fields import FIELDS
from relay.model import METADATA

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
FORM = re.compile(
    r"(?P<metric>\w+)(?::(?P<field>[^\s<>=]+))?\s*(?P<sign>[<>]=?)\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<share>%?)"
)
USE = "write it as lost_field > 1%, newly_faulty >= 3 or lost_field:phone > 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition, under which a difference is refused."""

    #: As it was written.
    words: str
    metric: str
    #: The register that it is about; '' for any.
    register: str
    sign: str
    number: float
    #: Whether the number is a share of the events, in percent.
    share: bool

    def found(self, report: Report) -> float:
        """Give what is held against the number: how many events, or the share of them in percent."""
        count = report.count(self.metric, self.register)
        return 100 * count / max(1, report.compared) if self.share else count

    def holds(self, report: Report) -> bool:
        return COMPARISONS[self.sign](self.found(report), self.number)

    def told(self, report: Report) -> str:
        """Say what the condition met: ``lost_field > 1%: 3.2%, 31 of 980 events``, or that it does not hold."""
        count = report.count(self.metric, self.register)
        share = f"{self.found(report):.3g}%, " if self.share else ""
        words = self.words if self.holds(report) else f"{self.words} does not hold"
        return f"{words}: {share}{count:,} of {report.compared:,} events"


def read_condition(words: str) -> Condition:
    """Read a condition. Raises CommandError, with a suggestion where a word is unknown."""
    found = FORM.fullmatch(words.strip())
    if not found:
        raise CommandError(f"{words!r} is no condition; {USE}")
    metric, register = found["metric"], found["field"] or ""
    if metric not in METRICS:
        hint = _hint(metric, METRICS)
        raise CommandError(f"unknown word {metric!r}{hint}; there are {', '.join(METRICS)}")
    if register and metric not in OF_FIELDS:
        raise CommandError(f"{metric} is not about fields; {', '.join(OF_FIELDS)} are")
    if register and register not in FIELDS and not register.startswith(METADATA):
        hint = _hint(register, FIELDS) or f"; did you mean '{METADATA}{register}'?"
        raise CommandError(f"unknown field {register!r}{hint}")
    return Condition(
        words=words.strip(),
        metric=metric,
        register=register,
        sign=found["sign"],
        number=float(found["number"]),
        share=bool(found["share"]),
    )


def _hint(word: str, known: Collection[str]) -> str:
    meant = nearest(word, known)
    return f"; did you mean {meant!r}?" if meant else ""
