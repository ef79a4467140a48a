"""Failures that look alike, and what the door refused."""

from __future__ import annotations

from relay.ops.api.notation import (
    ANY,
    FLAG,
    NUMBER,
    TEXT,
    Shape,
    one_of,
    ref,
    say,
    some,
    thing,
    time,
    with_more,
)
from relay.ops.api.shapes.events import EVENTS
from relay.ops.api.shapes.words import NEXT

#: relay.inbox, relay.suspects
INBOX: dict[str, Shape] = {
    "Group": thing(
        "Events that fail alike.",
        group=say("Its id.", TEXT),
        sentence=TEXT,
        state=one_of("open", "acknowledged", "closed"),
        what=one_of("dead", "parked", "faulty"),
        hook=TEXT,
        kind=TEXT,
        field=TEXT,
        words=say("With … for what differs from event to event.", TEXT),
        status=NUMBER,
        events=say("How many fail now.", NUMBER),
        on_their_way=say("How many do not fail any more and are not delivered yet; it closes when both are 0.", NUMBER),
        **time("since", known=True),
        **time("last", known=True),
        **time("closed"),
        times=say("How many times it has begun: it may come back.", NUMBER),
        trend=say("Events by the hour in which they failed, the last one now; empty where it is closed.", some(NUMBER)),
        seen_by=say("Who has acknowledged it; else empty.", TEXT),
        **time("seen"),
    ),
    "GroupPage": thing(
        "Some groups of failures, the one that failed last first.",
        show=one_of("open", "acknowledged", "closed"),
        open=NUMBER,
        acknowledged=NUMBER,
        closed=NUMBER,
        groups=some(ref("Group")),
        next=NEXT,
    ),
    "Suspects": thing(
        "What stands in the place that fails.",
        looked_at=say("So many of the newest events.", NUMBER),
        rules=some(thing(rule=TEXT, file=TEXT, line=NUMBER)),
        places=some(
            thing(
                name=TEXT,
                values=some(thing(value=ANY, missing=FLAG, events=NUMBER, newest=TEXT)),
                more=say("Further values.", NUMBER),
            )
        ),
    ),
}
INBOX["WholeGroup"] = with_more(
    INBOX["Group"],
    "A group of failures with what to do about it, and its events, the one that failed last first.",
    advice=TEXT,
    suspects=ref("Suspects"),
    **EVENTS["Page"]["properties"],
)

#: relay.refusals
REJECTED: dict[str, Shape] = {
    "Rejection": thing(
        "One request that the door refused.",
        **time("at", known=True),
        hook=TEXT,
        status=NUMBER,
        words=TEXT,
        size=say("Of its body, in bytes.", NUMBER),
        kind=TEXT,
        cure=say("How to mend it at the sender.", TEXT),
    ),
    "Rejections": thing(
        "Requests that one hook refused alike.",
        hook=TEXT,
        status=NUMBER,
        words=TEXT,
        kind=TEXT,
        cure=TEXT,
        requests=NUMBER,
        **time("first", known=True),
        **time("last", known=True),
    ),
    "RejectionPage": thing(
        "Refused requests, the newest first, and all of them by what they have in common.",
        groups=some(ref("Rejections")),
        requests=some(ref("Rejection")),
        number=say("How many fit.", NUMBER),
        next=NEXT,
    ),
}
