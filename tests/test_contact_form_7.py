"""What the Contact Form 7 adapter reads out of a mail, and which broken JSON it mends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import contact_form_7
from tests.example_hooks import CONTACT, LEAD, mapped_examples, updated
from tests.sender_security import PAYLOADS, SECRET, request, sent, signed

FOLDER = PAYLOADS / "contact_form_7"


def read_mail(body: Any) -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (event,) = contact_form_7.parse(signed(contact_form_7, raw))
    return event


def test_contact_form_7_is_told_where_to_set_the_header() -> None:
    with pytest.raises(BadSignature) as missing:
        contact_form_7.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no Authorization or X-Api-Key header; add one at the form's tab Webhook, with the hook's secret"
    )


def test_contact_form_7_gives_the_tags_of_the_form_by_their_names() -> None:
    event = read_mail((FOLDER / "cf7_to_webhook.json").read_bytes())

    assert event.fields == {
        "your-name": "María José Muñoz Peña",
        "your_name": "María José Muñoz Peña",
        "your-tel": "+56987654321",
        "your_tel": "+56987654321",
        "your-email": "mj.munoz@example.com",
        "your_email": "mj.munoz@example.com",
        "tipo": "Departamento",
        "comunas": ["Ñuñoa", "Providencia"],
        "acepta": 1,
        "lead_id": LEAD,
    }
    assert event.hidden == {"post_id": "42", "url": "https://inmobiliaria.example/contacto/", "remote_ip": "200.27.1.2"}
    assert (event.form, event.campaign, event.kind) == ({}, {}, "")
    assert (event.at_ms, event.test, len(event.id)) == (None, False, 32)


def test_contact_form_7_reads_a_form_post_too() -> None:
    (event,) = contact_form_7.parse(sent(contact_form_7, FOLDER / "form_urlencoded.json"))

    assert event.fields == {
        "your-name": "Pedro Ñancupil",
        "your_name": "Pedro Ñancupil",
        "your-tel": "+56976543210",
        "your_tel": "+56976543210",
        "lead_id": LEAD,
    }


def test_line_breaks_pasted_into_a_template_are_mended() -> None:
    one = sent(contact_form_7, FOLDER / "broken_by_a_line_break.json")

    (event,) = contact_form_7.parse(one)

    assert event.fields["your_message"] == "Busco con terraza.\r\n\r\n\tY estacionamiento."
    assert event.fields["your_name"] == "María José Muñoz Peña"
    assert event.body == one.body


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b'{\n"a":\t"b\nc"\r\n}', {"a": "b\nc"}),
        (b'{"a": "say \\"\nhi\\"", "b": "\\\\"}', {"a": 'say "\nhi"', "b": "\\"}),
        (b'{"a\nb": "c"}', {"a\nb": "c", "a_b": "c"}),
    ],
)
def test_only_what_stands_inside_quotes_is_mended(body: bytes, fields: dict[str, str]) -> None:
    assert read_mail(body).fields == fields


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a": "Ana "la Negra"\nRojas"}', "line 1, column 13: "),
        (b'{"a": "open\n', "line 1, column 12: "),
        (b'{"a": "b\x01c\n"}', "line 1, column 9: "),
        (b'"' + b'\\"' * 200_000 + b"\n", "line 1, column "),
    ],
    ids=["a quote", "never closed", "another control character", "quotes without end"],
)
def test_what_can_not_be_mended_is_refused_at_its_own_place(body: bytes, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_mail(body)

    assert str(refusal.value).startswith(f"the body is not JSON: {words}")
    assert "Ana" not in str(refusal.value)


@pytest.mark.parametrize(
    ("sent_as", "value"),
    [(["Casa"], "Casa"), ([], None), (["Casa", "Parcela"], ["Casa", "Parcela"]), ("Casa", "Casa"), (None, None)],
)
def test_one_choice_is_a_plain_value(sent_as: Any, value: Any) -> None:
    assert read_mail({"tipo": sent_as}).fields == {"tipo": value}


def test_a_mail_is_known_by_an_id_of_its_own_or_by_its_content_on_one_day() -> None:
    one = signed(contact_form_7, b'{"a": "1"}')
    (first,) = contact_form_7.parse(one)
    (tomorrow,) = contact_form_7.parse(replace(one, received_ms=one.received_ms + 86_400_000))

    assert read_mail({"event_id": ["e1"], "a": 1}).id == "e1"
    assert first.id != tomorrow.id


def test_the_contact_form_7_example_becomes_this_update() -> None:
    assert updated("contact_form_7", "contact") == {
        **CONTACT,
        "metadata.tipo_propiedad": "Departamento",
        "metadata.comunas": "Ñuñoa, Providencia",
        "metadata.mensaje": "¿Hay estacionamiento para visitas?",
        "metadata.acepta_contacto": True,
        "metadata.pagina": "https://inmobiliaria.example/contacto/",
    }
    (form_post,) = mapped_examples("contact_form_7", "form_post")
    assert form_post.updates[0].set == {"first_name": "Pedro", "last_name": "Ñancupil", "phone": "+56976543210"}
