"""The story of one lead, or of one event: what happened to it, in order, and how its fields came to stand as they do.

It reads what drains recorded and what people did; commands and pages show it. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from relay.identities import names_in
from relay.model import Clock, Json, Name, Stamp, State, StoredEvent, Update
from relay.replay.plan import value_of
from relay.store import Store
from relay.store.events import Lead
from relay.store.lead import Entry
from relay.store.record import lead_name

#: Events read for each happening that is told, where only the newest is asked for: one PUT may carry many.
EACH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one event had to do with a happening."""

    event: str
    #: Empty where the event is not kept any more.
    hook: str = ""
    #: Registers that it sent, by the rule that set them.
    set: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: The event that superseded it, where it ended so.
    superseded_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One attempt and its answer, one burial, or one thing that a person did."""

    at_ms: int
    parts: tuple[Part, ...]
    #: HTTP status; 0 where no answer came, None where nothing was sent.
    status: int | None = None
    took_ms: int = 0
    attempt: int = 1
    words: str = ""
    #: Whether it is the end of an event as a dead letter; its reason stands with the event.
    burial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one event wanted a field to be."""

    value: Json
    event: str
    hook: str
    rule: str
    #: When the event happened.
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A field of a lead as we last set it; one that only waits to be set is not known, and set by no event."""

    register: str
    known: bool
    value: Json
    event: str
    hook: str
    rule: str
    #: When the event happened that set it.
    at_ms: int
    #: What was delivered before it, as far as its event is kept.
    before: Setting | None = None
    #: What waits to be delivered.
    pending: Setting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A phone, an e-mail or an id elsewhere that an event gave for a lead."""

    name: Name
    #: Leads that have it now, by their names in the store: this one alone, several, or none any more.
    leads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """All that is known of one lead."""

    name: str
    happenings: tuple[Happening, ...]
    fields: tuple[Standing, ...]
    pending: tuple[StoredEvent, ...]
    dead: tuple[StoredEvent, ...]
    #: All events that were about it and are kept, whatever became of them, the newest first.
    events: tuple[StoredEvent, ...]
    identities: tuple[Identity, ...]
    #: When it is next due, or the lease of its claim ends.
    due_ms: int | None
    #: Whether more is kept of it than is told here, where only the newest was asked for.
    older: bool = False
    #: Dead letters of it beyond those told.
    more_dead: int = 0

    @property
    def empty(self) -> bool:
        return not (self.happenings or self.fields or self.events or self.dead)


def story(store: Store, name: str, *, most: int = 0) -> Story:
    """Tell all of one lead; ``name`` is its id, with its destination before it unless that is ``default``.

    With ``most`` only its newest: so many happenings, events and dead letters, whatever there is of them.
    """
    lead = store.events.lead(name)
    history = lead.history[-most:] if most else lead.history
    ids = store.finder.by_lead(name)
    dead, more_dead = _dead_of(store, name, ids, most)
    named = _named(replace(lead, history=history), most)
    events = {
        event.id: event for event in store.events.events(list(dict.fromkeys([*named, *(ids[:most] if most else ids)])))
    }
    events |= {event.id: event for event in dead}
    own = [event for event in events.values() if lead_name(event.destination, event.lead) == name]
    happenings = [_happening(entry, events) for entry in history] + [_burial(event) for event in dead]
    return Story(
        name=name,
        happenings=tuple(sorted(happenings, key=lambda one: one.at_ms)),
        fields=tuple(_standings(lead.clock, events, own)),
        pending=tuple(events[id] for id in lead.pending if id in events),
        dead=tuple(dead),
        events=tuple(sorted(own, key=lambda event: event.stamp, reverse=True)[: most or None]),
        identities=tuple(_identities(store, name, own)),
        due_ms=lead.due_ms,
        older=bool(most) and (len(history) < len(lead.history) or max(len(ids), len(own)) > most),
        more_dead=more_dead,
    )


def _named(lead: Lead, most: int) -> list[str]:
    """Give the events that a lead's records name: who set its fields, what waits, whom its history tells of."""
    told = [id for entry in reversed(lead.history) for id in (*entry.events, *entry.superseded)]
    setters = [setting[1] for setting in lead.clock.values()]
    return [*setters, *lead.pending[: most or None], *told[: EACH * most or None]]


def _dead_of(store: Store, name: str, ids: Sequence[str], most: int) -> tuple[list[StoredEvent], int]:
    """Give a lead's dead letters, oldest first, and how many there are beyond them."""
    if not most:
        return store.overview.dead_of(name, store.finder.events_of(name)), 0
    number = store.overview.dead_number(name)
    found = [one.id for one in store.events.headers(ids) if one.state is State.DEAD] if number else []
    dead = [one for one in store.events.events(found[:most]) if lead_name(one.destination, one.lead) == name]
    return sorted(dead, key=lambda one: one.stamp), max(0, number - len(dead))


def line_of_time(told: Story) -> list[Happening | StoredEvent]:
    """Give everything about a lead in the order in which it came to pass: each event as it came in, what became of it.

    Events of one moment stand before what happened to them.
    """
    return sorted([*told.events, *told.happenings], key=lambda one: (_time_of(one), isinstance(one, Happening)))


def _time_of(one: Happening | StoredEvent) -> int:
    return one.at_ms if isinstance(one, Happening) else one.received_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What one event has come through, and where its lead stands by now."""

    #: Oldest first.
    happenings: tuple[Happening, ...] = ()
    #: Events that ended without being sent, since this one had set all that they wanted to set.
    superseded: tuple[str, ...] = ()
    #: Its lead's: for each register the stamp last delivered and the event that set it.
    clock: Clock = field(default_factory=dict)
    #: When its lead is next due; None where nothing waits.
    due_ms: int | None = None


def journey(store: Store, event: StoredEvent) -> Journey:
    """Tell what happened to one event, as its lead's history has it."""
    if not event.lead:
        return Journey()
    lead = store.events.lead(lead_name(event.destination, event.lead))
    about = [entry for entry in lead.history if event.id in entry.events or event.id in entry.superseded]
    superseded = {id: None for entry in lead.history for id, by in entry.superseded.items() if by == event.id}
    return Journey(
        happenings=tuple(_only(event.id, _happening(entry, {event.id: event})) for entry in about),
        superseded=tuple(superseded),
        clock=lead.clock,
        due_ms=lead.due_ms,
    )


def happenings_of(store: Store, event: StoredEvent) -> list[Happening]:
    """Tell what happened to one event, oldest first."""
    return list(journey(store, event).happenings)


def _only(id: str, happening: Happening) -> Happening:
    return Happening(
        at_ms=happening.at_ms,
        parts=tuple(part for part in happening.parts if part.event == id),
        status=happening.status,
        took_ms=happening.took_ms,
        attempt=happening.attempt,
        words=happening.words,
    )


def _happening(entry: Entry, events: Mapping[str, StoredEvent]) -> Happening:
    sent = [_part(id, events, without=entry.left_out.get(id, ())) for id in entry.events]
    void = [_part(id, events, by=by) for id, by in entry.superseded.items()]
    if entry.status is None:  # what a person did sends nothing by itself
        sent = [Part(event=part.event, hook=part.hook) for part in sent]
    return Happening(
        at_ms=entry.at_ms,
        parts=(*sent, *void),
        status=entry.status,
        took_ms=entry.took_ms,
        attempt=entry.attempt,
        words=entry.words,
    )


def _burial(event: StoredEvent) -> Happening:
    reason = event.reason
    words = f"became a dead letter: {reason.kind}: {reason.words}" if reason else "became a dead letter"
    at_ms = reason.at_ms if reason and reason.at_ms else event.received_ms
    return Happening(at_ms=at_ms, parts=(_part(event.id, {event.id: event}),), words=words, burial=True)


def _part(id: str, events: Mapping[str, StoredEvent], *, without: Iterable[str] = (), by: str = "") -> Part:
    event = events.get(id)
    if event is None:
        return Part(event=id, superseded_by=by)
    left_out = set(without)
    sent: dict[str, tuple[str, ...]] = {}
    for update in event.updates:
        for register, rule in update.by.items():
            if register not in left_out:
                sent[rule] = (*sent.get(rule, ()), register)
    return Part(event=id, hook=event.hook, set=sent, superseded_by=by)


def _standings(clock: Clock, events: Mapping[str, StoredEvent], own: Sequence[StoredEvent]) -> Iterator[Standing]:
    """Give each field as it stands, with what was before it and what waits, then the fields that only wait."""
    before, pending = _settings(own, State.DELIVERED, clock), _settings(own, State.IN_FLIGHT, {})
    for one in _standing(clock, events):
        yield replace(one, before=before.get(one.register), pending=pending.pop(one.register, None))
    for register, waits in sorted(pending.items()):
        yield Standing(
            register=register, known=False, value=None, event="", hook="", rule="", at_ms=waits.at_ms, pending=waits
        )


def _settings(own: Iterable[StoredEvent], state: State, clock: Clock) -> dict[str, Setting]:
    """Give for each field the newest value of an update in this state; where a clock says when it was set, an older."""
    found: dict[str, tuple[Stamp, Setting]] = {}
    for event in own:
        for place, (update, at) in enumerate(zip(event.updates, event.update_states, strict=False)):
            stamp = event.stamp._replace(place=place)
            for register, value in update.set.items() if at is state else ():
                newer = register in clock and stamp >= clock[register][0]
                if not newer and (register not in found or found[register][0] < stamp):
                    found[register] = (stamp, _setting(event, update, register, value))
    return {register: setting for register, (_, setting) in found.items()}


def _setting(event: StoredEvent, update: Update, register: str, value: Json) -> Setting:
    return Setting(value=value, event=event.id, hook=event.hook, rule=update.by[register], at_ms=event.stamp.at_ms)


def _identities(store: Store, lead: str, own: Iterable[StoredEvent]) -> Iterator[Identity]:
    """Give what the events say that the lead is known by, and whose it is now."""
    names: dict[Name, None] = {}
    for event in own:
        for update in event.updates:
            names |= dict.fromkeys(names_in(update.set))
        names |= dict.fromkeys(event.names)
    ordered = sorted(names)
    found = store.names.find(lead.rpartition("/")[0] or "default", ordered)
    for name, leads in zip(ordered, found, strict=True):
        yield Identity(name=name, leads=tuple(leads))


def _standing(clock: Clock, events: Mapping[str, StoredEvent]) -> Iterator[Standing]:
    for register, (stamp, id) in sorted(clock.items()):
        event = events.get(id)
        known, value = value_of(event, stamp, register)
        rule = event.updates[stamp.place].by[register] if event and known else ""
        yield Standing(
            register=register,
            known=known,
            value=value,
            event=id,
            hook=event.hook if event else "",
            rule=rule,
            at_ms=stamp.at_ms,
        )
