"""What each route of the API is for, what it takes and what it gives, by its endpoint.

A route that stands here does not need to say what may go wrong: that follows from who may use it, and how.
"""

from __future__ import annotations

from dataclasses import dataclass

from relay.finding.choosing import MOST
from relay.ops.api.notation import TEXT, Shape, asked, say, some
from relay.ops.api.parameters import FILTER_PARTS, WORDS


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
    #: Faults beyond the usual ones.
    faults: tuple[int, ...] = ()


WHY = say("The reason, kept with each event and in the list of acts.", {**WORDS, "pattern": r"\S"})
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
        takes=("show", "failing", *(part for part in FILTER_PARTS if part != "state"), "after"),
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
}
