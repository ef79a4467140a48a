"""Puts the desk together: its pages, and around them login, CSRF, limits, language and headers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast

import flask
import flask_login
from flask.blueprints import BlueprintSetupState
from flask_limiter import Limiter
from flask_wtf import CSRFProtect
from limits.errors import StorageError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from relay.errors import CommandError, StoreError
from relay.ops import answers, assets, entry, frame, pages
from relay.ops.api.strict import strict
from relay.ops.desk import Desk
from relay.ops.guard import Guard
from relay.ops.means import Means
from relay.ops.sessions import IDLE, Sessions
from relay.ops.who import AWAY, Doorkeeper


def desk(means: Means) -> Desk:
    """Build the blueprint; registering it makes the app ready for it."""
    made = Desk()
    doorkeeper = Doorkeeper(means)
    csrf = CSRFProtect()
    limiter = _limiter(means)
    made.before_request(Guard(made.marks, csrf, max_body=means.settings.max_body))
    made.before_request(strict)
    made.record_once(lambda state: _make_ready(state, means, doorkeeper, csrf, limiter))
    made.register_error_handler(StoreError, answers.store_away)
    made.register_error_handler(StorageError, lambda _: answers.store_away(StoreError(AWAY)))
    made.register_error_handler(CommandError, answers.impossible)
    made.register_error_handler(Exception, answers.broken)
    made.app_errorhandler(HTTPException)(answers.http_fault)
    made.after_app_request(answers.harden)
    assets.add(made)
    entry.add(made, means, doorkeeper=doorkeeper, limiter=limiter)
    for module in iter_modules(pages.__path__):
        import_module(f"{pages.__name__}.{module.name}").add(made, means)
    return made


def _limiter(means: Means) -> Limiter:
    """Count in the store, by the connections that it has; the address that is asked for is not used then."""
    pool = means.store.client.connection_pool
    options: dict[str, Any] = {"connection_pool": pool, "key_prefix": "relay:limit", "wrap_exceptions": True}
    return Limiter(
        lambda: flask.request.remote_addr or "",
        storage_uri="redis://",
        storage_options=options,
        strategy="moving-window",
        swallow_errors=False,
    )


def _make_ready(
    state: BlueprintSetupState, means: Means, doorkeeper: Doorkeeper, csrf: CSRFProtect, limiter: Limiter
) -> None:
    app = cast(flask.Flask, state.app)
    app.config.update(PERMANENT_SESSION_LIFETIME=IDLE, WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    # It asks for a Referer, which our own pages never send; the guard looks at Sec-Fetch-Site instead.
    app.config.update(WTF_CSRF_SSL_STRICT=False)
    app.session_interface = Sessions(means.logins.session_key, means.settings)
    with _for_the_desk_alone(app):
        csrf.init_app(app)
        limiter.init_app(app)
        _logins(doorkeeper).init_app(app, add_context_processor=False)
    frame.templates(app)
    app.add_url_rule("/", "root", lambda: flask.redirect(flask.url_for("ops.overview")))
    if means.settings.proxies:
        number = means.settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=number, x_host=0)  # type: ignore[method-assign]


@contextmanager
def _for_the_desk_alone(app: flask.Flask) -> Iterator[None]:
    """Let what extensions hang onto every request be of the desk alone: an event that comes in must not pay for it."""
    hung: list[dict[Any, list[Any]]] = [app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs]
    before = [list(one.get(None, [])) for one in hung]
    yield
    for one, others in zip(hung, before, strict=True):
        new = [function for function in one.get(None, []) if function not in others]
        one[None] = others
        one[Desk.NAME] = new + one.get(Desk.NAME, [])


def _logins(doorkeeper: Doorkeeper) -> flask_login.LoginManager:
    logins = flask_login.LoginManager()
    logins.session_protection = None  # a phone changes its address all day
    logins.user_loader(doorkeeper.with_ticket)
    logins.request_loader(doorkeeper.with_token)
    return logins
