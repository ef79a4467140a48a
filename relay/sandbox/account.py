"""The lead API of one account with one key: what it does for each request and answers, where no accident befalls it.

``service`` gives it the requests, with the status that the dice say one fails with; ``leads`` knows the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from relay.sandbox.faults import Accident, Faults
from relay.sandbox.finding import Lead, search
from relay.sandbox.journal import Entry
from relay.sandbox.leads import Invalid, Leads, check_refusals, read_body, read_new
from relay.sandbox.wire import Answer, Request, phrase

WRITES = ("PUT", "PATCH")
#: Rows of a page unless the request says how many.
ROWS = 50
LONGEST_NUMBER = 9


def error(status: int, words: str, message: str = "") -> Answer:
    """Give an error body in the lead API's shape; some of its errors have no message."""
    return Answer(status, orjson.dumps({"error": words, "message": message} if message else {"error": words}))


MISSING_KEY = error(401, "Missing API key", "Please provide your API key in the X-API-Key header")
INVALID_KEY = error(401, "Invalid API key", "The provided API key is not valid")
NOT_FOUND = error(404, "Not found", "Lead not found or does not belong to your account")
#: The API documents no body for this; ours has its shape. Closing keeps a HEAD's client from waiting for more.
NO_SUCH_METHOD = error(405, "Method not allowed")._replace(close=True)
FAILURES = {
    400: error(400, "Validation error", "The sandbox was told to fail"),
    401: INVALID_KEY,
    404: NOT_FOUND,
    500: error(500, "Internal server error"),
}


class Account:
    """The leads behind one key, under the faults of the moment."""

    def __init__(self, key: str, *, strict: bool) -> None:
        self._key = key.encode()
        self._strict_from_start = strict
        self.faults = Faults()
        self.leads = Leads()
        #: POSTs that named a workflow: the real API would have begun to write to a person.
        self.enrolled = 0

    @property
    def strict(self) -> bool:
        return self._strict_from_start if self.faults.strict is None else self.faults.strict

    def decide(self, request: Request, entry: Entry, fate: Accident | int) -> Answer:
        """Do what a request asks for and give its answer; a status as its fate is what it fails with."""
        if request.key != self._key or self.faults.wrong_key:
            return INVALID_KEY if request.key else MISSING_KEY
        if status := self.faults.fail_leads.get(entry.lead):
            return self.failure(status)
        if isinstance(fate, int):
            return self.failure(fate)
        try:
            return self._one_lead(entry) if entry.query is None else self._all_leads(entry, entry.query)
        except Invalid as why:
            return error(400, "Validation error", str(why))

    def failure(self, status: int) -> Answer:
        """Give the answer of a request that fails with this status."""
        answer = FAILURES.get(status) or error(status, phrase(status))
        return answer._replace(retry_after=self.faults.retry_after) if status in (429, 503) else answer

    def _one_lead(self, entry: Entry) -> Answer:
        lead = self.leads.find(entry.lead, strict=self.strict)
        if lead is None:
            return NOT_FOUND
        if entry.method in WRITES:
            return self._update(lead, entry.body)
        return _success(lead=self.leads.view(lead)) if entry.method == "GET" else NO_SUCH_METHOD

    def _update(self, lead: Lead, body: bytes) -> Answer:
        self.leads.update(lead, self._accepted(read_body, body))
        return _success(lead=lead)

    def _all_leads(self, entry: Entry, query: str) -> Answer:
        if entry.method == "POST":
            return self._enter(entry)
        return self._search(query) if entry.method == "GET" else NO_SUCH_METHOD

    def _enter(self, entry: Entry) -> Answer:
        """Make a lead, or update the one with the same e-mail or phone."""
        fields = self._accepted(read_new, entry.body)
        found = self.leads.match(fields)
        if found and (status := self.faults.fail_leads.get(found["id"])):
            return self.failure(status)
        lead = self.leads.enter(found, fields)
        entry.lead = lead["id"]
        self.enrolled += bool(fields.get("workflow_id"))
        return _success(lead=lead, existed=True) if found else _success(lead=lead)

    def _search(self, query: str) -> Answer:
        asked = parse_qs(query)
        page, limit = _number(asked, "page", least=0, usual=0), _number(asked, "limit", least=1, usual=ROWS)
        rows, more = search(self.leads, asked.get("search", [""])[0], limit=limit, page=page)
        return _success(leads=rows, pagination={"page": page, "limit": limit, "has_more": more})

    def _accepted(self, read: Callable[[bytes], dict[str, Any]], body: bytes) -> dict[str, Any]:
        """Read a body's fields. Raises Invalid, also for what the account refuses for reasons of its own."""
        fields = read(body)
        if self.faults.unknown_campaigns and fields.get("campaign_id") in self.faults.unknown_campaigns:
            raise Invalid("campaign_id not found")
        if self.faults.refuse:
            check_refusals(fields, self.faults.refuse)
        return fields


def _number(asked: Mapping[str, list[str]], name: str, *, least: int, usual: int) -> int:
    """Read a number of a query. What the API answers to a wrong one is not documented; ours says what is wrong."""
    text = asked.get(name, [str(usual)])[0]
    if not text.isdecimal() or len(text) > LONGEST_NUMBER or int(text) < least:
        raise Invalid(f"{name} must be a whole number of at least {least}")
    return int(text)


def _success(**found: object) -> Answer:
    return Answer(200, orjson.dumps({"success": True, **found}))
