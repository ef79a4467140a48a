"""Everything in Redis: the only package that knows a key or a script.

relay:e:<event>              an event: a header that scripts change, and a blob that never changes
relay:p:<lead>               its pending updates, by stamp                     relay:l:<lead>   fencing token and state
relay:c:<lead>               its history, and last its clock                   relay:waiting    leads with dead events
relay:due:<destination>      leads with pending updates, by the ms at which they are due, which is also their lease
relay:d:<destination>        its gate: bucket, breaker, hold                   relay:wake:<destination>, relay:armed:...
relay:log:<hook>:<day>       ids of the events accepted that day               relay:n:<day>    counts by hook and state
relay:i:<part of a hash>     leads by what they are known by, under keyed hashes   relay:w:<hash>   events that wait
relay:errands:<queue>        events that want something asked, by the ms at which that is due; relay:g:<queue> its gate
relay:errands, relay:errand, relay:armed-errands, relay:lost:<event>   relay:awaited, relay:releases, relay:index-...
relay:paused, relay:resuming hooks that are, with who, when and why            relay:shelf:<hook> its events, by stamp
relay:rules:<hook>           versions of its hook file and when each was loaded  relay:rules:<hook>:<version>   its text
relay:serving, relay:rule-faults              which version of each hook file serves; what is wrong with files
relay:shadow:<hook>, and :events, :later        how far its shadow has come, what differed, what can't be said yet
relay:total, relay:speed, relay:last           figures that only grow, by hook; when each hook last had an event
relay:minutes:<hour>, relay:hours:<day>        what came to pass in each minute, and events of each hook by the hour
relay:accept, relay:tallied:<process>          how long senders waited; the last of a process's calls that add to it
relay:alarms, relay:alarm-...                  alarms that settle or have begun; the outbox of what is to be told
relay:group:<group>, relay:in:<group>          failures that look alike: what they are, and their events by time
relay:out:<group>, relay:outgoing              those of its events that are on their way once more; the group of each
relay:open, relay:closed, relay:grouped        groups by state; the group of each event
relay:t:<day>:<part of a hash>                 events by lead and by terms, under keyed hashes; relay:tf:<hash>  by form
relay:keep, relay:faults, relay:loaded          for how long events can be found, in ms; what was held back; hooks
relay:replays, relay:replays:todo              replays, and those to be planned or carried on by the ms of their leases
relay:replay:<replay>, and :ids, :failed        one of them: how far it has come, its events, what could not be replayed
relay:edits:<event>, relay:dropped:<event>     what people changed of an event; who dropped it, when and why
relay:dead, relay:parked, relay:faulty, relay:why                              relay:rejected, relay:acts, relay:hooks
relay:held:<hook>:<day>      how often its rules held that day, and gave values
relay:forms:<hook>           what its forms look like; :last when each was used, :versions, :meant what of it is meant
relay:proof, relay:proof-turn                   what the last full audit found, and whose turn the next is
relay:session-key, relay:generations, relay:enter:<hash>   logins of the ops desk; relay:limit/...   tries to log in
relay:asked:<ticket>         what somebody typed into the search box, for an hour
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import redis

from relay.store.accept_times import AcceptTimes
from relay.store.acts import Acts
from relay.store.alarms import Alarms
from relay.store.arming import Arming
from relay.store.coverage import Coverage
from relay.store.delivery import Delivery
from relay.store.door import Door
from relay.store.errands import Errandry
from relay.store.events import Events
from relay.store.finder import Finder
from relay.store.forms import Forms
from relay.store.gates import Gates
from relay.store.groups import Groups
from relay.store.letters import Letters
from relay.store.meters import Meters
from relay.store.names import Names
from relay.store.overview import Overview
from relay.store.proofs import Proofs
from relay.store.replays import Replays
from relay.store.rule_texts import RuleTexts
from relay.store.scripts import Scripts
from relay.store.searches import Searches
from relay.store.serving import Serving
from relay.store.shadows import Shadows
from relay.store.steering import Steering
from relay.store.strays import strays

__all__ = ["Store"]


class Store:
    """The store's concerns, over one pool of connections."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        retention_ms: int,
        nudge: Callable[[], None] = lambda: None,
        index_key: str = "",
        lookup: bool = False,
    ) -> None:
        self.client = client
        self.retention_ms = retention_ms
        self.scripts = Scripts(client)
        self.names = Names(self.scripts, index_key)
        self.lookup = lookup
        self.rule_texts = RuleTexts(self.scripts, retention_ms=retention_ms)
        self.serving = Serving(self.scripts)
        self.shadows = Shadows(self.scripts)
        self.door = Door(
            self.scripts,
            self.names,
            retention_ms=retention_ms,
            nudge=nudge,
            lookup=lookup,
            refresh=self.rule_texts.refresh,
        )
        self.events = Events(client)
        self.letters = Letters(self.scripts, self.events, self.names, retention_ms=retention_ms, lookup=lookup)
        self.errandry = Errandry(self.scripts, self.names, retention_ms=retention_ms)
        self.gates = Gates(client, self.events)
        self.overview = Overview(client, self.events)
        self.acts = Acts(client, self.events)
        self.proofs = Proofs(client, self.events)
        self.searches = Searches(client)
        self.replays = Replays(self.scripts, self.events, retention_ms=retention_ms)
        self.steering = Steering(self.scripts, self.events)
        self.accept_times = AcceptTimes(self.scripts)
        self.alarms = Alarms(self.scripts)
        self.meters = Meters(client)
        self.groups = Groups(self.scripts, retention_ms=retention_ms)
        self.forms = Forms(self.scripts)
        self.coverage = Coverage(self.scripts)
        self.finder = Finder(self.scripts, self.names, self.events, retention_ms=retention_ms)

    def delivery(self, destination: str, *, lease_ms: int, rate: float) -> Delivery:
        return Delivery(
            self.scripts,
            self.names,
            destination=destination,
            lease_ms=lease_ms,
            rate=rate,
            retention_ms=self.retention_ms,
            lookup=self.lookup,
        )

    def strays(self) -> Iterator[str]:
        """Say of what must never be: an event in flight that no lead has pending, a lead that no drain will find."""
        return strays(self.client, self.events)

    def arming(self, destination: str, *, slots: int, room: int) -> Arming:
        return Arming(self.scripts, destination=destination, slots=slots, room=room)
