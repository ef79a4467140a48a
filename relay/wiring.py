"""Builds everything from Settings; nothing else builds. ``web`` is what gunicorn runs.

What is slow to load is imported where it is built: a command whose store is built here starts without the rest.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from relay import rulebook
from relay.beat import Beat
from relay.errors import RelayError, SettingsError, StoreError
from relay.hooks import Hook
from relay.senders import ABOUT
from relay.settings import Destination, Settings, load
from relay.store import Store
from relay.store.logins import Logins

if TYPE_CHECKING:
    import flask

    from relay.leads_api import LeadsApi
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


class RulesNow:
    """The hook files as they are on disk now: read again when one was changed, added or removed. For any thread."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._hooks: Mapping[str, Hook] = {}

    def __call__(self) -> Mapping[str, Hook]:
        """Give the hooks by name; their texts are kept. Raises RuleError while a file has a fault."""
        with self._lock:
            seen = self._look()
            if seen != self._seen:
                self._hooks = hooks(self._settings)
                self._store.rule_texts.keep(self._hooks.values())
                self._seen = seen  # not where it was refused: then the next call looks anew
            return self._hooks

    def _look(self) -> tuple[object, ...]:
        """Look at name, time and size of each file, before they are read: a change meanwhile is seen the next time."""
        try:
            files = [(file.name, file.stat()) for file in rulebook.hook_files(self._settings.rules)]
        except OSError:
            return ("not there",)
        return tuple((name, about.st_mtime_ns, about.st_size) for name, about in files)


def leads_api(settings: Settings, destination: str, *, connections: int = 1) -> LeadsApi:
    from relay.leads_api import LeadsApi  # noqa: PLC0415

    return LeadsApi(settings.destinations[destination], timeout_ms=settings.timeout_ms, connections=connections)


def served(settings: Settings) -> list[Destination]:
    """Destinations that have an address to deliver to."""
    return [one for one in settings.destinations.values() if one.url]


def require_destinations(settings: Settings, loaded: Mapping[str, Hook]) -> None:
    """Raise SettingsError where a hook delivers to a destination that has no address."""
    without = sorted({hook.destination for hook in loaded.values()} - {one.name for one in served(settings)})
    if without:
        suffixes = ["" if name == "default" else f"__{name.upper()}" for name in without]
        raise SettingsError([f"LEADS_API_URL{suffix}: is not set, and hooks deliver to it" for suffix in suffixes])


def nudger(settings: Settings, client: redis.Redis) -> Nudger:
    """Build what arms drains: one slot for each worker, the next one when a drain has more than it can carry."""
    from relay.nudge import Nudger  # noqa: PLC0415

    kept = store(settings, client)
    slots, room = settings.workers, settings.threads
    return Nudger(client, kept.errandry, [kept.arming(one.name, slots=slots, room=room) for one in served(settings)])


def keep_times(kept: Store) -> None:
    """Add up in the store every second how long senders wait, and once more at the end."""
    Beat("accept times", kept.accept_times.flush, every_s=1.0).start()

    def last() -> None:
        with contextlib.suppress(StoreError):
            kept.accept_times.flush()

    atexit.register(last)


def web() -> flask.Flask:
    """Build the web app of one process for gunicorn, which ends where settings or rules have faults."""
    try:
        return app(load())
    except RelayError as error:
        print(error, file=sys.stderr)  # noqa: T201 -- there is no log yet
        sys.exit(APP_LOAD_ERROR)


def app(settings: Settings) -> flask.Flask:
    """Build the web app of one process. Raises SettingsError, RuleError and StoreError, and then nothing is served."""
    from relay import logs  # noqa: PLC0415
    from relay.alarms import Watch  # noqa: PLC0415
    from relay.nudge import Ticker  # noqa: PLC0415

    logs.set_up(settings.log, settings.log_format)
    loaded = hooks(settings)
    require_destinations(settings, loaded)
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
    kept.door.know(loaded)
    kept.rule_texts.keep(loaded.values())
    warn_of_index(kept)
    web_app = routes(settings, kept, loaded)
    ticker.start()
    Watch(kept, settings).start()
    keep_times(kept)
    logging.getLogger("relay").info("web.started", extra={"hooks": len(loaded)})
    return web_app


def routes(settings: Settings, kept: Store, loaded: Mapping[str, Hook]) -> flask.Flask:
    """Build the app with every route that it has, over one store."""
    import flask  # noqa: PLC0415

    from relay import ops, receive  # noqa: PLC0415

    web_app = flask.Flask("relay", static_folder=None)
    web_app.register_blueprint(
        receive.door(
            loaded,
            store=kept.door,
            known=kept.door.ever_known,
            max_body=settings.max_body,
            public_url=settings.public_url,
            note=kept.accept_times.note,
        )
    )
    rules = RulesNow(settings, kept)
    means = ops.means(kept, settings, logins=logins(settings, kept.client), hooks=loaded, rules=rules)
    web_app.register_blueprint(ops.desk(means))
    web_app.register_blueprint(ops.health(kept, hooks=len(loaded)))
    web_app.register_blueprint(ops.metrics(kept, settings))
    return web_app
