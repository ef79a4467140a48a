"""How replays look as JSON: the same for commands and for the desk."""

from __future__ import annotations

from collections.abc import Iterable

from relay.model import Json
from relay.replay.outline import Outline
from relay.replay.plan import Change
from relay.store.replays import Replay
from relay.telling import times


def replay_json(one: Replay) -> dict[str, Json]:
    return {
        "id": one.id,
        "name": one.name,
        "who": one.who,
        **times("at", one.at_ms),
        "mode": one.mode.value,
        "force": one.force,
        "filter": one.filter,
        "state": one.stage.value,
        "words": one.words,
        "waits": one.waits,
        "events": one.total,
        "looked_at": one.looked,
        "replayed": one.replayed,
        "failed": one.failed,
        **times("started", one.started_ms),
        **times("ended", one.ended_ms),
    }


def outline_json(outline: Outline) -> dict[str, Json]:
    return {
        "events": outline.events,
        "leads": outline.leads,
        **{fate.value: number for fate, number in outline.fates.items()},
        "left": dict(outline.left),
        "changes": len(outline.changes) + outline.more_changes,
        "fields": [change_json(one) for one in outline.changes],
        "rules": dict(outline.versions),
    }


def change_json(one: Change) -> dict[str, Json]:
    return {
        "lead": one.lead,
        "field": one.register,
        "set_by": one.set_by,
        "known": one.known,
        "now": one.now,
        "then": one.then,
        "event": one.event,
    }


def whole_json(one: Replay, outline: Outline | None, failures: Iterable[tuple[str, str]]) -> dict[str, Json]:
    """Give a replay with its plan, None while that is being made, and the events that could not be replayed."""
    failed: list[Json] = [{"event": event, "words": words} for event, words in failures]
    return {**replay_json(one), "plan": outline_json(outline) if outline else None, "failures": failed}
