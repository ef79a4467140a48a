"""What goes wrong on demand: the settings that ``PUT /_sandbox/faults`` takes, checked, and the dice they load.

A request has at most one accident, so the rates are shares of all requests to the lead API and add up to one at most.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Any

from relay.errors import FaultsError
from relay.lead_fields import FIELDS, is_uuid
from relay.model import METADATA


class Accident(Enum):
    """What happens to one request that is not an answer."""

    NONE = "none"
    #: Never answered, never applied, until the client goes or the faults change.
    HANG = "hang"
    #: The connection is reset, nothing is applied.
    RESET_BEFORE = "reset before"
    #: Applied, and then the connection is reset.
    RESET_AFTER = "reset after"
    #: Failed at once, and applied all the same some time later.
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The faults of the moment; with nothing set, none."""

    #: Time before an answer, and how far it varies to either side, uniformly.
    latency_ms: float = 0
    spread_ms: float = 0
    #: Share of requests that get this status, by status.
    errors: Mapping[int, float] = field(default_factory=dict)
    #: Seconds in the header Retry-After of 429 and 503; None leaves it out.
    retry_after: int | None = None
    hang: float = 0
    reset_before: float = 0
    reset_after: float = 0
    late: float = 0
    late_ms: float = 1000
    #: How a late request fails at first: ``reset``, ``504``, or ``either``, as the dice say.
    late_answer: str = "either"
    #: Every key is refused.
    wrong_key: bool = False
    #: Only leads that were added are there; None leaves it as it was at the start.
    strict: bool | None = None
    #: Values of campaign_id that are refused.
    unknown_campaigns: frozenset[str] = frozenset()
    #: Values refused in general: ``{"field": "metadata.plan", "value": "gold", "message": "no such plan"}``.
    refuse: tuple[Mapping[str, Any], ...] = ()
    #: The one status that a lead answers, by lead.
    fail_leads: Mapping[str, int] = field(default_factory=dict)
    #: The dice fall the same way for the same seed; None leaves them to chance.
    seed: int | None = None

    @property
    def rates(self) -> list[tuple[Accident | int, float]]:
        return [
            (Accident.HANG, self.hang),
            (Accident.RESET_BEFORE, self.reset_before),
            (Accident.RESET_AFTER, self.reset_after),
            (Accident.LATE, self.late),
            *self.errors.items(),
        ]


class Dice:
    """Decides what befalls each request, by the rates of the faults."""

    def __init__(self, faults: Faults) -> None:
        self._random = random.Random(faults.seed)  # noqa: S311 - accidents, not secrets
        self._faults = faults
        self._steps: list[tuple[float, Accident | int]] = []
        total = 0.0
        for outcome, rate in faults.rates:
            if rate:
                total += rate
                self._steps.append((total, outcome))

    def roll(self) -> Accident | int:
        """Give the accident of one request, or the status that it fails with."""
        if not self._steps:
            return Accident.NONE
        rolled = self._random.random()
        return next((outcome for limit, outcome in self._steps if rolled < limit), Accident.NONE)

    def delay_s(self) -> float:
        faults = self._faults
        if not faults.spread_ms:
            return faults.latency_ms / 1000
        return max(0.0, faults.latency_ms + self._random.uniform(-faults.spread_ms, faults.spread_ms)) / 1000

    def late_by_reset(self) -> bool:
        """Whether a late request fails by a reset at first, not with 504."""
        if self._faults.late_answer == "either":
            return self._random.random() < 0.5
        return self._faults.late_answer == "reset"


def parse(given: object) -> Faults:
    """Read faults from JSON. Raises FaultsError with a line for each key that is wrong."""
    if not isinstance(given, dict):
        raise FaultsError(["faults must be a JSON object"])
    words: list[str] = []
    read: dict[str, Any] = {}
    for name, value in given.items():
        try:
            read[name] = _reader(name)(value)
        except ValueError as why:
            words.append(f"{name}: {why}")
    faults = Faults(**read) if not words else Faults()
    total = sum(rate for _, rate in faults.rates)
    if total > 1.000001:
        words.append(f"the rates add up to {total:g}, but a request has one accident at most: lower them to 1 in all")
    if words:
        raise FaultsError(words)
    return faults


def _reader(name: str) -> Callable[[object], object]:
    if name in READERS:
        return READERS[name]
    near = get_close_matches(name, READERS, n=1)
    raise ValueError(
        f"unknown fault; did you mean '{near[0]}'?" if near else f"unknown fault; use {', '.join(READERS)}"
    )


def _least_zero(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError("must be a number of at least 0")
    return value


def _seconds(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError("must be whole seconds or null")
    return value


def _rate(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("must be a share from 0 to 1")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _flag_or_null(value: object) -> bool | None:
    return None if value is None else _flag(value)


def _status(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 400 <= value <= 599:
        raise ValueError("must be a status from 400 to 599")
    return value


def _errors(value: object) -> dict[int, float]:
    if not isinstance(value, dict):
        raise ValueError('must be an object such as {"500": 0.2}')
    return {_status(int(status) if str(status).isdecimal() else status): _rate(rate) for status, rate in value.items()}


def _late_answer(value: object) -> str:
    if value not in ("either", "reset", "504"):
        raise ValueError("must be 'either', 'reset' or '504'")
    return str(value)


def _texts(value: object) -> frozenset[str]:
    if not isinstance(value, list | tuple | set | frozenset) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of texts")
    return frozenset(value)


def _refusals(value: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("must be a list of objects")
    return tuple(_refusal(one) for one in value)


def _refusal(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not value.keys() <= {"field", "value", "message"}:
        raise ValueError("each must be an object of 'field', 'value' and 'message'")
    name = value.get("field")
    if not isinstance(name, str) or not (name in FIELDS or name.startswith(METADATA)):
        raise ValueError("each must have a 'field' such as 'phone' or 'metadata.plan'")
    return {"message": f"{name} is not accepted", **value}


def _fail_leads(value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not all(is_uuid(lead) for lead in value):
        raise ValueError("must be an object of lead ids and statuses")
    return {str(lead).lower(): _status(status) for lead, status in value.items()}


def _seed(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("must be a whole number or null")
    return value


READERS: Mapping[str, Callable[[object], object]] = {
    "latency_ms": _least_zero,
    "spread_ms": _least_zero,
    "errors": _errors,
    "retry_after": _seconds,
    "hang": _rate,
    "reset_before": _rate,
    "reset_after": _rate,
    "late": _rate,
    "late_ms": _least_zero,
    "late_answer": _late_answer,
    "wrong_key": _flag,
    "strict": _flag_or_null,
    "unknown_campaigns": _texts,
    "refuse": _refusals,
    "fail_leads": _fail_leads,
    "seed": _seed,
}
