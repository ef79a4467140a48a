"""The rules as the hook files say them now, for pages that map events anew."""

from __future__ import annotations

from collections.abc import Sequence

from relay.errors import CommandError, RuleError
from relay.ops.means import Means
from relay.replay import Remap, remapper


def remap(means: Means) -> Remap:
    """Take the rules of now. Raises CommandError while they have faults."""
    try:
        return remapper(means.rules())
    except RuleError as error:
        raise CommandError(f"the rules of now have faults: {'; '.join(error.faults)}") from error


def faults(means: Means) -> Sequence[str]:
    """Say what is wrong with the hook files as they are now."""
    try:
        means.rules()
    except RuleError as error:
        return error.faults
    return ()
