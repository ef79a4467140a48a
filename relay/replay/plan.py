"""What a replay would do, before it does anything: how much would apply, what is stale, which fields would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from relay.errors import CommandError
from relay.model import Arrival, Clock, Json, Stamp, State, StoredEvent, Update
from relay.replay.remap import Remap
from relay.store import Store
from relay.store.letters import nothing_to_send
from relay.store.record import lead_name

PAGE = 500
#: Changes told one by one; what is beyond is only counted.
MOST_CHANGES = 1_000
NO_STAMP = Stamp(0, 0)


class Fate(str, Enum):
    """What the replay of one event would come to."""

    APPLIES = "applies"
    #: All that it would set has been set by newer events: it would end superseded.
    STALE = "stale"
    #: Remapped: no rule holds now.
    IGNORED = "ignored"
    #: Remapped: its lead is not known.
    PARKED = "parked"
    #: Its answers are fetched first; what becomes of it then is not known before.
    FETCHED = "fetched"
    #: It can't be replayed, or it would be pointless; left as it is.
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event of a plan."""

    event: str
    #: The lead's name in the store; empty where it is not known.
    lead: str
    fate: Fate
    #: Where it may be fed to.
    destination: str = "default"
    stamp: Stamp = NO_STAMP
    #: Why it is left as it is.
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A field that would change."""

    lead: str
    register: str
    #: The event that set what stands now; empty where we never set it.
    set_by: str
    #: Whether we know what stands now: not where that event is gone, or was remapped since.
    known: bool
    now: Json
    then: Json
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a replay would do."""

    #: In the order of their stamps, which is the order in which they are replayed.
    items: tuple[Item, ...]
    changes: tuple[Change, ...]
    #: Changes beyond those told.
    more_changes: int
    remapped: bool
    force: bool
    #: By which version of its hook file each hook's events were mapped again.
    versions: Mapping[str, str] = field(default_factory=dict)
    #: The updates that a person wrote for its one event, where it was edited.
    edit: tuple[Update, ...] = ()

    @property
    def to_run(self) -> tuple[Item, ...]:
        """Those that are replayed when the plan is run."""
        return tuple(item for item in self.items if item.fate is not Fate.LEFT)

    @property
    def leads(self) -> int:
        return len({item.lead for item in self.to_run if item.lead})

    def count(self, fate: Fate) -> int:
        return sum(item.fate is fate for item in self.items)

    @property
    def left(self) -> Counter[str]:
        """Why events are left as they are, and how many for each reason."""
        return Counter(item.words for item in self.items if item.fate is Fate.LEFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """One event with what its replay would send."""

    event: StoredEvent
    item: Item
    sent: tuple[tuple[Stamp, Update], ...] = ()
    #: Of the hook file that mapped it again.
    version: str = ""


@dataclass(slots=True)
class _Winner:
    """The newest value of one register among the events of a plan, and who set what stands now."""

    rank: Stamp
    value: Json
    event: str
    stands: tuple[Stamp, str] | None


@dataclass(slots=True)
class _Draft:
    items: list[Item] = field(default_factory=list)
    winners: dict[tuple[str, str], _Winner] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def plan(  # noqa: PLR0913 -- what there is to say of a replay
    store: Store,
    ids: Sequence[str],
    *,
    remap: Remap | None = None,
    force: bool = False,
    edit: tuple[Update, ...] = (),
    seen: Callable[[int], None] = lambda _: None,
) -> Plan:
    """Say what replaying these events would do. ``remap`` is given where the rules of now are to map them again.

    ``edit`` are the updates that a person wrote for the one event that there is then. ``seen`` hears every now and then
    how many events were looked at.
    """
    draft = _Draft()
    found: set[str] = set()
    for start in range(0, len(ids), PAGE):
        events = store.events.events(ids[start : start + PAGE])
        page = [_again(store, event, remap, force=force, edit=edit) for event in events]
        clocks = store.overview.clocks(sorted({one.item.lead for one in page if one.item.lead}))
        for one in page:
            found.add(one.event.id)
            _judge(one, clocks.get(one.item.lead, {}), draft, force=force)
        seen(min(start + PAGE, len(ids)))
    gone = [Item(event=id, lead="", fate=Fate.LEFT, words="it is not kept any more") for id in ids if id not in found]
    changes = list(_changes(store, draft.winners))
    return Plan(
        items=tuple(gone + sorted(draft.items, key=lambda item: item.stamp)),
        changes=tuple(changes[:MOST_CHANGES]),
        more_changes=max(0, len(changes) - MOST_CHANGES),
        remapped=remap is not None,
        force=force,
        versions=draft.versions,
        edit=edit,
    )


def _again(
    store: Store, event: StoredEvent, remap: Remap | None, *, force: bool, edit: tuple[Update, ...] = ()
) -> _Again:
    if words := _why_not(event):
        return _left(event, words)
    try:
        if edit:
            return _with_updates(event, edit)
        return _remapped(store, event, remap) if remap else _as_mapped(event, force=force)
    except CommandError as error:
        return _left(event, str(error))


def _why_not(event: StoredEvent) -> str:
    if event.state is State.IN_FLIGHT or State.IN_FLIGHT in event.update_states:
        return "it is in flight already"
    return "it was dropped" if event.state is State.DISCARDED else ""


def _left(event: StoredEvent, words: str) -> _Again:
    name = lead_name(event.destination, event.lead) if event.lead else ""
    return _Again(event=event, item=Item(event=event.id, lead=name, fate=Fate.LEFT, stamp=event.stamp, words=words))


def _as_mapped(event: StoredEvent, *, force: bool) -> _Again:
    """As mapped, an event with dead updates sends just those again; any other, or with force, sends all."""
    if not event.updates or not event.lead:
        return _left(event, nothing_to_send(event))
    dead = [place for place, state in enumerate(event.update_states) if state is State.DEAD]
    places = range(len(event.updates)) if force or not dead else dead
    item = _item(event, Fate.APPLIES, lead_name(event.destination, event.lead), event.destination)
    sent = tuple((event.stamp._replace(place=place), event.updates[place]) for place in places)
    return _Again(event=event, item=item, sent=sent)


def _with_updates(event: StoredEvent, updates: Sequence[Update], arrival: Arrival | None = None) -> _Again:
    """All of these updates are sent, of an event that a person edited or that the rules of now have mapped."""
    lead, destination = (arrival.mapped.lead, arrival.destination) if arrival else (event.lead, event.destination)
    sent = tuple((event.stamp._replace(place=place), update) for place, update in enumerate(updates))
    item = _item(event, Fate.APPLIES, lead_name(destination, lead), destination)
    return _Again(event=event, item=item, sent=sent, version=arrival.version if arrival else "")


def _remapped(store: Store, event: StoredEvent, remap: Remap) -> _Again:
    arrival = with_lead(store, remap(event))
    mapped = arrival.mapped
    if mapped.state is State.DEAD and mapped.reason:
        return _left(event, f"the rules of now fail too: {mapped.reason.words}")
    if mapped.state is event.state and mapped.state in (State.PARKED, State.IGNORED):
        return _left(event, f"the rules of now leave it {event.state.word} too")
    if mapped.fetch:
        return _without_lead(event, Fate.FETCHED, arrival)
    if mapped.state is not State.IN_FLIGHT:
        fate = Fate.PARKED if mapped.state is State.PARKED else Fate.IGNORED
        return _without_lead(event, fate, arrival)
    return _with_updates(event, mapped.updates, arrival)


def _without_lead(event: StoredEvent, fate: Fate, arrival: Arrival) -> _Again:
    item = _item(event, fate, "", arrival.destination)
    return _Again(event=event, item=item, version=arrival.version)


def with_lead(store: Store, arrival: Arrival) -> Arrival:
    """Find an event's lead by what the index knows now, as the replay will."""
    mapped = arrival.mapped
    if mapped.state is not State.IN_FLIGHT or mapped.lead or not mapped.names:
        return arrival
    leads = store.names.resolve(arrival.destination, mapped.names)
    if len(leads) == 1:
        return replace(arrival, mapped=replace(mapped, lead=leads[0].rpartition("/")[2]))
    ends = State.IGNORED if not leads and mapped.missing == "ignore" else State.PARKED
    asks = not leads and (store.lookup or mapped.missing == "create")
    return replace(arrival, mapped=replace(mapped, state=State.PARKED if asks else ends))


def _item(event: StoredEvent, fate: Fate, lead: str, destination: str) -> Item:
    return Item(event=event.id, lead=lead, fate=fate, destination=destination, stamp=event.stamp)


def _judge(one: _Again, clock: Clock, draft: _Draft, *, force: bool) -> None:
    """Hold what would be sent against what stands, and keep the newest value of each register."""
    fresh = [
        (stamp, update, name)
        for stamp, update in one.sent
        for name in update.set
        if force or name not in clock or clock[name][0] <= stamp
    ]
    item = one.item
    if one.version:
        draft.versions[one.event.hook] = one.version
    if item.fate is Fate.APPLIES and not fresh:
        item = Item(event=item.event, lead=item.lead, fate=Fate.STALE, destination=item.destination, stamp=item.stamp)
    draft.items.append(item)
    for stamp, update, name in fresh:
        key = (item.lead, name)
        if key not in draft.winners or draft.winners[key].rank <= stamp:
            draft.winners[key] = _Winner(stamp, update.set[name], item.event, clock.get(name))


def _changes(store: Store, winners: Mapping[tuple[str, str], _Winner]) -> Iterator[Change]:
    """Leave out what stands already; the first MOST_CHANGES are looked up, beyond it only the setter tells."""
    setters = list(dict.fromkeys(won.stands[1] for won in winners.values() if won.stands))
    events = {event.id: event for event in store.events.events(setters[:MOST_CHANGES])}
    for (lead, register), won in sorted(winners.items(), key=lambda one: one[0]):
        known, now = value_of(events.get(won.stands[1]), won.stands[0], register) if won.stands else (False, None)
        if not (known and now == won.value):
            set_by = won.stands[1] if won.stands else ""
            yield Change(
                lead=lead, register=register, set_by=set_by, known=known, now=now, then=won.value, event=won.event
            )


def value_of(event: StoredEvent | None, stamp: Stamp, register: str) -> tuple[bool, Json]:
    """Give the value that an event set, and whether it is known: not where it is gone, or was remapped since."""
    if event is None or event.stamp[:2] != stamp[:2] or stamp.place >= len(event.update_states):
        return False, None
    values = event.updates[stamp.place].set
    delivered = event.update_states[stamp.place] is State.DELIVERED
    return (True, values[register]) if delivered and register in values else (False, None)
