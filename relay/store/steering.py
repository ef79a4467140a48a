"""What a person does to steer deliveries: pause and resume a hook or a destination, slow one down, have it probed.

Events of a paused hook are accepted, mapped and recorded as ever, but stand on a shelf instead of under their leads;
what waits already is taken off its lead when that is claimed. Each act is one step in the store, with its entry in the
list of acts; done twice it changes nothing. A hook is resumed in steps, and the store says that it is being resumed, so
whoever dies half-way leaves the rest to the background worker.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from relay.errors import CommandError
from relay.model import State, StoredEvent
from relay.store.acts import Act, write_act
from relay.store.events import Events
from relay.store.gates import Pause, read_pause, write_note
from relay.store.scripts import Scripts, store_errors

PAUSED, RESUMING = "relay:paused", "relay:resuming"
#: Events put back in one step.
STRIDE = 100
#: How long who resumes a hook puts its events back, in s; the rest is the background worker's.
PATIENCE_S = 60.0
LEAST_RATE, MOST_RATE = 0.01, 100_000.0


class Steering:
    """The verbs, and how things stand by them."""

    def __init__(self, scripts: Scripts, events: Events) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client
        self._events = events

    def paused_hooks(self) -> dict[str, Pause]:
        """Give the hooks that are paused, or being resumed, each with how many of its events stand on the shelf."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            paused, resuming = pipe.hgetall(PAUSED).hkeys(RESUMING).execute()
            names = sorted(name.decode() for name in paused)
            for name in names:
                pipe.zcard(f"relay:shelf:{name}")
            sizes = pipe.execute() if names else []
        return {
            name: read_pause(f"hook {name}", paused[name.encode()], resuming=name.encode() in resuming, shelved=size)
            for name, size in zip(names, sizes, strict=True)
        }

    def shelved(self, hook: str) -> int:
        """Count the events of a hook that stand on its shelf."""
        with store_errors():
            return int(self._client.zcard(f"relay:shelf:{hook}"))

    def pause_of(self, event: StoredEvent) -> Pause | None:
        """Say by what pause an event in flight is kept back: its hook's, else its destination's; None by none."""
        if event.state is not State.IN_FLIGHT and State.IN_FLIGHT not in event.update_states:
            return None
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hget(PAUSED, event.hook).hexists(RESUMING, event.hook)
            hook, resuming, gate = pipe.hget(f"relay:d:{event.destination}", "paused").execute()
        if hook:
            return read_pause(f"hook {event.hook}", hook, resuming=resuming)
        return read_pause(f"destination {event.destination}", gate) if gate else None

    def kept_back(self, events: Iterable[StoredEvent]) -> set[str]:
        """Give the ids of those of these events that a pause keeps back: of their hook, or of their destination."""
        waiting = [event for event in events if event.state is State.IN_FLIGHT]
        gates = sorted({event.destination for event in waiting})
        if not waiting:
            return set()
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hkeys(PAUSED)
            for destination in gates:
                pipe.hexists(f"relay:d:{destination}", "paused")
            names, *closed = pipe.execute()
        hooks = {name.decode() for name in names}
        shut = {destination for destination, paused in zip(gates, closed, strict=True) if paused}
        return {event.id for event in waiting if event.hook in hooks or event.destination in shut}

    def pause_hook(self, hook: str, *, who: str, why: str) -> bool:
        """Keep a hook's events back from now on; PUTs in flight finish. False where it was paused already."""
        self._known(hook)
        return self._steer("pause hook", "pause", f"hook {hook}", who=who, why=why)

    def resume_hook(self, hook: str, *, who: str, patience_s: float = PATIENCE_S) -> bool:
        """Let a hook's events go on with the stamps that they had. False where it was not paused, or is being resumed.

        Puts them back for so long, in s; the background worker does what is left.
        """
        changed = self._steer("resume hook", "resume", f"hook {hook}", who=who, count=self.shelved(hook))
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and self.put_back(hook) > 0:
            pass
        return changed

    def put_back(self, hook: str, *, most: int = STRIDE) -> int:
        """Put events of a hook that is being resumed back under their leads; gives how many are left."""
        return max(0, int(self._scripts.run("unshelve", hook, most)))

    def go_on(self) -> bool:
        """Do a step of every resumption under way; gives whether there was any."""
        with store_errors():
            hooks = [name.decode() for name in self._client.hkeys(RESUMING)]
        for hook in hooks:
            self.put_back(hook)
        return bool(hooks)

    def pause_destination(self, destination: str, *, who: str, why: str) -> bool:
        """Send nothing to a destination from now on; PUTs in flight finish. False where it was paused already."""
        return self._steer("pause destination", "pause", f"destination {destination}", who=who, why=why)

    def resume_destination(self, destination: str, *, who: str) -> bool:
        """Let deliveries go on, through a hold or an open breaker as these stand. False where it was not paused."""
        return self._steer("resume destination", "resume", f"destination {destination}", who=who)

    def slow(self, destination: str, rate: float | None, *, who: str, why: str = "") -> bool:
        """Set a rate in PUTs a second that goes before LEADS_API_RATE, until it is taken back (None).

        Raises CommandError where it is no rate; False where there was none to take back.
        """
        if rate is not None and not LEAST_RATE <= rate <= MOST_RATE:
            raise CommandError(
                f"a rate of {rate:g} PUTs a second: must be from {LEAST_RATE:g} to {MOST_RATE:g}; to send none, pause"
            )
        words = "as set by LEADS_API_RATE" if rate is None else f"{rate:g} PUTs a second"
        given = "" if rate is None else f"{rate:g}"
        about = f"destination {destination}"
        return self._steer("slow", "slow", about, who=who, why=f"{words}: {why}" if why else words, value=given)

    def probe(self, destination: str, *, who: str) -> bool:
        """End the wait of a destination that is held, open or slowed: the next claim probes. False where it is none."""
        return self._steer("probe", "probe", f"destination {destination}", who=who)

    def _known(self, hook: str) -> None:
        with store_errors():
            known = sorted(name.decode() for name in self._client.smembers("relay:hooks"))
        if hook not in known:
            raise CommandError(f"hook {hook!r} is not known; there are {', '.join(known) or 'none'}")

    def _steer(  # noqa: PLR0913 -- the facts of one act
        self, verb: str, what: str, about: str, *, who: str, why: str = "", count: int = 0, value: str = ""
    ) -> bool:
        at_ms = self._events.now_ms()
        act = Act(at_ms=at_ms, who=who, what=what, about=about, why=why, count=count)
        subject = about.partition(" ")[2]
        return bool(self._scripts.run("steer", verb, subject, write_note(at_ms, who, why), write_act(act), value))
