"""The page of the grammar and the cookbook, each example run as it stands there."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from relay.errors import ExpressionError
from relay.expressions.filters import FILTERS, TESTS
from relay.expressions.flaws import Vocabulary, look_at
from relay.expressions.formulas import Reader
from relay.expressions.grammar import NAMES, template_of
from relay.expressions.language import Language
from relay.hooks import Hook
from relay.lead_fields import FIELDS
from relay.mapping import map_event, scope_of
from relay.model import METADATA, Event, Mapped, State
from relay.rulebook import Whatever
from relay.rulebook.hook_file import EVENT_KEYS, KEYS, LEAD_KEYS, MATCHES, Known, read_hook
from relay.rulebook.rule_reading import KEYS as RULE_KEYS
from relay.senders import ABOUT
from tests.hook_texts import LEAD

DOCS = Path(__file__).parent.parent / "docs"
GRAMMAR = (DOCS / "rules.md").read_text(encoding="utf-8")
COOKBOOK = (DOCS / "cookbook.md").read_text(encoding="utf-8")
KNOWN = Known(environment=Whatever(), senders=ABOUT, destinations=("default",))
NOW_MS = 1_790_700_000_000
#: Of a page: what a block is announced as, and the block.
BLOCK = re.compile(r"^<!-- (.*?) -->\n```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: ``fields.nombre | title   → "María"``.
EXAMPLE = re.compile(r"^(\S.*?)\s+→ (.*)$", re.MULTILINE)


def yaml(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def hook_of(text: str, name: str = "rules") -> Hook:
    hook, problems = read_hook(PurePath(f"rules/{name}.yaml"), text.encode(), KNOWN)
    assert problems == ()
    assert hook
    return hook


def event_of(text: str) -> Event:
    """Read an event as a page shows it; it brings the lead's id where all senders do."""
    groups = yaml(text)
    own = groups.pop("event", {})
    at = datetime.fromisoformat(own["time"]).astimezone(UTC) if "time" in own else None
    return Event(
        id=own.get("id", "e1"),
        kind=own.get("kind", ""),
        at_ms=int(at.timestamp() * 1000) if at else None,
        test=own.get("test", False),
        fields={"lead_id": LEAD, **groups.pop("fields", {})},
        hidden={"lead_id": LEAD, **groups.pop("hidden", {})},
        form=groups.pop("form", {}),
        campaign=groups.pop("campaign", {}),
        raw=groups,
    )


BLOCKS = BLOCK.findall(GRAMMAR)
HOOKS = [hook_of(text) for what, text in BLOCKS if what == "a hook file"]
(EVENT,) = (event_of(text) for what, text in BLOCKS if what == "the event")
EXAMPLES = EXAMPLE.findall(GRAMMAR)


def told(source: str) -> str:
    """Give what comes of an expression, or of a template, as the page tells it."""
    template = template_of(source if "${" in source else f"${{{source}}}")
    language = Language(HOOKS[0].tables)
    assert [look_at(hole, language, Vocabulary(HOOKS[0].tables)).flaws for hole in template.holes] == [
        [] for _ in template.holes
    ]
    try:
        value = Reader(language, template)(scope_of(EVENT, HOOKS[0], EVENT.id, EVENT.at_ms or 0))
    except ExpressionError as error:
        return f"fault: {error}"
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(("source", "result"), EXAMPLES)
def test_an_example_of_the_grammar_gives_what_the_page_says(source: str, result: str) -> None:
    assert told(source) == result


def test_the_page_shows_every_filter_test_and_name_in_an_example() -> None:
    sources = "\n".join(source for source, _ in EXAMPLES)

    assert len(EXAMPLES) > 60
    assert [name for name in FILTERS if not re.search(rf"\| {name}\b", sources)] == []
    assert [name for name in TESTS if not re.search(rf"\bis (not )?{name}\b", sources)] == []
    assert [name for name in NAMES if f"`{name}`" not in GRAMMAR] == []


def test_the_page_names_every_key_of_a_hook_file() -> None:
    further = [key for about in ABOUT.values() for key in about.keys]
    keys = [*KEYS, *further, *LEAD_KEYS, *EVENT_KEYS, *MATCHES, *RULE_KEYS, *FIELDS, "metadata"]

    assert [key for key in keys if f"`{key}`" not in GRAMMAR and f"`{key}:`" not in GRAMMAR] == []


@pytest.mark.parametrize("page", [GRAMMAR, COOKBOOK], ids=["rules", "cookbook"])
def test_every_block_of_yaml_says_what_it_is(page: str) -> None:
    assert len(BLOCK.findall(page)) == len(re.findall(r"^```yaml$", page, flags=re.MULTILINE))


@pytest.mark.parametrize("page", [GRAMMAR, COOKBOOK], ids=["rules", "cookbook"])
def test_links_lead_somewhere(page: str) -> None:
    places = {slug_of(title) for title in re.findall(r"^#+ (.*)$", page, flags=re.MULTILINE)}
    links = re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page)

    assert [link for link, _ in links if link and not (DOCS / link).exists()] == []
    assert [place for link, place in links if not link and place not in places] == []


def slug_of(title: str) -> str:
    """Write a title as the pages' address does."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


class Case(NamedTuple):
    """One case of the cookbook."""

    title: str
    text: str
    #: Each event with what comes of it.
    steps: list[tuple[str, str]]
    hook: str


def cases() -> list[Case]:
    found = []
    for part in re.split(r"^## ", COOKBOOK, flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        blocks = BLOCK.findall(text)
        (hook,) = (block for what, block in blocks if what == "a hook file")
        rest = [(what, block) for what, block in blocks if what != "a hook file"]
        assert [what for what, _ in rest] == ["the event", "what comes of it"] * (len(rest) // 2), title
        steps = [(rest[at][1], rest[at + 1][1]) for at in range(0, len(rest), 2)]
        found.append(Case(title, text, steps, hook))
    return found


CASES = cases()


def outcome(mapped: Mapped) -> dict[str, Any]:
    """Tell what came of an event as the cookbook does."""
    bodies = [body_of(dict(update.set)) for update in mapped.updates]
    found: dict[str, Any] = {}
    if mapped.state is not State.IN_FLIGHT:
        found["state"] = mapped.state.word
    if mapped.state is State.IN_FLIGHT:
        found["update" if len(bodies) == 1 else "updates"] = bodies[0] if len(bodies) == 1 else bodies
    if mapped.reason and mapped.state is not State.IN_FLIGHT:
        found["why"] = mapped.reason.words.rpartition(": ")[2] if mapped.state is State.DEAD else mapped.reason.words
    if mapped.faults:
        found["faults"] = [f"{fault.register} {fault.words}" for fault in mapped.faults]
    if not mapped.lead and mapped.names:
        found["found_by"] = {name.kind: name.value for name in mapped.names}
    return found


def body_of(registers: dict[str, Any]) -> dict[str, Any]:
    """Give the body of a PUT."""
    body = {name: value for name, value in registers.items() if not name.startswith(METADATA)}
    metadata = {name.removeprefix(METADATA): value for name, value in registers.items() if name.startswith(METADATA)}
    return body | ({"metadata": metadata} if metadata else {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_case_of_the_cookbook_becomes_what_it_says(case: Case) -> None:
    hook = hook_of(case.hook, "cookbook")

    assert case.steps
    for event, comes in case.steps:
        assert outcome(map_event(event_of(event), hook, received_ms=NOW_MS)) == yaml(comes)


def test_the_cookbook_has_at_least_twenty_cases_each_with_a_sentence_first() -> None:
    assert len(CASES) >= 20
    assert [case.title for case in CASES if not re.match(r"\n[A-Z].*\.\n", case.text)] == []
