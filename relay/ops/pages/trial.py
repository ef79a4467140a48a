"""A test event of a hook: its example, signed as its sender signs, through the door's own steps, and then its page.

It comes in within this process, by the same verifying, parsing, mapping and accepting as a request: no address is
called, so none can be made to be called. Unless a person says otherwise it counts as a test, and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import flask

from relay.accounts import Role
from relay.errors import CommandError, Rejected
from relay.hooks import Hook
from relay.ops.desk import Answer, Desk
from relay.ops.event_rows import plain
from relay.ops.means import Means
from relay.ops.pages.hooks import address_of
from relay.ops.who import me
from relay.ops.words import _
from relay.receive import receive
from relay.rehearsal import Outlook, for_lead, leads_in, outlook, secret_of, signed
from relay.senders import adapter_of
from relay.senders.base import Fetching
from relay.senders.examples import Example, examples, read_example
from relay.texts import N_

#: As a test nothing is sent; as a real event it is.
AS_TEST, REAL = "test", "real"
SENT_AS = {AS_TEST: N_("sent as a test"), REAL: N_("sent as a real event")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a person is about to send."""

    hook: Hook
    #: Names of its examples, and the one that is chosen.
    files: tuple[str, ...]
    file: str
    #: What will come of it, one for each of its events; as it stands in the file, and as it was chosen to be sent.
    outlook: tuple[Outlook, ...] = ()
    lead: str = ""
    how: str = AS_TEST
    #: Why it can't be sent; '' where it can.
    fault: str = ""

    @property
    def puts(self) -> bool:
        """Whether a PUT may come of it even as a test."""
        return self.hook.deliver_tests

    @property
    def fetches(self) -> bool:
        return isinstance(adapter_of(self.hook), Fetching)


def add(desk: Desk, means: Means) -> None:
    """Put the question and the act into the desk."""

    def known(hook: str) -> Hook:
        found = means.hooks.get(hook)
        if found is None:
            flask.abort(404, _("This hook is not loaded, so that nothing can come in by it."))
        return found

    @desk.page("/hooks/<hook>/test", role=Role.OPERATOR)
    def hook_test(hook: str) -> Answer:
        return page_of(trial_of(means, known(hook), flask.request.args))

    @desk.act("/hooks/<hook>/test")
    def send_hook_test(hook: str) -> Answer:
        """Have an example come in; then show its event, or say why none came of it."""
        trial = trial_of(means, known(hook), flask.request.form)
        if trial.fault:
            return page_of(trial)
        try:
            ids = come_in(means, trial)
        except (CommandError, Rejected) as error:
            return page_of(trial, fault=str(error))
        means.store.acts.note(
            who=me().name, what="send", about=ids[0], why=f"{trial.file}: {SENT_AS[trial.how]}", count=len(ids)
        )
        return flask.redirect(flask.url_for("ops.event", id=ids[0]), 303)


def trial_of(means: Means, hook: Hook, said: Mapping[str, str]) -> Trial:
    """Read what is to be sent; what is wrong with it stands in ``fault``."""
    files = tuple(one.name for one in examples(Path(hook.file)))
    file = said.get("file", "") or next(iter(files), "")
    how = REAL if said.get("how") == REAL else AS_TEST
    trial = Trial(hook=hook, files=files, file=file, how=how)
    try:
        secret = secret_of(hook, means.settings.environment)
        found = tuple(outlook(example_of(trial), hook, secret=secret, test=how == AS_TEST))
    except CommandError as error:
        return Trial(hook=hook, files=files, file=file, how=how, fault=str(error))
    usual = next(iter(leads_in(found)), "") if sandboxed(means, hook) else ""
    return Trial(hook=hook, files=files, file=file, how=how, outlook=found, lead=said.get("lead", usual).strip())


def sandboxed(means: Means, hook: Hook) -> bool:
    """Whether the hook delivers to the sandbox that came up with the relay, where every lead is there to be tried."""
    sandbox = means.settings.environment.get("SANDBOX_URL", "")
    return bool(sandbox) and means.settings.destinations[hook.destination].url == sandbox.rstrip("/")


def example_of(trial: Trial) -> Example:
    """Read the example that is chosen: one of those beside the hook file, and no other. Raises CommandError."""
    folder = Path(trial.hook.file).with_suffix("")
    if not trial.files:
        raise CommandError(f"{folder}: no example event there: put one in as a .json file")
    if trial.file not in trial.files:
        raise CommandError(f"{folder}: has no example {trial.file!r}; there are {', '.join(trial.files)}")
    return read_example(folder / trial.file, adapter_of(trial.hook).about)


def come_in(means: Means, trial: Trial) -> list[str]:
    """Have it come in through the door's steps; gives its events' ids. Raises CommandError, Rejected, StoreError."""
    hook, example = trial.hook, example_of(trial)
    secret = secret_of(hook, means.settings.environment)
    if leads_in(trial.outlook):
        if trial.lead:
            example = for_lead(example, hook, trial.lead, secret=secret)
        elif trial.how == REAL or trial.puts:
            raise CommandError(_("Say which lead it is about: a PUT is made to it."))
    request = signed(example, hook, url=address_of(means, hook.name), secret=secret)
    accepted = receive(request, hook=hook, store=means.store.door, test=trial.how == AS_TEST)
    if not accepted:
        raise CommandError(_("The example holds no event for this hook: its sender's adapter read none out of it."))
    if any(one.duplicate for one in accepted):
        flask.flash(_("It had come in before: its sender gives events no ids of their own, so it counts once."), "warn")
    else:
        flask.flash(_("It came in, as the sender's own requests do. This is what became of it."), "good")
    return [one.id for one in accepted]


def page_of(trial: Trial, *, fault: str = "") -> Answer:
    fault = fault or trial.fault
    shown = flask.render_template(
        "hook_test.html",
        trial=trial,
        fault=fault,
        leads=leads_in(trial.outlook),
        plain=plain,
        title=adapter_of(trial.hook).about.title,
        AS_TEST=AS_TEST,
        REAL=REAL,
    )
    return shown, 400 if fault and flask.request.method == "POST" else 200
