"""How fast other rules are tried on stored events: maps each by two versions of its hook file, and compares.

The floor reads the same records, decompresses them and reads their bodies as JSON. Both are counted in CPU time of one
process, so that the figures are those of one core; what Redis takes beside it is left out of both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePath

import orjson

from bench.bodies import arrivals, lead_ids
from bench.figures import Bench, Figure, medians, ratios
from bench.servers import redis_server, settings_for, store_over
from bench.storing import batches
from relay import rulebook, wiring
from relay.backtest import Backtest, pages
from relay.finding import Filter
from relay.hooks import Hook
from relay.senders import ABOUT
from relay.store import Store

NAMES = ("diff_ratio", "diff_per_s")
EDITED = ("${fields.nombre | title | first_word}", "${fields.nombre | first_word | upper}")


def backtest(quick: bool) -> list[Figure]:
    rounds, count = (1, 1_000) if quick else (5, 10_000)
    ours: list[float] = []
    others: list[float] = []
    floor: list[float] = []
    with redis_server("everysec") as redis:
        settings = settings_for(redis.url)
        store = store_over(settings)
        for batch in batches(arrivals(1, islice(lead_ids(1), count))):
            store.door.accept(batch)
        old = wiring.hooks(settings)["cotiza"]
        ids = list(pages(store, Filter(state="")))
        for _ in range(rounds):
            floor.append(per_s(lambda: read(store, ids), count))
            ours.append(per_s(lambda: compare(store, old, edited(old), ids, count), count))
            others.append(per_s(lambda: compare(store, old, renamed(old), ids, count), count))
    words = "reading, decompressing and JSON-parsing the same records, by CPU of one process"
    details = medians(ours_per_s=ours, every_rule_differs_per_s=others, floor_per_s=floor)
    return [
        Figure(name=NAMES[0], runs=ratios(ours, floor), aim=0.1, more=True, floor=words, details=details),
        Figure(name=NAMES[1], runs=ours, aim=2_000, more=True, floor="absolute, events for each core, one rule edited"),
    ]


def per_s(work: Callable[[], None], count: int) -> float:
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def read(store: Store, ids: Sequence[Sequence[str]]) -> None:
    """Do what nobody can do without who looks at stored events."""
    for page in ids:
        for event in store.events.events(page):
            orjson.loads(event.body)


def compare(store: Store, old: Hook, new: Hook, ids: Sequence[Sequence[str]], count: int) -> None:
    """Do what ``relay diff`` does in one of its processes, and see that it found what there is."""
    backtest = Backtest({old.name: old}, {old.name: new})
    report = backtest.empty()
    for page in ids:
        report.merge(backtest.look(store.events.events(page)))
    if report.count("changed_field", "first_name") != count:
        raise RuntimeError(f"{count} events differ and {report.count('changed_field', 'first_name')} were found")


def edited(hook: Hook) -> Hook:
    """Give the hook file with one of its values read otherwise, as a person edits it."""
    return read_again(hook, hook.text.decode().replace(*EDITED))


def renamed(hook: Hook) -> Hook:
    """Give that with every rule renamed too, so that none of them can be run once for both."""
    one = edited(hook)
    return read_again(one, one.text.decode().replace("  - name: ", "  - name: other "))


def read_again(hook: Hook, text: str) -> Hook:
    new = rulebook.read_text(PurePath(hook.file), text, ABOUT)
    if new is None:
        raise RuntimeError("the edited hook file can't be read")
    return replace(new, name=hook.name)


BENCHES = (Bench(names=NAMES, run=backtest),)
