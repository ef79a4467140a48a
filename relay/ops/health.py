"""What load balancers and supervisors ask: ``GET /health``, is this process alive, and ``GET /ready``, can it take
events now. Neither needs a login, and neither says more than that.

A process whose hook files have faults is ready all the same: their last good versions serve, or another hook would be
refused for the one that has none. It says how many there are; an alarm says which.
"""

from __future__ import annotations

from collections.abc import Callable, Sized

import flask
import orjson

from relay.errors import StoreError
from relay.store import Store

HEADERS = {"Cache-Control": "no-store"}


def health(store: Store, *, hooks: Sized, faulty: Callable[[], int] = lambda: 0) -> flask.Blueprint:
    """Build the two routes; ``hooks`` are those that serve, ``faulty`` says how many files have faults."""
    blueprint = flask.Blueprint("health", __name__)

    @blueprint.get("/health")
    def alive() -> flask.Response:
        return answer(200, {"alive": True})

    @blueprint.get("/ready")
    def ready() -> flask.Response:
        """Answer 503, and what is wrong, while a sender would be told to come back later."""
        try:
            store.door.try_writing()
        except StoreError as error:
            return answer(503, {"ready": False, "faults": [str(error)]})
        return answer(200, {"ready": True, "hooks": len(hooks), "faulty_rules": faulty()})

    return blueprint


def answer(status: int, body: dict[str, object]) -> flask.Response:
    return flask.Response(orjson.dumps(body), status, HEADERS, content_type="application/json")
