"""The page for ops people, ``GET /``: how all is going, read-only and without personal data, since it has no login.

Before it ``status`` reads the store; here it becomes HTML that refreshes itself without a script, or JSON.
"""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Callable
from importlib.resources import files

import flask
import jinja2
import orjson
from markupsafe import Markup

from relay.errors import StoreError
from relay.ops.figures import public_json, view_of
from relay.ops.health import health
from relay.settings import Settings
from relay.status import Status, status
from relay.store import Store

__all__ = ["health", "page", "security_headers"]

REFRESH_S = 5
#: However many look at the page, the store is asked once in this time.
SAME_FOR_S = 1.0


class Lately:
    """What was last seen of the store; looks again when that is too old. Shared by the threads of a process."""

    def __init__(self, look: Callable[[], Status], *, same_for_s: float = SAME_FOR_S) -> None:
        self._look = look
        self._same_for_s = same_for_s
        self._lock = threading.Lock()
        self._seen: Status | None = None
        self._at = 0.0

    def status(self) -> Status:
        """Give a status of this moment or little before. Raises StoreError."""
        with self._lock:
            if self._seen is None or time.monotonic() - self._at > self._same_for_s:
                self._seen = self._look()
                self._at = time.monotonic()
            return self._seen


def page(store: Store, settings: Settings) -> flask.Blueprint:
    """Build the routes of the page."""
    blueprint = flask.Blueprint("ops", __name__)
    folder = files(__package__) / "templates"
    style = (folder / "status.css").read_text(encoding="utf-8")
    loader = jinja2.DictLoader({"status.html": (folder / "status.html").read_text(encoding="utf-8")})
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.get_template("status.html")
    headers = security_headers(style)
    lately = Lately(lambda: status(store, settings))

    @blueprint.get("/")
    def show() -> flask.Response:
        """Answer 503 while the store is away, and refresh all the same."""
        try:
            view, words = view_of(lately.status()), ""
        except StoreError as error:
            view, words = None, str(error)
        html = template.render(view=view, words=words, style=Markup(style), refresh_s=REFRESH_S)  # noqa: S704 -- our own file
        return flask.Response(html, 503 if words else 200, headers, content_type="text/html; charset=utf-8")

    @blueprint.get("/status.json")
    def as_json() -> flask.Response:
        try:
            body, code = public_json(lately.status()), 200
        except StoreError as error:
            body, code = {"error": "store unavailable", "message": str(error)}, 503
        return flask.Response(orjson.dumps(body), code, headers, content_type="application/json")

    return blueprint


def security_headers(style: str) -> dict[str, str]:
    """Allow the page nothing but its own style, named by its hash; no script, no frame, no trace in a cache."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
