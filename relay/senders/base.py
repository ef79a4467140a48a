"""What every sender's adapter offers, and what the adapters share to read a body that may hold anything.

The door calls ``verify`` and ``parse`` in this order; ``sign`` does what the sender does, for ``relay send`` and tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Protocol

import orjson

from relay.errors import BadBody
from relay.lead_fields import kind_of
from relay.model import Event, Json, Request

EPOCH = datetime.fromtimestamp(0, UTC)
MILLISECOND = timedelta(milliseconds=1)
#: orjson reads 1,024 levels but writes 254: what we take in we must be able to write again.
WRITABLE_BRACKETS = 254
LONGEST_ID = 200


class Sender(Protocol):
    """A service that sends webhooks. Its module is the adapter; it keeps nothing between two requests."""

    #: The word of a hook file's ``sender:``.
    name: str
    #: Content type of the bodies that ``sign`` signs.
    content_type: str

    def verify(self, request: Request, secrets: Sequence[str]) -> None:
        """Pass when any of the secrets made this request. Raises BadSignature."""

    def parse(self, request: Request) -> list[Event]:
        """Give the events of a verified request. Raises BadBody, whatever the body holds."""

    def sign(self, body: bytes, secret: str) -> dict[str, str]:
        """Give the headers with which the sender would send this body."""


def read_json(body: bytes) -> Json:
    """Read a body as JSON. Raises BadBody, without quoting the body."""
    if not body:
        raise BadBody("the body is empty")
    try:
        value: Json = orjson.loads(body)
        if body.count(b"{") + body.count(b"[") > WRITABLE_BRACKETS:
            orjson.dumps(value)
    except orjson.JSONDecodeError as error:
        raise BadBody(f"the body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except TypeError as error:
        raise BadBody("the body is nested too deeply") from error
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


def text_of(value: Json, what: str) -> str:
    """Take the value as text that is not empty, or raise BadBody that names it."""
    if isinstance(value, str) and value:
        return value
    raise BadBody(f"{what} is missing" if not value else f"{what} is {kind_of(value)}, not text")


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
