"""The web app as gunicorn serves it, with hook files that are taken over within moments: for tests that change many."""

from __future__ import annotations

import flask

from relay import wiring
from relay.settings import load

SETTLE_S = 0.1


def web() -> flask.Flask:
    return wiring.app(load(), settle_s=SETTLE_S)
