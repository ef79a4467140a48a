"""Passwords: hashed with argon2, checked in a time that says nothing of whether there is such a user."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from relay.accounts import Account, Role

LEAST = 10
#: One check takes 64 MiB and a processor: so many at a time in a process, so that the door for events stays open.
AT_A_TIME = 2
WAIT_S = 1.0

_hasher = PasswordHasher()
_room = threading.BoundedSemaphore(AT_A_TIME)


class Busy(Exception):
    """Too many passwords are being checked; nothing is said of this one."""


@cache
def _nobody() -> str:
    """Give what is compared where there is no such user. It takes a while to make, so the start is without it."""
    return _hasher.hash(secrets.token_hex(16))


def account(name: str, role: Role, password: str) -> Account:
    """Make an account of a password."""
    return Account(name=name, role=role, hash=_hasher.hash(password))


def right(found: Account | None, password: str) -> bool:
    """Whether this is the account's password; takes as long where there is no account. Raises Busy."""
    if not _room.acquire(timeout=WAIT_S):
        raise Busy
    try:
        nobody = _nobody()  # for those that there are too: the first check must not tell them apart either
        return _hasher.verify(found.hash if found else nobody, password) and found is not None
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _room.release()


def outdated(found: Account) -> bool:
    """Whether the hash was made with less effort than is usual now."""
    return _hasher.check_needs_rehash(found.hash)
