"""What the Google Forms adapter reads out of responses; and the form's script, run as it stands with Google stubbed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import google_forms
from relay.sending import Request
from tests.example_hooks import CONTACT, updated
from tests.sender_security import PAYLOADS, RECEIVED_MS, SECRET, request, signed

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SCRIPT = Path(__file__).parent.parent / "docs" / "senders" / "google_forms.gs"
STUBS = Path(__file__).parent / "google_stubs.js"


def response(*answers: Any, **changes: Any) -> dict[str, Any]:
    """Give a small body of the script with these parts changed; None leaves one out."""
    parts = {"responseId": "r1", "submittedAt": "2026-09-26T14:33:47Z", "answers": list(answers), **changes}
    return {name: value for name, value in parts.items() if value is not None}


def read(content: Any) -> Event:
    (event,) = google_forms.parse(signed(google_forms, json.dumps(content).encode()))
    return event


def example(name: str) -> Event:
    return read(json.loads((PAYLOADS / "google_forms" / f"{name}.json").read_bytes()))


def test_google_forms_is_told_where_to_set_what() -> None:
    with pytest.raises(BadSignature) as missing:
        google_forms.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no X-Relay-Signature header; "
        "install the script of the relay's page on Google Forms, with the hook's secret as its RELAY_SECRET"
    )


def test_google_forms_gives_answers_under_the_titles_of_their_questions() -> None:
    event = example("script_response")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "¿Qué buscas?": "Departamento",
        "que_buscas": "Departamento",
        "¿En qué comunas?": ["Ñuñoa"],
        "en_que_comunas": ["Ñuñoa"],
        "Fecha de visita": "2026-10-03",
        "fecha_de_visita": "2026-10-03",
        "lead_id": LEAD,
        "respondent_email": "mj.munoz@example.com",
    }
    assert event.form == {"id": "1a2B3cD4eF5gH6iJ7kL8mN9oP0qR", "title": "Cotiza tu departamento"}
    assert (event.hidden, event.campaign, event.kind) == ({}, {}, "")
    assert event.id == "2_ABaOnudQ7w:2026-09-26T14:33:47.123Z"
    assert (event.at_ms, event.test) == (1_790_433_227_123, False)


def test_google_forms_reads_the_answers_of_older_scripts() -> None:
    event = example("apps_script_post")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "¿Qué buscas?": "Departamento",
        "que_buscas": "Departamento",
        "lead_id": LEAD,
        "respondent_email": "mj.munoz@example.com",
    }
    assert event.form == {"id": "1FAIpQLSexample", "title": None}
    assert (event.id, event.at_ms) == ("2_ABaOnuexample:2026-09-26T14:33:47.000Z", 1_790_433_227_000)


def test_google_forms_reads_the_named_values_of_a_sheet() -> None:
    event = example("on_form_submit_named_values")

    assert event.fields == {
        "Marca temporal": "26/09/2026 11:33:47",
        "marca_temporal": "26/09/2026 11:33:47",
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "lead_id": LEAD,
    }
    assert (event.form, event.at_ms, len(event.id)) == ({"id": None, "title": None}, None, 32)


def test_google_questions_of_one_title_keep_apart() -> None:
    titles = [("a", "Renta", ""), ("b", "Renta", 1), ("c", "", 2)]

    event = read(response(*({"id": id, "title": title, "value": value} for id, title, value in titles)))

    assert event.fields == {"Renta": "", "renta": "", "b": 1, "c": 2}


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"responseId": "r", "answers": {"A": ["x", "y"], "B": [], "C": None, "D": 1}}, ["x", "y", None, None, 1]),
        ({"namedValues": {"A": ["x", "y"], "B": [""], "C": "z", "D": [[1]]}}, ["x", "y", "", "z", [1]]),
    ],
)
def test_older_answers_may_be_lists_or_not(content: dict[str, Any], fields: list[Any]) -> None:
    found = read(content).fields

    assert [*found["A"], found["B"], found["C"], found["D"]] == fields  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "event_id"),
    [
        (response(), "r1:2026-09-26T14:33:47Z"),
        (response(submittedAt="2026-09-27T10:00:00Z"), "r1:2026-09-27T10:00:00Z"),
        (response(submittedAt=None), "r1"),
        (response(submittedAt=None, createTime="t"), "r1:t"),
        ({"responseId": "r2", "namedValues": {}}, "r2"),
    ],
)
def test_a_google_response_is_known_by_its_id_and_its_moment(content: Any, event_id: str) -> None:
    assert read(content).id == event_id


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "the body is a list, not an object"),
        ({}, "answers is missing"),
        (response(responseId=None), "responseId is missing"),
        (response(responseId=3), "responseId is a number, not text"),
        (response("a"), "an answer of answers is text, not an object"),
        (response({"value": 1}), "the id of an answer is missing"),
        ({"answers": "a"}, "answers is text, not an object"),
        ({"namedValues": ["a"]}, "namedValues is a list, not an object"),
        ({"namedValues": None}, "namedValues is missing"),
    ],
)
def test_google_forms_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read(content)

    assert str(refusal.value) == words


def test_the_google_forms_example_becomes_this_update() -> None:
    assert updated("google_forms", "response") == {
        **CONTACT,
        "metadata.formulario": "Cotiza tu departamento",
        "metadata.tipo_propiedad": "Departamento",
        "metadata.comunas": "Ñuñoa",
        "metadata.fecha_visita": "2026-10-03",
    }


NODE = shutil.which("node") or ""
needs_node = pytest.mark.skipif(not NODE, reason="the form's script is JavaScript, and there is no node to run it")
MINUTE, DAY = 60_000, 86_400_000


def run_script(*steps: Any) -> dict[str, Any]:
    """Run the script through these steps, see ``google_stubs.js``, and give what it left behind."""
    told = {"secret": SECRET, "now": RECEIVED_MS, "steps": steps}
    done = subprocess.run(
        [NODE, STUBS, SCRIPT], input=json.dumps(told), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    left: dict[str, Any] = json.loads(done.stdout)
    return left


def request_of(sent: dict[str, Any]) -> Request:
    return request(
        {**sent["headers"], "Content-Type": sent["contentType"]}, sent["payload"].encode(), received_ms=sent["at"]
    )


def submit(*answers: int | str, id: str = "r1") -> dict[str, Any]:
    """Have somebody send the form while the relay gives these answers to what it is sent."""
    return {"submit": id, "answers": answers}


def pass_time(ms: int, *answers: int | str) -> dict[str, Any]:
    return {"later": ms, "answers": answers}


@needs_node
def test_the_forms_script_sends_what_the_adapter_takes() -> None:
    left = run_script(submit(200))

    (sent,) = left["sent"]
    one = request_of(sent)
    google_forms.verify(one, [SECRET])
    (event,) = google_forms.parse(one)
    assert event.fields == {
        "Nombre": "María José Muñoz 🏠",
        "nombre": "María José Muñoz 🏠",
        "¿Qué buscas?": ["Departamento"],
        "que_buscas": ["Departamento"],
        "lead_id": LEAD,
    }
    assert event.form == {"id": "f1", "title": "Cotización"}
    assert (event.id, event.at_ms) == (f"r1:{json.loads(sent['payload'])['submittedAt']}", sent["at"])
    assert (sent["url"], sent["method"], sent["followRedirects"]) == ("https://relay.example.cl/hooks/x", "post", False)
    assert (left["waiting"], left["failures"]) == ([], [])


@needs_node
@pytest.mark.parametrize("answer", [503, 401, 302, 201, "connection refused"])
def test_the_forms_script_sends_again_what_did_not_arrive(answer: int | str) -> None:
    left = run_script(submit(answer), pass_time(5 * MINUTE, answer), pass_time(5 * MINUTE, 200), pass_time(5 * MINUTE))

    requests = [request_of(sent) for sent in left["sent"]]
    for one in requests:
        google_forms.verify(one, [SECRET])
    assert len({one.headers["x-relay-signature"] for one in requests}) == len(requests) == 3
    assert len({event.id for one in requests for event in google_forms.parse(one)}) == 1
    assert (left["waiting"], left["failures"]) == ([], [])


@needs_node
def test_one_response_that_is_refused_holds_up_no_other() -> None:
    left = run_script(submit(400), submit(503, id="r2"), pass_time(5 * MINUTE, 400, 200))

    assert [json.loads(sent["payload"])["responseId"] for sent in left["sent"]] == ["r1", "r2", "r1", "r2"]
    assert left["waiting"] == ["r1"]


@needs_node
def test_the_forms_owner_is_told_after_an_hour_and_a_response_is_given_up_after_a_week() -> None:
    early = run_script(submit(503), pass_time(59 * MINUTE, 503))
    late = run_script(submit(503), pass_time(61 * MINUTE, 503))
    last = run_script(submit(503), pass_time(8 * DAY, 503))

    assert (early["failures"], early["waiting"]) == ([], ["r1"])
    assert late["failures"] == ["1 responses have not reached the relay yet; the log of this script says why"]
    assert (last["failures"], last["waiting"], len(last["sent"])) == ([], [], 2)


@needs_node
def test_a_response_that_can_not_be_found_for_a_while_goes_on_waiting() -> None:
    left = run_script(submit(503), {"lose": True, "later": MINUTE, "answers": []}, pass_time(MINUTE, 200))

    assert (len(left["sent"]), left["waiting"]) == (2, [])


@needs_node
def test_the_forms_script_says_which_of_its_properties_is_not_set() -> None:
    left = run_script({"forget": "RELAY_SECRET"}, submit(200))

    assert (left["sent"], left["waiting"]) == ([], ["r1"])
    assert left["log"] == ["not delivered yet: the script property RELAY_SECRET is not set"]


@needs_node
def test_the_forms_script_is_installed_once_however_often() -> None:
    left = run_script({"install": 2})

    assert left["triggers"] == ["of another", "sendResponse", "sendWaiting"]
