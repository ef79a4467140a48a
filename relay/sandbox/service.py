"""Takes every request to the lead API through its accident, if it has one, to the answer that ``account`` gives.

``control`` gives it the requests to ``/leads...``; it answers through the connection, at once or when the latency of
the moment is over. All of it runs in one event loop, so nothing here needs a lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from relay.sandbox.account import Account
from relay.sandbox.faults import Accident, Dice, Faults
from relay.sandbox.journal import Entry, Journal
from relay.sandbox.senders import Senders
from relay.sandbox.wire import Answer, Connection, Request

LEADS = "/leads/"


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
    """The lead API of one account with one key, and beside it the senders whose own APIs are asked for answers."""

    def __init__(self, key: str, *, log: bool, strict: bool) -> None:
        self._key = key
        self._log = log
        self._strict = strict
        #: Exchanges that wait: for their latency, for their late applying, or hanging.
        self._waiting: set[Exchange] = set()
        self._start_anew()

    @property
    def faults(self) -> Faults:
        return self.account.faults

    def begin(self, connection: Connection, request: Request) -> None:
        """Take up a request to one lead; the connection gives the next one after this one's answer."""
        lead_id = request.path[len(LEADS) :].partition("?")[0].lower()
        self._go(connection, request, self.journal.begin(request.method, lead_id, request.body))

    def begin_on_all(self, connection: Connection, request: Request) -> None:
        """Take up a request to all leads: a search, or a new lead."""
        query = request.path.partition("?")[2]
        self._go(connection, request, self.journal.begin(request.method, "", request.body, query=query))

    def _go(self, connection: Connection, request: Request, entry: Entry) -> None:
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
            exchange.connection.answer(exchange.request, self.account.failure(504))

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

    def _decide(self, exchange: Exchange) -> Answer:
        answer = self.account.decide(exchange.request, exchange.entry, exchange.fate)
        if answer.status == 200 and exchange.entry.method != "GET":
            self.journal.applied(exchange.entry)
        return answer

    def _call_later(self, seconds: float, what: Callable[[Exchange], None], exchange: Exchange) -> None:
        exchange.timer = asyncio.get_running_loop().call_later(seconds, what, exchange)

    def set_faults(self, faults: Faults) -> None:
        """Put these faults in place of the ones before; requests that hang go on as if nothing had happened."""
        self.account.faults = faults
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

    def stats(self) -> dict[str, Any]:
        """Count what was asked of the lead API, how many leads a POST enrolled, and how often each sender was asked."""
        return {**self.journal.stats(), "enrolled": self.account.enrolled, **self.senders.counts()}

    def _start_anew(self) -> None:
        self.account = Account(self._key, strict=self._strict)
        self.journal = Journal(keep=self._log)
        self.senders = Senders()
        self.dice = Dice(self.faults)
