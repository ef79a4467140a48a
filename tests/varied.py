"""A store in which all has happened that may: events in every state, groups, replays, acts, pauses, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flask

from relay import wiring
from relay.alarms import sightings
from relay.finding import Filter, select
from relay.forms import note_versions
from relay.model import Name
from relay.noticing import Noticing
from relay.replay import cancel, draft, drive, drop, remapper, start
from relay.settings import Settings
from relay.shadow import Follower
from relay.shapes import FormNoted, Question, Questions
from relay.store import Store
from tests.desk import settings_of
from tests.far_crm import World, known, update

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
SHADOWED = BY_NAME + "shadow: shadow/por-nombre.yaml\n"
SHADOW = BY_NAME.replace("fields.nombre}", "fields.nombre | title}\n      email: ${fields.correo | email}")
#: What breaks JSON that is made carelessly.
ODD: dict[str, Any] = {"lead_id": LEADS[8], "nombre": "ñ\x00\u2028<b>", "dormitorios": 10**30}


def settings(folder: Path, **variables: str) -> Settings:
    rules = folder / "rules"
    rules.mkdir()
    (rules / "por-id.yaml").write_text(BY_ID)
    (rules / "por-nombre.yaml").write_text(SHADOWED)
    (rules / "shadow").mkdir()
    (rules / "shadow" / "por-nombre.yaml").write_text(SHADOW)
    return settings_of(folder, RELAY_RULES=str(rules), ZAP_SECRET=SECRET, **variables)


class Filled:
    """The app over a store that is filled by what may happen, through the door."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.hooks = wiring.hooks(settings)
        self.noticing = Noticing(store)
        self.app: flask.Flask = wiring.routes(settings, store, self.hooks, self.noticing)
        self.world = World(store)
        self.number = 0
        store.door.know(self.hooks)
        store.rule_texts.keep(self.hooks.values())
        follower = Follower(store, self.hooks, settle_s=0.0)
        follower.turn()
        self.fill()
        follower.turn()

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
        self.ambiguous(person)
        assert self.post("por-id", ODD) == 200
        assert self.post("por-id", {"lead_id": LEADS[9], "correo": "no es correo", "telefono": "1"}) == 200
        assert self.post("por-nombre", {"telefono": person["telefono"]}) == 200
        self.world.deliver_all()
        assert self.post("por-id", {**person, "lead_id": LEADS[0]}) == 200, "in flight"
        assert self.post("por-id", person, secret="wrong") == 401
        assert self.post("por-id", {"nombre": "\ud800"}) == 400, "half a character"
        assert self.post("por-id", "no object") in (200, 400)
        self.acts()
        self.forms()

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

    def ambiguous(self, person: dict[str, Any]) -> None:
        """Have two leads known by one phone, and an event that looks for its lead by it."""
        phone = "+56987654399"
        for lead in (LEADS[1], LEADS[7]):
            one = known(f"known {lead}", lead, [Name("phone", phone)], update(title="Sra."))
            self.store.door.accept([one])
        self.world.deliver_all()
        assert self.post("por-nombre", {**person, "correo": "", "telefono": phone}) == 200

    def acts(self) -> None:
        store, dead = self.store, select(self.store, Filter(state="dead"))
        store.groups.acknowledge(store.groups.open()[0].id, who="carolina")
        drop(store, dead[:1], who="carolina", why="a test of ours")
        drop(store, select(store, Filter(state="parked", kind="no id")), who="pedro", why="nobody's")
        self.replays(dead[1:])
        name, now_ms = Name("email", "otra@example.cl"), store.events.now_ms()
        store.names.link("default", name, LEADS[1], who="carolina", at_ms=now_ms)
        store.steering.slow("default", 5, who="carolina", why="the CRM is slow")
        store.steering.pause_hook("por-id", who="carolina", why="new form")
        self.world.claim()
        store.steering.pause_destination("default", who="carolina", why="maintenance")
        store.proofs.note(holds=False, events=10, faults=("one is missing",))
        store.alarms.look(list(sightings(store, self.settings, [])), looks=1, told=False)

    def forms(self) -> None:
        """Have a form lose a name that a rule reads."""
        self.noticing.flush()
        for number, keys in enumerate((("nombre", "dormitorios"), ("nombre", "cuartos"))):
            names = {("fields", key): (40, {"text": 40}) for key in keys}
            asks = Questions((Question("nombre", "¿Tu nombre?", "text", "q1"),), complete=False)
            noted = FormNoted("por-id", "F1", "sent", "Cotiza", 40, self.store.events.now_ms(), names, asks, number)
            self.store.forms.add("a process", number, [noted], now_ms=self.store.events.now_ms())
            note_versions(self.store, self.store.forms.forms("por-id"))

    def replays(self, dead: list[str]) -> None:
        """Have one that is planned, one that is cancelled, and one that went wrong for an event."""
        store, remap = self.store, remapper(self.hooks)
        draft(store, dead, who="carolina", remap=remap, name="planned")
        cancel(store, draft(store, dead[1:3], who="pedro").id, who="pedro")
        begun = draft(store, dead[:2], who="pedro", name="begun")
        drop(store, dead[:1], who="pedro", why="meanwhile")
        start(store, begun.id, who="pedro", driver="me")
        list(drive(store, begun.id, driver="me", remaps=lambda _: remap))
