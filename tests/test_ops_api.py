"""The API of the ops desk against its own description: every route, over a store in which all has happened."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import flask
import pytest
import redis
import requests
import schemathesis
from schemathesis.specs.openapi.checks import allow_header_conformance, ignored_auth, positive_data_acceptance

from relay.drafts.files import version_of
from relay.embedded import EmbeddedRedis
from relay.finding import Filter, select
from relay.forms import look
from relay.ops.api import api_rules, document
from relay.ops.api.routes import ROUTES
from relay.ops.desk import Desk
from relay.settings import DAY_MS
from relay.store import Store
from tests.desk import BEARER, Browser, app_of, logged_in, settings_of
from tests.doors import serving
from tests.varied import BY_ID, LEADS, Filled, settings

DOCUMENT = "/ops/api/openapi.json"
#: Made up requests for each route, beside those at the bounds of what it takes.
MADE_UP = 6
#: Stand in examples for the things that the store has, of which there are some of each.
REAL = [f"real{number}" for number in range(16)]


def described_app() -> flask.Flask:
    """Give an app that only describes itself: its store is nowhere."""
    nowhere = Store(redis.Redis(unix_socket_path="/nowhere"), retention_ms=DAY_MS)
    return app_of(nowhere, settings_of(Path("/nowhere")))


def document_of(app: flask.Flask) -> dict[str, Any]:
    desk = app.blueprints[Desk.NAME]
    assert isinstance(desk, Desk)
    return document(app.url_map, desk.marks)


#: Bodies that mean something, by operation.
BODIES: dict[str, list[Any]] = {
    "drop_json": [{"ids": ["real0", "real1", "nothing"], "why": "a test"}],
    "search_json": [{"q": "+56 9 8765 4321"}, {"q": "ana@example.cl"}, {"q": LEADS[0]}, {"q": "real2"}],
    "link_parked_json": [
        {"name": "phone:+56987654321", "lead": LEADS[0]},
        *({"event": f"real{number}", "kind": "phone", "lead": LEADS[1]} for number in range(10)),
    ],
    "make_replay_json": [
        {"filter": {"state": "dead"}, "mode": "remapped", "name": "those of Monday"},
        {"filter": {"state": "any", "since": "1h"}, "force": True},
        *({"ids": [f"real{number}"]} for number in range(8)),
        *({"ids": [f"real{number}"], "mode": "edited", "updates": [{"first_name": "Eva"}]} for number in range(8)),
    ],
    "form_meant_json": [{"why": "no longer asked"}, {}],
    "pause_hook_json": [{"why": "a new form"}],
    "pause_destination_json": [{"why": "maintenance"}],
    "try_rules_json": [{"text": BY_ID}, {"text": BY_ID.replace("| title", "| upper")}, {"text": "sender: x"}],
    "backtest_rules_json": [{"text": BY_ID, "last": 500}, {"text": BY_ID.replace("| title", "| upper")}],
    "save_rules_json": [
        {"text": BY_ID + "# mine", "began": "", "why": "a test"},
        {"text": BY_ID + "# mine", "began": version_of(BY_ID.encode())},
        {"text": "sender: x", "began": ""},
    ],
    "slow_destination_json": [{"rate": 0.5, "why": "it is slow"}, {"rate": None}],
}
#: What is well formed may still not be possible.
JUDGED = {"link_parked_json", "make_replay_json", "save_rules_json", "backtest_rules_json"}


def schema_with_examples() -> Any:
    told = document_of(APP)
    for operation in (one for path in told["paths"].values() for one in path.values()):
        for one in operation.get("parameters", []):
            if one.get("in") == "path":
                one["examples"] = {real: {"value": real} for real in REAL}
        if "requestBody" in operation:
            bodies = BODIES[operation["operationId"]]
            content = operation["requestBody"]["content"]["application/json"]
            content["examples"] = {f"body{number}": {"value": body} for number, body in enumerate(bodies)}
    config = schemathesis.Config(seed=1)
    config.projects.default.generation.update(max_examples=MADE_UP, deterministic=True)
    schema = schemathesis.openapi.from_dict(told, config=config)
    schema.app = APP
    return schema


#: Asked in the place of the app over the store, which is not there yet when requests are made up.
APP = described_app()
schema = schema_with_examples()
#: To ask once is enough: it takes three requests.
asked_without_login: set[str] = set()


@pytest.fixture(scope="module")
def filled() -> Iterator[Filled]:
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:
        server = EmbeddedRedis(Path(folder), appendfsync="everysec")
        server.start()
        try:
            with redis.Redis.from_url(server.url) as client:
                store = Store(client, retention_ms=DAY_MS)
                yield Filled(store, settings(Path(folder), RELAY_OPS_TOKEN_ROLE="operator", RELAY_RULES_EDITABLE="on"))
        finally:
            server.stop()


def real(filled: Filled, text: str, name: str, path: str = "/events") -> str:
    """Give the real thing of this name that an example stands for; what is none stays as it is."""
    if text not in REAL:
        return text
    store = filled.store
    found: dict[str, Callable[[], Sequence[str]]] = {
        "/events": lambda: select(store, Filter(state="")),
        "/inbox": lambda: [group.id for group in (*store.groups.open(), *store.groups.closed())],
        "/leads": lambda: LEADS,
        "/replays": lambda: [one.id for one in store.replays.last(100)],
        "/hooks": lambda: [*filled.hooks],
    }
    changes = [one.id for told in look(store, filled.hooks)["por-id"] for one in told.drifted]
    versions = [hook.version for hook in filled.hooks.values()]
    named = {"destination": ["default"], "change": changes, "version": versions}
    names = named.get(name) or found[path]()
    return names[REAL.index(text) % len(names)]


def made_real(filled: Filled, case: Any) -> None:
    """Put real ids where an example has what stands for them."""
    for name, text in (case.path_parameters or {}).items():
        section = "/" + case.operation.path.removeprefix("/ops/api/").split("/")[0]
        case.path_parameters[name] = real(filled, text, name, section)
    if isinstance(case.body, dict):
        for name in ("event", "q"):
            if isinstance(case.body.get(name), str):
                case.body[name] = real(filled, case.body[name], name)
        if isinstance(case.body.get("ids"), list):
            case.body["ids"] = [real(filled, one, "id") if isinstance(one, str) else one for one in case.body["ids"]]


@pytest.fixture(scope="module")
def url(filled: Filled) -> Iterator[str]:
    with serving(filled.app) as url:
        yield url


@pytest.fixture(scope="module")
def operator(url: str) -> Browser:
    return logged_in(url, "carolina")


@schema.parametrize()
def test_what_the_api_answers_is_what_its_description_says(case: Any, filled: Filled) -> None:
    APP.wsgi_app = filled.app.wsgi_app  # type: ignore[method-assign]
    made_real(filled, case)
    # Only the relay knows which places there are in a list. An address may be that of a thing, too, which is not there.
    excluded = [allow_header_conformance]
    if (case.query or {}).get("after") or case.operation.definition.raw["operationId"] in JUDGED:
        excluded.append(positive_data_acceptance)
    if case.operation.label in asked_without_login:
        excluded.append(ignored_auth)
    answer = case.call_and_validate(headers=BEARER, excluded_checks=excluded)
    if answer.status_code < 300:
        asked_without_login.add(case.operation.label)


def test_every_route_is_described_and_every_description_has_its_route() -> None:
    routes = {rule.endpoint.removeprefix("ops.") for rule in api_rules(APP.url_map)}

    assert routes == set(ROUTES)


def test_every_part_of_the_description_is_used_and_there() -> None:
    text = json.dumps(document_of(APP))
    used = set(re.findall(r'"#/components/(\w+/\w+)"', text))

    kept = json.loads(text)["components"]
    there = {f"{kind}/{name}" for kind in ("schemas", "parameters", "responses") for name in kept[kind]}

    assert used == there


def test_the_description_is_that_of_this_version_for_whoever_may_use_the_api(filled: Filled, url: str) -> None:
    by_token = requests.get(url + DOCUMENT, headers=BEARER, timeout=10)
    by_login = logged_in(url, "pedro").get(DOCUMENT)

    assert requests.get(url + DOCUMENT, timeout=10).status_code == 401
    assert by_token.json() == by_login.json() == json.loads(json.dumps(document_of(filled.app)))
    assert by_token.json()["info"]["version"] == tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/events?stat=dead", "the address: unknown part 'stat'; did you mean 'state'?"),
        ("/events?state=deadly", "state: must be one of in flight, delivered"),
        ("/events?since=2x", "'2x' is no time"),
        ("/events?limit=" + "9" * 400, "limit: must be a whole number"),
        ("/acts?size=501", "size: must be a whole number from 1 to 500"),
        ("/status?hook=cotiza", "the address: unknown part 'hook'; it takes none"),
        ("/overview?span=2h", "span: must be one of 1h, 24h, 7d"),
    ],
)
def test_what_can_not_be_read_is_told_in_words(url: str, path: str, words: str) -> None:
    answer = requests.get(f"{url}/ops/api{path}", headers=BEARER, timeout=10)

    assert (answer.status_code, answer.json()["error"]) == (400, "that can't be read")
    assert answer.json()["message"].startswith(words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body must be a JSON object with ids, why; it can't be read"),
        (b"[" * 500_000, "the body must be a JSON object with ids, why; it can't be read"),
        (b'{"ids": [], "why": "\\ud800"}', "the body must be a JSON object with ids, why; it can't be read"),
        (b'{"ids": [], "why": "\xff"}', "the body must be a JSON object with ids, why; it can't be read"),
        (b'["a"]', "the body must be a JSON object with ids, why"),
        (b'{"ids": [], "why": "x", "hok": 1}', "the body: unknown part 'hok'; it may have ids, why"),
        (b'{"ids": "a", "why": "x"}', "ids: must be a list of at most"),
        (b'{"ids": [], "why": " "}', "why: say why they are dropped"),
    ],
)
def test_a_body_that_is_not_what_is_asked_for_changes_nothing(url: str, body: bytes, words: str) -> None:
    answer = requests.post(f"{url}/ops/api/events/drop", data=body, headers=BEARER, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(words)


@pytest.mark.parametrize("place", ["/ops/api/events", "/ops/events", "/ops/inbox", "/ops/rejected"])
@pytest.mark.parametrize("since", ["999999w", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_time_beyond_all_calendars_is_no_fault(operator: Browser, place: str, since: str) -> None:
    answer = operator.ask("GET", place, params={"since": since, "until": since})

    assert answer.status_code == 200


def test_every_fault_has_the_same_shape(url: str) -> None:
    drop = f"{url}/ops/api/events/drop"
    [group] = requests.get(f"{url}/ops/api/inbox?show=closed", headers=BEARER, timeout=10).json()["groups"][:1]
    answers = {
        400: requests.get(f"{url}/ops/api/events?size=x", headers=BEARER, timeout=10),
        401: requests.get(f"{url}/ops/api/events", timeout=10),
        403: requests.post(drop, headers=BEARER | {"Sec-Fetch-Site": "cross-site"}, timeout=10),
        404: requests.get(f"{url}/ops/api/nothing", headers=BEARER, timeout=10),
        405: requests.put(drop, headers=BEARER, timeout=10),
        409: requests.post(f"{url}/ops/api/inbox/{group['group']}/reopen", headers=BEARER, timeout=10),
        413: requests.post(drop, data=b" " * 2_000_000, headers=BEARER, timeout=10),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}
    for answer in answers.values():
        assert answer.headers["Content-Type"] == "application/json"
        assert set(answer.json()) == {"error", "message"}
        assert all(answer.json().values())


def test_a_token_acts_without_a_forms_token_and_a_login_with_it(filled: Filled, url: str, operator: Browser) -> None:
    id = next(group.id for group in filled.store.groups.open() if not group.acked_by)
    acknowledge, reopen = (f"/ops/api/inbox/{id}/{verb}" for verb in ("acknowledge", "reopen"))
    token = operator.csrf()

    assert operator.ask("POST", acknowledge).status_code == 400
    assert operator.ask("POST", acknowledge, headers={"X-CSRFToken": "forged"}).status_code == 400
    assert acknowledged_by(filled.store, id) == ""
    assert operator.ask("POST", acknowledge, headers={"X-CSRFToken": token}).status_code == 200
    assert acknowledged_by(filled.store, id) == "carolina"
    assert requests.post(url + reopen, headers=BEARER, timeout=10).status_code == 200
    assert requests.post(url + acknowledge, headers=BEARER, timeout=10).status_code == 200
    assert acknowledged_by(filled.store, id) == "token"


def acknowledged_by(store: Store, id: str) -> str:
    group = store.groups.group(id)
    assert group is not None
    return group.acked_by


def test_a_viewers_token_reads_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    filled = Filled(store, settings(tmp_path))
    dead = select(store, Filter(state="dead"))
    with serving(filled.app) as url:
        told = requests.get(url + DOCUMENT, headers=BEARER, timeout=10).json()
        read = requests.get(f"{url}/ops/api/events?state=dead", headers=BEARER, timeout=10)
        drop = {"ids": dead, "why": "x"}
        dropped = requests.post(f"{url}/ops/api/events/drop", json=drop, headers=BEARER, timeout=10)

    assert len(read.json()["events"]) == len(dead)
    assert (dropped.status_code, dropped.json()["error"]) == (403, "not allowed")
    assert select(store, Filter(state="dead")) == dead
    assert told["paths"]["/ops/api/events/drop"]["post"]["x-role"] == "operator"
