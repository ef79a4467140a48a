"""What the hook files of ``rules/examples`` make of the example events beside them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from relay.commands.stand_ins import AnySecret
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Mapped
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT, adapter_of
from relay.senders.base import Fetching
from relay.senders.examples import read_example
from tests.sender_security import ADDRESS

FOLDER = Path(__file__).parent.parent / "rules" / "examples"
LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NOW = 1_790_700_000_000
CONTACT = {
    "first_name": "María",
    "last_name": "José Muñoz Peña",
    "phone": "+56987654321",
    "email": "mj.munoz@example.com",
}


@cache
def example_hook(name: str) -> Hook:
    file = FOLDER / f"{name}.yaml"
    known = Known(environment=AnySecret({}), senders=ABOUT, destinations=("default",))
    hook, faults = read_hook(file, file.read_bytes(), known)
    assert hook, faults
    return hook


def mapped_examples(name: str, example: str) -> list[Mapped]:
    """Send an example as its sender would, and give what the hook file makes of each event."""
    hook = example_hook(name)
    sender = adapter_of(hook)
    request = read_example(FOLDER / name / f"{example}.json", sender.about).request(url=ADDRESS, now_ms=NOW)
    request = sender.sign(request, hook.secrets[0])
    sender.verify(request, hook.secrets)
    return [map_event(event, hook, received_ms=NOW) for event in sender.parse(request)]


def updated(name: str, example: str) -> dict[str, object]:
    """Give the one update that a hook file makes of the one event of an example, for the lead of all examples."""
    (mapped,) = mapped_examples(name, example)
    (update,) = mapped.updates
    assert (mapped.lead, mapped.faults) == (LEAD, ())
    return dict(update.set)


def answered_example(name: str, example: str, fetched: bytes) -> Mapped:
    """Give what a hook file makes of the one event of an example once its answers have been fetched."""
    hook = example_hook(name)
    sender = adapter_of(hook)
    assert isinstance(sender, Fetching)
    request = read_example(FOLDER / name / f"{example}.json", sender.about).request(url=ADDRESS, now_ms=NOW)
    (event,) = sender.parse(request)
    return map_event(sender.with_answers(event, fetched), hook, received_ms=NOW)
