"""A hook's example event made ready to come in, as its sender would make it: signed, new, and for a lead of choice.

``relay send`` sends it over HTTP; the page hands it to the door in its own process, where it is verified, parsed and
mapped as every other request. What would come of it is told before.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relay.errors import CommandError, Rejected
from relay.hooks import Hook
from relay.lead_fields import is_uuid
from relay.mapping import map_event
from relay.model import Event, Mapped
from relay.senders import adapter_of
from relay.senders.examples import Example, renewed
from relay.sending import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What will come of one event of an example."""

    event: Event
    mapped: Mapped


def secret_of(hook: Hook, environment: Mapping[str, str]) -> str:
    """Give a secret to sign with: the first of the hook's that is set. Raises CommandError."""
    for name in hook.secret_names:
        if value := environment.get(name):
            return value
    raise CommandError(f"{hook.secret_names[0]}: is not set: set it as the relay has it, or start the relay first")


def signed(example: Example, hook: Hook, *, url: str, secret: str, new: bool = True) -> Request:
    """Give the request that the sender would make now; ``new`` gives the event an id and a time of its own."""
    sender, now_ms = adapter_of(hook), time.time_ns() // 1_000_000
    one = renewed(example, sender.about, now_ms=now_ms) if new else example
    return sender.sign(one.request(url=url, now_ms=now_ms), secret)


def outlook(example: Example, hook: Hook, *, secret: str, test: bool = False) -> Sequence[Outlook]:
    """Say what will come of an example's events, one of each. Raises CommandError where it can't be read."""
    sender = adapter_of(hook)
    # Some senders' ids stand in the headers that signing adds.
    request = signed(example, hook, url="", secret=secret, new=False)
    try:
        events = sender.parse(request)
    except Rejected as error:
        raise CommandError(f"the example can't be read as an event of {sender.about.title}: {error}") from error
    marked = [replace(one, test=one.test or test) for one in events]
    return [Outlook(event=one, mapped=map_event(one, hook, received_ms=request.received_ms)) for one in marked]


def leads_in(found: Sequence[Outlook]) -> list[str]:
    """Name the leads that an example's events are about, each once."""
    return list(dict.fromkeys(one.mapped.lead for one in found if one.mapped.lead))


def for_lead(example: Example, hook: Hook, lead: str, *, secret: str) -> Example:
    """Give the example as one about another lead, whose id takes the place of its own wherever that stands.

    Raises CommandError where the id is none, or the example does not say which lead it is about.
    """
    lead = lead.strip().lower()
    if not is_uuid(lead):
        raise CommandError("the lead's id must be a UUID, as in 7c9e6679-7425-40de-944b-e07fc1f90ae7")
    own = leads_in(outlook(example, hook, secret=secret))
    if own == [lead]:
        return example
    if not own:
        raise CommandError("the example has no id of a lead that another could take the place of")
    change = re.compile("|".join(map(re.escape, own)), re.IGNORECASE)
    headers = {name: change.sub(lead, text) for name, text in example.headers.items()}
    made = replace(example, content=_changed(example.content, change, lead), headers=headers)
    if leads_in(outlook(made, hook, secret=secret)) != [lead]:
        raise CommandError(f"{hook.file}: the example's lead is not read from an id that stands in it as it is")
    return made


def _changed(value: Any, old: re.Pattern[str], new: str) -> Any:
    """Give a value with these texts changed wherever they stand in it, but in names."""
    if isinstance(value, str):
        return old.sub(new, value)
    if isinstance(value, Mapping):
        return {name: _changed(one, old, new) for name, one in value.items()}
    return [_changed(one, old, new) for one in value] if isinstance(value, list) else value
