"""What depends on the server: odd bodies, methods and addresses, over werkzeug and over gunicorn as we run it."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from tests.doors import MAX_BODY, ZAP, MemoryStore, app_with, gunicorn, post_zap, serving


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def url(memory: MemoryStore) -> Iterator[str]:
    """Serve the door over a store in memory."""
    with serving(app_with(memory)) as address:
        yield address


@pytest.fixture(scope="module")
def gunicorn_url() -> Iterator[str]:
    with gunicorn() as address:
        yield address


@pytest.fixture(params=["url", "gunicorn_url"])
def any_url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def in_chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 8_192] for start in range(0, len(body), 8_192))


def body_of(size: int) -> bytes:
    return b'{"nombre": "' + b"a" * (size - 14) + b'"}'


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize(("size", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413), (5_000_000, 413)])
def test_a_body_over_the_limit_is_answered_413(any_url: str, size: int, status: int, chunked: bool) -> None:
    body = in_chunks(body_of(size)) if chunked else body_of(size)

    answer = requests.post(f"{any_url}/hooks/zap", data=body, headers=ZAP, timeout=10)

    assert answer.status_code == status
    if status == 413:
        words = f"hook 'zap': the body is larger than {MAX_BODY} bytes"
        assert answer.json() == {"error": "too large", "message": words}


def test_of_a_body_over_the_limit_only_its_size_is_kept(url: str, memory: MemoryStore) -> None:
    post_zap(url, body_of(MAX_BODY + 1))

    assert memory.rejected == [("zap", 413, f"the body is larger than {MAX_BODY} bytes", MAX_BODY + 1)]


def test_more_events_than_the_store_takes_at_once_are_answered_413(url: str, memory: MemoryStore) -> None:
    answer = post_zap(url, [{"n": number} for number in range(1_001)])

    assert answer.status_code == 413
    assert answer.json()["message"] == "hook 'zap': the body holds 1001 events; send at most 1000 at a time"
    assert memory.calls == []


@pytest.mark.parametrize(
    ("declared", "body", "words"),
    [
        ("Transfer-Encoding: chunked", b"nonsense\r\n", "the body broke off or its chunks can't be read"),
        ("Transfer-Encoding: chunked", b"9\r\nnombre=An", "the body broke off or its chunks can't be read"),
        ("Content-Length: 20", b"nombre=Ana", "the body broke off after 10 of 20 bytes"),
    ],
)
def test_a_body_that_breaks_off_is_answered_400(gunicorn_url: str, declared: str, body: bytes, words: str) -> None:
    host, _, port = gunicorn_url.removeprefix("http://").partition(":")

    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"POST /hooks/zap HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{declared}\r\n\r\n".encode())
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert f"hook 'zap': {words}".encode() in answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_looking_at_a_hook_is_no_event(any_url: str, memory: MemoryStore, method: str) -> None:
    answer = requests.request(method, f"{any_url}/hooks/cotiza", timeout=10)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert (memory.calls, memory.rejected) == ([], [])
    if method != "HEAD":
        words = f"hook 'cotiza': events come by POST, not by {method}"
        assert answer.json() == {"error": "method not allowed", "message": words}


@pytest.mark.parametrize("path", ["/hooks/zap/", "//hooks/zap", "/hooks//zap", "/hooks/./zap"])
def test_no_spelling_of_an_address_is_answered_with_a_redirect(any_url: str, path: str) -> None:
    answer = requests.post(any_url + path, data=b'{"a": 1}', headers=ZAP, timeout=10, allow_redirects=False)

    assert answer.status_code in (200, 404)
