"""The whole journey, in the order in which a newcomer would ask: a webhook comes in, a lead is updated.

Everything is real, each part in a process of its own; only the CRM is the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests

from relay import replay, wiring
from relay.backtest import prove
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
      email: ${fields.correo | email}
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
    event = relay.send(
        nombre="ana maría rojas", telefono="9 8765 4321", correo="ana.rojas@example.cl", estado="calificado"
    )

    relay.until(State.DELIVERED, event)

    lead = relay.lead_at_the_crm()
    assert (lead["first_name"], lead["phone"], lead["email"]) == ("Ana", "+56987654321", "ana.rojas@example.cl")
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
    mended = wiring.hooks(relay.settings)
    relay.store.rule_texts.keep(mended.values())
    remap = replay.remapper(mended)
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


#: What stands of a person in the requests, and in what was sent to the CRM.
PERSONAL = ("ana.rojas", "example.cl", "87654321", "8765 4321", "maría", "rojas")


def test_one_id_leads_through_the_log_from_the_door_to_the_put(relay: Relay) -> None:
    event = relay.send(telefono="9 8765 4321", correo="ana.rojas@example.cl")
    relay.until(State.DELIVERED, event)

    until(lambda: len(about(relay, event)) >= 2)
    accepted, answered = about(relay, event)
    assert (accepted["event"], accepted["hook"], accepted["states"]) == ("event.accepted", "cotiza", ["in flight"])
    assert (answered["event"], answered["lead"], answered["status"], answered["attempt"]) == (
        "put.answered",
        relay.lead,
        200,
        1,
    )
    assert answered["took_ms"] >= 0
    assert accepted["at"] < answered["at"]


def about(relay: Relay, event: str) -> list[dict[str, Any]]:
    return sorted((one for one in relay.lines() if event in one.get("events", [])), key=lambda one: str(one["at"]))


def test_a_dead_letter_and_a_superseded_event_stand_in_the_log_with_their_ids(relay: Relay) -> None:
    words = "ana.rojas@example.cl is taken"
    relay.crm.put_faults(refuse=[{"field": "email", "value": "ana.rojas@example.cl", "message": words}])
    dead = relay.until(State.DEAD, relay.send(correo="ana.rojas@example.cl"))
    relay.crm.put_faults()
    newer = relay.send(estado="nuevo")
    relay.until(State.DELIVERED, newer)
    older = relay.send(minutes_ago=10, estado="viejo")
    relay.until(State.SUPERSEDED, older)

    until(lambda: [one["event"] for one in about(relay, older)] == ["event.accepted", "event.superseded"])
    assert about(relay, older)[-1]["by"] == newer
    until(lambda: "event.dead" in [one["event"] for one in about(relay, dead.id)])
    [died] = [one for one in about(relay, dead.id) if one["event"] == "event.dead"]
    assert (died["level"], died["kind"], died["status"]) == ("warning", "refused", 400)


def test_all_that_is_stored_is_what_the_rules_that_mapped_it_make_of_it(relay: Relay) -> None:
    """After all that has happened here: two versions of the rules, a remapped replay, dead letters, failures."""
    events = replay.select(relay.store, replay.Filter(state=""))

    found = prove(relay.store, {}, events)

    assert (found.events, found.told, found.left) == (len(events), [], {})
    assert found.events >= 10


def test_nothing_of_a_person_stands_in_any_log_line_or_figure(relay: Relay) -> None:
    """After all that has happened here: refusals, a wrong key, dead letters, replays, and alarms of them."""
    refused = requests.post(f"{relay.url}/hooks/cotiza", data="ana.rojas@example.cl", timeout=10)
    assert refused.status_code == 401
    relay.crm.put_faults(wrong_key=True)
    relay.send(correo="ana.rojas@example.cl")
    until(lambda: any(one["event"] == "alarm.began" and one["alarm"] == "held:default" for one in relay.lines()))
    relay.crm.put_faults()
    until(lambda: any(one["event"] == "alarm.ended" and one["alarm"] == "held:default" for one in relay.lines()))

    lines = relay.output.read_text(encoding="utf-8")
    figures = relay.metrics()

    assert {"event.accepted", "event.rejected", "put.answered", "event.dead"} <= {one["event"] for one in relay.lines()}
    assert 'relay_events_accepted_total{hook="cotiza"}' in figures
    for word in PERSONAL:
        assert word not in lines.lower(), word
        assert word not in figures.lower(), word
    assert relay.lead not in figures
