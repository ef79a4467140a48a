"""A new replay: what was chosen, how it is to be sent again, and then its plan, before anything is changed.

Whoever has a filter hands over its words, whoever has events their ids as ``id``. The ids are frozen with the plan.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import flask
from werkzeug.datastructures import MultiDict

from relay import inbox
from relay.accounts import Role
from relay.errors import CommandError
from relay.finding import Chosen, Filter, choose, count, described, read_filter, words_of
from relay.inbox import Row
from relay.lead_fields import FIELDS
from relay.model import Line as Sentence
from relay.model import State, StoredEvent
from relay.ops import links, rules_now
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import rows_of
from relay.ops.filtering import asked
from relay.ops.means import Means
from relay.ops.pages.event import best_of
from relay.ops.replay_edit import Line, faulty, form_of, read
from relay.ops.sentences import said
from relay.ops.who import me
from relay.ops.words import _
from relay.replay import Mode, Replay, draft, draft_edited, read_outline
from relay.replay.as_json import whole_json
from relay.store import Store
from relay.texts import N_

#: Events that one replay is made of; the same again for the next ones.
MOST = 20_000
#: Events of a selection that are shown.
SHOWN = 10
#: What is typed to have newer values overwritten.
CONFIRM = "overwrite"
#: Parts of the form that are none of a filter.
BESIDE = ("after", "csrf_token", "id", "how", "name", "force", "confirm", "next")
#: Parts of a filter, as the page names them.
PARTS = (
    *(N_("state"), N_("hook"), N_("sender"), N_("kind"), N_("group"), N_("rule"), N_("test")),
    *(N_("since"), N_("until"), N_("words"), N_("lead"), N_("limit")),
)
#: Why the rules of now are chosen before anybody chooses.
CHANGED = N_("The rules of %(hook)s have changed since these events were mapped, so this is chosen.")
THE_SAME = N_("As mapped they would fail the same way, so this is chosen.")
HOWS = {"mapped": Mode.AS_MAPPED, **{mode.value: mode for mode in Mode}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What somebody wants to replay: events by their ids, or all that a filter finds."""

    ids: tuple[str, ...] = ()
    wanted: Filter | None = None
    #: The group of failures that the filter names, where it is known.
    row: Row | None = None
    fault: str = ""

    @property
    def words(self) -> str:
        """What chose them, in words; '' where they were named."""
        return described(self.wanted) if self.wanted else ""

    @property
    def title(self) -> str:
        """What names the replay where nobody does; '' where its filter or its events do."""
        return inbox.title(said(self.row.line)) if self.row else ""

    def chosen(self, store: Store) -> Chosen:
        return choose(store, self.wanted, most=MOST) if self.wanted else Chosen(ids=self.ids)


def add(desk: Desk, means: Means) -> None:
    """Put the form, the plan, and their twin in JSON, into the desk."""
    store = means.store

    @desk.page("/replays/new", role=Role.OPERATOR)
    def new_replay() -> Answer:
        meant, how = _meant(store, flask.request.args), HOWS.get(flask.request.args.get("how", ""))
        if how is Mode.EDITED:
            event = _one(store, meant)
            return _edit_page(event, form_of(event), name=f"{event.hook} {event.id[:8]}")
        return _page(means, meant, how=how, fault=meant.fault, status=400 if meant.fault else 200)

    @desk.act("/replays/new")
    def new_replay_of() -> Answer:
        """Ask about events that were selected in a list."""
        form = flask.request.form
        return _page(means, _meant(store, form), how=HOWS.get(form.get("how", "")))

    @desk.act("/replays")
    def make_replay() -> Answer:
        form = flask.request.form
        meant, how, force = _meant(store, form), HOWS.get(form.get("how", ""), Mode.AS_MAPPED), bool(form.get("force"))
        fault = meant.fault
        if force and form.get("confirm", "").strip().lower() != CONFIRM:
            fault = _("To overwrite newer values, type %(word)s.", word=CONFIRM)
        if not fault:
            try:
                return _to(_drafted(means, meant, how, force=force, name=form.get("name", "")))
            except CommandError as error:
                fault = str(error)
        return _page(means, meant, how=how, fault=fault, force=force, name=form.get("name", ""), status=400)

    @desk.act("/replays/edit")
    def edit_replay() -> Answer:
        form = flask.request.form
        event = _one(store, _meant(store, form))
        told, wanted = read(event, form)
        fault = ""
        if not faulty(told):
            try:
                return _to(draft_edited(store, event.id, wanted, who=me().name, name=form.get("name", "")))
            except CommandError as error:
                fault = str(error)
        return _edit_page(event, told, fault=fault, name=form.get("name", "")), 400

    @desk.api_act("/replays")
    def make_replay_json() -> flask.Response:
        one = _drafted_by_json(means, flask.request.get_json(force=True, silent=True))
        return json_answer(whole_json(one, read_outline(one), ()), 201)


def _to(one: Replay) -> Answer:
    return flask.redirect(flask.url_for("ops.replay", id=one.id), 303)


def _advised(means: Means, meant: Meant) -> Sentence | None:
    """Say why the rules of now are the better way; None where they are not."""
    events = _newest(means.store, meant)
    if events and all(best_of(event) is Mode.REMAPPED or event.faults for event in events):
        hook = rules_now.changed(means, events)
        if hook:
            return Sentence(CHANGED, {"hook": hook})
    return Sentence(THE_SAME) if meant.row and meant.row.remap else None


def _newest(store: Store, meant: Meant) -> list[StoredEvent]:
    """Give the newest events that are meant, where that is known without a search."""
    ids = meant.ids[:SHOWN] or (store.groups.newest(meant.row.group.id, SHOWN) if meant.row else ())
    return list(store.events.events(ids))


def _meant(store: Store, form: MultiDict[str, str]) -> Meant:
    ids = tuple(dict.fromkeys(id.strip().lower() for id in form.getlist("id") if id.strip()))
    if ids:
        return Meant(ids=ids[:MOST])
    found = asked(form, now_ms=store.events.now_ms(), state="dead", beside=BESIDE)
    return Meant(wanted=found.wanted, row=inbox.about(store, found.wanted), fault=found.fault)


def _one(store: Store, meant: Meant) -> StoredEvent:
    """Give the one event that is to be edited."""
    event = store.events.event(meant.ids[0]) if len(meant.ids) == 1 else None
    if event is None:
        flask.abort(404, _("There is no such event, or it is kept no longer. One event can be edited at a time."))
    if not event.lead:
        flask.abort(
            404,
            _("Its lead is not known, so there is nothing to edit: link it first, or replay it by the rules of now."),
        )
    return event


def _drafted(means: Means, meant: Meant, how: Mode, *, force: bool, name: str) -> Replay:
    ids = meant.chosen(means.store).ids[::-1]
    name = name.strip() or meant.title
    with rules_now.remap(means) if how is Mode.REMAPPED else nullcontext() as remap:
        return draft(means.store, ids, who=me().name, remap=remap, force=force, name=name, filter=meant.words)


def _page(  # noqa: PLR0913 -- what a form is shown with
    means: Means,
    meant: Meant,
    *,
    how: Mode | None,
    fault: str = "",
    force: bool = False,
    name: str = "",
    status: int = 200,
) -> Answer:
    """Show the form. Where nobody has chosen how they are sent, ``how`` is None, and what is advised is chosen."""
    store, advised = means.store, _advised(means, meant)
    events = list(store.events.events(meant.ids[:SHOWN]))
    return flask.render_template(
        "new_replay.html",
        meant=meant,
        words=words_of(meant.wanted) if meant.wanted else {},
        number=_number(store, meant),
        rows=rows_of(store, events),
        editable=len(meant.ids) == 1
        and bool(events)
        and bool(events[0].lead)
        and events[0].state is not State.IN_FLIGHT,
        how=(how or (Mode.REMAPPED if advised else Mode.AS_MAPPED)).value,
        advised=advised,
        links=links,
        fault=fault,
        rule_faults=rules_now.faults(means, {event.hook for event in events}),
        force=force,
        name=name,
        confirm=CONFIRM,
        most=MOST,
    ), status


def _number(store: Store, meant: Meant) -> int | None:
    """Say how many are meant where that is known without a search."""
    if meant.wanted is None:
        return len(meant.ids)
    cheap = meant.wanted == Filter(state=meant.wanted.state, group=meant.wanted.group)
    listed = meant.wanted.group or meant.wanted.state in ("dead", "parked", "faulty")
    return count(store, meant.wanted) if cheap and listed else None


def _edit_page(event: StoredEvent, told: list[list[Line]], *, fault: str = "", name: str = "") -> str:
    return flask.render_template("edit_replay.html", event=event, updates=told, fields=FIELDS, fault=fault, name=name)


def _drafted_by_json(means: Means, body: Any) -> Replay:
    """Make the replay that a script asks for. Raises CommandError."""
    if not isinstance(body, dict):
        raise CommandError("the body must be a JSON object with ids or a filter, and a mode")
    mode = HOWS.get(str(body.get("mode", Mode.AS_MAPPED.value)))
    if mode is None:
        raise CommandError(f"mode: must be one of {', '.join(one.value for one in Mode)}")
    force, name = body.get("force", False), body.get("name", "")
    if not isinstance(force, bool) or not isinstance(name, str):
        raise CommandError("force must be true or false, and name a text")
    if "updates" in body and mode is not Mode.EDITED:
        raise CommandError(f"updates: say mode {Mode.EDITED.value!r} with them")
    meant = _meant_by_json(means.store, body)
    if mode is Mode.EDITED:
        return _edited_by_json(means.store, meant, body.get("updates"), force=force, name=name)
    return _drafted(means, meant, mode, force=force, name=name)


def _meant_by_json(store: Store, body: dict[str, Any]) -> Meant:
    ids, words = body.get("ids"), body.get("filter")
    if ("ids" in body) == ("filter" in body):
        raise CommandError("give either ids or a filter")
    if "ids" in body:
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            raise CommandError("ids must be a list of texts")
        if len(ids) > MOST:
            raise CommandError(f"ids: no more than {MOST} at once")
        return Meant(ids=tuple(dict.fromkeys(ids)))
    if not isinstance(words, dict) or not all(isinstance(text, str) for text in words.values()):
        raise CommandError('filter must be an object of texts, as in {"state": "dead", "hook": "cotiza"}')
    wanted = read_filter(words, now_ms=store.events.now_ms(), state="dead")
    return Meant(wanted=wanted, row=inbox.about(store, wanted))


def _edited_by_json(store: Store, meant: Meant, updates: Any, *, force: bool, name: str) -> Replay:
    if len(meant.ids) != 1:
        raise CommandError("edited: give the id of one event")
    if not isinstance(updates, list) or not all(isinstance(one, dict) for one in updates):
        raise CommandError("updates must be a list of objects: for each update all fields that it is to set")
    return draft_edited(store, meant.ids[0], updates, who=me().name, force=force, name=name)
