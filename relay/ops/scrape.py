"""``GET /metrics``: figures for a scraper, for whoever has a token of the ops desk, or is logged in."""

from __future__ import annotations

import flask

from relay.accounts import Role
from relay.errors import StoreError
from relay.metrics import exposition
from relay.ops.desk import Answer
from relay.ops.guard import stopped
from relay.settings import Settings
from relay.store import Store

HEADERS = {"Cache-Control": "no-store"}


def metrics(store: Store, settings: Settings) -> flask.Blueprint:
    """Build the route; the desk must be part of the same app, since it knows who asks."""
    blueprint = flask.Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def scrape() -> Answer:
        """Answer 503 while the store is away: a scraper then knows that there are no figures, not that all are 0."""
        try:
            if refusal := stopped(Role.VIEWER, json=True):
                return refusal
            text, content_type = exposition(store, settings, flask.request.headers.get("Accept", ""))
        except StoreError as error:
            return flask.Response(f"{error}\n", 503, HEADERS, content_type="text/plain; charset=utf-8")
        return flask.Response(text, 200, HEADERS, content_type=content_type)

    return blueprint
