"""One run from start to end: everything starts, events flow, things are killed, all comes to rest, and is looked at."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import urllib3

from bench.faults import finding
from bench.faults.house import SECRET, House
from bench.faults.killing import KINDS, Killer, Lookout, recoveries_s
from bench.faults.traffic import Traffic
from relay.audit import audit
from relay.backtest import prove
from relay.errors import StoreError
from relay.model import StoredEvent

#: One PUT in five fails, in every way there is; late ones arrive before a PUT's deadline of two seconds.
FAULTS = {
    "errors": {"500": 0.05, "503": 0.03},
    "reset_before": 0.04,
    "reset_after": 0.04,
    "late": 0.04,
    "late_ms": 1_200,
    "latency_ms": 40,
    "spread_ms": 35,
}
LEADS = 30
EVENTS_PER_S = 100.0
START_S = 60.0
#: All that is pending has been delivered after so long, or something hangs.
SETTLE_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run did and found; written as JSON under these names."""

    seconds: float
    seed: int
    #: Events that got a 200.
    accepted: int
    #: Number by kind; 'worker and horse' is one kill.
    kills: Mapping[str, int]
    #: Events that got a 200 and are not in the store, or did not end.
    lost: int
    #: Registers that do not hold the value of the delivered event with the greatest stamp.
    stale_registers: int
    #: See ``finding.overlaps``.
    overlapping_puts: int
    #: The longest of all kinds; see ``killing.recoveries_s``.
    longest_recovery_s: float
    recoveries_s: Mapping[str, float]
    puts: int
    #: Times an event came again and was known.
    duplicates: int
    #: Answers of the door other than 200; the sender tried again.
    refused_by_door: int
    #: Requests whose connection broke before the answer; the sender tried again.
    unanswered: int
    #: Number of accepted events by where they ended: 'delivered', 'superseded', 'dead' with its kind.
    ends: Mapping[str, int]
    #: From the end of the faults until nothing was pending.
    settled_after_s: float
    #: Events that were mapped again by the texts of the rules that had mapped them, and those that then differ from
    #: what is stored, or could not be mapped again.
    mapped_again: int
    mapped_otherwise: int
    #: Whether the relay's own audit adds up.
    sum_holds: bool
    #: One sentence for each thing that is wrong.
    findings: tuple[str, ...]

    @property
    def holds(self) -> bool:
        wrong = self.lost or self.stale_registers or self.overlapping_puts or self.mapped_otherwise
        return self.sum_holds and not wrong

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def play(folder: Path, *, seconds: float, seed: int) -> Result:
    """Run it all in an empty folder, and give what was found. Everything that was started has ended afterwards."""
    house = House(folder)
    try:
        house.start()
        traffic = Traffic(house.url, secret=SECRET, seed=seed, per_second=EVENTS_PER_S, leads=LEADS)
        _wait_until_up(house)
        house.ask("PUT", "faults", {**FAULTS, "seed": seed})
        killer = Killer(house, random.Random(f"{seed} kills"))
        with Lookout(house) as lookout:
            traffic.start()
            killer.rage(seconds)
            settled_after_s = _come_to_rest(house, traffic)
        return _look(house, traffic, killer, lookout, seconds=seconds, seed=seed, settled_after_s=settled_after_s)
    finally:
        house.stop()


def _wait_until_up(house: House) -> None:
    """Wait until the door answers anything."""
    urllib3.request("GET", house.url, retries=False, timeout=START_S)


def _come_to_rest(house: House, traffic: Traffic) -> float:
    """Stop all faults, let the senders and the relay finish; gives how long that took."""
    began = time.monotonic()
    house.redis_back_at = began
    house.ask("PUT", "faults", {})
    traffic.stop()
    gate = house.store().gates.gate
    while time.monotonic() < began + SETTLE_S:
        house.keep_up()
        # Redis may have been killed last, and still be loading.
        with contextlib.suppress(StoreError):
            if traffic.ended() and not gate("default").leads:
                break
        time.sleep(0.1)
    return time.monotonic() - began


def _look(  # noqa: PLR0913 -- all that took part
    house: House,
    traffic: Traffic,
    killer: Killer,
    lookout: Lookout,
    *,
    seconds: float,
    seed: int,
    settled_after_s: float,
) -> Result:
    store = house.store()
    stored = {event.id: event for event in store.events.events(list(traffic.accepted))}
    requests = house.ask("GET", "requests")["requests"]
    leads = {lead["id"]: lead for lead in house.ask("GET", "leads")["leads"]}
    lost = finding.lost(traffic.accepted, stored)
    stale = list(finding.stale(traffic.accepted, stored, leads))
    overlaps = finding.overlaps(requests)
    audited = audit(store)
    again = prove(store, {}, stored)
    applied = sorted(one["ended_ms"] / 1000 for one in requests if one["method"] == "PUT" and one["status"] == 200)
    recoveries = recoveries_s(killer.kills, lookout.due, applied)
    kills = Counter(kind for kind, _ in killer.kills)
    findings = [f"event {id} got a 200 and is {_where(stored.get(id))}" for id in lost]
    findings += [f"lead {w.lead}: {w.register} is {w.found!r}, event {w.event} wants {w.wanted!r}" for w in stale]
    findings += [f"PUTs {first} and {second} of one lead overlap" for first, second in overlaps]
    findings += [f"event {id} is stored otherwise than it is mapped: {words}" for id, words in again.told]
    findings += [f"{number} events can't be mapped again: {words}" for words, number in again.left.items()]
    findings += [] if audited.holds else [*map(str, audited.sums), *audited.faults]
    return Result(
        seconds=seconds,
        seed=seed,
        accepted=len(traffic.accepted),
        kills={kind: kills[kind] for kind in KINDS},
        lost=len(lost),
        stale_registers=len(stale),
        overlapping_puts=len(overlaps),
        longest_recovery_s=max(recoveries.values()),
        recoveries_s=recoveries,
        puts=sum(one["method"] == "PUT" for one in requests),
        duplicates=traffic.counts["duplicates"],
        refused_by_door=traffic.counts["refused"],
        unanswered=traffic.counts["unanswered"],
        ends=dict(Counter(map(_where, stored.values()))),
        settled_after_s=round(settled_after_s, 1),
        mapped_again=again.events,
        mapped_otherwise=again.differ + again.left.total(),
        sum_holds=audited.holds,
        findings=tuple(findings),
    )


def _where(event: StoredEvent | None) -> str:
    if event is None:
        return "not in the store"
    return f"{event.state.word} ({event.reason.kind})" if event.reason else event.state.word
