"""No English is left on a Spanish page, whatever has failed: a store full of all of it is looked through."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import flask
import orjson
import pytest

from relay import replay, rulebook, wiring
from relay.alarms import LOOKS
from relay.grouping import QUOTED
from relay.hooks import Hook
from relay.model import Fault, Name, Reason, State
from relay.ops.sentences import say_in
from relay.ops.sentences.of_the_door import SENTENCES as OF_THE_DOOR
from relay.ops.sentences.saying import PARTS
from relay.replay import remapper
from relay.senders import ABOUT
from relay.store import Store
from relay.store.alarms import Sighting
from tests.desk import ANA, EVA, Browser, logged_in, settings_of, text_of
from tests.doors import serving
from tests.english import ROOT, english
from tests.far_crm import World, arrival, matched, update
from tests.test_said import NOT_SAID

SPANISH = {"Accept-Language": "es-CL"}
#: Words that no Spanish sentence has.
ENGLISH = re.compile(
    r"\b(?:the|is|are|was|were|its|it|of|and|with|not|must|which|from|this|that|can't|be|been|by|to|for|an|at|or|who"
    r"|there|their|what|more than|one|in|out|all|too|held|missing|needs|sent|set)\b",
)
#: What is no text of ours: code, what came, values.
NO_TEXT = re.compile(
    r"<(code|pre|script|style|option|svg|textarea)\b.*?</\1>|<[^>]+class=\"[^\"]*mono[^\"]*\"[^>]*>[^<]*<", re.DOTALL
)
SAID = re.compile(r"(?:title|aria-label|placeholder|alt)=\"([^\"]*)\"")
#: Sources of the words of values that rules could not use.
AT_RUN_TIME = [f"relay/expressions/{name}.py" for name in ("filters", "readings", "missing", "formulas", "work")]
SECRET = "un-secreto-bien-largo-para-las-pruebas"
RULES = """sender: zapier
secrets: [ZAP]
lead:
  id: ${fields.lead_id}
rules:
  - name: contacto
    update:
      first_name: ${fields.nombre | title}
      phone: ${fields.telefono | phone('CL')}
      metadata:
        edad: ${fields.edad | number}
  - name: correo
    when: fields.correo and (fields.edad | number) > 18
    update:
      email: ${fields.correo}
      first_name: ${fields.apodo}
  - name: uno solo
    when: fields.solo
    deliver: each
    update:
      source: solo
  - name: rut
    when: fields.pide_rut
    update:
      metadata:
        rut: ${fields.rut | required}
  - name: termina
    when: fields.fin
    stop: true
    update:
      source: fin
  - name: nunca
    update:
      company: ${fields.empresa}
"""
MATCHING = """sender: zapier
secrets: [ZAP]
lead:
  match:
    phone: ${fields.telefono}
    email: ${fields.correo | email}
rules:
  - name: todo
    update:
      first_name: ${fields.nombre}
"""
FAULTY = """sender: zappier
secrets: [NADA]
reglas: 1
lead:
  id: ${hiden.lead_id}
  match:
    phone: ${fields.telefono | fone('CL')}
rules:
  - name: uno
    when: fields.x = 1
    update:
      emial: ${fields.correo | email}
      phone: 912345678
      metadata:
        lista: [1, 2]
        nada: null
  - name: uno
    update: {}
  - update:
      email: ${fields.correo == ''}
      last_name: ${"}
"""
FETCHED = """sender: meta
secrets: [ZAP]
verify_token: ZAP
token: ZAP
lead:
  match:
    phone: ${fields.phone | phone('CL')}
rules:
  - name: todo
    update:
      first_name: ${fields.nombre}
"""

#: Parts of sentences of the door: where a secret is set.
WHERE = OF_THE_DOOR[[one.startswith("make the webhook") for one in OF_THE_DOOR].index(True) :]


def words_of(*names: str) -> list[str]:
    """Give what these sources say, with a number in each place."""
    paths = sorted({path for name in names for path in ROOT.glob(name)})
    texts = [text.lstrip("; ,") for path in paths for one in english(path) for text in one.texts]
    parts = {*NOT_SAID, *(about.proof for about in ABOUT.values()), *WHERE}
    whole = [text for text in dict.fromkeys(texts) if text not in parts and not any(PARTS.matches(text))]
    return [text.replace("…", "7") for text in whole]


@dataclass
class Full:
    """A relay in which everything has failed that can."""

    store: Store
    hooks: Mapping[str, Hook]
    app: flask.Flask
    #: Events that the door took.
    sent: list[str] = field(default_factory=list)

    def fill(self) -> None:
        self.store.rule_texts.keep(self.hooks.values())
        self.store.door.know(self.hooks)
        self.came()
        self.gave_up("mapping", words_of(*AT_RUN_TIME, "relay/lead_fields.py", "relay/mapping/i*.py"))
        self.gave_up("fetch", words_of("relay/senders/*_answers.py", "relay/senders/fetching.py"), status=400)
        self.gave_up("fetch", words_of("relay/replay/remap.py"))
        self.gave_up("unreachable", words_of("relay/leads_api/answers.py"))
        self.waits(words_of("workers/errand.py", "relay/mapping/identify.py", "relay/retry.py"))
        self.refused(words_of("relay/senders/*.py", "relay/receive.py"))
        self.alarmed()
        self.steered()
        self.delivered()
        self.replayed()

    def came(self) -> None:
        """Have the door take events by rules that hold, hold not, fail, and override one another."""
        good = {"lead_id": ANA, "nombre": "ana", "telefono": "912345678", "correo": "ana@example.cl", "edad": "33"}
        self.post("cotiza", good)
        self.post("cotiza", good | {"telefono": "12", "edad": "muchos", "correo": "ninguno", "apodo": "Anita"})
        self.post("cotiza", good | {"edad": 33, "apodo": "Anita", "solo": "1", "fin": "1"})
        self.post("cotiza", good | {"pide_rut": "1"})
        self.post("cotiza", good | {"lead_id": "nadie"})
        self.post("cotiza", {"nombre": "ana", "edad": 20})
        self.post("visita", {"nombre": "eva", "telefono": "912345678"})
        self.post("visita", {"nombre": "eva", "correo": "eva@example.cl"})
        self.post("visita", {"nombre": "eva"})

    def post(self, hook: str, body: Mapping[str, object]) -> None:
        headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
        answer = self.app.test_client().post(f"/hooks/{hook}", data=orjson.dumps(body), headers=headers)
        assert answer.status_code == 200, answer.text
        self.sent += answer.json["events"]

    def gave_up(self, kind: str, several: Iterable[str], *, status: int = 0) -> None:
        for number, words in enumerate(several):
            one = arrival(f"{kind}{status} {number}", ANA)
            reason = Reason(kind=kind, words=words, status=status, attempts=number % 3)
            fault = Fault(rule="contacto", register="phone", words=words)
            mapped = replace(one.mapped, state=State.DEAD, reason=reason, faults=(fault,))
            self.store.door.accept([replace(one, mapped=mapped)])

    def waits(self, several: Iterable[str]) -> None:
        for number, words in enumerate(several):
            one = matched(f"waits {number}", [Name("phone", f"+5691234{number:04}")], update(first_name="Eva"))
            reason = Reason(kind="unknown lead", words=words)
            self.store.door.accept(
                [replace(one, mapped=replace(one.mapped, state=State.PARKED, lead="", reason=reason))]
            )

    def refused(self, several: Iterable[str]) -> None:
        for words in several:
            self.store.door.reject("cotiza", status=401 if "header" in words else 400, words=words, size=7)

    def alarmed(self) -> None:
        words = [text for text in words_of("relay/alarms.py") if " " in text]
        seen = [Sighting(name=f"alarm {number}", about="dead letters", words=one) for number, one in enumerate(words)]
        for _ in range(LOOKS):
            self.store.alarms.look(seen, looks=LOOKS, told=False)
        self.store.proofs.note(holds=False, events=7, faults=tuple(words_of("relay/audit.py", "relay/store/strays.py")))

    def steered(self) -> None:
        steering = self.store.steering
        steering.pause_hook("visita", who="ana", why="la campaña no va")
        self.post("visita", {"nombre": "eva", "telefono": "+56912345678"})
        steering.slow("default", 5, who="ana", why="con calma")
        steering.slow("default", None, who="ana")
        self.store.client.hset("relay:d:default", mapping={"held": 1, "words": "the lead API answered 401"})

    def delivered(self) -> None:
        """Have the CRM refuse, not answer, and take; and people drop, link and send again."""
        world = World(self.store)
        for fate in ("fails before", "slow", "denied", "missing", "ok"):
            world.deliver(fate)
            world.advance(60_000)
        world.crm.poison.add("Eva")
        self.sent.append(world.accept("refused", EVA, update(first_name="Eva")))
        world.deliver_all()
        event = self.store.events.event(self.sent[-1])
        assert event is not None
        self.store.letters.replay(event, who="ana", force=True)
        parked = self.store.events.event(self.store.events.parked()[0])
        assert parked is not None
        self.store.letters.discard(parked, who="ana", why="es una prueba")

    def replayed(self) -> None:
        store, ids = self.store, self.store.events.dead()
        remap = remapper(self.hooks)
        replay.draft(store, [*ids, *store.events.parked()], who="ana", filter="dead, kind 'mapping'", remap=remap)
        replay.draft(store, ids[:30], who="ana", name="los de hoy")
        one = replay.draft(store, self.sent, who="ana", name="Zapier cotiza: the rules failed: is not a date")
        replay.start(store, one.id, who="ana")
        words = words_of("relay/replay/[er]*.py", "relay/store/letters.py")
        store.client.rpush(f"relay:replay:{one.id}:failed", *(orjson.dumps([ANA, text]) for text in words))
        told = {"failed": len(words), "words": "the rules have faults: rules/cotiza.yaml:7: is empty"}
        store.client.hset(f"relay:replay:{one.id}", mapping=told)


@pytest.fixture
def full(store: Store, tmp_path: Path) -> Iterator[tuple[str, Full]]:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in {"cotiza": RULES, "visita": MATCHING, "aviso": FETCHED}.items():
        (folder / f"{name}.yaml").write_text(text)
    settings = settings_of(tmp_path, RELAY_RULES=str(folder), ZAP=SECRET)
    hooks = rulebook.load(folder, environment={"ZAP": SECRET}, senders=ABOUT, destinations=["default"])
    app = wiring.routes(settings, store, hooks)
    one = Full(store, hooks, app)
    one.fill()
    (folder / "mala.yaml").write_text(FAULTY)
    _, problems = rulebook.check(folder, environment={}, senders=ABOUT, destinations=["default"])
    lines = [str(problem) for problem in problems if "/mala.yaml" in problem.file]
    assert len(lines) > 8
    store.serving.note(faults={"visita": lines, "mala": lines}, served=hooks)
    with serving(app) as url:
        yield url, one


def texts_of(page: str) -> Iterator[str]:
    """Give the texts of a page and of its attributes, without code and values."""
    page = page.partition("<main")[2] or page
    page = NO_TEXT.sub("<", page)
    yield from (html.unescape(one) for one in SAID.findall(page))
    yield from (" ".join(html.unescape(one).split()) for one in re.split(r"<[^>]*>", page))


def english_on(page: str, *theirs: str) -> list[str]:
    """Give the texts of a page that are English, or hold some, but for what others have said."""
    for words in theirs:
        page = page.replace(words, "")
    return [text for text in dict.fromkeys(texts_of(page)) if ENGLISH.search(QUOTED.sub("", text))]


#: What the CRM of the tests says.
OF_THE_CRM = ("a value is refused", "too many requests", "The provided API key is not valid", "Lead not found")
#: Addresses that are no page, or change how pages are shown.
NO_PAGE = re.compile(r"/ops/(?:static|language|theme|api|log|search)|#")
MOST = 250


def pages(browser: Browser, **headers: str) -> Iterator[tuple[str, str]]:
    """Give every page that can be come to by links."""
    left = ["/ops/", "/ops/hooks/mala/rules", "/ops/hooks/cotiza/rules", "/ops/hooks/cotiza/forms"]
    seen = set(left)
    for _ in range(MOST):
        if not left:
            return
        path = left.pop(0)
        answer = browser.get(path, **headers)
        assert answer.status_code == 200, (path, answer.status_code)
        yield path, answer.text
        for found in re.findall(r'href="(/ops[^"]*)"', answer.text):
            link = html.unescape(found).partition("#")[0]
            if link not in seen and not NO_PAGE.search(link):
                seen.add(link)
                left.append(link)


def test_no_spanish_page_has_english_left(full: tuple[str, Full], tmp_path: Path) -> None:
    url, _ = full
    left: dict[str, str] = {}
    for path, page in pages(logged_in(url, "carolina"), **SPANISH):
        for text in english_on(page, *OF_THE_CRM, str(tmp_path)):
            left.setdefault(text, path)

    assert not left, "\n".join(f"{path}: {text}" for text, path in left.items())


def test_what_is_looked_for_on_an_english_page_is_english(full: tuple[str, Full]) -> None:
    """The same pages in English are full of it: so it would be found."""
    url, one = full
    browser = logged_in(url, "carolina")

    for path in ("/ops/inbox", "/ops/rejected", "/ops/parked", "/ops/events", "/ops/acts", "/ops/destinations"):
        assert english_on(browser.get(path).text), path
    for event in one.store.events.events(one.store.events.dead()[:20]):
        assert event.reason
        assert english_on(browser.get(f"/ops/events/{event.id}").text, event.reason.words)


def test_every_death_is_told_in_spanish(full: tuple[str, Full], tmp_path: Path) -> None:
    url, one = full
    browser = logged_in(url, "carolina")

    for event in one.store.events.events(one.store.events.dead()):
        assert event.reason
        said = say_in("es_CL", event.reason.words, event.reason.status)
        page = html.unescape(browser.get(f"/ops/events/{event.id}", **SPANISH).text)
        assert said in page
        assert not ENGLISH.search(QUOTED.sub("", said.replace(str(tmp_path), ""))) or event.reason.words in OF_THE_CRM


@pytest.mark.parametrize(
    ("path", "words", "found"),
    [
        ("/ops/inbox", "no es una fecha", "no es una fecha"),
        ("/ops/inbox", "is not a date", "no es una fecha"),
        ("/ops/events?state=dead", "no es un teléfono de", "no es un teléfono de"),
        ("/ops/events?state=dead", "is not a phone", "no es un teléfono"),
        ("/ops/rejected", "no coincide con ningún", "no coincide con ningún"),
        ("/ops/rejected", "el cuerpo pesa más de … bytes", "pesa más de"),
        ("/ops/rejected", "the body is larger", "pesa más de"),
    ],
)
def test_words_are_found_as_they_are_shown_and_as_they_are_kept(
    full: tuple[str, Full], path: str, words: str, found: str
) -> None:
    url, _ = full
    browser = logged_in(url, "carolina")
    asked = f"{path}{'&' if '?' in path else '?'}words={quote(words)}"

    page = text_of(browser.get(asked, **SPANISH).text)

    assert found in page
    assert "divide por cero" not in page
    assert "no es JSON" not in page
