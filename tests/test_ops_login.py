"""The ways into the ops desk and out of it: passwords, one-time links, sessions and their end, over real HTTP."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from relay.accounts import Role
from relay.ops import passwords
from relay.store import Store
from relay.store.logins import LINK_HOURS, Logins
from tests.desk import OPERATOR, PASSWORD, Browser, logged_in, served, text_of

REAL_TIME = time.time


@pytest.fixture
def url(store: Store, tmp_path: Path) -> Iterator[str]:
    with served(store, tmp_path) as url:
        yield url


def session_cookie(answer: requests.Response) -> str:
    return next(one for one in answer.raw.headers.getlist("Set-Cookie") if "relay_session=" in one)


def test_the_right_password_lets_in_and_leads_to_the_page_that_was_asked_for(url: str) -> None:
    browser = Browser(url)
    asked = browser.get("/ops/account")

    form = browser.get(asked.headers["Location"])
    target = re.search(r'name="next" value="([^"]+)"', form.text)
    assert target
    answer = browser.log_in("carolina", next=target[1])

    assert (answer.status_code, answer.headers["Location"]) == (303, "/ops/account")
    assert "carolina operator" in text_of(browser.get("/ops/account").text)


@pytest.mark.parametrize(
    ("name", "password"), [("carolina", "otra clave"), ("nadie", PASSWORD), ("", ""), ("carolina", ""), ("ñ", "ñ")]
)
def test_a_wrong_name_and_a_wrong_password_are_told_in_the_same_words(url: str, name: str, password: str) -> None:
    browser = Browser(url)

    answer = browser.log_in(name, password)

    assert answer.status_code == 401
    assert "The name or the password is wrong." in text_of(answer.text)
    assert browser.get("/ops/").status_code == 303


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    def took(account: passwords.Account | None) -> float:
        started = time.perf_counter()
        assert not passwords.right(account, "otra clave")
        return time.perf_counter() - started

    known, unknown = (min(took(account) for _ in range(3)) for account in (OPERATOR, None))

    assert known / 3 < unknown < known * 3


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/ops/",
        "//evil.example/ops/",
        "/\\evil.example",
        "\\/evil.example/ops/",
        "javascript:alert(1)",
        "/ops/../hooks/cotiza",
        "/hooks/cotiza",
        "/opsx",
        "/ops/\r\nSet-Cookie: a=b",
        "http:///ops/",
    ],
)
def test_a_login_leads_nowhere_but_into_the_desk(url: str, target: str) -> None:
    assert Browser(url).log_in("carolina", next=target).headers["Location"] == "/ops/"


def test_what_was_asked_for_is_kept_with_its_question(url: str) -> None:
    answer = Browser(url).log_in("carolina", next="/ops/events?hook=cotiza&state=dead")

    assert answer.headers["Location"] == "/ops/events?hook=cotiza&state=dead"


def test_somebody_who_is_logged_in_is_not_asked_again(url: str) -> None:
    assert logged_in(url, "carolina").get("/ops/login").headers["Location"] == "/ops/"


def test_the_session_is_out_of_reach_of_scripts(url: str) -> None:
    cookie = session_cookie(Browser(url).log_in("carolina"))

    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("variables", "headers"),
    [
        ({"RELAY_PUBLIC_URL": "https://relay.example.cl"}, {}),
        ({"RELAY_PROXIES": "1"}, {"X-Forwarded-Proto": "https"}),
    ],
)
def test_under_https_the_cookie_never_leaves_it(
    store: Store, tmp_path: Path, variables: dict[str, str], headers: dict[str, str]
) -> None:
    with served(store, tmp_path, **variables) as url:
        answer = Browser(url).get("/ops/login", **headers)

    cookie = session_cookie(answer)
    assert cookie.startswith("__Host-relay_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_what_a_stranger_says_of_https_counts_only_behind_a_proxy(url: str) -> None:
    answer = Browser(url).get("/ops/login", **{"X-Forwarded-Proto": "https"})

    assert session_cookie(answer).startswith("relay_session=")
    assert "Strict-Transport-Security" not in answer.headers


def test_a_login_begins_a_new_session(url: str) -> None:
    browser = Browser(url)
    before = browser.csrf()

    browser.log_in("carolina")

    assert browser.ask("POST", "/ops/logout", data={"csrf_token": before}).status_code == 400


def test_logging_out_ends_the_session_of_this_browser(url: str) -> None:
    here, there = logged_in(url, "carolina"), logged_in(url, "carolina")

    assert here.post("/ops/logout").headers["Location"] == "/ops/login"

    assert here.get("/ops/").status_code == 303
    assert there.get("/ops/").status_code == 200


def test_logging_out_everywhere_ends_every_session_of_this_user(url: str) -> None:
    here, there, other = (logged_in(url, name) for name in ("carolina", "carolina", "pedro"))

    assert here.post("/ops/logout/everywhere").headers["Location"] == "/ops/login"

    assert [one.get("/ops/").status_code for one in (here, there, other)] == [303, 303, 200]
    assert logged_in(url, "carolina").get("/ops/").status_code == 200


def test_an_operator_ends_the_sessions_of_another_and_it_is_written_down(store: Store, url: str) -> None:
    operator, other = logged_in(url, "carolina"), logged_in(url, "pedro")

    operator.post("/ops/users/pedro/logout")

    assert other.get("/ops/").status_code == 303
    assert "All sessions of pedro have ended." in text_of(operator.get("/ops/account").text)
    (act,) = store.acts.last(10)
    assert (act.who, act.what, act.about) == ("carolina", "log out", "pedro")


def test_a_changed_password_ends_the_sessions_that_the_old_one_began(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(OPERATOR.line)
    with served(store, tmp_path, RELAY_USERS="", RELAY_USERS_FILE=str(file)) as url:
        browser = logged_in(url, "carolina")

        file.write_text(passwords.account("carolina", Role.OPERATOR, "una clave nueva").line)

        assert browser.get("/ops/").status_code == 303
        assert Browser(url).log_in("carolina").status_code == 401
        assert Browser(url).log_in("carolina", "una clave nueva").status_code == 303


def test_a_file_that_breaks_keeps_those_who_were_in_it(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "users"
    file.write_text(OPERATOR.line)
    with served(store, tmp_path, RELAY_USERS="", RELAY_USERS_FILE=str(file)) as url:
        browser = logged_in(url, "carolina")

        file.write_text("carolina:boss:x")

        assert browser.get("/ops/").status_code == 200
    (told,) = [one for one in caplog.records if one.getMessage() == "users.unreadable"]
    assert (told.levelno, told.__dict__["faults"]) == (logging.ERROR, 2)


def test_a_session_is_over_after_twelve_idle_hours(url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = logged_in(url, "carolina")

    for hours, status in ((11, 200), (22, 200), (35, 303)):
        turn_the_clock(monkeypatch, hours=hours)
        keep_cookies(browser)
        assert browser.get("/ops/").status_code == status, hours


def test_a_page_that_renews_itself_does_not_prolong_the_session(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = logged_in(url, "carolina")
    browser.get("/ops/")

    turn_the_clock(monkeypatch, hours=11)
    assert browser.get("/ops/", **{"HX-Request": "true"}).status_code == 200
    turn_the_clock(monkeypatch, hours=13)
    keep_cookies(browser)

    answer = browser.get("/ops/", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")


def keep_cookies(browser: Browser) -> None:
    """Have the browser forget when its cookies end: it is not the browser that ends a session."""
    for cookie in browser.session.cookies:
        cookie.expires = None


def turn_the_clock(monkeypatch: pytest.MonkeyPatch, *, hours: int) -> None:
    """Have the clock show a time so many hours after the test began; it is what a test may set."""
    now = REAL_TIME() + hours * 3600
    monkeypatch.setattr(time, "time", lambda: now)


def test_a_cookie_that_was_tampered_with_is_none(url: str) -> None:
    browser = logged_in(url, "carolina")
    value = browser.session.cookies["relay_session"]
    browser.session.cookies.clear()

    answer = requests.get(f"{url}/ops/", headers={"Cookie": f"relay_session={value[:-2]}xx"}, allow_redirects=False)

    assert answer.status_code == 303


def test_sessions_of_one_process_are_those_of_all(store: Store, tmp_path: Path) -> None:
    with served(store, tmp_path) as one, served(store, tmp_path) as other:
        browser = logged_in(one, "carolina")

        assert Browser(other, browser.session).get("/ops/").status_code == 200


def test_another_session_key_knows_none_of_the_sessions(store: Store, tmp_path: Path) -> None:
    with served(store, tmp_path) as one, served(store, tmp_path, RELAY_SESSION_KEY="a key of its own") as other:
        browser = logged_in(one, "carolina")

        assert Browser(other, browser.session).get("/ops/").status_code == 303


def test_ten_tries_for_one_name_are_enough(url: str, client: redis.Redis) -> None:
    browsers = [Browser(url) for _ in range(11)]
    answers = [browser.log_in("carolina", "otra clave") for browser in browsers]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert "Too many tries" in text_of(answers[-1].text)
    assert answers[-1].headers["Retry-After"] == "60"
    assert Browser(url).log_in("carolina").status_code == 429, "the right password comes too late as well"
    assert Browser(url).log_in("pedro").status_code == 303
    assert not [key for key in client.scan_iter() if b"carolina" in key or b"127.0.0.1" in key]


def test_twenty_tries_a_minute_from_one_address_are_enough(store: Store, tmp_path: Path) -> None:
    with served(store, tmp_path, RELAY_PROXIES="1") as url:
        browser = Browser(url)
        token = browser.csrf()

        def tried(number: int, address: str) -> int:
            fields = {"csrf_token": token, "name": f"nadie{number}", "password": "x"}
            return browser.ask("POST", "/ops/login", data=fields, headers={"X-Forwarded-For": address}).status_code

        assert [tried(number, "203.0.113.7") for number in range(21)] == [401] * 20 + [429]
        assert tried(21, "203.0.113.8") == 401


def test_when_there_are_no_users_the_page_says_how_to_make_one(store: Store, tmp_path: Path) -> None:
    with served(store, tmp_path, RELAY_USERS="") as url:
        said = text_of(Browser(url).get("/ops/login").text)

    assert "relay user ana --role operator" in said
    assert "relay enter" in said


def test_a_link_lets_in_once(url: str, client: redis.Redis) -> None:
    token = Logins(client).make_link("ana")
    first, second = Browser(url), Browser(url)

    assert first.ask("HEAD", f"/ops/enter/{token}").status_code == 200
    entered = first.get(f"/ops/enter/{token}")
    again = second.get(f"/ops/enter/{token}")

    assert (entered.status_code, entered.headers["Location"]) == (303, "/ops/")
    assert "ana operator" in text_of(first.get("/ops/account").text)
    assert again.status_code == 403
    assert "'relay enter' makes a new one" in again.text.replace("&#39;", "'")
    assert second.get("/ops/").status_code == 303


def test_a_link_is_kept_as_a_hash_and_for_an_hour(client: redis.Redis) -> None:
    token = Logins(client).make_link("ana")

    (key,) = client.keys("relay:enter:*")
    assert token.encode() not in key
    assert 0 < client.ttl(key) <= LINK_HOURS * 3600


def test_a_session_by_link_ends_with_all_others_of_its_name(url: str, client: redis.Redis) -> None:
    browser = Browser(url)
    browser.get(f"/ops/enter/{Logins(client).make_link('ana')}")

    browser.post("/ops/logout/everywhere")

    assert browser.get("/ops/").status_code == 303


def test_no_name_no_password_and_no_link_stands_in_a_log(
    url: str, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = Logins(client).make_link("ana")

    Browser(url).get(f"/ops/enter/{token}")
    Browser(url).log_in("carolina", "otra clave")

    ours = [one for one in caplog.records if one.name not in ("werkzeug", "urllib3.connectionpool")]
    said = " ".join(f"{one.getMessage()} {one.__dict__}" for one in ours)
    assert not [word for word in (token, "carolina", "otra clave") if word in said]
