"""The forms of a hook: what each looks like, what it looked like before, and what rules read of it that is gone."""

from __future__ import annotations

import flask

from relay import forms
from relay.coverage import covered, covered_json
from relay.errors import CommandError
from relay.forms import Drifted, FormTold, find, form_json, history, mean, sentence_of
from relay.hooks import Hook
from relay.model import Json
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.means import Means
from relay.ops.readable import short
from relay.ops.sentences import say
from relay.ops.steered import asked_json, reason, reason_in, tell
from relay.ops.who import me
from relay.ops.words import _
from relay.replay import Mode
from relay.settings import DAY_MS
from relay.shapes import Meant

#: Days over which rules are told to have held, as the address may say.
USUAL_DAYS, MOST_DAYS = 7, 35


def add(desk: Desk, means: Means) -> None:
    """Put the page, what is said there of a change, and the twins in JSON into the desk."""
    store = means.store

    def known(hook: str) -> list[FormTold]:
        if hook not in means.hooks and hook not in store.door.known():
            flask.abort(404, _("There is no such hook, and there never was."))
        return forms.look(store, means.hooks, [hook])[hook]

    def found(hook: str, change: str) -> Drifted:
        known(hook)
        one = find(store, means.hooks, change, hook=hook)
        if one is None:
            words = _("There is no such change of a form now: the form has the name again, or the rule was changed.")
            flask.abort(404, words)
        return one

    def said_now(why: str) -> Meant:
        return Meant(me().name, store.events.now_ms(), why)

    @desk.page("/hooks/<hook>/forms")
    def hook_forms(hook: str) -> str:
        return flask.render_template(
            "hook_forms.html",
            hook=hook,
            told=known(hook),
            history=history,
            sentence=sentence,
            kinds=forms.KINDS,
            replay_of=replay_of,
            links=links,
            loaded=hook in means.hooks,
        )

    @desk.act("/hooks/<hook>/forms/<change>/meant")
    def form_meant(hook: str, change: str) -> Answer:
        changed = mean(store, found(hook, change), said_now(reason()))
        tell(_("It counts as meant: it raises no alarm any more."), changed=changed)
        return flask.redirect(flask.url_for("ops.hook_forms", hook=hook), 303)

    @desk.api("/hooks/<hook>/forms")
    def hook_forms_json(hook: str) -> flask.Response:
        return json_answer({"forms": [form_json(one) for one in known(hook)]})

    @desk.api_act("/hooks/<hook>/forms/<change>/meant")
    def form_meant_json(hook: str, change: str) -> flask.Response:
        one = found(hook, change)
        changed = mean(store, one, said_now(reason_in(asked_json(), needed=False)))
        return json_answer({"hook": hook, "change": one.id, "changed": changed})

    @desk.api("/hooks/<hook>/rules")
    def hook_rules_json(hook: str) -> flask.Response:
        known(hook)
        if hook not in means.hooks:
            raise CommandError(f"hook '{hook}' is not loaded: its rules are counted while it is")
        return json_answer(coverage_json(means, means.hooks[hook], days_asked()))


def days_asked() -> int:
    """Read over how many days is asked. Raises CommandError."""
    days = flask.request.args.get("days", str(USUAL_DAYS))
    if not days.isdecimal() or not 1 <= int(days) <= MOST_DAYS:
        raise CommandError(f"days: must be a whole number from 1 to {MOST_DAYS}, not {days!r}")
    return int(days)


def coverage_json(means: Means, hook: Hook, days: int) -> dict[str, Json]:
    one = covered(means.store, hook, since_ms=means.store.events.now_ms() - (days - 1) * DAY_MS)
    return covered_json(one)


def sentence(one: Drifted) -> str:
    """Say a change as the reader says times."""
    return say(sentence_of(one, file=one.file.rpartition("/")[2], at=short(one.drift.since_ms)))


def replay_of(one: Drifted) -> str:
    """Lead to a replay of the events since, by the rules of now."""
    return links.replay(one.wanted, state="any", how=Mode.REMAPPED.value)
