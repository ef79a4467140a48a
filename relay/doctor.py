"""Says what is wrong with what the relay stands on, and what to change: Redis, the lead API, the rules, the workers.

``relay doctor`` shows it all. At start-up ``redis_faults`` alone is asked: a Redis that would lose events is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from relay import rulebook
from relay.errors import Denied, LeadsApiError, NotFound, StoreError
from relay.leads_api import LeadsApi
from relay.nudge import BACKGROUND, workers_seen
from relay.senders import ABOUT
from relay.settings import Settings
from relay.store import Store
from relay.store.condition import Condition, condition

OLDEST = (6, 2)
#: Above this share of maxmemory one should act: at 85 % the door refuses events.
HIGH_SHARE = 0.7
FULL_SHARE = 0.85


class Level(str, Enum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: how it is, and what to change."""

    level: Level
    #: What was looked at: 'redis', 'lead API default', 'rules', 'workers'.
    about: str
    words: str
    #: What to do; empty where all is well.
    cure: str = ""

    def __str__(self) -> str:
        return f"{self.about}: {self.words}" + (f"; {self.cure}" if self.cure else "")


def examine(store: Store, settings: Settings, api: Callable[[str], LeadsApi]) -> Iterator[Finding]:
    """Look at everything; ``api`` gives the client of a destination."""
    try:
        yield from look_at_redis(store.client)
        yield look_at_workers(store)
        yield from look_at_background(store)
        yield look_at_index(store)
        yield from look_for_unserved(store, settings)
    except StoreError as error:
        yield Finding(level=Level.FAULT, about="redis", words=str(error))
    for name, one in sorted(settings.destinations.items()):
        if one.url:
            yield look_at_api(f"lead API {name}", api(name))
        elif name == "default":
            yield _fault("lead API default", "LEADS_API_URL is not set", "set it, or try it all with relay up")
    yield from look_at_rules(settings)


def redis_faults(client: Any) -> list[Finding]:
    """Give how a Redis would lose events: faults, with which nothing may start, and warnings. Raises StoreError.

    A full one is none: the door refuses events by itself, and workers must start to drain it.
    """
    return [finding for finding in judge_redis(condition(client)) if finding.level is not Level.OK]


def look_at_redis(client: Any) -> Iterator[Finding]:
    found = condition(client)
    yield from judge_redis(found)
    yield _memory(found)


def judge_redis(found: Condition) -> Iterator[Finding]:
    """Judge whether it keeps what it is given."""
    version = ".".join(map(str, found.version))
    if found.version < OLDEST:
        yield _fault("redis", f"its version is {version}", "run Redis 6.2 or newer")
    else:
        yield _ok("redis", f"version {version}")
    yield _durable(found)
    yield _policy(found)


def _durable(found: Condition) -> Finding:
    if found.appendonly is None:
        return _untold("appendonly", "see that the provider keeps every write on disk")
    if found.appendonly != "yes":
        return _fault("redis", "appendonly is no: a crash loses accepted events", "set appendonly yes")
    if found.appendfsync is None:
        return _untold("appendfsync", "see that the provider writes to disk at every write, or at least every second")
    if found.appendfsync == "always":
        return _ok("redis", "every event is on disk before it is answered for")
    if found.appendfsync == "everysec":
        words = "appendfsync is everysec: a power cut loses the last second or two of accepted events"
        return _warning("redis", words, "set appendfsync always, or accept it")
    return _warning("redis", f"appendfsync is {found.appendfsync}: a power cut loses events", "set appendfsync always")


def _policy(found: Condition) -> Finding:
    if found.policy is None:
        return _untold("maxmemory-policy", "see that it is noeviction")
    if found.policy == "noeviction":
        return _ok("redis", "nothing is evicted")
    words = f"maxmemory-policy is {found.policy}: when memory is short, Redis deletes events and leads"
    return _fault("redis", words, "set maxmemory-policy noeviction")


def _memory(found: Condition) -> Finding:
    if found.most_bytes is None:
        return _untold("maxmemory", "see that there is room")
    used = f"{found.used_bytes / 2**20:.0f} MiB are used"
    if found.most_bytes == 0:
        words = f"{used} and maxmemory is not set: Redis may take all memory of its machine"
        return _warning("redis", words, "set maxmemory to what it may take")
    share = found.used_bytes / found.most_bytes
    words = f"{used}, {share:.0%} of maxmemory"
    cure = "raise maxmemory: above 85 % new events are refused"
    if share > FULL_SHARE:
        return _fault("redis", words, cure)
    return _warning("redis", words, cure) if share > HIGH_SHARE else _ok("redis", words)


def look_at_workers(store: Store) -> Finding:
    number = workers_seen(store.client)
    if number:
        return _ok("workers", f"{number} alive")
    return _fault("workers", "none is alive: events are accepted, but nothing is delivered", "start workers")


def look_at_background(store: Store) -> Iterator[Finding]:
    """Say where events want something asked, and nobody asks."""
    waiting = sum(gate.leads for gate in store.gates.errands())
    number = workers_seen(store.client, BACKGROUND)
    if number:
        yield _ok("background", f"{number} alive")
    elif waiting:
        wait = "1 event waits" if waiting == 1 else f"{waiting} events wait"
        words = f"no worker is alive, and {wait} for answers or for their lead"
        yield _fault("background", words, "start one: python -m workers.run background")


def look_at_index(store: Store) -> Finding:
    """Hold the key of the index of names against the one that it was made with."""
    if store.names.check():
        return _ok("index", "leads are found under the key that is set")
    words = "RELAY_INDEX_KEY is not the one that the index of phones and e-mails was made with: no lead is found in it"
    return _fault("index", words, "set the key as it was, or begin anew: relay leads import FILE.csv --anew")


def look_for_unserved(store: Store, settings: Settings) -> Iterator[Finding]:
    """Find destinations for which leads wait, though no address is set for them."""
    served = {one.name for one in settings.destinations.values() if one.url}
    for name in store.gates.destinations():
        leads = store.gates.gate(name).leads
        if name not in served and leads:
            variable = "LEADS_API_URL" + ("" if name == "default" else f"__{name.upper()}")
            wait = "1 lead waits" if leads == 1 else f"{leads} leads wait"
            yield _fault(f"destination {name}", f"{wait}, but it is not served", f"set {variable}")


def look_at_api(about: str, api: LeadsApi) -> Finding:
    """Ask for a lead that can't be there: nothing is changed, and a wrong key shows."""
    try:
        api.get(str(uuid.uuid4()))
    except NotFound:
        return _ok(about, "it answers, and takes our key")
    except Denied as error:
        return _fault(about, f"it refuses our key ({error.status}: {error.words})", "set the right LEADS_API_KEY")
    except LeadsApiError as error:
        status = f" ({error.status})" if error.status else ""
        return _fault(about, f"{error.words}{status}", "check LEADS_API_URL, and whether it is up")
    return _ok(about, "it answers, and takes our key")


def look_at_rules(settings: Settings) -> Iterator[Finding]:
    hooks, problems = rulebook.check(
        settings.rules, environment=settings.environment, senders=ABOUT, destinations=settings.destinations
    )
    for problem in problems:
        level = Level.FAULT if problem.severity == "fault" else Level.WARNING
        yield Finding(level=level, about="rules", words=str(problem))
    if not problems:
        yield _ok("rules", f"all good: {', '.join(hooks)}")


def _ok(about: str, words: str) -> Finding:
    return Finding(level=Level.OK, about=about, words=words)


def _warning(about: str, words: str, cure: str) -> Finding:
    return Finding(level=Level.WARNING, about=about, words=words, cure=cure)


def _fault(about: str, words: str, cure: str = "") -> Finding:
    return Finding(level=Level.FAULT, about=about, words=words, cure=cure)


def _untold(option: str, cure: str) -> Finding:
    return _warning("redis", f"it does not tell {option} (CONFIG is not allowed), so it could not be checked", cure)
