"""A person sends events again: what it would change, and then the sending itself; or drops them for good.

``draft`` makes a record of a replay and its plan, which changes nothing; ``start`` has it run, ``cancel`` ends it.
``drive`` plans and carries on what stands in the store: events are put back under their leads, where drains find them
behind live traffic. ``run`` does all of this at once for a plan. ``remapper`` reads a body by the rules of now,
``draft_edited`` takes what a person wrote.
"""

from relay.finding import STATES, Filter, select
from relay.replay.drop import Drops, drop
from relay.replay.edit import edited
from relay.replay.outline import Outline, change_json, read_outline
from relay.replay.plan import Change, Fate, Item, Plan, plan
from relay.replay.records import cancel, draft, draft_edited, get, record, start
from relay.replay.remap import Remap, remapper
from relay.replay.run import Progress, drive, run
from relay.store.replays import Mode, Replay, Stage

__all__ = [
    "STATES",
    "Change",
    "Drops",
    "Fate",
    "Filter",
    "Item",
    "Mode",
    "Outline",
    "Plan",
    "Progress",
    "Remap",
    "Replay",
    "Stage",
    "cancel",
    "change_json",
    "draft",
    "draft_edited",
    "drive",
    "drop",
    "edited",
    "get",
    "plan",
    "read_outline",
    "record",
    "remapper",
    "run",
    "select",
    "start",
]
