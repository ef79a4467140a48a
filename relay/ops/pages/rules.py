"""A hook's rules on the workbench: its file as a text to change, tried on the last events as it is written.

Whoever is logged in may look and try. Saving is for operators, where the deployment allows it; a patch is for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import flask

from relay.accounts import Role
from relay.backtest import Kind
from relay.backtest.as_json import difference_json, hook_json
from relay.backtest.report import HookReport
from relay.drafts.files import as_edited, plain_lines
from relay.drafts.patch import measure, patch
from relay.drafts.trying import Verdict
from relay.errors import CommandError, Problem, RuleError
from relay.expressions.parts import deciding
from relay.model import Json
from relay.ops import links
from relay.ops.answers import as_it_stands, json_answer
from relay.ops.api.routes import BACKTESTED
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import plain, sets_of
from relay.ops.means import Means
from relay.ops.steered import asked_json
from relay.ops.who import me
from relay.ops.words import _
from relay.ops.workbench import BACKTEST, EVENTS, LONGEST_WHY, SHOWS, USUAL, Asked, Bench, Workbench
from relay.rulebook import faults_among
from relay.telling import times

#: A page is made anew so long after the last key, in ms.
PAUSE_MS = 400


def add(desk: Desk, means: Means) -> None:
    """Put the workbench, what is done there, and the twins into the desk."""
    work = Workbench(means)
    add_page(desk, means, work)
    add_acts(desk, means, work)
    add_twins(desk, means, work)


def add_page(desk: Desk, means: Means, work: Workbench) -> None:
    """Put in the page, and what looks without changing anything."""

    @desk.page("/hooks/<hook>/rules")
    def rules(hook: str) -> Answer:
        known(work, hook)
        args = flask.request.args
        version = args.get("version", "")
        file = work.file(hook)
        text = text_of(means, hook, version) if version else None
        if text is None:
            text = file.text if file.content is not None else work.last_text(hook) or ""
        show = args.get("show", "")
        asked = Asked(
            text=text, began=file.version, show=show if show in SHOWS else EVENTS, event=args.get("event", "")
        )
        return shown(means, work.bench(hook, asked))

    @desk.act("/hooks/<hook>/rules/try", role=Role.VIEWER)
    def try_rules(hook: str) -> Answer:
        known(work, hook)
        return shown(means, work.bench(hook, asked_in(flask.request.form)))

    @desk.act("/hooks/<hook>/rules/patch", role=Role.VIEWER)
    def patch_rules(hook: str) -> Answer:
        """Give what makes the draft of the file as it is now, to be applied where the file is kept."""
        known(work, hook)
        file = work.file(hook)
        made = patch(file, work.draft(file, asked_in(flask.request.form).text).text)
        if not made:
            flask.abort(400, _("There is no change that a patch could hold."))
        headers = {"Content-Disposition": f'attachment; filename="{hook}.patch"'}
        return flask.Response(made, 200, headers, content_type="text/x-diff; charset=utf-8")


def add_acts(desk: Desk, means: Means, work: Workbench) -> None:
    """Put in the saving."""

    @desk.act("/hooks/<hook>/rules/save")
    def save_rules(hook: str) -> Answer:
        known(work, hook)
        allowed(means)
        bench = work.bench(hook, asked_in(flask.request.form))
        if not bench.draft.sound:
            return shown(means, bench, fault=_("It is not saved: it has faults.")), 400
        if not bench.changed:
            flask.flash(_("It was so already."))
            return to(hook)
        try:
            saved = work.save(bench, who=me().name, text=bench.draft.text)
        except CommandError as error:
            return shown(means, bench, fault=str(error)), 409
        if saved is None:
            return shown(means, work.bench(hook, bench.asked)), 409
        flask.flash(taken_over(means, hook, saved.version), "good")
        return to(hook)


def add_twins(desk: Desk, means: Means, work: Workbench) -> None:
    """Put in the same for machines."""

    @desk.api("/hooks/<hook>/rules/file")
    def rules_json(hook: str) -> flask.Response:
        known(work, hook)
        file, loaded = work.file(hook), means.hooks.get(hook)
        return json_answer(
            {
                "hook": hook,
                "file": file.path.as_posix(),
                "version": file.version,
                "loaded": loaded.version if loaded else "",
                "text": file.text,
                "editable": means.settings.rules_editable,
            }
        )

    @desk.api_act("/hooks/<hook>/rules/try", role=Role.VIEWER)
    def try_rules_json(hook: str) -> flask.Response:
        known(work, hook)
        return json_answer(bench_json(work.bench(hook, asked_of(asked_json()))))

    @desk.api_act("/hooks/<hook>/rules/backtest", role=Role.VIEWER)
    def backtest_rules_json(hook: str) -> flask.Response:
        known(work, hook)
        told = asked_json()
        last = told.get("last", USUAL)
        if last not in BACKTESTED or isinstance(last, bool):
            raise CommandError(f"last: must be one of {', '.join(map(str, BACKTESTED))}")
        bench = work.bench(hook, replace(asked_of(told), run=True, last=int(last)))
        if bench.report is None:
            raise CommandError("text: " + "; ".join(map(str, faults_among(bench.draft.problems))))
        one = bench.report.hooks.get(hook) or HookReport(hook)
        return json_answer({**hook_json(one), "more": bench.report.more})

    @desk.api_act("/hooks/<hook>/rules/file", method="PUT")
    def save_rules_json(hook: str) -> flask.Response:
        """Save where the draft is sound, and nobody else has changed the file since ``began``."""
        known(work, hook)
        allowed(means)
        bench = work.bench(hook, asked_of(asked_json()))
        if not bench.draft.sound:
            raise CommandError("it is not saved: " + "; ".join(str(one) for one in faults_among(bench.draft.problems)))
        with as_it_stands():
            saved = work.save(bench, who=me().name, text=bench.draft.text) if bench.changed else bench.file
            if saved is None or (bench.overtaken and bench.changed):
                raise CommandError(f"the file has changed: it is version {bench.file.version} now")
        return json_answer({"hook": hook, "version": saved.version, "before": bench.file.version})


def taken_over(means: Means, hook: str, version: str) -> str:
    """Wait a moment until the file that was saved is in use, and say whether it is."""
    with suppress(RuleError):  # of another file
        means.rules()
    loaded = means.hooks.get(hook)
    if loaded is not None and loaded.version == version:
        return _("Saved as version %(version)s, which maps what comes in from now on.", version=version)
    return _("Saved as version %(version)s; it is taken over within seconds.", version=version)


def asked_of(told: Mapping[str, Json]) -> Asked:
    """Read the body of a request. Raises CommandError."""
    text, began, why = (told.get(name, "") for name in ("text", "began", "why"))
    if not isinstance(text, str) or not text.strip():
        raise CommandError("text: give the whole text of the hook file")
    if not isinstance(began, str) or not isinstance(why, str):
        raise CommandError("began and why: must be texts")
    return Asked(text=plain_lines(text), began=began, why=" ".join(why.split())[:LONGEST_WHY])


def bench_json(bench: Bench) -> dict[str, Json]:
    """Give what a draft makes of the last events."""
    return {
        "hook": bench.hook,
        "version": bench.file.version,
        "sound": bench.draft.sound,
        "problems": [problem_json(one) for one in bench.draft.problems],
        "events": [
            {
                "event": one.event.id,
                "state": one.event.state.word,
                **times("received", one.event.received_ms),
                "verdict": one.verdict.value,
                "difference": difference_json(one.difference),
            }
            for one in bench.tried
        ],
        "patch": patch(bench.file, bench.draft.text).decode(errors="replace"),
    }


def problem_json(one: Problem) -> dict[str, Json]:
    return {"line": one.line, "column": one.column, "words": one.words, "severity": one.severity}


def known(work: Workbench, hook: str) -> None:
    """End the request where there is no such hook."""
    if not work.there(hook):
        flask.abort(404, _("There is no such hook, and there never was."))


def allowed(means: Means) -> None:
    """End the request where nothing may be saved from here."""
    if not means.settings.rules_editable:
        flask.abort(403, _("Here hook files are not saved from the desk: RELAY_RULES_EDITABLE is off. Take a patch."))


def to(hook: str) -> Answer:
    return flask.redirect(flask.url_for("ops.rules", hook=hook), 303)


def text_of(means: Means, hook: str, version: str) -> str:
    """Give the text of a version that is kept, to begin with; ends the request where it is not."""
    text = means.store.rule_texts.text(hook, version)
    if text is None:
        flask.abort(404, _("The text of this version is not kept."))
    return as_edited(text)


def asked_in(form: Mapping[str, str]) -> Asked:
    """Read a form. What stands beside the text stays so, unless the button that was pressed says otherwise."""
    pick, show, last = form.get("pick", ""), form.get("show", ""), form.get("last", "")
    beside = EVENTS if pick else show or form.get("shown", "")
    return Asked(
        text=plain_lines(form.get("text", "")),
        began=form["over"] if "over" in form else form.get("began", ""),
        show=beside if beside in SHOWS else EVENTS,
        event=pick or form["event"] if "event" in form or pick else form.get("chosen", ""),
        run=show == BACKTEST,
        last=int(last) if last in map(str, BACKTESTED) else USUAL,
        why=" ".join(form.get("why", "").split())[:LONGEST_WHY],
    )


def shown(means: Means, bench: Bench, *, fault: str = "") -> flask.Response:
    """Show the bench: as a page, or the part beside the text where a script asks."""
    live = "HX-Request" in flask.request.headers
    made = flask.render_template(
        "rules_beside.html" if live else "rules.html",
        bench=bench,
        fault=fault,
        editable=means.settings.rules_editable,
        loaded=means.hooks.get(bench.hook),
        rules=bench.explained.explanation.rules if bench.explained and bench.explained.explanation else (),
        pause_ms=PAUSE_MS,
        sets_of=sets_of,
        lines_at="",
        added=measure(bench.hunks),
        found=bench.report.hooks.get(bench.hook) if bench.report else None,
        backtested=BACKTESTED,
        Kind=Kind,
        plain=plain,
        deciding=deciding,
        links=links,
        live=live,
        Verdict=Verdict,
    )
    # While nothing can be said of a half-written text, what stands there stays.
    headers = {"HX-Reswap": "none"} if live and bench.draft.hook is None and bench.asked.show == EVENTS else {}
    return flask.Response(made, 200, headers, content_type="text/html; charset=utf-8")
