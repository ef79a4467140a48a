"""What the Fillout adapter reads out of submissions, in every shape in which they may come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relay.errors import BadBody, BadSignature
from relay.model import Event
from relay.senders import fillout
from tests.example_hooks import CONTACT, updated
from tests.sender_security import PAYLOADS, RECEIVED_MS, SECRET, request, signed

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def submission(**changes: Any) -> dict[str, Any]:
    """Give a small submission with these parts changed; None leaves one out."""
    parts = {"submissionId": "s1", "submissionTime": "2026-09-26T14:33:47Z", "questions": [], **changes}
    return {name: value for name, value in parts.items() if value is not None}


def read_fillout(content: Any) -> list[Event]:
    return fillout.parse(signed(fillout, json.dumps(content).encode()))


def one_of(content: Any) -> Event:
    (event,) = read_fillout(content)
    return event


def example(name: str) -> list[Event]:
    return read_fillout(json.loads((PAYLOADS / "fillout" / f"{name}_UNCONFIRMED.json").read_bytes()))


def test_fillout_is_told_where_to_set_what() -> None:
    with pytest.raises(BadSignature) as missing:
        fillout.verify(request({}, b"{}"), [SECRET])

    assert str(missing.value) == (
        "there is no Authorization or X-Api-Key header; "
        "add one to the webhook in its advanced mode, with the hook's secret"
    )


def test_fillout_gives_answers_under_the_names_of_their_questions() -> None:
    (event,) = example("submission_body")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "Correo": "mj.munoz@example.com",
        "correo": "mj.munoz@example.com",
        "Teléfono": "+56987654321",
        "telefono": "+56987654321",
    }
    assert (event.hidden, event.campaign) == ({"lead_id": LEAD}, {})
    assert event.form == {"id": "vso5PnBx7qus", "title": "Cotiza"}
    assert (event.id, event.kind) == ("7d1a2b3c-0000-4000-8000-aaaaaaaaaaaa", "")
    assert (event.at_ms, event.test) == (1_790_433_227_000, False)


def test_fillout_submissions_may_come_without_an_envelope_and_be_changed_later() -> None:
    (event,) = example("submission_alone")

    assert event.fields == {
        "Nombre": "María José Muñoz Peña",
        "nombre": "María José Muñoz Peña",
        "¿En qué comunas?": ["Ñuñoa"],
        "en_que_comunas": ["Ñuñoa"],
        "Carta": ["https://files.fillout.com/carta.pdf"],
        "carta": ["https://files.fillout.com/carta.pdf"],
        "Comentario": None,
        "comentario": None,
        "puntaje": "12.50",
    }
    assert (event.hidden, event.form) == ({"lead_id": LEAD}, {"id": None, "title": None})
    assert event.id == "7d1a2b3c-0000-4000-8000-bbbbbbbbbbbb:2026-09-26T15:10:00.000Z"
    assert event.at_ms == 1_790_435_400_000


def test_a_list_of_fillout_submissions_gives_an_event_for_each() -> None:
    ana, pedro = example("submissions_in_a_list")

    assert (ana.fields["nombre"], ana.id) == ("Ana Núñez", "7d1a2b3c-0000-4000-8000-cccccccccccc")
    assert (pedro.fields["nombre"], pedro.id) == ("Pedro Ñancupil", "7d1a2b3c-0000-4000-8000-dddddddddddd")
    assert (ana.form, pedro.form) == ({"id": None, "title": None}, {"id": "vso5PnBx7qus", "title": "Cotiza"})
    assert json.loads(pedro.body)[0]["formName"] == "Cotiza"


@pytest.mark.parametrize("part", ["questions", "calculations", "scheduling", "payments"])
def test_fillout_answers_may_be_in_any_part_of_a_submission(part: str) -> None:
    event = one_of(submission(**{part: [{"id": "i", "name": "Visita", "value": {"eventStartTime": "10:00"}}]}))

    assert event.fields == {"Visita": {"eventStartTime": "10:00"}, "visita": {"eventStartTime": "10:00"}}


def test_fillout_questions_of_one_name_keep_apart() -> None:
    questions = [{"id": "a", "name": "Renta"}, {"id": "b", "name": "Renta", "value": 1}]
    questions += [{"id": "c", "name": "Renta", "value": 2}, {"id": "d", "name": " ", "value": 3}]

    event = one_of(submission(questions=questions))

    assert event.fields == {"Renta": 1, "renta": 1, "c": 2, "d": 3}


def test_fillout_parts_that_are_optional_may_be_missing() -> None:
    event = one_of(submission(submissionTime=None, urlParameters=None, calculations=None))

    assert (event.fields, event.hidden, event.id, event.at_ms) == ({}, {}, "s1", None)


@pytest.mark.parametrize("changed", [None, "2026-09-26T14:33:47Z"])
def test_a_fillout_submission_that_was_not_changed_is_known_by_its_id(changed: str | None) -> None:
    assert one_of(submission(lastUpdatedAt=changed)).id == "s1"


def test_a_fillout_body_of_other_keys_is_taken_as_it_is() -> None:
    chosen = one_of({"submissionId": "s9", "Teléfono": "1", "lead_id": LEAD})
    nameless = [one_of(content).id for content in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1})]

    assert chosen.fields == {
        "submissionId": "s9",
        "submissionid": "s9",
        "Teléfono": "1",
        "telefono": "1",
        "lead_id": LEAD,
    }
    assert (chosen.id, chosen.at_ms) == ("s9", None)
    assert nameless[0] == nameless[1] != nameless[2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "the body is an empty list"),
        ([submission(), "a"], "item 2 of the body is text, not an object"),
        ("a", "the body is text, not an object"),
        ({"submission": "a"}, "submission is text, not an object"),
        (submission(submissionId=None), "submissionId is missing"),
        (submission(submissionId=3), "submissionId is a number, not text"),
        (submission(questions={"a": 1}), "questions is an object, not a list"),
        (submission(questions=["a"]), "an answer of questions is text, not an object"),
        (submission(questions=[{"value": 1}]), "the id of an answer is missing"),
        (submission(urlParameters=[{"name": "", "id": 3}]), "the id of an answer is a number, not text"),
    ],
)
def test_fillout_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        read_fillout(content)

    assert str(refusal.value) == words


def test_a_fillout_event_keeps_the_moment_of_its_receipt_out_of_its_id() -> None:
    body = json.dumps(submission()).encode()

    ids = [fillout.parse(request({}, body, received_ms=at))[0].id for at in (RECEIVED_MS, RECEIVED_MS + 86_400_000)]

    assert ids == ["s1", "s1"]


def test_the_fillout_example_becomes_this_update() -> None:
    assert updated("fillout", "submission") == {**CONTACT, "metadata.formulario": "Cotiza"}
