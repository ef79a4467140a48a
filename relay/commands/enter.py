"""``relay enter``: a link that lets the person at this machine into the ops desk of the running relay, once."""

from __future__ import annotations

import sys

from relay import settings, wiring
from relay.commands.asking import who_is
from relay.commands.screen import errors, out
from relay.settings import Settings
from relay.store.logins import LINK_HOURS


def enter() -> None:
    """Print a link into the ops desk: as you, with the role of an operator, once, within an hour."""
    now = settings.load()
    out.out(link(now, address_of(now)))
    if sys.stdout.isatty():
        errors.print(f"good for one visit within {LINK_HOURS} h")


def link(now: Settings, url: str) -> str:
    """Make a link for whoever runs this; ``url`` is where the web is. Raises SettingsError and StoreError."""
    return f"{url}/ops/enter/{wiring.logins(now).make_link(who_is(''))}"


def address_of(now: Settings) -> str:
    """Give where the web is: as ``relay up`` left it, else as senders call it, else at its port on this machine."""
    return now.environment.get("RELAY_URL") or now.public_url or f"http://localhost:{now.port}"
