"""Alarms: looks every few seconds, over all processes, at what needs a person, and tells of it once.

Before it the store keeps figures and gates. Here they are judged; the store decides what began and what ended, and
what is to be told is posted to RELAY_ALARM_URL until it is taken. Words are our own: those of answers may name people.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence

import requests

from relay.beat import Beat
from relay.forms import Drifted, sentence_of
from relay.forms import watch as forms_watched
from relay.nudge import BACKGROUND, workers_seen
from relay.settings import DAY_MS, Settings
from relay.silence import DAYS_NEEDED, Silence, silence
from relay.status import asked_for, goes_on
from relay.store import Store
from relay.store.alarms import Alarm, Change, Message, Sighting
from relay.store.condition import memory_share
from relay.store.door import FULL_ABOVE
from relay.store.errands import FETCH
from relay.store.gates import Gate
from relay.store.serving import FaultyFile

__all__ = ["Alarm", "Watch", "current", "sightings", "silences"]

LOOK_S = 5.0
#: What is seen in so many looks one after the other begins an alarm, what is gone in so many ends it.
LOOKS = 2
#: An alarm begins above a limit, and ends below this share of it.
KEPT_ABOVE = 0.8
#: A secret that runs out is told of so long before.
EXPIRES_WITHIN_MS = 7 * DAY_MS
#: Hooks are asked whether they are silent, and their forms whether they have changed, so often: it takes many reads.
SILENCES_S = 60.0
TIMEOUT_S = (3.05, 7.0)
#: For how long one process has the outbox to itself: longer than it takes to post.
POST_LEASE_MS = 30_000
FIRST_REST_MS, LONGEST_REST_MS = 5_000, 600_000
#: What was not taken for so long is given up.
OLDEST_MS = DAY_MS
#: What is wrong with a destination, or a queue of errands, in these states.
GATES = {
    "held": "the lead API refuses our key; set the right one",
    "open": "many failures in a row; one try every few seconds",
}

log = logging.getLogger("relay")


def current(store: Store) -> list[Alarm]:
    """Give the alarms of now, the longest first. Raises StoreError."""
    return store.alarms.current()


def silences(store: Store) -> list[Silence]:
    """Judge every hook that is served, not paused, and ever had an event. Raises StoreError."""
    now_ms = store.events.now_ms()
    served, last = store.door.loaded() - store.steering.paused_hooks().keys(), store.meters.last()
    hours = store.meters.hours(now_ms // DAY_MS - DAYS_NEEDED, now_ms // DAY_MS)
    return [
        silence(hook, hours=hours.get(hook, {}), last_ms=last[hook], now_ms=now_ms)
        for hook in sorted(served & last.keys())
    ]


def sightings(
    store: Store, settings: Settings, quiet: Sequence[Silence], drifted: Sequence[Drifted] = ()
) -> Iterator[Sighting]:
    """Look at everything but silences and changes of forms, which are given. Raises StoreError."""
    now_ms = store.events.now_ms()
    gates = [store.gates.gate(one.name) for one in settings.destinations.values() if one.url]
    errands = store.gates.errands()
    for gate in gates:
        yield from _of_gate(gate, f"destination {gate.destination}", settings.alarm_wait_ms)
    paused = {f"{FETCH}:{hook}" for hook in store.steering.paused_hooks()}
    for gate in [one for one in errands if one.destination not in paused]:
        yield from _of_errands(gate, settings.alarm_wait_ms)
    yield from _of_dead(store.overview.sizes()["dead"], settings.alarm_dead)
    yield from _of_workers(store, gates, errands)
    yield from _of_memory(memory_share(store.client))
    yield from (_of_rules(one) for one in store.serving.faulty().values())
    proof = store.proofs.last()
    if proof is not None and not proof.holds:
        yield Sighting(name="sum", about="audit", words="the sum of events does not hold; see relay audit")
    yield from (_of_silence(one) for one in quiet if one.silent)
    yield from _of_forms(drifted)
    yield from _of_expiries(settings, now_ms)


def _of_gate(gate: Gate, about: str, limit_ms: int) -> Iterator[Sighting]:
    """A destination that is held, whose breaker is open, or, where neither says why, for which leads wait too long."""
    if gate.state in GATES:
        yield Sighting(name=f"{gate.state}:{gate.destination}", about=about, words=GATES[gate.state])
    elif gate.state != "paused" and gate.leads:
        yield from _of_wait(gate, about, "the oldest lead", limit_ms)


def _of_errands(gate: Gate, limit_ms: int) -> Iterator[Sighting]:
    """A queue of errands; one that is held has a token that is dead, or may not read."""
    about = f"asking for {asked_for(gate.destination)}"
    if gate.state == "held" and gate.destination.startswith(f"{FETCH}:"):
        words = "the sender refuses our token: it ran out, was revoked, or may not read; set a new one"
        yield Sighting(name=f"token:{gate.destination}", about=about, words=words)
    elif gate.state in GATES:
        yield Sighting(name=f"{gate.state}:{gate.destination}", about=about, words=GATES[gate.state])
    elif gate.state != "paused" and gate.leads:
        yield from _of_wait(gate, about, "the oldest event", limit_ms)


def _of_wait(gate: Gate, about: str, what: str, limit_ms: int) -> Iterator[Sighting]:
    if gate.oldest_ms > limit_ms * KEPT_ABOVE:
        words = f"{what} has waited for {lasting(gate.oldest_ms)}"
        yield Sighting(name=f"wait:{gate.destination}", about=about, words=words, begins=gate.oldest_ms > limit_ms)


def _of_dead(number: int, limit: int) -> Iterator[Sighting]:
    if number >= limit:
        yield Sighting(
            name="dead", about="dead letters", words=f"{_counted(number, 'event', 'events')} could not be delivered"
        )


def _of_workers(store: Store, gates: Sequence[Gate], errands: Sequence[Gate]) -> Iterator[Sighting]:
    due = sum(gate.due for gate in gates if gate.state != "paused")
    if due and not workers_seen(store.client):
        words = f"no worker is alive, and {_counted(due, 'lead is', 'leads are')} due"
        yield Sighting(name="workers", about="workers", words=words)
    asked = sum(gate.due for gate in errands if gate.state != "paused")
    if asked and not workers_seen(store.client, BACKGROUND):
        wait = _counted(asked, "event waits", "events wait")
        words = f"no background worker is alive, and {wait} for answers or for a lead"
        yield Sighting(name="background", about="background worker", words=words)


def _of_memory(share: float) -> Iterator[Sighting]:
    if share > FULL_ABOVE * 0.95:
        words = f"{share:.0%} of maxmemory are used; above {FULL_ABOVE:.0%} new events are refused: raise it"
        yield Sighting(name="memory", about="Redis", words=words, begins=share > FULL_ABOVE)


def _of_silence(one: Silence) -> Sighting:
    since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(one.since_ms / 1000))
    words = f"no event since {since}; about {one.expected:.0f} were to be expected"
    return Sighting(name=f"silent:{one.hook}", about=f"hook {one.hook}", words=words)


def _of_rules(one: FaultyFile) -> Sighting:
    """A hook file with faults, told as they were found; the alarm ends when it is right again."""
    about = f"rules of hook {one.hook}" if one.hook else "rules"
    return Sighting(name=f"rules:{one.hook}", about=about, words=f"{goes_on(one)}: {one.first}")


def _of_forms(drifted: Iterable[Drifted]) -> Iterator[Sighting]:
    """One for each form, in the words of the first of its changes."""
    forms: dict[tuple[str, str], list[Drifted]] = {}
    for one in drifted:
        forms.setdefault((one.hook, one.drift.form.id), []).append(one)
    for (hook, form), several in forms.items():
        first = several[0]
        since = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(first.drift.since_ms / 1000))
        line = sentence_of(first, file=first.file, at=since)
        more = f" (and {len(several) - 1} more)" if several[1:] else ""
        yield Sighting(name=f"form:{hook}:{form}", about=f"hook {hook}", words=f"a form changed: {line}{more}")


def _of_expiries(settings: Settings, now_ms: int) -> Iterator[Sighting]:
    for name, at_ms in settings.expiries.items():
        if now_ms > at_ms - EXPIRES_WITHIN_MS:
            day = time.strftime("%Y-%m-%d", time.gmtime(at_ms / 1000))
            words = f"{'runs' if now_ms < at_ms else 'ran'} out on {day}; set a new one, and {name}_EXPIRES with it"
            yield Sighting(name=f"expires:{name}", about=name, words=words)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def lasting(ms: int) -> str:
    """Write a length of time in its largest unit."""
    for size, unit in ((DAY_MS, "d"), (3_600_000, "h"), (60_000, "min")):
        if ms >= size:
            return f"{ms / size:.0f} {unit}"
    return f"{max(0, ms) // 1000} s"


class Watch:
    """The threads of one process that look, and that tell. However many processes have one, one looks at a time."""

    def __init__(self, store: Store, settings: Settings, *, look_s: float = LOOK_S) -> None:
        self._store = store
        self._settings = settings
        self._look_s = look_s
        self._quiet: list[Silence] = []
        self._drifted: list[Drifted] = []
        self._asked = float("-inf")
        self._http = requests.Session()
        # Asked more often than there are turns, so that the turn of a process that died is taken soon.
        self._beats = (
            Beat("watch", self.look, every_s=look_s / 5),
            Beat("courier", self.tell, every_s=look_s / 5),
        )

    def start(self) -> None:
        for beat in self._beats:
            beat.start()

    def stop(self) -> None:
        for beat in self._beats:
            beat.stop()

    def look(self) -> list[Change]:
        """Look once, where it is this process's turn; gives what began or ended. Raises StoreError."""
        if not self._store.alarms.turn(round(self._look_s * 950)):
            return []
        if time.monotonic() - self._asked > SILENCES_S:
            self._quiet, self._asked = silences(self._store), time.monotonic()
            self._drifted = forms_watched(self._store, self._settings.rules)
        seen = list(sightings(self._store, self._settings, self._quiet, self._drifted))
        changes = self._store.alarms.look(seen, looks=LOOKS, told=bool(self._settings.alarm_url))
        for one in changes:
            extra = {"alarm": one.alarm, "about": one.about, "words": one.words}
            if one.state == "began":
                log.error("alarm.began", extra=extra)
            else:
                log.warning("alarm.ended", extra=extra)
        return changes

    def tell(self) -> bool:
        """Post what waits, the oldest first, until something is not taken; gives whether all was. Raises StoreError."""
        while self._settings.alarm_url and (message := self._store.alarms.first(POST_LEASE_MS)):
            if self._store.events.now_ms() - message.change.at_ms > OLDEST_MS:
                log.error("alarm.dropped", extra={"alarm": message.change.alarm})
            elif not self._posted(message):
                return False
            self._store.alarms.taken(message)
        return True

    def _posted(self, message: Message) -> bool:
        """Post one message; where it is not taken, have the outbox rest, longer each time."""
        status = self._post(said(message.change, self._settings.public_url))
        if 200 <= status < 300:
            return True
        tries = self._store.alarms.tries()
        extra = {"alarm": message.change.alarm, "status": status, "attempt": tries}
        log.warning("alarm.not_taken", extra=extra)
        self._store.alarms.rest(min(FIRST_REST_MS * 2 ** min(tries - 1, 10), LONGEST_REST_MS))
        return False

    def _post(self, body: dict[str, object]) -> int:
        """Give the status of the answer; 0 where none came. Its body is left unread: it may never end."""
        try:
            with self._http.post(
                self._settings.alarm_url, json=body, timeout=TIMEOUT_S, allow_redirects=False, stream=True
            ) as answer:
                return answer.status_code
        except requests.RequestException:
            return 0


def said(change: Change, public_url: str) -> dict[str, object]:
    """Give the body of a message: ``text`` is what chat rooms show."""
    over = f" (over after {lasting(change.at_ms - change.began_ms)})" if change.state == "ended" else ""
    page = {"page": f"{public_url}/ops"} if public_url else {}
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(change.at_ms / 1000))
    return {
        "text": f"Lead Relay: {change.about}: {change.words}{over}",
        "id": change.id,
        "alarm": change.alarm,
        "state": change.state,
        "about": change.about,
        "words": change.words,
        "at": f"{at}.{change.at_ms % 1000:03}Z",
        **page,
    }
