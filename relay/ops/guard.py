"""Who may pass: asked before every route of the desk. What has no mark is refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import flask
from flask_wtf import CSRFProtect

from relay.accounts import Role
from relay.errors import StoreError
from relay.ops.answers import fault, store_away, wants_json
from relay.ops.desk import PREFIX, Answer, Mark
from relay.ops.who import AWAY, closed, who

SAFE = ("GET", "HEAD", "OPTIONS")
#: What a browser says of a request that another site had it make.
FOREIGN = ("cross-site", "same-site")


class Guard:
    """Holds every route to its mark."""

    def __init__(self, marks: Mapping[str, Mark], csrf: CSRFProtect, *, max_body: int) -> None:
        self._marks = marks
        self._csrf = csrf
        self._max_body = max_body

    def __call__(self) -> Answer | None:
        """Let pass, or answer in the route's place."""
        mark = self._marks.get(flask.request.endpoint or "")
        if mark is None:
            return fault(403)
        if mark.bare:
            return None
        flask.request.max_content_length = self._max_body
        return self._stopped(mark) or self._forged(mark)

    def _stopped(self, mark: Mark) -> Answer | None:
        if mark.role is None:
            return store_away(StoreError(AWAY)) if closed() else None
        return stopped(mark.role, json=mark.json)

    def _forged(self, mark: Mark) -> Answer | None:
        """Refuse what another site sends with the cookie of somebody who is logged in. A token is no cookie."""
        if flask.request.method in SAFE:
            return None
        if flask.request.headers.get("Sec-Fetch-Site") in FOREIGN:
            return fault(403)
        person = who() if mark.role is not None else None
        if person is None or not person.machine:
            self._csrf.protect()
        return None


def stopped(role: Role, *, json: bool) -> Answer | None:
    """Answer in a route's place unless who asks has this role; a token opens JSON only. For other blueprints too."""
    person = who()
    if person is None or (person.machine and not json):
        return to_login(json=json)
    return None if person.role.covers(role) else fault(403)


def to_login(*, json: bool) -> Answer:
    """Ask who it is: a person is sent to log in and comes back to the page, a script is told."""
    if json or wants_json():
        answer = fault(401)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if "HX-Request" in flask.request.headers:
        return flask.Response("", 401, {"HX-Refresh": "true"})
    asked = flask.request.full_path.rstrip("?") if flask.request.method == "GET" else ""
    return flask.redirect(flask.url_for("ops.log_in", next=asked or None), 303)


def safe_next(target: str) -> str:
    """Give where to go after a login: a path of the desk, and nothing that a browser could read as another site."""
    parts = urlsplit(target) if target.isprintable() and "\\" not in target else urlsplit("")
    inside = parts.path == PREFIX or parts.path.startswith(f"{PREFIX}/")
    if parts.scheme or parts.netloc or not inside or ".." in parts.path.split("/"):
        return flask.url_for("ops.overview")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
