"""One event, from its sender to the CRM's answer: where it stands and why, its way, field by field, and what came."""

from __future__ import annotations

from collections.abc import Mapping

import flask

from relay.explain import Explained, Explainer
from relay.explain.body import answers_tree, body_tree
from relay.expressions.parts import deciding
from relay.hooks import Hook
from relay.model import Death, State, StoredEvent
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import lead_href, plain
from relay.ops.event_told import Around, cure_of, edits_told, field_rows, headline, steps
from relay.ops.means import Means
from relay.ops.words import _
from relay.replay import Mode
from relay.store import Store
from relay.telling import whole_json
from relay.timeline import journey

#: Failures of which the event has no part, so that it can go as it is.
AS_IT_WAS = (Death.UNREACHABLE.value, Death.LEAD_NOT_FOUND.value)
#: Events superseded by one that its page names.
MOST_SUPERSEDED = 20


def add(desk: Desk, means: Means) -> None:
    """Put the page of one event, and its twin in JSON, into the desk."""
    store, hooks = means.store, means.hooks
    explainer = Explainer(store, hooks)

    def found(id: str) -> StoredEvent:
        event = store.events.event(id.lower())
        if event is None:
            flask.abort(404, _("There is no such event, or it is kept no longer."))
        return event

    @desk.page("/events/<id>")
    def event(id: str) -> Answer:
        return page_of(store, hooks, found(id), explainer)

    @desk.api("/events/<id>")
    def event_json(id: str) -> flask.Response:
        one = found(id)
        body, answers = body_tree(one, hooks.get(one.hook)), answers_tree(one, hooks.get(one.hook))
        told = whole_json(store, one, explainer.explain(one))
        return json_answer({**told, "body": body.text, "fetched": answers.text})


def page_of(store: Store, hooks: Mapping[str, Hook], one: StoredEvent, explainer: Explainer) -> str:
    around = around_of(store, one, explainer.explain(one))
    return flask.render_template(
        "event.html",
        event=one,
        headline=headline(one, around),
        steps=steps(one, around),
        fields=field_rows(one, around),
        told=around.told,
        rules=around.told.explanation.rules if around.told.explanation else (),
        edits=edits_told(around.edits),
        superseded=around.journey.superseded[:MOST_SUPERSEDED],
        lead_href=lead_href(one),
        headers={**one.came, **one.headers},
        body=body_tree(one, hooks.get(one.hook)),
        answers=answers_tree(one, hooks.get(one.hook)) if one.fetched else None,
        replays=replays_of(one),
        best=best_of(one),
        cure=cure_of(one),
        droppable=one.state in (State.DEAD, State.PARKED),
        plain=plain,
        deciding=deciding,
    )


def around_of(store: Store, event: StoredEvent, told: Explained) -> Around:
    """Gather what is known beside the event itself."""
    way = journey(store, event)
    setters = {way.clock[register][1] for update in event.updates for register in update.set if register in way.clock}
    waits = event.state is State.IN_FLIGHT
    pause = store.steering.pause_of(event) if waits else None
    return Around(
        journey=way,
        told=told,
        pause=pause,
        dropped=store.letters.dropped(event.id) if event.state is State.DISCARDED else None,
        edits=store.letters.edits(event.id),
        gate=store.gates.gate(event.destination) if waits and event.lead and pause is None else None,
        others={other.id: other for other in store.events.events(sorted(setters - {event.id}))},
    )


def replays_of(event: StoredEvent) -> list[Mode]:
    """Give the ways in which an event can be sent again."""
    if event.state is State.IN_FLIGHT:
        return []
    return list(Mode) if event.updates and event.lead else [Mode.REMAPPED]


def best_of(event: StoredEvent) -> Mode | None:
    """Give the way that mostly helps once the cause is mended; None where the event needs nobody."""
    if event.state not in (State.DEAD, State.PARKED) or event.reason is None:
        return None
    return Mode.AS_MAPPED if event.reason.kind in AS_IT_WAS and event.updates and event.lead else Mode.REMAPPED
