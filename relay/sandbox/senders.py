"""Answers as the senders do that are asked for their answers: Meta's Graph API, and LinkedIn's Lead Sync API.

Any lead is there, with the answers of an example; errors come on demand. Sources: developers.facebook.com, "Retrieving
Leads" and the Graph API's error codes; learn.microsoft.com, "Lead Sync".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import orjson

from relay.sandbox.wire import Answer, Request

GRAPH, LINKEDIN = "/graph/", "/linkedin/rest/"
LINKEDIN_LEADS = LINKEDIN + "leadFormResponses/"
ERRORS = ("expired", "revoked", "rate", "not_visible", "transient")
#: What the test button of Meta's app dashboard sends: an id that nobody can fetch.
TEST_BUTTON = "444444444444"


@dataclass
class Far:
    """How one sender's API answers at this moment."""

    #: One of ERRORS; None while all is well.
    error: str | None = None
    regain_minutes: int = 1
    #: Whole answers by the id that is asked for.
    leads: dict[str, Any] = field(default_factory=dict)
    #: The only token that works; None where any does.
    token: str | None = None
    asked: int = 0

    def set(self, told: object) -> None:
        """Take what a test says of it. Raises ValueError."""
        if not isinstance(told, dict) or told.keys() - {"error", "regain_minutes", "leads", "token"}:
            raise ValueError("give an object with error, regain_minutes, leads and token, each of them or none")
        if told.get("error") not in (None, *ERRORS):
            raise ValueError(f"error: must be null or one of {', '.join(ERRORS)}")
        self.error, self.token = told.get("error"), told.get("token")
        self.regain_minutes = int(told.get("regain_minutes", 1))
        self.leads = dict(told.get("leads", {}))

    def view(self) -> dict[str, Any]:
        return {"error": self.error, "regain_minutes": self.regain_minutes, "leads": self.leads, "token": self.token}


class Senders:
    """The far APIs that are asked for answers."""

    def __init__(self) -> None:
        self.far = {"graph": Far(), "linkedin": Far()}

    def counts(self) -> dict[str, int]:
        return Counter({name: one.asked for name, one in self.far.items()})

    def answer(self, request: Request) -> Answer:
        """Answer a request to one of them."""
        path = request.path.partition("?")[0]
        name, known = ("graph", _graph) if path.startswith(GRAPH) else ("linkedin", _linkedin)
        far = self.far[name]
        far.asked += 1
        return known(far, path.rpartition("/")[2], _trouble(far, request), request.headers)


Known = Callable[[Far, str, str | None, Mapping[bytes, bytes]], Answer]


def _trouble(far: Far, request: Request) -> str | None:
    """Say what is wrong with a request, or with the moment; None where it is answered well."""
    scheme, _, token = request.headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token or (far.token is not None and token != far.token.encode()):
        return "expired"
    return far.error


def _graph(far: Far, id: str, trouble: str | None, _headers: Mapping[bytes, bytes]) -> Answer:
    if trouble is None and id == TEST_BUTTON:
        trouble = "not_visible"
    if trouble is None:
        return Answer(200, orjson.dumps({**_example("meta_lead.json"), **far.leads.get(id, {}), "id": id}))
    status, code, subcode, words = {
        "expired": (400, 190, 463, "Error validating access token: Session has expired."),
        "revoked": (400, 190, 460, "Error validating access token: The session has been invalidated."),
        "rate": (400, 80005, None, "There have been too many leadgen api calls to this Page account."),
        "not_visible": (400, 100, 33, f"Unsupported get request. Object with ID '{id}' does not exist, or is hidden."),
        "transient": (500, 2, None, "An unexpected error has occurred. Please retry your request later."),
    }[trouble]
    told: dict[str, Any] = {"message": words, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEfGhIjK"}
    if subcode is not None:
        told["error_subcode"] = subcode
    answer = Answer(status, orjson.dumps({"error": told}))
    return answer._replace(more=_usage(far.regain_minutes)) if trouble == "rate" else answer


def _usage(minutes: int) -> bytes:
    one = {"type": "leadgen", "call_count": 100, "total_cputime": 25, "total_time": 25}
    usage = {"104987654321098": [{**one, "estimated_time_to_regain_access": minutes}]}
    return b"X-Business-Use-Case-Usage: " + orjson.dumps(usage) + b"\r\n"


def _linkedin(far: Far, id: str, trouble: str | None, headers: Mapping[bytes, bytes]) -> Answer:
    if trouble is None and b"linkedin-version" not in headers:
        return Answer(400, orjson.dumps({"status": 400, "code": "VERSION_MISSING", "message": "A version is required"}))
    if trouble is None:
        return Answer(200, orjson.dumps({**_example("linkedin_lead.json"), **far.leads.get(id, {}), "id": id}))
    status, code, words = {
        "expired": (401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
        "revoked": (403, "ACCESS_DENIED", "Not enough permissions to access: leadFormResponses.GET"),
        "rate": (429, "TOO_MANY_REQUESTS", "Resource level throttle limit for calls to this resource is reached."),
        "not_visible": (404, "NOT_FOUND", "Entity not found"),
        "transient": (500, "INTERNAL_SERVER_ERROR", "Internal Server Error"),
    }[trouble]
    body = orjson.dumps({"status": status, "code": code, "message": words})
    return Answer(status, body, retry_after=far.regain_minutes * 60 if trouble == "rate" else None)


def _example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((files("relay.sandbox") / "answers" / name).read_bytes())
    return found
