"""What an address of the API may say: the parts of a filter, by the names of the options, and places in lists."""

from __future__ import annotations

from typing import Any

from relay.finding import PARTS, STATES
from relay.ops.api.notation import TEXT, Shape, one_of

MOST = 500
WORDS: Shape = {"type": "string", "minLength": 1}
TIME: Shape = {
    "anyOf": [
        {"const": ""},
        {"type": "string", "pattern": "^[0-9]{1,6}[smhdw]$"},
        {"const": "today"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date"},
    ],
    "examples": ["2h", "today", "2026-11-23T14:30:00Z"],
}


def parameter(name: str, words: str, shape: Shape) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": words, "schema": shape}


#: The parts of a filter. Each is left out to ask for nothing.
FILTER = {
    "state": parameter("state", "Where an event stands; 'faulty' went on without a value.", one_of("any", *STATES)),
    "hook": parameter("hook", "Name of a hook.", TEXT),
    "sender": parameter("sender", "Name of a sender: typeform.", TEXT),
    "kind": parameter("kind", "Why it is dead or parked: 'refused', 'mapping', 'unknown lead'.", TEXT),
    "group": parameter("group", "Id of a group of failures.", TEXT),
    "rule": parameter("rule", "Name of a rule that set something.", TEXT),
    "test": parameter("test", "Whether the sender marked it as a test.", one_of("any", "yes", "no")),
    "since": parameter("since", "Received then or later: so long ago, today, or an ISO time.", TIME),
    "until": parameter("until", "Received before then.", TIME),
    "words": parameter("words", "Text in the words of the reason or of a fault.", TEXT),
    "lead": parameter("lead", "The lead's id, or '<destination>/<id>'.", TEXT),
    "limit": parameter("limit", "So many at the most, the oldest; 0 for all.", {"type": "integer", "minimum": 0}),
}
FILTER_PARTS = PARTS
#: The others, and which of the filter mean something less than usual where they stand.
OTHERS = {
    "after": parameter("after", "The 'next' of the page before; left out for the first page.", TEXT),
    "size": parameter("size", "So many on a page.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": 50}),
    "span": parameter("span", "How far back the plot goes.", one_of("1h", "24h", "7d")),
    "show": parameter(
        "show", "Which groups; the open ones unless it says otherwise.", one_of("open", "acknowledged", "closed")
    ),
    "who": parameter("who", "Name of a person, or 'token'.", TEXT),
    "what": parameter("what", "What was done: drop, replay, pause, ...", TEXT),
    "most": parameter(
        "most", "So many happenings and events at the most.", {"type": "integer", "enum": [100, 400, 2000]}
    ),
    "days": parameter(
        "days", "Over so many days, the one of now among them.", {"type": "integer", "minimum": 1, "maximum": 35}
    ),
    "against": parameter(
        "against", "A version of the hook file; left out for what was made of each event when it was mapped.", TEXT
    ),
    "failing": {**FILTER["state"], "schema": one_of("any", "dead", "parked", "faulty")},
}
PARAMETERS = FILTER | OTHERS

#: The parts of a path.
PATHS = {
    "id": "Our id of it.",
    "group": "Id of a group of failures.",
    "destination": "Name of a destination.",
    "hook": "Name of a hook.",
    "change": "Id of a change of a form.",
    "name": "Its name.",
    "version": "A version of a hook file: its content hash.",
}
