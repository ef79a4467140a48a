"""The life of a replay as commands and pages have it: drafted, planned, started, cancelled, read back.

What is planned stands in the store with the ids of its events, so what was counted is what is acted on. ``drive`` plans
and carries on what stands there.
"""

from __future__ import annotations

from collections.abc import Sequence

from relay.errors import CommandError
from relay.model import Registers
from relay.replay.edit import edited
from relay.replay.outline import outline_of, write_outline
from relay.replay.plan import Plan, plan
from relay.replay.remap import Remap
from relay.store import Store
from relay.store.replays import Mode, Replay, Stage

#: So many events are planned at once; more by the background worker.
AT_ONCE = 500
LONGEST_NAME = 200


def draft(  # noqa: PLR0913 -- what there is to say of a replay
    store: Store,
    ids: Sequence[str],
    *,
    who: str,
    remap: Remap | None = None,
    force: bool = False,
    name: str = "",
    filter: str = "",
) -> Replay:
    """Make a record of a replay of these events, as mapped, or where ``remap`` is given remapped.

    A few events are planned at once, more by the background worker. ``filter`` are the words of what chose them;
    without a name it makes one. Raises CommandError where there is nothing to replay.
    """
    if not ids:
        raise CommandError("no event was chosen: nothing to replay")
    mode = Mode.REMAPPED if remap else Mode.AS_MAPPED
    if len(ids) <= AT_ONCE:
        return record(store, plan(store, ids, remap=remap, force=force), who=who, name=name, filter=filter)
    name = named(name, filter, len(ids))
    id = store.replays.create(list(ids), name=name, who=who, mode=mode, force=force, filter=filter)
    return get(store, id)


def draft_edited(  # noqa: PLR0913 -- what there is to say of a replay
    store: Store, event_id: str, updates: Sequence[Registers], *, who: str, force: bool = False, name: str = ""
) -> Replay:
    """Make a record of a replay of one event with other values: for each of its updates all that it is to set.

    Raises CommandError with every fault of what was written.
    """
    event = store.events.event(event_id)
    if event is None:
        raise CommandError(f"event {event_id}: it is not kept any more")
    planned = plan(store, [event_id], force=force, edit=edited(event, updates, who=who))
    return record(store, planned, who=who, name=name)


def record(store: Store, planned: Plan, *, who: str, name: str = "", filter: str = "") -> Replay:
    """Keep a plan that was made, ready to be started; of its events those that can be replayed."""
    mode = Mode.EDITED if planned.edit else Mode.REMAPPED if planned.remapped else Mode.AS_MAPPED
    ids = [item.event for item in planned.to_run]
    id = store.replays.create(
        ids,
        name=named(name, filter, len(planned.items)),
        who=who,
        mode=mode,
        force=planned.force,
        filter=filter,
        plan=write_outline(outline_of(planned)),
    )
    return get(store, id)


def named(name: str, filter: str, events: int) -> str:
    """Give a replay's name: as a person called it, else what chose its events, else how many there are."""
    made_up = filter or f"{events} event{'' if events == 1 else 's'}"
    return (" ".join(name.split()) or made_up)[:LONGEST_NAME]


def get(store: Store, id: str) -> Replay:
    """Read one record. Raises CommandError where there is none."""
    found = store.replays.get(id)
    if found is None:
        raise CommandError(f"replay {id}: is not kept; relay replay --list shows those that are")
    return found


def start(store: Store, id: str, *, who: str, driver: str = "") -> Replay:
    """Have a planned replay run, by ``driver`` or else by the background worker. Raises CommandError otherwise.

    What runs already is left as it is.
    """
    one = get(store, id)
    stage = store.replays.start(one, who=who, driver=driver)
    if stage not in (Stage.RUNNING.value, Stage.DONE.value):
        raise CommandError(f"replay {id}: is {stage or 'gone'}; only one that is planned can be started")
    return get(store, id)


def cancel(store: Store, id: str, *, who: str) -> Replay:
    """End a replay between two events; what was replayed stays so. Raises CommandError where it has ended."""
    one = get(store, id)
    if store.replays.cancel(one, who=who) != Stage.CANCELLED.value or one.stage is Stage.CANCELLED:
        raise CommandError(f"replay {id}: is {get(store, id).stage.value} already")
    return get(store, id)
