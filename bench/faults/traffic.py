"""The senders: signed Typeform events for a few leads, late ones, repeated ones, each sent again until its 200.

What was accepted is remembered here, apart from all that the relay keeps, so that it can be held against it.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
import urllib3

from relay.senders import typeform

FIELDS = ("company", "title", "utm", "broker", "step")
#: By how many ms an event's time differs from now: mostly not at all, some are late, a few ahead of time.
AGES = (0, 0, 0, 0, 0, 200, 1_000, 5_000, 30_000, 3_600_000, -300_000)
REPEATED = 0.08
CLEARING = 0.1
PAUSE_S = 0.2
SENDERS = 12
#: A sender that was told to stop gives up on its last event after so long.
GIVE_UP_S = 60.0
OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One event as its sender knows it."""

    lead: str
    #: What it wants of each register.
    wants: Mapping[str, str | None]
    body: bytes
    headers: Mapping[str, str]


def register_of(field: str) -> str:
    return field if field in ("company", "title") else f"metadata.{field}"


def new_event(dice: random.Random, leads: list[str], *, secret: str) -> Sent:
    """Make an event with some answers, each a text that no other event has."""
    token = uuid.UUID(int=dice.getrandbits(128)).hex
    lead = dice.choice(leads)
    answers = {name: f"{name} of {token}" for name in dice.sample(FIELDS, dice.randint(1, 3))}
    wants: dict[str, str | None] = {register_of(name): text for name, text in answers.items()}
    if dice.random() < CLEARING:
        answers["clear"] = "yes"
        wants["title"] = None
    at = datetime.fromtimestamp(time.time() - dice.choice(AGES) / 1000, UTC)
    response = {
        "form_id": "Faults",
        "token": token,
        "submitted_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "hidden": {"lead_id": lead},
        "answers": [{"type": "text", "text": text, "field": {"ref": name}} for name, text in answers.items()],
    }
    body = orjson.dumps({"event_id": token, "event_type": "form_response", "form_response": response})
    headers = {"Content-Type": "application/json", **typeform.signature(body, secret)}
    return Sent(lead=lead, wants=wants, body=body, headers=headers)


class Traffic:
    """Several senders at once, until they are told to stop."""

    def __init__(self, url: str, *, secret: str, seed: int, per_second: float, leads: int) -> None:
        self.url = url
        self._secret = secret
        self._pace_s = SENDERS / per_second
        dice = random.Random(f"{seed} leads")
        self.leads = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(leads)]
        self._stopped = threading.Event()
        self._gives_up = float("inf")
        self._lock = threading.Lock()
        #: What got a 200, by the relay's id of it.
        self.accepted: dict[str, Sent] = {}
        #: 'duplicates', 'refused' (any answer but 200), 'unanswered', 'given up'.
        self.counts: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._send_all, args=(random.Random(f"{seed} sender {number}"),), daemon=True)
            for number in range(SENDERS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send no new event; those begun are sent until their 200."""
        self._gives_up = time.monotonic() + GIVE_UP_S
        self._stopped.set()

    def ended(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _send_all(self, dice: random.Random) -> None:
        pool = urllib3.PoolManager(retries=False, timeout=10.0)
        sent: list[Sent] = []
        with pool:
            while not self._stopped.wait(dice.expovariate(1 / self._pace_s)):
                again = sent and dice.random() < REPEATED
                event = dice.choice(sent[-50:]) if again else new_event(dice, self.leads, secret=self._secret)
                if self._send(pool, event) and not again:
                    sent.append(event)

    def _send(self, pool: urllib3.PoolManager, event: Sent) -> bool:
        """Send until it is taken, as a sender does that gets anything but a 200."""
        while time.monotonic() < self._gives_up:
            try:
                answer = pool.request("POST", self.url, body=event.body, headers=event.headers)
            except urllib3.exceptions.HTTPError:
                self._count("unanswered")
            else:
                if answer.status == OK:
                    self._took(event, answer.json())
                    return True
                self._count("refused")
            time.sleep(PAUSE_S)
        self._count("given up")
        return False

    def _took(self, event: Sent, answer: Mapping[str, list[str]]) -> None:
        with self._lock:
            self.counts["duplicates"] += bool(answer.get("duplicates"))
            for id in answer["events"]:
                self.accepted[id] = event

    def _count(self, what: str) -> None:
        with self._lock:
            self.counts[what] += 1
