"""What other rules would make of the events that are stored, before anybody has to rely on them.

difference  what two hook files make of one event, held side by side
stored      what hook files make of a stored event, and what its record says was made of it
proof       maps events again by the rules that mapped them, and finds that nothing differs
"""

from relay.backtest.difference import Difference, End, FieldChange, Kind, Made, compare, difference, made_of
from relay.backtest.proof import Again, prove
from relay.backtest.stored import Reading, as_it_stands

__all__ = [
    "Again",
    "Difference",
    "End",
    "FieldChange",
    "Kind",
    "Made",
    "Reading",
    "as_it_stands",
    "compare",
    "difference",
    "made_of",
    "prove",
]
