"""Leads, and events that look for theirs."""

from __future__ import annotations

from relay.ops.api.notation import (
    ANY,
    FLAG,
    NUMBER,
    TEXT,
    Shape,
    maybe,
    one_of,
    ref,
    say,
    some,
    thing,
    time,
)
from relay.ops.api.shapes.words import NEXT, VALUES

#: relay.telling
LEADS: dict[str, Shape] = {
    "Setting": thing(
        "What one event wanted a field to be.", value=ANY, event=TEXT, hook=TEXT, rule=TEXT, **time("happened")
    ),
    "Field": thing(
        "How a field of a lead came to stand as it does.",
        field=TEXT,
        known=say("Whether we know its value: not where the event that set it is kept no longer.", FLAG),
        value=ANY,
        event=say("The event that set it; empty where none did yet.", TEXT),
        hook=TEXT,
        rule=TEXT,
        **time("happened"),
        before=maybe(ref("Setting")),
        pending=maybe(ref("Setting")),
    ),
    "Identity": thing(
        "What a lead is known by, and all leads that are.",
        kind=one_of("phone", "email", "external_id"),
        value=TEXT,
        leads=some(TEXT),
    ),
    "Lead": thing(
        "The story of one lead.",
        lead=say("Its name: '<destination>/<id>', or the id alone at the default destination.", TEXT),
        happenings=say("The newest last.", some(ref("Happening"))),
        fields=some(ref("Field")),
        identities=some(ref("Identity")),
        pending=some(ref("Event")),
        dead=some(ref("Event")),
        events=some(ref("Event")),
        older=say("Whether there is more than is told here: ask for 'most'.", FLAG),
        **time("due"),
    ),
}

#: relay.parked
PARKED: dict[str, Shape] = {
    "Parked": thing(
        "Parked events that look for their lead by the same.",
        kind=TEXT,
        words=TEXT,
        destination=TEXT,
        name=say("What they look by; null where they have nothing.", maybe(ref("Name"))),
        others=some(ref("Name")),
        waiting=say("How many wait in all.", NUMBER),
        **time("since", known=True),
        shared=say("A name that several leads have.", maybe(ref("Name"))),
        candidates=say("Leads that may be meant, with what we set of them.", some(thing(lead=TEXT, fields=VALUES))),
        events=some(ref("Event")),
    ),
    "ParkedPage": thing(
        "Parked events, by what they look for.", groups=some(ref("Parked")), next=NEXT, **time("back_to")
    ),
    "Linked": thing(
        "What came of saying which lead is meant.",
        kind=TEXT,
        destination=TEXT,
        lead=TEXT,
        gone_on=say("How many parked events went on.", NUMBER),
    ),
}
