"""The ops desk for tests: served over real HTTP with a real store, and a browser that logs in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
from tests.doors import hook, serving

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
