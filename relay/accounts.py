"""Who may use the ops desk: a name, a role, and the hash of a password, as a line ``name:role:hash`` gives them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
#: What ``relay user`` prints, and what argon2 reads.
HASH = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}")
CURE = "make the line with 'relay user NAME'"


class Role(str, Enum):
    """What somebody may do: a viewer sees everything, an operator acts too."""

    VIEWER = "viewer"
    OPERATOR = "operator"

    def covers(self, needed: Role) -> bool:
        return self is Role.OPERATOR or needed is Role.VIEWER


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may log in with a password."""

    name: str
    role: Role
    hash: str = field(repr=False)

    @property
    def line(self) -> str:
        return f"{self.name}:{self.role.value}:{self.hash}"


def read_accounts(lines: Iterable[tuple[str, str]]) -> tuple[dict[str, Account], list[str]]:
    """Read entries, each with the place where it stands: the accounts by name, and every fault in words.

    Empty entries and those that begin with ``#`` say nothing. No hash stands in a fault.
    """
    found: dict[str, Account] = {}
    faults: list[str] = []
    for place, text in lines:
        entry = text.strip()
        if not entry or entry.startswith("#"):
            continue
        wrong = list(_faults(entry, found))
        faults += [f"{place}: {fault}" for fault in wrong]
        if not wrong:
            name, role, hashed = entry.split(":", 2)
            found[name] = Account(name=name, role=Role(role), hash=hashed)
    return found, faults


def _faults(entry: str, known: Iterable[str]) -> Iterator[str]:
    parts = entry.split(":", 2)
    if len(parts) < 3:
        yield f"an entry is 'name:role:hash'; {CURE}"
        return
    name, role, hashed = parts
    if not NAME.fullmatch(name):
        yield "a name has letters, digits, '.', '_', '@' and '-', at most 64"
    elif name in known:
        yield f"user '{name}' is there twice"
    if role not in [one.value for one in Role]:
        yield f"a role is {' or '.join(one.value for one in Role)}"
    if not HASH.fullmatch(hashed):
        yield f"the hash of the password can't be read; {CURE}"
