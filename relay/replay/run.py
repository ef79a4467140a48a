"""Drives a replay that stands in the store: plans it, or carries it out, slowly: live traffic goes first, since replays
get no head start and few are due at once.

Each event and how far the replay has come are one step in the store. Whoever drives has a lease; killed, another goes
on where it stood, and one that comes back too late finds that it is not its own any more.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from relay.errors import CommandError, RuleError, StoreError
from relay.model import StoredEvent, Update
from relay.replay.outline import outline_of, read_outline, write_outline
from relay.replay.plan import Plan, plan
from relay.replay.records import cancel, record, start
from relay.replay.remap import Remap
from relay.store import Store
from relay.store.letters import Step
from relay.store.replays import LEASE_MS, Mode, Replay, Stage

#: While so many leads of a destination are due, nothing is added to them.
MOST_DUE = 200
#: Events put in between two looks at how many are due.
STRIDE = 20
PAUSE_S = 0.1
#: Between two looks at rules that have faults.
MENDING_S = 1.0
#: Events that could not be replayed are told one by one up to here.
MOST_TOLD = 1_000

#: Gives the remapping by the rules of now. Raises RuleError where those of the named hooks have faults.
Remaps = Callable[[Collection[str]], Remap]
Stop = Callable[[], bool]


@dataclass(slots=True)
class Progress:
    """How far a replay has come."""

    total: int
    replayed: int = 0
    #: Events that could not be replayed after all, and the first of them with the reason.
    missed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    #: What it waits for at this moment; empty while it goes on.
    waits: str = ""

    @property
    def done(self) -> int:
        return self.replayed + self.missed


class _Stopped(Exception):
    """The driver is to end, or the replay is not its own any more."""


def run(  # noqa: PLR0913 -- what there is to say of a replay
    store: Store,
    planned: Plan,
    *,
    who: str,
    remap: Remap | None = None,
    stop: Stop = lambda: False,
    name: str = "",
    filter: str = "",
) -> Iterator[Progress]:
    """Make a record of a plan, carry it out here, and give the progress after each event and while it waits.

    It is cancelled, between two events, when ``stop`` says so. ``remap`` is given where the plan was made with one.
    """
    driver = secrets.token_hex(8)
    one = start(store, record(store, planned, who=who, name=name, filter=filter).id, who=who, driver=driver)
    yield from drive(store, one.id, driver=driver, remaps=lambda _: _given(remap), stop=stop)
    if stop():
        with contextlib.suppress(CommandError):  # it ended in this very moment
            cancel(store, one.id, who=who)


def _given(remap: Remap | None) -> Remap:
    if remap is None:
        raise CommandError("no rules are given to map events by")
    return remap


def drive(store: Store, id: str, *, driver: str, remaps: Remaps, stop: Stop = lambda: False) -> Iterator[Progress]:
    """Plan a replay, or carry it on from where it stands, if nobody else does; gives the progress.

    It ends early when ``stop`` says so, and leaves the rest to whoever comes next.
    """
    if not store.replays.take(id, driver):
        return
    one = store.replays.get(id)
    if one is None:
        return
    try:
        if one.stage is Stage.PLANNING:
            _plan(store, one, driver, remaps, stop)
        elif one.stage is Stage.RUNNING:
            yield from _carry_on(store, one, driver, remaps, stop)
    except _Stopped:
        return
    finally:
        with contextlib.suppress(StoreError):  # its lease ends by itself
            store.replays.leave(id, driver)


def _plan(store: Store, one: Replay, driver: str, remaps: Remaps, stop: Stop) -> None:
    def seen(looked: int) -> None:
        if stop() or not store.replays.keep(one.id, driver, looked=looked):
            raise _Stopped

    try:
        remap = remaps(()) if one.mode is Mode.REMAPPED else None
        planned = plan(store, store.replays.ids(one.id), remap=remap, force=one.force, seen=seen)
    except RuleError as error:
        store.replays.fail(one.id, driver, f"the rules have faults: {error.problems[0]}")
        return
    ids = [item.event for item in planned.to_run]
    store.replays.planned(one.id, driver, ids, write_outline(outline_of(planned)))


@dataclass(slots=True)
class _Errand:
    """One replay while it is carried out."""

    store: Store
    one: Replay
    driver: str
    progress: Progress
    versions: dict[str, str]
    edit: tuple[Update, ...]
    remap: Remap | None = None

    def keep(self, waits: str) -> None:
        self.progress.waits = waits
        if not self.store.replays.keep(self.one.id, self.driver, waits=waits):
            raise _Stopped


def _carry_on(store: Store, one: Replay, driver: str, remaps: Remaps, stop: Stop) -> Iterator[Progress]:
    outline = read_outline(one)
    assert outline is not None
    failures = store.replays.failures(one.id)
    progress = Progress(total=one.total, replayed=one.replayed, missed=one.failed, failed=failures)
    errand = _Errand(store, one, driver, progress, dict(outline.versions), outline.edit)
    while progress.done < one.total:
        ids = store.replays.ids(one.id, progress.done, STRIDE)
        for words in _until_there_is_room(store, outline.destinations, stop):
            errand.keep(words)
            yield progress
        yield from _until_rules_are_whole(errand, remaps, outline.versions, stop)
        errand.keep("")
        for id in ids:
            if stop():
                return
            try:
                words = _replay(errand, id)
            except RuleError:  # the file was changed in this moment: the rest of the stride waits with it
                break
            if words:
                store.replays.fail(one.id, driver, words)
                return
            yield progress


def _until_there_is_room(store: Store, destinations: Sequence[str], stop: Stop) -> Iterator[str]:
    """Give what there is to wait for, again and again while there is."""
    for destination in destinations:
        while not stop():
            gate = store.gates.gate(destination)
            if gate.due < MOST_DUE and not gate.pause:
                break
            yield _waiting(destination, gate.due, gate.state, paused=gate.words if gate.pause else "")
            time.sleep(PAUSE_S)


def _waiting(destination: str, due: int, state: str, *, paused: str) -> str:
    if paused:
        return f"waiting: destination {destination} is paused {paused}"
    closed = f", and the destination is {state}" if state != "flowing" else ""
    return f"waiting: {due} leads of {destination} are due{closed}"


def _until_rules_are_whole(errand: _Errand, remaps: Remaps, hooks: Collection[str], stop: Stop) -> Iterator[Progress]:
    """Take the rules of now, where they are wanted; while those of its hooks have faults there are none to map by."""
    while errand.one.mode is Mode.REMAPPED and not stop():
        try:
            errand.remap = remaps(hooks)
            return
        except RuleError as error:
            errand.keep(f"waiting: the rules have faults: {error.problems[0]}")
            yield errand.progress
            time.sleep(MENDING_S)


def _replay(errand: _Errand, id: str) -> str:
    """Replay one event. Gives why the whole replay goes no further, where it does not."""
    progress = errand.progress
    step = Step(errand.one.id, errand.driver, progress.done, LEASE_MS)
    try:
        event = errand.store.events.event(id)
        if event is None:
            raise CommandError(f"event {id}: it is not kept any more")
        if words := _sent_again(errand, event, step):
            return words
        progress.replayed += 1
    except CommandError as error:
        if not errand.store.replays.miss(step, id, str(error)):
            raise _Stopped from None
        progress.missed += 1
        if len(progress.failed) < MOST_TOLD:
            progress.failed.append((id, str(error)))
    return ""


def _sent_again(errand: _Errand, event: StoredEvent, step: Step) -> str:
    letters, one = errand.store.letters, errand.one
    if one.mode is Mode.EDITED:
        mine = letters.edit(event, errand.edit, who=one.who, force=one.force, step=step)
    elif errand.remap is None:
        mine = letters.replay(event, who=one.who, force=one.force, step=step)
    else:
        arrival = errand.remap(event)
        if arrival.version != errand.versions.get(event.hook, arrival.version):
            planned = errand.versions[event.hook]
            return (
                f"the rules of hook {event.hook} have changed since the plan ({planned}, now {arrival.version}): "
                "plan what is left anew"
            )
        mine = letters.remap(event, arrival, who=one.who, force=one.force, step=step)
    if not mine:
        raise _Stopped
    return ""
