"""How long each page of the ops desk takes with 200,000 dead letters and a million other events in the store.

A browser logs in to our own gunicorn and asks for each page in turn, and each time for one that reads nothing but who
is logged in: that page is the floor. What counts is the slowest page.
"""

from __future__ import annotations

import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import requests

from bench.bodies import lead_ids
from bench.figures import Bench, Figure
from bench.loading import order_for, run
from bench.servers import ROOT, redis_server, relay_web, settings_for, store_over, until
from bench.storing import batches
from relay import wiring
from relay.accounts import Role
from relay.model import Arrival, Fault, Mapped, Name, Reason, State, Update
from relay.ops import passwords
from relay.settings import Settings
from relay.shadow import Follower
from relay.store import Store

PASSWORD = "a password of the bench"
HOOKS = ("cotiza", "zapier", "visita", "anuncios", "encuesta")
REASONS = (
    ("refused", 400, "campaign_id not found"),
    ("refused", 400, "phone is not valid"),
    ("refused", 400, "estado_lead must be lower case"),
    ("mapping", 0, "rules/cotiza.yaml:8: rule 'contact': phone is required and missing"),
    ("lead not found", 404, "Lead not found or does not belong to your account"),
    ("unreachable", 503, "the lead API answered 503"),
    ("fetch", 400, "Unsupported get request"),
)
FLOOR = "/ops/account"
LONGEST_MS = 100
#: Real events, sent last: for the pages that map events or tell of rules and forms.
REAL = 500
#: What the shadow has otherwise.
SHADOWED = ("| title | first_word}", "| first_word | upper}")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much there is in the store, and how often a page is asked for."""

    dead: int
    parked: int
    others: int
    times: int


QUICK, FULL = (
    Sizes(dead=10_000, parked=500, others=10_000, times=5),
    Sizes(dead=200_000, parked=5_000, others=1_000_000, times=21),
)


def desk(quick: bool) -> list[Figure]:
    sizes = QUICK if quick else FULL
    user = passwords.account("carolina", Role.OPERATOR, PASSWORD)
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server("everysec"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = settings_for(redis.url, RELAY_USERS=user.line, RELAY_RULES=str(rules_with_shadow(folder)))
        store = store_over(settings)
        store.client.config_set("appendonly", "no")
        pages = filled(store, sizes)
        store.client.config_set("appendonly", "yes")
        until(lambda: not store.client.info("persistence")["aof_rewrite_in_progress"], "Redis to write what it has")
        port = stack.enter_context(relay_web(settings))
        send_real(store, settings, port)
        browser = logged_in(f"http://127.0.0.1:{port}")
        took = {name: timed(browser, address, sizes.times) for name, address in pages.items()}
    slowest = max(took, key=lambda name: statistics.median(took[name][0]))
    runs, floors = took[slowest]
    details = {name: round(statistics.median(one[0]), 1) for name, one in took.items()}
    details |= {"floor": round(statistics.median(floors), 1), "dead_letters": sizes.dead, "other_events": sizes.others}
    words = f"the slowest page ({slowest}) with {sizes.dead:,} dead letters and {sizes.others:,} other events"
    per_floor = [one / other for one, other in zip(runs, floors, strict=True)]
    return [
        Figure(name="page_ms", runs=runs, aim=LONGEST_MS, more=False, floor=f"absolute: {words}", details=details),
        Figure(name="page_ratio", runs=per_floor, aim=None, more=False, floor="the same against a page without events"),
    ]


def filled(store: Store, sizes: Sizes) -> dict[str, str]:
    """Fill the store, and name the pages to be asked for."""
    leads = list(islice(lead_ids(1), 50_000))
    store.door.know(HOOKS)
    # Those that fail come last: a page that looks for others must not find them at once.
    for some in batches(others(leads, sizes.others)):
        store.door.accept(some)
    for some in batches(parked(sizes.parked)):
        store.door.accept(some)
    dead_ids = [one.id for some in batches(dead(leads, sizes.dead)) for one in store.door.accept(some)]
    group = store.groups.open(trends=False)[0]
    return {
        "overview": "/ops/",
        "inbox": "/ops/inbox",
        "group": f"/ops/inbox/{group.id}",
        "events": "/ops/events",
        "dead": "/ops/events?state=dead",
        "dead of a hook": "/ops/events?state=dead&hook=visita&kind=refused",
        "dead by words": "/ops/events?state=dead&words=no+such+words",
        "ignored": "/ops/events?state=ignored&hook=zapier",
        "by rule": "/ops/events?rule=no+such+rule",
        "event": f"/ops/events/{dead_ids[-1]}",
        "lead": f"/ops/leads/{leads[7]}",
        "parked": "/ops/parked",
        "rejected": "/ops/rejected",
        "replays": "/ops/replays",
        "new replay of a group": f"/ops/replays/new?state={group.what}&group={group.id}",
        "new replay": "/ops/replays/new?state=dead&hook=visita",
        "new replay by words": "/ops/replays/new?state=dead&words=no+such+words",
        "drop": f"/ops/events/drop?state={group.what}&group={group.id}",
        "hooks": "/ops/hooks",
        "hook": "/ops/hooks/cotiza",
        "workbench": "/ops/hooks/cotiza/rules",
        "versions": "/ops/hooks/cotiza/rules/versions",
        "forms": "/ops/hooks/cotiza/forms",
        "shadow": "/ops/hooks/cotiza/shadow",
        "destinations": "/ops/destinations",
        "acts": "/ops/acts",
    }


def rules_with_shadow(folder: Path) -> Path:
    """Write the example rules with a shadow for one of them; gives their folder."""
    rules = Path(shutil.copytree(ROOT / "rules", folder / "rules"))
    file = rules / "cotiza.yaml"
    text = file.read_text(encoding="utf-8")
    (rules / "shadow").mkdir()
    (rules / "shadow" / file.name).write_text(text.replace(*SHADOWED), encoding="utf-8")
    file.write_text(f"shadow: shadow/{file.name}\n{text}", encoding="utf-8")
    return rules


def send_real(store: Store, settings: Settings, port: int) -> None:
    """Have the door take real events, and wait until its forms and its shadow are known."""
    follower = Follower(store, wiring.hooks(settings), settle_s=0)
    follower.turn()
    run(order_for(port, REAL, seed=1))
    until(lambda: store.forms.forms("cotiza"), "the form to be known")
    until(lambda: follower.turn() or len(store.shadows.differing("cotiza", REAL)) > 0, "the shadow to be followed")


def others(leads: list[str], count: int) -> Iterator[Arrival]:
    """Give events that end where they are accepted, each to be found by its lead, a phone, an e-mail and its form."""
    for number in range(count):
        one = bare(number, leads[number % len(leads)])
        terms = (("phone", f"{number % 90_000_000:08d}"), ("email", f"a{number}@x.cl"), ("form", f"form{number % 7}"))
        yield replace(one, mapped=replace(one.mapped, state=State.IGNORED), terms=terms)


def dead(leads: list[str], count: int) -> Iterator[Arrival]:
    for number in range(count):
        one = bare(-1 - number, leads[number % len(leads)])
        kind, status, words = REASONS[number % len(REASONS)]
        reason = Reason(kind=kind, words=words, status=status, at_ms=1, attempts=1, field=words.split()[0])
        fault = Fault(rule="contact", register="email", words="is no address")
        faults = (fault,) if number % 10 == 0 else ()
        yield replace(one, mapped=replace(one.mapped, state=State.DEAD, reason=reason, faults=faults))


def parked(count: int) -> Iterator[Arrival]:
    for number in range(count):
        one = bare(f"parked {number}", "")
        names = (Name("phone", f"+569{number % 1_000:08d}"),)
        reason = Reason(kind="unknown lead", words="no lead is known yet for phone")
        yield replace(one, mapped=replace(one.mapped, state=State.PARKED, names=names, reason=reason))


def bare(number: object, lead: str) -> Arrival:
    update = Update(
        set={"first_name": "Ana", "metadata.visit": str(number)},
        by=dict.fromkeys(("first_name", "metadata.visit"), "contact"),
    )
    hook = HOOKS[hash(number) % len(HOOKS)] if isinstance(number, int) else HOOKS[0]
    return Arrival(
        hook=hook,
        sender="typeform",
        version="0",
        destination="default",
        kind="form_response",
        test=False,
        content_type="application/json",
        body=b'{"form_response": {"token": "%b"}}' % str(number).encode(),
        mapped=Mapped(event_id=str(number), at_ms=None, lead=lead, updates=(update,)),
    )


@dataclass(frozen=True)
class Browser:
    """Somebody who is logged in."""

    url: str
    session: requests.Session

    def ms(self, address: str) -> float:
        """Ask for a page and say how long it took. Raises RuntimeError where it is none."""
        began = time.perf_counter()
        answer = self.session.get(self.url + address, timeout=60, allow_redirects=False)
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: the desk answered {answer.status_code}")
        return took


def logged_in(url: str) -> Browser:
    session = requests.Session()
    found = re.search(r'name="csrf_token" value="([^"]+)"', session.get(f"{url}/ops/login", timeout=10).text)
    assert found is not None
    fields: Mapping[str, str] = {"csrf_token": found[1], "name": "carolina", "password": PASSWORD}
    session.post(f"{url}/ops/login", data=fields, timeout=10, allow_redirects=False)
    return Browser(url, session)


def timed(browser: Browser, address: str, times: int) -> tuple[list[float], list[float]]:
    """Ask for a page and for the floor, in turns; gives the ms that each took. The first of each is not counted."""
    pairs = [(browser.ms(address), browser.ms(FLOOR)) for _ in range(times + 1)][1:]
    return [one for one, _ in pairs], [floor for _, floor in pairs]


BENCHES = (Bench(names=("page_ms", "page_ratio"), run=desk),)
