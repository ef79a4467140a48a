"""Destinations: how the CRM's accounts fare, and what a person does about it: pause, resume, slow down, probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import flask

from relay.accounts import Role
from relay.errors import CommandError
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.figures import asked_for_words
from relay.ops.lately import Lately
from relay.ops.means import Means
from relay.ops.places import Place, asked_of_senders, names_of, places, places_json
from relay.ops.readable import number
from relay.ops.steered import asked_json, done_json, rate_of, reason, reason_in, tell
from relay.ops.who import me
from relay.ops.words import _, ngettext
from relay.status import ERRAND_WORDS, GATE_WORDS
from relay.store.gates import Gate

RENEWED_S = 5
SAME_FOR_S = 1.0

#: What was last seen of destinations, and of what is asked of senders.
Readings: TypeAlias = "Lately[tuple[list[Place], list[Gate]]]"
#: Gives a destination's name again; ends the request where there is none.
Known: TypeAlias = Callable[[str], str]


def add(desk: Desk, means: Means) -> None:
    """Put the page, what is done there, and the twins into the desk."""
    lately = Lately(lambda: (places(means), asked_of_senders(means)), same_for_s=SAME_FOR_S)

    def known(destination: str) -> str:
        """Give the name again, if there is such a destination."""
        if destination not in means.settings.destinations:
            attempts, errands = means.store.meters.attempts(), means.store.gates.errands()
            if destination not in names_of(means.settings.destinations, means.hooks, attempts, errands):
                flask.abort(404, _("There is no such destination."))
        return destination

    add_page(desk, lately)
    add_acts(desk, means, known)
    add_twins(desk, means, lately, known)


def add_page(desk: Desk, lately: Readings) -> None:
    """Put the page in."""

    @desk.page("/destinations")
    def destinations() -> str:
        found, asked = lately.seen()
        return flask.render_template(
            "destinations.html",
            places=found,
            asked=asked,
            gate_words=GATE_WORDS,
            errand_words=ERRAND_WORDS,
            asked_for=asked_for_words,
            links=links,
            renewed_s=RENEWED_S,
        )


def add_acts(desk: Desk, means: Means, known: Known) -> None:
    """Put in what a person does with a destination."""
    store, steering = means.store, means.store.steering

    @desk.page("/destinations/<destination>/pause", role=Role.OPERATOR)
    def pause_destination_question(destination: str) -> str:
        return question(store.gates.gate(known(destination)))

    @desk.act("/destinations/<destination>/pause")
    def pause_destination(destination: str) -> Answer:
        name, why = known(destination), reason()
        if not why:
            return question(store.gates.gate(name), fault=_("Say why it is paused.")), 400
        changed = steering.pause_destination(name, who=me().name, why=why)
        tell(_("%(what)s is paused: nothing is sent there.", what=name), changed=changed)
        return to(name)

    @desk.act("/destinations/<destination>/resume")
    def resume_destination(destination: str) -> Answer:
        name = known(destination)
        waiting = store.gates.gate(name).leads
        said = ngettext("Resumed: %(num)s lead goes on.", "Resumed: %(num)s leads go on.", waiting, num=number(waiting))
        tell(said, changed=steering.resume_destination(name, who=me().name))
        return to(name)

    @desk.act("/destinations/<destination>/slow")
    def slow_destination(destination: str) -> Answer:
        name = known(destination)
        try:
            rate = rate_of(flask.request.form.get("rate", ""))
            changed = steering.slow(name, rate, who=me().name, why=reason())
        except CommandError as error:
            flask.flash(str(error), "bad")
            return to(name)
        said = (
            _("The rate set by hand is taken back.")
            if rate is None
            else _("No more than %(rate)s PUTs a second are sent from now on.", rate=number(rate))
        )
        tell(said, changed=changed, otherwise=_("No rate was set by hand."))
        return to(name)

    @desk.act("/destinations/<destination>/probe")
    def probe_destination(destination: str) -> Answer:
        changed = steering.probe(known(destination), who=me().name)
        tell(
            _("The next PUT is tried at once; what it comes to is seen here within seconds."),
            changed=changed,
            otherwise=_("There is nothing to probe: nothing but a person's pause keeps it back."),
        )
        return to(destination)


def add_twins(desk: Desk, means: Means, lately: Readings, known: Known) -> None:
    """Put in the same for machines."""
    steering = means.store.steering

    @desk.api("/destinations")
    def destinations_json() -> flask.Response:
        return json_answer(places_json(*lately.seen()))

    @desk.api_act("/destinations/<destination>/pause")
    def pause_destination_json(destination: str) -> flask.Response:
        changed = steering.pause_destination(known(destination), who=me().name, why=reason_in(asked_json()))
        return done_json("destination", destination, "paused", changed=changed)

    @desk.api_act("/destinations/<destination>/resume")
    def resume_destination_json(destination: str) -> flask.Response:
        changed = steering.resume_destination(known(destination), who=me().name)
        return done_json("destination", destination, "resumed", changed=changed)

    @desk.api_act("/destinations/<destination>/slow")
    def slow_destination_json(destination: str) -> flask.Response:
        """Take ``{"rate": 5, "why": "..."}``; null takes back what was set."""
        told = asked_json()
        if "rate" not in told:
            raise CommandError("rate: say how many PUTs a second, or null to take back what was set")
        rate, why = rate_of(told["rate"]), reason_in(told, needed=False)
        changed = steering.slow(known(destination), rate, who=me().name, why=why)
        return done_json("destination", destination, "slowed" if rate is not None else "as set", changed=changed)

    @desk.api_act("/destinations/<destination>/probe")
    def probe_destination_json(destination: str) -> flask.Response:
        changed = steering.probe(known(destination), who=me().name)
        return done_json("destination", destination, "probed", changed=changed)


def to(name: str) -> Answer:
    """Go back to the page, to where this destination stands."""
    return flask.redirect(flask.url_for("ops.destinations", _anchor=name), 303)


def question(gate: Gate, *, fault: str = "") -> str:
    """Ask whether a destination is to be paused, and why."""
    effects = (
        _("Nothing is sent there from now on, neither PUTs nor look-ups; PUTs in flight finish."),
        _("Events are accepted as ever and wait under their leads: senders notice nothing, and nothing is lost."),
        _("Resumed, each lead gets one PUT with the newest value of each field."),
        _waits(gate.leads),
    )
    return flask.render_template(
        "pause.html",
        title=_("Pause destination %(name)s", name=gate.destination),
        effects=effects,
        pause=gate.pause,
        fault=fault,
        act=flask.url_for("ops.pause_destination", destination=gate.destination),
        resume=flask.url_for("ops.resume_destination", destination=gate.destination),
        back_href=flask.url_for("ops.destinations", _anchor=gate.destination),
    )


def _waits(leads: int) -> str:
    if not leads:
        return _("Nothing waits for it now.")
    return ngettext(
        "%(num)s lead waits for it now; it goes on waiting.",
        "%(num)s leads wait for it now; they go on waiting.",
        leads,
        num=number(leads),
    )
