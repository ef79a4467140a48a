"""What the shell completes: names of hooks, senders, states and kinds. Quick, and silent where anything is amiss."""

from __future__ import annotations

from collections.abc import Iterable

from relay import rulebook, settings
from relay.errors import RelayError
from relay.finding import STATES
from relay.model import Death
from relay.senders import SENDERS

#: Why events are parked.
PARKED = ("unknown lead", "ambiguous", "no id", "no identity", "lead gone")


def hooks(incomplete: str) -> list[str]:
    return _begun(incomplete, names_of_hooks())


def names_of_hooks() -> list[str]:
    """Name the hooks by their files, which are not read; none where there is no folder of them."""
    try:
        return [file.stem for file in rulebook.hook_files(settings.load().rules)]
    except (OSError, RelayError):
        return []


def senders(incomplete: str) -> list[str]:
    return _begun(incomplete, SENDERS)


def states(incomplete: str) -> list[str]:
    return _begun(incomplete, ("any", *STATES))


def kinds(incomplete: str) -> list[str]:
    return _begun(incomplete, (*(death.value for death in Death), *PARKED))


def _begun(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
