"""Which names the example events of a hook have: what a rule may read without a doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from relay.errors import CommandError, Rejected
from relay.hooks import Hook
from relay.model import Event
from relay.senders import adapter_of
from relay.senders.examples import examples, read_example

#: No example travels to it.
NOWHERE = "https://relay.example/hooks/"


def names_in_examples(hook: Hook) -> Mapping[str, frozenset[str]]:
    """Give the keys of ``fields`` and ``hidden`` in the examples beside a hook's file; none where answers are fetched.

    What can't be read is left out: ``relay test`` says so.
    """
    events = [event for path in examples(Path(hook.file)) for event in events_in(path, hook)]
    if not events or any(event.fetch for event in events):
        return {}
    added = (place.removesuffix("+").rpartition(".")[2] for place in adapter_of(hook).about.ids if place.endswith("+"))
    return {
        "fields": frozenset([*(str(key) for event in events for key in event.fields), *added]),
        "hidden": frozenset(str(key) for event in events for key in event.hidden),
    }


def events_in(path: Path, hook: Hook) -> Iterator[Event]:
    sender = adapter_of(hook)
    try:
        request = read_example(path, sender.about).request(url=NOWHERE + hook.name, now_ms=0)
        yield from sender.parse(request)
    except (CommandError, Rejected):
        return
