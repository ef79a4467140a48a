"""A relay that lived through the past day: its clock is set by hand, so that a store has a history within seconds.

One process receives and delivers, by the real door, rules, scripts and lead API client; only the time is made up.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

import flask

from relay import wiring
from relay.model import Answer, Json
from relay.senders import adapter_of
from relay.senders.examples import Example, renewed
from relay.settings import Settings
from relay.store import Store
from workers.deliver import deliver

CLOCK = "relay:clock"
ROOM = 16
LEASE_MS, DEADLINE_MS = 30_000, 2_000


class Past:
    """The relay at the moment that it was told last."""

    def __init__(self, settings: Settings, started_ms: int) -> None:
        self.store = wiring.store(settings)
        self.hooks = wiring.hooks(settings)
        self._secrets = settings.environment
        self._api = wiring.leads_api(settings, "default")
        self._delivery = self.store.delivery("default", lease_ms=LEASE_MS, rate=0)
        _by_hand(self.store)
        self.store.events.now_ms = lambda: self.ms
        self.at(started_ms)
        self.store.door.know(self.hooks)
        self.store.rule_texts.keep(self.hooks.values())
        self._door: flask.Flask = wiring.routes(settings, self.store, self.hooks)

    def at(self, ms: int) -> None:
        """Set the clock, and deliver what is due by it."""
        self.ms = ms
        self.store.client.hset(CLOCK, mapping={"s": ms // 1000, "us": ms % 1000 * 1000})

    def receive(self, hook: str, example: Example, *, late_ms: int = 0, secret: str = "") -> int:
        """Have the door take an event that happened ``late_ms`` before; gives its status."""
        known = self.hooks[hook]
        sender = adapter_of(known)
        one = renewed(example, sender.about, now_ms=self.ms - late_ms)
        request = one.request(url=f"http://localhost/hooks/{hook}", now_ms=self.ms)
        signed = sender.sign(request, secret or self._secrets[known.secret_names[0]])
        answer = self._door.test_client().open(
            signed.url, method=signed.method, data=signed.body, headers=list(signed.headers.items())
        )
        return answer.status_code

    def deliver(self) -> None:
        """Deliver all that is due."""
        _, claims = self._delivery.exchange([], room=ROOM)
        while claims is not None and claims.leads:
            ended = [deliver(one, self._put, now=lambda: self.ms, deadline_ms=DEADLINE_MS) for one in claims.leads]
            _, claims = self._delivery.exchange(ended, room=ROOM)

    def _put(self, lead: str, body: Mapping[str, Json]) -> Answer:
        """Have the clock go on by as long as a PUT would have taken."""
        self.at(self.ms + random.randrange(90, 260))
        return self._api.put(lead, body)


@contextmanager
def past(settings: Settings, started_ms: int) -> Iterator[Past]:
    """Live in the past until the block ends."""
    one: list[Past] = []

    def now_ns() -> int:
        return (one[0].ms if one else started_ms) * 1_000_000

    with patch.object(time, "time_ns", now_ns), patch.object(time, "time", lambda: now_ns() / 1e9):
        one.append(Past(settings, started_ms))
        yield one[0]
    one[0].store.client.delete(CLOCK)


def _by_hand(store: Store) -> None:
    """Have the scripts read the clock that is set by hand, not Redis's own."""
    scripts = store.scripts._all
    for name, script in scripts.items():
        text = script.script.replace("redis.call('TIME')", f"redis.call('HMGET', '{CLOCK}', 's', 'us')")
        assert text != script.script
        scripts[name] = store.client.register_script(text)
