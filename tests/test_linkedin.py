"""LinkedIn Lead Sync: challenges, notifications, and the answers of a lead joined to their questions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from relay.errors import BadBody, BadSignature, Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.model import Event, Name, State
from relay.sandbox import Sandbox
from relay.senders import linkedin
from relay.senders.linkedin_answers import error_of
from relay.sending import Request
from tests.example_hooks import CONTACT, answered_example, mapped_examples
from tests.sender_security import PAYLOADS, SECRET, sent, signed

HERE = Path(__file__).parent
FETCHED = (HERE / "answers" / "linkedin" / "lead_form_response_fetched.json").read_bytes()
[VECTOR] = json.loads((HERE / "vectors" / "linkedin.json").read_bytes())
RESPONSE = "249592fc-d272-44ba-a7db-c2bdce579507-6"


def told(file: str = "lead_notification_created.json") -> Event:
    (event,) = linkedin.parse(sent(linkedin, PAYLOADS / "linkedin" / file))
    return event


def asked(query: str, method: str = "GET") -> Request:
    return Request(headers={}, body=b"", received_ms=0, method=method, url=f"https://r.example/hooks/li?{query}")


def test_a_challenge_is_answered_as_linkedin_says() -> None:
    code = VECTOR["signed_content"]

    reply = linkedin.handshake(asked(f"challengeCode={code}&applicationId=7"), [VECTOR["secret"], "old"], {})

    assert reply
    assert reply.content_type == "application/json"
    assert json.loads(reply.body) == {"challengeCode": code, "challengeResponse": VECTOR["expected"]}


def test_what_is_no_challenge_is_none_of_it() -> None:
    assert linkedin.handshake(asked(""), [SECRET], {}) is None
    assert linkedin.handshake(asked("challengeCode=a", "OPTIONS"), [SECRET], {}) is None


def test_nobody_can_have_a_notification_signed_as_a_challenge() -> None:
    body = b'{"leadGenFormResponse": "urn:li:leadGenFormResponse:a-6"}'

    with pytest.raises(BadBody, match=r"^challengeCode is no code of LinkedIn's: "):
        linkedin.handshake(asked("challengeCode=" + quote(b"hmacsha256=" + body)), [SECRET], {})


@pytest.mark.parametrize("code", ["hmacsha256%3D", "a%20b", "%ff%00", "a" * 101, "a%0A", "%F1"])
def test_a_challenge_that_is_none_of_linkedin_is_not_signed(code: str) -> None:
    with pytest.raises(BadBody):
        linkedin.handshake(asked(f"challengeCode={code}"), [SECRET], {})


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_secret_no_challenge_is_answered(secrets: list[str]) -> None:
    with pytest.raises(BadSignature):
        linkedin.handshake(asked("challengeCode=a"), secrets, {})


def test_a_signature_may_carry_its_prefix() -> None:
    one = signed(linkedin, b"{}")
    prefixed = {**one.headers, "x-li-signature": "hmacsha256=" + one.headers["x-li-signature"]}

    linkedin.verify(Request(headers=prefixed, body=b"{}", received_ms=0), [SECRET])


def test_a_notification_names_a_lead_to_be_fetched() -> None:
    event = told()

    assert (event.id, event.fetch) == (f"urn:li:leadGenFormResponse:{RESPONSE}:CREATED", RESPONSE)
    assert (event.kind, event.at_ms, event.fields) == ("CREATED", 1_790_433_226_288, {})
    assert event.form == {
        "id": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7234246,1)",
        "response_id": RESPONSE,
    }
    assert event.campaign == {
        "lead_type": "SPONSORED",
        "sponsoredAccount": "urn:li:sponsoredAccount:1234567",
        "associatedCreative": "urn:li:sponsoredCreative:241257736",
    }


def test_a_deletion_is_an_event_of_its_own_with_nothing_to_fetch() -> None:
    event = told("lead_notification_deleted.json")

    assert (event.kind, event.fetch, event.form["response_id"]) == ("DELETED", "", RESPONSE)
    assert event.id != told().id


def test_notifications_of_other_kinds_are_passed_over() -> None:
    assert linkedin.parse(signed(linkedin, b'{"type": "ORGANIZATION_SOCIAL_ACTION", "notifications": []}')) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "leadGenFormResponse is missing"),
        ({"leadGenFormResponse": 3}, "leadGenFormResponse is a number, not text"),
        ({"leadGenFormResponse": "urn:li:leadGenFormResponse:"}, "leadGenFormResponse ends with no id"),
        ({"leadGenFormResponse": "a", "leadAction": 3}, "leadAction is a number, not text"),
    ],
)
def test_linkedin_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        linkedin.parse(signed(linkedin, json.dumps(content).encode()))

    assert str(refusal.value) == words


def test_answers_are_joined_to_their_questions() -> None:
    event = linkedin.with_answers(told(), FETCHED)

    name, mail, phone = "María José Muñoz Peña", "mj.munoz@example.com", "+56987654321"
    assert event.fields == {
        "first_name": name,
        "nombre": name,
        "107234246": name,
        "email": mail,
        "correo": mail,
        "307234246": mail,
        "phone_number": phone,
        "telefono": phone,
        "407234246": phone,
        "707234246": [0],
    }
    assert event.hidden == {"proyecto": "edificio-nandu"}
    assert event.form == {"id": "7234246", "title": "Cotiza", "response_id": RESPONSE}
    assert event.campaign["campaign"] == "urn:li:sponsoredCampaign:198356826"
    assert (event.test, event.fetch) == (False, "")


def test_a_question_without_a_name_is_known_by_its_text() -> None:
    question = {"questionId": 5, "question": {"localized": {"es_ES": "¿Cuándo te mudas?"}}}
    answer = {"questionId": 5, "answerDetails": {"textQuestionAnswer": {"answer": "en marzo"}}}
    lead = {"form": {"content": {"questions": [question]}}, "formResponse": {"answers": [answer]}}

    fields = linkedin.with_answers(told(), json.dumps(lead).encode()).fields

    assert fields == {"cuando_te_mudas": "en marzo", "5": "en marzo"}


@pytest.mark.parametrize("id", ["..", "."])
def test_an_id_that_leads_elsewhere_is_not_asked_for(id: str) -> None:
    with pytest.raises(Refused, match="has no id"):
        linkedin.fetch(replace(told(), fetch=id), token="t", base_url="http://127.0.0.1:1")


def test_a_test_lead_is_a_test() -> None:
    lead = json.loads(FETCHED)

    assert linkedin.with_answers(told(), json.dumps({**lead, "testLead": True}).encode()).test


def test_a_lead_with_parts_missing_is_read_as_far_as_it_goes() -> None:
    event = linkedin.with_answers(told(), b'{"formResponse": {}}')

    assert (event.fields, event.hidden, event.form["title"]) == ({}, {}, None)
    assert event.form["id"] == "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7234246,1)"
    assert "campaign" not in event.campaign
    with pytest.raises(BadBody, match="formResponse is missing"):
        linkedin.with_answers(told(), b"{}")


@pytest.mark.parametrize(("time", "at_ms"), [(1_790_433_226, 1_790_433_226_000), (True, None), ("x", None), (-1, None)])
def test_times_are_read_in_either_unit(time: Any, at_ms: int | None) -> None:
    content = {"leadGenFormResponse": "a", "occurredAt": time}

    (event,) = linkedin.parse(signed(linkedin, json.dumps(content).encode()))

    assert event.at_ms == at_ms


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Denied),
        (403, Denied),
        (404, NotFound),
        (408, Unavailable),
        (429, SlowDown),
        (500, Unavailable),
        (302, Unavailable),
        (200, Unavailable),
        (400, Refused),
    ],
)
def test_what_an_error_means_is_its_type(status: int, kind: type[LeadsApiError]) -> None:
    assert type(error_of(status, {})) is kind


def test_a_limit_of_calls_lasts_as_long_as_told_or_until_midnight() -> None:
    told_ms, untold = error_of(429, {"Retry-After": "90"}), error_of(429, {})

    assert isinstance(told_ms, SlowDown)
    assert isinstance(untold, SlowDown)
    assert told_ms.after_ms == 90_000
    assert 0 < untold.after_ms <= 3_600_000


def test_the_answers_are_fetched_with_token_and_version() -> None:
    with Sandbox() as sandbox:
        sandbox.put_far("linkedin", token="a token")
        base_url = f"{sandbox.url}/linkedin/rest"

        fetched = linkedin.fetch(told(), token="a token", base_url=base_url)

        assert json.loads(fetched)["id"] == RESPONSE
        with pytest.raises(Denied):
            linkedin.fetch(told(), token="another", base_url=base_url)


def test_the_linkedin_example_becomes_this_update_once_its_answers_are_there() -> None:
    mapped = answered_example("linkedin", "created", FETCHED)

    (update,) = mapped.updates
    assert update.set == {
        **CONTACT,
        "metadata.formulario": "Cotiza",
        "metadata.utm_source": "linkedin",
        "metadata.proyecto": "edificio-nandu",
    }
    assert mapped.names == (
        Name("phone", CONTACT["phone"]),
        Name("email", CONTACT["email"]),
        Name("external_id", f"linkedin:{RESPONSE}"),
    )
    assert (mapped.faults, mapped.state) == ((), State.IN_FLIGHT)


def test_a_deletion_of_the_linkedin_example_finds_its_lead_by_linkedins_id() -> None:
    (mapped,) = mapped_examples("linkedin", "deleted")

    (update,) = mapped.updates
    assert update.set == {"metadata.estado_lead": "eliminado en LinkedIn"}
    assert mapped.names == (Name("external_id", f"linkedin:{RESPONSE}"),)
