"""Which events a filter means: one by one, page by page, and all; and what is found by a few words."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from relay.errors import CommandError
from relay.finding import (
    Filter,
    choose,
    count,
    described,
    page,
    paging,
    read_filter,
    read_time,
    search,
    select,
    words_of,
)
from relay.model import Mapped, Name, Reason, State
from relay.store import Store
from relay.store.record import event_id
from tests.far_crm import World, arrival, matched, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"
NOW = 1_790_000_000_000
HOOKS = ("cotiza", "zapier", "visita")


def take(store: Store, id: str, *, hook: str = "cotiza", state: State = State.IGNORED, kind: str = "refused") -> str:
    """Have an event accepted that stands where it stays."""
    reason = Reason(kind=kind, words=f"{kind} by {hook}") if state in (State.DEAD, State.PARKED) else None
    one = replace(arrival(id, ANA), hook=hook, mapped=Mapped(event_id=id, at_ms=None, state=state, reason=reason))
    return store.door.accept([one])[0].id


def all_pages(store: Store, wanted: Filter, size: int) -> list[str]:
    found: list[str] = []
    after = ""
    for _ in itertools.count():
        one = page(store, wanted, after=after, size=size)
        found += [event.id for event in one.events]
        after = one.next
        if not after:
            return found
    raise AssertionError


def test_pages_give_the_newest_first_and_every_event_once(store: Store) -> None:
    ids = [take(store, str(n), hook=HOOKS[n % 3]) for n in range(100)]

    assert all_pages(store, Filter(state=""), 7) == ids[::-1]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=some.lists(
        some.tuples(
            some.sampled_from(HOOKS),
            some.sampled_from([State.DEAD, State.PARKED, State.IGNORED]),
            some.sampled_from(["refused", "mapping"]),
        ),
        max_size=40,
    ),
    wanted=some.builds(
        Filter,
        state=some.sampled_from(["", "dead", "parked", "ignored"]),
        hook=some.sampled_from(["", *HOOKS]),
        kind=some.sampled_from(["", "refused", "mapping"]),
    ),
    size=some.integers(1, 12),
)
def test_pages_together_are_what_is_selected_and_counted(
    store: Store, made: list[tuple[str, State, str]], wanted: Filter, size: int
) -> None:
    store.client.flushall()
    for number, (hook, state, kind) in enumerate(made):
        take(store, str(number), hook=hook, state=state, kind=kind)

    chosen = select(store, wanted)
    meant = {
        event_id(hook, str(number))
        for number, (hook, state, kind) in enumerate(made)
        if wanted.state in ("", state.word)
        and wanted.hook in ("", hook)
        and (not wanted.kind or (state is not State.IGNORED and kind == wanted.kind))
    }
    assert set(chosen) == meant
    assert len(chosen) == len(meant) == count(store, wanted)
    assert sorted(all_pages(store, wanted, size)) == sorted(chosen)


def test_events_that_come_in_meanwhile_move_no_page(store: Store) -> None:
    ids = [take(store, str(n), hook=HOOKS[n % 2]) for n in range(20)]
    first = page(store, Filter(state=""), size=8)
    for n in range(20, 30):
        take(store, str(n), hook=HOOKS[n % 3])
    second = page(store, Filter(state=""), after=first.next, size=8)

    assert [event.id for event in (*first.events, *second.events)] == ids[:3:-1]


def test_a_page_reads_a_bounded_number_and_says_how_far_back_it_looked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_RECORDS", 50)
    oldest = store.door.accept([replace(arrival("old", ANA), test=True)])[0].id
    for n in range(300):
        take(store, str(n))

    first = page(store, Filter(state="", test=True), size=50)
    assert (first.events, first.back_to_ms is not None, first.next != "") == ((), True, True)
    assert all_pages(store, Filter(state="", test=True), 50) == [oldest]


def test_the_dead_letters_of_a_group_are_paged_and_counted_by_the_group(store: Store) -> None:
    dead = [take(store, str(n), state=State.DEAD, kind=("refused", "mapping")[n % 2]) for n in range(10)]
    [group] = [one for one in store.groups.open() if one.kind == "mapping"]

    wanted = Filter(group=group.id)
    assert sorted(select(store, wanted)) == sorted(dead[1::2])
    assert all_pages(store, wanted, 2) == select(store, wanted)[::-1]
    assert count(store, wanted) == group.count == 5


def test_the_events_of_a_lead_are_found_without_a_look_at_all_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_RECORDS", 10)
    mine = [store.door.accept([arrival(f"mine {n}", ANA)])[0].id for n in range(5)]
    for n in range(60):
        store.door.accept([arrival(f"other {n}", EVA)])

    for lead in (ANA, f"default/{ANA}".upper()):
        one = page(store, Filter(state="", lead=lead), size=10)
        assert ([event.id for event in one.events], one.next) == (mine[::-1], "")
    assert all_pages(store, Filter(state="", lead=ANA), 2) == mine[::-1]
    assert select(store, Filter(state="", lead=f"acme/{ANA}")) == []


def test_a_thousand_events_of_one_moment_are_paged_too(store: Store) -> None:
    reason = Reason(kind="mapping", words="no")
    mapped = Mapped(event_id="", at_ms=None, state=State.DEAD, reason=reason)
    some_events = [
        replace(arrival(str(n), ANA), mapped=replace(mapped, event_id=str(n), reason=reason)) for n in range(1_000)
    ]
    ids = [one.id for one in store.door.accept(some_events)]

    assert sorted(all_pages(store, Filter(state="dead"), 60)) == sorted(ids)


@pytest.mark.parametrize("after", ["x", "1:", "12:a/b", "12;cotiza", "x;cotiza=1", "12;cotiza=x"])
@pytest.mark.parametrize("state", ["dead", "ignored"])
def test_a_place_that_cant_be_read_is_said(store: Store, after: str, state: str) -> None:
    take(store, "one")
    if (state == "dead") == (":" in after or after == "x"):
        with pytest.raises(CommandError, match="begin at its start"):
            list(page(store, Filter(state=state), after=after).events)


@given(
    wanted=some.builds(
        Filter,
        state=some.sampled_from(["", "dead", "in flight", "faulty"]),
        hook=some.sampled_from(["", "cotiza"]),
        sender=some.sampled_from(["", "meta"]),
        kind=some.sampled_from(["", "lead not found"]),
        group=some.sampled_from(["", "ab12"]),
        rule=some.sampled_from(["", "contact details"]),
        test=some.sampled_from([None, True, False]),
        since_ms=some.none() | some.integers(0, 4_000_000_000_000),
        until_ms=some.none() | some.integers(0, 4_000_000_000_000),
        words=some.sampled_from(["", "no such"]),
        lead=some.sampled_from(["", ANA]),
        limit=some.integers(0, 99),
    )
)
def test_a_filter_is_read_back_as_it_was_written(wanted: Filter) -> None:
    assert read_filter(words_of(wanted), now_ms=NOW) == wanted


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"stat": "dead"}, "filter: unknown part 'stat'; did you mean 'state'?"),
        ({"state": "ded"}, "state: must be one of in flight, delivered"),
        ({"since": "yesterday"}, "'yesterday' is no time: say 30m, 2h or 3d ago, today, or 2026-11-23T14:30"),
        ({"test": "maybe"}, "test: must be one of yes, no, not 'maybe'"),
        ({"limit": "-1"}, "limit: must be a whole number, not '-1'"),
    ],
)
def test_a_filter_that_cant_be_read_says_what_is_wrong(words: dict[str, str], said: str) -> None:
    with pytest.raises(CommandError) as caught:
        read_filter(words, now_ms=NOW)

    assert str(caught.value).startswith(said)


def test_a_filter_is_said_in_words() -> None:
    wanted = read_filter({"hook": "cotiza", "since": "2h"}, now_ms=NOW, state="dead")

    assert wanted.since_ms == NOW - 7_200_000
    assert described(wanted) == "dead, hook 'cotiza', since '2026-09-21T12:13:20Z'"
    assert described(Filter(state="")) == "any state"


def found(store: Store, text: str) -> tuple[list[str], list[str]]:
    told = search(store, text, destinations=["default", "acme"], hooks=HOOKS)
    return list(told.leads), [event.id for event in told.events]


def test_one_box_finds_a_lead_by_whatever_is_known_of_it(store: Store) -> None:
    world = World(store)
    names = (Name("phone", "+56987654321"), Name("email", "ana@x.cl"))
    one = arrival("one", ANA, update(title="a"))
    terms = (("phone", "87654321"), ("form", "Ab12"), ("click", "Cj0K"))
    id = store.door.accept([replace(one, mapped=replace(one.mapped, names=names), terms=terms)])[0].id
    world.deliver()

    assert found(store, ANA.upper()) == ([ANA], [])
    assert found(store, "Ana@X.cl") == ([ANA], [])
    for text in ("+56 9 8765 4321", "9 8765 4321", "Ab12", "Cj0K", id, "one"):
        assert found(store, text) == ([ANA], [id]), text
    for text in ("", "eva@x.cl", EVA, f"acme/{ANA}", "1234 5678", "?", "x" * 5_000):
        assert found(store, text) == ([], []), text


def test_one_box_finds_an_event_that_waits_for_its_lead(store: Store) -> None:
    name = Name("email", "ana@x.cl")
    [accepted] = store.door.accept([matched("one", [name], update(title="a"))])

    assert found(store, "ANA@x.cl") == ([], [accepted.id])


@pytest.mark.parametrize(
    "wanted", [Filter(kind="mapping"), Filter(hook="zapier"), Filter(sender="typeform", hook="zapier")]
)
def test_the_newest_are_chosen_up_to_a_number_and_it_is_said_whether_there_are_more(
    store: Store, wanted: Filter
) -> None:
    kinds, hooks = ("refused", "mapping"), ("cotiza", "zapier")
    ids = [take(store, str(n), state=State.DEAD, kind=kinds[n % 2], hook=hooks[n % 2]) for n in range(30)]

    assert set(choose(store, wanted).ids) == set(ids[1::2])
    assert not choose(store, wanted).more
    assert not choose(store, wanted, most=15).more
    assert set(choose(store, wanted, most=10).ids) < set(ids[1::2])
    assert len(choose(store, wanted, most=10).ids) == 10
    assert choose(store, wanted, most=10).more
    assert len(choose(store, replace(wanted, limit=4)).ids) == 4


@pytest.mark.parametrize(("hours", "began"), [(0, 1_789_948_800_000), (-3, 1_789_959_600_000), (9, 1_789_916_400_000)])
def test_today_begins_at_midnight_where_the_reader_is(hours: int, began: int) -> None:
    assert read_time("today", now_ms=NOW, zone=timezone(timedelta(hours=hours))) == began
