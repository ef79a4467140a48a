"""What the events of a group have in the place that fails: sent to the CRM, read by a rule, or looked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from relay import rulebook
from relay.explain import Explainer
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Reason, State
from relay.senders import ABOUT, SENDERS
from relay.sending import Request
from relay.store import Store
from relay.suspects import RuleAt, Suspects, suspects, suspects_json
from tests.desk import ANA
from tests.far_crm import World, arrival, update

RULES = """
sender: zapier
secrets: [ZAPIER_TOKEN]
lead:
  id: ${fields.lead_id}
rules:
  - name: contact
    update:
      first_name: ${fields.nombre}
      email: ${fields.correo}
"""


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    (tmp_path / "zap.yaml").write_text(RULES)
    return rulebook.load(
        tmp_path, environment={"ZAPIER_TOKEN": "x" * 20}, senders=ABOUT, destinations={"default": None}
    )["zap"]


def receive(store: Store, hook: Hook, **fields: str) -> None:
    """Have an event of the hook mapped by its rules and accepted."""
    body = orjson.dumps({"lead_id": ANA, **fields})
    request = Request(headers={"content-type": "application/json"}, body=body, received_ms=1_790_000_000_000)
    [event] = SENDERS["zapier"].parse(request)
    mapped = map_event(event, hook, received_ms=request.received_ms)
    one = replace(arrival("x", ""), hook="zap", sender="zapier", version=hook.version, body=event.body, mapped=mapped)
    store.door.accept([one])


def found(store: Store, hook: Hook | None = None) -> Suspects:
    [group] = store.groups.open()
    return suspects(store, group, Explainer(store, {"zap": hook} if hook else {}).explain)


def told(store: Store, hook: Hook | None = None) -> dict[str, list[tuple[object, int]]]:
    return {place.name: [(one.value, one.events) for one in place.values] for place in found(store, hook).places}


def test_values_that_a_rule_could_not_use_are_shown_with_the_rule_and_its_line(store: Store, hook: Hook) -> None:
    receive(store, hook, nombre="Ana", correo="ana at home")
    receive(store, hook, nombre="Eva", correo="ana at home")
    receive(store, hook, nombre="Luz", correo="no tengo")

    assert told(store, hook) == {"fields.correo": [("ana at home", 2), ("no tengo", 1)]}
    assert found(store, hook).rules == (RuleAt("contact", "zap.yaml", 10),)


def test_an_update_that_was_refused_shows_the_field_that_the_crm_named_and_no_other(store: Store) -> None:
    world = World(store)
    reason = Reason(kind="refused", words="title is bad", status=400, field="title")
    for number, title in enumerate(("Dr", "Dr", "Prof")):
        one = arrival(f"e{number}", ANA, update(title=title, first_name="Ana"))
        world.store.door.accept([replace(one, mapped=replace(one.mapped, state=State.DEAD, reason=reason))])

    assert told(store) == {"title": [("Dr", 2), ("Prof", 1)]}


def test_more_values_than_are_shown_are_counted(store: Store) -> None:
    reason = Reason(kind="refused", words="title is bad", status=400, field="title")
    for number in range(10):
        one = arrival(f"e{number}", ANA, update(title=f"t{number}"))
        store.door.accept([replace(one, mapped=replace(one.mapped, state=State.DEAD, reason=reason))])

    [place] = found(store).places

    assert (len(place.values), place.more) == (8, 2)


def test_leads_that_the_crm_does_not_know_are_shown(store: Store) -> None:
    reason = Reason(kind="lead not found", words="Lead not found", status=404)
    one = arrival("e", ANA, update(title="a"))
    store.door.accept([replace(one, mapped=replace(one.mapped, state=State.DEAD, reason=reason))])

    assert told(store) == {"lead": [(ANA, 1)]}
    [place] = suspects_json(found(store))["places"]  # type: ignore[misc]
    assert place["name"] == "lead"  # type: ignore[index,call-overload]


def test_an_event_that_names_no_lead_shows_what_was_read(store: Store, hook: Hook) -> None:
    receive(store, hook, nombre="Ana", lead_id="not an id")

    assert told(store, hook) == {"fields.lead_id": [("not an id", 1)]}
