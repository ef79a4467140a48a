"""``relay up``: everything on this machine under one supervisor, with stand-ins for what is not set.

Settings are checked before anything starts, and Redis starts first and stops last. A hook file with faults is shown,
and its last good version serves; where there is no good hook at all nothing starts.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from relay import rulebook, settings, wiring
from relay.commands.enter import link
from relay.commands.stand_ins import KEY, AnySecret, keep_secrets, read_secrets, sandbox_environment
from relay.embedded import EmbeddedRedis, lock
from relay.errors import CommandError, Problem, RuleError
from relay.hooks import Hook
from relay.live_rules import LiveRules
from relay.nudge import BACKGROUND
from relay.parts import Part, Screen, spawn
from relay.senders import ABOUT
from relay.settings import Settings
from relay.supervisor import Supervisor

#: How many ports after the usual one are tried when it is taken.
PORTS = 20
BACKLOG = 2048
#: A worker may have PUTs in flight, and the lead API may be slow.
WORKER_PATIENCE_S = 60.0
PYTHON = sys.executable


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Everything that was found, made or started before the parts are."""

    settings: Settings
    hooks: Mapping[str, Hook]
    #: What is wrong with hook files that are not in use as they are.
    faults: Sequence[Problem]
    #: What the parts, and other terminals, need beyond what was set: where the stand-ins are.
    added: Mapping[str, str]
    made_secrets: Sequence[str]
    door: socket.socket
    redis: EmbeddedRedis | None

    @property
    def url(self) -> str:
        return self.added["RELAY_URL"]


def up() -> None:
    """Run the relay on this machine: Redis and a lead API sandbox unless they are set, the web and the workers."""
    screen = Screen(sys.stdout, colour=sys.stdout.isatty() and not settings.load().environment.get("NO_COLOR"))
    with surroundings() as around:
        supervisor = Supervisor(parts(around), screen)
        started = supervisor.run(addresses(around), announce=lambda: announce(around, supervisor))
    raise typer.Exit(0 if started else 1)


@contextlib.contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Check settings and rules, take the home folder and the port, start Redis; undo it all at the end."""
    home = settings.load().home
    with contextlib.ExitStack() as at_the_end:
        taken(home, at_the_end)
        now = settings.load()
        added = {} if now.destinations["default"].url else sandbox_environment(now.environment)
        now = settings.load({**now.environment, **added})
        made = made_secrets(now) if "SANDBOX_URL" in added else {}
        door = at_the_end.enter_context(listen(now.port, exactly="PORT" in now.environment))
        added |= {**made, "RELAY_URL": f"http://localhost:{door.getsockname()[1]}"}
        redis = None
        if now.redis_url:
            # Any step would do that fails where Redis is away, and says so before anything starts.
            wiring.store(now).scripts.load()
            wiring.heed(wiring.connect(now))
        else:
            redis = at_the_end.enter_context(EmbeddedRedis(home, appendfsync=now.appendfsync))
            added["REDIS_URL"] = redis.url
        rules = in_use(settings.load({**now.environment, **added}))
        yield Surroundings(
            settings=now,
            hooks=rules.in_use.hooks,
            faults=rules.faults(),
            added=added,
            made_secrets=list(made),
            door=door,
            redis=redis,
        )


def taken(home: Path, at_the_end: contextlib.ExitStack) -> None:
    """Take the home folder for this run; what a killed run left for other terminals is forgotten."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    at_the_end.callback(os.close, lock(home / "lock", home))
    left = home / settings.HOME_FILE
    left.unlink(missing_ok=True)
    at_the_end.callback(left.unlink, missing_ok=True)


def made_secrets(now: Settings) -> dict[str, str]:
    """Make up the secrets that hook files name and that are not set, the same as in an earlier run."""
    environment = AnySecret(now.environment, read_secrets(now.home))
    rulebook.check(now.rules, environment=environment, senders=ABOUT, destinations=now.destinations)
    if environment.made:
        keep_secrets(now.home, environment.made)
    return environment.made


def in_use(now: Settings) -> LiveRules:
    """Look which hooks the parts will serve. Raises RuleError with all faults where there is none."""
    rules = wiring.rules_aside(now, wiring.store(now))
    rules.begin()
    if not rules:
        raise RuleError(rules.faults())
    return rules


def listen(port: int, *, exactly: bool) -> socket.socket:
    """Open the door: on every address at exactly this port, or on this machine only at the next free one."""
    host = "" if exactly else "127.0.0.1"
    for one in range(port, port + (1 if exactly else PORTS)):
        with contextlib.suppress(OSError):
            return socket.create_server((host, one), backlog=BACKLOG)
    raise CommandError(f"port {port} can't be had: stop what listens there, or set PORT to another")


def parts(around: Surroundings) -> list[list[Part]]:
    """Give the parts in the order in which they start; they stop from the last to the first."""
    usual = {"WEB_CONCURRENCY": "2", "RELAY_LOG": "info", "RELAY_LOG_FORMAT": "text"}
    environment = {**usual, **around.settings.environment, **around.added, "PYTHONUNBUFFERED": "1"}
    run = partial(spawn, environment=environment)
    groups = [[redis_part(around.redis)]] if around.redis else []
    if "SANDBOX_URL" in around.added:
        port = around.added["SANDBOX_URL"].rpartition(":")[2]
        sandbox = [PYTHON, "-m", "relay", "sandbox", "--port", port, "--key", KEY]
        groups.append([Part(name="sandbox", launch=partial(run, sandbox))])
    numbers = range(1, around.settings.workers + 1)
    worker = partial(run, [PYTHON, "-m", "workers.run"])
    background = partial(run, [PYTHON, "-m", "workers.run", BACKGROUND])
    groups.append(
        [Part(name=f"worker {one}", launch=worker, patience_s=WORKER_PATIENCE_S) for one in numbers]
        + [Part(name="background", launch=background, patience_s=WORKER_PATIENCE_S)]
    )
    groups.append([Part(name="web", launch=partial(run, web(around.door), pass_fds=[around.door.fileno()]))])
    return groups


def addresses(around: Surroundings) -> list[tuple[str, int]]:
    """Give the addresses that answer when all is up."""
    ours = [around.added[name] for name in ("SANDBOX_URL", "RELAY_URL") if name in around.added]
    return [("127.0.0.1", int(url.rpartition(":")[2])) for url in ours]


def web(door: socket.socket) -> list[str]:
    """Give gunicorn's command. It is handed the open door, so that a request waits while it is started again."""
    config = ["-c", "python:relay.gunicorn_conf", "--bind", f"fd://{door.fileno()}"]
    return [PYTHON, "-m", "gunicorn", *config, "relay.wiring:web()"]


def redis_part(redis: EmbeddedRedis) -> Part:
    part = Part(name="redis", launch=redis.launch, killable=False, patience_s=WORKER_PATIENCE_S)
    part.process = redis.process
    return part


def announce(around: Surroundings, supervisor: Supervisor) -> None:
    """Say where everything is, here and to other terminals."""
    settings.write_home(around.settings.home, around.added)
    for line in banner(around):
        supervisor.say(line)


def banner(around: Surroundings) -> Iterator[str]:
    now, relay = around.settings, spelled()
    yield "Lead Relay is up"
    for name, hook in around.hooks.items():
        yield f"  hook      POST {around.url}/hooks/{name}  ({hook.sender})"
    for fault in around.faults:
        yield f"  fault     {fault}"
    if around.faults:
        yield "            a hook file with faults is not in use: its last good version serves, where there is one"
    api = settings.mask_url(now.destinations["default"].url)
    yield f"  page      {page(around)}"
    yield f"  lead API  {api}{' (the sandbox)' if 'SANDBOX_URL' in around.added else ''}"
    yield f"  Redis     {f'our own, in {around.redis.folder}' if around.redis else settings.mask_url(now.redis_url)}"
    if around.made_secrets:
        yield f"  secrets   {', '.join(around.made_secrets)}: made up, kept in {now.home}/secrets, for the sandbox only"
    yield f"  try       {relay} send {next(iter(around.hooks))}    (in another terminal)"
    yield "  stop      Ctrl-C"


def page(around: Surroundings) -> str:
    """Give where the ops desk is: while nobody can log in with a password, by a link that lets in once."""
    now = settings.load({**around.settings.environment, **around.added})
    return f"{around.url}/ops/" if now.users or now.users_file else f"{link(now, around.url)}  (once, within the hour)"


def spelled() -> str:
    """Give the command as the person's shell finds it."""
    own = Path(PYTHON).with_name("relay")
    found = shutil.which("relay")
    if found and own.exists() and own.samefile(found):
        return "relay"
    return min(os.path.relpath(own), str(own), key=len)
