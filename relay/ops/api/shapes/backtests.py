"""What rules would make of stored events, beside other rules or what was made of them: ``relay.backtest.as_json``."""

from __future__ import annotations

from relay.backtest.difference import End, Kind
from relay.backtest.report import METRICS
from relay.ops.api.notation import ANY, FLAG, NUMBER, TEXT, Shape, maybe, named, one_of, ref, say, some, thing

END = one_of(*(end.value for end in End))
EVENTS: dict[str, Shape] = {"events": NUMBER, "examples": say("Ids of events.", some(TEXT))}
HELD = maybe(thing("Of how many events it held, and gave a value.", held=NUMBER, gave=NUMBER))
COUNTS: dict[str, Shape] = dict.fromkeys(METRICS, NUMBER)

BACKTESTS: dict[str, Shape] = {
    "FieldDiffers": thing(
        "One field that differs, with how many events in each way.",
        field=TEXT,
        **{kind.value: NUMBER for kind in Kind},
        examples=some(
            thing(
                kind=one_of(*(kind.value for kind in Kind)),
                old=ANY,
                new=ANY,
                old_rule=TEXT,
                new_rule=TEXT,
                event=TEXT,
                events=say("That differ by just these values, as far as was counted.", NUMBER),
            )
        ),
    ),
    "HookDiffers": thing(
        "What differs of the events of one hook.",
        hook=TEXT,
        old_version=TEXT,
        new_version=TEXT,
        as_mapped=say("Whether the other side is what was made of each event.", FLAG),
        unchanged=say("Whether both versions are the same, so that nothing was mapped.", FLAG),
        events=NUMBER,
        same=NUMBER,
        counts=thing("Of how many events each is true.", **COUNTS),
        examples=say("Ids of events, by what is true of them.", named(some(TEXT))),
        ends=some(thing("How events end otherwise.", old=END, new=END, **EVENTS)),
        whys=some(thing("Why they are not delivered.", words=TEXT, **EVENTS)),
        new_faults=some(thing(words=TEXT, **EVENTS)),
        gone_faults=some(thing(words=TEXT, **EVENTS)),
        leads=some(thing(event=TEXT, old=TEXT, new=TEXT)),
        fields=some(ref("FieldDiffers")),
        rules=some(thing("A rule; null on the side that does not have it.", rule=TEXT, old=HELD, new=HELD)),
    ),
    "BacktestReport": thing(
        "What was found of all events that were looked at.",
        events=NUMBER,
        compared=say("Events of hooks of which the rules differ.", NUMBER),
        same=NUMBER,
        **COUNTS,
        more=say("Whether there may be older events.", FLAG),
        hooks=some(ref("HookDiffers")),
        without_rules=named(NUMBER),
    ),
    "Backtest": thing(
        "What a hook's rules of now would make of its newest events.",
        hook=TEXT,
        version=say("Of the rules that were tried.", TEXT),
        against=say("The version beside it; null for what was made of each event.", maybe(TEXT)),
        faults=say("Of the hook files as they stand, where the rules in use are tried for that reason.", some(TEXT)),
        report=ref("BacktestReport"),
    ),
}
