"""The description of ``/ops/api`` as an OpenAPI 3.1 document, made from the routes that the app has.

``routes`` says what each is for, ``shapes`` what they give, ``parameters`` what their addresses may say. A route that
is not described, and a description without its route, fail a test; ``strict`` refuses what is not described.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

from werkzeug.routing import Map, Rule

from relay.accounts import Role
from relay.ops.api.notation import ref
from relay.ops.api.parameters import PARAMETERS, PATHS
from relay.ops.api.routes import ROUTES, Told
from relay.ops.api.shapes import SHAPES
from relay.ops.desk import API, Desk, Mark

JSON = "application/json"
VERBS = ("GET", "POST", "PUT", "DELETE")
ABOUT = """What the pages of the ops desk show and do, for scripts: the same filters, by the same names, in the same
words. Times stand twice, in ms since 1970 and as ISO in UTC. A list gives a page at a time; its `next` is the `after`
of the next page. What is not described here is refused, so that a misspelt filter never finds everything."""
#: What may go wrong, in words.
FAULTS = {
    400: "What was sent can't be read; the message says which part, and what it may be.",
    401: "Neither a token nor a login.",
    403: "The role of the token, or of the login, does not allow it.",
    404: "There is no such thing, or it is kept no longer.",
    409: "It stands otherwise now than when you looked: look again.",
    413: "The body is larger than the relay takes.",
    503: "Redis is away, full or still loading: try again.",
}
#: Headers that come with them.
HEADERS = {
    401: ("WWW-Authenticate", "How to say who you are.", {"type": "string"}),
    503: ("Retry-After", "In so many seconds.", {"type": "integer"}),
}
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "One of RELAY_OPS_TOKEN."},
    "login": {
        "type": "apiKey",
        "in": "cookie",
        "name": "relay_session",
        "description": "The session of somebody who has logged in; over HTTPS it is called `__Host-relay_session`. "
        "What changes something wants the CSRF token of a page in the header `X-CSRFToken` too.",
    },
}


def document(routes: Map, marks: Mapping[str, Mark]) -> dict[str, Any]:
    """Describe the routes of an app."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, told in described(routes):
        paths.setdefault(path_of(rule), {})[method.lower()] = operation(rule, method, told, marks[rule.endpoint])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lead Relay, the ops API", "version": version("lead-relay"), "description": ABOUT},
        "security": [{name: []} for name in SECURITY],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(SHAPES.items())),
            "parameters": PARAMETERS,
            "responses": {f"Fault{status}": fault(status) for status in FAULTS},
            "securitySchemes": SECURITY,
        },
    }


def described(routes: Map) -> Iterator[tuple[Rule, str, Told]]:
    """Give each route of the API by its method, with what is told of it."""
    for rule in api_rules(routes):
        told = ROUTES.get(rule.endpoint.removeprefix(f"{Desk.NAME}."))
        if told is not None:
            yield from ((rule, method, told) for method in VERBS if method in (rule.methods or ()))


def api_rules(routes: Map) -> list[Rule]:
    return [rule for rule in routes.iter_rules() if rule.rule.startswith(f"{API}/")]


def path_of(rule: Rule) -> str:
    """Write the path of a route as OpenAPI does: ``/ops/api/events/{id}``."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)


def operation(rule: Rule, method: str, told: Told, mark: Mark) -> dict[str, Any]:
    """Describe one route."""
    places = [place(name) for name in sorted(rule.arguments)]
    parameters = [*places, *({"$ref": f"#/components/parameters/{name}"} for name in told.takes)]
    faults = faults_of(rule, method, told, mark)
    body = {"requestBody": {"required": True, "content": {JSON: {"schema": told.body}}}} if told.body else {}
    return {
        "operationId": name_of(rule),
        "summary": told.words,
        "x-role": (mark.role or Role.VIEWER).value,
        **({"parameters": parameters} if parameters else {}),
        **body,
        "responses": {
            str(told.status): {"description": told.words, "content": {JSON: {"schema": ref(told.gives)}}},
            **{str(status): {"$ref": f"#/components/responses/Fault{status}"} for status in faults},
        },
    }


def name_of(rule: Rule) -> str:
    """Name an operation by its view; one that has two routes is told apart by what stands in the longer one."""
    name = rule.endpoint.removeprefix(f"{Desk.NAME}.")
    return f"{name}_at_destination" if {"destination", "id"} <= rule.arguments else name


def faults_of(rule: Rule, method: str, told: Told, mark: Mark) -> list[int]:
    """Say which faults a route may answer."""
    faults = {400, 401, 503, *told.faults}
    if rule.arguments:
        faults.add(404)
    if method != "GET":
        faults |= {403, 413}
    elif mark.role is Role.OPERATOR:
        faults.add(403)
    return sorted(faults)


def place(name: str) -> dict[str, Any]:
    """Describe a part of a path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": PATHS[name],
        "schema": {"type": "string", "minLength": 1},
    }


def fault(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": FAULTS[status], "content": {JSON: {"schema": ref("Error")}}}
    if status in HEADERS:
        name, words, shape = HEADERS[status]
        answer["headers"] = {name: {"description": words, "required": True, "schema": shape}}
    return answer
