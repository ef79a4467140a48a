"""Every sender has its page, its example hook file and its example events, and all of them work as they stand."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from relay import rulebook
from relay.commands.stand_ins import AnySecret
from relay.errors import BadBody
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Event, Mapped, State
from relay.senders import ABOUT, SENDERS, adapter_of
from relay.senders.base import Fetching, Sender
from relay.senders.examples import first_example, read_example, renewed
from tests.sender_index import DOCS, INDEX, index
from tests.sender_security import ADDRESS

RULES = Path(__file__).parent.parent / "rules" / "examples"
ANSWERS = Path(__file__).parent / "answers"
NOW_MS = 1_790_700_000_000
PARTS = ["In the hook file", "Fields", "Good to know"]
MARK = "<!-- a hook file -->\n"

every_sender = pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)


def page(name: str) -> str:
    path = DOCS / f"{name}.md"
    assert path.exists(), f"write docs/senders/{name}.md"
    return path.read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    """Give the YAML of a page; each block is announced as a hook file."""
    found = re.findall(r"^([^\n]*\n)```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert all(before == MARK for before, _ in found), f"write {MARK.strip()} above each block of YAML"
    return [block for _, block in found]


@cache
def example_hooks() -> dict[str, Hook]:
    hooks, faults = rulebook.check(RULES, environment=AnySecret({}), senders=ABOUT, destinations={"default"})
    assert faults == ()
    return hooks


def example_events(hook: Hook, path: Path, *, now_ms: int = 0) -> list[Event]:
    """Read an example as the door would, and its answers where they are to be fetched; anew at a moment."""
    adapter = adapter_of(hook)
    example = read_example(path, adapter.about)
    if now_ms:
        example = renewed(example, adapter.about, now_ms=now_ms)
    request = adapter.sign(example.request(url=ADDRESS, now_ms=NOW_MS), hook.secrets[0])
    adapter.verify(request, hook.secrets)
    return [with_answers(adapter, event) for event in adapter.parse(request)]


def with_answers(sender: Sender, event: Event) -> Event:
    """Give the event with the first known answer that fits it."""
    if not (isinstance(sender, Fetching) and event.fetch):
        return event
    for path in sorted((ANSWERS / sender.name).glob("*.json")):
        try:
            return sender.with_answers(event, path.read_bytes())
        except BadBody:
            continue
    raise AssertionError(f"put an answer into tests/answers/{sender.name}/")


@every_sender
def test_a_sender_has_a_page_in_the_usual_order(sender: Sender) -> None:
    text = page(sender.name)

    assert text.startswith("# ")
    first, *rest = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert re.match("(At|In) ", first)
    assert rest == PARTS
    assert "/hooks/<hook>" in text


def test_there_is_no_page_of_a_sender_that_is_gone() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} - {"README"} == set(SENDERS)


@every_sender
def test_the_hook_files_of_a_page_are_without_fault(sender: Sender, tmp_path: Path) -> None:
    found = blocks(page(sender.name))
    assert found
    for number, block in enumerate(found):
        (tmp_path / f"hook{number}.yaml").write_text(block, encoding="utf-8")

    hooks, faults = rulebook.check(tmp_path, environment=AnySecret({}), senders=ABOUT, destinations={"default"})

    assert faults == ()
    assert {hook.sender for hook in hooks.values()} == {sender.name}
    assert hooks["hook0"].secret_names[0] == sender.about.variable


@every_sender
def test_a_page_names_every_further_secret(sender: Sender) -> None:
    assert [key for key in sender.about.keys if f"{key}:" not in page(sender.name)] == []


@every_sender
def test_a_sender_has_an_example_hook_file_without_fault(sender: Sender) -> None:
    hook = example_hooks().get(sender.name)

    assert hook, f"write rules/examples/{sender.name}.yaml"
    assert hook.sender == sender.name
    assert hook.secret_names[0] == sender.about.variable


@every_sender
def test_the_example_events_become_updates_of_a_lead_without_fault(sender: Sender) -> None:
    hook = example_hooks()[sender.name]
    shown = sorted((RULES / sender.name).glob("*.json"))
    assert first_example(Path(hook.file)) == shown[0]

    for path in shown:
        events = example_events(hook, path)

        assert events, path
        for event in events:
            mapped = map_event(event, hook, received_ms=NOW_MS)
            assert mapped.faults == (), path
            assert mapped.state is not State.DEAD, (path, mapped.reason)
            assert mapped.lead or mapped.names or not mapped.updates, path


@every_sender
def test_the_event_that_is_sent_first_reaches_a_lead(sender: Sender) -> None:
    hook = example_hooks()[sender.name]

    mapped = [map_event(one, hook, received_ms=NOW_MS) for one in example_events(hook, first_example(Path(hook.file)))]

    assert any(one.updates and (one.lead or one.names) for one in mapped)


@pytest.mark.parametrize("sender", [one for one in SENDERS.values() if one.about.ids], ids=lambda one: one.name)
def test_an_example_that_is_sent_anew_is_another_event_of_the_same_lead(sender: Sender) -> None:
    hook = example_hooks()[sender.name]
    path = first_example(Path(hook.file))

    sendings = [example_events(hook, path, now_ms=NOW_MS + later) for later in (0, 1_000)]

    assert not {one.id for one in sendings[0]} & {one.id for one in sendings[1]}
    first, second = ([known_by(map_event(one, hook, received_ms=NOW_MS)) for one in events] for events in sendings)
    assert first == second


def known_by(mapped: Mapped) -> set[str]:
    """Give the lead, or what it is known by; an id elsewhere may be that of the event, and is another each time."""
    return {mapped.lead} | {one.value for one in mapped.names if one.kind != "external_id"}


def test_the_index_is_the_list_of_senders() -> None:
    assert INDEX.read_text(encoding="utf-8") == index(), "write it anew: .venv/bin/python -m tests.sender_index"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    links: list[Any] = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))

    assert [link for link in links if not (DOCS / link).exists()] == []
