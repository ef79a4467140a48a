"""What pages work with: one frozen object, handed to each page's ``add``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from relay.hooks import Hook
from relay.live_rules import Read, RulesNow
from relay.ops.users import Users
from relay.settings import Settings
from relay.store import Store
from relay.store.logins import Logins


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Everything that a page may need, for as long as the app lives."""

    store: Store
    settings: Settings
    #: The hook files that are loaded, by name.
    hooks: Mapping[str, Hook]
    #: Gives the hook files as they are now. Raises RuleError where there are none.
    rules: Callable[[], RulesNow]
    #: Reads a text as a hook file, as it would be taken into use.
    read: Read
    users: Users
    logins: Logins


def means(  # noqa: PLR0913 -- the parts of what it makes
    store: Store,
    settings: Settings,
    *,
    logins: Logins,
    hooks: Mapping[str, Hook],
    rules: Callable[[], RulesNow],
    read: Read,
) -> Means:
    """Gather what pages need."""
    return Means(
        store=store, settings=settings, hooks=hooks, rules=rules, read=read, users=Users(settings), logins=logins
    )
