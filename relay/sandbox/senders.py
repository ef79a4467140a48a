"""Answers as the senders do that are asked for their answers: Meta's Graph API, and LinkedIn's Lead Sync API.

Any lead is there, with the answers of an example; errors come on demand. Sources: developers.facebook.com, "Retrieving
Leads" and the Graph API's error codes; learn.microsoft.com, "Lead Sync".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from relay.sandbox.wire import Answer, Request

GRAPH, LINKEDIN = "/graph/", "/linkedin/rest/leadFormResponses/"
ERRORS = ("expired", "revoked", "rate", "not_visible", "transient")
#: What the test button of Meta's app dashboard sends: an id that nobody can fetch.
TEST_BUTTON = "444444444444"


@dataclass(frozen=True, slots=True, kw_only=True)
class Far:
    """How one sender's API answers at this moment."""

    #: One of ERRORS; None while all is well.
    error: str | None = None
    #: When a rate that is used up is there again.
    regain_minutes: int = 1
    #: Whole answers by the id that is asked for; every other id has the example's.
    leads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: The only token that works; None where any does.
    token: str | None = None


class Senders:
    """The far APIs that are asked for answers: ``graph`` and ``linkedin``."""

    def __init__(self) -> None:
        self.far = {"graph": Far(), "linkedin": Far()}
        self._asked = dict.fromkeys(self.far, 0)

    def set(self, name: str, told: object) -> Far:
        """Have one of them answer as told, in place of what it was told before. Raises ValueError."""
        self.far[name] = read_far(told)
        return self.far[name]

    def counts(self) -> dict[str, int]:
        """Count the requests of each."""
        return dict(self._asked)

    def answer(self, request: Request) -> Answer:
        """Answer a request to one of them."""
        path = request.path.partition("?")[0]
        name = "graph" if path.startswith(GRAPH) else "linkedin"
        self._asked[name] += 1
        lead_id, far = path.rpartition("/")[2], self.far[name]
        trouble = _trouble(name, far, request.headers) or _hidden(name, far, lead_id)
        if trouble:
            return _failure(name, trouble, far, lead_id)
        return Answer(200, orjson.dumps({**far.leads.get(lead_id, _read(f"{name}_lead")), "id": lead_id}))


def example_answers(name: str, lead_id: str) -> bytes:
    """Give what a sender, ``meta`` or ``linkedin``, answers of a lead that nothing else was said of."""
    return orjson.dumps({**_read(f"{'graph' if name == 'meta' else name}_lead"), "id": lead_id})


def read_far(told: object) -> Far:
    """Read what a test says of a far API. Raises ValueError with what is wrong."""
    if not isinstance(told, dict) or told.keys() - {"error", "regain_minutes", "leads", "token"}:
        raise ValueError("give an object with error, regain_minutes, leads and token, each of them or none")
    if told.get("error") not in (None, *ERRORS):
        raise ValueError(f"error: must be null or one of {', '.join(ERRORS)}")
    far = Far(**told)
    if type(far.regain_minutes) is not int or far.regain_minutes < 0:
        raise ValueError("regain_minutes: must be a whole number of at least 0")
    if not isinstance(far.leads, dict) or not all(isinstance(lead, dict) for lead in far.leads.values()):
        raise ValueError("leads: must be an object of whole answers by id")
    if not isinstance(far.token, str | None):
        raise ValueError("token: must be text or null")
    return far


def _trouble(name: str, far: Far, headers: Mapping[bytes, bytes]) -> str | None:
    """Say what is wrong with a request, or else with the moment."""
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        return "no_token"
    if far.token is not None and token != far.token.encode():
        return "wrong_token"
    if name == "linkedin" and b"linkedin-version" not in headers:
        return "no_version"
    return far.error


def _hidden(name: str, far: Far, lead_id: str) -> str | None:
    return "not_visible" if name == "graph" and lead_id == TEST_BUTTON and lead_id not in far.leads else None


def _failure(name: str, trouble: str, far: Far, lead_id: str) -> Answer:
    told = _read(f"{name}_errors")[trouble]
    answer = Answer(told["status"], orjson.dumps(_naming(lead_id, told["body"])))
    if trouble != "rate":
        return answer
    if name == "graph":
        return answer._replace(more=_usage(far.regain_minutes))
    return answer._replace(retry_after=far.regain_minutes * 60)


def _naming(lead_id: str, body: Any) -> Any:
    """Give an error's body with the id in its words, where they name one."""
    if isinstance(body, dict):
        return {name: _naming(lead_id, value) for name, value in body.items()}
    return body.replace("{id}", lead_id) if isinstance(body, str) else body


def _usage(minutes: int) -> bytes:
    one = {"type": "leadgen", "call_count": 100, "total_cputime": 25, "total_time": 25}
    usage = {"104987654321098": [{**one, "estimated_time_to_regain_access": minutes}]}
    return b"X-Business-Use-Case-Usage: " + orjson.dumps(usage) + b"\r\n"


@cache
def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads((files("relay.sandbox") / "answers" / f"{name}.json").read_bytes())
    return read
