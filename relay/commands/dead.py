"""``relay dead``: the dead letters, what each is about, and dropping those that nobody wants."""

from __future__ import annotations

from typing import Annotated

import typer

from relay import inbox, settings, wiring
from relay.commands import asking
from relay.commands.asking import JsonOption, WhoOption, YesOption, filtered, nothing, wrong
from relay.commands.event import show_event
from relay.commands.exit_codes import EXIT_CODES
from relay.commands.screen import bar, counted, errors, out, print_json
from relay.commands.told import event_json, events_table
from relay.finding import Filter, count, described, page, select
from relay.model import State
from relay.replay import drop
from relay.store import Store

#: Letters that a list shows unless told otherwise.
SHOWN = 50
STATES = ("dead", "parked", "faulty")

dead = typer.Typer(help=f"List, show and drop dead letters. {EXIT_CODES}", no_args_is_help=True, rich_markup_mode=None)


@dead.command("list")
@filtered("dead", states=STATES)
def list_letters(wanted: Filter, as_json: JsonOption = False) -> None:
    """List dead letters, oldest first; the newest 50 unless a limit is given. --state lists parked or faulty events."""
    store = wiring.store(settings.load())
    if not as_json and wanted == Filter(state=wanted.state):
        number, ids = newest(store, wanted)
    else:
        ids = select(store, wanted)
        number = len(ids)
    if as_json:
        print_json([event_json(event) for event in store.events.events(ids)])
    elif ids:
        some = ids if wanted.limit else ids[-SHOWN:]
        out.print(events_table(store.events.events(some)))
        tail = "" if len(some) == number else f"; the newest {len(some)} are shown, --json shows all"
        out.print(f"{counted(number, noun(wanted.state))}{tail}")
    if not ids:
        raise nothing(f"no {noun(wanted.state)} matches")


def newest(store: Store, wanted: Filter) -> tuple[int, list[str]]:
    """Give how many events there are and the ids of the newest, oldest first, without reading all of them."""
    return count(store, wanted), [event.id for event in page(store, wanted, size=SHOWN).events][::-1]


def noun(state: str) -> str:
    return "dead letter" if state == "dead" else f"{state} event"


@dead.command("show")
def show_letter(
    id: Annotated[str, typer.Argument(help="The event's id.")],
    as_json: JsonOption = False,
    body: Annotated[bool, typer.Option("--body", help="Print the body as it was received.")] = False,
) -> None:
    """Show one dead letter: what it wanted, each attempt and answer, and why it was given up."""
    now = settings.load()
    store = wiring.store(now)
    event = store.events.event(id)
    if event is None:
        raise nothing(f"event {id}: is not kept")
    if event.state is not State.DEAD:
        raise nothing(f"event {id}: is {event.state.word}, no dead letter: see relay event {id}")
    show_event(now, store, event, as_json=as_json, body=body)


@dead.command("drop")
@filtered("dead", states=STATES[:2])
def drop_letters(
    why: Annotated[str, typer.Option(help="The reason, which is recorded.")],
    wanted: Filter,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Events, by their ids.")] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="Drop every one.")] = False,
    yes: YesOption = False,
    who: WhoOption = "",
) -> None:
    """Drop dead letters (or parked events) for good: by ids, or all that a filter finds, which is asked first."""
    if not why.strip():
        raise wrong("--why: say why they are dropped")
    store = wiring.store(settings.load())
    chosen = named_or_found(store, ids or [], wanted, all_of_them=all_of_them)
    told = asking.described(wanted, inbox.about(store, wanted))
    if not ids and not asking.agreed(
        f"Drop {counted(len(chosen), noun(wanted.state))}{f' ({told})' if told else ''} for good?", yes=yes
    ):
        raise nothing("nothing was dropped")
    words = "" if ids else described(wanted)
    with bar("dropping", len(chosen)) as step:
        done = drop(store, chosen, who=asking.who_is(who), why=why.strip(), filter=words, seen=lambda _: step())
    for _, fault in done.failed:
        errors.print(fault)
    out.print(f"{counted(done.dropped, 'event')} dropped")
    if done.not_dropped:
        raise nothing(f"{counted(done.not_dropped, 'event')} not dropped")


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
