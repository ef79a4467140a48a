"""Replays: the list of them, and one of them with its plan, how far it has come, and the acts on it."""

from __future__ import annotations

from contextlib import nullcontext

import flask

from relay.errors import CommandError
from relay.nudge import BACKGROUND, workers_seen
from relay.ops import rules_now
from relay.ops.answers import as_it_stands, json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.means import Means
from relay.ops.replay_told import CHANGES, KINDS, MODES, STAGES, STALE_MS, edits_of, lines, some
from relay.ops.who import me
from relay.ops.words import _
from relay.replay import Fate, Mode, Replay, Stage, cancel, draft, read_outline, start
from relay.replay.as_json import replay_json, whole_json
from relay.store import Store

#: Replays on one page of the list.
LISTED = 50
#: How often a page looks again while something goes on.
RENEWED_S = 2
GOING = (Stage.RUNNING, Stage.PLANNING)


def add(desk: Desk, means: Means) -> None:
    """Put the list, the page of one, and their twins in JSON, into the desk."""
    store = means.store
    _add_acts(desk, means)

    @desk.page("/replays")
    def replays() -> str:
        found, after, more = _listed(store)
        return flask.render_template(
            "replays.html",
            replays=found,
            going=any(one.stage in GOING for one in found),
            modes=MODES,
            stages=STAGES,
            kinds=KINDS,
            renewed_s=RENEWED_S,
            next=flask.url_for("ops.replays", after=after + LISTED) if more else "",
            first=flask.url_for("ops.replays") if after else "",
        )

    @desk.page("/replays/<id>")
    def replay(id: str) -> str:
        return page_of(store, _found(store, id))

    @desk.api("/replays")
    def replays_json() -> flask.Response:
        found, after, more = _listed(store)
        return json_answer(
            {"replays": [replay_json(one) for one in found], "next": str(after + LISTED) if more else ""}
        )

    @desk.api("/replays/<id>")
    def replay_json_of(id: str) -> flask.Response:
        one = _found(store, id)
        return json_answer(whole_json(one, read_outline(one), store.replays.failures(one.id)))


def _add_acts(desk: Desk, means: Means) -> None:
    store = means.store

    @desk.act("/replays/<id>/start")
    def start_replay(id: str) -> Answer:
        one = _found(store, id)
        try:
            start(store, one.id, who=me().name)
        except CommandError as error:
            flask.flash(str(error), "bad")
        return _to(one)

    @desk.act("/replays/<id>/cancel")
    def cancel_replay(id: str) -> Answer:
        one = _found(store, id)
        try:
            cancel(store, one.id, who=me().name)
        except CommandError as error:
            flask.flash(str(error), "bad")
            return _to(one)
        put_away = one.stage in (Stage.PLANNED, Stage.PLANNING)
        words = _("Put away; nothing was changed.") if put_away else _("Cancelled; what was replayed stays so.")
        flask.flash(words, "good")
        return _to(one)

    @desk.act("/replays/<id>/again")
    def plan_again(id: str) -> Answer:
        """Plan anew what is left of it."""
        one = _found(store, id)
        try:
            return _to(_again(means, one, who=me().name))
        except CommandError as error:
            flask.flash(str(error), "bad")
        return _to(one)

    @desk.api_act("/replays/<id>/start")
    def start_replay_json(id: str) -> flask.Response:
        one = _found(store, id)
        with as_it_stands():
            return json_answer(replay_json(start(store, one.id, who=me().name)))

    @desk.api_act("/replays/<id>/cancel")
    def cancel_replay_json(id: str) -> flask.Response:
        one = _found(store, id)
        with as_it_stands():
            return json_answer(replay_json(cancel(store, one.id, who=me().name)))


def _again(means: Means, one: Replay, *, who: str) -> Replay:
    """Plan what is left of a replay. Raises CommandError."""
    if one.mode is Mode.EDITED:
        raise CommandError("an edited event is planned anew by editing it again")
    ids = means.store.replays.ids(one.id, one.done)
    with rules_now.remap(means) if one.mode is Mode.REMAPPED else nullcontext() as remap:
        return draft(means.store, ids, who=who, remap=remap, force=one.force, name=one.name, filter=one.filter)


def _to(one: Replay) -> Answer:
    return flask.redirect(flask.url_for("ops.replay", id=one.id), 303)


def _found(store: Store, id: str) -> Replay:
    one = store.replays.get(id)
    if one is None:
        flask.abort(404, _("There is no such replay, or it is kept no longer."))
    return one


def _listed(store: Store) -> tuple[list[Replay], int, bool]:
    """Give a page of replays, how many are newer, and whether there are older ones."""
    asked = flask.request.args.get("after", "")
    after = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    found = store.replays.last(LISTED + 1, start=after)
    return found[:LISTED], after, len(found) > LISTED


def page_of(store: Store, one: Replay) -> str:
    outline = read_outline(one)
    asked = flask.request.args.get("from", "")
    first = int(asked) if asked.isdecimal() and len(asked) < 6 else 0
    changes = outline.changes if outline else ()
    now_ms, going = store.events.now_ms(), one.stage in GOING
    return flask.render_template(
        "replay.html",
        replay=one,
        outline=outline,
        applies=outline.fates[Fate.APPLIES] if outline else 0,
        stale=outline.fates[Fate.STALE] if outline else 0,
        lines=lines(outline, force=one.force) if outline else [],
        edits=edits_of(store, one, outline) if outline and one.mode is Mode.EDITED else [],
        changes=some(changes, first),
        first=first,
        number=len(changes) + outline.more_changes if outline else 0,
        told=len(changes),
        step=CHANGES,
        failures=store.replays.failures(one.id) if one.failed else [],
        aged=one.stage is Stage.PLANNED and now_ms - one.at_ms > STALE_MS,
        going=going,
        idle=going and not workers_seen(store.client, BACKGROUND),
        modes=MODES,
        stages=STAGES,
        kinds=KINDS,
        renewed_s=RENEWED_S,
    )
