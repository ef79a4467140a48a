"""Refuses what nobody would read: a misspelt part of a filter must not find everything, nor act on it."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

import flask
import orjson

from relay.errors import CommandError
from relay.ops.api.notation import Shape
from relay.ops.api.parameters import PARAMETERS
from relay.ops.api.routes import ROUTES
from relay.ops.desk import Desk


def strict() -> None:
    """Hold a request to what is told of its route; those of pages pass. Raises CommandError."""
    told = ROUTES.get((flask.request.endpoint or "").removeprefix(f"{Desk.NAME}."))
    if told is None:
        return
    parts = {PARAMETERS[one]["name"]: PARAMETERS[one]["schema"] for one in told.takes}
    for name, text in flask.request.args.items(multi=True):
        _known(name, parts, "the address")
        _among(name, text, [str(one) for one in parts[name].get("enum", ())])
    if told.body is not None:
        _body_is(told.body)


def _body_is(shape: Shape) -> None:
    """Hold a body to being an object with nothing but these fields; what they hold is the route's to judge."""
    fields = ", ".join(shape["properties"])
    try:
        # It refuses what the store could not keep, as half a character, and what is nested without end.
        body = orjson.loads(flask.request.get_data())
    except orjson.JSONDecodeError as error:
        raise CommandError(f"the body must be a JSON object with {fields}; it can't be read: {error}") from None
    if not isinstance(body, dict):
        raise CommandError(f"the body must be a JSON object with {fields}")
    for name in body:
        _known(name, shape["properties"], "the body")


def _known(name: str, names: Collection[str], where: str) -> None:
    if name in names:
        return
    near = get_close_matches(name, sorted(names), 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it may have {', '.join(names)}" if names else "it takes none"
    raise CommandError(f"{where}: unknown part {name!r}; {hint}")


def _among(name: str, text: str, words: list[str]) -> None:
    """Hold a part of an address that can be one of some words to these; an empty one asks for nothing."""
    if words and text.strip() and text.strip() not in words:
        raise CommandError(f"{name}: must be one of {', '.join(one for one in words if one != 'any')}, not {text!r}")
