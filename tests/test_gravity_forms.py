"""Gravity Forms: whole entries by the numbers of their inputs, and keys that were chosen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.model import Event
from relay.senders import gravity_forms
from relay.sending import Request
from tests.example_hooks import CONTACT, updated
from tests.sender_security import PAYLOADS, RECEIVED_MS, sent

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def example(name: str) -> Event:
    (event,) = gravity_forms.parse(sent(gravity_forms, PAYLOADS / "gravity_forms" / f"{name}.json"))
    return event


def read(content: Any) -> Event:
    (event,) = gravity_forms.parse(Request(headers={}, body=json.dumps(content).encode(), received_ms=RECEIVED_MS))
    return event


def test_a_whole_entry_goes_by_the_numbers_of_its_inputs() -> None:
    event = example("all_fields_json")

    entry = json.loads((PAYLOADS / "gravity_forms" / "all_fields_json.json").read_bytes())
    plain = {"1_3": "María José", "1_6": "Muñoz Peña", "5_1": "Ñuñoa", "5_2": ""}
    assert event.fields == {**entry, **plain, "1": ["María José", "Muñoz Peña"], "5": ["Ñuñoa"]}
    assert (entry["1.3"], entry["2"], entry["7"]) == ("María José", "+56987654321", LEAD)
    assert event.form == {"id": "5", "url": f"https://inmobiliaria.example/cotiza/?lead_id={LEAD}"}
    assert (event.id, event.kind, event.at_ms) == ("inmobiliaria.example:5:134", "entry", 1_790_433_227_000)
    assert (event.hidden, event.campaign, event.test) == ({}, {}, False)


@pytest.mark.parametrize(("file", "id"), [("selected_fields_json", "134"), ("selected_fields_form", "5:135")])
def test_chosen_keys_go_by_their_names(file: str, id: str) -> None:
    event = example(file)

    assert (event.id, event.at_ms) == (id, None)
    assert event.fields["nombre"] == "María José Muñoz Peña"
    assert event.fields["lead_id"] == LEAD


@pytest.mark.parametrize(
    ("content", "id"),
    [
        ({"event_id": "mine", "id": "1"}, "mine"),
        ({"id": 7, "form_id": 2}, "2:7"),
        ({"id": "7", "source_url": "http://[broken"}, "7"),
        ({"id": "7", "source_url": 3}, "7"),
    ],
)
def test_an_entry_is_known_by_its_site_form_and_number(content: Any, id: str) -> None:
    assert read(content).id == id


def test_without_any_id_the_content_is_one() -> None:
    assert read({"a": "1"}).id == read({"a": "1"}).id != read({"a": "2"}).id


def test_the_example_hook_makes_an_update_of_it() -> None:
    numbered = updated("gravity_forms", "all_fields")

    assert numbered == {
        **CONTACT,
        "metadata.tipo_propiedad": "Departamento",
        "metadata.comunas": "Ñuñoa",
    }
    assert updated("gravity_forms", "selected_fields") == CONTACT
