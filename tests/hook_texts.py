"""Hook files as text, put together from rules, and events mapped by them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from relay.errors import Problem
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Event, Json, Mapped
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NOW = 1_790_500_000_000
SUBMITTED = 1_790_433_227_000

HEAD = "sender: typeform\nsecrets: [S]\n"
BY_ID = HEAD + "lead:\n  id: ${hidden.lead_id}\n"
KNOWN = Known(environment={"S": "s"}, senders=ABOUT, destinations=("default",), again=True)


def by_line(problems: Iterable[Problem]) -> list[str]:
    """Write problems with their lines alone: ``tests/faulty`` holds them to their columns."""
    return [f"{one.file}{f':{one.line}' if one.line else ''}: {one.words}" for one in problems]


def hook_of(text: str) -> Hook:
    hook, faults = read_hook(PurePath("rules/h.yaml"), text.encode(), KNOWN)
    assert hook, faults
    return hook


def mapped(text: str, *, hidden: Json = None, received_ms: int = NOW, test: bool = False, **fields: Json) -> Mapped:
    event = Event(id="e1", fields=fields, hidden=hidden or {"lead_id": LEAD}, at_ms=SUBMITTED, test=test)  # type: ignore[arg-type]
    return map_event(event, hook_of(text), received_ms=received_ms)


def rule(name: str, update: str, *more: str) -> str:
    return "".join([f"  - name: {name}\n", *(f"    {one}\n" for one in more), f"    update: {update}\n"])


def rules(*several: str) -> str:
    return BY_ID + "rules:\n" + "".join(several)


ONE = rules(rule("one", '{title: "${fields.title}", metadata: {n: "${fields.n | number}"}}'))
