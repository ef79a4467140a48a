"""Events that wait for their lead: by what it is looked for, which leads that may be, and a person's word on it.

Commands and the page show and link by the same functions. A name's events go on by themselves once it means one lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from relay.errors import CommandError
from relay.expressions.grammar import suggest
from relay.finding import Filter, page
from relay.identities import KINDS, name_of
from relay.lead_fields import is_uuid
from relay.model import Json, Name, Registers, StoredEvent
from relay.replay.plan import value_of
from relay.store import Store

#: Events that one page looks at.
SIZE = 100
#: Events that are looked at to say how many wait for one name; beyond it the number is about right.
EXACT = 50
#: Candidates of which is told what we set of them.
MOST_CANDIDATES = 100
#: What tells one candidate from another.
TELLING = ("first_name", "last_name", "email", "phone", "company")


class Choice(NamedTuple):
    """A name that several leads have."""

    name: Name
    destination: str
    #: Their ids.
    leads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Parked events that look for the same lead, or that have nothing to look for it by, for the same reason."""

    destination: str
    #: What is looked for; None where the events say nothing of their lead.
    name: Name | None
    #: What else these events say of it, which is looked for where the first is not known.
    others: tuple[Name, ...]
    #: Those of the page, newest first.
    events: tuple[StoredEvent, ...]
    #: How many events wait for the name, those beyond the page too, and the first since when, in ms since 1970.
    waiting: int
    since_ms: int
    #: Leads that have one of the names now, by their names in the store: none, or those that are to be told apart.
    candidates: tuple[str, ...]
    #: Which of the names they have.
    shared: Name | None = None

    @property
    def kind(self) -> str:
        reason = self.events[0].reason
        return reason.kind if reason else ""

    @property
    def words(self) -> str:
        reason = self.events[0].reason
        return reason.words if reason else ""

    @property
    def hooks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event.hook for event in self.events))


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Some parked events by what they look for."""

    groups: tuple[Group, ...]
    #: As ``finding.Page`` has it.
    next: str
    back_to_ms: int | None
    #: What we set of the leads that may be meant.
    known: Mapping[str, Registers]


def groups(store: Store, wanted: Filter, *, after: str = "", size: int = SIZE) -> Groups:
    """Give some of the parked events that a filter finds, grouped. Raises CommandError as ``finding.page`` does."""
    found = page(store, wanted, after=after, size=size)
    by_what: dict[tuple[str, ...], list[StoredEvent]] = {}
    for event in found.events:
        by_what.setdefault(_what(event), []).append(event)
    told = list(_groups(store, list(by_what.values())))
    leads = dict.fromkeys(lead for group in told for lead in group.candidates)
    return Groups(
        groups=tuple(told),
        next=found.next,
        back_to_ms=found.back_to_ms,
        known=known_of(store, list(leads)[:MOST_CANDIDATES]),
    )


def _what(event: StoredEvent) -> tuple[str, ...]:
    """Say what an event has in common with those of its group."""
    if event.names and not event.lead:
        return (event.destination, *event.names[0])
    reason = event.reason
    return (event.destination, event.hook, reason.kind if reason else "", reason.words if reason else "")


def _groups(store: Store, several: Sequence[Sequence[StoredEvent]]) -> Iterator[Group]:
    names = [_looked_for(events) for events in several]
    waits = _waits(store, several, names)
    leads = _leads(store, [(events[0].destination, own) for events, own in zip(several, names, strict=True)])
    for events, own, (number, since_ms), (shared, candidates) in zip(several, names, waits, leads, strict=True):
        yield Group(
            destination=events[0].destination,
            name=own[0] if own else None,
            others=own[1:],
            events=tuple(events),
            waiting=number,
            since_ms=since_ms,
            candidates=candidates,
            shared=shared,
        )


def _waits(
    store: Store, several: Sequence[Sequence[StoredEvent]], names: Sequence[tuple[Name, ...]]
) -> Iterator[tuple[int, int]]:
    """Say for each group how many events wait, and since when."""
    found = iter(
        store.names.waits(
            [(events[0].destination, own[0]) for events, own in zip(several, names, strict=True) if own], most=EXACT
        )
    )
    waits = [next(found) if own else None for own in names]
    ids = {event.id for events in several for event in events} | {id for wait in waits if wait for id in wait.ids}
    since = store.events.parked_since(sorted(ids))
    for events, wait in zip(several, waits, strict=True):
        told = {event.id for event in events} | set(wait.ids if wait else ())
        parked = [since[id] for id in told if id in since]
        number = max(len(parked), wait.number if wait and wait.number > EXACT else 0)
        yield number, min(parked, default=events[-1].received_ms)


def _looked_for(events: Iterable[StoredEvent]) -> tuple[Name, ...]:
    """Give the names by which these events look for their lead, each once; one whose lead is known has none."""
    return tuple(dict.fromkeys(name for event in events if not event.lead for name in event.names))


def _leads(
    store: Store, several: Sequence[tuple[str, tuple[Name, ...]]]
) -> Iterator[tuple[Name | None, tuple[str, ...]]]:
    """Give for each of these lists of names the leads of the first that is known, asking once for each destination."""
    known: dict[tuple[str, Name], list[str]] = {}
    for destination in {destination for destination, _ in several}:
        names = list(dict.fromkeys(name for at, own in several if at == destination for name in own))
        found = store.names.find(destination, names)
        known |= {(destination, name): leads for name, leads in zip(names, found, strict=True)}
    for destination, own in several:
        shared = next((name for name in own if known[destination, name]), None)
        yield shared, tuple(known[destination, shared]) if shared else ()


def choices(store: Store, events: Iterable[StoredEvent]) -> Iterator[Choice]:
    """Give the names of these events that several leads have, each once."""
    seen: set[tuple[str, Name]] = set()
    for event in events:
        found = store.names.find(event.destination, event.names)
        for name, leads in zip(event.names, found, strict=True):
            if len(leads) > 1 and (event.destination, name) not in seen:
                seen.add((event.destination, name))
                yield Choice(name, event.destination, tuple(lead.rpartition("/")[2] for lead in leads))


def candidates_json(store: Store, event: StoredEvent) -> dict[str, list[str]]:
    """Give the leads that may be meant, by the names that they share."""
    return {f"{one.name.kind}:{one.name.value}": list(one.leads) for one in choices(store, [event])}


def known_of(store: Store, leads: Sequence[str], registers: Iterable[str] = TELLING) -> dict[str, dict[str, Json]]:
    """Give what we set of these leads, as far as the events that set it are kept; by their names in the store."""
    wanted = tuple(registers)
    clocks = store.overview.clocks(leads) if leads else {}
    setters = {clock[one][1] for clock in clocks.values() for one in wanted if one in clock}
    events = {event.id: event for event in store.events.events(sorted(setters))}
    found: dict[str, dict[str, Json]] = {}
    for lead, clock in clocks.items():
        values = {one: value_of(events.get(clock[one][1]), clock[one][0], one) for one in wanted if one in clock}
        found[lead] = {one: value for one, (known, value) in values.items() if known}
    return found


def link(store: Store, destination: str, name: Name, lead: str, *, who: str) -> int:
    """Note a person's word that this name means this lead; gives how many events went on by it.

    Raises CommandError where that is no lead's id.
    """
    id = lead_id(lead, destination)
    waited = store.names.waiting(destination, name)
    before = list(store.events.parked_since(waited))
    store.names.link(destination, name, id, who=who, at_ms=store.events.now_ms())
    return len(before) - len(store.events.parked_since(before))


def lead_id(text: str, destination: str) -> str:
    """Read a lead's id, or its destination and id, which must be those that are meant. Raises CommandError."""
    at, _, id = text.strip().lower().rpartition("/")
    if at not in ("", destination):
        raise CommandError(f"the lead is looked for at destination '{destination}', not at '{at}'")
    if not is_uuid(id):
        raise CommandError("a lead's id must be a UUID, as the lead API gives it")
    return id


def read_name(text: str) -> Name:
    """Read ``phone:+56...``, ``email:...`` or ``external_id:...``. Raises CommandError, which does not quote it."""
    kind, parted, value = text.strip().partition(":")
    if kind not in KINDS or not parted:
        hint = suggest(kind, KINDS, "kinds") if parted else ""
        raise CommandError(f"must begin with {', '.join(f'{one}:' for one in KINDS)}{hint}")
    name = name_of(kind, value)
    if name is None and kind == "phone":
        raise CommandError("phone: must have its country code, as in phone:+56912345678")
    if name is None:
        words = "is not an e-mail address" if kind == "email" else "must be of 1 to 200 characters"
        raise CommandError(f"{kind}: {words}")
    return name


def waiting_for(store: Store, lead: str, names: Sequence[Name]) -> list[tuple[Name, list[str]]]:
    """Give the parked events that look for one of a lead's names, so that they may be about it; 50 for each name."""
    destination = lead.rpartition("/")[0] or "default"
    waits = store.names.waits([(destination, name) for name in names], most=EXACT)
    since = store.events.parked_since(sorted({id for wait in waits for id in wait.ids}))
    found = [(name, [id for id in wait.ids if id in since]) for name, wait in zip(names, waits, strict=True)]
    return [(name, ids) for name, ids in found if ids]
