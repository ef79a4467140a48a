"""Where a person sits in a test: before the commands, as a script or a terminal sees them, or before the page."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import requests

from relay import wiring
from relay.accounts import Role
from relay.ops import passwords
from relay.settings import Settings, load
from relay.store import Store
from tests.commands import ROOT, run_relay
from tests.doors import hook, serving
from tests.far_crm import World, update

OURS = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "ZAPIER_", "PORT", "TZ", "COLUMNS", "FORCE_COLOR")
ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


@dataclass(frozen=True)
class Desk:
    """Where the person sits: commands, and a world in which things happen."""

    world: World
    environment: Mapping[str, str]

    def relay(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run_relay(*words, environment=self.environment)

    def json(self, *words: str) -> Any:
        return json.loads(self.relay(*words, "--json").stdout)

    def dead(self, id: str, lead: str, **values: str) -> str:
        """Have the CRM refuse an event with these values."""
        self.world.crm.poison |= set(values.values())
        event = self.world.accept(id, lead, update(**values))
        self.world.deliver()
        self.world.crm.poison.clear()
        return event

    def delivered(self, id: str, lead: str, **values: str) -> str:
        event = self.world.accept(id, lead, update(**values))
        self.world.deliver()
        return event


def desk_over(store: Store, redis_url: str, home: Path) -> Desk:
    """Put a desk before a store, three hours west of Greenwich."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    ours = {"REDIS_URL": redis_url, "RELAY_HOME": str(home), "TZ": "UTC+3", "LEADS_API_URL": "http://crm"}
    return Desk(World(store), {**kept, **ours, "LEADS_API_KEY": "a key"})


@contextmanager
def on_a_terminal(
    desk: Desk, *words: str, columns: int = 160
) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[str]]]:
    """Run a command as a person would; gives it, and piece by piece what its terminal is sent, to the end."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "relay", *words]
    environment = {**desk.environment, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        yield process, pieces(ours)
        os.close(ours)


def pieces(terminal: int) -> Iterator[str]:
    with suppress(OSError):  # the end, as Linux tells it
        while chunk := os.read(terminal, 65_536):
            yield chunk.decode(errors="replace")


PASSWORD = "una clave larga"
OPERATOR = passwords.account("carolina", Role.OPERATOR, PASSWORD)
VIEWER = passwords.account("pedro", Role.VIEWER, PASSWORD)
TOKEN = "a token of a machine".replace(" ", "-")
USUAL = {
    "RELAY_USERS": f"{OPERATOR.line} {VIEWER.line}",
    "RELAY_OPS_TOKEN": TOKEN,
    "LEADS_API_URL": "http://crm",
    "LEADS_API_KEY": "k",
}
JSON = {"Accept": "application/json"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def settings_of(folder: Path, **variables: str) -> Settings:
    return load({"RELAY_HOME": str(folder), **USUAL, **variables})


def app_of(store: Store, settings: Settings) -> flask.Flask:
    """Give the whole app, with every route that the web has."""
    return wiring.routes(settings, store, {"cotiza": hook("cotiza", "typeform")})


@contextmanager
def served(store: Store, folder: Path, **variables: str) -> Iterator[str]:
    with serving(app_of(store, settings_of(folder, **variables))) as url:
        yield url


@dataclass(frozen=True)
class Browser:
    """Keeps cookies and sends forms as a browser does; follows no redirect by itself."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **headers: str) -> requests.Response:
        return self.ask("GET", path, headers=headers)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        address = path if path.startswith("http") else self.url + path
        return self.session.request(method, address, timeout=10, allow_redirects=False, **more)

    def csrf(self) -> str:
        """Take the token from a page that this browser can see."""
        for path in ("/ops/account", "/ops/login"):
            if found := re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text):
                return found[1]
        raise AssertionError("no page has a token")

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> requests.Response:
        return self.ask("POST", path, data={"csrf_token": self.csrf(), **(fields or {})}, headers=headers)

    def log_in(self, name: str, password: str = PASSWORD, **more: str) -> requests.Response:
        return self.post("/ops/login", {"name": name, "password": password, **more})


def logged_in(url: str, name: str) -> Browser:
    browser = Browser(url)
    assert browser.log_in(name).status_code == 303
    return browser


def text_of(html: str) -> str:
    """Give the words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())
