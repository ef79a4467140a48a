"""Dropping events that nobody wants: the question, with how many there are, and the act, with its reason.

Whoever has a filter posts its words and the ``count`` that stood on the button, whoever has events their ids as ``id``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

import flask
from werkzeug.datastructures import MultiDict

from relay import inbox
from relay.accounts import Role
from relay.errors import CommandError
from relay.finding import Chosen, Filter, choose, described, words_of
from relay.finding.choosing import MOST
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import rows_of
from relay.ops.filtering import asked
from relay.ops.means import Means
from relay.ops.readable import number
from relay.ops.who import me
from relay.ops.words import _, ngettext
from relay.replay import Drops, drop
from relay.store import Store

DROPPABLE = ("dead", "parked")
#: Rows that the question shows, and faults that are told.
MOST_SHOWN = 10


def add(desk: Desk, means: Means) -> None:
    """Put the question and the act into the desk."""
    store = means.store

    @desk.page("/events/drop", role=Role.OPERATOR)
    def drop_what() -> Answer:
        return question(store, meant_by(store, flask.request.args))

    @desk.act("/events/drop")
    def drop_events() -> Answer:
        """Drop events, not more than whoever asks has seen."""
        form = flask.request.form
        meant, why = meant_by(store, form), form.get("why", "").strip()
        if not why:
            return question(store, meant, fault=_("Say why they are dropped.") if "why" in form else "")
        if meant.seen is not None and len(meant.chosen.ids) > meant.seen:
            words = _("There are more of them now than when you were asked: look again.")
            return question(store, meant, fault=words, why=why, status=409)
        words = described(meant.wanted) if meant.wanted else ""
        if meant.chosen.ids:
            tell(drop(store, meant.chosen.ids, who=me().name, why=why, filter=words))
        return flask.redirect(back_to(meant.wanted), 303)

    @desk.api_act("/events/drop")
    def drop_json() -> flask.Response:
        """Take ``{"ids": [...], "why": "..."}``; events that can't be dropped are named with the reason."""
        ids, why = read_json(flask.request.get_json(force=True, silent=True))
        done = drop(store, ids, who=me().name, why=why)
        return json_answer({"dropped": done.dropped, "not_dropped": done.not_dropped, "failed": dict(done.failed)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What somebody wants to drop."""

    chosen: Chosen
    #: None where they were chosen one by one.
    wanted: Filter | None = None
    #: How many there were on the button; None where it did not say.
    seen: int | None = None


def meant_by(store: Store, said: MultiDict[str, str]) -> Meant:
    """Read ids, or a filter and the count. Raises CommandError."""
    ids = tuple(dict.fromkeys(said.getlist("id")))
    if ids:
        return Meant(chosen=Chosen(ids=ids))
    what = asked(said, now_ms=store.events.now_ms(), state="dead")
    if what.fault:
        raise CommandError(what.fault)
    if what.wanted.state not in DROPPABLE:
        raise CommandError("only dead and parked events can be dropped: choose one of these states")
    count = said.get("count", "")
    seen = int(count) if count.isdecimal() and len(count) < 10 else None
    return Meant(chosen=choose(store, what.wanted), wanted=what.wanted, seen=seen)


def read_json(told: object) -> tuple[list[str], str]:
    """Give the ids, each once, and the reason. Raises CommandError."""
    ids, why = (told.get("ids"), told.get("why")) if isinstance(told, dict) else (None, None)
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids) or len(ids) > MOST:
        raise CommandError(f"ids: must be a list of at most {MOST} ids of events")
    if not isinstance(why, str) or not why.strip():
        raise CommandError("why: say why they are dropped")
    return list(dict.fromkeys(ids)), why.strip()


def question(store: Store, meant: Meant, *, fault: str = "", why: str = "", status: int = 0) -> Answer:
    """Ask whether these are to be dropped, and why."""
    shown = flask.render_template(
        "drop.html",
        chosen=meant.chosen,
        rows=rows_of(store, store.events.events(meant.chosen.ids[:MOST_SHOWN])),
        words=words_of(meant.wanted) if meant.wanted else {},
        row=inbox.about(store, meant.wanted) if meant.wanted else None,
        links=links,
        list_href=back_to(meant.wanted),
        fault=fault,
        why=why,
    )
    return shown, status or (400 if fault else 200)


def back_to(wanted: Filter | None) -> str:
    """Give the address of the list to go back to."""
    words = words_of(replace(wanted, limit=0)) if wanted else {"state": "dead"}
    return f"{flask.url_for('ops.events')}?{urlencode(words)}"


def tell(done: Drops) -> None:
    """Say what was dropped, and what was not."""
    said = ngettext("%(num)s event dropped.", "%(num)s events dropped.", done.dropped, num=number(done.dropped))
    flask.flash(said, "good" if done.dropped else "warn")
    for _id, words in done.failed[:MOST_SHOWN]:
        flask.flash(words, "warn")
    more = done.not_dropped - len(done.failed[:MOST_SHOWN])
    if more > 0:
        text = ngettext("%(num)s more was not dropped.", "%(num)s more were not dropped.", more, num=number(more))
        flask.flash(text, "warn")
