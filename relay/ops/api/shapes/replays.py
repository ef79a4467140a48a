"""Replays, and what they would do."""

from __future__ import annotations

from relay.ops.api.notation import (
    ANY,
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
from relay.ops.api.shapes.words import NEXT
from relay.replay import Fate, Mode, Stage

#: relay.replay.as_json
REPLAYS: dict[str, Shape] = {
    "Replay": thing(
        "Events that a person sends again.",
        id=TEXT,
        name=TEXT,
        who=TEXT,
        **time("at", known=True),
        mode=one_of(*(mode.value for mode in Mode)),
        force=say("Whether newer values are overwritten.", FLAG),
        filter=say("What chose its events, in words; empty where they were named.", TEXT),
        state=one_of(*(stage.value for stage in Stage)),
        words=say("Why it failed.", TEXT),
        waits=say("What it waits for at this moment.", TEXT),
        events=NUMBER,
        looked_at=NUMBER,
        replayed=NUMBER,
        failed=NUMBER,
        **time("started"),
        **time("ended"),
    ),
    "ReplayPage": thing("Replays, the newest first.", replays=some(ref("Replay")), next=NEXT),
    "Change": thing(
        "A field of a lead that would change.",
        lead=TEXT,
        field=TEXT,
        set_by=say("The event that set what stands now; empty where none did.", TEXT),
        known=say("Whether we know what stands now.", FLAG),
        now=ANY,
        then=ANY,
        event=TEXT,
    ),
    "Plan": thing(
        "What a replay would do: how many of its events would come to what, and which fields would change.",
        events=NUMBER,
        leads=NUMBER,
        **{fate.value: NUMBER for fate in Fate if fate is not Fate.LEFT},
        left=say("Events that are left as they are, by the reason.", named(NUMBER)),
        changes=say("How many fields would change.", NUMBER),
        fields=say("The first of them.", some(ref("Change"))),
        rules=say("By which version of its rules each hook's events are mapped again.", named(TEXT)),
    ),
}
REPLAYS["WholeReplay"] = with_more(
    REPLAYS["Replay"],
    "A replay with its plan.",
    plan=say("Null while it is being made.", maybe(ref("Plan"))),
    failures=say("Events that could not be replayed.", some(thing(event=TEXT, words=TEXT))),
)
