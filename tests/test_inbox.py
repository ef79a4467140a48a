"""Failures in words: the sentence of a group, its trend in one line, and what finds its events."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from relay import finding, inbox
from relay.inbox import SENTENCES, sentence, sparkline
from relay.store import Store
from relay.store.groups import Group
from tests.desk import ANA
from tests.far_crm import World, update

GROUP = Group(
    id="a1",
    what="dead",
    hook="cotiza",
    kind="refused",
    field="campaign_id",
    words="campaign_id: not found",
    status=400,
    count=38,
    on_their_way=0,
    since_ms=0,
    last_ms=0,
    times=1,
    trend=(),
)


@pytest.mark.parametrize(
    ("kind", "field", "words", "said"),
    [
        (
            "refused",
            "campaign_id",
            "campaign_id: not found",
            "Typeform cotiza: the CRM refused campaign_id: not found",
        ),
        ("refused", "metadata.estado", "estado is unknown", "Typeform cotiza: the CRM refused estado: is unknown"),
        ("refused", "", "No fields to update", "Typeform cotiza: the CRM refused the update: No fields to update"),
        ("mapping", "phone", "phone is missing", "Typeform cotiza: the rules failed at phone: is missing"),
        ("lead not found", "", "Lead not found", "Typeform cotiza: the CRM does not know the lead: Lead not found"),
        (
            "value held back",
            "email",
            "is no e-mail",
            "Typeform cotiza: email was held back, the rest went on: is no e-mail",
        ),
        ("ambiguous", "", "several leads", "Typeform cotiza: several leads are known by the same phone, e-mail or id"),
        ("something new", "x", "of tomorrow", "Typeform cotiza: something new: of tomorrow"),
    ],
)
def test_a_group_is_said_in_one_sentence(kind: str, field: str, words: str, said: str) -> None:
    group = replace(GROUP, kind=kind, field=field, words=words)

    assert str(sentence(group, sender="Typeform")) == said


def test_a_sentence_comes_in_parts_so_that_it_can_be_said_in_another_language() -> None:
    line = sentence(replace(GROUP, words="50% is too much"))

    assert line.text == "%(hook)s: the CRM refused %(field)s: %(words)s"
    assert line.values["words"] == "50% is too much"
    assert str(line) == "cotiza: the CRM refused campaign_id: 50% is too much"


def test_every_sentence_has_places_only_for_what_is_given() -> None:
    given = set(sentence(GROUP).values)

    for texts in (*SENTENCES.values(), (inbox.OTHER,)):
        for text in texts:
            assert set(re.findall(r"%\((\w+)\)s", text)) <= given


@pytest.mark.parametrize(
    ("trend", "drawn"),
    [((), ""), ((0, 0), "··"), ((1, 2, 4, 8), "▁▂▄█"), ((0, 1, 1000), "·▁█"), ((3,), "█")],
)
def test_a_trend_is_drawn_with_its_greatest_at_full_height(trend: tuple[int, ...], drawn: str) -> None:
    assert sparkline(trend) == drawn


def test_a_group_of_the_store_is_said_with_its_senders_title_and_its_filter_finds_its_events(store: Store) -> None:
    world = World(store)
    world.crm.poison = {"x"}
    refused = world.accept("one", ANA, update(title="x"))
    world.deliver()
    world.accept("two", ANA, update(title="y"))
    world.deliver()

    [row] = inbox.rows(store, store.groups.open())

    assert str(row.line) == "Typeform cotiza: the CRM refused the update: a value is refused"
    assert finding.select(store, row.filter) == [refused]
    assert (row.droppable, row.remap) == (True, False)
