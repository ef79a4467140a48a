"""``relay rejected``: what the door refused, why, and how to mend it at the sender."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.padding import Padding
from rich.text import Text

from relay import settings, wiring
from relay.commands import tables
from relay.commands.asking import HookOption, JsonOption, PageOption, SinceOption, lately, local, nothing
from relay.commands.explained import hooks_now
from relay.commands.screen import out, print_json
from relay.commands.tables import WHEN, Cell, Column
from relay.hooks import Hook
from relay.refusals import Refusals, fitting, refusals, rejection_json
from relay.store.events import Rejection

SHOWN = 20
COLUMNS = (
    Column(name=f"when {WHEN}"),
    Column(name="hook", least=6),
    Column(name="status"),
    Column(name="bytes", right=True, spare=1),
    Column(name="why", least=20),
)


def rejected(
    hook: HookOption = "", since: SinceOption = None, limit: PageOption = SHOWN, as_json: JsonOption = False
) -> None:
    """Show the requests that the door refused, newest first, and what to do so that the next ones pass.

    The last thousand are kept; of strangers' guesses at other addresses nothing is.
    """
    now = settings.load()
    hooks = hooks_now(now)
    found = fitting(wiring.store(now).events.rejected(), hook=hook, since_ms=since)
    if as_json:
        print_json([rejection_json(one, hooks) for one in found[:limit]])
    elif found:
        show(found, hooks, limit=limit)
    if not found:
        raise nothing("no rejected request matches")


def show(found: Sequence[Rejection], hooks: Mapping[str, Hook], *, limit: int) -> None:
    for head, cure in told(refusals(found, hooks)):
        out.print(head, soft_wrap=False)
        out.print(Padding(cure, (0, 0, 0, 2), expand=False), soft_wrap=False)
    out.print()
    rows: list[list[Cell]] = [
        [local(one.at_ms), one.hook, Text(str(one.status), "red"), str(one.size), one.words] for one in found[:limit]
    ]
    out.print(tables.fitting(COLUMNS, rows))
    if len(found) > limit:
        out.print(f"the last {limit} of {len(found)} are shown: --limit shows more")


def told(groups: Sequence[Refusals]) -> Iterator[tuple[Text, Text]]:
    for one in groups:
        head = f"{one.number} x {one.last.hook}, {one.last.status}: {one.last.words}"
        when = (f" (last {lately(one.last.at_ms)})", "dim")
        yield Text.assemble((head, "bold"), when), Text.assemble((f"{one.kind}: ", "green"), str(one.cure))
