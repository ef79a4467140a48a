"""Two hook files on one event: what would be sent otherwise, what fails that did not, and what makes no difference."""

from __future__ import annotations

from typing import Any

import pytest

from relay.backtest import Difference, End, Kind, compare
from relay.model import Event
from tests.hook_texts import HEAD, LEAD, NOW, SUBMITTED, hook_of, rule, rules

NAME = rule("contact", '{first_name: "${fields.nombre}"}')
OTHER_LEAD = "0b6d0d5c-9d51-4a2b-8a52-3a8a6f4b7c11"
BY_PHONE = HEAD + "lead:\n  match:\n    phone: ${fields.tel}\n"


def compared(old: str | None, new: str | None, *, test: bool = False, **fields: Any) -> Difference:
    event = Event(id="e1", fields=fields, hidden={"lead_id": LEAD, "other": OTHER_LEAD}, at_ms=SUBMITTED, test=test)
    hooks = [None if text is None else hook_of(text) for text in (old, new)]
    return compare(event, *hooks, received_ms=NOW, id="stored")


def changes(found: Difference) -> list[tuple[str, str, Any, Any]]:
    return [(one.register, one.kind.value, one.old, one.new) for one in found.fields]


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ('{title: "Sra."}', '{title: "Sra.", source: web}', ("source", "gained", None, "web")),
        ('{title: "Sra.", source: web}', '{title: "Sra."}', ("source", "lost", "web", None)),
        ('{title: "Sra."}', '{title: "Sr."}', ("title", "changed", "Sra.", "Sr.")),
        ('{title: "Sra."}', "{title: null}", ("title", "cleared", "Sra.", None)),
        ('{source: web}', "{source: web, title: null}", ("title", "cleared", None, None)),
        ("{title: null}", '{title: "Sra."}', ("title", "changed", None, "Sra.")),
        ("{title: null, source: web}", "{source: web}", ("title", "lost", None, None)),
        ("{metadata: {n: 1}}", '{metadata: {n: "1"}}', ("metadata.n", "changed", 1, "1")),
        ("{metadata: {n: 1}}", "{metadata: {n: true}}", ("metadata.n", "changed", 1, True)),
        ("{metadata: {n: 1}}", "{metadata: {n: 1.0}}", ("metadata.n", "changed", 1, 1.0)),
    ],
)  # fmt: skip
def test_a_register_is_gained_lost_changed_or_cleared(old: str, new: str, change: tuple[Any, ...]) -> None:
    found = compared(rules(rule("one", old)), rules(rule("one", new)))

    assert changes(found) == [change]
    assert type(found.fields[0].new) is type(change[3])
    assert (found.same, found.ended) == (False, False)
    assert (found.event, found.hook) == ("stored", "h")


@pytest.mark.parametrize(
    "text",
    [
        rules(rule("called otherwise", '{first_name: "${fields.nombre}"}')),
        rules(NAME) + "# a comment\n",
        rules(rule("contact", '{first_name: "${fields.nombre}", title: "${fields.nada}"}')),
        rules(rule("contact", '{first_name: "${fields.nombre | trim}"}', "when: 1 == 1")),
        rules(rule("overridden", "{first_name: nobody}"), NAME),
    ],
)
def test_rules_that_make_the_same_of_an_event_do_not_differ(text: str) -> None:
    assert compared(rules(NAME), text, nombre="Ana").same


def test_each_change_names_the_rules_that_set_the_field() -> None:
    new = rules(NAME, rule("louder", '{first_name: "${fields.nombre | upper}"}'))

    (one,) = compared(rules(NAME), new, nombre="Ana").fields

    assert (one.old_rule, one.new_rule, one.old, one.new) == ("contact", "louder", "Ana", "ANA")


def test_an_event_that_no_rule_takes_any_more_loses_all_of_its_fields() -> None:
    never = rules(rule("contact", '{first_name: "${fields.nombre}"}', "when: fields.nombre == 'Eva'"))

    lost = compared(rules(NAME), never, nombre="Ana")
    gained = compared(never, rules(NAME), nombre="Ana")

    assert (lost.no_longer_mapped, lost.new.end) == (True, End.IGNORED)
    assert changes(lost) == [("first_name", "lost", "Ana", None)]
    assert (gained.newly_mapped, gained.no_longer_mapped) == (True, False)
    assert changes(gained) == [("first_name", "gained", None, "Ana")]


def test_a_hook_file_may_be_missing_on_either_side() -> None:
    gone, come = compared(rules(NAME), None, nombre="Ana"), compared(None, rules(NAME), nombre="Ana")

    assert (gone.no_longer_mapped, gone.old.end, gone.new.end) == (True, End.MAPPED, End.NO_RULES)
    assert (come.newly_mapped, come.hook) == (True, "h")
    assert compared(None, None).same


def test_a_value_that_can_not_be_used_any_more_is_a_new_fault_and_a_lost_field() -> None:
    old = rules(rule("contact", '{first_name: "${fields.nombre}", title: "${fields.correo}"}'))
    new = rules(rule("contact", '{first_name: "${fields.nombre}", title: "${fields.correo | email}"}'))

    found, back = (compared(*pair, nombre="Ana", correo="x") for pair in ((old, new), (new, old)))

    assert found.newly_faulty
    assert [(one.rule, one.register, one.words) for one in found.new_faults] == [
        ("contact", "title", "is not an e-mail address")
    ]
    assert changes(found) == [("title", "lost", "x", None)]
    assert (back.fault_gone, back.newly_faulty, [one.register for one in back.gone_faults]) == (True, False, ["title"])
    assert compared(new, new, correo="x").same, "an old fault is no difference"


def test_an_event_that_fails_as_a_whole_is_newly_faulty() -> None:
    strict = rules(rule("contact", '{first_name: "${fields.nombre | required}"}'), rule("more", "{title: x}"))

    found = compared(rules(NAME, rule("more", "{title: x}")), strict)

    assert (found.newly_faulty, found.no_longer_mapped, found.new.end) == (True, True, End.DEAD)
    assert found.new.why.startswith("rules/h.yaml:6: rule 'contact': first_name is required and missing")
    assert compared(strict, rules(NAME)).fault_gone


def test_another_lead_is_a_difference_and_so_is_another_destination_or_way_of_finding_it() -> None:
    old = rules(NAME)
    other = old.replace("hidden.lead_id", "hidden.other")
    found = compared(old, other, nombre="Ana")
    by_phone, created = (BY_PHONE + f"  missing: {one}\nrules:\n" + NAME for one in ("park", "create"))

    assert (found.lead, found.fields, found.old.lead, found.new.lead) == (True, (), LEAD, OTHER_LEAD)
    assert compared(old, by_phone, nombre="Ana", tel="+56987654321").new.lead == "phone +56987654321, else park"
    assert compared(by_phone, created, nombre="Ana", tel="+56987654321").lead
    assert compared(by_phone, by_phone, nombre="Ana", tel="+56987654321").same


def test_an_event_whose_lead_is_not_named_any_more_is_parked_with_all_of_its_fields() -> None:
    found = compared(rules(NAME), rules(NAME).replace("hidden.lead_id", "hidden.nada"), nombre="Ana")

    assert (found.no_longer_mapped, found.new.end, found.fields) == (True, End.PARKED, ())


def test_a_test_that_is_not_delivered_sends_nothing() -> None:
    delivering = "tests: deliver\n" + rules(NAME)

    found = compared(rules(NAME), delivering, test=True, nombre="Ana")

    assert (found.newly_mapped, changes(found)) == (True, [("first_name", "gained", None, "Ana")])


def test_the_same_values_in_other_steps_are_a_difference_of_their_own() -> None:
    visited = rule("visit", "{metadata: {step: visit}}")
    alone = rule("visit", "{metadata: {step: visit}}", "deliver: each")

    found = compared(rules(NAME, visited), rules(NAME, alone), nombre="Ana")
    turned = compared(rules(NAME, alone), rules(alone, NAME), nombre="Ana")

    assert (found.steps, found.fields, found.same) == (True, (), False)
    assert (turned.steps, turned.fields) == (True, ())
    assert compared(rules(NAME, alone), rules(NAME, alone), nombre="Ana").same


def test_another_time_or_id_of_the_event_is_a_difference() -> None:
    timed = rules(NAME) + "event:\n  time: ${fields.cuando}\n"
    named = rules(NAME) + "event:\n  id: ${fields.numero}\n"
    event = {"nombre": "Ana", "cuando": "2026-01-01T00:00:00Z", "numero": "n1"}

    assert compared(rules(NAME), timed, **event).time
    assert compared(rules(NAME), named, **event).id
    assert not compared(rules(NAME), named, nombre="Ana").id


def test_kinds_are_words() -> None:
    assert [kind.value for kind in Kind] == ["gained", "lost", "changed", "cleared"]
