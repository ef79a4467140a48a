"""The rules as the hook files say them now, for pages that map events anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from relay.errors import CommandError, Problem, RuleError
from relay.model import StoredEvent
from relay.ops.means import Means
from relay.replay import Remap, remapper


def remap(means: Means) -> Remap:
    """Take the rules of now. Raises CommandError while they have faults."""
    try:
        return remapper(means.rules())
    except RuleError as error:
        raise CommandError(f"the rules of now have faults: {'; '.join(map(str, error.problems))}") from error


def faults(means: Means) -> Sequence[Problem]:
    """Say what is wrong with the hook files as they are now."""
    try:
        means.rules()
    except RuleError as error:
        return error.problems
    return ()


def changed(means: Means, events: Iterable[StoredEvent]) -> str:
    """Name the hooks whose rules are others now than those that mapped these events; '' where one was mapped by them.

    Of a hook that is gone, and while there are faults, nothing is said.
    """
    several = list(events)
    try:
        now = means.rules()
    except RuleError:
        return ""
    differ = all(one.hook in now and now[one.hook].version != one.version for one in several)
    return ", ".join(sorted({one.hook for one in several})) if differ else ""
