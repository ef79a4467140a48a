"""``relay parked``: events that wait for their lead to become known, why, and what lets them go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.text import Text

from relay import settings, wiring
from relay.commands.asking import JsonOption, filtered, nothing, span
from relay.commands.screen import counted, out, print_json
from relay.commands.tables import Column, fitting
from relay.commands.told import event_json, why_of
from relay.finding import Filter, select
from relay.model import StoredEvent
from relay.parked import Choice, candidates_json, choices
from relay.store import Store

#: Events that a list shows unless told otherwise.
SHOWN = 50
#: What lets go on what is parked for this reason.
CURES = {
    "unknown lead": "they go on when their lead becomes known: relay leads link NAME LEAD_ID, or relay leads import",
    "ambiguous": "relay leads link decides which lead it is",
    "no id": "mend the hook file or the sender, then: relay replay --state parked --remapped --run",
    "no identity": "mend the hook file or the sender, then: relay replay --state parked --remapped --run",
}
OTHER = "see relay event ID; once the cause is mended: relay replay --state parked --remapped --run"

ROWS = (
    Column(name="event"),
    Column(name="hook", least=6),
    Column(name="for", spare=2),
    Column(name="why", least=12, spare=1),
    Column(name="looked for by", least=20),
)


@filtered("parked", states=(), without=("state",))
def parked(wanted: Filter, as_json: JsonOption = False) -> None:
    """List parked events by reason, with what their lead was looked for by; the newest 50 unless a limit is given."""
    store = wiring.store(settings.load())
    events = list(store.events.events(select(store, wanted)))
    if as_json:
        print_json([{**event_json(one), "candidates": candidates_json(store, one)} for one in events])
    elif events:
        show(store, events, most=len(events) if wanted.limit else SHOWN)
    if not events:
        raise nothing("no parked event matches")


def show(store: Store, events: Sequence[StoredEvent], *, most: int) -> None:
    reasons = Counter(why_of(event)[0] for event in events)
    for kind, number in reasons.most_common():
        out.print(Text(f"{counted(number, 'event')} parked: {kind or 'no reason'}", "bold"))
    out.print()
    show_rows(events[-most:], now_ms=store.events.now_ms())
    if len(events) > most:
        out.print(f"the newest {most} of {len(events)} are shown, --json shows all")
    out.print()
    for one in choices(store, events[-most:]):
        show_choice(one)
    for kind in reasons:
        out.print(f"{kind or 'no reason'}: {CURES.get(kind, OTHER)}", soft_wrap=False)


def show_rows(events: Iterable[StoredEvent], *, now_ms: int) -> None:
    rows = []
    for event in events:
        by = "\n".join(f"{name.kind}:{name.value}" for name in event.names)
        rows.append([event.id, event.hook, span(now_ms - event.received_ms), why_of(event)[1], by or "-"])
    out.print(fitting(ROWS, rows))


def show_choice(one: Choice) -> None:
    at = "" if one.destination == "default" else f" --destination {one.destination}"
    out.print(Text(f"{one.name.kind}:{one.name.value} means {len(one.leads)} leads; one of these decides:", "yellow"))
    for lead in one.leads:
        out.print(f"  relay leads link {one.name.kind}:{one.name.value} {lead}{at}")
