"""What people typed into the search box, for as long as they may load the page again under its ticket."""

from __future__ import annotations

import secrets
from typing import Any

from relay.store.scripts import store_errors

KEPT_S = 3_600


class Searches:
    """Keeps a text under a ticket that says nothing of it."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def keep(self, text: str) -> str:
        """Keep a text for an hour; gives its ticket."""
        ticket = secrets.token_urlsafe(12)
        with store_errors():
            self._client.set(f"relay:asked:{ticket}", text.encode(errors="replace"), ex=KEPT_S)
        return ticket

    def text(self, ticket: str) -> str | None:
        """Give the text of a ticket; None where it is not kept any more."""
        with store_errors():
            kept = self._client.get(f"relay:asked:{ticket}")
        return None if kept is None else kept.decode()
