"""Parked events by what their lead is looked for: which leads that may be, a person's word on it, and dropping.

The names themselves stand on the page only: forms say which is meant by an event that has it.
"""

from __future__ import annotations

import flask
from werkzeug.datastructures import MultiDict

from relay import parked as parking
from relay.errors import CommandError
from relay.finding import Filter, read_filter, words_of
from relay.model import Json, Name
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.guard import safe_next
from relay.ops.means import Means
from relay.ops.who import me
from relay.ops.words import _, ngettext
from relay.parked import Group, Groups, groups
from relay.replay import drop
from relay.store import Store
from relay.telling import event_json, times
from relay.texts import N_

#: Why an event may be parked, for the list to choose from.
KINDS = (N_("unknown lead"), N_("ambiguous"), N_("lead gone"), N_("no id"), N_("no identity"))
#: What a lead is known by, as the page says it.
NAMES = (N_("phone"), N_("email"), N_("external_id"))
#: Events that were not dropped, of which is told why.
MOST_TOLD = 3


def add(desk: Desk, means: Means) -> None:
    """Put the page, its acts, and their twins in JSON, into the desk."""
    store = means.store

    @desk.page("/parked")
    def parked() -> Answer:
        words, after = _asked(flask.request.args)
        wanted, wrong = _filter(store, words)
        found = groups(store, wanted, after=after)
        return flask.render_template(
            "parked.html",
            found=found,
            wanted=wanted,
            query=words_of(wanted),
            wrong=wrong,
            number=store.events.size("parked"),
            hooks=sorted(means.hooks),
            kinds=KINDS,
            meant=[group for group in found.groups if group.candidates],
            unknown=[group for group in found.groups if group.name and not group.candidates],
            mute=[group for group in found.groups if not group.name],
            next=_address(wanted, found.next) if found.next else "",
            first=_address(wanted) if after else "",
        ), 400 if wrong else 200

    @desk.act("/parked/link")
    def link_parked() -> Answer:
        form = flask.request.form
        try:
            name, destination = _meant(store, form)
            gone_on = parking.link(store, destination, name, form.get("lead", ""), who=me().name)
        except CommandError as error:
            return _back(str(error), "bad")
        words = ngettext("Linked: %(num)s parked event goes on.", "Linked: %(num)s parked events go on.", gone_on)
        return _back(words if gone_on else _("Linked: events that look for it from now on find this lead."), "good")

    @desk.act("/parked/drop")
    def drop_parked() -> Answer:
        why = flask.request.form.get("why", "").strip()
        if not why:
            return _back(_("Say why: the reason is kept with the event and in the list of acts."), "bad")
        done = drop(store, flask.request.form.getlist("event"), who=me().name, why=why)
        for _id, words in done.failed[:MOST_TOLD]:
            flask.flash(words, "bad")
        return _back(ngettext("%(num)s event was dropped.", "%(num)s events were dropped.", done.dropped), "good")

    @desk.api("/parked")
    def parked_json() -> flask.Response:
        words, after = _asked(flask.request.args)
        wanted = read_filter(words, now_ms=store.events.now_ms(), state="parked")
        return json_answer(groups_json(groups(store, wanted, after=after)))

    @desk.api_act("/parked/link")
    def link_parked_json() -> flask.Response:
        asked = _json_asked()
        if "name" in asked:
            name, destination = parking.read_name(asked["name"]), asked.get("destination", "default")
        else:
            name, destination = _meant(store, asked)
        lead = asked.get("lead", "")
        gone_on = parking.link(store, destination, name, lead, who=me().name)
        return json_answer({"kind": name.kind, "destination": destination, "lead": lead, "gone_on": gone_on})


def _asked(args: MultiDict[str, str]) -> tuple[dict[str, str], str]:
    """Give the words of a filter, and where the page begins."""
    return {name: text for name, text in args.items() if name != "after"}, args.get("after", "")


def _filter(store: Store, words: dict[str, str]) -> tuple[Filter, str]:
    """Give the filter that is meant, and what is wrong with it; then all are shown."""
    try:
        wanted = read_filter(words, now_ms=store.events.now_ms(), state="parked")
    except CommandError as error:
        return Filter(state="parked"), str(error)
    if wanted.state != "parked":
        return Filter(state="parked"), _("this page shows parked events only")
    return wanted, ""


def _address(wanted: Filter, after: str = "") -> str:
    words = {name: text for name, text in words_of(wanted).items() if name != "state"}
    return flask.url_for("ops.parked", **words | ({"after": after} if after else {}))  # type: ignore[arg-type]


def _back(words: str, kind: str) -> Answer:
    """Lead back to the page that the form stood on, with these words."""
    flask.flash(words, kind)
    return flask.redirect(safe_next(flask.request.form.get("next") or flask.url_for("ops.parked")), 303)


def _json_asked() -> dict[str, str]:
    """Read a JSON object of texts. Raises CommandError."""
    asked = flask.request.get_json(force=True, silent=True)
    if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
        raise CommandError("the body must be a JSON object of texts: event and kind, or name, and lead")
    return asked


def _meant(store: Store, asked: MultiDict[str, str] | dict[str, str]) -> tuple[Name, str]:
    """Give the name that an event is looked for by, and at which destination. Raises CommandError."""
    event = store.events.event(asked.get("event", ""))
    if event is None:
        raise CommandError("the event is not kept any more: load the page again")
    kind = asked.get("kind") or (event.names[0].kind if event.names else "")
    name = next((one for one in event.names if one.kind == kind), None)
    if name is None:
        raise CommandError(f"event {event.id}: its lead is looked for by no {kind or 'name'}")
    return name, event.destination


def groups_json(found: Groups) -> dict[str, Json]:
    """Give groups with the events of this page; ``next`` is the ``after`` of the next one."""
    told: list[Json] = [group_json(group, found) for group in found.groups]
    return {"groups": told, "next": found.next, **times("back_to", found.back_to_ms)}


def group_json(group: Group, found: Groups) -> dict[str, Json]:
    return {
        "kind": group.kind,
        "words": group.words,
        "destination": group.destination,
        "name": name_json(group.name),
        "others": [name_json(name) for name in group.others],
        "waiting": group.waiting,
        **times("since", group.since_ms),
        "shared": name_json(group.shared),
        "candidates": [{"lead": lead, "fields": found.known.get(lead, {})} for lead in group.candidates],
        "events": [event_json(event) for event in group.events],
    }


def name_json(name: Name | None) -> Json:
    return None if name is None else {"kind": name.kind, "value": name.value}
