"""What pages and their JSON share of pausing, resuming and slowing: reading what is asked, saying what was done."""

from __future__ import annotations

import flask

from relay.errors import CommandError
from relay.model import Json
from relay.ops.answers import json_answer
from relay.ops.words import _

#: Characters of a reason at the most.
LONGEST_WHY = 500


def reason() -> str:
    """Give the reason that a form has; '' where it has none."""
    return flask.request.form.get("why", "").strip()[:LONGEST_WHY]


def asked_json() -> dict[str, Json]:
    """Read the body as an object; no body is an empty one. Raises CommandError."""
    if not flask.request.get_data(cache=True):
        return {}
    told = flask.request.get_json(force=True, silent=True)
    if not isinstance(told, dict):
        raise CommandError('the body must be a JSON object, as in {"why": "the campaign is wrong"}')
    return told


def reason_in(told: dict[str, Json], *, needed: bool = True) -> str:
    """Give ``why`` of a body. Raises CommandError where it is needed and says nothing, or is no text."""
    why = told.get("why", "")
    if not isinstance(why, str) or (needed and not why.strip()):
        raise CommandError("why: say why, in a text")
    return why.strip()[:LONGEST_WHY]


def rate_of(given: Json) -> float | None:
    """Read a rate in PUTs a second; None, to take back what was set, for nothing. Raises CommandError."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    try:
        # A comma is what some keyboards have where others have a point.
        return float(given.replace(",", ".") if isinstance(given, str) else given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise CommandError(f"rate: must be a number of PUTs a second, as in 5 or 0.5, not {given!r}") from None


def done_json(what: str, name: str, state: str, *, changed: bool) -> flask.Response:
    """Answer as the commands do: that it was so already is no fault."""
    return json_answer({what: name, "state": state, "changed": changed})


def tell(said: str, *, changed: bool, otherwise: str = "") -> None:
    """Say on the next page what was done, or why there was nothing to do."""
    flask.flash(said if changed else otherwise or _("It was so already."), "good" if changed else "")
