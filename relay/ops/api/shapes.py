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
from relay.replay import Fate, Mode, Stage
from relay.status import COLUMNS

NEXT = say("Where the next page begins, to be given as 'after'; empty where there is none.", TEXT)
STATE = one_of(*(state.word for state in State))
GATE = one_of("flowing", "slowed", "held", "open", "paused")
RATE: Shape = {"type": "number"}
CHANGED = say("False where it was so already.", FLAG)
REACH = say("Null where that is beyond what is counted.", maybe(NUMBER))
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
    ),
    "ActPage": thing("Some acts, the newest first.", acts=some(ref("Act")), next=NEXT),
    "Dropped": thing(
        "What became of dropping events.",
        dropped=NUMBER,
        not_dropped=NUMBER,
        failed=say("Why, by id of the event.", named(TEXT)),
    ),
}

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

SHAPES: dict[str, Shape] = (
    COMMON | EVENTS | EXPLAINED | INBOX | REJECTED | STANDING | ACTS | LEADS | PARKED | REPLAYS | STEERED
)
