"""A list or an object under metadata is written out in a hook file, delivered as it is, and shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import wiring
from relay.errors import Problem
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Event
from relay.rulebook import read_draft
from relay.senders import ABOUT
from relay.store import Store
from tests.desk import Browser, logged_in, settings_of, text_of
from tests.doors import serving
from tests.far_crm import World

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NESTED = """sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: broker
    update:
      metadata:
        comunas: [Ñuñoa, 7, true]
        broker:
          nombre: Carolina
"""
VALUES = {"comunas": ["Ñuñoa", 7, True], "broker": {"nombre": "Carolina"}}


def hook_of(text: str) -> tuple[Hook, tuple[Problem, ...]]:
    hook, problems = read_draft(Path("rules/cotiza.yaml"), text, ABOUT)
    assert hook, problems
    return hook, problems


@pytest.fixture
def operator(store: Store, tmp_path: Path) -> Iterator[Browser]:
    with serving(wiring.routes(settings_of(tmp_path), store, {})) as url:
        yield logged_in(url, "carolina")


def test_it_is_mapped_with_a_warning() -> None:
    hook, problems = hook_of(NESTED)

    event = Event(id="e1", fields={}, hidden={"lead_id": LEAD})
    (update,) = map_event(event, hook, received_ms=1).updates

    assert update.set == {f"metadata.{name}": value for name, value in VALUES.items()}
    assert [one.severity for one in problems] == ["warning", "warning"]


def test_it_is_delivered_as_it_is_and_shown_on_the_pages(store: Store, operator: Browser) -> None:
    hook, _ = hook_of(NESTED)
    mapped = map_event(Event(id="e1", fields={}, hidden={"lead_id": LEAD}), hook, received_ms=1)
    world = World(store)

    event = world.accept("e1", LEAD, *mapped.updates)
    world.deliver()

    assert world.crm.leads[LEAD] == {f"metadata.{name}": value for name, value in VALUES.items()}
    for page in (f"/ops/events/{event}", f"/ops/leads/default/{LEAD}"):
        answer = operator.get(page)
        assert answer.status_code == 200
        assert "Carolina" in text_of(answer.text)
