"""``GET /metrics``: figures for a scraper, for whoever has a token of the ops desk, or is logged in."""

from __future__ import annotations

import flask

from relay.accounts import Role
from relay.errors import StoreError
from relay.metrics import exposition
from relay.ops.guard import stopped
from relay.settings import Settings
from relay.store import Store

HEADERS = {"Cache-Control": "no-store"}


def metrics(store: Store, settings: Settings) -> flask.Blueprint:
    """Build the route; the desk must be part of the same app, since it knows who asks."""
    blueprint = flask.Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def scrape() -> flask.Response:
        """Answer 503 while the store is away: a scraper then knows that there are no figures, not that all are 0."""
        try:
            if stopped(Role.VIEWER, json=True) is not None:
                return said(401, "send a token of RELAY_OPS_TOKEN as 'Authorization: Bearer ...', or log in at /ops")
            text, content_type = exposition(store, settings, flask.request.headers.get("Accept", ""))
        except StoreError as error:
            return said(503, str(error))
        return flask.Response(text, 200, HEADERS, content_type=content_type)

    return blueprint


def said(status: int, words: str) -> flask.Response:
    """Answer in one line: scrapers show it, and want no page."""
    headers = {**HEADERS, "WWW-Authenticate": "Bearer"} if status == 401 else HEADERS
    return flask.Response(f"{words}\n", status, headers, content_type="text/plain; charset=utf-8")
