"""What forms look like, and how often rules held."""

from __future__ import annotations

from relay.ops.api.notation import FLAG, NUMBER, TEXT, Shape, maybe, one_of, ref, say, some, thing, time
from relay.ops.api.shapes.words import CHANGED

PART = say("The part of an event that it stands in.", one_of("fields", "hidden"))

#: relay.forms, relay.coverage
FORMS: dict[str, Shape] = {
    "Question": thing(
        "A name that a form has.",
        **{"in": PART},
        name=TEXT,
        label=TEXT,
        type=say("The sender's word for it, else the kinds of its values.", TEXT),
    ),
    "FormChange": thing(
        "Something that rules read of a form, and that it no longer gives as before.",
        change=say("Its id.", TEXT),
        hook=TEXT,
        form=TEXT,
        name=say("As rules write it.", TEXT),
        what=one_of("gone", "turned"),
        before=say("The kinds of its values, where they have turned into another.", TEXT),
        now=TEXT,
        likely=say("The likely new name; empty where none is like it.", TEXT),
        file=TEXT,
        read_by=some(thing(**{"rule": TEXT, "for": TEXT, "line": NUMBER, "expression": TEXT})),
        **time("since", known=True),
        events=say("Events since.", NUMBER),
        meant=say(
            "Who said that it is meant; null where nobody did.",
            maybe(thing(by=TEXT, why=TEXT, **time("at", known=True))),
        ),
    ),
    "Form": thing(
        "A form, as its events tell of it.",
        hook=TEXT,
        form=say("The sender's id of it; empty where the sender has none.", TEXT),
        title=TEXT,
        kind=TEXT,
        events=say("Events that were looked at.", NUMBER),
        **time("first", known=True),
        **time("last", known=True),
        too_many_names=say("Whether it has more names than a form has, so that it is not judged.", FLAG),
        names=some(
            thing(
                **{"in": PART},
                name=TEXT,
                label=TEXT,
                type=TEXT,
                values=say("The kinds of its values.", some(TEXT)),
                events=say("How many events had it.", NUMBER),
                of=say("Of how many, from the first that had it to the last.", NUMBER),
                absent=say("How many came since without it.", NUMBER),
                **time("first", known=True),
                **time("last", known=True),
            )
        ),
        versions=say(
            "The last one first, each with what it changed.",
            some(
                thing(
                    version=TEXT,
                    **time("first", known=True),
                    **time("last", known=True),
                    learning=say("Whether names may still be missing.", FLAG),
                    names=some(ref("Question")),
                    added=some(ref("Question")),
                    removed=some(ref("Question")),
                    altered=say("As before, and as it is then.", some(some(ref("Question")))),
                )
            ),
        ),
        changes=some(ref("FormChange")),
    ),
    "FormPage": thing("The forms of a hook, the one that was used last first.", forms=some(ref("Form"))),
    "FormMeant": thing("What was said of a change of a form.", hook=TEXT, change=TEXT, changed=CHANGED),
    "Coverage": thing(
        "How often each rule of a hook held.",
        hook=TEXT,
        version=TEXT,
        file=TEXT,
        **time("since", known=True),
        events=NUMBER,
        no_rule_held=say("Events that no rule took.", NUMBER),
        failed=say("Events that failed as a whole.", NUMBER),
        rules=some(
            thing(
                name=TEXT,
                line=NUMBER,
                considered=say("Events that came to it, since it is as it is.", NUMBER),
                held=NUMBER,
                never=say("Whether it seems never to hold.", FLAG),
                fields=some(thing(field=TEXT, line=NUMBER, gave=NUMBER, faulty=NUMBER)),
            )
        ),
    ),
}
