"""``relay new``: a hook file for a sender, written from one of its events or from what is known of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from relay import new_hook, settings
from relay.commands.asking import region_of, wrong
from relay.commands.screen import out
from relay.errors import BadBody, CommandError
from relay.expressions.grammar import suggest
from relay.model import Event
from relay.new_hook.page import variable_of
from relay.rulebook.hook_file import NAME
from relay.rulebook.schema import SCHEMA_FILE
from relay.senders import SENDERS
from relay.senders.base import Sender
from relay.senders.examples import read_example
from relay.settings import Settings

#: The example is signed with it all the same: some senders name their events in headers beside the signature.
NO_SECRET = "an example is not verified"  # noqa: S105


def new(
    hook: Annotated[str, typer.Argument(metavar="HOOK", help="Name of the hook: of its file and its address.")],
    sender: Annotated[str, typer.Option("--sender", help="Who sends; relay senders lists them.")],
    example: Annotated[
        Path | None, typer.Option("--from", metavar="EVENT.json", help="One event of this sender, to map all it holds.")
    ] = None,
    region: Annotated[str, typer.Option("--region", help="Country of phones that are written without theirs.")] = "CL",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")] = False,
    to_screen: Annotated[bool, typer.Option("--print", help="Print the file, write nothing.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep-example", help="Keep the event beside the file, for relay send; it may be personal.")
    ] = False,
) -> None:
    """Write a hook file with a comment beside each line, ready for relay check."""
    chosen, country = wanted(hook, sender), region_of(region)
    if keep and example is None:
        raise wrong("--keep-example: there is no example; name one with --from")
    events = events_of(example, chosen) if example else []
    text = new_hook.write(hook, chosen.name, chosen.about, events=events, region=country)
    if to_screen:
        out.out(text, end="")
        return
    now = settings.load()
    file = put(now.rules, hook, with_schema(now.rules, text), force=force)
    out.print(f"{file.as_posix()}: written")
    if example:
        keep_example(example, file, keep=keep)
    say_what_is_left(hook, chosen, now)


def wanted(hook: str, sender: str) -> Sender:
    """Give the sender, once the words of the command are good."""
    if not NAME.fullmatch(hook):
        raise wrong(f"{hook!r}: can't be part of an address; use a to z, 0 to 9, - and _, 64 at the most")
    if sender not in SENDERS:
        raise wrong(f"--sender: unknown sender {sender!r}{suggest(sender, SENDERS, 'senders')}")
    return SENDERS[sender]


def events_of(path: Path, sender: Sender) -> list[Event]:
    """Read the example as its sender's adapter does. Raises CommandError."""
    example = read_example(path, sender.about)
    request = example.request(url="", now_ms=0)
    try:
        events = sender.parse(sender.sign(request, NO_SECRET))
    except BadBody as error:
        raise CommandError(f"{path}: is no event of {sender.about.title}: {error}") from error
    if not events:
        raise CommandError(f"{path}: tells of no event; take one that a person caused")
    return events


def with_schema(folder: Path, text: str) -> str:
    """Begin the file with the line by which editors find the schema, where that is kept beside it."""
    return f"# yaml-language-server: $schema={SCHEMA_FILE}\n{text}" if (folder / SCHEMA_FILE).exists() else text


def put(folder: Path, hook: str, text: str, *, force: bool) -> Path:
    """Write the file. Raises CommandError where one is there, or none can be."""
    file = folder / f"{hook}.yaml"
    other = file.with_suffix(".yml")
    if other.exists():
        raise CommandError(f"{other.as_posix()}: is there already, and one hook has one file; take another name")
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise CommandError(f"{file.as_posix()}: is there already; --force overwrites it") from error
    except FileNotFoundError as error:
        raise CommandError(f"{folder.as_posix()}: no such folder; make it, or set RELAY_RULES") from error
    except OSError as error:
        raise CommandError(f"{file.as_posix()}: can't be written: {error.strerror}") from error
    return file


def keep_example(example: Path, file: Path, *, keep: bool) -> None:
    """Copy the example to where relay send finds it, or say that it was not."""
    if not keep:
        out.print("the example was not kept, since it may hold people's own; --keep-example puts it beside the file")
        return
    folder = file.with_suffix("")
    folder.mkdir(exist_ok=True)
    kept = folder / f"{example.stem}.json"
    if not (kept.exists() and kept.samefile(example)):
        shutil.copyfile(example, kept)
    out.print(f"{kept.as_posix()}: kept for relay send, with all that it holds of people")


def say_what_is_left(hook: str, sender: Sender, now: Settings) -> None:
    """Say which secrets are to be set; all else in the file is good."""
    about = sender.about
    holds = {about.variable: about.proof, **{variable_of(sender.name, key): what for key, what in about.keys.items()}}
    left = {name: what for name, what in holds.items() if not now.environment.get(name, "").strip()}
    for name, what in left.items():
        out.print(Text(f"set {name}: {what}", "yellow"))
    if left:
        made = "; 'relay up' makes up what is not set, for its sandbox" if "SANDBOX_URL" in now.environment else ""
        out.print(f"a relay that runs now reads secrets when it starts again{made}")
    out.print(f"then: relay check{'' if left else f', and relay send {hook}'}")
