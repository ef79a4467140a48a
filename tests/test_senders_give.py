"""What each sender says that it gives is what its events have: names are checked against it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from relay.errors import CommandError, Rejected
from relay.model import Event
from relay.senders import ABOUT, SENDERS
from relay.senders.base import Fetching
from relay.senders.examples import read_example

TESTS = Path(__file__).parent
EXAMPLES = TESTS.parent / "rules" / "examples"


def events_of(name: str) -> Iterator[Event]:
    """Give every event in the examples and the recorded payloads of a sender, without and with its answers."""
    sender = SENDERS[name]
    for path in (*EXAMPLES.glob(f"{name}/*.json"), *(TESTS / "payloads" / name).glob("*.json")):
        try:
            request = read_example(path, sender.about).request(url="https://relay.example/hooks/h", now_ms=0)
            events = sender.parse(request)
        except (CommandError, Rejected):
            continue
        for event in events:
            yield event
            if event.fetch and isinstance(sender, Fetching):
                for answers in (TESTS / "answers" / name).glob("*.json"):
                    with suppress(Rejected):
                        yield sender.with_answers(event, answers.read_bytes())


@pytest.mark.parametrize("name", SENDERS)
def test_a_sender_gives_no_more_names_than_it_says(name: str) -> None:
    about = ABOUT[name]
    events = list(events_of(name))

    assert events
    for event in events:
        for given, keys in (("form", event.form), ("campaign", event.campaign)):
            assert given not in about.given or set(keys) <= set(about.given[given]), (given, set(keys))
        assert about.hidden or not event.hidden


@pytest.mark.parametrize("name", [name for name in SENDERS if ABOUT[name].given.get("form") or ABOUT[name].hidden])
def test_each_name_that_a_sender_says_it_gives_is_seen(name: str) -> None:
    about = ABOUT[name]
    events = list(events_of(name))

    for given in ("form", "campaign"):
        seen = {key for event in events for key in getattr(event, given)}
        assert not about.given.get(given) or seen & set(about.given[given])
    assert not about.hidden or any(event.hidden for event in events)
