"""Stands between the sockets and the lead API, and answers what the real API has not: ``/_sandbox/...``.

There tests and people set faults and see what came. It asks for no key and answers only clients of the same machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

import orjson

from relay.errors import FaultsError
from relay.lead_fields import is_uuid
from relay.sandbox.account import error
from relay.sandbox.faults import Faults, parse
from relay.sandbox.journal import ALL_LEADS
from relay.sandbox.leads import Invalid, check_fields
from relay.sandbox.senders import GRAPH, LINKEDIN
from relay.sandbox.service import LEADS, Service
from relay.sandbox.wire import NO_HTTP, Answer, Connection, Request

CONTROL = "/_sandbox/"
LEAD = CONTROL + "leads/"

NO_SUCH_PATH = error(
    404, "Not found", f"The sandbox has /leads, /leads/{{id}}, {GRAPH}..., {LINKEDIN}... and {CONTROL}... only"
)
NO_REQUEST = error(400, "Bad request", "The bytes are not HTTP, or too large")._replace(close=True)


class NoSuchThing(Exception):
    """A path that is not there; the text says which are."""


class Front:
    """Gives the lead API's requests to the service, and answers all others; knows every open connection."""

    def __init__(self, service: Service) -> None:
        self.connections: set[Connection] = set()
        self.service = service

    def take(self, connection: Connection, request: Request) -> None:
        path = request.path
        if path.startswith(LEADS):
            self.service.begin(connection, request)
        elif path.partition("?")[0] == ALL_LEADS:
            self.service.begin_on_all(connection, request)
        elif path.startswith((GRAPH, LINKEDIN)):
            connection.answer(request, self.service.senders.answer(request))
        elif request is NO_HTTP:
            connection.answer(request, NO_REQUEST)
        elif path.startswith(CONTROL) and connection.is_local():
            connection.answer(request, _answer(self.service, request))
        else:
            connection.answer(request, NO_SUCH_PATH)

    def close(self) -> None:
        """Cut off every client."""
        self.service.reset()
        for connection in self.connections:
            connection.transport.abort()


def _answer(service: Service, request: Request) -> Answer:
    path, _, query = request.path.partition("?")
    try:
        if path.startswith(LEAD):
            found = _one_lead(service, request, path[len(LEAD) :].lower())
        else:
            found = _route(request.method, path)(service, request, query)
    except (FaultsError, Invalid, ValueError) as why:
        return error(400, "Validation error", str(why))
    except NoSuchThing as why:
        return error(404, "Not found", str(why))
    return Answer(200, _json(found))


Route = Callable[[Service, Request, str], object]


def _route(method: str, path: str) -> Route:
    route = ROUTES.get((method, path))
    if route is None:
        raise NoSuchThing("use " + ", ".join(f"{method} {path}" for method, path in ROUTES))
    return route


def show_faults(faults: Faults) -> dict[str, Any]:
    """Give faults as the JSON from which they can be set again."""
    shown: dict[str, Any] = orjson.loads(_json(faults))
    return shown


def _put_faults(service: Service, request: Request, _query: str) -> object:
    service.set_faults(parse(_read(request.body)))
    return show_faults(service.faults)


def _get_requests(service: Service, _request: Request, query: str) -> object:
    after = parse_qs(query).get("after", ["0"])[0]
    if not after.isdecimal():
        raise ValueError("after: must be the number of a request")
    return {"requests": service.journal.after(int(after))}


def _reset(service: Service, _request: Request, _query: str) -> object:
    service.reset()
    return {"success": True}


def _put_far(name: str) -> Route:
    return lambda service, request, _query: asdict(service.senders.set(name, _read(request.body)))


def _one_lead(service: Service, request: Request, lead_id: str) -> object:
    if request.method not in ("PUT", "DELETE"):
        raise NoSuchThing(f"use PUT or DELETE {LEAD}{{id}}")
    if not is_uuid(lead_id):
        raise ValueError("the lead's id must be a UUID")
    if request.method == "DELETE":
        return {"success": service.account.leads.remove(lead_id)}
    return {"success": True, "lead": add_lead(service, lead_id, _read(request.body or b"{}"))}


def add_lead(service: Service, lead_id: str, fields: object) -> dict[str, Any]:
    """Add a lead with these fields. Raises Invalid when they are not good."""
    if not isinstance(fields, dict):
        raise Invalid("the lead's fields must be a JSON object")
    check_fields(fields)
    return service.account.leads.view(service.account.leads.add(lead_id.lower(), fields))


def _read(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ValueError("the body is not valid JSON") from None


def _json(what: object) -> bytes:
    return orjson.dumps(what, default=sorted, option=orjson.OPT_NON_STR_KEYS)


ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/_sandbox/faults"): lambda service, _request, _query: show_faults(service.faults),
    ("PUT", "/_sandbox/faults"): _put_faults,
    ("GET", "/_sandbox/requests"): _get_requests,
    ("GET", "/_sandbox/leads"): lambda service, _request, _query: {"leads": service.account.leads.all()},
    ("GET", "/_sandbox/stats"): lambda service, _request, _query: service.stats(),
    ("POST", "/_sandbox/reset"): _reset,
    ("PUT", "/_sandbox/graph"): _put_far("graph"),
    ("PUT", "/_sandbox/linkedin"): _put_far("linkedin"),
}
