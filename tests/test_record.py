"""How an event is kept: whatever goes into a record comes out of it again, and ids stay what they were."""

from __future__ import annotations

import re
import string
import zlib
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.errors import StoreError
from relay.model import Arrival, Fault, Mapped, Reason, Stamp, State, Update
from relay.store import record
from relay.store.record_words import WORDS_1

HEADER = b"p %b 1700000000000 250 42 cotiza noncE\n"

QUICK = settings(max_examples=60, deadline=None)

words = st.text(max_size=30)
values = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words
)
nested = st.recursive(values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3))


@st.composite
def updates(draw: st.DrawFn) -> Update:
    registers = draw(st.dictionaries(words, nested, min_size=1, max_size=6))
    rules = draw(st.lists(words, min_size=len(registers), max_size=len(registers)))
    return Update(set=registers, by=dict(zip(registers, rules, strict=True)), each=draw(st.booleans()))


faults = st.builds(Fault, rule=words, register=words, words=words)
arrivals = st.builds(
    Arrival,
    hook=st.text(string.ascii_lowercase + "-_", min_size=1, max_size=40),
    sender=words,
    version=words,
    destination=words,
    kind=words,
    test=st.booleans(),
    content_type=words,
    body=st.binary(max_size=3_000),
    mapped=st.builds(
        Mapped,
        event_id=words,
        at_ms=st.none(),
        lead=words,
        updates=st.lists(updates(), max_size=8).map(tuple),
        faults=st.lists(faults, max_size=3).map(tuple),
    ),
    headers=st.dictionaries(words, words, max_size=3),
    fetched=st.binary(max_size=100),
    came=st.dictionaries(words, words, max_size=5),
    secret_name=words,
    door_ms=st.integers(0, 2**53),
)


def stored(given: Arrival) -> bytes:
    return HEADER % (b"p" * len(given.mapped.updates)) + record.pack(given)


def plain(**facts: Any) -> Arrival:
    mapped = Mapped(event_id="a", at_ms=None, updates=facts.pop("updates", ()))
    usual = {"hook": "cotiza", "sender": "typeform", "version": "v1", "destination": "default", "kind": "form_response"}
    return Arrival(**{"test": False, "content_type": "application/json", "body": b"", **usual, **facts}, mapped=mapped)


@QUICK
@given(arrivals)
@example(plain(body=b"\n\n5\n"))
@example(plain(body=bytes(range(256)) * 50))
def test_a_record_gives_back_all_that_was_put_in(given: Arrival) -> None:
    found = record.unpack("id", stored(given))

    mapped = given.mapped
    assert (found.id, found.body) == ("id", given.body)
    for name in ("headers", "fetched", "came", "secret_name", "door_ms"):
        assert getattr(found, name) == getattr(given, name)
    for name in ("sender", "version", "destination", "kind", "test", "content_type"):
        assert getattr(found, name) == getattr(given, name)
    assert (found.sender_id, found.lead) == (mapped.event_id, mapped.lead)
    assert (found.updates, found.faults) == (mapped.updates, mapped.faults)


@QUICK
@given(arrivals)
def test_updates_can_be_read_without_the_body(given: Arrival) -> None:
    wanted = [(one.set, one.each) for one in record.unpack_updates(stored(given))[0]]
    assert wanted == [(one.set, one.each) for one in given.mapped.updates]


def test_updates_larger_than_what_is_opened_at_first_are_read_whole() -> None:
    registers = {f"metadata.k{n}": str(n) * 20 for n in range(500)}
    large = Update(set=registers, by=dict.fromkeys(registers, "a rule"))

    (unpacked,), _ = record.unpack_updates(stored(plain(updates=(large,), body=b"x" * 100_000)))
    assert unpacked.set == large.set


def test_a_header_says_where_an_event_stands() -> None:
    given = plain(updates=(Update(set={"phone": "A"}, by={"phone": "r"}),) * 3)

    found = record.unpack("id", b"x dxs 1700000000000 250 42 cotiza nonce\n" + record.pack(given))

    assert found.state is State.DEAD
    assert found.update_states == (State.DELIVERED, State.DEAD, State.SUPERSEDED)
    assert (found.hook, found.received_ms) == ("cotiza", 1_700_000_000_000)
    assert found.stamp == Stamp(1_699_999_999_750, 42)


def test_a_header_may_say_that_the_stamp_is_later_than_the_receipt() -> None:
    found = record.unpack("id", b"p  1000 -500 7 cotiza nonce\n" + record.pack(plain()))

    assert found.stamp == Stamp(1_500, 7)


@QUICK
@given(arrivals)
def test_the_order_of_registers_stays(given: Arrival) -> None:
    found = record.unpack("id", stored(given))

    assert [list(one.set) for one in found.updates] == [list(one.set) for one in given.mapped.updates]


@pytest.mark.parametrize("read", [lambda r: record.unpack("id", r), record.unpack_updates])
def test_a_record_of_a_newer_relay_is_said_in_words(read: Any) -> None:
    newer = HEADER % b"" + b"\x09" + record.pack(plain())[1:]

    with pytest.raises(StoreError) as raised:
        read(newer)

    assert str(raised.value) == "a record has form 9, which this relay does not know: run the one that wrote it"


def of_the_first_form(head: bytes, body: bytes) -> bytes:
    """Write a record as the relay wrote it before it kept what headers came."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=WORDS_1)
    return HEADER % b"p" + b"\x01" + packer.compress(b"%d\n%b%b" % (len(head), head, body)) + packer.flush()


def test_records_of_the_first_form_are_read_still() -> None:
    facts = ["typeform", "v1", "default", "lead", "text/plain", "id", "lead-a", 0, [[{"phone": "1"}, "r", 0]], []]
    more = {"body": 4, "headers": {"x-id": "7"}, "names": [["phone", "+5691"]]}
    old = of_the_first_form(orjson.dumps([*facts, more]), b"bodyanswers")

    found = record.unpack("id", old)

    assert (found.body, found.fetched, found.headers) == (b"body", b"answers", {"x-id": "7"})
    assert (found.came, found.secret_name, found.updates[0].set) == ({}, "", {"phone": "1"})
    assert record.unpack_updates(old)[0][0].set == {"phone": "1"}


def test_what_repeats_itself_takes_little_room() -> None:
    body = b'{"event_type": "form_response", "answers": ["text"]}' * 100

    assert len(record.pack(plain(body=body))) < len(body) / 5


@QUICK
@given(st.builds(Reason, kind=words, words=words, status=st.integers(0, 599), at_ms=st.integers(0, 2**53)))
def test_a_reason_comes_back_as_it_was(given: Reason) -> None:
    assert record.read_reason(record.write_reason(given)) == given


def test_no_reason_is_written_as_nothing() -> None:
    assert record.write_reason(None) == b""


@QUICK
@given(words, words)
def test_an_id_is_short_and_plain_and_always_the_same(hook: str, sender_id: str) -> None:
    id = record.event_id(hook, sender_id)

    assert re.fullmatch("[a-z2-7]{20}", id)
    assert record.event_id(hook, sender_id) == id


def test_ids_do_not_change_from_version_to_version() -> None:
    assert record.event_id("cotiza", "01GW6Y5DV1R3JFTM7J4JD3QJT6") == "v47rdqsluglr4sbyfaoa"


@pytest.mark.parametrize(
    ("one", "other"),
    [(("cotiza", "a"), ("visitas", "a")), (("cotiza", "a"), ("cotiza", "A")), (("cotiza", "a"), ("cotiz", "aa"))],
)
def test_another_hook_or_another_id_gives_another_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert record.event_id(*one) != record.event_id(*other)


def test_a_lead_has_its_destination_in_its_name_unless_that_is_the_default() -> None:
    assert record.lead_name("default", "lead-a") == "lead-a"
    assert record.lead_name("acme", "lead-a") == "acme/lead-a"
