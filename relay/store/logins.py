"""Keeps what logging in needs: the key that sessions are signed with, how often all of somebody's sessions were ended,
and the one-time links, by their hashes.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from relay.store.scripts import store_errors

KEY = "relay:session-key"
#: Hash: user -> number of times that all sessions were ended.
GENERATIONS = "relay:generations"
LINK = "relay:enter:"
LINK_HOURS = 1


class Logins:
    """What all web processes share of logins. ``key`` is the secret of sessions; without one, one is made and kept."""

    def __init__(self, client: Any, key: str = "") -> None:
        self._client = client
        self._given = key.encode()
        self._key = b""

    def session_key(self) -> bytes:
        """Take the key that was given, or the one that Redis keeps; the first to ask makes one. Raises StoreError."""
        if not self._key:
            self._key = hashlib.blake2b(self._given or self._kept_key(), digest_size=32, person=b"sessions").digest()
        return self._key

    def _kept_key(self) -> bytes:
        with store_errors():
            self._client.set(KEY, secrets.token_hex(32), nx=True)
            kept: Any = self._client.get(KEY)
        return bytes(kept)

    def generation(self, user: str) -> int:
        """Give the number that sessions of this user must carry. Raises StoreError."""
        with store_errors():
            return int(self._client.hget(GENERATIONS, user) or 0)

    def end_all(self, user: str) -> None:
        """End all sessions of a user by counting on. Run twice, it ends them twice."""
        with store_errors():
            self._client.hincrby(GENERATIONS, user, 1)

    def make_link(self, user: str) -> str:
        """Make the secret of a link that lets this user in once, within the hour. Raises StoreError."""
        token = secrets.token_urlsafe(32)
        with store_errors():
            self._client.set(_link(token), user, ex=LINK_HOURS * 3600)
        return token

    def take_link(self, token: str) -> str:
        """Use up a link; gives its user, or '' where there is none any more."""
        with store_errors():
            user: Any = self._client.getdel(_link(token))
        return user.decode() if user else ""


def _link(token: str) -> str:
    return LINK + hashlib.sha256(token.encode()).hexdigest()
