"""What every sender's adapter offers, and what the adapters share to read a body that may hold anything.

The door calls ``verify`` and ``parse`` in this order; ``sign`` does what the sender does, for ``relay send`` and tests.
Some senders do more: ``Handshaking`` ones ask whether we are there, ``Fetching`` ones keep the answers to themselves,
``Defining`` ones say what their form asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple, Protocol, runtime_checkable

import orjson

from relay.errors import BadBody
from relay.lead_fields import kind_of
from relay.model import Event, Json
from relay.sending import About, Request
from relay.shapes import Questions

EPOCH = datetime.fromtimestamp(0, UTC)
MILLISECOND = timedelta(milliseconds=1)
#: orjson reads 1,024 levels but writes 254: what we take in we must be able to write again.
WRITABLE_BRACKETS = 254
LONGEST_ID = 200


class Sender(Protocol):
    """A service that sends webhooks. Its module is the adapter; it keeps nothing between two requests."""

    @property
    def name(self) -> str:
        """The word of a hook file's ``sender:``."""

    @property
    def about(self) -> About:
        """What there is to know of it before it sends."""

    def verify(self, request: Request, secrets: Sequence[str]) -> None:
        """Pass when any of the secrets made this request. Raises BadSignature."""

    def parse(self, request: Request) -> list[Event]:
        """Give the events of a verified request, none where it tells of nothing for us. Raises BadBody.

        Each event's ``body`` alone gives that event again.
        """

    def sign(self, request: Request, secret: str) -> Request:
        """Give the request as the sender would send it: ``received_ms`` is the moment of sending."""


class Reply(NamedTuple):
    """What the door answers to a handshake."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}


@runtime_checkable
class Handshaking(Protocol):
    """A sender that asks, by GET or OPTIONS, whether the hook is ours before it sends events."""

    def handshake(self, request: Request, secrets: Sequence[str], keys: Mapping[str, str]) -> Reply | None:
        """Answer; None where this is no handshake. Raises BadSignature where the asker does not know our secret."""


@runtime_checkable
class Fetching(Protocol):
    """A sender whose events name what happened, and whose answers are to be asked for."""

    def fetch(self, event: Event, *, token: str, base_url: str) -> bytes:
        """Ask the sender for what ``event.fetch`` names. Raises LeadsApiError, whose type says what to do."""

    def with_answers(self, event: Event, fetched: bytes) -> Event:
        """Give the event with the fetched answers as its fields. Raises BadBody."""


@runtime_checkable
class Defining(Protocol):
    """A sender whose events say what its form asks, beside the answers."""

    def questions(self, event: Event) -> Questions | None:
        """Give the form's questions; None where this event says nothing of them. May raise anything."""


def read_json(body: bytes, what: str = "the body") -> Json:
    """Read a body, or a part of one, as JSON. Raises BadBody that names it, without quoting it."""
    if not body:
        raise BadBody(f"{what} is empty")
    try:
        value: Json = orjson.loads(body)
        if body.count(b"{") + body.count(b"[") > WRITABLE_BRACKETS:
            orjson.dumps(value)
    except orjson.JSONDecodeError as error:
        raise BadBody(f"{what} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except TypeError as error:
        raise BadBody(f"{what} is nested too deeply") from error
    return value


def object_of(value: Json, what: str) -> Mapping[str, Json]:
    """Take the value as an object, or raise BadBody that names it."""
    if isinstance(value, dict):
        return value
    raise BadBody(f"{what} is missing" if value is None else f"{what} is {kind_of(value)}, not an object")


def list_of(value: Json, what: str) -> list[Json]:
    """Take the value as a list, or raise BadBody that names it."""
    if isinstance(value, list):
        return value
    raise BadBody(f"{what} is missing" if value is None else f"{what} is {kind_of(value)}, not a list")


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Give the objects of a list, without anything else in it."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(value: Json, what: str) -> str:
    """Take the value as text that is not empty, or raise BadBody that names it."""
    if isinstance(value, str) and value:
        return value
    raise BadBody(f"{what} is missing" if not value else f"{what} is {kind_of(value)}, not text")


def alone(value: Json) -> Json:
    """Give the item of a list of one, nothing for an empty list, and any other value as it is."""
    if not isinstance(value, list) or len(value) > 1:
        return value
    return value[0] if value else None


def time_ms(value: Json) -> int | None:
    """Read an ISO time as ms since 1970, UTC unless it says otherwise; None for what is no time."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return max(0, (time - EPOCH) // MILLISECOND)


def bounded_id(text: str) -> str:
    """Give an event id that is fit to be part of a key: one of absurd length becomes its hash."""
    return text if len(text) <= LONGEST_ID else digest(text.encode())


def digest(content: bytes) -> str:
    """Name bytes by their content."""
    return sha256(content).hexdigest()[:32]
