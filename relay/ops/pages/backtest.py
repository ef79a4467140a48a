"""What the rules of a hook, as its file says them now, would make of its last events: beside what was made of them.

Or beside what another version of the file makes of them. Nothing is changed; what is to be changed is planned as a
replay. It is a look at the newest events, bounded so that nobody waits for it: ``relay diff`` goes through all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import flask

from relay.backtest import Report, report_json, run
from relay.backtest.words import BAD, ENDS, KINDS, WORDS
from relay.errors import CommandError, Problem, RuleError
from relay.finding import Filter
from relay.hooks import Hook
from relay.model import Json
from relay.ops.answers import json_answer
from relay.ops.desk import Desk
from relay.ops.means import Means
from relay.ops.words import _
from relay.replay.versions import Versions
from relay.store.rule_texts import RulesVersion

#: It is run by a process that takes events in, too: neither may go on for long.
MOST_EVENTS, WITHIN_S = 500, 1.5
EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A backtest of one hook."""

    hook: Hook
    #: The version that its rules are held against; '' for what was made of each event when it was mapped.
    against: str
    versions: Sequence[RulesVersion]
    report: Report
    #: Why it is not the file on disk that is looked at, but the one that is loaded.
    faults: Sequence[Problem]


def add(desk: Desk, means: Means) -> None:
    """Put the page and its twin into the desk."""

    turn = threading.Lock()

    def looked(hook: str) -> Look:
        if not turn.acquire(timeout=2 * WITHIN_S):
            raise CommandError("too many are comparing rules just now; wait a little, then try again")
        try:
            return look(means, hook, flask.request.args.get("against", "").strip())
        finally:
            turn.release()

    @desk.page("/hooks/<hook>/diff")
    def hook_diff(hook: str) -> str:
        found = looked(hook)
        return flask.render_template(
            "hook_diff.html",
            found=found,
            one=found.report.hooks.get(hook),
            most=MOST_EVENTS,
            WORDS=WORDS,
            BAD=BAD,
            KINDS=KINDS,
            ENDS={end.value: words for end, words in ENDS.items()},
        )

    @desk.api("/hooks/<hook>/diff")
    def hook_diff_json(hook: str) -> flask.Response:
        found = looked(hook)
        faults: list[Json] = [str(one) for one in found.faults]
        told = {"hook": hook, "version": found.hook.version, "against": found.against or None, "faults": faults}
        return json_answer({**told, "report": report_json(found.report)})


def look(means: Means, name: str, against: str) -> Look:
    """Hold the rules of now against what is asked for. Ends with 404 where there is nothing to hold them against."""
    hook, faults = rules_of_now(means, name)
    if hook is None:
        flask.abort(404, _("This hook is not loaded, so that there are no rules to try."))
    then = Versions(means.store, means.hooks).version(name, against) if against else None
    if against and then is None:
        flask.abort(404, _("The text of this version is not kept."))
    report = run(
        means.store,
        then,
        hook,
        Filter(state=""),
        limit=MOST_EVENTS,
        until=time.monotonic() + WITHIN_S,
        as_mapped=then is None,
        most=EXAMPLES,
    )
    versions = means.store.rule_texts.versions(name)
    return Look(hook=hook, against=against, versions=versions, report=report, faults=faults)


def rules_of_now(means: Means, name: str) -> tuple[Hook | None, Sequence[Problem]]:
    """Give the hook as its file stands, with the faults of the files where they are why it is the loaded one."""
    try:
        return means.rules().get(name), ()
    except RuleError as error:
        return means.hooks.get(name), error.problems
