"""What the answers of the API hold, by name: each shape is that of one function which makes JSON."""

from __future__ import annotations

from relay.model import Death, State
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
from relay.ops.plot import WORDS
from relay.status import COLUMNS

NEXT = say("Where the next page begins, to be given as 'after'; empty where there is none.", TEXT)
STATE = one_of(*(state.word for state in State))
VALUES = say("Value by field; null clears it. Metadata is 'metadata.<key>'.", named(ANY))

#: Everywhere.
COMMON: dict[str, Shape] = {
    "Document": {"type": "object", "description": "An OpenAPI 3.1 document."},
    "Error": thing(
        "Why it was not done: in short, and in words that say what to do.",
        error=TEXT,
        message=TEXT,
    ),
    "Name": thing("What a lead is known by, beside its id.", kind=one_of("phone", "email", "external_id"), value=TEXT),
}

#: relay.telling
EVENTS: dict[str, Shape] = {
    "Update": thing(
        "What the rules want to be true of one lead because of one event.",
        set=VALUES,
        by=say("Name of the rule that set each field.", named(TEXT)),
        each=say("Whether it is sent alone, in its turn.", FLAG),
        state=STATE,
    ),
    "Fault": thing(
        "A value, or a whole rule, that could not become part of an update.",
        rule=TEXT,
        field=say("Empty where the fault is of the whole rule.", TEXT),
        words=TEXT,
    ),
    "Reason": thing(
        "Why an event is parked or dead.",
        kind=say(f"For dead letters one of: {', '.join(death.value for death in Death)}.", TEXT),
        words=TEXT,
        status=say("Of the CRM's last answer; 0 where there was none.", NUMBER),
        attempts=NUMBER,
        **time("at"),
    ),
    "Event": thing(
        "One thing that happened at a sender, and where it stands.",
        id=TEXT,
        hook=TEXT,
        sender=TEXT,
        sender_id=say("The sender's own id of it.", TEXT),
        kind=TEXT,
        test=FLAG,
        rules_version=TEXT,
        destination=TEXT,
        lead=say("Id of its lead; empty where that is not known.", TEXT),
        names=some(ref("Name")),
        found_by_name=FLAG,
        fetch=say("What is asked of the sender, or of the CRM, before it can be mapped.", TEXT),
        fetched_bytes=NUMBER,
        state=STATE,
        **time("happened"),
        **time("received", known=True),
        updates=some(ref("Update")),
        faults=some(ref("Fault")),
        reason=maybe(ref("Reason")),
    ),
    "Page": thing(
        "Some events, the newest first.",
        events=some(ref("Event")),
        next=NEXT,
        **time("back_to"),
    ),
    "Found": thing(
        "What a search found.",
        leads=say("Each as '<destination>/<id>', those of the default destination by id alone.", some(TEXT)),
        events=some(ref("Event")),
    ),
    "Part": thing(
        "What one event had in a happening.",
        event=TEXT,
        hook=TEXT,
        set=say("Fields by the rule that set them.", named(some(TEXT))),
        superseded_by=say("The newer event that had set it all; else empty.", TEXT),
    ),
    "Happening": thing(
        "One thing that happened to a lead: an attempt with the CRM's answer, or what a person did.",
        **time("at", known=True),
        status=say("HTTP status of the answer; 0 for none, null where nothing was asked.", maybe(NUMBER)),
        words=TEXT,
        took_ms=NUMBER,
        attempt=NUMBER,
        events=some(ref("Part")),
    ),
}

#: relay.explain
EXPLAINED: dict[str, Shape] = {
    "Seen": thing("A value that an expression saw.", source=TEXT, value=ANY, missing=FLAG),
    "Condition": thing(
        "A condition, or a part of one, on this event.",
        source=TEXT,
        held=maybe(FLAG),
        words=say("Why it could not be computed.", TEXT),
        asked=say("Whether it was needed to know whether the whole held.", FLAG),
        joint=say("How its parts are joined; empty where it has none.", TEXT),
        seen=some(ref("Seen")),
        parts=some(ref("Condition")),
    ),
    "RuleSetting": thing(
        "What a rule that held makes of one field.",
        register=TEXT,
        source=TEXT,
        line=NUMBER,
        literal=FLAG,
        value=ANY,
        missing=FLAG,
        fault=TEXT,
        seen=some(ref("Seen")),
        overridden_by=TEXT,
    ),
    "RuleSeen": thing(
        "One rule on this event: whether it held, and why not.",
        name=TEXT,
        line=NUMBER,
        considered=FLAG,
        held=maybe(FLAG),
        words=TEXT,
        when_line=NUMBER,
        when=maybe(ref("Condition")),
        deliver=one_of("merged", "each"),
        stop=FLAG,
        registers=some(TEXT),
        settings=some(ref("RuleSetting")),
    ),
    "FinalValue": thing(
        "One value of an update, and where it comes from.",
        place=NUMBER,
        register=TEXT,
        value=ANY,
        rule=TEXT,
        rule_line=NUMBER,
        line=NUMBER,
        source=TEXT,
        each=FLAG,
        overrode=some(TEXT),
    ),
    "NameSeen": thing(
        "One of the things by which the hook file finds the lead.",
        kind=TEXT,
        source=TEXT,
        line=NUMBER,
        value=ref("Seen"),
        name=maybe(TEXT),
        words=TEXT,
    ),
    "LeadSeen": thing(
        "How the event names its lead.",
        source=TEXT,
        line=NUMBER,
        value=maybe(ref("Seen")),
        words=TEXT,
        names=some(ref("NameSeen")),
        missing=one_of("park", "create", "ignore"),
    ),
    "Explanation": thing(
        "How the event was verified, and what each rule of its hook file made of it.",
        verified=thing(words=TEXT, secret_name=TEXT),
        file=TEXT,
        version=TEXT,
        as_then=say("Whether the rules are those of then, not those of now.", FLAG),
        words=say("Why it can't be explained, or by which rules it is.", TEXT),
        differs=say("Fields that would be set otherwise than they were.", some(TEXT)),
        rules=some(ref("RuleSeen")),
        update=some(ref("FinalValue")),
        lead=maybe(ref("LeadSeen")),
    ),
}
EXPLAINED["WholeEvent"] = with_more(
    EVENTS["Event"],
    "One event with what came, how it was mapped, and what happened to it.",
    kept_back=say("By which pause, of a hook or a destination.", maybe(thing(of=TEXT, words=TEXT))),
    headers=say("Secrets are masked.", named(TEXT)),
    explanation=ref("Explanation"),
    happenings=some(ref("Happening")),
    body=say("As it came; secrets are masked.", TEXT),
    fetched=say("What the sender answered when it was asked for the rest.", TEXT),
)

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
        **time("since", known=True),
        **time("last", known=True),
        **time("closed"),
        times=say("How many times it has opened.", NUMBER),
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
                state=one_of("flowing", "slowed", "held", "open", "paused"),
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
    ),
    "ActPage": thing("Some acts, the newest first.", acts=some(ref("Act")), next=NEXT),
    "Dropped": thing(
        "What became of dropping events.",
        dropped=NUMBER,
        not_dropped=NUMBER,
        failed=say("Why, by id of the event.", named(TEXT)),
    ),
}

SHAPES: dict[str, Shape] = COMMON | EVENTS | EXPLAINED | INBOX | REJECTED | STANDING | ACTS
