"""Elementor Pro forms: simple and advanced form posts, and a token in the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import elementor
from relay.sending import Request
from tests.example_hooks import CONTACT, updated
from tests.sender_security import ADDRESS, PAYLOADS, RECEIVED_MS, SECRET, sent

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
FORM = "application/x-www-form-urlencoded"


def example(name: str) -> Event:
    (event,) = elementor.parse(sent(elementor, PAYLOADS / "elementor" / f"{name}.json"))
    return event


def read(form: dict[str, Any]) -> Event:
    body = urlencode(form).encode()
    (event,) = elementor.parse(Request(headers={"content-type": FORM}, body=body, received_ms=RECEIVED_MS))
    return event


def test_a_simple_post_goes_by_its_labels() -> None:
    event = example("simple_form_urlencoded")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "lead_id": LEAD,
        "Date": "septiembre 26, 2026",
        "date": "septiembre 26, 2026",
        "Time": "11:33 am",
        "time": "11:33 am",
        "Page URL": "https://inmobiliaria.example/cotiza/",
        "page_url": "https://inmobiliaria.example/cotiza/",
        "User Agent": "Mozilla/5.0",
        "user_agent": "Mozilla/5.0",
        "Remote IP": "200.27.1.2",
        "remote_ip": "200.27.1.2",
        "Powered by": "Elementor",
        "powered_by": "Elementor",
    }
    assert event.form == {"id": "a1b2c3d", "title": "Cotiza"}
    assert (event.hidden, event.campaign, event.kind, event.at_ms, event.test) == ({}, {}, "", None, False)


def test_an_advanced_post_goes_by_ids_and_by_titles() -> None:
    event = example("advanced_form_urlencoded")

    assert event.fields == {
        "nombre": "María José Muñoz Peña",
        "Nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "Teléfono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "Correo": "mj.munoz@example.com",
        "lead_id": LEAD,
        "field_5": "Departamento, Casa",
        "¿Qué buscas?": "Departamento, Casa",
        "que_buscas": "Departamento, Casa",
    }
    assert event.form == {"id": "a1b2c3d", "title": "Cotiza"}


def test_what_is_sent_again_is_the_same_event_though_its_time_is_written_anew() -> None:
    one = {"form_id": "a", "Nombre": "Ana", "Date": "septiembre 26, 2026", "Time": "11:33 am"}

    assert read(one).id == read({**one, "Time": "11:34 am", "Remote IP": "1.2.3.4"}).id
    assert read(one).id != read({**one, "Nombre": "Eva"}).id
    assert read(one).id != read({**one, "form_id": "b"}).id


def test_a_field_that_is_called_as_a_row_of_elementors_is_an_answer_all_the_same() -> None:
    advanced = {"form[id]": "f", "fields[time][value]": "10:00"}
    simple = {"form_id": "f", "Date": "2026-10-03"}

    assert read(advanced).id != read({**advanced, "fields[time][value]": "11:00"}).id
    assert read(simple).id != read({**simple, "Date": "2026-10-10"}).id


@pytest.mark.parametrize("depth", [8, 300, 100_000])
def test_brackets_of_any_depth_break_nothing(depth: int) -> None:
    deep = "fields[x][value]" + "[a]" * depth

    assert read({"form[id]": "f", deep: "1", "fields[n][value]": "Ana"}).fields == {"n": "Ana"}


@pytest.mark.parametrize(
    ("form", "words"),
    [({"Nombre": "Ana"}, "form_id is missing"), ({"fields[a][value]": "1"}, "form[id] is missing")],
)
def test_a_post_of_no_form_is_refused(form: dict[str, Any], words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read(form)

    assert str(refusal.value) == words


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("fields[a]", {}),
        ("fields[a][b][c]", {"a": None}),
        ("fields[a]]", {}),
        ("fields[][value]", {"": "x"}),
        ("fields[a", {}),
        ("fields[a][value]", {"a": "x"}),
    ],
)
def test_odd_brackets_break_nothing(key: str, fields: dict[str, Any]) -> None:
    assert read({"form[id]": "f", key: "x"}).fields == fields


def test_a_token_in_the_address_or_in_a_header_proves_it() -> None:
    one = sent(elementor, PAYLOADS / "elementor" / "simple_form_urlencoded.json")

    elementor.verify(one, [SECRET])
    with pytest.raises(BadSignature, match=r"^there is no .* and no token in the address; write "):
        elementor.verify(replace(one, url=ADDRESS), [SECRET])


@pytest.mark.parametrize(("file", "more"), [("simple", {}), ("advanced", {"metadata.busca": "Departamento, Casa"})])
def test_the_example_hook_makes_an_update_of_it(file: str, more: dict[str, str]) -> None:
    assert updated("elementor", file) == {**CONTACT, "metadata.formulario": "Cotiza", **more}
