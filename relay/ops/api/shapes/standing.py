"""How all is going, and what people did."""

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
from relay.ops.api.shapes.words import GATE, NEXT
from relay.ops.plot import WORDS
from relay.status import COLUMNS

COUNTS = thing("Events by where they stand.", **dict.fromkeys(COLUMNS, NUMBER))
#: relay.ops.figures
STANDING: dict[str, Shape] = {
    "Counts": COUNTS,
    "Status": thing(
        "How all is going.",
        **time("at", known=True),
        hooks=some(thing(hook=TEXT, today=ref("Counts"), all=ref("Counts"))),
        destinations=some(
            thing(
                destination=TEXT,
                state=GATE,
                **time("since"),
                leads_waiting=NUMBER,
                due=NUMBER,
                oldest_wait_ms=NUMBER,
            )
        ),
        due=NUMBER,
        oldest_wait_ms=NUMBER,
        dead=NUMBER,
        dead_by_kind=named(NUMBER),
        parked=NUMBER,
        faulty=NUMBER,
        rejected_lately=say("Within 24 h.", NUMBER),
        workers=NUMBER,
    ),
    "Alarm": thing(
        "What was found to need a person and was told.",
        alarm=TEXT,
        about=TEXT,
        words=TEXT,
        **time("began", known=True),
    ),
    "Bin": thing(
        "What came to pass from this moment until the next bin begins.",
        **time("at", known=True),
        accepted=NUMBER,
        **dict.fromkeys(WORDS, NUMBER),
    ),
    "Plot": thing(
        "What came to pass over time.",
        span=one_of("1h", "24h", "7d"),
        bin_ms=NUMBER,
        bins=some(ref("Bin")),
    ),
}
STANDING["Overview"] = with_more(
    STANDING["Status"],
    "How all is going, what needs a person, and what came to pass over time.",
    worries=say("What needs a person, the worst first.", some(thing(words=TEXT, kind=one_of("bad", "warn")))),
    alarms=some(ref("Alarm")),
    failures=say("Groups of failures.", thing(open=NUMBER, unseen=NUMBER)),
    last_events=some(thing(hook=TEXT, **time("last", known=True), silent=FLAG)),
    sum=say("Whether the counters of today add up, and for which hooks not.", thing(holds=FLAG, unbalanced=some(TEXT))),
    proof=say(
        "What the last full audit found.",
        maybe(thing(holds=FLAG, events=NUMBER, faults=some(TEXT), **time("at", known=True))),
    ),
    plot=ref("Plot"),
)
ACTS: dict[str, Shape] = {
    "Act": thing(
        "Something that a person did.",
        **time("at", known=True),
        who=TEXT,
        what=TEXT,
        about=TEXT,
        why=TEXT,
        filter=say("In words; empty where its events were named.", TEXT),
        count=say("How many events; 0 where that says nothing.", NUMBER),
        replay=say("Id of the replay that was started or ended; empty where none was.", TEXT),
    ),
    "ActPage": thing("Some acts, the newest first.", acts=some(ref("Act")), next=NEXT),
    "Dropped": thing(
        "What became of dropping events.",
        dropped=NUMBER,
        not_dropped=NUMBER,
        failed=say("Why, by id of the event.", named(TEXT)),
    ),
}
