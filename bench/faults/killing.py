"""The accidents: ``kill -9`` of one thing after another, at random moments, and how long it took to go on after it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.faults.house import House, children
from relay.errors import StoreError

#: Between two kills, in seconds: so short that some strike while what was killed before is still starting.
SHORTEST_S, LONGEST_S = 0.3, 1.6
#: All that is killed is started again at once; only Redis sometimes stays away, longer than its clients' patience.
SHORTEST_AWAY_S, LONGEST_AWAY_S = 1.0, 4.0
LOOK_S = 0.02
#: A victim that is not there, such as a horse while nothing is due, is waited for so long, then another kind is drawn.
AMBUSH_S = 1.0
SAMPLE_S = 0.05


def _web_worker(house: House, dice: random.Random) -> list[int]:
    return _one([child for master in house.parts("web") for child in children(master)], dice)


def _web_master(house: House, _dice: random.Random) -> list[int]:
    return house.parts("web")


def _worker(house: House, dice: random.Random) -> list[int]:
    return _one(house.parts("worker"), dice)


def _horse(house: House, dice: random.Random) -> list[int]:
    return _one(list(house.horses()), dice)


def _worker_and_horse(house: House, dice: random.Random) -> list[int]:
    """A horse with its worker, or with any where its own was killed before."""
    workers, horses = house.parts("worker"), house.horses()
    if not horses:
        return []
    horse = dice.choice(list(horses))
    return [horses[horse] if horses[horse] in workers else dice.choice(workers), horse]


def _redis(house: House, _dice: random.Random) -> list[int]:
    return [house.redis.process.pid] if house.redis.process and house.redis.alive() else []


def _one(pids: list[int], dice: random.Random) -> list[int]:
    return [dice.choice(pids)] if pids else []


#: For each kind of accident the processes that it hits, if they are there now.
KINDS: dict[str, Callable[[House, random.Random], list[int]]] = {
    "web worker": _web_worker,
    "web master": _web_master,
    "worker": _worker,
    "horse": _horse,
    "worker and horse": _worker_and_horse,
    "redis": _redis,
    "redis for a while": _redis,
}


@dataclass
class Killer:
    """Kills, has the house start again what ended, and remembers what it killed and when."""

    house: House
    dice: random.Random
    #: Kind of each kill, and the moment from which it was to recover (of the monotonic clock, in s).
    kills: list[tuple[str, float]] = field(default_factory=list)

    def rage(self, seconds: float) -> None:
        """Kill for so long; each kind comes once before one comes twice, where it finds a victim."""
        ends = time.monotonic() + seconds
        deck: list[str] = []
        while (pause_s := self.dice.uniform(SHORTEST_S, LONGEST_S)) < ends - time.monotonic():
            self._watch(time.monotonic() + pause_s)
            deck = deck or self.dice.sample(list(KINDS), len(KINDS))
            if self._ambush(deck[-1]):
                deck.pop()
            else:
                self.dice.shuffle(deck)
        self._watch(ends)

    def _ambush(self, kind: str) -> bool:
        deadline = time.monotonic() + AMBUSH_S
        while time.monotonic() < deadline:
            if pids := KINDS[kind](self.house, self.dice):
                self._kill(kind, pids)
                return True
            self.house.keep_up()
            time.sleep(LOOK_S)
        return False

    def _kill(self, kind: str, pids: list[int]) -> None:
        recovers = time.monotonic()
        if kind == "redis for a while":
            recovers += self.dice.uniform(SHORTEST_AWAY_S, LONGEST_AWAY_S)
            self.house.redis_back_at = recovers
        self.kills.append((kind, recovers))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.house.keep_up()

    def _watch(self, until: float) -> None:
        """Let it run, and start again what was killed."""
        while time.monotonic() < until:
            self.house.keep_up()
            time.sleep(LOOK_S)


class Lookout:
    """Looks all the time whether leads are due; while Redis is away they are taken to be."""

    def __init__(self, house: House) -> None:
        self._gate = house.store().gates.gate
        self._done = threading.Event()
        #: Moments at which leads were due.
        self.due: list[float] = []
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Lookout:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(SAMPLE_S):
            try:
                due = self._gate("default").due
            except StoreError:
                due = 1
            if due:
                self.due.append(time.monotonic())


def recoveries_s(kills: list[tuple[str, float]], due: list[float], applied: list[float]) -> dict[str, float]:
    """Give for each kind the longest time from a kill to the next PUT that was applied, while leads were due.

    Where no lead was due at the kill it counts from when one was; a kill after which none was due before the next PUT
    does not count. What is killed meanwhile does not end the wait for what was killed before. All times are of the
    monotonic clock, which all processes of a machine share, in s and in order.
    """
    longest = dict.fromkeys(KINDS, 0.0)
    for kind, killed in kills:
        next_put = next((at for at in applied if at > killed), None)
        first_due = next((at for at in due if at > killed), None)
        if next_put is not None and first_due is not None and first_due < next_put:
            waited = next_put - max(killed, first_due - SAMPLE_S)
            longest[kind] = round(max(longest[kind], waited), 2)
    return longest
