"""What the answers of the API hold, by name: each shape is that of one function which makes JSON."""

from __future__ import annotations

from relay.ops.api.notation import TEXT, Shape, one_of, thing
from relay.ops.api.shapes.backtests import BACKTESTS
from relay.ops.api.shapes.events import EVENTS, EXPLAINED
from relay.ops.api.shapes.failures import INBOX, REJECTED
from relay.ops.api.shapes.forms import FORMS
from relay.ops.api.shapes.leads import LEADS, PARKED
from relay.ops.api.shapes.replays import REPLAYS
from relay.ops.api.shapes.rules import RULES
from relay.ops.api.shapes.standing import ACTS, STANDING
from relay.ops.api.shapes.steered import STEERED

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

SHAPES: dict[str, Shape] = (COMMON | EVENTS | EXPLAINED | INBOX | REJECTED | STANDING | ACTS) | (
    LEADS | PARKED | REPLAYS | STEERED | FORMS | RULES | BACKTESTS
)
