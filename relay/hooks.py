"""The nouns of a hook file, read and compiled: rules, the lead, and what expressions see of an event. Frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from relay.model import Fault, Json, Registers
from relay.sending import Scheme

#: What expressions see of one event: ``fields``, ``hidden``, ``form``, ``campaign``, ``event``, ``hook`` and ``raw``.
Scope: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A value that a hook file takes out of an event, compiled."""

    #: As written, for words to a person.
    source: str
    #: Gives None where there is no value; raises ExpressionError.
    read: Callable[[Scope], Json]
    line: int = 0


class Outcome(NamedTuple):
    """What one rule that held makes of one event."""

    set: Registers
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of a hook file: when it holds, what should be true of the lead."""

    name: str
    line: int
    #: Gives None where the rule does not hold; raises ExpressionError where the whole event fails.
    run: Callable[[Scope], Outcome | None]
    each: bool = False
    stop: bool = False
    #: Where it says when it holds; 0 where it always does.
    when_line: int = 0
    #: Where it says what becomes of each register.
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadBy:
    """How a hook file says which lead an event is about: by its id, or by what it is known by."""

    id: Formula | None = None
    #: ``phone``, ``email`` and ``external_id`` in the order in which they are tried.
    match: tuple[tuple[str, Formula], ...] = ()
    #: What becomes of an event whose lead is not known: ``park``, ``create`` or ``ignore``.
    missing: str = "park"
    #: First name of a lead that is created from an event that has none.
    nameless: str = "Lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One configured endpoint, ``POST /hooks/<name>``, as its file says."""

    name: str
    sender: str
    #: Values, any of which may match.
    secrets: tuple[str, ...] = field(repr=False)
    #: Names of the environment variables that hold them, in the same order.
    secret_names: tuple[str, ...]
    lead: LeadBy
    rules: tuple[Rule, ...]
    #: First eight hex digits of the SHA-256 of the file.
    version: str
    #: Path of the file, for words to a person.
    file: str
    #: All that stands in the file.
    text: bytes = field(default=b"", repr=False)
    destination: str = "default"
    #: Whether events that the sender marks as tests are delivered.
    deliver_tests: bool = False
    #: For ``lookup``: value by key, by name of the table.
    tables: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    #: Further secrets that the sender needs, by their keys in the file: ``token``, ``verify_token``.
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: Names of the environment variables that hold those.
    key_names: Mapping[str, str] = field(default_factory=dict)
    #: How requests are signed, where the file says so.
    signature: Scheme | None = None
    #: The file's own expressions for the event's id and time, where it has any.
    event_id: Formula | None = None
    event_time: Formula | None = None
    #: Path, from the folder of the file, of other rules that are mapped beside these and never sent; '' for none.
    shadow: str = ""
