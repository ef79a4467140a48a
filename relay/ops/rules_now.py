"""The rules as the hook files say them now, for pages that map events anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from relay.errors import CommandError, Problem, RuleError
from relay.model import StoredEvent
from relay.ops.means import Means
from relay.replay import Remap, remapper


@contextmanager
def remap(means: Means) -> Iterator[Remap]:
    """Take the rules of now. Raises CommandError, within too, where those that are needed have faults."""
    try:
        yield remapper(means.rules())
    except RuleError as error:
        raise CommandError(f"the rules of now have faults: {'; '.join(map(str, error.problems))}") from error


def faults(means: Means, hooks: Collection[str]) -> Sequence[Problem]:
    """Say what is wrong with the files of these hooks as they are now; of all where none is named."""
    try:
        now = means.rules()
    except RuleError as error:
        return error.problems
    return [one for name, several in now.faults.items() if name in (hooks or now.faults) for one in several]


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
