"""The API of the ops desk against its own description: every route, over a store in which all has happened."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import redis
import schemathesis
from schemathesis.specs.openapi.checks import allow_header_conformance, ignored_auth, positive_data_acceptance

from relay.embedded import EmbeddedRedis
from relay.finding import Filter, select
from relay.ops.api import document
from relay.ops.desk import Desk
from relay.settings import DAY_MS
from relay.store import Store
from tests.desk import BEARER, app_of, settings_of
from tests.doors import serving
from tests.varied import Filled, settings

#: Made up requests for each route, beside those at the bounds of what it takes.
MADE_UP = 10
#: Stand in examples for the things that the store has, of which there are some of each.
REAL = [f"real{number}" for number in range(24)]


def described_app() -> flask.Flask:
    """Give an app that only describes itself: its store is nowhere."""
    nowhere = Store(redis.Redis(unix_socket_path="/nowhere"), retention_ms=DAY_MS)
    return app_of(nowhere, settings_of(Path("/nowhere")))


def document_of(app: flask.Flask) -> dict[str, Any]:
    desk = app.blueprints[Desk.NAME]
    assert isinstance(desk, Desk)
    return document(app.url_map, desk.marks)


def schema_with_examples() -> Any:
    told = document_of(described_app())
    for path in told["paths"].values():
        for operation in path.values():
            for one in operation.get("parameters", []):
                if one.get("in") == "path":
                    one["examples"] = {real: {"value": real} for real in REAL}
    config = schemathesis.Config(seed=1)
    config.projects.default.generation.update(max_examples=MADE_UP, deterministic=True)
    return schemathesis.openapi.from_dict(told, config=config)


schema = schema_with_examples()
#: To ask once is enough: it takes three requests.
asked_without_login: set[str] = set()


@pytest.fixture(scope="module")
def filled() -> Iterator[Filled]:
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:
        server = EmbeddedRedis(Path(folder), appendfsync="everysec")
        server.start()
        try:
            store = Store(redis.Redis.from_url(server.url), retention_ms=DAY_MS)
            yield Filled(store, settings(Path(folder), RELAY_OPS_TOKEN_ROLE="operator"))
        finally:
            server.stop()


def real(filled: Filled, name: str, which: int) -> str:
    """Give one of the things of this name that the store has."""
    store = filled.store
    found = {
        "group": lambda: [group.id for group in store.groups.open()],
        "id": lambda: select(store, Filter(state="")),
    }[name]()
    return found[which % len(found)]


@pytest.fixture(scope="module")
def url(filled: Filled) -> Iterator[str]:
    with serving(filled.app) as url:
        yield url


@schema.parametrize()
def test_what_the_api_answers_is_what_its_description_says(case: Any, filled: Filled, url: str) -> None:
    for name, value in (case.path_parameters or {}).items():
        if value in REAL:
            case.path_parameters[name] = real(filled, name, REAL.index(value))

    # Only the relay knows which places there are in a list. An address may be that of a thing, too, which is not there.
    excluded = [allow_header_conformance, *([positive_data_acceptance] if (case.query or {}).get("after") else [])]
    if case.operation.label in asked_without_login:
        excluded.append(ignored_auth)
    answer = case.call_and_validate(base_url=url, headers=BEARER, excluded_checks=excluded)
    if answer.status_code == 200:
        asked_without_login.add(case.operation.label)
