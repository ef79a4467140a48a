"""The whole journey, in the order in which a newcomer would ask: a webhook comes in, a lead is updated.

Everything is real, each part in a process of its own; only the CRM is the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from relay import replay, wiring
from relay.embedded import EmbeddedRedis
from relay.model import State
from tests.running import Relay, running
from tests.waiting import until

RULES = """\
sender: typeform
secrets: [TYPEFORM_SECRET]
lead:
  id: ${hidden.lead_id}
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre | title | first_word}
      phone: ${fields.telefono | phone('CL')}
  - name: where they stand
    update:
      metadata:
        estado_lead: ${fields.estado}
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, redis_server: EmbeddedRedis) -> Iterator[Relay]:
    with running(tmp_path_factory.mktemp("relay"), RULES, redis_url=redis_server.url) as relay:
        yield relay


@pytest.fixture
def relay(started: Relay) -> Relay:
    """The relay, with a CRM that takes everything, and a lead that nothing has happened to yet."""
    started.crm.put_faults()
    started.write_rules(RULES)
    return replace(started, lead=str(uuid4()))


def test_a_webhook_comes_in_and_the_lead_is_updated(relay: Relay) -> None:
    event = relay.send(nombre="ana maría rojas", telefono="9 8765 4321", estado="calificado")

    relay.until(State.DELIVERED, event)

    lead = relay.lead_at_the_crm()
    assert (lead["first_name"], lead["phone"]) == ("Ana", "+56987654321")
    assert lead["metadata"] == {"estado_lead": "calificado"}
    assert len(relay.puts()) == 1
    assert relay.store.rule_texts.text("cotiza", relay.event(event).version) == RULES


def test_an_older_event_that_comes_late_changes_nothing_that_is_newer(relay: Relay) -> None:
    newer = relay.send(nombre="Ana", estado="calificado")
    relay.until(State.DELIVERED, newer)

    with_news = relay.send(minutes_ago=10, estado="nuevo", telefono="9 8765 4321")
    without = relay.send(minutes_ago=20, nombre="Anita")

    relay.until(State.DELIVERED, with_news)
    relay.until(State.SUPERSEDED, without)
    assert relay.puts()[1:] == [{"phone": "+56987654321"}]
    assert relay.lead_at_the_crm()["metadata"] == {"estado_lead": "calificado"}


def test_what_the_crm_refuses_waits_as_a_dead_letter_until_its_rule_is_mended(relay: Relay) -> None:
    words = "estado_lead must be lower case"
    relay.crm.put_faults(refuse=[{"field": "metadata.estado_lead", "value": "Calificado", "message": words}])
    event = relay.send(nombre="Ana", estado="Calificado")
    dead = relay.until(State.DEAD, event)
    assert dead.reason is not None
    assert (dead.reason.kind, dead.reason.status, dead.reason.words) == ("refused", 400, words)

    relay.write_rules(RULES.replace("fields.estado}", "fields.estado | lower}"))
    remap = replay.remapper(wiring.hooks(relay.settings))
    plan = replay.plan(relay.store, replay.select(relay.store, replay.Filter(kind="refused")), remap=remap)
    list(replay.run(relay.store, plan, who="ana", remap=remap))

    relay.until(State.DELIVERED, event)
    assert relay.store.events.dead() == []
    lead = relay.lead_at_the_crm()
    assert (lead["first_name"], lead["metadata"]) == ("Ana", {"estado_lead": "calificado"})


def test_a_wrong_key_holds_everything_and_buries_nothing_until_it_is_right(relay: Relay) -> None:
    relay.crm.put_faults(wrong_key=True)
    events = [relay.send(estado=f"paso {number}") for number in range(3)]
    until(lambda: relay.store.gates.gate("default").state == "held")
    assert relay.store.gates.gate("default").words == "The provided API key is not valid"

    relay.crm.put_faults()

    until(lambda: all(relay.event(id).state in (State.DELIVERED, State.SUPERSEDED) for id in events))
    assert relay.lead_at_the_crm()["metadata"] == {"estado_lead": "paso 2"}
    assert relay.store.gates.gate("default").state == "flowing"
    assert relay.store.events.dead() == []
