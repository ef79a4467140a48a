"""The nouns of the journey, frozen: every stage takes some of them and gives others, and none of them acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeAlias

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"

#: Values by register. A register is a core field (``phone``) or one metadata key (``metadata.utm_source``).
Registers: TypeAlias = "Mapping[str, Json]"

METADATA = "metadata."


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened at a sender, in our shape: what its adapter gives and what rules read."""

    #: The sender's own id of the event: the same in every retry of it.
    id: str
    fields: Mapping[str, Json]
    hidden: Mapping[str, Json] = field(default_factory=dict)
    form: Mapping[str, Json] = field(default_factory=dict)
    campaign: Mapping[str, Json] = field(default_factory=dict)
    #: The sender's word for what happened: ``form_response``.
    kind: str = ""
    #: When it happened, in ms since 1970; None where the sender does not say.
    at_ms: int | None = None
    test: bool = False
    #: What is still to be fetched from the sender before there are any fields: the sender's name for it.
    fetch: str = ""
    #: The parsed body.
    raw: Json = None
    #: The bytes that give this one event again: the request's body, or its part of a batch.
    body: bytes = b""


class Name(NamedTuple):
    """One thing beside its id that a lead is known by, in the one form in which equal ones are equal."""

    #: ``phone``, ``email`` or ``external_id``.
    kind: str
    #: A phone in E.164, an e-mail in lower case.
    value: str


class Stamp(NamedTuple):
    """When an update holds from. Updates are ordered by it and by nothing else."""

    #: Event time in ms, never later than the time of receipt.
    at_ms: int
    #: Accept number: one for each event, rising.
    number: int
    #: Place among the updates of one event.
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What the rules want to be true of one lead because of one event."""

    #: Value by register; None clears.
    set: Registers
    #: Name of the rule that set each register.
    by: Mapping[str, str]
    #: Kept out of merging: sent alone, in stamp order.
    each: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A value, or a whole rule, that could not become part of an update."""

    rule: str
    #: The register it was meant for; empty where the fault is of the whole rule.
    register: str
    #: What is wrong and what to do, without the value itself.
    words: str


class State(str, Enum):
    """Where an event stands. The values are the letters under which the store keeps them."""

    #: Waits for its delivery, now or after a failure.
    IN_FLIGHT = "p"
    #: The CRM answered 2xx to a PUT that carried it.
    DELIVERED = "d"
    #: All it wanted to set had been set by newer events.
    SUPERSEDED = "s"
    #: No rule held.
    IGNORED = "i"
    #: Its lead is not known.
    PARKED = "k"
    #: We stopped trying; a person may replay or drop it.
    DEAD = "x"
    #: A person dropped it, with a reason.
    DISCARDED = "c"

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", " ")


class Death(str, Enum):
    """Why an event became a dead letter."""

    MAPPING = "mapping"
    REFUSED = "refused"
    LEAD_NOT_FOUND = "lead not found"
    UNREACHABLE = "unreachable"
    #: The sender did not give the answers that belong to its event.
    FETCH = "fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why an event is parked or dead, in words for a person."""

    kind: str
    words: str
    #: HTTP status of the last answer; 0 where there was none.
    status: int = 0
    at_ms: int = 0
    attempts: int = 0
    #: The register, or the rule, that it is about, where that is known.
    field: str = ""


class Held(NamedTuple):
    """A rule that held for an event."""

    rule: str
    #: Registers of which it gave a value that could be used, also where a later rule set them anew.
    gave: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What a hook file makes of one event: updates for a lead, or the reason why there are none."""

    #: The event's id at its sender, after the hook file had its say.
    event_id: str
    at_ms: int | None
    #: UUID in lower case; empty where it is to be found by ``names``, or can't be.
    lead: str = ""
    #: With a lead, what the event says it is known by; without one, what to find it by, in this order.
    names: tuple[Name, ...] = ()
    #: What becomes of the event where no lead has these names: ``park``, ``create`` or ``ignore``.
    missing: str = "park"
    #: What is still to be fetched from the sender; then nothing is mapped yet.
    fetch: str = ""
    updates: tuple[Update, ...] = ()
    faults: tuple[Fault, ...] = ()
    #: The rules that held, in their order; none where the event failed as a whole. The store does not keep them.
    held: tuple[Held, ...] = ()
    #: IN_FLIGHT when there are updates, or something to fetch; IGNORED, PARKED or DEAD when there is nothing to send.
    state: State = State.IN_FLIGHT
    #: Set when the state is PARKED or DEAD, and for an event that is parked where its lead is not found.
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An event with what was made of it, ready for the store."""

    hook: str
    sender: str
    #: Content hash of the hook file that mapped it.
    version: str
    destination: str
    kind: str
    test: bool
    content_type: str
    body: bytes
    mapped: Mapped
    #: Those of the request that are part of the event, by their names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What the sender answered when it was asked for the rest.
    fetched: bytes = b""
    #: Further headers of the request, for a person: secrets are masked, what says nothing is left out.
    came: Mapping[str, str] = field(default_factory=dict)
    #: Name of the secret that the request was verified with, where its hook has several.
    secret_name: str = ""
    #: When the door saw it, in ms, where mapping depended on that; else 0.
    door_ms: int = 0
    #: What it can be found by: kind and value.
    terms: tuple[tuple[str, str], ...] = ()


class Acceptance(NamedTuple):
    """What the store says of one event that it was given."""

    #: Our id of the event, by which people ask for it.
    id: str
    duplicate: bool
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """An event as the store keeps it."""

    id: str
    hook: str
    sender: str
    version: str
    destination: str
    kind: str
    test: bool
    content_type: str
    body: bytes
    sender_id: str
    lead: str
    updates: tuple[Update, ...]
    faults: tuple[Fault, ...]
    state: State
    #: One state for each update.
    update_states: tuple[State, ...]
    #: Stamp of the first update; the others follow by place.
    stamp: Stamp
    received_ms: int
    #: Those of the request that are part of the event, by their names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: What the sender answered when it was asked for the rest.
    fetched: bytes = b""
    #: As ``Arrival`` has them.
    came: Mapping[str, str] = field(default_factory=dict)
    secret_name: str = ""
    door_ms: int = 0
    #: As ``Mapped`` has them.
    names: tuple[Name, ...] = ()
    missing: str = "park"
    fetch: str = ""
    #: Whether its lead was found by its names, not said by the event.
    found: bool = False
    #: Set while the event is parked or dead; what a person did then stands in the history of its lead.
    reason: Reason | None = None

    def as_arrival(self, mapped: Mapped) -> Arrival:
        """Give the event as if it came in anew and was mapped like this."""
        return Arrival(
            hook=self.hook,
            sender=self.sender,
            version=self.version,
            destination=self.destination,
            kind=self.kind,
            test=self.test,
            content_type=self.content_type,
            body=self.body,
            mapped=mapped,
            headers=self.headers,
            fetched=self.fetched,
            came=self.came,
            secret_name=self.secret_name,
            door_ms=self.door_ms,
        )


class Pending(NamedTuple):
    """One update that waits under its lead."""

    #: Its name in the store: unique under its lead, ordered as its stamp.
    member: str
    stamp: Stamp
    event: str
    update: Update
    #: Whether the lead was found by what the event knows of it, so that it may be the wrong one.
    found: bool = False


#: For each register the stamp last delivered and the event that set it.
Clock: TypeAlias = "Mapping[str, tuple[Stamp, str]]"


class Answer(NamedTuple):
    """What the lead API answered to a PUT that it took."""

    status: int
    lead: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence for a person, in parts, so that it can be said in other languages too."""

    #: In English, with places for its values: ``%(hook)s: the CRM refused %(field)s``.
    text: str
    #: What is put into its places; words of senders, of the CRM and of hook files stay as they are.
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.values
