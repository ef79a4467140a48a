"""The search box: a lead, or events, by whatever a person has of them. The words are posted, and stand in no address.

What is found alone is gone to at once; else a page lists it, under a ticket that can be loaded again for an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import flask

from relay import finding
from relay.accounts import Role
from relay.errors import CommandError
from relay.finding import Found
from relay.lead_fields import is_uuid
from relay.model import Registers, StoredEvent
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import href_of_lead, rows_of
from relay.ops.means import Means
from relay.ops.words import _
from relay.store.record import lead_name
from relay.telling import found_json
from relay.terms import contact_in

LONGEST = 500
MOST_LEADS = 20
#: More leads than these stand behind the events: by then it is a form or a click that was searched for.
FEW_LEADS = 5
NAME = ("first_name", "last_name")


def add(desk: Desk, means: Means) -> None:
    """Put the box's answer into the desk."""
    store = means.store

    def look_for(text: str) -> Found:
        hooks = {*means.hooks, *store.meters.last()}
        return finding.search(
            store, text[:LONGEST], destinations=sorted(means.settings.destinations), hooks=sorted(hooks)
        )

    def listed(text: str, found: Found) -> str:
        return flask.render_template(
            "search.html",
            text=text,
            leads=leads_of(found)[:MOST_LEADS],
            more_leads=max(0, len(found.leads) - MOST_LEADS),
            events_first=len(found.leads) > FEW_LEADS,
            rows=rows_of(store, found.events),
            days=store.retention_ms // 86_400_000,
        )

    @desk.act("/search", role=Role.VIEWER)
    def search() -> Answer:
        text = flask.request.form.get("q", "").strip()[:LONGEST]
        alone = only(text, look_for(text)) if text else ""
        if alone:
            return flask.redirect(alone, 303)
        return flask.redirect(flask.url_for("ops.searched", ticket=store.searches.keep(text)), 303)

    @desk.page("/search/<ticket>")
    def searched(ticket: str) -> Answer:
        text = store.searches.text(ticket)
        if text is None:
            flask.abort(404, _("What was searched for is kept for an hour only: search again."))
        return listed(text, look_for(text))

    @desk.page("/search")
    def search_page() -> Answer:
        """Say what the box looks for; who comes back from a login lands here."""
        return listed("", Found(leads=(), events=()))

    @desk.api_act("/search", role=Role.VIEWER)
    def search_json() -> flask.Response:
        """Take ``{"q": "..."}``: what is searched for may be somebody's, so it stands in no address."""
        told = flask.request.get_json(force=True, silent=True)
        text = told.get("q") if isinstance(told, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise CommandError('q: say what to look for, as in {"q": "+56 9 1234 5678"}')
        return json_answer(found_json(look_for(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A lead that was found."""

    #: In the store: its id, with its destination before it unless that is ``default``.
    id: str
    href: str
    #: As the newest event that was found beside it calls the person; '' where none does.
    name: str

    @property
    def short(self) -> str:
        """The beginning of its id, behind its destination if need be: ``acme/7c9e6679``."""
        destination, slash, id = self.id.rpartition("/")
        return f"{destination}{slash}{id[:8]}"


def leads_of(found: Found) -> list[Lead]:
    """Give what was found, first those of whom a name is known."""
    names: dict[str, dict[str, str]] = {}
    for event in found.events:
        known = names.setdefault(name_of(event), {})
        for update in event.updates:
            known |= {part: text for part, text in called(update.set) if part not in known}
    leads = [Lead(id=id, href=href_of_lead(id), name=person(names.get(id, {}))) for id in found.leads]
    return sorted(leads, key=lambda lead: not lead.name)


def called(registers: Registers) -> Iterator[tuple[str, str]]:
    """Give the parts of a person's name that are set."""
    for part in NAME:
        text = registers.get(part)
        if isinstance(text, str) and text:
            yield part, text


def person(known: Mapping[str, str]) -> str:
    return " ".join(known[part] for part in NAME if part in known)


def only(text: str, found: Found) -> str:
    """Give the address of the one lead or event that is meant; '' where there are several, or none."""
    leads, events = found.leads, found.events
    of_a_person = contact_in(text) is not None or is_uuid(text.rpartition("/")[2].lower())
    if len(events) == 1 and not (of_a_person and leads):
        return flask.url_for("ops.event", id=events[0].id)
    if len(leads) == 1 and all(name_of(event) == leads[0] for event in events):
        return href_of_lead(leads[0])
    return ""


def name_of(event: StoredEvent) -> str:
    return lead_name(event.destination, event.lead) if event.lead else ""
