"""One lead: how each of its fields came to stand as it does, what waits and what failed, and its line of time."""

from __future__ import annotations

import flask

from relay import parked
from relay.lead_fields import FIELDS, is_uuid
from relay.model import Json
from relay.ops.answers import fault, json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.episodes import episodes
from relay.ops.means import Means
from relay.ops.words import _
from relay.store.record import lead_name
from relay.telling import story_json
from relay.timeline import Standing, Story, story

#: Happenings and events that are told of at first, then when older ones are asked for.
STEPS = (60, 240, 1_000)
#: Dead letters that stand in the table of them.
MOST_DEAD = 20


def add(desk: Desk, means: Means) -> None:
    """Put the page of a lead, and its twin in JSON, into the desk."""
    store = means.store

    @desk.page("/leads/<destination>/<id>")
    @desk.page("/leads/<id>")
    def lead(id: str, destination: str = "default") -> Answer:
        told = story(store, lead_name(destination, id.lower()), most=_most())
        if told.empty:
            return flask.render_template("no_lead.html", **_not_known(means, destination, id)), 404
        gate = store.gates.gate(destination) if told.pending else None
        return flask.render_template(
            "lead.html",
            told=told,
            id=id.lower(),
            destination=destination,
            called=_called(told),
            fields=sorted(told.fields, key=_place),
            waits=any(one.pending for one in told.fields),
            now_ms=store.events.now_ms(),
            shut=gate if gate and gate.state != "flowing" else None,
            dead=told.dead[::-1][:MOST_DEAD],
            episodes=episodes(told),
            older=_older() if told.older else 0,
            waiting=parked.waiting_for(store, told.name, [one.name for one in told.identities]),
        )

    @desk.api("/leads/<destination>/<id>")
    @desk.api("/leads/<id>")
    def lead_json(id: str, destination: str = "default") -> flask.Response:
        told = story(store, lead_name(destination, id.lower()), most=_most())
        if told.empty:
            return fault(404, detail=f"lead {id}: nothing is known of it here")
        return json_answer(story_json(told))


def _most() -> int:
    """Read how much is asked for: one of STEPS."""
    asked = flask.request.args.get("most", "")
    return next((step for step in STEPS if str(step) == asked), STEPS[0])


def _older() -> int:
    """Give the next step; 0 behind the last."""
    return next((step for step in STEPS if step > _most()), 0)


def _place(one: Standing) -> tuple[int, str]:
    """Order fields as the lead API names them, metadata behind them."""
    return FIELDS.index(one.register) if one.register in FIELDS else len(FIELDS), one.register


def _called(told: Story) -> str:
    """Give the lead's name as we set it, else its e-mail or phone; '' where none of it is known."""
    values: dict[str, Json] = {one.register: one.value for one in told.fields if one.known and one.value}
    whole = " ".join(str(values[part]) for part in ("first_name", "last_name") if part in values)
    return whole or str(values.get("email") or values.get("phone") or "")


def _not_known(means: Means, destination: str, id: str) -> dict[str, object]:
    """Say what a page that knows nothing of a lead needs to help with it."""
    return {
        "id": id,
        "destination": destination,
        "misspelt": not is_uuid(id),
        "strange": destination not in means.settings.destinations,
        "destinations": sorted(means.settings.destinations),
        "advice": _("Nothing has come in about it, or what came is kept no longer."),
    }
