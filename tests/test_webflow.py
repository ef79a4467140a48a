"""What the Webflow adapter lets in, and what it reads out of a form submission."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import webflow
from relay.sending import Request
from tests.example_hooks import CONTACT, updated
from tests.sender_security import ADDRESS, PAYLOADS, RECEIVED_MS, SECRET, request, signed

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
TELLS = (
    "webhooks made over Webflow's API have an X-Webflow-Signature header; "
    "end the address of one made in its dashboard with ?token=<the hook's secret>"
)


def webflow_submission(**changes: Any) -> dict[str, Any]:
    """Give a small Webflow body with these parts of its ``payload`` changed; None leaves one out."""
    payload = {"id": "s1", "name": "Cotiza", "data": {"Nombre": "Ana"}, **changes}
    kept = {name: value for name, value in payload.items() if value is not None}
    return {"triggerType": "form_submission", "payload": kept}


def read_webflow(content: Any) -> list[Event]:
    return webflow.parse(signed(webflow, json.dumps(content).encode()))


def example(name: str) -> Event:
    (event,) = read_webflow(json.loads((PAYLOADS / "webflow" / f"{name}.json").read_bytes()))
    return event


def at(url: str, headers: dict[str, str]) -> Request:
    return replace(request(headers, b"{}"), url=url)


def test_webflow_signs_moment_colon_and_body_in_hex() -> None:
    body = '{"nombre": "Ñuñoa"}\n'.encode()
    made = hmac.new(b"s3cr3t", b"1790000000000:" + body, hashlib.sha256).hexdigest()
    headers = {"X-Webflow-Timestamp": str(RECEIVED_MS), "X-Webflow-Signature": made}

    webflow.verify(request(headers, body), ["old", "s3cr3t"])

    assert webflow.sign(request({}, body), "s3cr3t").headers == {name.lower(): one for name, one in headers.items()}


def test_a_webflow_webhook_of_the_dashboard_brings_its_secret_in_the_address() -> None:
    webflow.verify(at(f"{ADDRESS}?token=s3cr3t", {}), ["s3cr3t"])

    with pytest.raises(BadSignature):
        webflow.verify(at(f"{ADDRESS}?token=s3cr3", {}), ["s3cr3t"])


def test_a_token_does_not_mend_a_wrong_signature() -> None:
    one = at(f"{ADDRESS}?token={SECRET}", {"X-Webflow-Signature": "00", "Authorization": f"Bearer {SECRET}"})

    with pytest.raises(BadSignature, match=r"^the X-Webflow-Signature header does not match"):
        webflow.verify(one, [SECRET])


@pytest.mark.parametrize(
    ("later_ms", "words"),
    [
        (301_000, "is 301 s old, more than 300 s; set the clocks, or send it anew"),
        (-301_000, "is 301 s in the future, more than 300 s; set the clocks, or send it anew"),
    ],
)
def test_a_webflow_signature_of_another_time_is_refused(later_ms: int, words: str) -> None:
    one = signed(webflow, b"{}")

    with pytest.raises(BadSignature) as refusal:
        webflow.verify(replace(one, received_ms=RECEIVED_MS + later_ms), [SECRET])

    assert str(refusal.value) == f"the X-Webflow-Timestamp header {words}"


@pytest.mark.parametrize("moment", ["", "now", "-1", "1.5", "٣"])
def test_a_moment_that_is_no_number_is_refused_though_its_signature_is_right(moment: str) -> None:
    made = hmac.new(SECRET.encode(), f"{moment}:{{}}".encode(), hashlib.sha256).hexdigest()
    raw = moment.encode().decode("latin-1")
    one = request({"X-Webflow-Timestamp": raw, "X-Webflow-Signature": made}, b"{}")

    with pytest.raises(BadSignature, match=r"^the moment in the X-Webflow-Timestamp header is no whole number$"):
        webflow.verify(one, [SECRET])


def test_webflow_is_told_where_to_set_what() -> None:
    with pytest.raises(BadSignature) as missing:
        webflow.verify(at(ADDRESS, {}), [SECRET])

    assert str(missing.value) == (
        f"there is no Authorization or X-Api-Key header, and no token in the address; {TELLS}"
    )


def test_webflow_gives_answers_under_the_names_of_their_fields() -> None:
    event = example("form_submission")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "lead_id": LEAD,
    }
    assert event.form == {"id": "65429eadebe8a9f3a30f62d0", "title": "Cotiza", "site": "65427cf400e02b306eaa049c"}
    assert (event.hidden, event.campaign) == ({}, {})
    assert (event.id, event.kind) == ("6321ca84df3949bfc6752327", "form_submission")
    assert (event.at_ms, event.test) == (1_790_433_227_000, False)


def test_webflow_bodies_of_the_first_version_are_read_too() -> None:
    event = example("form_submission_v1")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "lead_id": LEAD,
    }
    assert event.form == {"id": None, "title": "Cotiza", "site": "65427cf400e02b306eaa049c"}
    assert (event.id, event.kind) == ("57d722f3cb41d9b5e9e5b3d1", "form_submission")
    assert event.at_ms == 1_664_202_827_000


def test_webflow_parts_that_are_optional_may_be_missing() -> None:
    (event,) = read_webflow(webflow_submission(data=None, name=None))

    assert (event.fields, event.form) == ({}, {"id": None, "title": None, "site": None})
    assert event.at_ms is None


def test_of_webhooks_that_are_not_about_forms_nothing_is_read() -> None:
    assert read_webflow({"triggerType": "site_publish", "payload": {"siteId": "1"}}) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "the body is a list, not an object"),
        ({}, "payload.id is missing"),
        ({"triggerType": 3}, "triggerType is a number, not text"),
        ({"triggerType": "form_submission", "payload": "a"}, "payload is text, not an object"),
        (webflow_submission(id=None), "payload.id is missing"),
        (webflow_submission(id=3), "payload.id is a number, not text"),
        (webflow_submission(data=["a"]), "payload.data is a list, not an object"),
    ],
)
def test_webflow_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_webflow(content)

    assert str(refusal.value) == words


def test_the_webflow_example_becomes_this_update() -> None:
    assert updated("webflow", "submission") == {
        **CONTACT,
        "metadata.formulario": "Cotiza",
        "metadata.estado_lead": "pidió cotización",
    }
