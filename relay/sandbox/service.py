"""Decides every request: the accident that befalls it, and else the lead API's answer.

``control`` gives it the requests to ``/leads/...``; it answers through the connection, at once or when the latency of
the moment is over. All of it runs in one event loop, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson

from relay.sandbox.faults import Accident, Dice, Faults
from relay.sandbox.journal import Entry, Journal
from relay.sandbox.leads import Invalid, Leads, check_refusals, read_body
from relay.sandbox.wire import Answer, Connection, Request, phrase

LEADS = "/leads/"
WRITES = ("PUT", "PATCH")


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


class Exchange:
    """One request to the lead API, from when it is taken up until it is answered, dropped, or applied late."""

    __slots__ = ("connection", "entry", "fate", "request", "timer")

    def __init__(self, connection: Connection, request: Request, *, entry: Entry, fate: Accident | int) -> None:
        self.connection = connection
        self.request = request
        self.entry = entry
        self.fate = fate
        self.timer: asyncio.TimerHandle | None = None


class Service:
    """The lead API of one account with one key."""

    def __init__(self, key: str, *, log: bool, strict: bool) -> None:
        self._key = key.encode()
        self._log = log
        self._strict_from_start = strict
        #: Exchanges that wait: for their latency, for their late applying, or hanging.
        self._waiting: set[Exchange] = set()
        self._start_anew()

    @property
    def strict(self) -> bool:
        return self._strict_from_start if self.faults.strict is None else self.faults.strict

    def begin(self, connection: Connection, request: Request) -> None:
        """Take up a request to the lead API; the connection gives the next one after this one's answer."""
        lead_id = request.path[len(LEADS) :].partition("?")[0].lower()
        entry = self.journal.begin(request.method, lead_id, request.body)
        exchange = Exchange(connection, request, entry=entry, fate=self.dice.roll())
        if exchange.fate is Accident.HANG:
            self._hold(exchange)
        elif exchange.fate is Accident.LATE:
            self._fail_and_apply_late(exchange)
        elif delay_s := self.dice.delay_s():
            self._hold(exchange)
            self._call_later(delay_s, self._finish, exchange)
        else:
            self._finish(exchange)

    def _finish(self, exchange: Exchange) -> None:
        """Apply and answer, or reset. A client that has gone away does not keep its request from being applied."""
        self._waiting.discard(exchange)
        if exchange.fate is Accident.RESET_BEFORE:
            self._reset(exchange)
            return
        answer = self._decide(exchange)
        if exchange.fate is Accident.RESET_AFTER:
            self._reset(exchange)
            return
        self.journal.end(exchange.entry, answer.status)
        exchange.connection.answer(exchange.request, answer)

    def _fail_and_apply_late(self, exchange: Exchange) -> None:
        self._waiting.add(exchange)
        self._call_later(self.faults.late_ms / 1000, self._apply_late, exchange)
        if self.dice.late_by_reset():
            self._reset(exchange)
        else:
            self.journal.end(exchange.entry, 504)
            exchange.connection.answer(exchange.request, self._failure(504))

    def _apply_late(self, exchange: Exchange) -> None:
        self._waiting.discard(exchange)
        self._decide(exchange)

    def _hold(self, exchange: Exchange) -> None:
        self._waiting.add(exchange)
        exchange.connection.on_lost = partial(self._lost, exchange)

    def _lost(self, exchange: Exchange) -> None:
        self.journal.end(exchange.entry, 0)
        if exchange.fate is Accident.HANG:
            self._waiting.discard(exchange)

    def _reset(self, exchange: Exchange) -> None:
        self.journal.end(exchange.entry, 0)
        exchange.connection.reset()

    def _call_later(self, seconds: float, what: Callable[[Exchange], None], exchange: Exchange) -> None:
        exchange.timer = asyncio.get_running_loop().call_later(seconds, what, exchange)

    def _decide(self, exchange: Exchange) -> Answer:
        request, entry = exchange.request, exchange.entry
        if request.key != self._key or self.faults.wrong_key:
            return INVALID_KEY if request.key else MISSING_KEY
        if status := self.faults.fail_leads.get(entry.lead):
            return self._failure(status)
        if isinstance(exchange.fate, int):
            return self._failure(exchange.fate)
        lead = self.leads.find(entry.lead, strict=self.strict)
        if lead is None:
            return NOT_FOUND
        if request.method in WRITES:
            return self._write(lead, entry)
        return _success(self.leads.view(lead)) if request.method == "GET" else NO_SUCH_METHOD

    def _write(self, lead: dict[str, Any], entry: Entry) -> Answer:
        try:
            fields = read_body(entry.body)
            if self.faults.unknown_campaigns and fields.get("campaign_id") in self.faults.unknown_campaigns:
                raise Invalid("campaign_id not found")
            if self.faults.refuse:
                check_refusals(fields, self.faults.refuse)
        except Invalid as why:
            return error(400, "Validation error", str(why))
        self.leads.update(lead, fields)
        self.journal.applied(entry)
        return _success(lead)

    def _failure(self, status: int) -> Answer:
        answer = FAILURES.get(status) or error(status, phrase(status))
        return answer._replace(retry_after=self.faults.retry_after) if status in (429, 503) else answer

    def set_faults(self, faults: Faults) -> None:
        """Put these faults in place of the ones before; requests that hang go on as if nothing had happened."""
        self.faults = faults
        self.dice = Dice(faults)
        for exchange in [one for one in self._waiting if one.fate is Accident.HANG]:
            exchange.fate = Accident.NONE
            self._finish(exchange)

    def reset(self) -> None:
        """Forget leads, requests, counts and faults; requests that wait are cut off and never applied."""
        for exchange in self._waiting:
            if exchange.timer:
                exchange.timer.cancel()
            if exchange.entry.ended is None:
                self._reset(exchange)
        self._waiting.clear()
        self._start_anew()

    def _start_anew(self) -> None:
        self.leads = Leads()
        self.journal = Journal(keep=self._log)
        self.faults = Faults()
        self.dice = Dice(self.faults)


def _success(lead: dict[str, Any]) -> Answer:
    return Answer(200, orjson.dumps({"success": True, "lead": lead}))
