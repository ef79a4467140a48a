"""Events by a filter, newest first, page by page, with a tail that follows them as they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import flask

from relay import inbox
from relay.errors import CommandError
from relay.finding import Filter, Page, count, page
from relay.hooks import Hook
from relay.model import Death
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import rows_of
from relay.ops.filtering import SINCE, Asked, asked
from relay.ops.means import Means
from relay.ops.pages.drop import DROPPABLE
from relay.store import Store
from relay.telling import page_json
from relay.texts import N_

#: What the tail looks at each time, and whose state it looks up beside.
TAIL, MOST_BESIDE = 100, 100
MOST_JSON = 500
#: States in the order of what is asked for, and which of them name how many there are.
TABS = ("", "dead", "parked", "faulty", "in flight", "delivered", "superseded", "ignored", "discarded")
COUNTED = ("dead", "parked", "faulty")
#: Why an event is parked, beside the kinds of a death.
PARKED_FOR = (N_("unknown lead"), N_("ambiguous"), N_("no id"), N_("no identity"), N_("lead gone"))
NAMES_OF_STATES = {"": N_("any state"), "faulty": N_("value held back")}


def add(desk: Desk, means: Means) -> None:
    """Put the list and its tail into the desk."""
    store = means.store

    def read() -> Asked:
        return asked(flask.request.args, now_ms=store.events.now_ms())

    @desk.page("/events")
    def events() -> Answer:
        what, after = read(), flask.request.args.get("after", "")
        try:
            found = Page(events=(), next="") if what.fault else page(store, what.wanted, after=after)
        except CommandError as error:
            what, found = replace(what, fault=str(error)), Page(events=(), next="")
        shown = flask.render_template(
            "events.html",
            asked=what,
            rows=rows_of(store, found.events),
            group=inbox.about(store, what.wanted),
            links=links,
            found=found,
            after=after,
            tabs=tabs_of(store, what),
            choices=choices_of(means.hooks),
            since=SINCE,
            more_set=more_set(what),
            droppable=what.wanted.state in DROPPABLE,
            number_found=number_found(store, what),
            day=store.retention_ms // 86_400_000,
        )
        return shown, 400 if what.fault else 200

    @desk.page("/events/tail")
    def events_tail() -> Answer:
        """Give the newest rows, and those of ``also``, ids with commas between, as they are now."""
        what = read()
        if what.fault:
            raise CommandError(what.fault)
        found = page(store, what.wanted, size=TAIL).events
        ids = flask.request.args.get("also", "").split(",")[:MOST_BESIDE]
        also = store.events.events([one for one in ids if one.isalnum()])
        return flask.render_template("events_tail.html", rows=rows_of(store, found), also=rows_of(store, also))

    @desk.api("/events")
    def events_json() -> flask.Response:
        what = read()
        if what.fault:
            raise CommandError(what.fault)
        args = flask.request.args
        found = page(store, what.wanted, after=args.get("after", ""), size=size_of(args.get("size", "50")))
        return json_answer(page_json(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One state to choose, with how many events are in it where that is known."""

    name: str
    query: str
    chosen: bool
    count: int | None = None


def tabs_of(store: Store, what: Asked) -> list[Tab]:
    """Give the states; how many events they have is told where nothing else narrows them."""
    bare = not set(what.said) - {"state"}
    return [
        Tab(
            name=NAMES_OF_STATES.get(state, state),
            query=what.query("state", state=state),
            chosen=what.wanted.state == state and not what.fault,
            count=store.events.size(state) if bare and state in COUNTED else None,
        )
        for state in TABS
    ]


def number_found(store: Store, what: Asked) -> int | None:
    """Count what is found where that costs nothing."""
    wanted = what.wanted
    cheap = wanted == Filter(state=wanted.state, group=wanted.group)
    return count(store, wanted) if cheap and (wanted.group or wanted.state in COUNTED) else None


def more_set(what: Asked) -> int:
    """Count the parts of a filter that stand in the part of the form that is folded away."""
    moves = {text for text, _name in SINCE}
    folded = [name for name in ("sender", "rule", "test", "lead", "until", "group") if what.said.get(name)]
    return len(folded) + (what.said.get("since", "") not in moves)


def choices_of(hooks: Mapping[str, Hook]) -> dict[str, list[str]]:
    """Give what can be chosen in the form."""
    return {
        "hook": sorted(hooks),
        "sender": sorted({hook.sender for hook in hooks.values()}),
        "kind": [*(death.value for death in Death), *PARKED_FOR],
        "rule": sorted({rule.name for hook in hooks.values() for rule in hook.rules}),
    }


def size_of(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_JSON:
        raise CommandError(f"size: must be a whole number from 1 to {MOST_JSON}, not {text!r}")
    return int(text)
