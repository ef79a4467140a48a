"""The floor of accepting: a Flask endpoint that reads the body and answers a small JSON, and nothing else."""

from __future__ import annotations

import flask


def web() -> flask.Flask:
    app = flask.Flask("empty")

    @app.post("/hooks/<hook>")
    def take(hook: str) -> flask.Response:  # noqa: ARG001 - its route is that of the door
        flask.request.get_data()
        return flask.Response(b'{"ok":true}', 200, content_type="application/json")

    return app
