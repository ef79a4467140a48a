"""What the WPForms adapter lets in, and what it reads out of an entry."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import wpforms
from relay.senders.signing import hmac_hex
from tests.example_hooks import CONTACT, updated
from tests.sender_security import PAYLOADS, RECEIVED_MS, SECRET, request, signed

VECTORS = json.loads((Path(__file__).parent / "vectors" / "wpforms.json").read_bytes())
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def read_wpforms(content: Any) -> Event:
    (event,) = wpforms.parse(signed(wpforms, json.dumps(content).encode()))
    return event


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one["id"])
def test_wpforms_signs_as_its_addon_does(vector: dict[str, Any]) -> None:
    one = request(vector["headers"], vector["body"].encode(), received_ms=1_790_433_227_999)

    wpforms.verify(one, ["old", vector["secret"]])

    made = wpforms.sign(replace(one, headers={}), vector["secret"])
    assert made.headers["x-wpforms-webhook-signature"] == vector["expected"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda given: given.replace("v=", "v1="), "header does not match any of the hook's secrets"),
        (lambda given: given.replace("t=", "t= "), "header does not match any of the hook's secrets"),
        (lambda given: given.split(",")[1], "header does not match any of the hook's secrets"),
        (lambda given: given.split(",")[0], "header does not match any of the hook's secrets"),
    ],
    ids=["another key", "another moment", "no moment", "no signature"],
)
def test_a_wpforms_signature_of_another_shape_is_refused(change: Any, words: str) -> None:
    one = signed(wpforms, b"{}")
    changed = {"x-wpforms-webhook-signature": change(one.headers["x-wpforms-webhook-signature"])}

    with pytest.raises(BadSignature) as refusal:
        wpforms.verify(replace(one, headers=changed), [SECRET])

    assert str(refusal.value) == f"the X-WPForms-Webhook-Signature {words}"


@pytest.mark.parametrize(
    ("later_s", "words"),
    [
        (301, "is 301 s old, more than 300 s; set the clocks, or send it anew"),
        (-301, "is 301 s in the future, more than 300 s; set the clocks, or send it anew"),
    ],
)
def test_a_wpforms_signature_of_another_time_is_refused_in_these_words(later_s: int, words: str) -> None:
    one = signed(wpforms, b"{}")

    with pytest.raises(BadSignature) as refusal:
        wpforms.verify(replace(one, received_ms=RECEIVED_MS + later_s * 1000), [SECRET])

    assert str(refusal.value) == f"the X-WPForms-Webhook-Signature header {words}"


def test_a_moment_that_is_no_number_is_refused_though_its_signature_is_right() -> None:
    made = hmac_hex(SECRET, b"abc.{}").decode()
    one = request({"X-WPForms-Webhook-Signature": f"t=abc,v={made}"}, b"{}")

    with pytest.raises(BadSignature) as refusal:
        wpforms.verify(one, [SECRET])

    assert str(refusal.value) == "the moment in the X-WPForms-Webhook-Signature header is no whole number"


def test_wpforms_is_told_where_to_set_what() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}

    with pytest.raises(BadSignature) as missing:
        wpforms.verify(request({}, b"{}"), [SECRET])
    with pytest.raises(BadSignature) as a_form:
        wpforms.verify(request(form, b"nombre=Ana"), [SECRET])

    assert str(missing.value) == (
        "there is no X-WPForms-Webhook-Signature header; set a secret at the WPForms webhook, the same as the hook's"
    )
    assert str(a_form.value) == ("a form post of WPForms can't be checked; set the webhook's request format to JSON")


def test_wpforms_gives_an_entry_under_the_keys_that_were_typed() -> None:
    event = read_wpforms(json.loads((PAYLOADS / "wpforms" / "json_mapped.json").read_bytes()))

    assert event.fields == {
        "nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "comunas": ["Ñuñoa", "Providencia"],
        "fecha_visita": "03/10/2026",
        "lead_id": LEAD,
    }
    assert event.form == {"id": None, "title": None}
    assert (event.hidden, event.campaign, event.kind) == ({}, {}, "")
    assert (event.at_ms, event.test, len(event.id)) == (None, False, 32)


def test_wpforms_takes_entry_and_form_from_smart_tags() -> None:
    event = read_wpforms(json.loads((PAYLOADS / "wpforms" / "with_entry_id.json").read_bytes()))

    assert event.fields == {
        "entry_id": "1187",
        "form_id": "23",
        "form_name": "Cotiza tu departamento",
        "nombre": "María José Muñoz Peña",
        "telefono": "+56987654321",
        "correo": "mj.munoz@example.com",
        "comunas": "Ñuñoa",
        "fecha_visita": "03/10/2026",
        "lead_id": LEAD,
        "dormitorios": "3",
        "planos": ["https://inmobiliaria.example/wp-content/uploads/plano.pdf"],
    }
    assert (event.id, event.form) == ("1187", {"id": "23", "title": "Cotiza tu departamento"})


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("", ""),
        ("a||b||c", ["a", "b", "c"]),
        ("a|b", "a|b"),
        ({"value": "03/10/2026", "unix": 1790985600}, "03/10/2026"),
        ({"unix": 1790985600}, {"unix": 1790985600}),
        ({"value": None}, None),
        (None, None),
        (3, 3),
        (["https://a.example/1.pdf"], ["https://a.example/1.pdf"]),
    ],
)
def test_wpforms_reads_each_kind_of_value(typed: Any, value: Any) -> None:
    assert read_wpforms({"Campo": typed}).fields == {"Campo": value, "campo": value}


@pytest.mark.parametrize(
    ("content", "event_id"),
    [({"entry_id": 12}, "12"), ({"event_id": "a", "entry_id": 12}, "a"), ({"Entry ID": " 12 "}, "12")],
)
def test_a_wpforms_entry_is_known_by_its_id_where_it_is_mapped(content: Any, event_id: str) -> None:
    assert read_wpforms(content).id == event_id


def test_a_wpforms_entry_without_an_id_is_known_by_its_content_on_one_day() -> None:
    one = signed(wpforms, b'{"a": "1", "b": "2"}')
    (first,) = wpforms.parse(one)
    (reordered,) = wpforms.parse(replace(one, body=b'{"b":"2","a":"1"}'))
    (tomorrow,) = wpforms.parse(replace(one, received_ms=one.received_ms + 86_400_000))

    assert first.id == reordered.id
    assert first.id != tomorrow.id


def test_a_wpforms_list_is_no_entry() -> None:
    with pytest.raises(BadBody, match=r"^the body is a list, not an object$"):
        read_wpforms([{"nombre": "Ana"}])


def test_the_wpforms_example_becomes_this_update() -> None:
    assert updated("wpforms", "entry") == {
        **CONTACT,
        "metadata.formulario": "Cotiza tu departamento",
        "metadata.comunas": "Ñuñoa",
        "metadata.dormitorios": 3,
        "metadata.fecha_visita": "2026-10-03",
        "metadata.broker_asociado": "Carolina Rojas",
    }
