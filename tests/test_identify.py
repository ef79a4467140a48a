"""Which lead an event is about, which event it is, and when it happened, as the hook file says."""

from __future__ import annotations

import pytest

from relay.mapping import map_event
from relay.model import Event, Json, Name, Reason, State, Update
from tests.hook_texts import BY_ID, HEAD, LEAD, NOW, ONE, SUBMITTED, hook_of, mapped, rule, rules


@pytest.mark.parametrize(
    ("hidden", "words"),
    [
        ({"other": 1}, "hidden.lead_id is missing"),
        ({"lead_id": " "}, "hidden.lead_id is missing"),
        ({"lead_id": "7c9e6679"}, "hidden.lead_id is not a lead id"),
        ({"lead_id": 7}, "hidden.lead_id is not a lead id"),
        ({"lead_id": {"a": 1}}, "hidden.lead_id is an object; take one of its keys"),
    ],
)
def test_an_event_without_a_lead_id_is_parked_with_its_updates(hidden: Json, words: str) -> None:
    result = mapped(ONE, hidden=hidden, title="CEO")

    assert (result.state, result.lead, result.reason) == (State.PARKED, "", Reason(kind="no id", words=words))
    assert result.updates == (Update(set={"title": "CEO"}, by={"title": "one"}),)


def test_a_lead_id_is_stripped_and_lower_cased() -> None:
    assert mapped(ONE, hidden={"lead_id": f"  {LEAD.upper()}\n"}, title="x").lead == LEAD


MATCH = (
    HEAD
    + "lead:\n  match: {phone: '${fields.p}', email: '${fields.e | email}'}\n  missing: %s\n"
    + "rules:\n"
    + rule("a", "{title: a}")
)


PHONE = Name("phone", "+56912345678")
MAIL = Name("email", "a@b.cl")


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"p": "+56 9 1234-5678", "e": " A@B.cl "}, (PHONE, MAIL)),
        ({"p": "912345678", "e": "a@b.cl"}, (MAIL,)),
        ({"e": "a@b.cl"}, (MAIL,)),
        ({"p": "+56912345678", "e": "no address"}, (PHONE,)),
    ],
)
def test_an_event_whose_lead_is_to_be_matched_says_what_to_find_it_by(
    fields: dict[str, Json], names: tuple[Name, ...]
) -> None:
    result = mapped(MATCH % "create", **fields)

    words = f"no lead is known yet for {' or '.join(name.kind for name in names)}"
    assert (result.state, result.lead, result.names, result.missing) == (State.IN_FLIGHT, "", names, "create")
    assert result.reason == Reason(kind="unknown lead", words=words)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "the event has no phone or email to find a lead by"),
        ({"e": "no address"}, "the event has no phone or email to find a lead by"),
        ({"p": "912345678"}, "its phone has no country code: read it with | phone('CL') in the hook file"),
    ],
)
def test_an_event_that_says_nothing_of_its_lead_is_parked(fields: dict[str, Json], words: str) -> None:
    result = mapped(MATCH % "park", **fields)

    assert (result.state, result.reason) == (State.PARKED, Reason(kind="no identity", words=words))


def test_an_event_with_a_lead_says_what_that_lead_is_known_by() -> None:
    text = rules(rule("a", "{phone: '+56 9 1234 5678', title: x}"), rule("b", "{email: Ana@B.cl}", "deliver: each"))

    assert mapped(text).names == (PHONE, Name("email", "ana@b.cl"))


def test_an_event_whose_lead_is_not_known_is_ignored_if_the_file_says_so() -> None:
    result = mapped(MATCH % "ignore", p="1")

    assert (result.state, result.reason) == (State.IGNORED, None)


OWN = (
    BY_ID
    + "event: {id: '${fields.id}', time: '${fields.at}'}\n"
    + "rules:\n"
    + rule("a", "{title: '${event.id} ${event.time}'}")
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-09-26T14:33:47Z", SUBMITTED),
        ("2026-09-26T11:33:47-03:00", SUBMITTED),
        ("2026-09-26T14:33:47", SUBMITTED),
        (SUBMITTED, SUBMITTED),
        (SUBMITTED // 1000, SUBMITTED),
        (SUBMITTED / 1000, SUBMITTED),
        (str(SUBMITTED), SUBMITTED),
        (str(SUBMITTED // 1000), SUBMITTED),
        ("2099-01-01", NOW),
        (None, SUBMITTED),
    ],
)
def test_the_file_can_take_the_time_of_the_event_from_its_fields(at: Json, expected: int) -> None:
    assert mapped(OWN, id="mine", at=at).at_ms == expected


def test_the_file_can_take_the_id_of_the_event_from_its_fields() -> None:
    result = mapped(OWN, id=77, at="2026-09-26T14:00:00Z")

    assert result.event_id == "77"
    assert result.updates[0].set == {"title": "77 2026-09-26T14:00:00Z"}


def test_an_own_id_that_is_missing_leaves_the_senders_and_a_long_one_becomes_its_hash() -> None:
    assert mapped(OWN, id="").event_id == "e1"
    assert len(mapped(OWN, id="x" * 500).event_id) == 32
    assert mapped(OWN, id="x" * 500).event_id != mapped(OWN, id="x" * 501).event_id


@pytest.mark.parametrize("at", [True, "soon", -1e300, 1e300, {"a": 1}])
def test_a_time_that_is_none_makes_a_dead_letter(at: Json) -> None:
    result = mapped(OWN, id="a", at=at)

    assert (result.state, result.event_id) == (State.DEAD, "e1")


def test_a_time_of_the_sender_in_the_future_is_cut_and_one_before_1970_is_none() -> None:
    hook = hook_of(rules(rule("a", "{title: '${event.time}'}")))
    times = [NOW + 1, -5, None, 10**17]

    results = [
        map_event(Event(id="e", fields={}, hidden={"lead_id": LEAD}, at_ms=at), hook, received_ms=NOW) for at in times
    ]

    assert [result.at_ms for result in results] == [NOW, None, None, NOW]
    assert {result.updates[0].set["title"] for result in results} == {"2026-09-27T09:06:40Z"}
