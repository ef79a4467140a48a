"""The ops desk at ``/ops``: pages and their JSON twins for people who are logged in, and for machines with a token.

A page is one module in ``relay/ops/pages``, found by itself, with one function::

    def add(desk: Desk, means: Means) -> None:

        @desk.page("/parked")                    # GET /ops/parked, for viewers and operators: url_for("ops.parked")
        def parked() -> str:
            return flask.render_template("parked.html", events=means.store.letters.parked())

        @desk.act("/parked/<id>/link")           # POST, for operators, with the CSRF token of a form
        def link_parked(id: str) -> Answer:
            means.store.acts.note(who=me().name, what="link", about=id)
            flask.flash(_("Linked."), "good")
            return flask.redirect(flask.url_for("ops.parked"), 303)

        @desk.api("/parked")                     # GET /ops/api/parked, JSON, for a login or a token
        def parked_json() -> flask.Response:
            return json_answer(...)

- ``act(..., role=Role.VIEWER)`` is for what changes nothing but may not stand in an address: a search for a phone.
  ``api_act`` is the JSON twin of ``act``. A route put in by any other way is refused, and a test finds it.
- A route of the API is described in ``relay/ops/api/routes.py``, its answer in ``shapes``; what its address or its body
  says beyond that is answered 400 before the view is asked. Tests hold each to it over a store with all in it.
- A template extends ``layout.html`` and fills ``title`` and ``main``; ``parts.html`` has the pieces, and the head of
  ``static/desk.css`` lists their classes. ``|number``, ``|span``, ``|ago``, ``|moment``, ``|whole`` and ``|day`` write
  numbers and times (in ms) as the reader does. No script and no style in a page: the browser is told to refuse them.
  Every form that acts has ``{{ parts.csrf() }}``; with htmx the token goes along by itself.
- Texts are English in ``_("...")``, ``{% trans %}`` or ``N_``; ``make texts`` puts the new ones into
  ``translations/es.po``. A test fails while one has no translation.
- Words that the store keeps, or that are raised elsewhere, are English: ``|told`` says them in the reader's language,
  ``|told(status)`` where they may be the CRM's own, ``|answered`` where they are an answer's; ``|title_told`` names of
  replays, ``|filter_told`` filters, ``|said`` a ``Line``. ``relay.ops.sentences`` knows them; a test finds new ones.
- ``flask.abort(404, _("..."))`` becomes a page in these words; a StoreError becomes a 503, a CommandError a 400.

The address bar holds ids, never a phone or an e-mail. ``overview`` and ``account`` are the examples.
"""

from __future__ import annotations

from relay.ops.desk import Desk
from relay.ops.guard import stopped
from relay.ops.health import health
from relay.ops.means import Means, means
from relay.ops.scrape import metrics
from relay.ops.shell import desk

__all__ = ["Desk", "Means", "desk", "health", "means", "metrics", "stopped"]
