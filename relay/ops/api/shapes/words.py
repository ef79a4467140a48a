"""What several shapes are made of."""

from __future__ import annotations

from relay.model import State
from relay.ops.api.notation import (
    ANY,
    FLAG,
    NUMBER,
    TEXT,
    Shape,
    maybe,
    named,
    one_of,
    say,
)

NEXT = say("Where the next page begins, to be given as 'after'; empty where there is none.", TEXT)
STATE = one_of(*(state.word for state in State))
GATE = one_of("flowing", "slowed", "held", "open", "paused")
RATE: Shape = {"type": "number"}
CHANGED = say("False where it was so already.", FLAG)
REACH = say("Null where that is beyond what is counted.", maybe(NUMBER))
VALUES = say("Value by field; null clears it. Metadata is 'metadata.<key>'.", named(ANY))
