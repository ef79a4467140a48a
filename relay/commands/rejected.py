"""``relay rejected``: what the door refused, why, and how to mend it at the sender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from relay import cures, rulebook, settings, wiring
from relay.commands.asking import HookOption, JsonOption, PageOption, SinceOption, lately, local, nothing
from relay.commands.screen import out, print_json
from relay.commands.stand_ins import AnySecret
from relay.commands.tables import WHEN, Cell, Column, fitting
from relay.commands.told import times
from relay.grouping import gist
from relay.hooks import Hook
from relay.model import Json, Line
from relay.senders import ABOUT
from relay.settings import Settings
from relay.store.events import Rejection

SHOWN = 20
COLUMNS = (
    Column(name=f"when {WHEN}"),
    Column(name="hook", least=6),
    Column(name="status"),
    Column(name="bytes", right=True, spare=1),
    Column(name="why", least=20),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Requests that one hook refused alike."""

    last: Rejection
    number: int
    kind: str
    cure: Line


def rejected(
    hook: HookOption = "", since: SinceOption = None, limit: PageOption = SHOWN, as_json: JsonOption = False
) -> None:
    """Show the requests that the door refused, newest first, and what to do so that the next ones pass.

    The last thousand are kept; of strangers' guesses at other addresses nothing is.
    """
    now = settings.load()
    hooks = loaded(now)
    found = [
        one
        for one in wiring.store(now).events.rejected()
        if hook in ("", one.hook) and (since is None or one.at_ms >= since)
    ]
    if as_json:
        print_json([rejection_json(one, hooks) for one in found[:limit]])
    elif found:
        show(found, hooks, limit=limit)
    if not found:
        raise nothing("no rejected request matches")


def loaded(now: Settings) -> dict[str, Hook]:
    """Give the hooks whose files can be read, whether or not their secrets are set here."""
    environment = AnySecret(now.environment)
    return rulebook.check(now.rules, environment=environment, senders=ABOUT, destinations=now.destinations)[0]


def cure_of(one: Rejection, hooks: Mapping[str, Hook]) -> Line:
    hook = hooks.get(one.hook)
    return cures.cure_of(one.status, one.words, about=ABOUT[hook.sender] if hook else None, hook=hook)


def refusals(found: Sequence[Rejection], hooks: Mapping[str, Hook]) -> list[Refusals]:
    """Put together what was refused alike, the most frequent first."""
    alike: dict[tuple[str, int, str], list[Rejection]] = {}
    for one in found:
        alike.setdefault((one.hook, one.status, gist(one.words, quotes=False)), []).append(one)
    groups = [
        Refusals(
            last=some[0],
            number=len(some),
            kind=cures.kind_of(some[0].status, some[0].words).kind,
            cure=cure_of(some[0], hooks),
        )
        for some in alike.values()
    ]
    return sorted(groups, key=lambda one: -one.number)


def show(found: Sequence[Rejection], hooks: Mapping[str, Hook], *, limit: int) -> None:
    for line in told(refusals(found, hooks)):
        out.print(line, soft_wrap=False)
    out.print()
    rows: list[list[Cell]] = [
        [local(one.at_ms), one.hook, Text(str(one.status), "red"), str(one.size), one.words] for one in found[:limit]
    ]
    out.print(fitting(COLUMNS, rows))
    if len(found) > limit:
        out.print(f"the last {limit} of {len(found)} are shown: --limit shows more")


def told(groups: Sequence[Refusals]) -> Iterator[Text]:
    for one in groups:
        head = f"{one.number} x {one.last.hook}, {one.last.status}: {one.last.words}"
        yield Text.assemble((head, "bold"), (f" (last {lately(one.last.at_ms)})", "dim"))
        yield Text(f"  {one.kind}: {one.cure}")


def rejection_json(one: Rejection, hooks: Mapping[str, Hook]) -> dict[str, Json]:
    return {
        **times("at", one.at_ms),
        "hook": one.hook,
        "status": one.status,
        "words": one.words,
        "size": one.size,
        "kind": cures.kind_of(one.status, one.words).kind,
        "cure": str(cure_of(one, hooks)),
    }
