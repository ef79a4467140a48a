"""The person who is logged in, and the ways to end sessions: here, everywhere, and those of somebody else."""

from __future__ import annotations

import flask
import flask_login

from relay.accounts import Role
from relay.ops.desk import Answer, Desk
from relay.ops.means import Means
from relay.ops.who import me
from relay.ops.words import _


def add(desk: Desk, means: Means) -> None:
    """Put the page, and what can be done there, into the desk."""

    @desk.page("/account")
    def account() -> str:
        users = sorted(means.users.all().values(), key=lambda user: user.name)
        return flask.render_template("account.html", person=me(), users=users)

    @desk.act("/logout", role=Role.VIEWER)
    def log_out() -> Answer:
        flask_login.logout_user()
        flask.session.clear()
        return flask.redirect(flask.url_for("ops.log_in"), 303)

    @desk.act("/logout/everywhere", role=Role.VIEWER)
    def log_out_everywhere() -> Answer:
        means.logins.end_all(me().name)
        return log_out()

    @desk.act("/users/<name>/logout")
    def log_out_user(name: str) -> Answer:
        if means.users.find(name) is None:
            flask.abort(404, _("There is no such user."))
        means.logins.end_all(name)
        means.store.acts.note(who=me().name, what="log out", about=name)
        flask.flash(_("All sessions of %(name)s have ended.", name=name), "good")
        return flask.redirect(flask.url_for("ops.account"), 303)
