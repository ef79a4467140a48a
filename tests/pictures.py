"""Takes a picture of every page of the ops desk: ``python -m tests.pictures [FOLDER]``, or ``make screenshots``.

The store has a day of events of people who look for a flat in Santiago, with what goes wrong on such a day. The three
pictures of the README go to ``docs/images`` with ``--readme``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import phonenumbers
import requests
from playwright.sync_api import Browser

from relay import replay
from relay.embedded import EmbeddedRedis
from relay.finding import Filter, choose
from relay.model import Name
from relay.replay import Stage
from relay.sandbox import Sandbox
from relay.senders import SENDERS, adapter_of
from relay.senders.examples import Example, read_example, renewed
from relay.settings import Settings
from relay.wiring import hooks
from tests.browser import DESKTOP, PHONE, Visit, browsing, visiting
from tests.desk import OPERATOR, PASSWORD, VIEWER
from tests.past import Past, past
from tests.running import ROOT, Relay, running
from tests.waiting import until

ZONE = "America/Santiago"
MINUTE, HOUR = 60_000, 3_600_000
#: Events in an hour, from 0 to 23 o'clock in Santiago.
BY_HOUR = (3, 2, 1, 1, 1, 2, 4, 9, 18, 28, 34, 38, 36, 30, 26, 28, 33, 36, 40, 38, 32, 24, 14, 7)
SECRETS = {
    "CALENDLY_SIGNING_KEY": "a key of the calendar",
    "GOOGLE_ADS_KEY": "a-key-of-the-ad",
    "ELEMENTOR_TOKEN": "a-token-of-the-page",
    "ZAPIER_TOKEN": "a-token-of-the-zap",
}
FIRST = [
    "María José",
    "Catalina",
    "Javiera",
    "Constanza",
    "Valentina",
    "Ignacio",
    "Matías",
    "Benjamín",
    "Vicente",
    "Joaquín",
    "Camila",
    "Fernanda",
    "Antonia",
    "Martín",
    "Tomás",
    "Sebastián",
    "Francisca",
    "Josefa",
    "Diego",
    "Cristóbal",
    "Paz",
    "Rocío",
    "Emilia",
    "Agustín",
]
LAST = [
    "Muñoz",
    "Rojas",
    "Díaz",
    "Pérez",
    "Soto",
    "Contreras",
    "Silva",
    "Martínez",
    "Sepúlveda",
    "Morales",
    "Rodríguez",
    "López",
    "Araya",
    "Fuentes",
    "Hernández",
    "Torres",
    "Espinoza",
    "Flores",
    "Castillo",
    "Valenzuela",
    "Ramírez",
    "Reyes",
    "Gutiérrez",
    "Castro",
    "Vargas",
    "Núñez",
    "Ñancupil",
]
COMUNAS = ("Ñuñoa", "Providencia", "Las Condes", "Maipú", "La Florida", "San Miguel")
LAUNCH = "5b1f9a30-7c44-4f0e-9d55-20c1a3e7f812"
LANDING = """\
# "Lanzamiento Edificio Ñandú", a form of Elementor. The campaign is a hidden field of the page.
sender: elementor
secrets: [ELEMENTOR_TOKEN]
lead:
  id: ${fields.lead_id}
rules:
  - name: contact details
    update:
      first_name: ${fields.nombre | title | first_word}
      last_name: ${fields.nombre | title | rest}
      phone: ${fields.telefono | phone('CL')}
      email: ${fields.correo | email}
  - name: campaign of the launch
    when: fields.campana
    update:
      campaign_id: ${fields.campana}
      metadata: {formulario: "${form.title}"}
"""
CRM_NOTES = """\
# What brokers note after a call, by a Zap.
sender: zapier
secrets: [ZAPIER_TOKEN]
lead:
  id: ${fields.lead_id}
rules:
  - name: how the call went
    update:
      metadata:
        estado_lead: ${fields.estado}
        presupuesto_uf: ${fields.presupuesto_uf | number}
        nota: ${fields.nota}
"""
MENDED = CRM_NOTES.replace("${fields.estado}", "${fields.estado | lower}")
EXAMPLES = ROOT / "rules" / "examples"
RULES = {
    "agenda": (EXAMPLES / "calendly.yaml").read_text(),
    "google_ads": (EXAMPLES / "google_ads.yaml").read_text(),
    "landing": LANDING,
    "llamadas": CRM_NOTES,
}
IMAGES = ROOT / "docs" / "images"
#: Pages that the README shows, with the theme and the height of the window.
README = (
    ("overview", "light", 860),
    ("replay-plan", "dark", 720),
    ("lead", "light", 900),
    ("rules-tried", "dark", 760),
)
#: The hook, its sender, the event, and how often it comes.
KINDS = (
    ("cotiza", "typeform", ROOT / "rules/cotiza/full.json", 8),
    ("cotiza", "typeform", ROOT / "rules/cotiza/partial.json", 3),
    ("google_ads", "google_ads", EXAMPLES / "google_ads/lead.json", 4),
    ("landing", "elementor", EXAMPLES / "elementor/simple.json", 5),
    ("llamadas", "zapier", next((ROOT / "rules/zapier").glob("*.json")), 4),
    ("agenda", "calendly", EXAMPLES / "calendly/booked.json", 2),
    ("agenda", "calendly", EXAMPLES / "calendly/cancelled.json", 1),
)


@dataclass(frozen=True)
class Person:
    """Somebody who looks for a flat."""

    name: str
    phone: str
    email: str
    lead: str
    comuna: str


def people(dice: random.Random, count: int) -> list[Person]:
    found = []
    for number in range(count):
        first, last, second = dice.choice(FIRST), dice.choice(LAST), dice.choice(LAST)
        plain = f"{first.split()[0]}.{last}".lower().translate(str.maketrans("áéíóúñ", "aeioun"))
        found.append(
            Person(
                name=f"{first} {last} {second}",
                phone=phone(dice),
                email=f"{plain}{number}@example.com",
                lead=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
                comuna=dice.choice(COMUNAS),
            )
        )
    return found


def phone(dice: random.Random) -> str:
    """Give a mobile number that there can be in Chile."""
    while True:
        number = f"+569{dice.randrange(10_000_000, 100_000_000)}"
        if phonenumbers.is_valid_number(phonenumbers.parse(number)):
            return number


def event_of(person: Person, sender: str, file: Path, dice: random.Random) -> Example:
    """Give the example as if it were of this person."""
    example = read_example(file, SENDERS[sender].about)
    text = json.dumps(example.content, ensure_ascii=False)
    for old, new in (
        ("María José Muñoz Peña", person.name),
        ("+56987654321", person.phone),
        ("mj.munoz@example.com", person.email),
        ("7c9e6679-7425-40de-944b-e07fc1f90ae7", person.lead),
        ("Ñuñoa", person.comuna),
    ):
        text = text.replace(old, new)
    content = json.loads(text)
    if sender == "zapier":
        content = {
            "lead_id": person.lead,
            "estado": dice.choice(("contactado", "calificado", "visita agendada", "no contesta")),
            "presupuesto_uf": str(dice.randrange(2_000, 9_000, 100)),
            "nota": dice.choice(("pide plano del piso 8", "llamar el lunes", "compara con San Miguel", "")),
        }
    if sender == "elementor":
        content["form_name"] = "Lanzamiento Edificio Ñandú"
    return replace(example, content=content)


def lived(settings: Settings, crm: Sandbox) -> None:
    """Let the relay live through a day, which ends some minutes ago."""
    for hook, _, file, _ in KINDS:  # the examples that a test event is made of
        (settings.rules / hook).mkdir(exist_ok=True)
        shutil.copy(file, settings.rules / hook)
    dice = random.Random(11)
    everybody = people(dice, 140)
    now_ms = int(time.time() * 1000)
    crm.put_faults(latency_ms=8, spread_ms=5)
    logging.getLogger("relay").setLevel(logging.CRITICAL)
    with past(settings, now_ms - 26 * HOUR) as one:
        for person in everybody[:110]:  # the others are not known by their phones yet
            one.store.names.learn("default", [(person.lead, [Name("phone", person.phone)])])
        for person in everybody[-2:]:  # a couple with one phone
            one.store.names.learn("default", [(person.lead, [Name("phone", everybody[-1].phone)])])
        for at_ms in moments(now_ms, dice):
            one.at(at_ms)
            trouble(crm, now_ms - at_ms)
            happens(one, dice, everybody, ago_ms=now_ms - at_ms)
            one.deliver()
        one.at(now_ms - MINUTE)
        one.deliver()


def moments(now_ms: int, dice: random.Random) -> Iterator[int]:
    """Give the moments of a day at which something comes: many by day, few at night."""
    for minute in range(26 * 60, 3, -1):
        at_ms = now_ms - minute * MINUTE
        hour = (at_ms // HOUR - 3) % 24
        for _ in range(sum(dice.random() < BY_HOUR[hour] / 180 for _ in range(3))):
            yield at_ms + dice.randrange(MINUTE)


def trouble(crm: Sandbox, ago_ms: int) -> None:
    """Have the CRM fail as it did then."""
    refuse = [{"field": "metadata.estado_lead", "value": "Calificado", "message": "estado_lead must be lower case"}]
    away = {"500": 0.9} if 300 < ago_ms / MINUTE < 312 else {}
    gone = [LAUNCH] if ago_ms < 7 * HOUR else []
    crm.put_faults(latency_ms=8, spread_ms=5, refuse=refuse, errors=away, unknown_campaigns=gone)


def happens(one: Past, dice: random.Random, everybody: list[Person], *, ago_ms: int) -> None:
    hook, sender, file, _ = dice.choices(KINDS, [kind[3] for kind in KINDS])[0]
    if hook == "agenda" and ago_ms < 40 * MINUTE:
        return
    # Some are known to nobody but Google; the last of them is two.
    strangers = everybody[-9:] if sender == "google_ads" and dice.random() < 0.15 else everybody[:-9]
    person = dice.choice(strangers)
    event = event_of(person, sender, file, dice)
    content = event.content
    assert isinstance(content, dict)
    if sender == "elementor" and dice.random() < 0.6:
        content["campana"] = LAUNCH
    if sender == "zapier" and ago_ms < 3 * HOUR and dice.random() < 0.6:
        content["estado"] = "Calificado"
    if sender == "zapier" and dice.random() < 0.04:
        del content["lead_id"]
    if file.name == "full.json" and dice.random() < 0.06:
        event = replace(event, content=json.loads(json.dumps(content).replace(person.email, "no tengo")))
    late = dice.choice((25, 90)) * MINUTE if sender == "typeform" and dice.random() < 0.06 else 0
    wrong = "an old secret" if dice.random() < (0.25 if sender == "calendly" and ago_ms > 20 * HOUR else 0.01) else ""
    one.receive(hook, event, late_ms=late, secret=wrong)


def today(relay: Relay) -> dict[str, str]:
    """Do what people did since: pause, see, mend, plan. Gives the address of each page, by its name."""
    store, dice = relay.store, random.Random(5)
    everybody = people(dice, 12)
    store.steering.pause_hook("agenda", who="carolina", why="el calendario quedó duplicado, Paula lo revisa")
    for number, person in enumerate(everybody):
        hook, sender, file, _ = KINDS[(0, 5, 3, 5, 4, 1)[number % 6]]
        send(relay, hook, event_of(person, sender, file, dice))
    groups = {one.kind + one.field: one for one in store.groups.open()}
    launch = groups["refusedcampaign_id"]
    store.groups.acknowledge(launch.id, who="pedro")
    small = choose(store, Filter(state="dead", group=launch.id)).ids[:4]
    done = replay.draft(store, small, who="carolina", name="prueba con cuatro del lanzamiento")
    replay.start(store, done.id, who="carolina")
    until(lambda: replay.get(store, done.id).stage is Stage.DONE)
    (relay.settings.rules / "llamadas.yaml").write_text(MENDED)
    group = groups["refusedmetadata.estado_lead"]
    ids = choose(store, Filter(state="dead", group=group.id)).ids
    remap = replay.remapper(hooks(relay.settings))
    plan = replay.draft(store, ids, who="carolina", remap=remap, name="estado_lead en minúsculas")
    until(lambda: replay.get(store, plan.id).stage is Stage.PLANNED)
    dead = store.events.event(ids[0])
    assert dead is not None
    until(lambda: len(store.rule_texts.versions("llamadas")) > 1)
    return {
        "overview": "/ops/",
        "inbox": "/ops/inbox",
        "inbox-group": f"/ops/inbox/{group.id}",
        "events": "/ops/events",
        "events-dead": "/ops/events?state=dead",
        "event-dead": f"/ops/events/{ids[0]}",
        "event-delivered": f"/ops/events/{delivered(relay)}",
        "drop": f"/ops/events/drop?state=dead&group={group.id}&count={len(ids)}",
        "lead": f"/ops/leads/{telling(relay)}",
        "lead-dead": f"/ops/leads/{dead.lead}",
        "parked": "/ops/parked",
        "rejected": "/ops/rejected",
        "replays": "/ops/replays",
        "replay-plan": f"/ops/replays/{plan.id}",
        "replay-done": f"/ops/replays/{done.id}",
        "replay-new": f"/ops/replays/new?state=dead&group={group.id}",
        "replay-edit": f"/ops/replays/new?id={ids[0]}&how=edited",
        "hooks": "/ops/hooks",
        "hook": "/ops/hooks/cotiza",
        "hook-paused": "/ops/hooks/agenda",
        "hook-pause": "/ops/hooks/cotiza/pause",
        "hook-test": "/ops/hooks/cotiza/test",
        "rules": "/ops/hooks/cotiza/rules",
        "rules-tried": f"/ops/hooks/llamadas/rules?version={dead.version}",
        "rules-names": "/ops/hooks/cotiza/rules?show=names",
        "rule-versions": "/ops/hooks/llamadas/rules/versions",
        "hook-diff": "/ops/hooks/cotiza/diff",
        "destinations": "/ops/destinations",
        "destination-pause": "/ops/destinations/default/pause",
        "acts": "/ops/acts",
        "search": f"/ops/search/{store.searches.keep('a1b2c3d')}",
        "account": "/ops/account",
        "fault": "/ops/nothing",
    }


def send(relay: Relay, hook: str, example: Example) -> None:
    known = hooks(relay.settings)[hook]
    sender, now_ms = adapter_of(known), int(time.time() * 1000)
    one = renewed(example, sender.about, now_ms=now_ms).request(url=f"{relay.url}/hooks/{hook}", now_ms=now_ms)
    signed = sender.sign(one, relay.settings.environment[known.secret_names[0]])
    requests.request(signed.method, signed.url, data=signed.body, headers=dict(signed.headers), timeout=10)


def delivered(relay: Relay) -> str:
    """Give an event of the form that was delivered, with values held back where there is one."""
    found = choose(relay.store, Filter(state="faulty", hook="cotiza")).ids
    return found[0] if found else choose(relay.store, Filter(state="delivered", hook="cotiza")).ids[0]


def telling(relay: Relay) -> str:
    """Give the lead that brokers and its calendar told of most, but no long form: its page is short and says much."""
    by_lead: dict[str, list[str]] = {}
    for one in relay.store.events.events(choose(relay.store, Filter(state="delivered")).ids):
        by_lead.setdefault(one.lead, []).append(one.hook)
    return max(by_lead, key=lambda lead: told(by_lead[lead]))


def told(hooks: list[str]) -> tuple[bool, int, int]:
    return {"cotiza", "google_ads"}.isdisjoint(hooks), len({*hooks}), hooks.count("llamadas")


def picture(visit: Visit, path: str, file: Path, *, whole: bool = True) -> None:
    visit.go(path)
    visit.page.screenshot(path=file, full_page=whole, animations="disabled")


def cookies_of(browser: Browser, url: str) -> Any:
    with visiting(browser, url, timezone_id=ZONE) as visit:
        visit.go("/ops/login")
        visit.log_in("carolina", PASSWORD)
        visit.page.get_by_role("button", name="Log out").wait_for()
        visit.go("/ops/")
        return visit.page.context.storage_state()


def album(relay: Relay, folder: Path, *, readme: bool) -> None:
    """Take a picture of every page, at a desk and on a phone, by day and by night."""
    pages = today(relay)
    with browsing() as browser:
        kept = {"storage_state": cookies_of(browser, relay.url), "timezone_id": ZONE}
        for page, theme, height in README if readme else ():
            window = {"width": DESKTOP["width"], "height": height}
            with visiting(browser, relay.url, color_scheme=theme, viewport=window, **kept) as visit:
                picture(visit, pages[page], IMAGES / f"{page}.png", whole=False)
        for name, window in (("desk", DESKTOP), ("phone", PHONE)):
            for theme in ("light", "dark"):
                with visiting(browser, relay.url, color_scheme=theme, viewport=window, **kept) as visit:
                    for page, path in pages.items():
                        picture(visit, path, folder / f"{page}-{name}-{theme}.png")
                assert visit.faults == []
        with visiting(browser, relay.url, color_scheme="light") as visit:
            picture(visit, "/ops/login", folder / "login-desk-light.png")


def main() -> None:
    named = [one for one in sys.argv[1:] if one != "--readme"]
    folder = Path(named[0] if named else "screenshots").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    users = f"{OPERATOR.line} {VIEWER.line}"
    with tempfile.TemporaryDirectory() as home, EmbeddedRedis(Path(home) / "redis", appendfsync="everysec") as redis:
        form = (ROOT / "rules/cotiza.yaml").read_text()
        # Files are shown by their paths, as a person has them who starts the relay where its rules are.
        with (
            contextlib.chdir(home),
            running(
                Path(home),
                form,
                redis_url=redis.url,
                more=RULES,
                before=lived,
                RELAY_RULES="rules",
                RELAY_USERS=users,
                RELAY_LOG="error",
                **SECRETS,
            ) as relay,
        ):
            album(relay, folder, readme="--readme" in sys.argv)
    sys.stdout.write(f"the pictures are in {folder}\n")


if __name__ == "__main__":
    main()
