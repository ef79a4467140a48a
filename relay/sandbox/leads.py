"""The rules of the lead API itself: which bodies it takes, how it merges them into a lead, how a lead is shown.

It says in its own words what ``lead_fields`` says of the contract. ``finding`` knows who a POST is about. Where the
API's pages are silent, what it does here is our choice and the comment says so.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from relay.lead_fields import EMAIL, NULLABLE, is_uuid
from relay.model import METADATA
from relay.sandbox.finding import Index, Lead

#: What a POST may carry and metadata never is: the fields, and what the API is told to do with the lead.
NOT_METADATA = NULLABLE.keys() | {"metadata", "external_id", "workflow_id", "tags"}
NOT_METADATA |= {"force_first_message", "force_first_channel", "skip_first_message"}


class Invalid(Exception):
    """A body that the API refuses with 400; the text is its ``message``."""


class Leads:
    """The leads of one account, in memory."""

    def __init__(self) -> None:
        self._leads: dict[str, Lead] = {}
        self._updated: dict[str, float] = {}
        self._removed: set[str] = set()
        self._index = Index()

    def find(self, lead_id: str, *, strict: bool) -> Lead | None:
        """Find a lead. Unless strict, every UUID is one that the account has had all along, except those removed."""
        lead = self._leads.get(lead_id)
        if lead is None and not strict and lead_id not in self._removed and is_uuid(lead_id):
            lead = self._create(lead_id)
        return lead

    def update(self, lead: Lead, body: Mapping[str, Any]) -> None:
        """Replace the fields that the body has, and merge its metadata key by key, one level deep."""
        for name, value in body.items():
            if name in NULLABLE:
                lead[name] = value
            elif name == "metadata":
                # A null is kept as a value: the API does not document a way to delete a key.
                lead["metadata"].update(value)
        if "email" in body or "phone" in body:
            self._index.note(lead)
        self._updated[lead["id"]] = time.time()

    def match(self, fields: Mapping[str, Any]) -> Lead | None:
        """Find the lead that a POST of these fields is about: by its e-mail, else by its phone's digits."""
        return self._index.find(fields)

    def enter(self, lead: Lead | None, fields: Mapping[str, Any]) -> Lead:
        """Set what a POST carries in the lead that it is about, or in a new one. An empty value sets nothing."""
        given = {name: value for name, value in fields.items() if value}
        lead = lead or self._create(str(uuid4()))
        self.update(lead, given)
        if "external_id" in given:
            lead["external_id"] = given["external_id"]
        return lead

    def add(self, lead_id: str, fields: Mapping[str, Any]) -> Lead:
        """Put a lead there, as these fields say and no others."""
        self._removed.discard(lead_id)
        self._index.forget(lead_id)
        lead = self._create(lead_id)
        self.update(lead, fields)
        return lead

    def remove(self, lead_id: str) -> bool:
        """Take a lead away, so that it is not found until it is added again; say whether it was there."""
        self._removed.add(lead_id)
        self._index.forget(lead_id)
        return self._leads.pop(lead_id, None) is not None

    def view(self, lead: Lead) -> Lead:
        """Show a lead as GET does."""
        return {**lead, "updated_at": _iso(self._updated[lead["id"]])}

    def all(self) -> list[Lead]:
        return [self.view(lead) for lead in self._leads.values()]

    def __iter__(self) -> Iterator[Lead]:
        return iter(self._leads.values())

    def _create(self, lead_id: str) -> Lead:
        now = time.time()
        fields = {name: None if nullable else "" for name, nullable in NULLABLE.items()}
        lead: Lead = {"id": lead_id, **fields, "source": "api", "metadata": {}, "created_at": _iso(now)}
        self._leads[lead_id] = lead
        self._updated[lead_id] = now
        return lead


def read_body(body: bytes) -> dict[str, Any]:
    """Read what a PUT wants to set. Raises Invalid with the API's words; names it does not know are passed over."""
    if not body:
        raise Invalid("No fields to update")
    fields = _read(body, "Request body must be an object")
    check_fields(fields)
    # An empty metadata object names nothing that could change, so alone it is refused as an empty body is.
    if not fields.get("metadata") and NULLABLE.keys().isdisjoint(fields):
        raise Invalid("No fields to update")
    return fields


def read_new(body: bytes) -> dict[str, Any]:
    """Read a POST's lead. Raises Invalid. Names that the API does not know become metadata, where metadata wins."""
    # The API takes a list too, but what it answers when some of its leads are good and others not is not documented.
    fields = _read(body, "Request body must be one lead, as an object: the sandbox takes no list")
    check_fields(fields)
    if not fields.get("first_name"):
        raise Invalid("first_name is required")
    for name in ("external_id", "workflow_id"):
        if not isinstance(fields.get(name), str | None):
            raise Invalid(f"{name} must be a string")
    known = {name: value for name, value in fields.items() if name in NOT_METADATA}
    unknown = {name: value for name, value in fields.items() if name not in NOT_METADATA}
    return {**known, "metadata": {**unknown, **fields.get("metadata", {})}}


def _read(body: bytes, no_object: str) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid("Request body is not valid JSON") from None
    if not isinstance(fields, dict):
        raise Invalid(no_object)
    return fields


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise Invalid for the first value that its field can't have."""
    for name, value in fields.items():
        if name == "metadata":
            if not isinstance(value, dict):
                raise Invalid("metadata must be an object")
        elif name not in NULLABLE or (value is None and NULLABLE[name]):
            continue
        elif not isinstance(value, str):
            raise Invalid(f"{name} must be a string")
        elif name == "email" and not EMAIL.fullmatch(value):
            raise Invalid("email must be a valid email address")
        elif name == "campaign_id" and not is_uuid(value):
            raise Invalid("campaign_id must be a valid UUID")


def check_refusals(fields: Mapping[str, Any], refusals: Iterable[Mapping[str, Any]]) -> None:
    """Raise Invalid when the body carries something that the account refuses for reasons of its own."""
    for refusal in refusals:
        name: str = refusal["field"]
        home = fields.get("metadata", {}) if name.startswith(METADATA) else fields
        name = name.removeprefix(METADATA)
        if name in home and ("value" not in refusal or home[name] == refusal["value"]):
            raise Invalid(refusal["message"])


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
