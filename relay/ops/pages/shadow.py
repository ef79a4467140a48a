"""The shadow of a hook: how many events it would map otherwise, in which fields, and which ones."""

from __future__ import annotations

import flask

from relay.backtest import Kind
from relay.backtest.words import BAD, WORDS
from relay.hooks import Hook
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Desk
from relay.ops.event_rows import plain
from relay.ops.hook_rows import without_folder
from relay.ops.means import Means
from relay.ops.words import _, words
from relay.shadow import Told, told_json, told_of

RENEWED_S = 15
#: The better, where it is not 'bad'.
GOOD = ("newly_mapped", "fault_gone")


def add(desk: Desk, means: Means) -> None:
    """Put the page and its twin into the desk."""

    def shadowed(name: str) -> Hook:
        hook = means.hooks.get(name)
        if hook is None:
            flask.abort(404, _("There is no such hook, or it is not served now."))
        if not hook.shadow:
            flask.abort(404, _("This hook has no shadow: its file names none."))
        return hook

    @desk.page("/hooks/<hook>/shadow")
    def hook_shadow(hook: str) -> str:
        told = told_of(means.store, shadowed(hook))
        return flask.render_template(
            "shadow.html",
            told=told,
            state=state_of(told),
            faults=[without_folder(line) for line in told.followed.faults] if told.followed else [],
            whole=[(words(WORDS[name]), kind_of(name), number) for name, number in told.whole.items()],
            kinds=tuple(Kind),
            plain=plain,
            links=links,
            renewed_s=RENEWED_S,
        )

    @desk.api("/hooks/<hook>/shadow")
    def hook_shadow_json(hook: str) -> flask.Response:
        return json_answer(told_json(told_of(means.store, shadowed(hook))))


def kind_of(metric: str) -> str:
    return "bad" if metric in BAD else "good" if metric in GOOD else "warn"


def state_of(told: Told) -> tuple[str, str]:
    """Say whether it is followed, and whether that is 'good', 'warn' or 'bad'."""
    if told.followed is not None and told.followed.faults:
        return _("its file has faults"), "bad"
    if told.followed is None:
        return _("not followed yet"), "warn"
    return (_("followed"), "good") if told.watched else (_("not followed now"), "bad")
