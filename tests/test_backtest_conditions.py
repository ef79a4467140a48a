"""Conditions of a backtest: a small strict grammar, so that no misspelt one passes."""

from __future__ import annotations

import re

import pytest

from relay.backtest import Condition, HookReport, Report, read_condition
from relay.backtest.difference import Kind
from relay.backtest.report import FieldCount, Told
from relay.errors import CommandError


def found(events: int = 200) -> Report:
    """Give a report of which 3 events of so many lose their phone, and 7 are of a hook that has not changed."""
    phone = FieldCount()
    phone.counts[Kind.LOST] = 3
    changed = HookReport(hook="cotiza", events=events, metrics={"lost_field": Told(3)}, fields={"phone": phone})
    return Report(hooks={"cotiza": changed, "visita": HookReport(hook="visita", events=7, unchanged=True)})


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ("lost_field > 1%", True),
        ("lost_field > 1.5%", False),
        ("lost_field >= 1.5%", True),
        ("lost_field>2", True),
        (" lost_field > 3 ", False),
        ("lost_field < 4", True),
        ("lost_field <= 2", False),
        ("lost_field:phone > 0", True),
        ("lost_field:email > 0", False),
        ("gained_field:phone > 0", False),
        ("lost_field:metadata.utm_source >= 1 %", False),
        ("changed > 0", False),
        ("newly_faulty >= 0", True),
    ],
)
def test_a_condition_holds_or_not(words: str, holds: bool) -> None:
    assert read_condition(words).holds(found()) is holds


def test_what_it_met_is_said_with_the_number_of_events_that_were_compared() -> None:
    assert read_condition("lost_field > 1%").told(found()) == "lost_field > 1%: 1.5%, 3 of 200 events"
    assert read_condition("lost_field:phone > 2").told(found(2000)) == "lost_field:phone > 2: 3 of 2,000 events"


def test_a_share_of_no_events_is_none() -> None:
    assert read_condition("lost_field > 0%").found(Report()) == 0


def test_a_condition_is_read_into_its_parts() -> None:
    assert read_condition("cleared_field:metadata.a-b >= 0.5%") == Condition(
        words="cleared_field:metadata.a-b >= 0.5%",
        metric="cleared_field",
        register="metadata.a-b",
        sign=">=",
        number=0.5,
        share=True,
    )


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("", "'' is no condition; write it as lost_field > 1%, newly_faulty >= 3 or lost_field:phone > 0"),
        ("lost_field", "'lost_field' is no condition; write it as"),
        ("lost_field > lots", "'lost_field > lots' is no condition"),
        ("lost_field > -1", "'lost_field > -1' is no condition"),
        ("lost_field > 1%%", "'lost_field > 1%%' is no condition"),
        ("lost_field = 1", "'lost_field = 1' is no condition"),
        ("lost_field > 1 and changed > 1", "'lost_field > 1 and changed > 1' is no condition"),
        ("lost_fields > 1", "unknown word 'lost_fields'; did you mean 'lost_field'?; there are changed, newly_mapped,"),
        ("zzz > 1", "unknown word 'zzz'; there are changed,"),
        (
            "changed:phone > 1",
            "changed is not about fields; gained_field, lost_field, changed_field,",
        ),
        ("lost_field:fone > 1", "unknown field 'fone'; did you mean 'phone'?"),
        ("lost_field:broker > 1", "unknown field 'broker'; did you mean 'metadata.broker'?"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(words: str, fault: str) -> None:
    with pytest.raises(CommandError, match=f"^{re.escape(fault)}"):
        read_condition(words)
