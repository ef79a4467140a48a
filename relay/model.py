"""The nouns of the journey, frozen: every stage takes some of them and gives others, and none of them acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"

#: Values by register. A register is a core field (``phone``) or one metadata key (``metadata.utm_source``).
Registers: TypeAlias = "Mapping[str, Json]"

METADATA = "metadata."


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request as it came, before anything in it is believed."""

    #: Header names in lower case.
    headers: Mapping[str, str]
    body: bytes
    #: Milliseconds since 1970 at which the door saw it.
    received_ms: int
    method: str = "POST"
    #: The whole address as the sender called it, query included.
    url: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What stands behind the question mark; of a name that comes twice, the last."""
        # Not by urlsplit: it breaks on addresses whose host, a header of the caller's choice, holds a bracket.
        return dict(parse_qsl(self.url.partition("#")[0].partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What there is to know of a sender before it sends: for hook files, examples and the list of senders."""

    #: As its maker writes it: ``Contact Form 7``.
    title: str
    #: What proves that a request is the sender's: which secret it is, and where it is set at the sender.
    proof: str
    #: Where the lead's id usually travels, as an expression; empty where the sender can't carry one.
    lead: str = ""
    #: Usual name of the environment variable of the secret.
    variable: str = ""
    #: Content type of its requests.
    content_type: str = "application/json"
    #: Places in its body that make an event a new one, and that say when it happened: ``entry.*.changes.*.value.id``.
    ids: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    #: Headers, in lower case, that are part of an event and kept with it.
    headers: tuple[str, ...] = ()
    #: Further secrets that a hook file names, by their keys there, and what each is.
    keys: Mapping[str, str] = field(default_factory=dict)
    #: Whether a hook file may say how it signs.
    described: bool = False
    #: Whether the shape of its requests is not confirmed by its maker.
    experimental: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a request is signed with an HMAC, as a hook file of a generic sender describes it."""

    #: Name of the header that holds the signature.
    header: str
    #: ``sha1``, ``sha256`` or ``sha512``.
    algorithm: str = "sha256"
    #: ``hex`` or ``base64``.
    encoding: str = "hex"
    #: What stands before each signature in the header: ``sha256=``, ``v1=``.
    prefix: str = ""
    #: What is signed, in this order: ``body``, ``timestamp``, ``id``, ``method``, ``url``, and any other text as it is.
    signed: tuple[str, ...] = ("body",)
    #: Header of the timestamp; or, with ``=`` at its end, what stands before it in the signature's own header.
    timestamp: str = ""
    #: Header of the event's id, and of the word for what happened.
    id: str = ""
    kind: str = ""
    #: Seconds by which the timestamp may differ from now.
    tolerance: int = 300


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


#: What expressions see of one event: ``fields``, ``hidden``, ``form``, ``campaign``, ``event``, ``hook`` and ``raw``.
Scope: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A value that a hook file takes out of an event, compiled."""

    #: As written, for words to a person.
    source: str
    #: Gives None where there is no value; raises ExpressionError.
    read: Callable[[Scope], Json]


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
    destination: str = "default"
    #: Whether events that the sender marks as tests are delivered.
    deliver_tests: bool = False
    #: For ``lookup``: value by key, by name of the table.
    tables: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    #: Further secrets that the sender needs, by their keys in the file: ``token``, ``verify_token``.
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: How requests are signed, where the file says so.
    signature: Scheme | None = None
    #: The file's own expressions for the event's id and time, where it has any.
    event_id: Formula | None = None
    event_time: Formula | None = None
