"""Merging, as tables: what one PUT carries, what waits, what is void, and what is sent once more."""

from __future__ import annotations

import pytest

from relay.merge import Batch, Doubt, LeadState, Settling, Tries, advance, choose, doubt, ready_ms, settle
from relay.model import Clock, Json, Pending, Stamp
from tests.pendings import clock, waits

NOW = 1_000


def choice(*pending: Pending, known: Clock | None = None, state: LeadState | None = None) -> Batch:
    return choose(pending, clock=known or {}, state=state or LeadState(), now_ms=NOW)


def events(batch: Batch) -> list[str]:
    return [one.event for one in batch.carried]


def values(batch: Batch) -> dict[str, Json]:
    return dict(batch.values)


@pytest.mark.parametrize(
    ("pending", "known", "expected"),
    [
        # One update goes as it is.
        ([waits(1, phone="A")], {}, {"phone": "A"}),
        # The newest value of each register goes, in whatever order they came.
        ([waits(2, phone="B"), waits(1, phone="A", title="x")], {}, {"phone": "B", "title": "x"}),
        # Of the updates of one event the later place is the newer.
        ([waits(1, event="e", place=1, phone="B"), waits(1, event="e", phone="A")], {}, {"phone": "B"}),
        # Null is a value: it clears.
        ([waits(1, phone="A"), waits(2, phone=None)], {}, {"phone": None}),
        # A register whose clock is newer stays out; the others of the same update go.
        ([waits(1, phone="A", title="x")], clock(phone=2), {"title": "x"}),
        # A clock that is as old as the update is its own, from before a replay: it goes again.
        ([waits(2, phone="A")], clock(phone=2), {"phone": "A"}),
        # An older clock stands in nobody's way.
        ([waits(2, phone="B")], clock(phone=1), {"phone": "B"}),
        # Each metadata key is a register of its own.
        (
            [waits(1, metadata__plan="gold", metadata__edad=41)],
            clock(metadata__plan=2),
            {"metadata.edad": 41},
        ),
    ],
)
def test_the_newest_value_of_each_register_goes(
    pending: list[Pending], known: Clock, expected: dict[str, Json]
) -> None:
    assert values(choice(*pending, known=known)) == expected


def test_what_is_sent_names_its_stamp_and_event() -> None:
    batch = choice(waits(1, phone="A"), waits(2, phone="B"))

    assert batch.sent == {"phone": waits(2, phone="B")}
    assert (batch.sent["phone"].stamp, batch.sent["phone"].event) == (Stamp(2, 2), "e2")
    assert events(batch) == ["e1", "e2"]


def test_an_update_that_newer_events_made_void_names_the_newest_of_them() -> None:
    old = waits(1, phone="A", title="x")

    batch = choice(old, waits(9, email="a@b.cl"), known=clock(phone=2, title=3))

    assert batch.superseded == ((old, "e3"),)
    assert events(batch) == ["e9"]


def test_an_update_with_one_register_left_is_not_superseded() -> None:
    batch = choice(waits(1, phone="A", title="x"), known=clock(phone=2))

    assert batch.superseded == ()
    assert events(batch) == ["e1"]


def test_where_all_is_void_nothing_is_sent() -> None:
    batch = choice(waits(1, phone="A"), known=clock(phone=2))

    assert not batch.sent
    assert not batch.carried
    assert batch.body == {}


@pytest.mark.parametrize(
    ("pending", "tries", "expected"),
    [
        # Before an update that goes alone, all that may be merged goes first.
        ([waits(1, a=1), waits(2, b=1), waits(3, each=True, c=1), waits(4, d=1)], {}, ["e1", "e2"]),
        # The first in the row goes alone, though others wait behind it.
        ([waits(1, each=True, a=1), waits(2, b=1)], {}, ["e1"]),
        # Two of them go one by one, in order of their stamps.
        ([waits(2, each=True, a=2), waits(1, each=True, a=1)], {}, ["e1"]),
        # One that was part of a refused body goes alone too.
        ([waits(1, a=1), waits(2, b=1)], {1: Tries(alone=True)}, ["e1"]),
        ([waits(1, a=1), waits(2, b=1)], {2: Tries(alone=True)}, ["e1"]),
        # One that rests is left out, and the others go on without it.
        ([waits(1, a=1), waits(2, b=1)], {1: Tries(1, until_ms=NOW + 1)}, ["e2"]),
        # It goes as soon as its rest is over.
        ([waits(1, a=1), waits(2, b=1)], {1: Tries(1, until_ms=NOW)}, ["e1", "e2"]),
        # Behind a resting `each` no other `each` goes: their order is a promise. What is merged may pass.
        (
            [waits(1, each=True, a=1), waits(2, each=True, a=2), waits(3, b=1)],
            {1: Tries(1, until_ms=NOW + 1)},
            ["e3"],
        ),
        # Behind a resting update that is no `each`, an `each` goes.
        ([waits(1, a=1), waits(2, each=True, b=1)], {1: Tries(1, until_ms=NOW + 1)}, ["e2"]),
        # Behind an `each` that rests no longer, the next one waits its turn.
        ([waits(1, each=True, a=1), waits(2, each=True, a=2)], {1: Tries(1, until_ms=NOW)}, ["e1"]),
        # All rest: nothing goes.
        ([waits(1, a=1)], {1: Tries(1, until_ms=NOW + 1)}, []),
    ],
)
def test_who_goes_with_whom(pending: list[Pending], tries: dict[int, Tries], expected: list[str]) -> None:
    by_member = {one.member: tries[one.stamp.at_ms] for one in pending if one.stamp.at_ms in tries}

    batch = choice(*pending, state=LeadState(tries=by_member))

    assert events(batch) == expected


def test_an_each_update_is_superseded_like_any_other() -> None:
    batch = choice(waits(1, each=True, phone="A"), known=clock(phone=2))

    assert [(one.event, by) for one, by in batch.superseded] == [("e1", "e2")]


def test_a_value_to_settle_goes_out_once_its_time_has_come() -> None:
    early = LeadState(settling=Settling(NOW + 1, {"phone": "A"}))
    due = LeadState(settling=Settling(NOW, {"phone": "A"}))

    assert choice(state=early).body == {}
    assert choice(state=due).body == {"phone": "A"}


def test_a_value_to_settle_rides_with_merged_updates_and_gives_way_to_newer_ones() -> None:
    state = LeadState(settling=Settling(NOW, {"phone": "A", "title": "x"}))

    batch = choice(waits(5, phone="B"), state=state)

    assert batch.settled == {"title": "x"}
    assert batch.body == {"phone": "B", "title": "x"}


@pytest.mark.parametrize(
    ("pending", "tries"),
    [(waits(5, each=True, a=1), {}), (waits(5, a=1), {waits(5, a=1).member: Tries(alone=True)})],
)
def test_a_value_to_settle_does_not_ride_with_an_update_that_goes_alone(
    pending: Pending, tries: dict[str, Tries]
) -> None:
    state = LeadState(tries=tries, settling=Settling(NOW, {"phone": "A"}))

    assert choice(pending, state=state).body == {"a": 1}


def test_the_body_has_core_fields_and_metadata_of_its_own() -> None:
    batch = choice(waits(1, phone="A", campaign_id=None, metadata__plan="gold", metadata__edad=41))

    assert batch.body == {"phone": "A", "campaign_id": None, "metadata": {"plan": "gold", "edad": 41}}


def test_a_body_without_metadata_has_no_such_key() -> None:
    assert choice(waits(1, phone="A")).body == {"phone": "A"}


def test_a_metadata_key_with_a_dot_stays_one_key() -> None:
    assert choice(waits(1, metadata__utm__source="ads")).body == {"metadata": {"utm.source": "ads"}}


def test_the_clock_advances_for_what_was_sent_and_for_nothing_else() -> None:
    known = clock(phone=5, title=1)

    after = advance(known, choice(waits(3, phone="A", title="x", source="web"), known=known))

    assert after == clock(phone=5, title=3, source=3)


def test_a_body_without_an_answer_is_in_doubt_with_all_that_it_carried() -> None:
    batch = Batch(sent={"phone": waits(2, phone="B")}, settled={"title": "x"})
    before = Doubt(500, {"phone": "A"})

    state = doubt(LeadState(doubts=(before,)), batch, until_ms=2_000)

    assert state.doubts == (before, Doubt(2_000, {"phone": "B", "title": "x"}))


@pytest.mark.parametrize(
    ("doubts", "sent_ms", "expected"),
    [
        # The same value: it does not matter which of the two arrives last.
        ([Doubt(9_000, {"phone": "B"})], 2_000, None),
        # Another value may still undo ours: ours is sent once more when that can't be any longer.
        ([Doubt(9_000, {"phone": "A"})], 2_000, Settling(9_000, {"phone": "B"})),
        # The last of several doubts decides when.
        ([Doubt(9_000, {"phone": "A"}), Doubt(9_500, {"phone": "C"})], 2_000, Settling(9_500, {"phone": "B"})),
        ([Doubt(9_500, {"phone": "A"}), Doubt(9_000, {"phone": "C"})], 2_000, Settling(9_500, {"phone": "B"})),
        # A doubt that had ended before ours was sent can undo nothing.
        ([Doubt(2_000, {"phone": "A"})], 2_000, None),
        # One about other registers does not concern us.
        ([Doubt(9_000, {"title": "x"})], 2_000, None),
        ([], 2_000, None),
    ],
)
def test_what_a_late_body_may_undo_is_to_be_settled(
    doubts: list[Doubt], sent_ms: int, expected: Settling | None
) -> None:
    batch = choice(waits(1, phone="B"))

    state = settle(LeadState(doubts=tuple(doubts)), batch, sent_ms=sent_ms, now_ms=2_500)

    assert state.settling == expected


def test_a_doubt_whose_time_is_over_is_forgotten_and_an_open_one_is_kept() -> None:
    over, still_open = Doubt(2_500, {"phone": "A"}), Doubt(2_501, {"phone": "C"})

    state = settle(LeadState(doubts=(over, still_open)), choice(waits(1, phone="B")), sent_ms=2_400, now_ms=2_500)

    assert state.doubts == (still_open,)


def test_what_was_settled_is_done_and_the_rest_still_waits() -> None:
    settling = Settling(NOW, {"phone": "A", "title": "x"})
    batch = Batch(settled={"phone": "A"})

    state = settle(LeadState(settling=settling), batch, sent_ms=2_000, now_ms=2_500)

    assert state.settling == Settling(NOW, {"title": "x"})


def test_a_newer_value_takes_the_place_of_the_one_to_settle() -> None:
    settling = Settling(9_000, {"phone": "A"})

    state = settle(LeadState(settling=settling), choice(waits(5, phone="B")), sent_ms=2_000, now_ms=2_500)

    assert state.settling is None


@pytest.mark.parametrize(
    ("pending", "tries", "expected"),
    [
        # Nothing waits.
        ([], {}, None),
        # What never failed may go at once.
        ([waits(1, a=1)], {}, NOW),
        # What rests may go when the first of them has rested.
        (
            [waits(1, a=1), waits(2, a=1)],
            {1: Tries(1, until_ms=NOW + 90), 2: Tries(1, until_ms=NOW + 50)},
            NOW + 50,
        ),
        # One that does not rest may go, whatever the others do.
        ([waits(1, a=1), waits(2, a=1)], {1: Tries(1, until_ms=NOW + 90)}, NOW),
        # An `each` behind a resting one rests with it.
        ([waits(1, each=True, a=1), waits(2, each=True, a=1)], {1: Tries(1, until_ms=NOW + 90)}, NOW + 90),
        # So it does after a failure of its own, whose rest was over long ago.
        (
            [waits(1, each=True, a=1), waits(2, each=True, a=1)],
            {1: Tries(1, until_ms=NOW + 90), 2: Tries(1, until_ms=NOW - 5)},
            NOW + 90,
        ),
    ],
)
def test_when_the_first_may_go(pending: list[Pending], tries: dict[int, Tries], expected: int | None) -> None:
    by_member = {one.member: tries[one.stamp.at_ms] for one in pending if one.stamp.at_ms in tries}

    assert ready_ms(pending, LeadState(tries=by_member), now_ms=NOW) == expected
