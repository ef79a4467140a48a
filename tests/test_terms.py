"""What an event is found by: taken from it at the door, typed by a person, and found through the index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.model import Event, Mapped, Name, State
from relay.store import Store
from relay.terms import Term, contact_in, phones_and_emails, terms_of, to_file, typed
from tests.far_crm import World, arrival, known, update

ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Ana.Rojas@Example.CL ", Term("email", "ana.rojas@example.cl")),
        ("+56 9 8765 4321", Term("phone", "87654321")),
        ("9 8765 4321", Term("phone", "87654321")),
        ("(09) 8765-4321", Term("phone", "87654321")),
        ("2026-11-25", None),
        ("25/11/2026", None),
        ("1234567", None),
        ("ana at example", None),
        ("a @ b", None),
        ("1" * 40, None),
    ],
)
def test_phones_and_emails_are_known_by_their_look(text: str, term: Term | None) -> None:
    assert contact_in(text) == term


def test_an_event_is_found_by_its_form_its_contacts_and_its_clicks() -> None:
    event = Event(
        id="one",
        fields={"correo": "ana@x.cl", "fono": "9 8765 4321", "edad": 33, "lista": ["ana@x.cl"]},
        hidden={"gclid": "Cj0K", "lead_id": ANA},
        form={"id": "Ab12Cd34"},
    )

    assert terms_of(event) == (
        Term("form", "Ab12Cd34"),
        Term("click", "Cj0K"),
        Term("email", "ana@x.cl"),
        Term("phone", "87654321"),
    )


def test_no_event_is_found_by_more_than_sixteen_things() -> None:
    assert len(terms_of(Event(id="one", fields={str(n): f"a{n}@x.cl" for n in range(40)}))) == 16


def test_an_email_under_which_the_lead_is_known_is_not_filed_twice() -> None:
    terms = (Term("email", "ana@x.cl"), Term("email", "eva@x.cl"))
    names = (Name("email", "ana@x.cl"),)

    going = Mapped(event_id="one", at_ms=None, lead=ANA, names=names)
    assert to_file(terms, going) == [terms[1]]
    assert to_file(terms, replace(going, state=State.IGNORED)) == list(terms)


def test_what_a_person_types_may_mean_several_things() -> None:
    assert typed(" ana@x.cl ")[0] == Term("email", "ana@x.cl")
    assert typed("Ab12") == [Term("click", "Ab12"), Term("form", "Ab12")]
    assert phones_and_emails("+56 9 8765 4321") == [Name("phone", "+56987654321")]
    assert phones_and_emails("Ana@X.cl") == [Name("email", "ana@x.cl")]
    assert phones_and_emails("9 8765 4321") == []


def test_events_are_found_by_any_of_their_terms_the_newest_first(store: Store) -> None:
    form, phone = ("form", "Ab12"), ("phone", "87654321")
    store.door.accept([replace(arrival("one", ANA), terms=(form, phone))])
    store.door.accept([replace(arrival("two", ANA), terms=(form,))])
    one, two = (store.door.accept([arrival(name, ANA)])[0].id for name in ("one", "two"))

    assert store.finder.by_terms([Term(*form)]) == [two, one]
    assert store.finder.by_terms([Term(*phone)]) == [one]
    assert store.finder.by_terms([Term("phone", "11111111")]) == []


def test_no_term_stands_in_a_key_or_a_field_as_it_is(store: Store) -> None:
    terms = (("email", "ana@x.cl"), ("phone", "87654321"), ("click", "Cj0K"))
    store.door.accept([replace(arrival("one", ANA), terms=terms)])

    told = b"".join(store.client.scan_iter("*"))
    for key in store.client.scan_iter("relay:t:*"):
        told += b"".join(store.client.hkeys(key))
    assert not [value for _, value in terms if value.encode() in told]


def test_a_lead_is_found_with_all_its_events_whatever_became_of_them(store: Store) -> None:
    world = World(store)
    delivered = world.accept("one", ANA, update(title="a"))
    ignored = arrival("two", ANA)
    store.door.accept([replace(ignored, mapped=replace(ignored.mapped, state=State.IGNORED))])
    world.accept("three", EVA, update(title="b"))
    world.deliver()

    found = store.finder.events_of(ANA)
    assert [event.state for event in found] == [State.IGNORED, State.DELIVERED]
    assert found[1].id == delivered


def test_an_event_whose_lead_was_found_later_is_found_by_it(store: Store) -> None:
    name = Name("email", "ana@x.cl")
    one = known("one", "", [name], update(title="a"))
    parked = replace(one, mapped=replace(one.mapped, state=State.PARKED))
    store.door.accept([parked])
    assert store.finder.events_of(ANA) == []

    store.names.learn("default", [(ANA, [name])])

    assert len(store.finder.events_of(ANA)) == 1


def test_a_hundred_events_of_one_day_leave_the_newest_sixty_four(store: Store) -> None:
    ids = [store.door.accept([arrival(str(n), ANA)])[0].id for n in range(100)]

    assert store.finder.by_lead(ANA) == ids[:-65:-1]


def test_the_index_goes_with_the_records(store: Store) -> None:
    store.door.know(["cotiza"])
    store.door.accept([replace(arrival("one", ANA), terms=(("form", "Ab12"), ("phone", "87654321")))])

    kept = [
        store.client.pttl(key) for key in (*store.client.scan_iter("relay:t:*"), *store.client.scan_iter("relay:tf:*"))
    ]
    assert len(kept) == 3
    assert all(31 * 86_400_000 < ms <= 32 * 86_400_000 for ms in kept)
