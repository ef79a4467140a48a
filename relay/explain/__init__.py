"""Why an event became what it became: how it was verified, and what each rule made of it, by the rules of that time.

Pages and ``relay event`` ask for it. It changes nothing, and it never raises: what can't be said is said in words.

body     what came, as a tree and as text, with its secrets masked
as_json  all of it for a script
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import NamedTuple

from relay.errors import CommandError, StoreError
from relay.hooks import Hook
from relay.mapping.explain import Explanation, explain_event
from relay.model import Json, StoredEvent
from relay.replay.remap import adapter_for, as_came
from relay.replay.versions import Versions
from relay.senders import SENDERS
from relay.store import Store


class Verification(NamedTuple):
    """What proved that an event was its sender's."""

    #: What the secret is, and where it is set at the sender.
    words: str
    #: Name of the variable that holds it; empty where that is not known.
    secret_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """All that can be said of why an event became what it became."""

    verification: Verification
    #: The hook file by which it is explained; empty where there is none.
    file: str = ""
    #: Of that file: the version that mapped the event, where ``as_then`` says so, else the one of now.
    version: str = ""
    as_then: bool = True
    #: What is doubtful, or why there is no explanation.
    words: str = ""
    explanation: Explanation | None = None
    #: Registers that were mapped otherwise than these rules would now: the event's own update is what was sent.
    differs: tuple[str, ...] = ()

    def line_of(self, rule: str, register: str) -> int:
        """Give the line of the file that set a register; 0 where it is not known."""
        rules = self.explanation.rules if self.explanation else ()
        found = (one for each in rules if each.name == rule for one in each.settings if one.register == register)
        return next((one.line for one in found), 0)


class Explainer:
    """Explains events by the version of the hook file that mapped each, and keeps those compiled."""

    def __init__(self, store: Store, hooks: Mapping[str, Hook]) -> None:
        self._hooks = hooks
        self._versions = Versions(store, hooks)

    def explain(self, event: StoredEvent) -> Explained:
        """Explain one event; never raises."""
        then = self._then(event)
        hook = then or self._hooks.get(event.hook)
        verification = verified(event, hook if then or event.secret_name else None)
        if hook is None:
            words = f"version {event.version} of its hook file is not kept, and hook '{event.hook}' is not loaded now"
            return Explained(verification=verification, words=words)
        words = "" if then else f"version {event.version} of its hook file is not kept: these are the rules of now"
        return explained_by(event, hook, verification=verification, as_then=then is not None, words=words)

    def _then(self, event: StoredEvent) -> Hook | None:
        try:
            return self._versions.then(event)
        except StoreError:
            return None

    def explain_now(self, event: StoredEvent) -> Explained:
        """Explain what the rules of now would make of an event; never raises."""
        hook = self._hooks.get(event.hook)
        if hook is None:
            words = f"hook '{event.hook}' is not loaded now"
            return Explained(verification=verified(event, None), as_then=False, words=words)
        return explained_by(event, hook, verification=verified(event, hook))


def explained_by(
    event: StoredEvent, hook: Hook, *, verification: Verification, as_then: bool = False, words: str = ""
) -> Explained:
    """Explain what a hook file makes of an event; never raises. ``words`` are said first."""
    of = Explained(verification=verification, file=PurePath(hook.file).name, version=hook.version, as_then=as_then)
    try:
        came, received_ms = as_came(event, hook)
        told = explain_event(came, hook, received_ms=received_ms)
    except CommandError as error:
        return replace(of, words=str(error))
    except Exception as error:
        return replace(of, words=f"it can't be explained ({type(error).__name__})")
    return replace(
        of,
        words="; ".join(one for one in (words, told.words) if one),
        explanation=told,
        differs=tuple(differing(event, told)),
    )


def verified(event: StoredEvent, hook: Hook | None) -> Verification:
    """Say what proved that an event was its sender's; of a hook with one secret that is known without being kept."""
    name = event.secret_name
    if not name and hook is not None and len(hook.secret_names) == 1:
        name = hook.secret_names[0]
    try:
        sender = adapter_for(event, hook) if hook else SENDERS[event.sender]
    except (CommandError, KeyError):
        return Verification(f"as sender '{event.sender}' does it", name)
    return Verification(sender.about.proof, name)


def differing(event: StoredEvent, told: Explanation) -> Iterator[str]:
    """Give the registers of which mapping had made something else, as when a person edited the update."""
    stored = values_of((place, one.set) for place, one in enumerate(event.updates))
    now: dict[int, dict[str, Json]] = {}
    for one in told.update:
        now.setdefault(one.place, {})[one.register] = one.value
    ours = values_of(iter(now.items()))
    for place, register in dict.fromkeys((*stored, *ours)):
        if stored.get((place, register), ...) != ours.get((place, register), ...):
            yield register


def values_of(updates: Iterator[tuple[int, Mapping[str, Json]]]) -> dict[tuple[int, str], Json]:
    return {(place, register): value for place, values in updates for register, value in values.items()}
