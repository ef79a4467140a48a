"""A model of all beyond the store: a CRM in memory whose answers get lost and whose late ones come late, and time.

Redis keeps its own clock, which no test can turn; so time passes by moving what is due nearer by as much.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import redis

from relay.errors import Denied, NotFound, Refused, SlowDown, Unavailable
from relay.model import METADATA, Answer, Arrival, Json, Mapped, Name, Reason, State, Update
from relay.store import Store
from relay.store.delivery import Claim, Completion
from workers.deliver import deliver

DEADLINE_MS = 10_000
LEASE_MS = 15_000
TIMES = ("slow", "probe", "open", "held")


@dataclass
class FarCrm:
    """Leads by register. Each PUT meets the fate that was set for it."""

    leads: dict[str, dict[str, Json]] = field(default_factory=dict)
    fate: str = "ok"
    poison: set[Json] = field(default_factory=set)
    #: Bodies on their way whose answers were lost: until when they may be applied, lead, values.
    late: list[tuple[int, str, dict[str, Json]]] = field(default_factory=list)
    now: Callable[[], int] = lambda: 0
    puts: list[tuple[str, dict[str, Json]]] = field(default_factory=list)
    #: Leads that the CRM has not.
    gone: set[str] = field(default_factory=set)

    def put(self, lead: str, body: Mapping[str, Json]) -> Answer:
        values = flat(body)
        self.puts.append((lead, values))
        if lead in self.gone:
            raise NotFound("Lead not found", status=404)
        if any(isinstance(value, Hashable) and value in self.poison for value in values.values()):
            raise Refused("a value is refused", status=400)
        match self.fate:
            case "fails before":
                raise Unavailable("the lead API answered 500", status=500, sent=True)
            case "fails after":
                self.apply(lead, values)
                raise Unavailable("the lead API cut the connection", sent=True)
            case "late":
                self.late.append((self.now() + DEADLINE_MS, lead, values))
                raise Unavailable("the lead API cut the connection", sent=True)
            case "missing":
                raise NotFound("Lead not found", status=404)
            case "slow":
                raise SlowDown("too many requests", status=429, after_ms=3_000)
            case "denied":
                raise Denied("The provided API key is not valid", status=401)
        self.apply(lead, values)
        now = self.leads[lead]
        return Answer(
            200, {"id": lead, **{name: value for name, value in now.items() if not name.startswith(METADATA)}}
        )

    def apply(self, lead: str, values: dict[str, Json]) -> None:
        self.leads.setdefault(lead, {}).update(values)

    def late_ones_arrive(self, *, until_ms: float = float("inf")) -> None:
        """Apply what is late, in the order in which it was sent; by default all of it, before its time."""
        for at_ms, lead, values in self.late:
            if at_ms <= until_ms:
                self.apply(lead, values)
        self.late = [one for one in self.late if one[0] > until_ms]


def flat(body: Mapping[str, Json]) -> dict[str, Json]:
    values = {name: value for name, value in body.items() if name != "metadata"}
    metadata = body.get("metadata", {})
    assert isinstance(metadata, dict)
    return values | {METADATA + name: value for name, value in metadata.items()}


class World:
    """The store, the far CRM, and a clock that a test turns."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.client: redis.Redis = store.client
        self.crm = FarCrm(now=self.now)
        self.delivery = store.delivery("default", lease_ms=LEASE_MS, rate=0)
        self.passed_ms = 0

    def now(self) -> int:
        return self.store.events.now_ms() + self.passed_ms

    def advance(self, ms: int) -> None:
        """Let time pass. What was late has arrived by the end of its deadline."""
        self.crm.late_ones_arrive(until_ms=self.now() + ms)
        self.passed_ms += ms
        for name, score in self.client.zrange("relay:due:default", 0, -1, withscores=True):
            self.client.zadd("relay:due:default", {name: score - ms})
        for name in TIMES:
            if self.client.hexists("relay:d:default", name):
                self.client.hincrby("relay:d:default", name, -ms)

    def accept(self, id: str, lead: str, *updates: Update, at_ms: int | None = None) -> str:
        """Have the store accept an event with these updates; gives our id of it."""
        return self.store.door.accept([arrival(id, lead, *updates, at_ms=at_ms)])[0].id

    def claim(self, room: int = 100) -> list[Claim]:
        _, claims = self.delivery.exchange([], room=room)
        assert claims is not None
        self.check_pauses(claims.leads)
        return [replace(one, until_ms=one.until_ms + self.passed_ms) for one in claims.leads]

    def check_pauses(self, claims: Sequence[Claim]) -> None:
        """What is paused is never given to be delivered."""
        paused = {name for name, pause in self.store.steering.paused_hooks().items() if not pause.resuming}
        assert not (claims and self.store.gates.gate("default").pause)
        if paused:
            ids = list({one.event for claim in claims for one in claim.pending})
            assert not paused & {event.hook for event in self.store.events.events(ids)}

    def attempt(self, claim: Claim, fate: str = "ok") -> Completion:
        self.crm.fate = fate
        return deliver(claim, self.crm.put, now=self.now, deadline_ms=DEADLINE_MS, jitter=lambda: 0.5)

    def complete(self, completion: Completion) -> bool:
        return self.delivery.exchange([completion], room=0)[0][0]

    def deliver(self, fate: str = "ok", room: int = 100) -> None:
        for claim in self.claim(room):
            self.complete(self.attempt(claim, fate))

    def deliver_all(self) -> None:
        """Deliver, with all going well, until nothing is pending."""
        for _ in range(1_000):
            if not self.client.zcard("relay:due:default"):
                return
            self.deliver()
            self.advance(DEADLINE_MS)
        raise AssertionError("some lead never came to rest")

    def state(self, id: str) -> State:
        event = self.store.events.event(id)
        assert event is not None
        return event.state


def update(each: bool = False, **values: Json) -> Update:
    registers = {name.replace("__", "."): value for name, value in values.items()}
    return Update(set=registers, by=dict.fromkeys(registers, "rule"), each=each)


def matched(
    id: str, names: Sequence[Name], *updates: Update, at_ms: int | None = None, missing: str = "park"
) -> Arrival:
    """Give an event whose lead is to be found by these names."""
    reason = Reason(kind="unknown lead", words="no lead is known yet")
    one = arrival(id, "", *updates, at_ms=at_ms)
    return replace(one, mapped=replace(one.mapped, names=tuple(names), missing=missing, reason=reason))


def known(id: str, lead: str, names: Sequence[Name], *updates: Update, at_ms: int | None = None) -> Arrival:
    """Give an event of a lead that says what the lead is known by."""
    one = arrival(id, lead, *updates, at_ms=at_ms)
    return replace(one, mapped=replace(one.mapped, names=tuple(names)))


def arrival(id: str, lead: str, *updates: Update, at_ms: int | None = None) -> Arrival:
    return Arrival(
        hook="cotiza",
        sender="typeform",
        version="v1",
        destination="default",
        kind="form_response",
        test=False,
        content_type="application/json",
        body=b'{"id": "%b"}' % id.encode(),
        mapped=Mapped(event_id=id, at_ms=at_ms, lead=lead, updates=updates),
    )
