"""What each route of the API is for, what it takes and what it gives, by its endpoint.

A route that stands here does not need to say what may go wrong: that follows from who may use it, and how.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.finding.choosing import MOST
from relay.ops.api.notation import ANY, FLAG, TEXT, Shape, asked, maybe, named, one_of, say, some
from relay.ops.api.parameters import FILTER, FILTER_PARTS, WORDS
from relay.replay import Mode
from relay.store.steering import LEAST_RATE, MOST_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one route."""

    words: str
    #: Name of the shape of what it gives.
    gives: str
    #: Names of PARAMETERS that its address may have.
    takes: tuple[str, ...] = ()
    #: What its body must be; None where it has none.
    body: Shape | None = None
    #: Where all is well.
    status: int = 200
    #: Faults beyond the usual ones.
    faults: tuple[int, ...] = ()


MOST_REPLAYED = 20_000
#: Events that a backtest may be of.
BACKTESTED = (500, 1_000, 2_000)
WHY = say("The reason, kept with each event and in the list of acts.", {**WORDS, "pattern": r"\S"})
BECAUSE = asked("Why.", ("why",), why={**WORDS, "pattern": r"\S"})
BY_HAND: Shape = {"type": "number", "minimum": LEAST_RATE, "maximum": MOST_RATE}
HOOK_TEXT = say("The text of a hook file.", {**WORDS, "pattern": r"\S"})
#: A filter where all events are of one state.
OF_A_STATE = tuple(part for part in FILTER_PARTS if part != "state")
IDS = say("Ids of events.", some(TEXT, maxItems=MOST))

ROUTES = {
    "openapi_json": Told(words="This document", gives="Document"),
    "status_json": Told(words="How all is going, in numbers", gives="Status"),
    "overview_as_json": Told(
        words="What needs a person, and what came to pass over time", gives="Overview", takes=("span",)
    ),
    "inbox_json": Told(
        words="Failures that look alike, each as one sentence",
        gives="GroupPage",
        takes=("show", "failing", *OF_A_STATE, "after"),
    ),
    "inbox_group_json": Told(
        words="One group of failures: what to do, and its events", gives="WholeGroup", takes=("after",)
    ),
    "acknowledge_json": Told(words="Note that you have seen a group", gives="Group", faults=(409,)),
    "reopen_json": Told(words="Let a group stand as new again", gives="Group", faults=(409,)),
    "events_json": Told(
        words="Events by a filter, the newest first", gives="Page", takes=(*FILTER_PARTS, "after", "size")
    ),
    "event_json": Told(words="One event: what came, why it was mapped so, what happened", gives="WholeEvent"),
    "drop_json": Told(
        words="Drop dead or parked events for good",
        gives="Dropped",
        body=asked("Which, and why.", ("ids", "why"), ids=IDS, why=WHY),
    ),
    "search_json": Told(
        words="Find leads and events by e-mail, phone, or any id",
        gives="Found",
        body=asked("What to look for.", ("q",), q={**WORDS, "pattern": r"\S"}),
    ),
    "rejected_json": Told(
        words="What the door refused, why, and how to mend it",
        gives="RejectionPage",
        takes=("hook", "words", "since", "until", "after"),
    ),
    "acts_json": Told(
        words="What people did, the newest first", gives="ActPage", takes=("who", "what", "since", "after", "size")
    ),
    "lead_json": Told(words="The story of one lead", gives="Lead", takes=("most",)),
    "parked_json": Told(
        words="Parked events, by what their lead is looked for", gives="ParkedPage", takes=(*OF_A_STATE, "after")
    ),
    "link_parked_json": Told(
        words="Say which lead is meant by a name, so that what waits for it goes on",
        gives="Linked",
        body=asked(
            "The name, or an event that is looked for by it, and the lead.",
            ("lead",),
            name=say("As in phone:+56912345678, email:ana@example.cl or external_id:123.", TEXT),
            destination=say("Of the name; 'default' unless it says otherwise.", TEXT),
            event=say("Id of an event that has the name.", TEXT),
            kind=say("Which of the event's names; the first unless it says otherwise.", TEXT),
            lead=say("The lead's id.", TEXT),
        ),
    ),
    "replays_json": Told(words="Replays, the newest first", gives="ReplayPage", takes=("after",)),
    "replay_json_of": Told(words="One replay with its plan and how far it has come", gives="WholeReplay"),
    "make_replay_json": Told(
        words="Plan a replay: nothing is changed until it is started",
        gives="WholeReplay",
        status=201,
        body={
            **asked(
                "Which events, and how.",
                ids=say("Ids of events; else a filter.", some(TEXT, minItems=1, maxItems=MOST_REPLAYED)),
                filter=asked(
                    "As addresses have it; dead letters unless 'state' says otherwise.",
                    **{name: say(FILTER[name]["description"], TEXT) for name in FILTER_PARTS},
                ),
                mode=say("'as mapped' unless it says otherwise.", one_of(*(mode.value for mode in Mode))),
                updates=say("Edited: for each update of the one event all fields that it is to set.", some(named(ANY))),
                force=say("Overwrite newer values too.", FLAG),
                name=say("What the replay is called.", TEXT),
            ),
            "oneOf": [{"required": ["ids"]}, {"required": ["filter"]}],
        },
    ),
    "start_replay_json": Told(words="Start a replay that is planned", gives="Replay", faults=(409,)),
    "cancel_replay_json": Told(
        words="Cancel a replay: what it has done stays, the rest is left", gives="Replay", faults=(409,)
    ),
    "hooks_json": Told(words="Hooks, and how each fares", gives="HookPage"),
    "hook_json": Told(words="One hook and what it is made of", gives="WholeHook"),
    "hook_diff_json": Told(
        words="What a hook's rules would make of its newest events, beside what was made of them",
        gives="Backtest",
        takes=("against",),
    ),
    "pause_hook_json": Told(words="Accept a hook's events and keep them back", gives="HookDone", body=BECAUSE),
    "resume_hook_json": Told(words="Let a hook's events go on", gives="HookDone"),
    "hook_rules_json": Told(
        words="How often each rule of a hook held, and gave each of its values", gives="Coverage", takes=("days",)
    ),
    "hook_forms_json": Told(words="What a hook's forms look like, and have lost", gives="FormPage"),
    "form_meant_json": Told(
        words="Say of a change of a form that it is meant, so that it raises no alarm",
        gives="FormMeant",
        body=asked("Why.", why=TEXT),
    ),
    "hook_shadow_json": Told(words="What the shadow of a hook finds, and the events that differ", gives="Shadow"),
    "rules_json": Told(words="A hook's file as it is now", gives="HookFile"),
    "try_rules_json": Told(
        words="Try a draft of a hook's file on its last events; nothing is changed",
        gives="Draft",
        body=asked("The draft.", ("text",), text=HOOK_TEXT),
    ),
    "backtest_rules_json": Told(
        words="Hold a draft of a hook's file against the file as it is, over many of its events",
        gives="HookReport",
        body=asked(
            "The draft, and how many events.",
            ("text",),
            text=HOOK_TEXT,
            last=say("The newest so many; 1000 unless it says otherwise.", {"type": "integer", "enum": BACKTESTED}),
        ),
    ),
    "save_rules_json": Told(
        words="Save a hook's file, where RELAY_RULES_EDITABLE is on",
        gives="Saved",
        body=asked(
            "The whole file, and the version that it is made from.",
            ("text", "began"),
            text=HOOK_TEXT,
            began=say("The 'version' that was read; empty where there was no file.", TEXT),
            why=say("The reason, kept in the list of acts.", TEXT),
        ),
        faults=(409,),
    ),
    "rule_versions_json": Told(words="The versions of a hook's file that are kept", gives="Versions"),
    "rule_version_json": Told(words="The text of one version of a hook's file", gives="VersionText"),
    "destinations_json": Told(words="Destinations, and how each fares", gives="DestinationPage"),
    "pause_destination_json": Told(words="Send nothing to a destination", gives="DestinationDone", body=BECAUSE),
    "resume_destination_json": Told(words="Let a destination go on", gives="DestinationDone"),
    "slow_destination_json": Told(
        words="Set a destination's rate by hand",
        gives="DestinationDone",
        body=asked(
            "How fast, and why.",
            ("rate",),
            rate=say(
                "PUTs a second; null takes back what was set by hand.",
                maybe({"type": "number", "minimum": LEAST_RATE, "maximum": MOST_RATE}),
            ),
            why=TEXT,
        ),
    ),
    "probe_destination_json": Told(words="Try the next PUT at once", gives="DestinationDone"),
}
