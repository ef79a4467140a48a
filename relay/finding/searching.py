"""What a person means by a few words in a search box: a lead, an event, a phone, an e-mail, a click id, a form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from relay.lead_fields import is_uuid
from relay.model import StoredEvent
from relay.store import Store
from relay.store.record import event_id, lead_name
from relay.terms import phones_and_emails, typed

MOST = 200
OUR_ID = re.compile(r"[a-z2-7]{20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, by whatever the words may mean."""

    #: Names of leads in the store: an id, with its destination before it unless that is ``default``.
    leads: tuple[str, ...]
    #: The newest first.
    events: tuple[StoredEvent, ...]


def search(store: Store, text: str, *, destinations: Sequence[str], hooks: Iterable[str]) -> Found:
    """Look for what these words may mean; at most 200 events are given."""
    bare = text.strip()
    if not bare:
        return Found(leads=(), events=())
    ids = list(dict.fromkeys(_ids(store, bare, destinations, hooks)))
    events = sorted(store.events.events(ids[:MOST]), key=lambda event: -event.received_ms)
    leads = dict.fromkeys(_leads(store, bare, destinations))
    if leads and is_uuid(bare.rpartition("/")[2]):
        return Found(leads=tuple(leads), events=())
    leads |= dict.fromkeys(lead_name(event.destination, event.lead) for event in events if event.lead)
    return Found(leads=tuple(leads), events=tuple(events))


def _leads(store: Store, text: str, destinations: Sequence[str]) -> Iterator[str]:
    destination, _, lead = text.lower().rpartition("/")
    if is_uuid(lead):
        names = [lead_name(one, lead) for one in ([destination] if destination else destinations)]
        yield from (name for name in names if store.finder.events_of(name) or store.events.lead(name).history)
        return
    for one in destinations:
        for found in store.names.find(one, phones_and_emails(text)):
            yield from found


def _ids(store: Store, text: str, destinations: Sequence[str], hooks: Iterable[str]) -> Iterator[str]:
    """Give ids of events that may be meant; some of them may not be kept."""
    if OUR_ID.fullmatch(text.lower()):
        yield text.lower()
    yield from (event_id(hook, text) for hook in hooks)
    for destination in destinations:
        for name in phones_and_emails(text):
            yield from store.names.waiting(destination, name)
    yield from store.finder.by_terms(typed(text))
