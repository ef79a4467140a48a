"""Carries a plan out, slowly: live traffic goes first, since replays get no head start and few are due at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from relay.errors import CommandError
from relay.replay.plan import Item, Plan
from relay.replay.remap import Remap
from relay.store import Store

#: While so many leads of a destination are due, nothing is added to them.
MOST_DUE = 200
#: Events put in between two looks at how many are due.
STRIDE = 20
PAUSE_S = 0.1


@dataclass(slots=True)
class Progress:
    """How far a replay has come."""

    total: int
    replayed: int = 0
    #: Events that could not be replayed after all, with the reason.
    failed: list[tuple[str, str]] = field(default_factory=list)
    #: What it waits for at this moment; empty while it goes on.
    waits: str = ""

    @property
    def done(self) -> int:
        return self.replayed + len(self.failed)


def run(
    store: Store, planned: Plan, *, who: str, remap: Remap | None = None, stop: Callable[[], bool] = lambda: False
) -> Iterator[Progress]:
    """Replay what the plan holds, and give the progress after each event and while it waits.

    It ends early, between two events, when ``stop`` says so. ``remap`` must be given where the plan was made with one.
    """
    progress = Progress(total=len(planned.to_run))
    try:
        for start in range(0, len(planned.to_run), STRIDE):
            stride = planned.to_run[start : start + STRIDE]
            for words in _until_there_is_room(store, {item.destination for item in stride}, stop):
                progress.waits = words
                yield progress
            progress.waits = ""
            for item in stride:
                if stop():
                    return
                _replay(store, item, progress, who=who, remap=remap, force=planned.force)
                yield progress
    finally:
        _note(store, planned, progress, who)


def _until_there_is_room(store: Store, destinations: set[str], stop: Callable[[], bool]) -> Iterator[str]:
    """Give what there is to wait for, again and again while there is."""
    for destination in sorted(destinations):
        while not stop():
            gate = store.gates.gate(destination)
            if gate.due < MOST_DUE:
                break
            closed = f", and the destination is {gate.state}" if gate.state != "flowing" else ""
            yield f"waiting: {gate.due} leads of {destination} are due{closed}"
            time.sleep(PAUSE_S)


def _replay(  # noqa: PLR0913 -- what there is to know of one replay
    store: Store, item: Item, progress: Progress, *, who: str, remap: Remap | None, force: bool
) -> None:
    try:
        event = store.events.event(item.event)
        if event is None:
            raise CommandError(f"event {item.event}: it is not kept any more")
        if remap is None:
            store.letters.replay(event, who=who, force=force)
        else:
            store.letters.remap(event, remap(event), who=who, force=force)
        progress.replayed += 1
    except CommandError as error:
        progress.failed.append((item.event, str(error)))


def _note(store: Store, planned: Plan, progress: Progress, who: str) -> None:
    how = ["remapped" if planned.remapped else "as mapped", *(["with the stamp of now"] if planned.force else [])]
    one: Sequence[Item] = planned.to_run
    about = one[0].event if len(one) == 1 else f"{progress.replayed} of {progress.total} events"
    store.acts.note(who=who, what="replay", about=about, why=", ".join(how))
