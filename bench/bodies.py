"""Events as they come from outside: the example Typeform response, with ids, answers and leads of its own each time.

Both the load and the floors are made of these, so that all of them carry the same.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

import orjson

from bench.servers import ROOT, settings_for
from relay import wiring
from relay.hooks import Hook
from relay.model import METADATA, Arrival, Json
from relay.receive import mapped
from relay.senders import typeform
from relay.sending import Request

EXAMPLE = ROOT / "rules" / "cotiza" / "full.json"
NAMES = ("Ana", "Bruno", "Camila", "Diego", "Elena", "Felipe", "Gabriela", "Hugo", "Isidora", "Joaquín", "Nicolás")
SURNAMES = ("Araya", "Bravo", "Castro", "Díaz", "Espinoza", "Fuentes", "González", "Ibáñez", "Jara", "Lagos", "Núñez")
COMUNAS = ("Ñuñoa", "Providencia", "Maipú", "Macul", "Quilicura", "Vitacura", "Recoleta", "Pudahuel")
WORDS = ("busco", "con", "terraza", "bodega", "cerca", "del", "metro", "para", "fin", "de", "año", "gracias", "vista")


def lead_ids(seed: int) -> Iterator[str]:
    """Give distinct leads, the same for the same seed."""
    dice = random.Random(seed)
    while True:
        yield str(uuid.UUID(int=dice.getrandbits(128), version=4))


class Visitors:
    """Answers the example form again and again, each lead as another person; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._event = orjson.loads(EXAMPLE.read_bytes())
        self._answers = {one["field"]["ref"]: one for one in self._event["form_response"]["answers"]}

    def body(self, lead: str) -> bytes:
        """Give the body of one request, as Typeform would send it."""
        dice, response = self._dice, self._event["form_response"]
        self._event["event_id"] = f"{dice.getrandbits(128):026X}"[:26]
        response["token"] = f"{dice.getrandbits(128):032x}"
        now = datetime.fromtimestamp(time.time(), UTC)
        response["submitted_at"] = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        response["hidden"]["lead_id"] = lead
        self._answer(random.Random(lead))
        return orjson.dumps(self._event)

    def _answer(self, person: random.Random) -> None:
        dice, answers = self._dice, self._answers
        name = f"{person.choice(NAMES)} {person.choice(SURNAMES)} {person.choice(SURNAMES)}"
        number = person.randrange(40_000_000, 99_999_999)  # as the form itself would let pass
        answers["nombre"]["text"] = name
        answers["telefono"]["phone_number"] = f"+569{number}"
        answers["correo"]["email"] = f"{name.split(maxsplit=1)[0].lower()}.{number}@example.com"
        answers["comunas"]["choices"]["labels"] = dice.sample(COMUNAS, 2)
        answers["dormitorios"]["number"] = dice.randrange(1, 6)
        answers["fecha_visita"]["date"] = f"2026-12-{dice.randrange(1, 29):02}"
        answers["preaprobado"]["boolean"] = dice.random() < 0.5
        answers["mensaje"]["text"] = " ".join(dice.choices(WORDS, k=8)).capitalize()


def arrival(body: bytes, hook: Hook) -> Arrival:
    """Give what the door makes of a body that it has verified."""
    request = Request(headers={"content-type": "application/json"}, body=body, received_ms=time.time_ns() // 1_000_000)
    return mapped(typeform.parse(request)[0], request, sender=typeform, hook=hook)


def arrivals(seed: int, leads: Iterable[str]) -> Iterator[Arrival]:
    """Give an event for each of these leads, mapped by the example rules and ready for the store."""
    hook, visitors = wiring.hooks(settings_for(""))["cotiza"], Visitors(seed)
    return (arrival(visitors.body(lead), hook) for lead in leads)


def puts(seed: int, count: int) -> Iterator[tuple[str, dict[str, Json]]]:
    """Give the lead and the body of the PUT that each of so many distinct leads comes to."""
    for one in arrivals(seed, islice(lead_ids(seed), count)):
        values = {name: value for update in one.mapped.updates for name, value in update.set.items()}
        body: dict[str, Json] = {name: value for name, value in values.items() if not name.startswith(METADATA)}
        body["metadata"] = {name[len(METADATA) :]: value for name, value in values.items() if name.startswith(METADATA)}
        yield one.mapped.lead, body
