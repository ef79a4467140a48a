"""Who may pass: every route that the app has, without a login, as a viewer, with a forged form, with a token.

The routes are read from the app, so that one put in later is asked here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.routing import IntegerConverter, Rule, UUIDConverter

from relay.accounts import Role
from relay.embedded import EmbeddedRedis
from relay.ops.desk import Desk, Mark
from relay.settings import DAY_MS
from relay.store import Store
from tests.desk import BEARER, JSON, OPERATOR, PASSWORD, TOKEN, Browser, app_of, logged_in, settings_of, text_of
from tests.doors import serving

#: What anybody may ask for, and why.
OPEN = {
    "door.post": "senders sign what they send",
    "door.other": "handshakes of senders",
    "health.alive": "supervisors ask",
    "health.ready": "load balancers ask",
    "root": "leads to the desk",
    "ops.asset": "the log-in page has a style",
    "ops.log_in": "one way in",
    "ops.enter": "another way in",
    "ops.language": "the log-in page is read too",
}
#: What a viewer may send: it changes nothing but the viewer's own session, or only asks.
FOR_VIEWERS = {"ops.log_out", "ops.log_out_everywhere", "ops.search", "ops.search_json"}
FOR_VIEWERS |= {"ops.try_rules", "ops.try_rules_json", "ops.backtest_rules_json", "ops.patch_rules"}
ACTING = {"POST", "PUT", "PATCH", "DELETE"}
ARGUMENTS: dict[type, Any] = {IntegerConverter: 1, UUIDConverter: "7c9e6679-7425-40de-944b-e07fc1f90ae7"}


@pytest.fixture
def app(store: Store, tmp_path: Path) -> flask.Flask:
    return app_of(store, settings_of(tmp_path))


@pytest.fixture
def url(app: flask.Flask) -> Iterator[str]:
    with serving(app) as url:
        yield url


def marks_of(app: flask.Flask) -> dict[str, Mark]:
    desk = app.blueprints["ops"]
    assert isinstance(desk, Desk)
    return desk.marks


def guarded(app: flask.Flask) -> list[tuple[Rule, str, str]]:
    """Give every route that wants a login, by method, with an address that fits it."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN]
    assert {"ops.overview", "ops.log_out_user", "ops.status_json"} <= {rule.endpoint for rule in rules}
    return [(rule, method, path_of(app, rule)) for rule in rules for method in (rule.methods or set()) - {"OPTIONS"}]


def path_of(app: flask.Flask, rule: Rule) -> str:
    values = {name: ARGUMENTS.get(type(rule._converters[name]), "x") for name in rule.arguments}
    with app.test_request_context():
        return flask.url_for(rule.endpoint, **values)


def acting(app: flask.Flask) -> list[tuple[Rule, str, str]]:
    return [one for one in guarded(app) if one[1] in ACTING]


def is_json(app: flask.Flask, rule: Rule) -> bool:
    """Whether a route answers JSON; routes outside the desk are for machines."""
    mark = marks_of(app).get(rule.endpoint)
    return mark is None or mark.json


def test_every_route_of_the_desk_is_marked(app: flask.Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/ops")}

    assert routes - set(marks_of(app)) == set()
    assert {endpoint for endpoint, mark in marks_of(app).items() if mark.role is None} <= set(OPEN)


def test_what_acts_is_for_operators_and_what_viewers_may_send_is_listed(app: flask.Flask) -> None:
    for_viewers = {rule.endpoint for rule, _, _ in acting(app) if marks_of(app)[rule.endpoint].role is Role.VIEWER}

    assert for_viewers <= FOR_VIEWERS


def test_without_a_login_every_page_leads_to_the_login(app: flask.Flask, url: str) -> None:
    for rule, method, path in guarded(app):
        answer = Browser(url).ask(method, path)

        if is_json(app, rule):
            assert answer.status_code == 401, path
        else:
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/ops/login"), path


def test_without_a_login_a_script_is_told_so(app: flask.Flask, url: str) -> None:
    for _, method, path in guarded(app):
        answer = Browser(url).ask(method, path, headers=JSON)

        assert answer.status_code == 401, path
        if path == "/metrics":  # a scraper shows one line of text
            assert method == "HEAD" or "RELAY_OPS_TOKEN" in answer.text
        else:
            assert method == "HEAD" or answer.json()["error"] == "log in first", path


def test_a_viewer_can_not_act(app: flask.Flask, url: str) -> None:
    viewer = logged_in(url, "pedro")
    token = viewer.csrf()

    for rule, method, path in acting(app):
        if rule.endpoint not in FOR_VIEWERS:
            assert viewer.ask(method, path, data={"csrf_token": token}).status_code == 403, path


def test_a_form_without_its_token_or_with_a_forged_one_is_refused(app: flask.Flask, url: str) -> None:
    operator, other = logged_in(url, "carolina"), logged_in(url, "carolina")
    foreign = other.csrf()

    for _, method, path in acting(app):
        for forged in ({}, {"csrf_token": "forged"}, {"csrf_token": foreign}):
            assert operator.ask(method, path, data=forged).status_code == 400, path
            assert operator.ask(method, path, headers={"X-CSRFToken": "forged"}).status_code == 400, path
    assert operator.get("/ops/").status_code == 200, "nothing was done"


def test_a_form_that_another_site_sends_is_refused_whatever_it_holds(app: flask.Flask, url: str) -> None:
    operator = logged_in(url, "carolina")
    token = operator.csrf()

    for _, method, path in acting(app):
        answer = operator.ask(method, path, data={"csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"})

        assert answer.status_code == 403, path


def test_a_viewers_token_opens_json_and_nothing_else(app: flask.Flask, url: str) -> None:
    for rule, method, path in guarded(app):
        status = Browser(url).ask(method, path, headers=BEARER).status_code

        if not is_json(app, rule):
            assert status in (303, 401), path
        elif method in ACTING and rule.endpoint not in FOR_VIEWERS:
            assert status == 403, path
        else:
            assert status in (200, 400, 404), path


@pytest.mark.parametrize("given", ["", "x", TOKEN[:-1], TOKEN + "x", "ñ"])
def test_a_wrong_token_opens_nothing(url: str, given: str) -> None:
    headers = {"Authorization": f"Bearer {given}".encode()}

    assert requests.get(f"{url}/ops/api/status", headers=headers, timeout=10).status_code == 401


def test_a_route_that_was_not_marked_is_refused_to_operators_too(store: Store, tmp_path: Path) -> None:
    app = app_of(store, settings_of(tmp_path))
    app.add_url_rule("/ops/forgotten", "ops.forgotten", lambda: "secret", methods=["GET", "POST"])
    app._got_first_request = False

    with serving(app) as url:
        operator = logged_in(url, "carolina")

        assert operator.get("/ops/forgotten").status_code == 403
        assert operator.post("/ops/forgotten").status_code == 403
        assert Browser(url).get("/ops/forgotten").status_code == 403


def test_a_removed_user_and_a_changed_role_count_at_once(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text(f"# who\n{OPERATOR.line}\n")
    with serving(app_of(store, settings_of(tmp_path, RELAY_USERS="", RELAY_USERS_FILE=str(file)))) as url:
        browser = logged_in(url, "carolina")
        assert browser.post("/ops/users/carola/logout").status_code == 404

        file.write_text(OPERATOR.line.replace(":operator:", ":viewer:"))
        assert browser.post("/ops/users/carola/logout").status_code == 403

        file.write_text("")
        assert browser.get("/ops/").status_code == 303


def test_while_the_store_is_away_nobody_passes_and_the_page_says_why(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path, appendfsync="everysec")
    server.start()
    store = Store(redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0)), retention_ms=DAY_MS)
    app = app_of(store, settings_of(tmp_path))
    with serving(app) as url:
        operator, stranger = logged_in(url, "carolina"), Browser(url)
        token = stranger.csrf()

        server.stop()

        for _, method, path in [*guarded(app), ("", "GET", "/ops/enter/x")]:
            answer = operator.ask(method, path)
            assert answer.status_code == 503, path
            assert method == "HEAD" or "Redis is away or still loading" in answer.text, path
        fields = {"csrf_token": token, "name": "carolina", "password": PASSWORD}
        assert stranger.ask("POST", "/ops/login", data=fields).status_code == 503, "the limit does not fall open"


def test_a_desk_that_never_saw_its_store_says_so(tmp_path: Path) -> None:
    nowhere = redis.Redis(unix_socket_path=str(tmp_path / "nothing"), retry=Retry(NoBackoff(), 0))
    with serving(app_of(Store(nowhere, retention_ms=DAY_MS), settings_of(tmp_path))) as url:
        page, numbers = Browser(url).get("/ops/"), Browser(url).get("/ops/api/status", **BEARER)
        posted = requests.post(f"{url}/ops/login", data={"name": "carolina"}, timeout=10)

    assert (page.status_code, numbers.status_code, posted.status_code) == (503, 503, 503)
    assert "Store unavailable" in text_of(page.text)
    assert numbers.json()["error"] == "store unavailable"
    assert numbers.headers["Retry-After"] == "5"
