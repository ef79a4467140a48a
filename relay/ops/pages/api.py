"""The description of the API for scripts, to whoever may use it."""

from __future__ import annotations

from functools import cache

import flask
import orjson

from relay.ops.api import document
from relay.ops.desk import Desk
from relay.ops.means import Means


def add(desk: Desk, means: Means) -> None:  # noqa: ARG001 -- as every page
    """Put the document into the desk."""

    @cache
    def written() -> bytes:
        return orjson.dumps(document(flask.current_app.url_map, desk.marks), option=orjson.OPT_INDENT_2)

    @desk.api("/openapi.json")
    def openapi_json() -> flask.Response:
        return flask.Response(written(), content_type="application/json")
