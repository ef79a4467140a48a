"""The ways in and out: a password, a one-time link, logging out, here or everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import flask
import flask_login
from flask_limiter import Limiter

from relay.ops import passwords
from relay.ops.answers import fault
from relay.ops.desk import Answer, Desk
from relay.ops.guard import safe_next
from relay.ops.means import Means
from relay.ops.who import Doorkeeper, Person, who
from relay.ops.words import COOKIE, TONGUES, _

BY_ADDRESS = "20 per minute; 200 per hour"
BY_NAME = "10 per 10 minutes"
YEAR_S = 365 * 86_400


def add(desk: Desk, means: Means, *, doorkeeper: Doorkeeper, limiter: Limiter) -> None:
    """Put the ways in and out into the desk; all but these want a login."""
    hashed = _hashed(means)
    by_address = limiter.limit(BY_ADDRESS, key_func=lambda: hashed(flask.request.remote_addr or ""), methods=["POST"])
    by_name = limiter.limit(BY_NAME, key_func=lambda: hashed(_form("name")), methods=["POST"])
    every_link = limiter.limit(BY_ADDRESS, key_func=lambda: hashed(flask.request.remote_addr or ""))

    @desk.everybody("/login", methods=["GET", "POST"])
    @by_address
    @by_name
    def log_in() -> Answer:
        if flask.request.method != "POST":
            return flask.redirect(_next(), 303) if who() else _form_page(means)
        found = means.users.find(_form("name"))
        try:
            if not passwords.right(found, _form("password")) or found is None:
                return _form_page(means, words=_("The name or the password is wrong.")), 401
        except passwords.Busy:
            return fault(429)
        _begin(doorkeeper.known(found))
        if passwords.outdated(found):
            flask.flash(_("Your password is kept in an older way: make its line anew with 'relay user'."), "warn")
        return flask.redirect(_next(), 303)

    @desk.everybody("/enter/<token>")
    @every_link
    def enter(token: str) -> Answer:
        """Let in whoever has the link, once. A HEAD, as of a preview, does not use it up."""
        if flask.request.method == "HEAD":
            return ""
        user = means.logins.take_link(token)
        if not user:
            return fault(403, _("This link was used already, or is older than an hour: 'relay enter' makes a new one."))
        _begin(doorkeeper.by_link(user))
        return flask.redirect(flask.url_for("ops.overview"), 303)

    @desk.everybody("/language/<tongue>", bare=True)
    def language(tongue: str) -> Answer:
        answer = flask.redirect(_next(), 303)
        if tongue in TONGUES:
            secure = flask.current_app.session_interface.get_cookie_secure(flask.current_app)
            answer.set_cookie(COOKIE, tongue, max_age=YEAR_S, path="/ops", secure=secure, samesite="Lax")
        return answer


def _form(name: str) -> str:
    return flask.request.form.get(name, "")


def _next() -> str:
    return safe_next(flask.request.values.get("next", ""))


def _form_page(means: Means, *, words: str = "") -> str:
    return flask.render_template(
        "login.html", words=words, name=_form("name"), next=_next(), users=bool(means.users.all())
    )


def _begin(person: Person) -> None:
    """Begin a session that has nothing of the one before."""
    flask.session.clear()
    flask.session.permanent = True
    flask.g.pop("csrf_token", None)
    flask_login.login_user(person)


def _hashed(means: Means) -> Callable[[str], str]:
    """Give what stands for an address or a name in a key of the store."""

    def hashed(text: str) -> str:
        key = means.logins.session_key()
        return hashlib.blake2b(text.encode(), digest_size=12, key=key).hexdigest()

    return hashed
