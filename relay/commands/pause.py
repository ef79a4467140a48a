"""``relay pause`` and ``relay resume``: keep back what a hook brings, or what goes to a destination, without loss."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from relay import settings, wiring
from relay.commands import asking
from relay.commands.asking import JsonOption, WhoOption, YesOption, nothing, wrong
from relay.commands.screen import counted, out, print_json
from relay.model import Json
from relay.settings import Settings
from relay.store import Store

HookArgument = Annotated[str, typer.Argument(metavar="[HOOK]", help="The hook, by its name.")]
DestinationOption = Annotated[str, typer.Option("--destination", help="The destination, by its name, as in 'default'.")]


class Subject(NamedTuple):
    """What is paused or resumed."""

    name: str
    is_hook: bool

    @property
    def words(self) -> str:
        return f"{'hook' if self.is_hook else 'destination'} {self.name}"


def pause(
    why: Annotated[str, typer.Option(help="The reason, which is recorded and shown.")],
    hook: HookArgument = "",
    destination: DestinationOption = "",
    yes: YesOption = False,
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Pause a hook, or a destination with --destination: nothing is lost, PUTs in flight finish.

    Events of a paused hook are accepted and kept; relay resume lets them go on with the stamps that they had.
    """
    if not why.strip():
        raise wrong("--why: say why it is paused")
    now = settings.load()
    subject = subject_of(now, hook, destination)
    effect = "its events are accepted and kept back" if subject.is_hook else "nothing is sent to it"
    ask(f"Pause {subject.words}, so that {effect}?", yes=yes, verb="paused")
    steering = wiring.store(now).steering
    act = steering.pause_hook if subject.is_hook else steering.pause_destination
    tell(subject, "paused", changed=act(subject.name, who=asking.who_is(who), why=why.strip()), as_json=as_json)


def resume(
    hook: HookArgument = "",
    destination: DestinationOption = "",
    yes: YesOption = False,
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Resume a hook, or a destination with --destination; what was kept back goes on behind live events."""
    now = settings.load()
    store = wiring.store(now)
    subject = subject_of(now, hook, destination)
    kept = kept_back(store, subject)
    ask(f"Resume {subject.words}, so that {kept}?", yes=yes, verb="resumed")
    act = store.steering.resume_hook if subject.is_hook else store.steering.resume_destination
    tell(subject, "resumed", changed=act(subject.name, who=asking.who_is(who)), as_json=as_json)
    if not as_json:
        out.print(kept)


def subject_of(now: Settings, hook: str, destination: str) -> Subject:
    """Read which of both is meant; anything else ends the command."""
    if bool(hook) == bool(destination):
        raise wrong("say which: a hook, or --destination NAME")
    if destination and destination not in now.destinations:
        raise wrong(f"--destination: {destination!r} is not set; there are {', '.join(sorted(now.destinations))}")
    return Subject(hook or destination, is_hook=bool(hook))


def kept_back(store: Store, subject: Subject) -> str:
    """Say how much goes on with it."""
    number = store.steering.shelved(subject.name) if subject.is_hook else store.gates.gate(subject.name).leads
    return f"{counted(number, 'event' if subject.is_hook else 'lead')} {'goes' if number == 1 else 'go'} on"


def ask(question: str, *, yes: bool, verb: str) -> None:
    if not asking.agreed(question, yes=yes):
        raise nothing(f"nothing was {verb}")


def tell(subject: Subject, verb: str, *, changed: bool, as_json: bool) -> None:
    """Say what was done; that it was so already is no fault."""
    if as_json:
        told: dict[str, Json] = {"hook" if subject.is_hook else "destination": subject.name}
        print_json({**told, "state": verb, "changed": changed})
    elif changed:
        out.print(f"{subject.words}: {verb}")
    else:
        out.print(f"{subject.words}: {'is paused already' if verb == 'paused' else 'was not paused'}")
