"""Hook files: as they are, as drafts that are tried, and as they were."""

from __future__ import annotations

from relay.backtest import End, Kind
from relay.backtest.report import METRICS
from relay.drafts.trying import Verdict
from relay.ops.api.notation import ANY, FLAG, NUMBER, TEXT, Shape, maybe, named, one_of, ref, say, some, thing, time
from relay.ops.api.shapes.words import STATE, VALUES

VERSION = say("Its content hash; empty where there is no file.", TEXT)
KIND = one_of(*(kind.value for kind in Kind))
SETTER = say("The rule that sets it; empty where none does.", TEXT)
HELD = thing(held=NUMBER, gave=NUMBER)
WORDS = some(thing(words=TEXT, events=NUMBER, examples=some(TEXT)))
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
    "Made": thing(
        "What one hook file makes of an event.",
        end=END,
        why=say("Why it is not delivered; empty where it is.", TEXT),
        lead=say("Where it goes, or by what its lead is looked for; empty where it goes nowhere.", TEXT),
        updates=some(thing(set=VALUES, by=named(TEXT), each=FLAG)),
        faults=some(ref("Fault")),
    ),
    "Difference": thing(
        "What a draft makes of an event, beside what the file as it is makes of it.",
        event=TEXT,
        hook=TEXT,
        same=FLAG,
        **dict.fromkeys(METRICS, FLAG),
        fields=some(thing(field=TEXT, kind=KIND, old=ANY, new=ANY, old_rule=SETTER, new_rule=SETTER)),
        new_faults=some(ref("Fault")),
        gone_faults=some(ref("Fault")),
        old=ref("Made"),
        new=ref("Made"),
    ),
    "HookReport": thing(
        "What a draft makes of many events, beside what the file as it is makes of them.",
        hook=TEXT,
        old_version=TEXT,
        new_version=TEXT,
        as_mapped=say("Whether they are held against their records instead.", FLAG),
        unchanged=say("Whether draft and file are the same, so that nothing was mapped.", FLAG),
        events=NUMBER,
        same=NUMBER,
        counts=thing(**dict.fromkeys(METRICS, NUMBER)),
        examples=say("Ids of events, by the names of the counts.", named(some(TEXT))),
        ends=some(thing(old=END, new=END, events=NUMBER, examples=some(TEXT))),
        **dict.fromkeys(
            ("whys", "new_faults", "gone_faults"), some(thing(words=TEXT, events=NUMBER, examples=some(TEXT)))
        ),
        leads=some(thing(event=TEXT, old=TEXT, new=TEXT)),
        fields=some(
            thing(
                field=TEXT,
                **{kind.value: NUMBER for kind in Kind},
                examples=some(
                    thing(kind=KIND, old=ANY, new=ANY, old_rule=SETTER, new_rule=SETTER, event=TEXT, events=NUMBER)
                ),
            )
        ),
        rules=say(
            "How often each rule held, and gave a value; null where it is not there.",
            some(thing(rule=TEXT, old=maybe(HELD), new=maybe(HELD))),
        ),
        more=say("Whether there are further events that were not looked at.", FLAG),
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
        differing=some(thing("The newest first.", **time("received", known=True), difference=ref("Difference"))),
    ),
}
