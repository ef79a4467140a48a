"""Hooks and destinations, and what is done to them."""

from __future__ import annotations

from relay.ops.api.notation import (
    FLAG,
    NUMBER,
    TEXT,
    Shape,
    maybe,
    named,
    one_of,
    ref,
    say,
    some,
    thing,
    time,
    with_more,
)
from relay.ops.api.shapes.words import CHANGED, GATE, RATE, REACH

#: relay.ops.hook_rows, relay.ops.hook_told, relay.ops.places
STEERED: dict[str, Shape] = {
    "Pause": thing(
        "A person keeps something back.",
        name=TEXT,
        who=TEXT,
        why=TEXT,
        **time("since", known=True),
        resuming=say("Whether it is being put back just now.", FLAG),
        events_kept_back=NUMBER,
    ),
    "Errands": thing(
        "How a queue of what is to be asked of a sender or the CRM fares.",
        queue=TEXT,
        state=GATE,
        words=TEXT,
        events_waiting=NUMBER,
        due=NUMBER,
        oldest_wait_ms=NUMBER,
    ),
    "Hook": thing(
        "How a hook fares.",
        hook=TEXT,
        sender=TEXT,
        loaded=FLAG,
        version=TEXT,
        state=say("What it is like, in words; what is wrong comes first.", some(TEXT)),
        **time("last"),
        today=NUMBER,
        last_24h=NUMBER,
        trend=say("Events by the hour, the last one now.", some(NUMBER)),
        dead=NUMBER,
        parked=NUMBER,
        rejected_lately=NUMBER,
        paused=maybe(ref("Pause")),
        silent=say("Whether it is quiet beyond its habit.", FLAG),
        faults=say("What is wrong with its file; its last good version serves meanwhile.", some(TEXT)),
        **time("serves_since"),
        lost_names=say("How many names its rules read that its forms no longer give.", NUMBER),
    ),
    "HookPage": thing("Every hook, by name; those that are gone last.", hooks=some(ref("Hook"))),
    "Destination": thing(
        "How an account of the CRM fares.",
        destination=TEXT,
        served=say("Whether it has an address.", FLAG),
        state=GATE,
        words=TEXT,
        leads_waiting=NUMBER,
        due=NUMBER,
        oldest_wait_ms=NUMBER,
        paused=maybe(ref("Pause")),
        rate_by_hand=say("PUTs a second, set by a person.", maybe(RATE)),
        **time("since"),
        rate=say("PUTs a second as it is set; 0 for no limit, null where it is not set.", maybe(RATE)),
        hooks=say("Those that deliver there.", some(TEXT)),
        puts=say("How many PUTs had which answer; 0 for none.", named(NUMBER)),
        asking=maybe(ref("Errands")),
        failing=say("What fails there, as sentences.", some(TEXT)),
    ),
    "DestinationPage": thing(
        "Every destination, and what is asked of senders.",
        destinations=some(ref("Destination")),
        asked_of_senders=some(ref("Errands")),
    ),
    "HookDone": thing("What was done to a hook.", hook=TEXT, state=one_of("paused", "resumed"), changed=CHANGED),
    "DestinationDone": thing(
        "What was done to a destination.",
        destination=TEXT,
        state=one_of("paused", "resumed", "slowed", "as set", "probed"),
        changed=CHANGED,
    ),
}
STEERED["WholeHook"] = with_more(
    STEERED["Hook"],
    "A hook: how it fares, and what it is made of.",
    address=say("Where its sender posts to.", TEXT),
    file=TEXT,
    on_disk=say("The file beside what is loaded of it.", one_of("as loaded", "changed", "gone")),
    destination=TEXT,
    shadow=say("Path of its shadow; empty where it has none.", TEXT),
    delivers_tests=FLAG,
    secrets=say("Whether each is set; never a value.", some(thing(name=TEXT, key=TEXT, set=FLAG, **time("expires")))),
    asking=maybe(ref("Errands")),
    lead=say("How its lead is known.", some(thing(by=TEXT, expression=TEXT, line=NUMBER))),
    rules=some(
        thing(
            name=TEXT,
            line=NUMBER,
            when=say("Empty where it always holds.", TEXT),
            sets=some(thing(**{"field": TEXT, "from": TEXT, "line": NUMBER})),
            deliver_each=FLAG,
            stop=FLAG,
        )
    ),
    versions=some(thing(version=TEXT, **time("first", known=True), **time("last", known=True))),
    speed=say(
        "From being received to being at the CRM; null where nothing was delivered yet.",
        maybe(
            thing(
                **dict.fromkeys(("events", "mean_ms"), NUMBER), half_within_ms=REACH, **{"95_percent_within_ms": REACH}
            )
        ),
    ),
    refused=some(ref("Rejections")),
    alarms=some(thing(alarm=TEXT, words=TEXT, **time("began", known=True))),
    examples=some(TEXT),
)
