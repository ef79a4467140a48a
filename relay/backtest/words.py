"""What is said of the events of a backtest, in English; the pages say it in the reader's language."""

from __future__ import annotations

from relay.backtest.difference import End, Kind
from relay.texts import N_

#: By metric, in the order in which they are told; 'changed' is the sum of all.
WORDS = {
    "no_longer_mapped": N_("no longer mapped"),
    "newly_mapped": N_("newly mapped"),
    "newly_faulty": N_("newly faulty"),
    "fault_gone": N_("faulty no more"),
    "lost_field": N_("lose a field"),
    "gained_field": N_("gain a field"),
    "changed_field": N_("get another value"),
    "cleared_field": N_("have a field cleared"),
    "changed_lead": N_("go to another lead"),
    "changed_time": N_("hold from another time"),
    "changed_id": N_("have another id for the guard against duplicates"),
    "changed_steps": N_("get the same values in other steps"),
}
#: Those that are most often a mistake.
BAD = frozenset(("no_longer_mapped", "newly_faulty", "lost_field", "changed_lead"))
KINDS = {
    Kind.GAINED: N_("gained"),
    Kind.LOST: N_("lost"),
    Kind.CHANGED: N_("changed"),
    Kind.CLEARED: N_("cleared"),
}
ENDS = {
    End.MAPPED: N_("mapped"),
    End.FETCHED: N_("its answers are fetched first"),
    End.IGNORED: N_("ignored"),
    End.PARKED: N_("parked"),
    End.DEAD: N_("dead"),
    End.UNREADABLE: N_("unreadable"),
    End.NO_RULES: N_("no rules"),
}
