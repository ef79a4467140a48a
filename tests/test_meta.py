"""Meta Lead Ads: which notifications are believed and taken apart, and how the answers of a lead are fetched."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from relay.errors import BadBody, BadSignature, Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.model import Event, Name, State
from relay.sandbox import Sandbox
from relay.senders import meta
from relay.senders.meta_answers import error_of
from relay.sending import Request
from tests.example_hooks import CONTACT, answered_example, mapped_examples
from tests.scripted_server import Server
from tests.sender_security import PAYLOADS, SECRET, refused, request, sent, signed

HERE = Path(__file__).parent
ANSWERS = HERE / "answers" / "meta"
[VECTOR] = json.loads((HERE / "vectors" / "meta.json").read_bytes())


def told(file: str) -> list[Event]:
    return meta.parse(sent(meta, PAYLOADS / "meta" / file))


def event() -> Event:
    (one,) = told("leadgen_single.json")
    return one


def with_answers(file: str) -> Event:
    return meta.with_answers(event(), (ANSWERS / file).read_bytes())


def test_meta_signs_as_its_page_says() -> None:
    meta.verify(request(VECTOR["headers"], VECTOR["body"].encode()), [VECTOR["secret"]])


@pytest.mark.parametrize("text", ["äöå", "Ñuñoa / <b>", "😀"])
def test_a_body_that_was_written_anew_on_the_way_passes_by_its_escaped_form(text: str) -> None:
    escaped = json.dumps({"a": text}, separators=(",", ":")).encode()
    plain = json.dumps({"a": text}, separators=(",", ":"), ensure_ascii=False).encode()
    one = signed(meta, escaped)

    meta.verify(Request(headers=one.headers, body=plain, received_ms=0), [SECRET])
    assert refused(meta, Request(headers=one.headers, body=plain + b" ", received_ms=0))


def test_a_body_that_is_no_text_is_only_refused() -> None:
    assert refused(meta, Request(headers=signed(meta, b"{}").headers, body=b"\xff{}", received_ms=0))


def test_a_notification_names_a_lead_to_be_fetched() -> None:
    one = event()

    assert (one.id, one.fetch, one.kind, one.at_ms) == (
        "1029384756102938",
        "1029384756102938",
        "leadgen",
        1_790_433_226_000,
    )
    assert one.form == {"id": "998877665544332", "page_id": "104987654321098"}
    assert one.campaign == {"ad_id": "120210000000000123", "adgroup_id": "120210000000000123"}
    assert (one.fields, one.test) == ({}, False)


def test_each_lead_of_a_batch_is_an_event_and_other_changes_are_passed_over() -> None:
    events = told("leadgen_batch.json")

    assert [one.id for one in events] == ["1029384756102940", "1029384756102941", "1029384756102950"]
    assert [one.form["page_id"] for one in events] == ["104987654321098", "104987654321098", "204987654321098"]
    assert [json.loads(one.body)["entry"][0]["changes"][0]["value"]["leadgen_id"] for one in events] == [
        "1029384756102940",
        "1029384756102941",
        1029384756102950,
    ]


def test_a_request_about_anything_else_gives_no_events() -> None:
    body = {"object": "page", "entry": [{"id": "1", "changes": [{"field": "feed", "value": {}}]}, {"id": "2"}]}

    assert meta.parse(signed(meta, json.dumps(body).encode())) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "entry is missing"),
        ({"entry": [3]}, "an entry is a number, not an object"),
        ({"entry": [{"changes": 3}]}, "the changes of an entry is a number, not a list"),
        ({"entry": [{"changes": [{"field": "leadgen"}]}]}, "the value of a change is missing"),
        ({"entry": [{"changes": [{"field": "leadgen", "value": {}}]}]}, "a change has no leadgen_id"),
    ],
)
def test_meta_says_which_part_can_not_be_read(content: Any, words: str) -> None:
    with pytest.raises(BadBody) as refusal:
        meta.parse(signed(meta, json.dumps(content).encode()))

    assert str(refusal.value) == words


def test_answers_are_found_by_the_name_of_their_question() -> None:
    one = with_answers("graph_lead_response.json")

    assert one.fields == {
        "full_name": "María José Muñoz Peña",
        "phone_number": "+56987654321",
        "email": "mj.munoz@example.com",
        "¿cuántos_dormitorios_buscas?": "3",
        "cuantos_dormitorios_buscas": "3",
        "lead_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    }
    assert one.form == {"id": "998877665544332", "page_id": "104987654321098"}
    assert one.campaign == {
        "ad_id": "120210000000000123",
        "ad_name": "Video Ñuñoa",
        "adgroup_id": "120210000000000123",
        "adset_id": "120210000000000077",
        "adset_name": "RM 30-45",
        "campaign_id": "120210000000000001",
        "campaign_name": "Lanzamiento",
        "platform": "ig",
        "is_organic": False,
    }
    assert (one.fetch, one.test) == ("", False)


def test_a_lead_of_the_testing_tool_is_a_test() -> None:
    assert with_answers("graph_lead_test_lead.json").test


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ([{"name": "FULL_NAME", "values": ["Ana"]}], {"full_name": "Ana"}),
        ([{"name": "a", "values": ["1", "2"]}], {"a": ["1", "2"]}),
        ([{"name": "a", "values": []}, {"name": "b"}], {"a": None, "b": None}),
        ([{"values": ["no name"]}, {"name": "a", "values": "1"}], {"a": "1"}),
    ],
)
def test_answers_of_other_shapes_are_read_too(answers: Any, fields: dict[str, Any]) -> None:
    assert meta.with_answers(event(), json.dumps({"field_data": answers}).encode()).fields == fields


def told_error(file: str) -> LeadsApiError:
    answer = json.loads((ANSWERS / file).read_bytes())
    return error_of(answer["_status"], answer["error"], answer.get("_headers", {}))


def test_errors_are_told_apart_by_their_codes() -> None:
    expired, hidden = told_error("graph_error_token_expired.json"), told_error("graph_error_not_visible.json")
    rate = told_error("graph_error_leadgen_rate_limit.json")

    assert isinstance(expired, Denied)
    assert str(expired) == "Meta: the token has expired or was revoked; set a new one (fbtrace_id AbCdEfGhIjK)"
    assert isinstance(hidden, NotFound)
    assert isinstance(rate, SlowDown)
    assert rate.after_ms == 19 * 60_000


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": 102}, Denied),
        (403, {"code": 200}, Denied),
        (403, {"code": 10}, Denied),
        (400, {"code": 368}, Denied),
        (400, {"code": 4}, SlowDown),
        (429, {}, SlowDown),
        (500, {"code": 2}, Unavailable),
        (400, {"code": 1}, Unavailable),
        (503, {}, Unavailable),
        (302, {}, Unavailable),
        (400, {"code": 100}, Refused),
        (404, {"code": "190"}, Refused),
        (400, {"code": [190]}, Refused),
        (400, {"code": {}, "error_subcode": [33]}, Refused),
        (400, {"code": 100, "error_subcode": [33]}, Refused),
        (408, {}, Unavailable),
        (425, {}, Unavailable),
    ],
)
def test_what_an_error_means_is_its_type(status: int, error: dict[str, Any], kind: type[LeadsApiError]) -> None:
    assert type(error_of(status, error, {})) is kind


@pytest.mark.parametrize(
    ("headers", "after_ms"),
    [
        ({}, 60_000),
        ({"Retry-After": "90"}, 90_000),
        ({"Retry-After": "soon"}, 60_000),
        ({"X-Business-Use-Case-Usage": "{"}, 60_000),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}, 60_000),
        ({"Retry-After": "9" * 9}, 86_400_000),
        ({"Retry-After": "0", "X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}, 0),
        ({"X-Business-Use-Case-Usage": "[3]"}, 60_000),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": "inf"}]}'}, 60_000),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 1e300}]}'}, 86_400_000),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 5}, {}], "2": 3}'}, 300_000),
    ],
)
def test_a_limit_of_rate_says_how_long_it_lasts(headers: dict[str, str], after_ms: int) -> None:
    error = error_of(400, {"code": 17}, headers)

    assert isinstance(error, SlowDown)
    assert error.after_ms == after_ms


def test_the_answers_are_fetched_with_the_token_in_a_header_alone() -> None:
    with Sandbox() as sandbox:
        sandbox.put_far("graph", token="a token")
        base_url = f"{sandbox.url}/graph/v26.0"

        fetched = meta.fetch(event(), token="a token", base_url=base_url)

        assert meta.with_answers(event(), fetched).fields["full_name"] == "María José Muñoz Peña"
        with pytest.raises(Denied):
            meta.fetch(event(), token="another", base_url=base_url)


def played(answer: bytes) -> LeadsApiError:
    """Fetch from a server that answers so, and give the error; the token must not be in the address."""
    with Server(lambda connection: connection.sendall(answer)) as server:
        with pytest.raises(LeadsApiError) as raised:
            meta.fetch(event(), token="tok3n", base_url=server.url)
        (asked,) = server.requests
    assert b"tok3n" not in asked.splitlines()[0]
    assert "tok3n" not in str(raised.value)
    return raised.value


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
    ],
)
def test_an_answer_that_can_not_be_read_is_asked_for_again(answer: bytes) -> None:
    assert isinstance(played(answer), Unavailable)


@pytest.mark.parametrize("token", ["", "t€", "t\n", "tñ"])
def test_a_token_that_can_not_be_one_is_not_sent(token: str) -> None:
    with Server(lambda connection: connection.sendall(b"")) as server:
        with pytest.raises(Denied) as refusal:
            meta.fetch(event(), token=token, base_url=server.url)
        assert server.requests == []
    assert str(refusal.value) == "Meta: the token is empty, or holds characters that no token has; set it anew"


@pytest.mark.parametrize("id", ["../me/accounts", "1?access_token=a", "1#", "1/../2"])
def test_the_id_of_a_lead_leads_to_no_other_place_of_the_api(id: str) -> None:
    with Server(lambda connection: connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")) as server:
        with pytest.raises(Unavailable):
            meta.fetch(replace(event(), fetch=id), token="t", base_url=f"{server.url}/v26.0")
        (asked,) = server.requests

    path = asked.split(b" ")[1].decode().partition("?")[0]
    assert path == f"/v26.0/{quote(id, safe='')}"


@pytest.mark.parametrize("id", ["", ".", ".."])
def test_an_id_that_is_none_is_not_asked_for(id: str) -> None:
    with pytest.raises(Refused, match="has no id"):
        meta.fetch(replace(event(), fetch=id), token="t", base_url="http://127.0.0.1:1")


def test_a_trace_that_is_no_trace_is_not_told() -> None:
    error = error_of(400, {"code": 190, "fbtrace_id": "ana@example.cl writes\n"}, {})

    assert str(error) == "Meta: the token has expired or was revoked; set a new one"


def test_an_api_that_is_not_there_is_asked_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    with pytest.raises(Unavailable):
        meta.fetch(event(), token="t", base_url=f"http://127.0.0.1:{port}")


def asked(url: str, method: str = "GET") -> Request:
    return Request(headers={}, body=b"", received_ms=0, method=method, url=url)


KEYS = {"verify_token": "mi-token", "token": "t"}
CHALLENGE = "https://r.example/hooks/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="


def test_the_challenge_is_given_back_to_who_knows_the_verify_token() -> None:
    reply = meta.handshake(asked(CHALLENGE + "mi-token"), [SECRET], KEYS)

    assert reply
    assert (reply.body, reply.content_type) == (b"1158201444", "text/plain; charset=utf-8")


@pytest.mark.parametrize("token", ["", "other", "mi-tokenñ", "%ff"])
def test_a_wrong_verify_token_gets_no_challenge(token: str) -> None:
    with pytest.raises(BadSignature, match="verify token"):
        meta.handshake(asked(CHALLENGE + token), [SECRET], KEYS)


def test_what_is_no_challenge_is_none_of_it() -> None:
    assert meta.handshake(asked("https://r.example/hooks/meta"), [SECRET], KEYS) is None
    assert meta.handshake(asked(CHALLENGE + "mi-token", "OPTIONS"), [SECRET], KEYS) is None
    with pytest.raises(BadSignature, match="no subscription"):
        meta.handshake(asked(CHALLENGE.replace("subscribe", "x") + "mi-token"), [SECRET], KEYS)


def test_the_meta_example_becomes_this_update_once_its_answers_are_there() -> None:
    mapped = answered_example("meta", "lead", (ANSWERS / "graph_lead_response.json").read_bytes())

    (update,) = mapped.updates
    assert update.set == {
        **CONTACT,
        "metadata.dormitorios": 3,
        "metadata.utm_source": "instagram",
        "metadata.utm_campaign": "Lanzamiento",
        "metadata.anuncio": "Video Ñuñoa",
        "metadata.broker_asociado": "Carolina Rojas",
    }
    assert mapped.names == (
        Name("phone", CONTACT["phone"]),
        Name("email", CONTACT["email"]),
        Name("external_id", "meta:1029384756102938"),
    )
    assert (mapped.faults, mapped.missing, mapped.at_ms) == ((), "park", 1_790_433_226_000)


def test_a_test_lead_of_the_meta_example_is_not_delivered() -> None:
    mapped = answered_example("meta", "lead", (ANSWERS / "graph_lead_test_lead.json").read_bytes())

    assert mapped.state is State.IGNORED


def test_each_lead_of_the_example_with_many_is_to_be_fetched() -> None:
    assert [one.fetch for one in mapped_examples("meta", "many_leads")] == [
        "1029384756102940",
        "1029384756102941",
        "1029384756102950",
    ]
