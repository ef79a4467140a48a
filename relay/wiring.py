"""Builds everything from Settings; nothing else builds. ``web`` is what gunicorn runs.

What is slow to load is imported where it is built: a command whose store is built here starts without the rest.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from relay import rulebook
from relay.beat import Beat
from relay.errors import Problem, RelayError, RuleError, SettingsError, StoreError
from relay.hooks import Hook
from relay.live_rules import LiveRules, Read, RulesAside, RulesNow
from relay.rulebook import faults_among
from relay.rulebook.hook_file import Known, Seen, read_hook
from relay.rulebook.standing_still import SETTLE_S
from relay.senders import ABOUT
from relay.settings import Destination, Settings, load
from relay.store import Store
from relay.store.logins import Logins

if TYPE_CHECKING:
    import flask

    from relay.leads_api import LeadsApi
    from relay.noticing import Noticing
    from relay.nudge import Nudger

#: A call to Redis is tried so often before a sender is told to come back later.
TRIES = 3
#: With this exit code gunicorn does not try again.
APP_LOAD_ERROR = 4


def connect(settings: Settings, *, timeout_s: float = 5.0) -> redis.Redis:
    """Give a client of the store's Redis. Every script may run twice, so a lost answer is asked for again."""
    if not settings.redis_url:
        raise SettingsError(["REDIS_URL: is not set; 'relay up' brings a Redis of its own, everything else needs one"])
    retry = Retry(ExponentialWithJitterBackoff(cap=0.5, base=0.02), TRIES)
    return redis.Redis.from_url(settings.redis_url, socket_timeout=timeout_s, retry=retry, health_check_interval=0)


def heed(client: redis.Redis) -> None:
    """Refuse a Redis that would lose what it is given, and log what is doubtful about it. Raises SettingsError.

    While it is away nothing can be said, so nothing is refused.
    """
    from relay import doctor  # noqa: PLC0415

    log = logging.getLogger("relay")
    try:
        findings = doctor.redis_faults(client)
    except StoreError as error:
        log.warning("store.away", extra={"words": str(error)})
        return
    if faults := [f"REDIS_URL: {one.words}; {one.cure}" for one in findings if one.level is doctor.Level.FAULT]:
        raise SettingsError(faults)
    for one in findings:
        log.warning("redis.doubtful", extra={"words": str(one)})


def warn_of_index(kept: Store) -> None:
    """Log that leads can't be found by phone or e-mail: no event is lost by it, but those of such hooks are parked."""
    from relay import doctor  # noqa: PLC0415

    with contextlib.suppress(StoreError):
        finding = doctor.look_at_index(kept)
        if finding.level is not doctor.Level.OK:
            logging.getLogger("relay").error("index.unreadable", extra={"words": str(finding)})


def store(settings: Settings, client: redis.Redis | None = None) -> Store:
    return Store(
        client or connect(settings),
        retention_ms=settings.retention_ms,
        index_key=settings.index_key,
        lookup=settings.lookup,
    )


def logins(settings: Settings, client: redis.Redis | None = None) -> Logins:
    return Logins(client or connect(settings), settings.session_key)


def hooks(settings: Settings) -> dict[str, Hook]:
    """Load the hook files. Raises RuleError with all their faults."""
    return rulebook.load(
        settings.rules, environment=settings.environment, senders=ABOUT, destinations=settings.destinations
    )


def rules_now(settings: Settings) -> RulesNow:
    """Load the hook files, each for itself. Raises RuleError where there are none."""
    hooks, problems = rulebook.check(
        settings.rules, environment=settings.environment, senders=ABOUT, destinations=settings.destinations
    )
    faults: dict[str, tuple[Problem, ...]] = {}
    for one in faults_among(problems):
        faults[PurePath(one.file).stem] = (*faults.get(PurePath(one.file).stem, ()), one)
    if not hooks:
        raise RuleError(faults_among(problems))
    return RulesNow(hooks, faults)


def reader(settings: Settings, *, seen: Seen | None = None) -> Read:
    """Give what reads a hook file for use: a hook that delivers to a destination without an address is none.

    ``seen`` gives the names that events of a hook had, where a name that is none of them is to be a warning.
    """
    known = Known(environment=settings.environment, senders=ABOUT, destinations=settings.destinations, seen=seen)
    addresses = {one.name for one in served(settings)}

    def read(file: PurePath, content: bytes, *, again: bool = False) -> tuple[Hook | None, Sequence[Problem]]:
        hook, problems = read_hook(file, content, replace(known, again=again))
        if hook is not None and hook.destination not in addresses:
            variable = "LEADS_API_URL" + ("" if hook.destination == "default" else f"__{hook.destination.upper()}")
            words = f"{variable} is not set, and the hook delivers to it; set it, and start the relay again"
            return None, [Problem(file=hook.file, words=words)]
        return hook, problems

    return read


def live_rules(settings: Settings, kept: Store, *, serves: bool, settle_s: float = SETTLE_S) -> LiveRules:
    """Build the hook files as they are in use; ``serves`` is for the web, whose hooks are those that senders meet."""
    return LiveRules(settings.rules, reader(settings), kept, serves=serves, settle_s=settle_s)


def rules_aside(settings: Settings, kept: Store) -> LiveRules:
    """Build the same for what comes and goes: a job, a test of routes."""
    return RulesAside(settings.rules, reader(settings), kept)


def leads_api(settings: Settings, destination: str, *, connections: int = 1) -> LeadsApi:
    from relay.leads_api import LeadsApi  # noqa: PLC0415

    return LeadsApi(settings.destinations[destination], timeout_ms=settings.timeout_ms, connections=connections)


def served(settings: Settings) -> list[Destination]:
    """Destinations that have an address to deliver to."""
    return [one for one in settings.destinations.values() if one.url]


def nudger(settings: Settings, client: redis.Redis) -> Nudger:
    """Build what arms drains: one slot for each worker, the next one when a drain has more than it can carry."""
    from relay.nudge import Nudger  # noqa: PLC0415

    kept = store(settings, client)
    slots, room = settings.workers, settings.threads
    return Nudger(client, kept.errandry, [kept.arming(one.name, slots=slots, room=room) for one in served(settings)])


def keep_telling(name: str, flush: Callable[[], None]) -> None:
    """Have the store know every second what this process gathered, and once more at the end."""
    Beat(name, flush, every_s=1.0).start()

    def last() -> None:
        with contextlib.suppress(StoreError):
            flush()

    atexit.register(last)


def web() -> flask.Flask:
    """Build the web app of one process for gunicorn, which ends where settings or rules have faults."""
    try:
        return app(load())
    except RelayError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- there is no log yet
        sys.exit(APP_LOAD_ERROR)


def app(settings: Settings, *, settle_s: float = SETTLE_S) -> flask.Flask:
    """Build the web app of one process. Raises SettingsError, RuleError and StoreError, and then nothing is served.

    A hook file that was changed is taken over once it stands still for ``settle_s``.
    """
    from relay import logs  # noqa: PLC0415
    from relay.alarms import Watch  # noqa: PLC0415
    from relay.noticing import Noticing  # noqa: PLC0415
    from relay.nudge import Ticker  # noqa: PLC0415

    logs.set_up(settings.log, settings.log_format)
    client = connect(settings)
    heed(client)
    ticker = Ticker(nudger(settings, connect(settings)))
    kept = Store(
        client,
        retention_ms=settings.retention_ms,
        nudge=ticker.soon,
        index_key=settings.index_key,
        lookup=settings.lookup,
    )
    rules = live_rules(settings, kept, serves=True, settle_s=settle_s)
    rules.begin()
    if not rules:
        raise RuleError(rules.faults())
    warn_of_index(kept)
    noticing = Noticing(kept)
    web_app = routes(settings, kept, rules, noticing)
    Beat("rules", rules.look, every_s=settle_s).start()
    ticker.start()
    Watch(kept, settings).start()
    keep_telling("accept times", kept.accept_times.flush)
    keep_telling("noticing", noticing.flush)
    logging.getLogger("relay").info("web.started", extra={"hooks": len(rules)})
    return web_app


def routes(
    settings: Settings, kept: Store, loaded: Mapping[str, Hook], noticing: Noticing | None = None
) -> flask.Flask:
    """Build the app with every route that it has, over one store and hooks, which may change under it.

    ``noticing`` is the caller's to flush.
    """
    import flask  # noqa: PLC0415

    from relay import forms, ops, receive  # noqa: PLC0415

    rules = loaded if isinstance(loaded, LiveRules) else rules_aside(settings, kept)
    web_app = flask.Flask("relay", static_folder=None)
    web_app.register_blueprint(
        receive.door(
            loaded,
            store=kept.door,
            known=lambda hook: hook in rules.in_use.unserved or kept.door.ever_known(hook),
            max_body=settings.max_body,
            public_url=settings.public_url,
            note=kept.accept_times.note,
            notice=noticing.note if noticing else None,
        )
    )
    means = ops.means(
        kept,
        settings,
        logins=logins(settings, kept.client),
        hooks=loaded,
        rules=rules.fresh,
        read=reader(settings, seen=lambda hook: forms.names_known(kept, hook)),
    )
    web_app.register_blueprint(ops.desk(means))
    web_app.register_blueprint(ops.health(kept, hooks=loaded, faulty=lambda: len(rules.in_use.faults)))
    web_app.register_blueprint(ops.metrics(kept, settings))
    return web_app
