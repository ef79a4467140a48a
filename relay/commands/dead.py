"""``relay dead``: the dead letters, what each is about, and dropping those that nobody wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from relay import settings, wiring
from relay.commands import asking
from relay.commands.asking import (
    HookOption,
    JsonOption,
    KindOption,
    LeadOption,
    LimitOption,
    SinceOption,
    UntilOption,
    WhoOption,
    WordsOption,
    YesOption,
    nothing,
    wrong,
)
from relay.commands.event import show_event
from relay.commands.screen import counted, errors, out, print_json
from relay.commands.told import events_table
from relay.errors import CommandError
from relay.model import State
from relay.replay import Filter, select
from relay.store import Store
from relay.telling import event_json

#: Letters that a list shows unless told otherwise.
SHOWN = 50
STATES = ("dead", "parked", "faulty")

dead = typer.Typer(
    help=f"List, show and drop dead letters. {asking.EXIT_CODES}", no_args_is_help=True, rich_markup_mode=None
)

StateOption = Annotated[str, typer.Option("--state", help="dead, parked, or faulty: went on without some value.")]


@dead.command("list")
def list_letters(
    hook: HookOption = "",
    kind: KindOption = "",
    since: SinceOption = None,
    until: UntilOption = None,
    words: WordsOption = "",
    lead: LeadOption = "",
    limit: LimitOption = 0,
    state: StateOption = "dead",
    as_json: JsonOption = False,
) -> None:
    """List dead letters, oldest first; the newest 50 unless a limit is given."""
    store = wiring.store(settings.load())
    wanted = asking.filter_of(
        one_of(state), hook=hook, kind=kind, since=since, until=until, words=words, lead=lead, limit=limit
    )
    ids = select(store, wanted)
    if as_json:
        print_json([event_json(event) for event in store.events.events(ids)])
    elif ids:
        some = ids if limit else ids[-SHOWN:]
        out.print(events_table(store.events.events(some)))
        tail = "" if len(some) == len(ids) else f"; the newest {len(some)} are shown, --json shows all"
        out.print(f"{counted(len(ids), noun(state))}{tail}")
    if not ids:
        raise nothing(f"no {noun(state)} matches")


def one_of(state: str, states: Sequence[str] = STATES) -> str:
    if state not in states:
        raise wrong(f"--state: must be one of {', '.join(states)}, not {state!r}")
    return state


def noun(state: str) -> str:
    return "dead letter" if state == "dead" else f"{state} event"


@dead.command("show")
def show_letter(
    id: Annotated[str, typer.Argument(help="The event's id.")],
    as_json: JsonOption = False,
    body: Annotated[bool, typer.Option("--body", help="Print the body as it was received.")] = False,
) -> None:
    """Show one dead letter: what it wanted, each attempt and answer, and why it was given up."""
    store = wiring.store(settings.load())
    event = store.events.event(id)
    if event is None:
        raise nothing(f"event {id}: is not kept")
    if event.state is not State.DEAD:
        raise nothing(f"event {id}: is {event.state.word}, no dead letter: see relay event {id}")
    show_event(store, event, as_json=as_json, body=body)


@dead.command("drop")
def drop_letters(
    why: Annotated[str, typer.Option(help="The reason, which is recorded.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Events, by their ids.")] = None,
    hook: HookOption = "",
    kind: KindOption = "",
    since: SinceOption = None,
    until: UntilOption = None,
    words: WordsOption = "",
    lead: LeadOption = "",
    limit: LimitOption = 0,
    state: Annotated[str, typer.Option("--state", help="dead or parked.")] = "dead",
    all_of_them: Annotated[bool, typer.Option("--all", help="Drop every one.")] = False,
    yes: YesOption = False,
    who: WhoOption = "",
) -> None:
    """Drop dead letters (or parked events) for good: by ids, or all that a filter finds, which is asked first."""
    if not why.strip():
        raise wrong("--why: say why they are dropped")
    store = wiring.store(settings.load())
    wanted = asking.filter_of(
        one_of(state, STATES[:2]), hook=hook, kind=kind, since=since, until=until, words=words, lead=lead, limit=limit
    )
    chosen = named_or_found(store, ids or [], wanted, all_of_them=all_of_them)
    told = ", ".join(part for part in (asking.described(wanted),) if part)
    if not ids and not asking.agreed(
        f"Drop {counted(len(chosen), noun(state))}{f' ({told})' if told else ''} for good?", yes=yes
    ):
        raise nothing("nothing was dropped")
    drop(store, chosen, who=asking.who_is(who), why=why.strip())


def named_or_found(store: Store, ids: list[str], wanted: Filter, *, all_of_them: bool) -> list[str]:
    """Give the events that are meant: those named, or those found, never both."""
    if ids and (wanted.chooses or all_of_them):
        raise wrong("give ids or a filter, not both")
    if not ids and not wanted.chooses and not all_of_them:
        raise wrong("say which: ids, a filter such as --hook, or --all")
    chosen = list(dict.fromkeys(ids)) or select(store, wanted)
    if not chosen:
        raise nothing(f"no {noun(wanted.state)} matches")
    return chosen


def drop(store: Store, ids: list[str], *, who: str, why: str) -> None:
    """Drop each, and say what was not dropped."""
    dropped = 0
    for id in ids:
        try:
            event = store.events.event(id)
            if event is None:
                raise CommandError(f"event {id}: it is not kept any more")
            store.letters.discard(event, who=who, why=why)
            dropped += 1
        except CommandError as error:
            errors.print(str(error))
    out.print(f"{counted(dropped, 'event')} dropped")
    if dropped < len(ids):
        raise nothing(f"{counted(len(ids) - dropped, 'event')} not dropped")
