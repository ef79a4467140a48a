"""What a drain needs of the store: claim leads that are due, record what came of them, keep the claims alive."""

from __future__ import annotations

import logging
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import redis

from relay.errors import StoreError
from relay.merge import LeadState
from relay.model import Clock, Name, Pending, Stamp, State, Update
from relay.retry import Ended, Verdict
from relay.store import lead as leads
from relay.store import record
from relay.store.errands import FIND
from relay.store.lead import Entry
from relay.store.names import Names
from relay.store.scripts import Scripts, store_errors

log = logging.getLogger("relay")

Argument: TypeAlias = bytes | str | float

#: Updates taken from one lead at a time; the rest follow with the next claim.
MOST_UPDATES = 500
#: Lines of history kept for a lead.
HISTORY = 200
#: A clock outlives the events of its lead by this factor, so that what comes in late still meets it.
CLOCK_FACTOR = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A lead that is ours until its lease ends."""

    destination: str
    #: The lead's name in the store.
    name: str
    token: str
    state: LeadState
    clock: Clock
    pending: tuple[Pending, ...]
    #: When the lease ends, by the store's clock; prolonged while a PUT takes long.
    until_ms: int
    #: By what the lead of an event was found, for those of which it was.
    names: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)

    @property
    def lead(self) -> str:
        """The lead's id at its destination."""
        return self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a look for due leads gave."""

    #: The store's time, in ms since 1970.
    now_ms: int
    #: No lead will be due, or allowed, before that many ms have passed.
    wait_ms: int
    #: Why nothing, or a single probe, was given: '', 'slowed', 'held', 'open', 'rate'.
    gate: str
    leads: tuple[Claim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What came of one claim, to be recorded in one step."""

    claim: Claim
    verdict: Verdict
    entry: Entry | None
    rest_ms: int
    #: What the answered lead is known by.
    names: tuple[Name, ...] = ()


class Delivery:
    """The drain's side of the store, for one destination."""

    def __init__(  # noqa: PLR0913 -- what it is made of, named by the one who builds it
        self,
        scripts: Scripts,
        names: Names,
        *,
        destination: str,
        lease_ms: int,
        rate: float,
        retention_ms: int,
        lookup: bool = False,
    ) -> None:
        self._scripts = scripts
        self._names = names
        #: Where a lead is looked for once more that an event was wrongly thought to be about.
        self._errand = f"{FIND}:{destination}" if lookup else ""
        self.destination = destination
        self.lease_ms = lease_ms
        self.rate = rate
        self._retention_ms = retention_ms

    def exchange(self, completions: Sequence[Completion], *, room: int) -> tuple[list[bool], Claims | None]:
        """Record these and claim up to ``room`` leads, in one round trip.

        Gives for each completion whether its claim was still ours, and None for the claims where no room was asked for.
        It is one atomic step. Raises StoreError; then the same call may be made again.
        """
        if not completions and not room:
            return [], None
        args: list[Argument] = [self.destination, room, self.lease_ms, self.rate, MOST_UPDATES]
        for completion in map(self._completion, completions):
            args.append(len(completion))
            args += completion
        ours, found = self._scripts.run("exchange", *args)
        return [one == 1 for one in ours], self._claims(found) if found else None

    def _completion(self, one: Completion) -> list[Argument]:
        claim, verdict = one.claim, one.verdict
        clock = leads.write_clock(verdict.clock) if verdict.clock is not None else b""
        args: list[Argument] = [self.destination, claim.name, claim.token, clock]
        args += [
            leads.write_entry(one.entry) if one.entry else b"",
            leads.write_state(verdict.state),
            "1" if verdict.state.settling else "",
            one.rest_ms,
            _kept(one),
            verdict.state.gap_ms,
            verdict.destination,
            verdict.words[:200],
            self._retention_ms,
            self._retention_ms * CLOCK_FACTOR,
            HISTORY,
            self.lease_ms,
            self._names.packed(self.destination, one.names),
            self._errand,
            "" if one.entry is None or one.entry.status is None else one.entry.status,
        ]
        for ended in verdict.ended:
            args += self._ended(claim, ended)
        return args

    def _ended(self, claim: Claim, ended: Ended) -> list[Argument]:
        one = ended.pending
        names = claim.names.get(one.event, ()) if ended.state is State.PARKED else ()
        packed = self._names.packed(self.destination, names)
        return [one.member, one.event, one.stamp.place, ended.state.value, record.write_reason(ended.reason), packed]

    def _claims(self, answer: list[Any]) -> Claims:
        now_ms, wait_ms, gate, *found = answer
        return Claims(
            now_ms=int(now_ms),
            wait_ms=int(wait_ms),
            gate=gate.decode(),
            leads=tuple(self._readable(int(now_ms), found)),
        )

    def _readable(self, now_ms: int, found: Iterable[list[Any]]) -> Iterator[Claim]:
        """Leave out a lead with a record that can't be read: its lease brings it back, and the others go on."""
        for one in found:
            try:
                yield self._claim(now_ms, *one)
            except (StoreError, ValueError, TypeError, LookupError, zlib.error) as error:
                log.error("record.unreadable", extra={"lead": one[0].decode(), "fault": type(error).__name__})

    def _claim(  # noqa: PLR0913, PLR0917 -- one row of the script's answer
        self, now_ms: int, name: bytes, token: bytes, state: bytes, clock: bytes, pending: list[Any]
    ) -> Claim:
        waiting, names = _pendings(pending)
        return Claim(
            destination=self.destination,
            name=name.decode(),
            token=token.decode(),
            state=leads.read_state(state),
            clock=leads.read_clock(clock),
            pending=tuple(waiting),
            until_ms=now_ms + self.lease_ms,
            names=names,
        )

    def extend(self, claims: Iterable[Claim]) -> int:
        """Prolong the leases of claims whose PUT takes long; gives how many are still ours."""
        pairs = [part for claim in claims for part in (claim.name, claim.token)]
        return int(self._scripts.run("extend", self.destination, self.lease_ms, *pairs)) if pairs else 0

    def wait(self, client: redis.Redis, *, seconds: float) -> bool:
        """Block until an event is accepted or the time is up; ``client`` is the caller's own for this."""
        with store_errors():
            return client.blpop([f"relay:wake:{self.destination}"], timeout=seconds) is not None


def _pendings(pending: Iterable[list[Any]]) -> tuple[list[Pending], dict[str, tuple[Name, ...]]]:
    """Read pending updates, and by what the leads of their events were found. Each event is unpacked once."""
    opened: dict[str, list[Update]] = {}
    names: dict[str, tuple[Name, ...]] = {}
    waiting = []
    for member, at_ms, packed in pending:
        name = member.decode()
        place, id = int(name[15:17]), name[18:]
        if id not in opened:
            opened[id], found_by = record.unpack_updates(packed)
            if found_by:
                names[id] = found_by
        stamp = Stamp(int(float(at_ms)), int(name[:14]), place)
        waiting.append(Pending(name, stamp, id, opened[id][place], id in names))
    return waiting, names


def _kept(one: Completion) -> int:
    """Say how many updates wait that were there before the claim; what is more than that came in since."""
    claimed = len(one.claim.pending)
    # A full claim left some behind that are not new: for want of their number, none is taken for new.
    return claimed - len(one.verdict.ended) if claimed < MOST_UPDATES else sys.maxsize
