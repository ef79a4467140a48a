"""The only reader of the environment: every variable in one frozen object, all faults at once, secrets masked.

Two sources, the first wins: the environment, and the file ``env`` in the relay's home folder, where ``relay up``
writes where its own Redis and sandbox are, so that a second terminal finds them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from relay.accounts import Account, Role, read_accounts
from relay.errors import SettingsError

DAY_MS = 86_400_000
HOME_FILE = "env"
LOG_FORMATS = ("json", "text")
#: Behind the name of a variable that holds a secret: the name of the one that says when it runs out.
EXPIRES = "_EXPIRES"
#: Characters that a secret of our own has at least.
LEAST_SECRET = 16
#: Where senders are asked for what they do not send. Meta retires its versions: ``META_API_URL`` names another.
APIS = {"meta": "https://graph.facebook.com/v26.0", "linkedin": "https://api.linkedin.com/rest"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One account of the lead API."""

    name: str
    url: str
    key: str = field(repr=False)
    #: PUTs per second over all workers; 0 for no limit.
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set from outside."""

    redis_url: str = field(repr=False)
    destinations: Mapping[str, Destination]
    rules: Path
    #: Whether hook files may be saved from the ops desk; else it offers patches.
    rules_editable: bool
    #: Folder of the embedded Redis, its files, and what ``relay up`` writes for a second terminal.
    home: Path
    #: Days for which an event is kept after it has ended, and within which its repetition is a duplicate.
    retention_ms: int
    #: Largest body of a request, in bytes.
    max_body: int
    #: Worker processes, each with one drain at a time.
    workers: int
    #: PUTs in flight in one drain.
    threads: int
    #: Deadline of one PUT, in ms; the lease of a lead is longer.
    timeout_ms: int
    appendfsync: str
    log: str
    #: 'json' or 'text'.
    log_format: str
    port: int
    #: How senders call us, without a path: some sign the address too. Empty where no proxy stands before us.
    public_url: str
    #: Where the answers of senders are fetched that do not send them, by sender.
    sender_urls: Mapping[str, str]
    #: Whether the lead API is searched for leads that are not in the index.
    lookup: bool
    #: Secret of the index of what leads are known by; empty for one that Redis keeps.
    index_key: str = field(repr=False)
    #: Where alarms are sent; empty for nowhere but the log. Its path is a secret.
    alarm_url: str = field(repr=False)
    #: An alarm begins with so many dead letters, and when a lead has waited for so long.
    alarm_dead: int
    alarm_wait_ms: int
    #: When secrets run out, as far as the environment says (``META_TOKEN_EXPIRES=2026-12-31``): the first ms of that
    #: day in UTC, by the name of the secret's variable.
    expiries: Mapping[str, int]
    #: Who may log in, from ``RELAY_USERS``, by name; and the file that says who else, which may change at any time.
    users: Mapping[str, Account]
    users_file: Path | None
    #: Secrets by which machines read the JSON of the ops desk, and what they may do.
    ops_tokens: tuple[str, ...] = field(repr=False)
    ops_token_role: Role
    #: Secret that sessions are signed with; empty for one that Redis keeps.
    session_key: str = field(repr=False)
    #: How many proxies before us tell by ``X-Forwarded-For`` and ``-Proto`` who asks, and how.
    proxies: int
    #: Values of the variables that hook files name as their secrets.
    environment: Mapping[str, str] = field(repr=False)

    @property
    def lease_ms(self) -> int:
        """How long a claim on a lead holds: the PUT's deadline and time to record its answer."""
        return self.timeout_ms + 5_000

    def summary(self) -> dict[str, str]:
        """Give every setting in words, with secrets as set or missing."""
        shown = {
            "REDIS_URL": mask_url(self.redis_url) or "embedded",
            "RELAY_RULES": str(self.rules),
            "RELAY_RULES_EDITABLE": "on" if self.rules_editable else "off",
            "RELAY_HOME": str(self.home),
            "RELAY_RETENTION_DAYS": str(self.retention_ms // DAY_MS),
            "RELAY_MAX_BODY": str(self.max_body),
            "RELAY_WORKERS": str(self.workers),
            "RELAY_THREADS": str(self.threads),
            "LEADS_API_TIMEOUT": f"{self.timeout_ms / 1000:g}",
            "RELAY_APPENDFSYNC": self.appendfsync,
            "RELAY_LOG": self.log,
            "RELAY_LOG_FORMAT": self.log_format,
            "RELAY_ALARM_URL": mask_address(self.alarm_url) or "none",
            "RELAY_ALARM_DEAD": str(self.alarm_dead),
            "RELAY_ALARM_WAIT": f"{self.alarm_wait_ms / 1000:g}",
            "RELAY_PUBLIC_URL": self.public_url or "as called",
            "RELAY_INDEX_KEY": "set" if self.index_key else "kept in Redis",
            "LEADS_API_LOOKUP": "on" if self.lookup else "off",
            "RELAY_USERS": f"{len(self.users)} set" if self.users else "none",
            "RELAY_USERS_FILE": str(self.users_file or "none"),
            "RELAY_OPS_TOKEN": f"{len(self.ops_tokens)} set" if self.ops_tokens else "none",
            "RELAY_OPS_TOKEN_ROLE": self.ops_token_role.value,
            "RELAY_SESSION_KEY": "set" if self.session_key else "kept in Redis",
            "RELAY_PROXIES": str(self.proxies),
            **{f"{name.upper()}_API_URL": mask_url(url) for name, url in self.sender_urls.items()},
        }
        for name, one in self.destinations.items():
            suffix = "" if name == "default" else f"__{name.upper()}"
            shown["LEADS_API_URL" + suffix] = mask_url(one.url)
            shown["LEADS_API_KEY" + suffix] = "set" if one.key else "missing"
            shown["LEADS_API_RATE" + suffix] = f"{one.rate:g}"
        return shown


def mask_url(url: str) -> str:
    """Give a URL without its password."""
    password = urlsplit(url).password if url else None
    return url.replace(f":{password}@", ":***@") if password else url


def mask_address(url: str) -> str:
    """Give only the host of a URL whose path is a secret, as those of chat rooms are."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}/***" if url else ""


def read_home(home: Path) -> dict[str, str]:
    """Read what ``relay up`` left for other terminals; empty when it is not running."""
    try:
        lines = (home / HOME_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_home(home: Path, values: Mapping[str, str]) -> None:
    """Leave these variables for other terminals, readable by this user only."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / HOME_FILE
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsError that lists every variable that can't be worked with."""
    given = dict(os.environ if environ is None else environ)
    home = Path(given.get("RELAY_HOME", ".relay"))
    environment = {**read_home(home), **given}
    reader = _Reader(environment)
    settings = Settings(
        redis_url=reader.url("REDIS_URL", ("redis", "rediss", "unix")),
        destinations=reader.destinations(),
        rules=Path(environment.get("RELAY_RULES", "rules")),
        rules_editable=reader.choice("RELAY_RULES_EDITABLE", ("off", "on")) == "on",
        home=home,
        retention_ms=reader.number("RELAY_RETENTION_DAYS", int, 30, least=1) * DAY_MS,
        max_body=reader.number("RELAY_MAX_BODY", int, 1_048_576, least=1_024),
        workers=reader.number("RELAY_WORKERS", int, 2, least=1),
        threads=reader.number("RELAY_THREADS", int, 64, least=1),
        timeout_ms=round(reader.number("LEADS_API_TIMEOUT", float, 10.0, least=0.1) * 1000),
        appendfsync=reader.choice("RELAY_APPENDFSYNC", ("always", "everysec")),
        log=reader.choice("RELAY_LOG", ("warning", "info", "debug", "error")),
        log_format=reader.choice("RELAY_LOG_FORMAT", LOG_FORMATS),
        alarm_url=reader.url("RELAY_ALARM_URL", ("http", "https")),
        alarm_dead=reader.number("RELAY_ALARM_DEAD", int, 1, least=1),
        alarm_wait_ms=round(reader.number("RELAY_ALARM_WAIT", float, 300.0, least=1) * 1000),
        expiries=reader.expiries(),
        port=reader.number("PORT", int, 8000, least=0),
        public_url=reader.url("RELAY_PUBLIC_URL", ("http", "https")),
        sender_urls={
            name: reader.url(f"{name.upper()}_API_URL", ("http", "https")) or url for name, url in APIS.items()
        },
        lookup=reader.choice("LEADS_API_LOOKUP", ("off", "on")) == "on",
        index_key=environment.get("RELAY_INDEX_KEY", "").strip(),
        users=reader.users(),
        users_file=reader.users_file(),
        ops_tokens=reader.tokens("RELAY_OPS_TOKEN"),
        ops_token_role=Role(reader.choice("RELAY_OPS_TOKEN_ROLE", ("viewer", "operator"))),
        session_key=reader.secret("RELAY_SESSION_KEY"),
        proxies=reader.number("RELAY_PROXIES", int, 0, least=0),
        environment=environment,
    )
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings


def log_format(environ: Mapping[str, str] | None = None) -> str:
    """Give the form of log lines for those who can't wait for all settings; what is wrong with it is said later."""
    given = (os.environ if environ is None else environ).get("RELAY_LOG_FORMAT", "")
    return given if given in LOG_FORMATS else LOG_FORMATS[0]


def accounts_of(text: str) -> tuple[dict[str, Account], list[str]]:
    """Read what stands in ``RELAY_USERS``, entries parted by spaces or lines; gives accounts and faults."""
    return read_accounts((f"RELAY_USERS: entry {at}", entry) for at, entry in enumerate(text.split(), 1))


def accounts_in(file: Path) -> tuple[dict[str, Account], list[str]]:
    """Read a file of users, one a line; gives accounts and faults."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return {}, [f"RELAY_USERS_FILE: {file} can't be read: {words}"]
    return read_accounts((f"{file}:{at}", line) for at, line in enumerate(lines, 1))


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        # Redis has a host, a socket or a database by itself; the lead API needs to be told one.
        hosted = bool(parts.hostname) or not parts.scheme.startswith("http")
        return parts.scheme in schemes and hosted and parts.port != 0
    except ValueError:
        return False


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.faults: list[str] = []

    def number(self, name: str, kind: Callable[[str], T], default: T, *, least: float) -> T:
        text = self.environment.get(name, "").strip()
        if not text:
            return default
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value < math.inf:  # type: ignore[operator]
            self.faults.append(f"{name}: must be a number of at least {least:g}, not {text!r}")
            return default
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.environment.get(name) or choices[0]
        if value not in choices:
            self.faults.append(f"{name}: must be one of {', '.join(choices)}, not {value!r}")
            return choices[0]
        return value

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        value = self.environment.get(name, "").strip()
        fault = f"{name}: must begin with {' or '.join(f'{s}://' for s in schemes)}"
        # Several destinations may share an address: it is read, and wrong, once.
        if value and not _is_url(value, schemes) and fault not in self.faults:
            self.faults.append(fault)
        return value.rstrip("/") if value.startswith("http") else value

    def expiries(self) -> dict[str, int]:
        """Find every variable of a secret that is said to run out, and the day on which it does."""
        found = {}
        for name in sorted(self.environment):
            secret = name.removesuffix(EXPIRES)
            text = self.environment[name].strip()
            if secret != name and text and self.environment.get(secret, "").strip():
                try:
                    at = datetime.fromisoformat(text)
                    found[secret] = round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
                except ValueError:
                    self.faults.append(f"{name}: must be a day or a time, as in 2026-12-31, not {text!r}")
        return found

    def secret(self, name: str) -> str:
        value = self.environment.get(name, "").strip()
        if value and len(value) < LEAST_SECRET:
            self.faults.append(f"{name}: must have at least {LEAST_SECRET} characters")
        return value

    def tokens(self, name: str) -> tuple[str, ...]:
        """Read secrets parted by commas, spaces or lines."""
        found = tuple(self.environment.get(name, "").replace(",", " ").split())
        if any(len(one) < LEAST_SECRET or not one.isascii() for one in found):
            self.faults.append(f"{name}: each must have at least {LEAST_SECRET} characters, all of ASCII")
        return found

    def users(self) -> dict[str, Account]:
        found, faults = accounts_of(self.environment.get("RELAY_USERS", ""))
        self.faults += faults
        return found

    def users_file(self) -> Path | None:
        """Name the file, and say what is wrong with it now; it is read again whenever it changes."""
        value = self.environment.get("RELAY_USERS_FILE", "").strip()
        if not value:
            return None
        found, faults = accounts_in(Path(value))
        twice = sorted(set(found) & set(accounts_of(self.environment.get("RELAY_USERS", ""))[0]))
        self.faults += faults + [f"RELAY_USERS_FILE: user '{name}' stands in RELAY_USERS too" for name in twice]
        return Path(value)

    def destinations(self) -> dict[str, Destination]:
        """Find every destination: ``default``, and one for each suffix of ``LEADS_API_URL`` or ``LEADS_API_KEY``."""
        suffixes = {""}
        for name in self.environment:
            for prefix in ("LEADS_API_URL__", "LEADS_API_KEY__"):
                if name.startswith(prefix):
                    suffixes.add("__" + name.removeprefix(prefix))
        return {one.name: one for one in map(self.destination, sorted(suffixes))}

    def destination(self, suffix: str) -> Destination:
        name = suffix.removeprefix("__").lower() or "default"
        url = self.url("LEADS_API_URL" + suffix, ("http", "https")) or (
            self.url("LEADS_API_URL", ("http", "https")) if suffix else ""
        )
        key = self.environment.get("LEADS_API_KEY" + suffix, "").strip()
        if url and not key:
            self.faults.append(f"LEADS_API_KEY{suffix}: is not set, but LEADS_API_URL{suffix} is")
        rate = self.number("LEADS_API_RATE" + suffix, float, 50.0, least=0)
        return Destination(name=name, url=url, key=key, rate=rate)
