"""``relay senders``: who can send, what proves it, and where the lead's id travels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from relay.commands.asking import JsonOption, wrong
from relay.commands.screen import counted, out, print_json
from relay.commands.told import plain_table
from relay.expressions.grammar import suggest
from relay.model import Json
from relay.senders import SENDERS
from relay.senders.base import Fetching, Handshaking, Sender

#: A table that fits beside something else.
WIDTH = 100
BY_NAME = "found by phone or e-mail"


def senders(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One of them, with all there is to know.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the senders that hook files can name, or show one."""
    if name and name not in SENDERS:
        raise wrong(f"unknown sender {name!r}{suggest(name, SENDERS, 'senders')}")
    chosen = [SENDERS[name]] if name else list(SENDERS.values())
    if as_json:
        print_json([sender_json(one) for one in chosen])
    elif name:
        show(chosen[0])
    else:
        out.print(table_of(chosen))
        out.print(f"{counted(len(chosen), 'sender')}; more of one: relay senders NAME; a hook file for it: relay new")


def sender_json(sender: Sender) -> dict[str, Json]:
    about = sender.about
    return {
        "name": sender.name,
        "title": about.title,
        "secret": about.proof,
        "variable": about.variable,
        "lead_id": about.lead,
        "keys": dict(about.keys),
        "fetches": isinstance(sender, Fetching),
        "handshake": isinstance(sender, Handshaking),
        "experimental": about.experimental,
    }


def table_of(chosen: Iterable[Sender]) -> Table:
    """Give two lines for each: what it is and where its lead stands, and what proves that it is the sender."""
    table = plain_table("sender", "")
    table.show_header = False
    table.width = WIDTH
    table.columns[0].no_wrap = True
    for one in chosen:
        where = f"lead in {one.about.lead}" if one.about.lead else f"lead {BY_NAME}"
        said = "; ".join((one.about.title, where, *more_of(one)))
        table.add_row(Text(one.name, "bold"), Text.assemble(said, "\n", (one.about.proof, "dim")))
    return table


def more_of(sender: Sender) -> Iterator[str]:
    """Name what a sender has beyond the usual."""
    yield from (f"with a {key}" for key in sender.about.keys)
    if isinstance(sender, Fetching):
        yield "answers fetched"
    if isinstance(sender, Handshaking):
        yield "handshake"
    if sender.about.experimental:
        yield "experimental"


def show(sender: Sender) -> None:
    facts = plain_table("", "")
    facts.show_header = False
    facts.width = WIDTH
    for name, said in facts_of(sender):
        facts.add_row(Text(name, "bold"), said)
    out.print(facts)


def facts_of(sender: Sender) -> Iterator[tuple[str, str]]:
    about = sender.about
    yield "sender", f"{sender.name} ({about.title})"
    yield "secret", f"{about.proof}; usually in {about.variable}"
    yield from about.keys.items()
    yield "lead", f"its id in {about.lead}" if about.lead else f"{BY_NAME}: it brings no id"
    if about.described:
        yield "signature", "as its hook file describes it"
    if isinstance(sender, Fetching):
        yield "answers", "fetched at the sender, with the token"
    if isinstance(sender, Handshaking):
        yield "handshake", "it asks whether the hook is ours, and is answered"
    if about.experimental:
        yield "experimental", "the shape of its requests is not confirmed by its maker"
    yield "page", f"docs/senders/{sender.name}.md"
    yield "hook file", f"relay new HOOK --sender {sender.name} --from EVENT.json"
