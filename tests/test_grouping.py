"""Which failures look alike: words without what differs, and the field that an answer is about."""

from __future__ import annotations

import pytest

from relay.grouping import field_in, gist, gist_of, reason_of
from relay.model import Fault, Reason


@pytest.mark.parametrize(
    ("words", "alike"),
    [
        ("campaign_id: 7c9e6679-7425-40de-944b-e07fc1f90ae7 not found", "campaign_id: … not found"),
        ("ana@x.cl is taken", "… is taken"),
        ("phone +56 9 8765 4321 is too long (max 15)", "phone … is too long (max …)"),
        ("line 3, column 14", "line …, column …"),
        ("rules/cotiza2.yaml:14: rule 'x2'", "rules/cotiza2.yaml:14: rule 'x2'"),
        ("Lead not found", "Lead not found"),
    ],
)
def test_what_differs_between_events_is_left_out(words: str, alike: str) -> None:
    assert gist(words, quotes=False) == alike


def test_what_the_far_side_quotes_is_a_value_and_what_we_quote_is_a_name() -> None:
    words = "'Calificado' is not one of nuevo, calificado"

    assert gist_of(Reason(kind="refused", words=words, status=400)) == "… is not one of nuevo, calificado"
    assert gist_of(Reason(kind="mapping", words="rule 'contact': no")) == "rule 'contact': no"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("campaign_id not found", "campaign_id"),
        ("estado_lead must be lower case", "metadata.estado_lead"),
        ("metadata.estado is unknown", "metadata.estado"),
        ("phone is not valid", "phone"),
        ("No fields to update", ""),
        ("the telephone is wrong", ""),
    ],
)
def test_the_field_that_an_answer_is_about_is_one_of_those_sent_or_a_core_field(words: str, field: str) -> None:
    assert field_in(words, ["metadata.estado", "metadata.estado_lead", "campaign_id"]) == field


def test_an_event_that_went_on_without_values_is_grouped_by_the_first_of_them() -> None:
    faults = [Fault(rule="contact", register="email", words="is no address"), Fault(rule="b", register="", words="no")]

    assert reason_of(faults) == Reason(kind="value held back", words="is no address", field="email")
    assert reason_of(faults[1:]) == Reason(kind="value held back", words="no", field="b")
    assert reason_of([]) is None
