"""The CRM's client over real sockets: each answer as a result or a typed error, in words, and in time."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from relay.errors import Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.leads_api import LeadsApi
from relay.sandbox import Sandbox
from relay.settings import Destination
from tests.scripted_server import Play, Server, answer, plays
from tests.waiting import until

ANA = "6f1c0b52-7a34-4d0f-9a50-2a5d0c9b7e11"
KEY = "nxr_test_sandbox"
PATIENT_MS = 30_000


def client(url: str, *, key: str = KEY, timeout_ms: int = PATIENT_MS) -> LeadsApi:
    return LeadsApi(Destination(name="default", url=url, key=key, rate=0), timeout_ms=timeout_ms)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(key=KEY) as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[LeadsApi]:
    one = client(sandbox.url)
    yield one
    one.close()


def error_of(api: LeadsApi) -> LeadsApiError:
    with pytest.raises(LeadsApiError) as raised:
        api.put(ANA, {"phone": "+56911112222"})
    return raised.value


def error_at(play: Play) -> LeadsApiError:
    with Server(play) as server, contextlib.closing(client(server.url)) as api:
        return error_of(api)


def facts(error: LeadsApiError) -> tuple[type[LeadsApiError], str, int, bool]:
    return type(error), str(error), error.status, error.sent


def test_a_2xx_gives_the_whole_lead(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="Ana", metadata={"edad": 41})

    taken = api.put(ANA, {"phone": "+56911112222", "metadata": {"plan": "oro"}})

    assert taken.status == 200
    assert taken.lead["phone"] == "+56911112222"
    assert taken.lead["metadata"] == {"edad": 41, "plan": "oro"}


def test_the_body_goes_out_as_it_is_with_nulls_and_accents(sandbox: Sandbox, api: LeadsApi) -> None:
    api.put(ANA, {"last_name": None, "company": "Ñandú & Cía", "metadata": {"uf": 3000.5}})

    assert [one["body"] for one in sandbox.requests()] == [
        {"last_name": None, "company": "Ñandú & Cía", "metadata": {"uf": 3000.5}}
    ]


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ({"errors": {"500": 1}}, (Unavailable, "Internal server error", 500, True)),
        ({"errors": {"502": 1}}, (Unavailable, "Bad gateway", 502, True)),
        # Without Retry-After a 503 is a failure as any other.
        ({"errors": {"503": 1}}, (Unavailable, "Service unavailable", 503, True)),
        # It says that it has not taken the request.
        ({"errors": {"408": 1}}, (Unavailable, "Request timeout", 408, False)),
        ({"errors": {"425": 1}}, (Unavailable, "Too early", 425, False)),
        ({"errors": {"429": 1}}, (SlowDown, "Too many requests", 429, False)),
        ({"errors": {"503": 1}, "retry_after": 7}, (SlowDown, "Service unavailable", 503, False)),
        ({"wrong_key": True}, (Denied, "The provided API key is not valid", 401, False)),
        ({"errors": {"403": 1}}, (Denied, "Forbidden", 403, False)),
        ({"strict": True}, (NotFound, "Lead not found or does not belong to your account", 404, False)),
        ({"errors": {"410": 1}}, (Refused, "Gone", 410, False)),
        (
            {"refuse": [{"field": "phone", "message": "phone must be in E.164"}]},
            (Refused, "phone must be in E.164", 400, False),
        ),
        # A reset leaves it open whether the request was applied.
        ({"reset_before": 1}, (Unavailable, "the lead API cut the connection", 0, True)),
        ({"reset_after": 1}, (Unavailable, "the lead API cut the connection", 0, True)),
    ],
)
def test_each_answer_has_its_type_and_its_words(
    sandbox: Sandbox, api: LeadsApi, faults: dict[str, object], expected: tuple[type[LeadsApiError], str, int, bool]
) -> None:
    sandbox.put_faults(**faults)

    assert facts(error_of(api)) == expected


def test_a_wrong_key_is_denied_in_the_words_of_the_crm(sandbox: Sandbox) -> None:
    with contextlib.closing(client(sandbox.url, key="nxr_wrong")) as api:
        assert facts(error_of(api)) == (Denied, "The provided API key is not valid", 401, False)


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with contextlib.closing(client(url)) as api:
        assert facts(error_of(api)) == (Unavailable, "could not connect to the lead API", 0, False)


def test_an_answer_that_does_not_come_was_sent_all_the_same(sandbox: Sandbox) -> None:
    sandbox.put_faults(hang=1)

    with contextlib.closing(client(sandbox.url, timeout_ms=100)) as api:
        assert facts(error_of(api)) == (Unavailable, "the lead API did not answer in time", 0, True)


def test_an_answer_that_breaks_off_was_sent() -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(answer(200, b"{}", "X-Rest: missing").replace(b"Content-Length: 2", b"Content-Length: 99"))
        connection.shutdown(socket.SHUT_RDWR)

    assert facts(error_at(cut)) == (Unavailable, "the lead API cut the connection", 0, True)


def test_an_answer_that_is_no_http_is_a_failure() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.com ESMTP\r\n\r\n")
        connection.shutdown(socket.SHUT_RDWR)

    assert facts(error_at(speak)) == (Unavailable, "the lead API cut the connection", 0, True)


def test_a_put_that_is_answered_byte_by_byte_is_cut_off_when_its_time_is_up() -> None:
    dripping, stop = threading.Event(), threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.01):
            connection.sendall(b"x")
            dripping.set()

    found: list[LeadsApiError] = []
    with Server(drip) as server, contextlib.closing(client(server.url, timeout_ms=1_000)) as api:
        thread = threading.Thread(target=lambda: found.append(error_of(api)))
        thread.start()
        dripping.wait(10)
        until(lambda: api.cut_overdue() or not thread.is_alive())
        stop.set()

    assert [facts(error) for error in found] == [(Unavailable, "the lead API cut the connection", 0, True)]


def test_a_put_within_its_time_is_left_alone(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.put_faults(hang=1)
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(api.put(ANA, {"phone": "A"}).status))
    thread.start()
    until(lambda: sandbox.stats()["in_flight"])

    api.cut_overdue()
    sandbox.put_faults()
    thread.join(10)

    assert taken == [200]


def test_the_next_put_after_one_that_was_cut_off_goes_through(sandbox: Sandbox) -> None:
    with contextlib.closing(client(sandbox.url, timeout_ms=100)) as api:
        sandbox.put_faults(hang=1)
        error_of(api)

        sandbox.put_faults()

        until(lambda: passes(api))


def passes(api: LeadsApi) -> bool:
    with contextlib.suppress(Unavailable):
        return api.put(ANA, {"phone": "A"}).status == 200
    return False


def test_puts_use_one_connection_again_and_again() -> None:
    with Server(plays(answer(200))) as server, contextlib.closing(client(server.url)) as api:
        for _ in range(5):
            api.put(ANA, {"phone": "A"})

        assert server.connections == 1
        assert len(server.requests) == 5


def test_errors_keep_the_connection_too() -> None:
    with Server(plays(answer(500))) as server, contextlib.closing(client(server.url)) as api:
        for _ in range(3):
            error_of(api)

        assert server.connections == 1


def test_a_connection_that_the_server_closed_while_idle_costs_no_attempt() -> None:
    closed = threading.Semaphore(0)

    def say_and_close(connection: socket.socket) -> None:
        connection.sendall(answer(200))
        connection.shutdown(socket.SHUT_RDWR)
        closed.release()

    with Server(say_and_close) as server, contextlib.closing(client(server.url)) as api:
        for _ in range(3):
            assert api.put(ANA, {"phone": "A"}).status == 200
            assert closed.acquire(timeout=10)

        assert server.connections == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with Server(plays(answer(200))) as elsewhere:
        error = error_at(plays(answer(status, b"", f"Location: {elsewhere.url}/leads/{ANA}")))

        assert facts(error) == (Unavailable, f"the lead API answered {status}", status, True)
        assert elsewhere.requests == []


def test_reading_a_lead_follows_no_redirect_either() -> None:
    with Server(plays(answer(200))) as elsewhere:
        redirect = plays(answer(302, b"", f"Location: {elsewhere.url}/leads/{ANA}"))
        with Server(redirect) as server, pytest.raises(Unavailable) as raised:
            client(server.url).get(ANA)

        assert str(raised.value) == "the lead API answered 302"
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("body", "lead"),
    [
        (b'{"success": true, "lead": {"id": "x"}}', {"id": "x"}),
        # Without ``lead`` around it.
        (b'{"id": "x"}', {"id": "x"}),
        # What is no lead is none: the PUT has passed all the same.
        (b'{"lead": null}', {}),
        (b"[1]", {}),
        (b"<html>fine</html>", {}),
        (b"", {}),
    ],
)
def test_a_2xx_is_taken_whatever_its_body(body: bytes, lead: dict[str, object]) -> None:
    with Server(plays(answer(202, body))) as server, contextlib.closing(client(server.url)) as api:
        assert api.put(ANA, {"phone": "A"}) == (202, lead)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "Validation error", "message": "phone is not valid"}', "phone is not valid"),
        (b'{"error": "Validation error"}', "Validation error"),
        (b'{"error": "Validation error", "message": ""}', "Validation error"),
        (b'{"error": {"code": 5}}', "the lead API answered 422"),
        (b"<html>no</html>", "the lead API answered 422"),
        (b"", "the lead API answered 422"),
        (b'["no"]', "the lead API answered 422"),
        (b'{"message": "%b"}' % (b"x" * 5_000), "x" * 200),
    ],
)
def test_the_words_of_an_error_are_the_crms_own_where_it_has_any(body: bytes, words: str) -> None:
    assert facts(error_at(plays(answer(422, body)))) == (Refused, words, 422, False)


@pytest.mark.parametrize(
    ("header", "after_ms"),
    [
        ("Retry-After: 7", 7_000),
        ("Retry-After: 0", 0),
        ("Retry-After: 1.5", 1_500),
        # Never longer than an hour.
        ("Retry-After: 86400", 3_600_000),
        ("Retry-After: inf", 3_600_000),
        # Not before now.
        ("Retry-After: -5", 0),
        ("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", 0),
        # Neither seconds nor a date: five seconds.
        ("Retry-After: soon", 5_000),
        ("Retry-After: nan", 5_000),
        ("Retry-After: ", 5_000),
        ("Retry-After: Wed, 99 Foo 2015", 5_000),
        ("X-Other: 1", 5_000),
    ],
)
def test_how_long_a_destination_asks_for_rest(header: str, after_ms: int) -> None:
    error = error_at(plays(answer(429, b"{}", header)))

    assert isinstance(error, SlowDown)
    assert error.after_ms == after_ms


def test_a_date_in_retry_after_is_time_from_now() -> None:
    half_an_hour_on = datetime.now(UTC) + timedelta(minutes=30)
    error = error_at(plays(answer(503, b"{}", f"Retry-After: {format_datetime(half_an_hour_on, usegmt=True)}")))

    assert isinstance(error, SlowDown)
    assert 0 < error.after_ms <= 30 * 60_000


def test_the_key_goes_out_in_its_header_and_stands_in_no_text() -> None:
    with Server(plays(answer(500, b"no"))) as server:
        api = client(server.url, key="nxr_secret_key")
        error = error_of(api)
        api.close()

        assert b"X-API-Key: nxr_secret_key\r\n" in server.requests[0]
        cause = error.__cause__
        assert "secret" not in f"{error!r} {error} {cause!r} {api!r} {vars(error)}"


def test_the_key_stands_in_no_text_where_nobody_answers(sandbox: Sandbox) -> None:
    api = client(sandbox.url, key="nxr_secret_key")
    sandbox.close()

    error = error_of(api)
    api.close()

    assert "secret" not in f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"


def test_a_lead_is_read_by_its_id(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.add_lead(ANA, first_name="Ana")

    assert api.get(ANA)["first_name"] == "Ana"


def test_reading_has_the_same_errors(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.put_faults(strict=True)

    with pytest.raises(NotFound) as raised:
        api.get(ANA)

    assert str(raised.value) == "Lead not found or does not belong to your account"


def test_reading_says_where_nobody_answers(sandbox: Sandbox, api: LeadsApi) -> None:
    sandbox.close()

    with pytest.raises(Unavailable) as raised:
        api.get(ANA)

    assert str(raised.value) == "could not reach the lead API"


def test_a_path_in_the_address_comes_before_the_leads() -> None:
    with Server(plays(answer(200))) as server, contextlib.closing(client(server.url + "/api/v1/")) as api:
        api.put(ANA, {"phone": "A"})

        assert server.requests[0].startswith(f"PUT /api/v1/leads/{ANA} HTTP/1.1\r\n".encode())
