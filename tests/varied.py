"""A store in which all has happened that may: events in every state, groups, replays, acts, pauses, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flask

from relay import wiring
from relay.finding import Filter, select
from relay.model import Name
from relay.replay import cancel, draft, drop, start
from relay.settings import Settings
from relay.store import Store
from tests.desk import settings_of
from tests.far_crm import World, update

LEADS = [f"7c9e6679-7425-40de-944b-e07fc1f90a{number:02d}" for number in range(10)]
SECRET = "a secret of a hook"
BY_ID = """
sender: zapier
secrets: [ZAP_SECRET]
lead:
  id: ${fields.lead_id}
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre | title}
      email: ${fields.correo | email}
      phone: ${fields.telefono | phone('CL')}
  - name: what they look for
    update:
      campaign_id: null
      metadata:
        dormitorios: ${fields.dormitorios}
        estado_lead: ${fields.estado or 'nuevo'}
  - name: qualified
    when: fields.dormitorios >= 2 and (fields.estado == 'listo' or not fields.correo)
    deliver: each
    update:
      metadata:
        estado_lead: calificado
"""
BY_NAME = """
sender: zapier
secrets: [ZAP_SECRET]
lead:
  match:
    phone: ${fields.telefono | phone('CL')}
    email: ${fields.correo | email}
  missing: park
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre}
"""
#: What breaks JSON that is made carelessly.
ODD: dict[str, Any] = {"lead_id": LEADS[8], "nombre": "ñ\x00\u2028<b>", "dormitorios": 10**30}


def settings(folder: Path, **variables: str) -> Settings:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "por-id.yaml").write_text(BY_ID)
    (rules / "por-nombre.yaml").write_text(BY_NAME)
    return settings_of(folder, RELAY_RULES=str(rules), ZAP_SECRET=SECRET, **variables)


class Filled:
    """The app over a store that is filled by what may happen, through the door."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.hooks = wiring.hooks(settings)
        self.app: flask.Flask = wiring.routes(settings, store, self.hooks)
        self.world = World(store)
        self.number = 0
        store.door.know(self.hooks)
        store.rule_texts.keep(self.hooks.values())
        self.fill()

    def post(self, hook: str, fields: Any, *, secret: str = SECRET) -> int:
        self.number += 1
        body = json.dumps({"event_id": f"e{self.number}", **fields} if isinstance(fields, dict) else fields)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        return self.app.test_client().post(f"/hooks/{hook}", data=body, headers=headers).status_code

    def fill(self) -> None:
        person = {"nombre": "ana", "correo": "ana@example.cl", "telefono": "+56 9 8123 4567", "dormitorios": 3}
        self.delivered_and_superseded(person)
        self.dead(person)
        self.parked(person)
        assert self.post("por-id", ODD) == 200
        assert self.post("por-id", {"lead_id": LEADS[9], "correo": "no es correo", "telefono": "1"}) == 200
        assert self.post("por-nombre", {"telefono": person["telefono"]}) == 200
        self.world.deliver_all()
        assert self.post("por-id", {**person, "lead_id": LEADS[0]}) == 200, "in flight"
        assert self.post("por-id", person, secret="wrong") == 401
        assert self.post("por-id", {"nombre": "\ud800"}) == 400, "half a character"
        assert self.post("por-id", "no object") in (200, 400)
        self.acts()

    def delivered_and_superseded(self, person: dict[str, Any]) -> None:
        assert self.post("por-id", {**person, "lead_id": LEADS[0]}) == 200
        self.world.deliver_all()
        self.world.accept("old", LEADS[0], update(first_name="Anita"), at_ms=1_000)
        self.world.deliver_all()
        assert self.post("por-id", {**person, "lead_id": LEADS[1], "estado": "listo"}) == 200
        self.world.deliver("fails before")
        self.world.advance(60_000)
        self.world.deliver_all()

    def dead(self, person: dict[str, Any]) -> None:
        self.world.crm.poison = {"Veneno"}
        for lead in LEADS[2:6]:
            assert self.post("por-id", {**person, "lead_id": lead, "nombre": "veneno"}) == 200
        self.world.deliver_all()
        assert self.post("por-id", {**person, "lead_id": LEADS[6], "dormitorios": "muchos"}) == 200
        assert self.post("por-id", {"lead_id": "no uuid", "nombre": "x"}) == 200

    def parked(self, person: dict[str, Any]) -> None:
        for phone in ("+56 9 8765 4321", "+56 9 8765 4322", "+56 9 8765 4322", ""):
            assert self.post("por-nombre", {**person, "correo": "", "telefono": phone}) == 200

    def acts(self) -> None:
        store, dead = self.store, select(self.store, Filter(state="dead"))
        group = store.groups.open()[0]
        store.groups.acknowledge(group.id, who="carolina")
        drop(store, dead[:1], who="carolina", why="a test of ours")
        drop(store, select(store, Filter(state="parked", kind="no id")), who="pedro", why="nobody's")
        planned = draft(store, dead[1:3], who="carolina", name="planned")
        assert planned.id
        cancel(store, draft(store, dead[2:4], who="pedro").id, who="pedro")
        start(store, draft(store, dead[1:2], who="pedro", name="running").id, who="pedro")
        store.steering.pause_hook("por-nombre", who="carolina", why="new form")
        store.names.link(
            "default", Name("email", "otra@example.cl"), LEADS[1], who="carolina", at_ms=store.events.now_ms()
        )
        store.proofs.note(holds=False, events=10, faults=("one is missing",))
