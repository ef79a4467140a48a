"""Every exception of the relay. The type decides what happens next; nobody parses a text.

RelayError
    SettingsError, RuleError        we refuse to start; all faults are listed at once
    StoreError                      Redis is away, full or read-only: 503 to a sender, words to a person
    Rejected                        we answer the sender
        UnknownHook                   404, never known
        HookNotLoaded                 503, once known
        BadSignature                  401
        BadBody                       400
        TooLarge                      413
    LeadsApiError                   an attempt failed
        Unavailable                   timeout, connection, 408, 425, 5xx: wait
        SlowDown                      429, 503 with Retry-After: the destination waits, no attempt burnt
        Denied                        401, 403: our key is wrong: hold everything, alarm
        NotFound                      404
        Refused                       other 4xx: it never will
    ExpressionError                 an expression of a hook file failed on one event; mapping makes a fault of it
        RequiredMissing               `| required` found nothing: the whole event fails
    CommandError                    a person asked for what can't be done; says what to do instead
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class RelayError(Exception):
    """Base of all; its text is written for the person who reads it."""


class FaultsError(RelayError):
    """Several faults found in one go, one line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class SettingsError(FaultsError):
    """The environment can't be worked with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing in a hook file that is wrong, or doubtful: where, what, and what would be right."""

    #: Path of the file, or of the folder.
    file: str
    #: From 1; 0 where it is about the whole file.
    line: int = 0
    #: From 1, in characters; 0 where it is about the whole line.
    column: int = 0
    #: How many characters from there on it is about; 0 where that is not known.
    length: int = 0
    words: str
    #: A fault keeps the hook from being loaded, a warning does not.
    severity: Literal["fault", "warning"] = "fault"

    @property
    def place(self) -> str:
        """Write its place as compilers do and editors understand: ``rules/cotiza.yaml:14:7``."""
        return self.file + "".join(f":{number}" for number in (self.line, self.column) if number)

    def __str__(self) -> str:
        return f"{self.place}: {self.words}"


class RuleError(FaultsError):
    """Hook files that can't be worked with: ``rules/cotiza.yaml:14:7: ...``, one line each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__([str(problem) for problem in problems])
        self.problems = tuple(problems)


class StoreError(RelayError):
    """Redis is away, full or read-only. Nothing was accepted."""


class Rejected(RelayError):
    """A request that is not accepted; the text goes to the sender and into the list of rejected requests."""

    status = 400


class UnknownHook(Rejected):
    status = 404


class HookNotLoaded(Rejected):
    status = 503


class BadSignature(Rejected):
    status = 401


class BadBody(Rejected):
    status = 400


class TooLarge(Rejected):
    status = 413


class LeadsApiError(RelayError):
    """An attempt that failed.

    ``status`` is the HTTP status, 0 where no answer came. ``sent`` says whether the request may have reached
    the CRM all the same, so that it may still be applied later.
    """

    def __init__(self, words: str, *, status: int = 0, sent: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.sent = sent


class Unavailable(LeadsApiError):
    """Timeout, connection error, 408, 425 or 5xx: the same request may pass later."""


class SlowDown(LeadsApiError):
    """429, or 503 with ``Retry-After``: the whole destination waits ``after_ms``."""

    def __init__(self, words: str, *, status: int, after_ms: int) -> None:
        super().__init__(words, status=status)
        self.after_ms = after_ms


class Denied(LeadsApiError):
    """401 or 403: our key is wrong, no request will pass until it is right."""


class NotFound(LeadsApiError):
    """404: the CRM does not know this lead, or not yet."""


class Refused(LeadsApiError):
    """Any other 4xx: this request never will pass."""


class ExpressionError(RelayError):
    """An expression of a hook file failed on one event. Its text never holds the value."""


class RequiredMissing(ExpressionError):
    """`| required` found nothing: the whole event fails, not one field."""


class CommandError(RelayError):
    """A command that can't be carried out."""
