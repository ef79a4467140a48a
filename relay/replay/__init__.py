"""A person sends events again: what it would change, and then the sending itself.

``plan`` says what a replay would do and changes nothing, ``run`` puts events back under their leads, where drains find
them behind live traffic. ``remapper`` reads a body by the rules of now.
"""

from relay.finding import STATES, Filter, select
from relay.replay.plan import Change, Fate, Item, Plan, plan
from relay.replay.remap import Remap, remapper
from relay.replay.run import Progress, run

__all__ = [
    "STATES",
    "Change",
    "Fate",
    "Filter",
    "Item",
    "Plan",
    "Progress",
    "Remap",
    "plan",
    "remapper",
    "run",
    "select",
]
