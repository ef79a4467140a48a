"""Drops many dead or parked events for good, with a reason; commands and pages drop by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay.errors import CommandError
from relay.store import Store

#: Events that were not dropped are told one by one up to here.
MOST_TOLD = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drops:
    """What became of dropping some events."""

    dropped: int
    not_dropped: int
    #: Events that were not dropped, each with why; no more than MOST_TOLD.
    failed: tuple[tuple[str, str], ...]


def drop(  # noqa: PLR0913 -- what there is to say of an act
    store: Store,
    ids: Sequence[str],
    *,
    who: str,
    why: str,
    filter: str = "",
    seen: Callable[[int], None] = lambda _: None,
) -> Drops:
    """Drop each of these events. ``filter`` are the words of what chose them; ``seen`` hears how many are done.

    One event is told in the list of acts by itself, many by one entry, which is written before the first of them is
    dropped. Each event says of itself who dropped it and why. Raises CommandError without a reason.
    """
    if not why.strip():
        raise CommandError("say why they are dropped")
    if len(ids) > 1:
        store.acts.note(who=who, what="drop", about=f"{len(ids)} events", why=why, filter=filter, count=len(ids))
    dropped, failed = 0, []
    for number, id in enumerate(ids, 1):
        try:
            event = store.events.event(id)
            if event is None:
                raise CommandError(f"event {id}: it is not kept any more")
            store.letters.discard(event, who=who, why=why, told=len(ids) == 1)
            dropped += 1
        except CommandError as error:
            failed.append((id, str(error)))
        seen(number)
    return Drops(dropped=dropped, not_dropped=len(failed), failed=tuple(failed[:MOST_TOLD]))
