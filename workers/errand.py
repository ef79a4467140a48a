"""One errand for one event: fetch its answers at its sender, or find its lead at the CRM, or create it there.

Before this an event was claimed from a queue of errands; after it the event goes on to its lead, is parked, is a dead
letter, or its errand is put off. What an error means is decided by its type alone.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from relay.errors import CommandError, Denied, LeadsApiError, NotFound, Refused, SlowDown, Unavailable
from relay.hooks import Hook
from relay.identities import names_in
from relay.leads_api import LeadsApi
from relay.model import Death, Json, Mapped, Name, Reason, State, StoredEvent
from relay.noticing import Noticing
from relay.replay.remap import adapter_for, read_again, remapper
from relay.retry import wait_ms
from relay.senders.base import Fetching
from relay.store import Store
from relay.store.errands import Tried, errand_of

#: How long an errand is tried that meets nothing but failures.
UNREACHABLE_MS = 86_400_000
#: How long a sender may not know of its own event: its permissions, or its servers, may be a little behind.
UNSEEN_MS = 600_000
#: Between two looks whether a hook is paused still whose event would have a lead created.
KEPT_BACK_MS = 30_000
SEARCHED = ("phone", "email")
CREATE = "create"

log = logging.getLogger("relay")


@dataclass(frozen=True, kw_only=True)
class Means:
    """What errands are run with."""

    store: Store
    hooks: Mapping[str, Hook]
    #: Gives the client of a destination.
    api: Callable[[str], LeadsApi]
    #: Where the answers of a sender are fetched.
    sender_urls: Mapping[str, str]
    #: How long a claimed errand is ours.
    lease_ms: int
    #: Is told of the answers that were fetched, as the door tells of what came with them.
    noticing: Noticing | None = None


def fetch(means: Means, queue: str, event: StoredEvent, tried: Tried) -> None:
    """Fetch an event's answers, and have it go on as they map it."""
    hook = means.hooks[event.hook]
    try:
        sender = adapter_for(event, hook)
        assert isinstance(sender, Fetching)
        url = means.sender_urls.get(event.sender, "")
        answered = sender.fetch(read_again(event, hook), token=hook.keys.get("token", ""), base_url=url)
        means.store.errandry.heard(queue)
        # By this very hook, whatever becomes of its file meanwhile.
        arrival = remapper({hook.name: hook})(replace(event, fetched=answered))
    except CommandError as error:
        bury(means, queue, event, str(error))
    except LeadsApiError as error:
        after_failure(means, queue, event, tried, error)
    else:
        errand = errand_of(arrival, lookup=means.store.lookup)
        if means.store.errandry.settle(event.id, queue, arrival, errand=errand) and means.noticing:
            whole = read_again(replace(event, fetched=answered), hook)
            means.noticing.note(hook, whole, arrival.mapped, received_ms=event.received_ms)
        log.info("errand.done", extra={"queue": queue, "events": [event.id], "outcome": arrival.mapped.state.word})


def after_failure(means: Means, queue: str, event: StoredEvent, tried: Tried, error: LeadsApiError) -> None:
    """Put a fetch off, or give it up."""
    now_ms = means.store.events.now_ms()
    patience_ms = UNSEEN_MS if isinstance(error, NotFound) else UNREACHABLE_MS
    late = tried.first_ms and now_ms - tried.first_ms > patience_ms
    if isinstance(error, Refused) or (late and not isinstance(error, (Denied, SlowDown))):
        bury(means, queue, event, error.words, status=error.status, attempts=tried.attempts + 1)
    else:
        put_off(means, queue, event, tried, error)


def put_off(means: Means, queue: str, event: StoredEvent, tried: Tried, error: LeadsApiError) -> None:
    """Let an errand rest. A wrong key and a limit of rate are no fault of the event: they burn no attempt."""
    errandry = means.store.errandry
    if isinstance(error, Denied):
        log.error("errands.held", extra={"queue": queue, "events": [event.id], "status": error.status})
        errandry.rest(queue, event.id, tried, rest_ms=0, gate=("denied", error.words))
    elif isinstance(error, SlowDown):
        errandry.rest(queue, event.id, tried, rest_ms=error.after_ms, gate=(str(error.after_ms), error.words))
    else:
        first_ms = tried.first_ms or means.store.events.now_ms()
        again = tried._replace(attempts=tried.attempts + 1, first_ms=first_ms)
        verdict = "failed" if isinstance(error, Unavailable) else "answered"
        rest_ms = wait_ms(again.attempts, random.random())  # noqa: S311 -- jitter is no secret
        extra = {"queue": queue, "events": [event.id], "status": error.status, "attempt": again.attempts}
        log.info("errand.put_off", extra=extra)
        errandry.rest(queue, event.id, again, rest_ms=rest_ms, gate=(verdict, error.words))


def bury(  # noqa: PLR0913 -- what there is to know of a death
    means: Means, queue: str, event: StoredEvent, words: str, *, status: int = 0, attempts: int = 1
) -> None:
    """Give up: the event is a dead letter, and a replay fetches it anew."""
    reason = Reason(
        kind=Death.FETCH.value, words=words, status=status, at_ms=means.store.events.now_ms(), attempts=attempts
    )
    mapped = Mapped(
        event_id=event.sender_id, at_ms=event.stamp.at_ms, fetch=event.fetch, state=State.DEAD, reason=reason
    )
    means.store.errandry.settle(event.id, queue, event.as_arrival(mapped))
    log.warning("event.dead", extra={"events": [event.id], "kind": reason.kind, "status": status})


def find(means: Means, queue: str, event: StoredEvent, tried: Tried) -> None:
    """Find an event's lead at the CRM, or create it where its hook file says so; else it is parked, or ignored."""
    before = tried
    try:
        why = "" if known(means, event, tried) else why_not_created(event)
        if why == CREATE and kept_back(means, event):
            means.store.errandry.rest(queue, event.id, tried, rest_ms=KEPT_BACK_MS)
            return
        if why == CREATE:
            # Noted before it is sent: if the answer is lost, the lead is looked for before it is created again.
            tried = tried._replace(created=True)
            means.store.errandry.rest(queue, event.id, tried, rest_ms=means.lease_ms)
            create(means, event)
    except (Unavailable, SlowDown, Denied) as error:
        if not given_up(means, tried, error):
            sent = before.created or error.sent
            put_off(means, queue, event, tried._replace(created=tried.created and sent), error)
            return
        why = error.words
    except (Refused, NotFound) as error:
        why = error.words
    means.store.errandry.heard(queue)
    missing = "park" if event.missing == "create" else event.missing
    means.store.errandry.go_on(event, queue, why=Reason(kind="unknown lead", words=why), missing=missing)
    outcome = "created" if why == CREATE else f"unknown: {missing}" if why else "found"
    log.info("errand.done", extra={"queue": queue, "events": [event.id], "outcome": outcome})


def kept_back(means: Means, event: StoredEvent) -> bool:
    """Whether a person has paused the event's hook: then its lead is not created either."""
    pause = means.store.steering.pause_of(event)
    return pause is not None and not pause.resuming


def given_up(means: Means, tried: Tried, error: LeadsApiError) -> bool:
    """Whether it was unreachable for so long that a person should look."""
    late = tried.first_ms and means.store.events.now_ms() - tried.first_ms > UNREACHABLE_MS
    return bool(late) and isinstance(error, Unavailable)


def known(means: Means, event: StoredEvent, tried: Tried) -> bool:
    """Whether a lead of these names is known by now, here or at the CRM, if it may be asked. Raises LeadsApiError."""
    store = means.store
    if store.names.resolve(event.destination, event.names):
        return True
    return (store.lookup or tried.created) and search(store, means.api(event.destination), event)


def why_not_created(event: StoredEvent) -> str:
    """Say why the lead is not to be created; CREATE where it is."""
    if event.missing != "create":
        names = " or ".join(name.kind for name in event.names)
        return f"neither the relay nor the CRM knows a lead for {names}"
    if all(name.kind not in SEARCHED for name in event.names):
        # The CRM merges by these alone: without them a repetition would make a second lead, a deletion an empty one.
        return "a lead is created only with a phone or an e-mail, and this event has neither"
    return CREATE


def create(means: Means, event: StoredEvent) -> None:
    """Create the lead, and learn its id, with which the event goes on. Raises LeadsApiError."""
    lead = means.api(event.destination).create(fields_of(event, means.hooks.get(event.hook)))
    names = (*event.names, *(one for one in names_in(lead) if one not in event.names))
    means.store.names.learn(event.destination, [(str(lead["id"]).lower(), names)])


def search(store: Store, api: LeadsApi, event: StoredEvent) -> bool:
    """Ask the CRM for each name in its order, and learn what it knows; gives whether it knows any lead."""
    for name in event.names:
        if name.kind in SEARCHED:
            found = api.search(name.kind, name.value)
            store.names.learn(event.destination, [(str(lead["id"]).lower(), with_name(lead, name)) for lead in found])
            if found:
                return True
    return False


def with_name(lead: Mapping[str, Json], name: Name) -> tuple[Name, ...]:
    """Give what a found lead is known by: what it was looked for too, though the CRM may spell it in another way."""
    return (name, *(one for one in names_in(lead) if one != name))


def fields_of(event: StoredEvent, hook: Hook | None) -> dict[str, Json]:
    """Give what a lead is created with: its names, and the first name, without which there is none.

    All else comes with the PUT that follows, in its order and behind the stale guard. Never a ``workflow_id``: that
    would write to the person.
    """
    values = {register: value for update in event.updates for register, value in update.set.items()}
    given = {name.kind: name.value for name in reversed(event.names)}
    return {"first_name": values.get("first_name") or (hook.lead.nameless if hook else "Lead"), **given}


def names_in_hand(events: Iterable[StoredEvent]) -> set[Name]:
    return {name for event in events for name in event.names}
