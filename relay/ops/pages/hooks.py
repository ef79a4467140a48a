"""Hooks: how each fares, and of one all that it is made of; a person pauses and resumes it here."""

from __future__ import annotations

import flask

from relay import alarms
from relay.accounts import Role
from relay.cures import kind_of
from relay.finding import Filter
from relay.model import Json
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.hook_rows import Look, Row, drifted, look, row_json, row_of, rows_of
from relay.ops.hook_told import Told, text_of, told_json, told_of
from relay.ops.lately import Lately
from relay.ops.means import Means
from relay.ops.pages.forms import sentence
from relay.ops.readable import number
from relay.ops.steered import asked_json, done_json, reason, reason_in, tell
from relay.ops.who import me
from relay.ops.words import _, ngettext
from relay.status import ERRAND_WORDS

RENEWED_S = 15
#: To judge how quiet hooks are takes many reads, and changes with the hour; counts are of 400 days.
QUIET_S, SAME_FOR_S, LOST_S = 60.0, 2.0, 5.0
EXPIRES_WITHIN_MS = alarms.EXPIRES_WITHIN_MS


def add(desk: Desk, means: Means) -> None:
    """Put the list, the page of one hook, what is done with it, and their twins into the desk."""
    readings = Readings(means)
    add_pages(desk, means, readings)
    add_acts(desk, means, readings)
    add_twins(desk, means, readings)


class Readings:
    """What there is to say of hooks: of all of them as it was a moment ago, of one as it is now."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._quiet = Lately(lambda: {one.hook: one for one in alarms.silences(means.store)}, same_for_s=QUIET_S)
        lost = Lately(lambda: drifted(means), same_for_s=LOST_S)
        self._lately = Lately(lambda: look(means, lost.seen()), same_for_s=SAME_FOR_S)

    def rows(self) -> list[Row]:
        return rows_of(self._lately.seen(), self._means.hooks, self._quiet.seen())

    def row(self, hook: str) -> Row:
        """Give one hook. Aborts where there never was such a hook."""
        return self._row(hook, self._fresh(hook))

    def told(self, hook: str) -> Told:
        """Give one hook with all that it is made of. Aborts where there never was such a hook."""
        found = self._fresh(hook)
        return told_of(self._means, self._row(hook, found), address=address_of(self._means, hook), alarms=found.alarms)

    def _fresh(self, hook: str) -> Look:
        return look(self._means, drifted(self._means, [hook]))

    def _row(self, hook: str, found: Look) -> Row:
        hooks = self._means.hooks
        if hook not in hooks and hook not in found.known and hook not in found.faulty:
            flask.abort(404, _("There is no such hook, and there never was."))
        return row_of(hook, found, hooks.get(hook), self._quiet.seen().get(hook))


def add_pages(desk: Desk, means: Means, readings: Readings) -> None:
    """Put in the list and the page of one hook."""

    @desk.page("/hooks")
    def hooks() -> str:
        return flask.render_template(
            "hooks.html", rows=readings.rows(), hours=hours_of, links=links, renewed_s=RENEWED_S, Filter=Filter
        )

    @desk.page("/hooks/<hook>")
    def hook(hook: str) -> str:
        found, asked = readings.told(hook), flask.request.args.get("version", "")
        version, text = text_of(means, found, asked)
        if asked and not text:
            flask.abort(404, _("The text of this version is not kept."))
        return flask.render_template(
            "hook.html",
            told=found,
            row=found.row,
            version=version,
            lines=text.splitlines(),
            soon_ms=means.store.events.now_ms() + EXPIRES_WITHIN_MS,
            now_ms=means.store.events.now_ms(),
            errand_words=ERRAND_WORDS,
            kind_of=kind_of,
            sentence=sentence,
            links=links,
            Filter=Filter,
        )


def add_acts(desk: Desk, means: Means, readings: Readings) -> None:
    """Put in what a person does with a hook."""
    steering = means.store.steering

    @desk.page("/hooks/<hook>/pause", role=Role.OPERATOR)
    def pause_hook_question(hook: str) -> str:
        return question(readings.row(hook))

    @desk.act("/hooks/<hook>/pause")
    def pause_hook(hook: str) -> Answer:
        row, why = readings.row(hook), reason()
        if not why:
            return question(row, fault=_("Say why it is paused.")), 400
        changed = steering.pause_hook(hook, who=me().name, why=why)
        tell(_("%(what)s is paused: its events are accepted and kept back.", what=hook), changed=changed)
        return flask.redirect(flask.url_for("ops.hook", hook=hook), 303)

    @desk.act("/hooks/<hook>/resume")
    def resume_hook(hook: str) -> Answer:
        readings.row(hook)
        tell(going_on(steering.shelved(hook)), changed=steering.resume_hook(hook, who=me().name, patience_s=5.0))
        return flask.redirect(flask.url_for("ops.hook", hook=hook), 303)


def add_twins(desk: Desk, means: Means, readings: Readings) -> None:
    """Put in the same for machines."""
    steering = means.store.steering

    @desk.api("/hooks")
    def hooks_json() -> flask.Response:
        rows: list[Json] = [row_json(row) for row in readings.rows()]
        return json_answer({"hooks": rows})

    @desk.api("/hooks/<hook>")
    def hook_json(hook: str) -> flask.Response:
        return json_answer(told_json(readings.told(hook)))

    @desk.api_act("/hooks/<hook>/pause")
    def pause_hook_json(hook: str) -> flask.Response:
        readings.row(hook)
        changed = steering.pause_hook(hook, who=me().name, why=reason_in(asked_json()))
        return done_json("hook", hook, "paused", changed=changed)

    @desk.api_act("/hooks/<hook>/resume")
    def resume_hook_json(hook: str) -> flask.Response:
        readings.row(hook)
        changed = steering.resume_hook(hook, who=me().name, patience_s=5.0)
        return done_json("hook", hook, "resumed", changed=changed)


def address_of(means: Means, hook: str) -> str:
    """Give the address that a sender is told: as senders call us, else as the page was called."""
    return f"{means.settings.public_url or flask.request.host_url.rstrip('/')}/hooks/{hook}"


def question(row: Row, *, fault: str = "") -> str:
    """Ask whether a hook is to be paused, and why."""
    effects = (
        _("Its events are accepted, verified and kept as ever: the sender notices nothing."),
        _("Nothing that it brings is sent to the CRM, from the next PUT on; PUTs in flight finish."),
        _("Resumed, its events go on with the times that they had: nothing is lost, and nothing newer is overwritten."),
    )
    return flask.render_template(
        "pause.html",
        title=_("Pause hook %(hook)s", hook=row.name),
        effects=effects,
        pause=row.pause if row.pause and not row.pause.resuming else None,
        fault=fault,
        act=flask.url_for("ops.pause_hook", hook=row.name),
        resume=flask.url_for("ops.resume_hook", hook=row.name),
        back_href=flask.url_for("ops.hook", hook=row.name),
    )


def going_on(count: int) -> str:
    return ngettext("Resumed: %(num)s event goes on.", "Resumed: %(num)s events go on.", count, num=number(count))


def hours_of(row: Row) -> str:
    """Say what a trend shows, for those who can't see it."""
    most = max(row.trend)
    return _(
        "Events by the hour in the last 24 hours: %(all)s, at the most %(most)s in an hour",
        all=number(row.of_24h),
        most=number(most),
    )
