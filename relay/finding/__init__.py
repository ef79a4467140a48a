"""Which events a person means: a filter or a few words in, events out. Commands and pages find by the same functions.

``Filter`` says what events have in common, ``select`` gives all of them for an act, ``choose`` the newest few thousand,
``count`` how many there are, and ``page`` some of them, newest first, however many there are. ``newer`` tells what came
to pass since the last look. ``search`` takes what was typed into a box.
"""

from relay.finding.choosing import Chosen, choose
from relay.finding.filters import PARTS, STATES, Filter, described, read_filter, read_time, words_of
from relay.finding.paging import Page, page
from relay.finding.searching import Found, search
from relay.finding.selecting import count, select
from relay.finding.tailing import newer

__all__ = [
    "PARTS",
    "STATES",
    "Chosen",
    "Filter",
    "Found",
    "Page",
    "choose",
    "count",
    "described",
    "newer",
    "page",
    "read_filter",
    "read_time",
    "search",
    "select",
    "words_of",
]
