"""The first page: how all is going, in one sentence, then in figures, and its twin in JSON."""

from __future__ import annotations

import flask

from relay.ops.answers import json_answer
from relay.ops.desk import Desk
from relay.ops.figures import asked_for_words, figures_of, public_json, worries_of
from relay.ops.lately import Lately
from relay.ops.means import Means
from relay.ops.words import _
from relay.status import ERRAND_WORDS, GATE_WORDS, status

RENEWED_S = 5


def add(desk: Desk, means: Means) -> None:
    """Put the overview into the desk."""
    lately = Lately(lambda: status(means.store, means.settings))

    @desk.page("/")
    def overview() -> str:
        found = lately.seen()
        worries = worries_of(found)
        return flask.render_template(
            "overview.html",
            found=found,
            headline=f"{'; '.join(worries)}." if worries else _("All is well."),
            calm=not worries,
            figures=figures_of(found),
            gate_words=GATE_WORDS,
            errand_words=ERRAND_WORDS,
            asked_for=asked_for_words,
            renewed_s=RENEWED_S,
        )

    @desk.api("/status")
    def status_json() -> flask.Response:
        return json_answer(public_json(lately.seen()))
