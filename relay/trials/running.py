"""Runs an example through parse and map as the door does: at a given time of receipt, and without anybody's secrets.

Where a sender keeps the answers to itself (Meta, LinkedIn), they are those of ``full.answers.json`` beside the example,
or the sandbox's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from relay.errors import Rejected
from relay.hooks import Hook
from relay.mapping import map_event
from relay.mapping.identify import bounded_time
from relay.model import METADATA, Event, Json, Mapped, Registers, State, Update
from relay.senders import adapter_of
from relay.senders.base import Fetching, Sender
from relay.senders.examples import ANSWERS, Example, read_example
from relay.sending import Request

#: Signs every example: some senders put the event's id or time beside the signature.
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 -- nothing is verified with it
NO_RULE, A_TEST, NO_LEAD = "no rule held", "it is a test", "its lead is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One event of an example, and what its hook file makes of it."""

    event: Event
    mapped: Mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """An example that has been run."""

    hook: Hook
    received_ms: int
    trials: tuple[Trial, ...] = ()
    #: Why the door would refuse it; empty where it would not.
    refused: str = ""

    @property
    def page(self) -> dict[str, Json]:
        """Give what was made of it, as it is recorded."""
        if self.refused:
            return {"refused": self.refused}
        return {"events": [event_page(one, self.hook, self.received_ms) for one in self.trials]}


def ran_example(hook: Hook, path: Path, *, received_ms: int) -> Ran:
    """Run an example's file. Raises CommandError where the file can't be read."""
    sender = adapter_of(hook)
    example = read_example(path, sender.about)
    answers = path.with_name(path.name.removesuffix(".json") + ANSWERS)
    given = read_example(answers, sender.about).body if answers.is_file() else None
    return ran(hook, sender, example, received_ms=received_ms, answers=given)


def ran(hook: Hook, sender: Sender, example: Example, *, received_ms: int, answers: bytes | None = None) -> Ran:
    """Run an example; ``answers`` are those that its sender would give of each event that it only names."""
    refused = Ran(hook=hook, received_ms=received_ms)
    try:
        events = sender.parse(request_of(example, sender, hook, received_ms))
        events = [answered(one, sender, answers) if one.fetch else one for one in events]
    except Rejected as error:
        return replace(refused, refused=str(error))
    except Exception:  # as the door: whatever it was, the body can't be read
        return replace(refused, refused=f"the body could not be read as a {sender.about.title} event")
    trials = (Trial(event=one, mapped=map_event(one, hook, received_ms=received_ms)) for one in events)
    return replace(refused, trials=tuple(trials))


def request_of(example: Example, sender: Sender, hook: Hook, received_ms: int) -> Request:
    """Give the request as its sender makes it; one that can't be signed comes without."""
    one = example.request(url=f"https://relay.example.com/hooks/{hook.name}", now_ms=received_ms)
    try:
        return sender.sign(one, SECRET)
    except Rejected:
        return one


def answered(event: Event, sender: Sender, answers: bytes | None) -> Event:
    """Give an event with its answers. Raises BadBody."""
    if not isinstance(sender, Fetching):
        return event
    # The sandbox is slow to load, and few senders keep their answers to themselves.
    from relay.sandbox.senders import example_answers  # noqa: PLC0415

    given = example_answers(sender.name, event.fetch) if answers is None else answers
    return replace(sender.with_answers(event, given), fetch="")


def event_page(trial: Trial, hook: Hook, received_ms: int) -> dict[str, Json]:
    """Write what was made of one event as a person reads it, in the order in which it is read."""
    event, mapped = trial.event, trial.mapped
    page: dict[str, Json] = {}
    # Only where the hook file has its own: what the sender says of these is no matter of rules.
    if mapped.event_id != event.id:
        page["id"] = mapped.event_id
    if mapped.at_ms is not None and mapped.at_ms != bounded_time(event.at_ms, received_ms):
        page["happened"] = iso(mapped.at_ms)
    if event.test:
        page["test"] = True
    if words := ended(mapped, hook, test=event.test):
        page[mapped.state.word] = words
    if mapped.lead or mapped.names:
        page["lead"] = mapped.lead or by_names(mapped)
    page |= updates_page(mapped.updates)
    if mapped.faults:
        page["faults"] = [f"rule {one.rule}: {one.register} {one.words}".replace("  ", " ") for one in mapped.faults]
    return page


def ended(mapped: Mapped, hook: Hook, *, test: bool) -> str:
    """Say why an event is not delivered; empty where it is."""
    if mapped.state is State.IGNORED:
        return NO_RULE if not mapped.updates else A_TEST if test and not hook.deliver_tests else NO_LEAD
    reason = mapped.reason if mapped.state in (State.PARKED, State.DEAD) else None
    # Where it stands in the file is found anew each time: a line that moved is no other reason.
    return re.sub(rf"^{re.escape(hook.file)}(:\d+)?: ", "", reason.words) if reason else ""


def by_names(mapped: Mapped) -> dict[str, Json]:
    return {**{name.kind: name.value for name in mapped.names}, "missing": mapped.missing}


def updates_page(updates: tuple[Update, ...]) -> dict[str, Json]:
    """Write updates in the shape that hook files give them: one alone, several in their order."""
    if len(updates) == 1 and not updates[0].each:
        return {"update": nested(updates[0].set)}
    told: list[Json] = [{**({"deliver": "each"} if one.each else {}), "update": nested(one.set)} for one in updates]
    return {"updates": told} if told else {}


def nested(registers: Registers) -> dict[str, Json]:
    """Give registers in the shape of the body of a PUT."""
    body = {name: value for name, value in registers.items() if not name.startswith(METADATA)}
    metadata = {name.removeprefix(METADATA): value for name, value in registers.items() if name.startswith(METADATA)}
    return {**body, **({"metadata": metadata} if metadata else {})}


def iso(ms: int) -> str:
    """Write a time in UTC: ``2026-11-26T03:00:00Z``."""
    time = datetime.fromtimestamp(ms / 1000, UTC)
    return time.isoformat(timespec="milliseconds" if ms % 1000 else "seconds").replace("+00:00", "Z")


def ms_of(text: str) -> int:
    """Read what ``iso`` has written, and any other ISO time. Raises ValueError."""
    time = datetime.fromisoformat(text)
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)
