"""What other rules would make of the events that are stored, before anybody has to rely on them.

difference  what two hook files make of one event, held side by side
"""

from relay.backtest.difference import Difference, End, FieldChange, Kind, Made, compare, difference, made_of

__all__ = ["Difference", "End", "FieldChange", "Kind", "Made", "compare", "difference", "made_of"]
