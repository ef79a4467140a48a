"""What the door refused: how often, why, and how to mend it at the sender, so that the next request passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import flask

from relay.errors import CommandError
from relay.hooks import Hook
from relay.model import Json
from relay.ops import links
from relay.ops.answers import json_answer
from relay.ops.desk import Answer, Desk
from relay.ops.filtering import BESIDE, SINCE, Asked, asked
from relay.ops.means import Means
from relay.ops.sentences import say
from relay.refusals import Refusals, cure_of, fitting, kind_of, refusals, refusals_json, rejection_json
from relay.senders import ABOUT
from relay.store.events import Rejection

SIZE = 50
#: Parts of a filter that say something of a refused request.
PARTS = {"hook", "words", "since", "until"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Some of the refused requests that are asked for, and all of them by what they have in common."""

    asked: Asked
    groups: tuple[Refusals, ...]
    rows: tuple[Rejection, ...]
    #: How many fit.
    number: int
    #: Where the next page begins; '' where there is none.
    next: str
    #: Hooks to choose from.
    hooks: tuple[str, ...]

    def query(self, **more: str) -> str:
        """Write what is asked for as an address has it."""
        said = {**self.asked.said} | more
        return urlencode({name: text for name, text in said.items() if text})


def add(desk: Desk, means: Means) -> None:
    """Put the page and its twin into the desk."""

    @desk.page("/rejected")
    def rejected() -> Answer:
        found = look(means)
        shown = flask.render_template(
            "rejected.html",
            found=found,
            since=SINCE,
            links=links,
            kind_of=kind_of,
            cure=lambda one: cure_of(one, means.hooks),
            titles=titles(means.hooks),
        )
        return shown, 400 if found.asked.fault else 200

    @desk.api("/rejected")
    def rejected_json() -> flask.Response:
        found = look(means)
        if found.asked.fault:
            raise CommandError(found.asked.fault)
        return json_answer(refused_json(found, means.hooks))


def look(means: Means) -> Refused:
    """Give what the address asks for; where it can't be read, nothing, and ``asked.fault`` says why."""
    store, args = means.store, flask.request.args
    what = asked(args, now_ms=store.events.now_ms(), beside=BESIDE)
    strange = sorted(what.said.keys() - PARTS - {"state"})
    if strange and not what.fault:
        what = Asked(wanted=what.wanted, said=what.said, fault=f"{strange[0]}: says nothing of a refused request")
    every = store.events.rejected()
    wanted = what.wanted
    fits = fitting(
        [] if what.fault else every,
        hook=wanted.hook,
        words=wanted.words,
        since_ms=wanted.since_ms,
        until_ms=wanted.until_ms,
        say=say,
    )
    some, then = some_of(fits, args.get("after", ""))
    return Refused(
        asked=what,
        groups=tuple(refusals(fits, means.hooks)),
        rows=tuple(some),
        number=len(fits),
        next=then,
        hooks=tuple(sorted({one.hook for one in every} | set(means.hooks))),
    )


def some_of(found: Sequence[Rejection], after: str) -> tuple[list[Rejection], str]:
    """Give a page of these, newest first, and where the next begins: a time, and how many of its moment were shown.

    The list grows at its head meanwhile, and loses its tail. Raises CommandError.
    """
    at, _, shown = after.partition(".")
    if after and not (at.isdecimal() and shown.isdecimal() and len(after) < 30):
        raise CommandError("that place in the list can't be read: begin at its start")
    rest = [one for one in found if not after or one.at_ms <= int(at)]
    same = sum(one.at_ms == int(at) for one in rest) if after else 0
    rest = rest[min(same, int(shown)) if after else 0 :]
    some = rest[:SIZE]
    if len(rest) <= SIZE:
        return some, ""
    last = some[-1].at_ms
    before = int(shown) if after and last == int(at) else 0
    return some, f"{last}.{before + sum(one.at_ms == last for one in some)}"


def titles(hooks: Mapping[str, Hook]) -> dict[str, str]:
    """Give the title of each hook's sender."""
    return {name: ABOUT[hook.sender].title for name, hook in hooks.items()}


def refused_json(found: Refused, hooks: Mapping[str, Hook]) -> dict[str, Json]:
    return {
        "groups": [refusals_json(one) for one in found.groups],
        "requests": [rejection_json(one, hooks) for one in found.rows],
        "number": found.number,
        "next": found.next,
    }
