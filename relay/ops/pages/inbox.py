"""The inbox: failures that look alike as one sentence each, what is wrong with them, and what can be done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import flask

from relay.errors import CommandError
from relay.explain import Explainer
from relay.finding import Page, page
from relay.inbox import Row, fitting, row_json, rows
from relay.model import Json
from relay.ops import links
from relay.ops.answers import as_it_stands, json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import plain, rows_of
from relay.ops.filtering import BESIDE, Asked, asked
from relay.ops.guard import safe_next
from relay.ops.lately import Lately
from relay.ops.means import Means
from relay.ops.who import me
from relay.ops.words import _
from relay.store import Store
from relay.store.groups import Group
from relay.suspects import suspects, suspects_json
from relay.telling import page_json
from relay.texts import N_

#: Groups, and events of one, on a page.
SIZE, EVENTS = 50, 25
#: What the tabs show, by the words of ``show``.
TABS = {"open": N_("Open"), "acknowledged": N_("Seen"), "closed": N_("Closed")}
WHATS = ("dead", "parked", "faulty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Some of the groups that are asked for."""

    asked: Asked
    show: str
    #: How many groups fit, by tab.
    counts: Counter[str]
    rows: tuple[Row, ...]
    #: Where the next page begins; '' where there is none.
    next: str
    #: Hooks and kinds to choose from.
    hooks: tuple[str, ...]
    kinds: tuple[str, ...]

    def query(self, **more: str) -> str:
        """Write what is asked for as an address has it."""
        said = {**self.asked.said, "show": self.show} | more
        return urlencode({name: text for name, text in said.items() if text and (name, text) != ("show", "open")})


def add(desk: Desk, means: Means) -> None:
    """Put the inbox, and what can be done there, into the desk."""
    store = means.store
    explainer = Explainer(store, means.hooks)
    waiting = Lately(store.groups.unseen)
    desk.badges[f"{desk.name}.inbox"] = waiting.seen

    @desk.page("/inbox")
    def inbox() -> Answer:
        found = listing(store)
        page_of_it = flask.render_template("inbox.html", found=found, tabs=TABS, whats=WHATS, links=links)
        return page_of_it, 400 if found.asked.fault else 200

    @desk.page("/inbox/<group>")
    def inbox_group(group: str) -> str:
        row, found = row_of(store, group), events_of(store, group)
        return flask.render_template(
            "inbox_group.html",
            row=row,
            suspects=suspects(store, row.group, explainer.explain),
            events=rows_of(store, found.events),
            outgoing=rows_of(store, list(store.events.events(store.groups.on_their_way(group, EVENTS)))),
            found=found,
            plain=plain,
            links=links,
        )

    @desk.act("/inbox/<group>/acknowledge")
    def acknowledge(group: str) -> Answer:
        store.groups.acknowledge(group, who=me().name)
        flask.flash(_("Noted that you have seen it."), "good")
        return flask.redirect(safe_next(flask.request.form.get("next", "")), 303)

    @desk.act("/inbox/<group>/reopen")
    def reopen(group: str) -> Answer:
        store.groups.reopen(group, who=me().name)
        flask.flash(_("It stands as new again."), "good")
        return flask.redirect(safe_next(flask.request.form.get("next", "")), 303)

    @desk.api("/inbox")
    def inbox_json() -> flask.Response:
        found = listing(store)
        if found.asked.fault:
            raise CommandError(found.asked.fault)
        return json_answer(listing_json(found))

    @desk.api("/inbox/<group>")
    def inbox_group_json(group: str) -> flask.Response:
        row = row_of(store, group)
        seen = suspects(store, row.group, explainer.explain)
        told = {"advice": row.advice, "suspects": suspects_json(seen), **page_json(events_of(store, group))}
        return json_answer(row_json(row) | told)

    @desk.api_act("/inbox/<group>/acknowledge")
    def acknowledge_json(group: str) -> flask.Response:
        row_of(store, group)
        with as_it_stands():
            store.groups.acknowledge(group, who=me().name)
        return json_answer(row_json(row_of(store, group)))

    @desk.api_act("/inbox/<group>/reopen")
    def reopen_json(group: str) -> flask.Response:
        row_of(store, group)
        with as_it_stands():
            store.groups.reopen(group, who=me().name)
        return json_answer(row_json(row_of(store, group)))


def listing(store: Store) -> Listing:
    """Give the groups that the address asks for; where it can't be read, none, and ``asked.fault`` says why."""
    args = flask.request.args
    what = asked(args, now_ms=store.events.now_ms(), beside=(*BESIDE, "show"))
    show = args.get("show") or "open"
    if show not in TABS:
        what = replace(what, fault=f"show: must be one of {', '.join(TABS)}, not {show!r}")
    elif what.wanted.state not in ("", *WHATS):
        what = replace(what, fault=f"state: must be one of {', '.join(WHATS)}, not {what.wanted.state!r}")
    failing, over = store.groups.open(trends=False), store.groups.closed(trends=False)
    all_of_them = [] if what.fault else [*failing, *over]
    fits = fitting(all_of_them, what.wanted)
    shown = [group for group in fits if group.state == show]
    some, then = _page(shown, args.get("after", ""))
    return Listing(
        asked=what,
        show=show,
        counts=Counter(group.state for group in fits),
        rows=tuple(rows(store, store.groups.with_trends(some) if show != "closed" else some)),
        next=then,
        hooks=tuple(sorted({group.hook for group in (*failing, *over)})),
        kinds=tuple(sorted({group.kind for group in (*failing, *over)})),
    )


def _page(groups: Sequence[Group], after: str) -> tuple[list[Group], str]:
    """Give some groups, behind the last of the page before, and the last of these where more follow."""
    ids = [group.id for group in groups]
    start = ids.index(after) + 1 if after in ids else 0
    some = list(groups[start : start + SIZE])
    return some, some[-1].id if some and start + SIZE < len(groups) else ""


def row_of(store: Store, id: str) -> Row:
    """Give one group, in words. Aborts where there is none."""
    group = store.groups.group(id)
    if group is None:
        flask.abort(404, _("There is no such kind of failure, or it has been gone for more than 30 days."))
    return rows(store, [group])[0]


def events_of(store: Store, id: str) -> Page:
    """Give some events of a group, the one that failed last first. Raises CommandError."""
    group = row_of(store, id)
    return page(store, group.filter, after=flask.request.args.get("after", ""), size=EVENTS)


def listing_json(found: Listing) -> dict[str, Json]:
    return {
        "show": found.show,
        **{name: found.counts[name] for name in TABS},
        "groups": [row_json(one) for one in found.rows],
        "next": found.next,
    }
