"""What other rules would make of the events that are stored, before anybody has to rely on them.

difference  what two hook files make of one event, held side by side: ``compare``
stored      what hook files make of a stored event, and what its record says was made of it
coverage    how often each rule held and gave a value meanwhile
report      many differences, added up by hook, field and rule, with a few examples of each
run         two sets of hook files on many events; ``run`` does so for one hook, within limits
spread      the same on all cores
conditions  what a difference must not be: ``lost_field > 1%``
proof       maps events again by the rules that mapped them, and finds that nothing differs
as_json     all of it for a script
"""

from relay.backtest.as_json import difference_json, report_json
from relay.backtest.conditions import Condition, read_condition
from relay.backtest.difference import Difference, End, FieldChange, Kind, Made, compare, difference, made_of
from relay.backtest.proof import Again, prove
from relay.backtest.report import HookReport, Report
from relay.backtest.run import Backtest, pages, run
from relay.backtest.spread import cores, spread
from relay.backtest.stored import Reading, as_it_stands

__all__ = [
    "Again",
    "Backtest",
    "Condition",
    "Difference",
    "End",
    "FieldChange",
    "HookReport",
    "Kind",
    "Made",
    "Reading",
    "Report",
    "as_it_stands",
    "compare",
    "cores",
    "difference",
    "difference_json",
    "made_of",
    "pages",
    "prove",
    "read_condition",
    "report_json",
    "run",
    "spread",
]
