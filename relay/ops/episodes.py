"""A lead's line of time as the page shows it: each event with what it wanted to set and what came of that.

The unit is the event, at the moment at which it happened: attempts and acts stand with the events that they were about,
and an act of a person, or an attempt that was about no event, has its own place too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from relay.model import Json, State, StoredEvent
from relay.telling import why_ignored
from relay.timeline import Happening, Part, Story

#: A form that came so much later than it was filled in is marked.
LATE_MS = 10 * 60_000
#: Events of one PUT that are named beside an event of it.
MOST_FELLOWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A field that an event wanted to set."""

    register: str
    rule: str
    value: Json
    #: Whether we know what it was before, and what that was.
    known: bool
    before: Json
    #: 'set', 'kept' (a newer event had set it), or the word of the state of its update.
    fate: str

    @property
    def same(self) -> bool:
        """Whether it would change nothing."""
        return self.known and self.before == self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt to deliver an event, or one thing that a person did with it."""

    at_ms: int
    status: int | None
    took_ms: int
    attempt: int
    words: str
    superseded_by: str = ""
    #: Other events in the same PUT.
    fellows: tuple[str, ...] = ()
    more_fellows: int = 0

    @property
    def kind(self) -> str:
        """How it went, as a class: 'good', 'bad', 'warn' or ''."""
        if self.superseded_by or self.status is None:
            return "warn" if self.superseded_by else ""
        return "good" if 200 <= self.status < 300 else "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One place of the line: an event with all that came of it, or something that was about none that is kept."""

    at_ms: int
    event: StoredEvent | None = None
    wanted: tuple[Wanted, ...] = ()
    tried: tuple[Tried, ...] = ()
    #: How much later than it happened it was received, where that is much; in ms.
    late_ms: int = 0
    #: Why it is where it is.
    why: str = ""
    #: Events that an act or an attempt was about, which have a place of their own, or are not kept any more.
    about: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Wanted, ...]:
        return tuple(one for one in self.wanted if not one.same)

    @property
    def repeats(self) -> tuple[Wanted, ...]:
        """Fields that stood at the value already: forms say most of it again each time."""
        return tuple(one for one in self.wanted if one.same)

    @property
    def kind(self) -> str:
        """The colour of its place."""
        if self.event is None:
            return self.tried[0].kind
        colours = {State.DELIVERED: "good", State.DEAD: "bad", State.PARKED: "warn", State.IN_FLIGHT: "warn"}
        return colours.get(self.event.state, "")


@dataclass(slots=True)
class _Stands:
    """The values of a lead's fields while its events are gone through from the oldest to the newest."""

    values: dict[str, Json] = field(default_factory=dict)

    def meet(self, event: StoredEvent, sent: Set[str] | None) -> Iterator[Wanted]:
        """Say what an event found and left; ``sent`` are the registers that a PUT carried, where that is told."""
        states = event.update_states or (event.state,) * len(event.updates)
        for update, state in zip(event.updates, states, strict=True):
            for register, value in update.set.items():
                fate = _fate(state, sent=sent is None or register in sent)
                known = register in self.values
                yield Wanted(
                    register=register,
                    rule=update.by[register],
                    value=value,
                    known=known,
                    before=self.values.get(register),
                    fate=fate,
                )
                if fate in ("set", State.IN_FLIGHT.word):
                    self.values[register] = value


def _fate(state: State, *, sent: bool) -> str:
    if state is State.DELIVERED:
        return "set" if sent else "kept"
    return "kept" if state is State.SUPERSEDED else state.word


def episodes(told: Story) -> list[Episode]:
    """Give the places of a lead's line of time, the newest first."""
    stands, by_event = _Stands(), _happenings_by_event(told.happenings)
    places = [_episode(event, by_event.get(event.id, []), stands) for event in reversed(told.events)]
    places += [_apart(one) for one in told.happenings if _is_apart(one)]
    return sorted(places, key=lambda one: (one.at_ms, one.event.stamp.number if one.event else 0), reverse=True)


def _happenings_by_event(happenings: Sequence[Happening]) -> dict[str, list[tuple[Happening, Part]]]:
    found: dict[str, list[tuple[Happening, Part]]] = {}
    for one in happenings:
        for part in one.parts:
            found.setdefault(part.event, []).append((one, part))
    return found


def _episode(event: StoredEvent, met: Sequence[tuple[Happening, Part]], stands: _Stands) -> Episode:
    late_ms = event.received_ms - event.stamp.at_ms
    return Episode(
        at_ms=event.stamp.at_ms,
        event=event,
        wanted=tuple(stands.meet(event, _sent(met))),
        tried=tuple(_tried(one, part) for one, part in met if not one.burial),
        late_ms=late_ms if late_ms >= LATE_MS else 0,
        why=_why(event),
    )


def _sent(met: Sequence[tuple[Happening, Part]]) -> Set[str] | None:
    """Name the registers that PUTs which the CRM took carried for an event; None where no such PUT is told of."""
    taken = [part for one, part in met if one.status is not None and 200 <= one.status < 300 and not part.superseded_by]
    return {name for part in taken for names in part.set.values() for name in names} if taken else None


def _tried(one: Happening, part: Part) -> Tried:
    fellows = [other.event for other in one.parts if other.event != part.event and not other.superseded_by]
    alone = part.superseded_by or one.status is None
    return Tried(
        at_ms=one.at_ms,
        status=None if part.superseded_by else one.status,
        took_ms=one.took_ms,
        attempt=one.attempt,
        words="" if part.superseded_by else one.words,
        superseded_by=part.superseded_by,
        fellows=() if alone else tuple(fellows[:MOST_FELLOWS]),
        more_fellows=0 if alone else max(0, len(fellows) - MOST_FELLOWS),
    )


def _why(event: StoredEvent) -> str:
    if event.reason is not None:
        return event.reason.words
    return why_ignored(event) if event.state is State.IGNORED else ""


def _is_apart(one: Happening) -> bool:
    """Whether it has its own place: what a person did, and what was about no event that is kept."""
    if one.burial:
        return False
    return (one.status is None and bool(one.words)) or not any(part.hook for part in one.parts)


def _apart(one: Happening) -> Episode:
    parts = one.parts or (Part(event=""),)
    tried = replace(_tried(one, parts[0]), fellows=(), more_fellows=0)
    about = tuple(part.event for part in one.parts if part.event)
    return Episode(at_ms=one.at_ms, tried=(tried,), about=about[:MOST_FELLOWS])
