"""``relay try``: what a hook's rules make of an event, and why, before anybody relies on them. It changes nothing."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Annotated

import orjson
import typer
from rich.text import Text

from relay import finding, settings, wiring
from relay.commands.asking import JsonOption, nothing
from relay.commands.explained import quoted
from relay.commands.explaining import say, show_explanation
from relay.commands.screen import out, print_json
from relay.commands.send import find_hook
from relay.commands.test import RulesOption
from relay.commands.told import state_text
from relay.errors import CommandError
from relay.explain import Explained, Verification, explained_by, verified
from relay.explain.as_json import explanation_json
from relay.finding import Filter
from relay.hooks import Hook
from relay.mapping.explain import explain_event
from relay.model import Json, Mapped, StoredEvent
from relay.senders import adapter_of
from relay.senders.examples import example_of, examples
from relay.settings import Settings
from relay.telling import fault_json, reason_json
from relay.trials.running import ended, ran, ran_example


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One event, and what came of it."""

    #: What it is called: the file's name, or the event's id.
    what: str
    told: Explained
    #: Why it is not delivered; empty where it would be.
    why: str = ""

    @property
    def mapped(self) -> Mapped | None:
        return self.told.explanation.mapped if self.told.explanation else None


def try_event(
    name: Annotated[str, typer.Argument(metavar="HOOK", help="The hook, as its file is called.")],
    event: Annotated[
        str, typer.Option("--event", help="A file, - for standard input, an example's name, or the id of an event.")
    ] = "",
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try a hook's rules on an event: the update, and the explanation; without --event on the last one received.

    The rules are those of the files on disk, the hook's secrets are not needed, and nothing is changed or sent.
    """
    now = settings.load()
    hook = find_hook(replace(now, rules=rules or now.rules), name)
    tried = from_file(hook, event) or from_store(now, hook, event)
    if as_json:
        print_json([as_told(one, hook) for one in tried])
    else:
        for place, one in enumerate(tried, 1):
            show(one, hook, f"{place} of {len(tried)}" if len(tried) > 1 else "")


def from_file(hook: Hook, event: str) -> list[Tried]:
    """Try the events of a file, or of an example; empty where none is meant. Raises CommandError."""
    moment = time.time_ns() // 1_000_000
    if event == "-":
        sender = adapter_of(hook)
        done = ran(hook, sender, example_of(parsed(sys.stdin.buffer.read()), sender.about), received_ms=moment)
    elif path := file_of(hook, event):
        done = ran_example(hook, path, received_ms=moment)
    else:
        return []
    if done.refused:
        raise CommandError(f"{'standard input' if event == '-' else event}: would be refused: {done.refused}")
    if not done.trials:
        raise CommandError(
            f"{event}: is no event to {adapter_of(hook).about.title}; it would be answered and forgotten"
        )
    return [
        Tried(
            what="" if event == "-" else event,
            told=Explained(
                verification=Verification("", ""),
                file=PurePath(hook.file).name,
                version=hook.version,
                as_then=False,
                explanation=explain_event(one.event, hook, received_ms=moment),
            ),
            why=ended(one.mapped, one.event, hook),
        )
        for one in done.trials
    ]


def parsed(body: bytes) -> Json:
    try:
        told: Json = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise CommandError(f"standard input: is not JSON: line {error.lineno}: {error.msg}") from error
    return told


def file_of(hook: Hook, event: str) -> Path | None:
    """Find a file by its path, or an example by its name."""
    if event and Path(event).is_file():
        return Path(event)
    names = (event, f"{event}.json")
    return next((one for one in examples(Path(hook.file)) if one.name in names), None)


def from_store(now: Settings, hook: Hook, id: str) -> list[Tried]:
    """Try an event that has come in: the one of this id, or the hook's last. Raises Exit where there is none."""
    if not now.redis_url:
        raise CommandError(hint(hook, f"{id!r} is no file and no example" if id else "no relay runs here"))
    store = wiring.store(now)
    if id:
        found = store.events.event(id)
    else:
        found = next(iter(finding.page(store, Filter(state="", hook=hook.name), size=1).events), None)
    if found is None:
        raise nothing(
            hint(hook, f"{id!r} is no file, no example, and no event that is kept" if id else "no event of it is kept")
        )
    return [stored(found, hook)]


def stored(event: StoredEvent, hook: Hook) -> Tried:
    told = explained_by(event, hook, verification=verified(event, hook))
    mapped = told.explanation.mapped if told.explanation else None
    why = "" if mapped is None or mapped.reason is None else mapped.reason.words
    return Tried(what=event.id, told=told, why=why)


def hint(hook: Hook, words: str) -> str:
    names = ", ".join(one.stem for one in examples(Path(hook.file)))
    has = f"of its examples there are {names}" if names else f"it has no example in {Path(hook.file).with_suffix('')}"
    return f"hook '{hook.name}': {words}; name one with --event, a file or an event's id; {has}"


def show(one: Tried, hook: Hook, place: str) -> None:
    of = " ".join(part for part in (one.what, f"({place})" if place else "") if part)
    say(Text.assemble((of or "the event", "bold"), f" by {PurePath(hook.file).as_posix()}, version {hook.version}"))
    mapped = one.mapped
    if mapped is not None:
        say(Text.assemble(*outcome(one, mapped)), 2)
        for update in mapped.updates:
            for register, value in update.set.items():
                line = one.told.line_of(update.by[register], register)
                alone = ", sent alone" if update.each else ""
                by = (f"  {update.by[register]}, line {line}{alone}", "dim")
                say(Text.assemble((register, "bold"), "  ", (quoted(value), "green"), by), 4)
        for fault in mapped.faults:
            words = f"held back by rule {fault.rule}: {fault.register or 'the whole rule'} {fault.words}"
            say(Text(words, "yellow"), 4)
    show_explanation(one.told)
    out.print()


def outcome(one: Tried, mapped: Mapped) -> list[tuple[str, str] | str]:
    """Say what would come of it."""
    if mapped.fetch:
        return [("its answers would be asked for", "yellow")]
    known = mapped.lead or ", ".join(f"{name.kind} {name.value}" for name in mapped.names)
    if one.why:
        return [(mapped.state.word, str(state_text(mapped.state).style)), f": {one.why}"]
    return [("would be delivered", "green"), f" to {'the lead of ' if not mapped.lead else 'lead '}{known}"]


def as_told(one: Tried, hook: Hook) -> dict[str, Json]:
    mapped = one.mapped
    made: dict[str, Json] = {}
    if mapped is not None:
        made = {
            "state": mapped.state.word,
            "lead": mapped.lead,
            "names": [{"kind": name.kind, "value": name.value} for name in mapped.names],
            "updates": [{"set": update.set, "by": update.by, "each": update.each} for update in mapped.updates],
            "faults": [fault_json(fault) for fault in mapped.faults],
            "reason": reason_json(mapped.reason),
        }
    return {"event": one.what, "hook": hook.name, **made, "why": one.why, "explanation": explanation_json(one.told)}
