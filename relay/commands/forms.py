"""``relay forms``: what the forms of hooks look like, and which rules read of them what is no longer there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from rich.text import Text

from relay import settings, wiring
from relay.commands import completing, tables
from relay.commands.asking import JsonOption, WhoOption, lately, options_of, who_is
from relay.commands.screen import counted, out, print_json
from relay.commands.tables import Cell, Column
from relay.drift import Changes, is_gone
from relay.errors import CommandError
from relay.finding import Filter
from relay.forms import Drifted, FormTold, find, form_json, history, look, mean, sentence_of, title_of
from relay.hooks import Hook
from relay.served import served
from relay.shapes import Meant, NameSeen, Shown
from relay.store import Store

COLUMNS = (
    Column(name="name", least=16),
    Column(name="type", spare=2),
    Column(name="values", spare=1),
    Column(name="events", right=True),
    Column(name="of", right=True),
    Column(name="last"),
    Column(name="", least=8),
    Column(name="label", least=10, spare=3),
)


def forms(
    hook: Annotated[
        str, typer.Argument(help="One hook; all unless named.", autocompletion=completing.hooks, metavar="[HOOK]")
    ] = "",
    meant: Annotated[
        str, typer.Option("--meant", metavar="CHANGE", help="Say of this change of a form that it is meant.")
    ] = "",
    why: Annotated[str, typer.Option("--why", help="Why it is meant; it stays in the list of acts.")] = "",
    who: WhoOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show what the forms of hooks look like, and which rules read what a form no longer gives.

    Names and types are learnt from the events that come in; no answer is kept. A change that a rule does not know of
    raises an alarm until the rule is changed, the form has the name again, or somebody says that it is meant.
    """
    now = settings.load()
    store = wiring.store(now)
    hooks = served(store, now.rules)
    if meant:
        say_meant(store, hooks, hook, meant, Meant(who_is(who), store.events.now_ms(), why))
        return
    told = look(store, hooks, names_of(store, hooks, hook))
    if as_json:
        print_json([form_json(one) for several in told.values() for one in several])
        return
    shown = [one for several in told.values() for one in several]
    for one in shown:
        show(one, whole=bool(hook))
    if not shown:
        out.print("no event has told of a form yet")


def names_of(store: Store, hooks: Mapping[str, Hook], name: str) -> list[str]:
    """Give the hooks that are asked for. Raises CommandError."""
    if name and name not in hooks and not store.door.ever_known(name):
        raise CommandError(f"there is no hook '{name}', and there never was; there are {', '.join(sorted(hooks))}")
    return [name] if name else sorted(hooks)


def say_meant(store: Store, hooks: Mapping[str, Hook], hook: str, change: str, meant: Meant) -> None:
    """Note that a change is meant. Raises CommandError where there is none such."""
    one = find(store, hooks, change, hook=hook)
    if one is None:
        raise CommandError(f"no change '{change}' of a form is known now: relay forms lists them")
    changed = mean(store, one, meant)
    out.print(f"{one.drift.name.name} of {one.hook}: {'it counts as meant' if changed else 'that was said before'}")


def show(told: FormTold, *, whole: bool) -> None:
    form = told.form
    head = f"  {title_of(form) or 'its events'}  {form.title if form.id else ''}  {form.kind}".rstrip()
    out.print(
        Text.assemble(
            (form.hook, "bold"), head, (f"  {counted(form.events, 'event')}, last {lately(form.last_ms)}", "dim")
        )
    )
    if form.crowded:
        out.print("  it has had more names than a form has, so nothing is judged by them")
    for one in told.drifted:
        for line in told_of(one):
            out.print(line)
    if whole:
        for version, changed in history(form):
            if changed:
                out.print(f"  {lately(version.first_ms)}: {', '.join(changes_said(changed))}")
        out.print(
            tables.fitting(COLUMNS, [row_of(name) for name in sorted(form.names, key=lambda one: (one.part, one.key))])
        )
    out.print()


def told_of(one: Drifted) -> Iterator[Text]:
    """Say a change, and what can be done about it."""
    line = sentence_of(one, file=one.file, at=lately(one.drift.since_ms))
    likely = f"; now '{one.drift.likely}'?" if one.drift.likely else ""
    if one.meant:
        yield Text(
            f"  {line}{likely} (meant, says {one.meant.who}{f': {one.meant.why}' if one.meant.why else ''})", "dim"
        )
        return
    yield Text(f"  {line}{likely}", "red")
    options = options_of(Filter(state="", hook=one.hook, since_ms=one.drift.since_ms))
    yield Text(f"    when the rule is mended: relay replay --state any {options} --remapped")
    yield Text(f"    or, if it is meant: relay forms {one.hook} --meant {one.id}")


def changes_said(changed: Changes) -> Iterator[str]:
    yield from (f"+ {name_said(one)}" for one in changed.added)
    yield from (f"- {name_said(one)}" for one in changed.removed)
    yield from (f"{name_said(old)} -> {name_said(new)}" for old, new in changed.altered)


def name_said(one: Shown) -> str:
    more = " ".join(part for part in (one.type, f"“{one.label}”" if one.label else "") if part)
    return f"{one.part}.{one.key}{f' ({more})' if more else ''}"


def row_of(one: NameSeen) -> Sequence[Cell]:
    state = Text("gone", "red") if is_gone(one) else ""
    if not state and one.absent and one.defined is None:
        state = Text(f"not in the last {one.absent}", "dim")
    return [
        one.name,
        one.type,
        ", ".join(sorted(one.kinds)),
        str(one.number),
        str(one.of),
        lately(one.last_ms),
        state,
        one.label,
    ]
