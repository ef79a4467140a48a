"""The first page: how all is going, in one sentence, then in figures and over time, and its twins in JSON."""

from __future__ import annotations

import flask

from relay import alarms
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Desk
from relay.ops.figures import asked_for_words, figures_of, overview_json, public_json, sum_words
from relay.ops.hook_rows import drifted
from relay.ops.lately import Lately
from relay.ops.means import Means
from relay.ops.plot import SPANS, Bin, Past, Span, plot, plot_json, span_named
from relay.ops.standing import Standing, headline, known_about, look, worries
from relay.status import ERRAND_WORDS, GATE_WORDS

RENEWED_S = 5
#: A plot is read for longer than a figure.
PLOT_RENEWED_S = 30
#: To judge how quiet hooks are takes many reads, and changes with the hour.
QUIET_S = 60.0
#: So are the forms of all hooks.
LOST_S = 15.0
USUAL, FIRST = "24h", "1h"


def add(desk: Desk, means: Means) -> None:
    """Put the overview into the desk."""
    quiet = Lately(lambda: {one.hook: one for one in alarms.silences(means.store)}, same_for_s=QUIET_S)
    lost = Lately(lambda: drifted(means), same_for_s=LOST_S)
    lately = Lately(lambda: look(means, quiet.seen(), lost.seen()))
    past = Past(means.store.meters)

    @desk.page("/")
    def overview() -> str:
        standing = lately.seen()
        span, bins = _asked_for(past, standing)
        words, kind = headline(worries(standing))
        busy = _busy(standing)
        return flask.render_template(
            "overview.html",
            standing=standing,
            found=standing.found,
            headline=words,
            kind=kind,
            besides=known_about(standing),
            figures=figures_of(standing.found),
            sum_words=sum_words(standing.found),
            plot=plot(bins, span),
            spans=SPANS.values(),
            hooks=sorted(busy.union(means.hooks)),
            busy=sorted(busy),
            idle=sorted(means.hooks.keys() - busy),
            counts={one.hook: one for one in standing.found.hooks},
            senders={name: hook.sender for name, hook in means.hooks.items()},
            gate_words=GATE_WORDS,
            errand_words=ERRAND_WORDS,
            asked_for=asked_for_words,
            links=links,
            renewed_s=RENEWED_S,
            plot_renewed_s=PLOT_RENEWED_S,
        )

    @desk.api("/status")
    def status_json() -> flask.Response:
        return json_answer(public_json(lately.seen().found))

    @desk.api("/overview")
    def overview_as_json() -> flask.Response:
        standing = lately.seen()
        span, bins = _asked_for(past, standing)
        return json_answer(overview_json(standing, worries(standing)) | {"plot": plot_json(bins, span)})


def _busy(standing: Standing) -> set[str]:
    """Name the hooks of which there is something to tell: they had events, are kept back, too quiet, or have faults."""
    found = standing.found
    faulty = {one.hook for one in found.faulty_files} - {""}
    return {*(one.hook for one in found.hooks), *standing.last, *found.paused, *standing.silent, *faulty}


def _asked_for(past: Past, standing: Standing) -> tuple[Span, list[Bin]]:
    """Give the bins of the span that is asked for; of an hour, unless one is, where nothing came before it."""
    now_ms, asked = standing.found.at_ms, flask.request.args.get("span", "")
    span = span_named(asked or USUAL)
    bins = past.bins(span, now_ms)
    first = span_named(FIRST)
    if asked or any(one.counts for one in bins if one.at_ms < now_ms - first.bins * first.bin_ms):
        return span, bins
    return first, past.bins(first, now_ms)
