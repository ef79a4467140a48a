"""Hook files: as they are, as drafts that are tried, and as they were."""

from __future__ import annotations

from relay.backtest import End, Kind
from relay.backtest.report import METRICS
from relay.drafts.trying import Verdict
from relay.ops.api.notation import ANY, FLAG, NUMBER, TEXT, Shape, named, one_of, ref, say, some, thing, time
from relay.ops.api.shapes.words import STATE

VERSION = say("Its content hash; empty where there is no file.", TEXT)
KIND = one_of(*(kind.value for kind in Kind))
END = one_of(*(end.value for end in End))

#: relay.ops.pages.rules, relay.ops.pages.rule_versions
RULES: dict[str, Shape] = {
    "HookFile": thing(
        "A hook's file as it is on disk.",
        hook=TEXT,
        file=TEXT,
        version=VERSION,
        loaded=say("The version that is in use; empty where none is.", TEXT),
        text=TEXT,
        editable=say("Whether it can be saved from here.", FLAG),
    ),
    "Problem": thing(
        "What is wrong with a draft, or doubtful.",
        line=say("0 where it is about the whole file.", NUMBER),
        column=say("0 where it is about the whole line.", NUMBER),
        words=TEXT,
        severity=one_of("fault", "warning"),
    ),
    "Difference": thing(
        "What a draft makes of an event, beside what the file makes of it.",
        before=END,
        after=END,
        why=say("Why it would not be delivered; empty where it would.", TEXT),
        fields=some(
            thing(
                field=TEXT,
                kind=one_of(*(kind.value for kind in Kind)),
                before=ANY,
                after=ANY,
                rule=say("That sets it; empty where none does.", TEXT),
            )
        ),
        new_faults=some(ref("Fault")),
        gone_faults=some(ref("Fault")),
    ),
    "Draft": thing(
        "A draft of a hook's file: what is wrong with it, and what it makes of the last events.",
        hook=TEXT,
        version=VERSION,
        sound=say("Whether it would be loaded.", FLAG),
        problems=some(ref("Problem")),
        events=some(
            thing(
                event=TEXT,
                state=STATE,
                **time("received", known=True),
                verdict=one_of(*(verdict.value for verdict in Verdict)),
                difference=ref("Difference"),
            )
        ),
        patch=say("What makes the draft of the file, as git applies it; empty where they are the same.", TEXT),
    ),
    "Saved": thing("A hook's file that was saved.", hook=TEXT, version=TEXT, before=VERSION),
    "Versions": thing(
        "The versions of a hook's file, the one that was loaded last first.",
        hook=TEXT,
        versions=some(
            thing(
                version=TEXT,
                in_use=FLAG,
                **time("first", known=True),
                **time("last", known=True),
                before=say("The version that was loaded before it; empty where none is kept.", TEXT),
                lines_added=NUMBER,
                lines_removed=NUMBER,
            )
        ),
    ),
    "VersionText": thing("One version of a hook's file.", hook=TEXT, version=TEXT, text=TEXT),
    "MadeUpdate": thing("What is sent at a time.", set=named(ANY), by=named(TEXT), each=FLAG),
    "Made": thing(
        "What rules make of an event.",
        end=END,
        why=TEXT,
        lead=TEXT,
        updates=some(ref("MadeUpdate")),
        faults=some(ref("Fault")),
    ),
    "Shadow": thing(
        "What other rules, mapped beside those of a hook and never sent, have made of its events.",
        hook=TEXT,
        shadow=say("Path of its file, from the hook's.", TEXT),
        version=VERSION,
        **time("since"),
        followed=say("Whether a background worker looks after it.", FLAG),
        faults=say("What is wrong with its file; its last good version is compared meanwhile.", some(TEXT)),
        events=say("Those that were compared.", NUMBER),
        same=NUMBER,
        **dict.fromkeys(METRICS, NUMBER),
        gone=say("Those that were gone before they could be compared.", NUMBER),
        behind=say("Those that are not compared yet.", NUMBER),
        waiting_for_answers=NUMBER,
        live_versions=say("By which versions of its rules they were mapped, and how many.", named(NUMBER)),
        fields=some(
            thing(
                field=TEXT,
                **{kind.value: NUMBER for kind in Kind},
                examples=some(thing(kind=KIND, old=ANY, new=ANY, event=TEXT)),
            )
        ),
        differing=some(
            thing(
                "An event that differs.",
                **time("received", known=True),
                event=TEXT,
                hook=TEXT,
                same=FLAG,
                **dict.fromkeys(METRICS, FLAG),
                fields=some(thing(field=TEXT, kind=KIND, old=ANY, new=ANY, old_rule=TEXT, new_rule=TEXT)),
                new_faults=some(ref("Fault")),
                gone_faults=some(ref("Fault")),
                old=ref("Made"),
                new=ref("Made"),
            )
        ),
    ),
}
