"""The frame of every page: what templates may say, the navigation, the theme."""

from __future__ import annotations

import flask
from jinja2 import StrictUndefined
from jinja2.ext import i18n

from relay.ops import assets, readable, sentences, words
from relay.ops.desk import Desk
from relay.ops.who import operator, who
from relay.texts import N_

#: What the navigation leads to, in its order; what no page answers yet is left out.
SECTIONS = (
    ("ops.overview", N_("Overview")),
    ("ops.inbox", N_("Inbox")),
    ("ops.events", N_("Events")),
    ("ops.parked", N_("Parked")),
    ("ops.rejected", N_("Rejected")),
    ("ops.replays", N_("Replays")),
    ("ops.hooks", N_("Hooks")),
    ("ops.destinations", N_("Destinations")),
    ("ops.acts", N_("Acts")),
)


def templates(app: flask.Flask) -> None:
    """Give templates what they may say; a name that is not there is a fault, not an empty space."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension(i18n)
    environment.install_gettext_callables(words.gettext, words.one_or_many, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(readable.FILTERS, words=words.words, said=sentences.said)
    environment.filters.update(told=sentences.say, answered=sentences.say_answer)
    environment.filters.update(title_told=sentences.say_title, filter_told=sentences.say_filter)
    environment.globals.update(
        who=who,
        operator=operator,
        away=lambda: flask.g.get("away", False),
        asset=assets.asset,
        served=lambda endpoint: endpoint in app.view_functions,
        sections=SECTIONS,
        there=lambda path, method="GET": app.url_map.bind("").test(path, method),
        here=here,
        badge_of=badge_of,
        back=back,
        theme=theme,
        tongue=words.tongue,
        tongues=words.TONGUES,
        zone_name=readable.zone_name,
        line=readable.line,
    )


def here(endpoint: str) -> bool:
    """Whether the page that is shown belongs to this section."""
    path, section = flask.request.path, flask.url_for(endpoint)
    return path == section or (endpoint != "ops.overview" and path.startswith(f"{section.rstrip('/')}/"))


def badge_of(endpoint: str) -> int:
    """Give the number beside a section in the navigation."""
    desk = flask.current_app.blueprints[Desk.NAME]
    count = desk.badges.get(endpoint) if isinstance(desk, Desk) else None
    return count() if count else 0


def back() -> str | None:
    """Give the address of this page, to come back to; None where that would lead nowhere, or holds a secret."""
    if flask.request.method != "GET" or flask.request.endpoint in (None, "ops.enter"):
        return None
    return flask.request.full_path.rstrip("?")


def theme() -> str:
    """Give the theme that was chosen on this browser, '' for that of the system."""
    chosen = flask.request.cookies.get("relay_theme", "")
    return chosen if chosen in ("light", "dark") else ""
