"""Sessions: a signed cookie for the desk alone. What comes to the hooks neither has one nor waits for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import flask
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from relay.errors import StoreError
from relay.ops.desk import PREFIX
from relay.settings import Settings

IDLE = timedelta(hours=12)
NAME = "relay_session"
#: A browser takes this name only from a secure answer, for the whole host and for no other.
SECURE_NAME = f"__Host-{NAME}"


class Closed(SecureCookieSession):
    """An empty session where there is none: outside the desk, and while the store that keeps the key is away."""


class Sessions(SecureCookieSessionInterface):
    """Signs with the key that the store keeps, so that every web process knows every session."""

    def __init__(self, key: Callable[[], bytes], settings: Settings) -> None:
        self._key = key
        self._https = settings.public_url.startswith("https:")

    def secure(self) -> bool:
        return self._https or flask.request.is_secure

    def open_session(self, app: flask.Flask, request: flask.Request) -> SecureCookieSession | None:
        if not of_the_desk(request.path):
            return Closed()
        try:
            app.secret_key = self._key()
        except StoreError:
            return Closed()
        return super().open_session(app, request)

    def save_session(self, app: flask.Flask, session: SessionMixin, response: flask.Response) -> None:
        if not isinstance(session, Closed):
            super().save_session(app, session, response)

    def should_set_cookie(self, app: flask.Flask, session: SessionMixin) -> bool:  # noqa: ARG002
        """Prolong a session by what a person does, not by a page that renews itself."""
        itself = "HX-Request" in flask.request.headers and flask.request.method == "GET"
        return session.modified or (session.permanent and not itself)

    def get_cookie_name(self, app: flask.Flask) -> str:  # noqa: ARG002
        return SECURE_NAME if self.secure() else NAME

    def get_cookie_path(self, app: flask.Flask) -> str:  # noqa: ARG002
        return "/"  # the name above asks for it, and the metrics are not under the desk

    def get_cookie_secure(self, app: flask.Flask) -> bool:  # noqa: ARG002
        return self.secure()

    def get_cookie_httponly(self, app: flask.Flask) -> bool:  # noqa: ARG002
        return True

    def get_cookie_samesite(self, app: flask.Flask) -> str:  # noqa: ARG002
        return "Lax"


def of_the_desk(path: str) -> bool:
    """Whether a path may need to know who asks: the desk, and the metrics that a login opens too."""
    return path == PREFIX or path.startswith((f"{PREFIX}/", "/metrics"))
