"""Who asks: somebody with a session, or a machine with a token."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import flask
import flask_login

from relay.accounts import Account, Role
from relay.errors import StoreError
from relay.ops.means import Means
from relay.ops.sessions import Closed

#: Stands in a session for the hash of a password where a one-time link let in.
LINK = "link"
AWAY = "Redis is away or still loading: start it, or check REDIS_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(flask_login.UserMixin):  # type: ignore[misc]
    """Who is there, and for how long: the ticket in a session holds while none of its parts has changed."""

    name: str
    role: Role
    ticket: str = ""
    machine: bool = False

    def get_id(self) -> str:
        return self.ticket


class Doorkeeper:
    """Gives tickets to those who log in, and knows by them who comes back."""

    def __init__(self, means: Means) -> None:
        self._logins = means.logins
        self._users = means.users
        self._tokens = [one.encode() for one in means.settings.ops_tokens]
        self._token_role = means.settings.ops_token_role

    def known(self, account: Account) -> Person:
        """Let somebody in whose password was right. Raises StoreError."""
        ticket = self._ticket(account.name, self._print(account.hash))
        return Person(name=account.name, role=account.role, ticket=ticket)

    def by_link(self, name: str) -> Person:
        """Let somebody in who had a one-time link: who can make one rules this machine. Raises StoreError."""
        return Person(name=name, role=Role.OPERATOR, ticket=self._ticket(name, LINK))

    def _ticket(self, name: str, by: str) -> str:
        return f"{by} {self._logins.generation(name)} {name}"

    def _print(self, hashed: str) -> str:
        """Give what changes with the password, and says nothing of its hash."""
        return hashlib.blake2b(hashed.encode(), digest_size=9, key=self._logins.session_key()).hexdigest()

    def with_ticket(self, ticket: str) -> Person | None:
        """Find whose session it is, if it holds still. Raises StoreError."""
        by, generation, name = ticket.split(" ", 2)
        if generation != str(self._logins.generation(name)):
            return None
        if by == LINK:
            return Person(name=name, role=Role.OPERATOR, ticket=ticket)
        account = self._users.find(name)
        if account is None or not hmac.compare_digest(by, self._print(account.hash)):
            return None
        return Person(name=name, role=account.role, ticket=ticket)

    def with_token(self, request: flask.Request) -> Person | None:
        """Let a machine in by ``Authorization: Bearer``. Every token is compared, so that time tells nothing."""
        asked = request.authorization
        if asked is None or asked.type != "bearer" or not asked.token:
            return None
        given = asked.token.encode()
        if not any([hmac.compare_digest(given, one) for one in self._tokens]):  # noqa: C419 -- all of them
            return None
        return Person(name="token", role=self._token_role, machine=True)


def who() -> Person | None:
    """Say who asks; None for a stranger. Raises StoreError."""
    if closed():
        raise StoreError(AWAY)
    person: Any = flask_login.current_user._get_current_object()
    return person if isinstance(person, Person) else None


def me() -> Person:
    """Give who asks, in a view that only those who are logged in get to."""
    person = who()
    if person is None:
        flask.abort(401)
    return person


def closed() -> bool:
    """Whether there can be no session now, since the store that keeps the key is away."""
    return isinstance(flask.session._get_current_object(), Closed)  # type: ignore[attr-defined]


def operator() -> bool:
    """Whether who asks may act; for templates."""
    person = who()
    return person is not None and person.role.covers(Role.OPERATOR)
