"""Keeps what leads are known by: an index under keyed hashes, so that no phone and no e-mail is a key in Redis.

The door finds leads in it, every answer of the lead API teaches it, and people fill it: by a file, or lead by lead.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from relay.model import Mapped, Name
from relay.store import record
from relay.store.acts import Act, write_act
from relay.store.scripts import Scripts, store_errors
from relay.terms import Term, to_file

LETTERS = {"phone": "p", "email": "e", "external_id": "x"}
KEY = "relay:index-key"
CHECK = "relay:index-check"
#: Leads taught in one step.
PAGE = 200


class Wait(NamedTuple):
    """What waits for a name to become known."""

    #: How many events; some of them may have gone on since, by another name.
    number: int
    #: The newest of them.
    ids: tuple[str, ...]


class Names:
    """The index of one store. ``key`` is the secret of its hashes; without one, one is made and kept in Redis."""

    def __init__(self, scripts: Scripts, key: str = "") -> None:
        self._scripts = scripts
        self._client = scripts.client
        self._given = key.encode()
        self._key = b""

    def packed(self, destination: str, names: Iterable[Name]) -> str:
        """Give what scripts take: for each name a letter and its hash. Raises StoreError."""
        return "".join(LETTERS[name.kind] + self._hash(destination, name) for name in names)

    def filed(self, terms: Iterable[tuple[str, str]], mapped: Mapped) -> bytes:
        """Give what scripts take to file an event under: ten bytes for each term. Raises StoreError."""
        return b"".join(self.term(kind, value) for kind, value in to_file(map(Term._make, terms), mapped))

    def term(self, kind: str, value: str) -> bytes:
        """Give a letter, three of a keyed hash for the bucket, and six bytes of it."""
        key = self._key or self._read_key()
        digest = hashlib.blake2b(f"{kind}\0{value}".encode(), digest_size=8, key=key, person=b"term").digest()
        return (b"f" if kind == "form" else b"t") + digest[:2].hex()[:3].encode() + digest[2:]

    def _hash(self, destination: str, name: Name) -> str:
        text = f"{destination}\0{name.kind}\0{name.value}".encode()
        return urlsafe_b64encode(
            hashlib.blake2b(text, digest_size=12, key=self._key or self._read_key()).digest()
        ).decode()

    def _read_key(self) -> bytes:
        """Take the key that was given, or the one that Redis keeps; the first to ask makes one."""
        if not self._given:
            with store_errors():
                self._client.set(KEY, secrets.token_hex(16), nx=True)
                kept: Any = self._client.get(KEY)
            self._key = bytes(kept)
        else:
            self._key = hashlib.blake2b(self._given, digest_size=32).digest()
        return self._key

    def check(self) -> bool:
        """Whether the index was made with our key; an empty one takes it. Raises StoreError."""
        mark = hashlib.blake2b(b"mark", key=self._key or self._read_key(), digest_size=12).hexdigest().encode()
        with store_errors():
            self._client.set(CHECK, mark, nx=True)
            return self._client.get(CHECK) == mark

    def begin_anew(self) -> None:
        """Forget all that is known of leads, and take our key for the index: what is learnt from now on is found."""
        with store_errors():
            for bucket in self._client.scan_iter("relay:i:*", count=1000):
                self._client.unlink(bucket)
            self._client.delete(CHECK)
        self.check()

    def find(self, destination: str, names: Sequence[Name]) -> list[list[str]]:
        """Give for each name the leads that have it, by their names in the store."""
        if not names:
            return []
        found = self._scripts.run("find", destination, self.packed(destination, names))
        return [[lead.decode() for lead in leads] for leads in found]

    def resolve(self, destination: str, names: Sequence[Name]) -> list[str]:
        """Give the leads of the first name that is known at all: none, the one, or those that are to be told apart."""
        return next((leads for leads in self.find(destination, names) if leads), [])

    def waiting(self, destination: str, name: Name) -> list[str]:
        """Give the ids of the events that wait for this name to become known."""
        with store_errors():
            found: Any = self._client.zrange(f"relay:w:{self._hash(destination, name)}", 0, -1, desc=True)
        return [id.decode() for id in found]

    def waits(self, names: Sequence[tuple[str, Name]], *, most: int) -> list[Wait]:
        """Say of each of these names, each behind its destination, what waits for it; ``most`` events are named."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for destination, name in names:
                key = f"relay:w:{self._hash(destination, name)}"
                pipe.zcard(key)
                pipe.zrange(key, 0, most - 1, desc=True)
            found: list[Any] = pipe.execute()
        numbers = zip(found[::2], found[1::2], strict=True)
        return [Wait(int(number), tuple(id.decode() for id in ids)) for number, ids in numbers]

    def learn(self, destination: str, leads: Iterable[tuple[str, Sequence[Name]]], *, more: bool = False) -> None:
        """Note what the CRM says that these leads are known by; what waits for one of these names goes on.

        With ``more`` it goes on only after the last call of the list: a later lead may have the same name.
        """
        self._learn("c", b"", destination, leads, more=more)

    def link(self, destination: str, name: Name, lead: str, *, who: str, at_ms: int) -> None:
        """Note a person's word that this name means this lead and no other."""
        act = write_act(Act(at_ms=at_ms, who=who, what="link", about=lead, why=f"by its {name.kind}"))
        self._learn("p", act, destination, [(lead, [name])])

    def _learn(
        self,
        by: str,
        act: bytes,
        destination: str,
        leads: Iterable[tuple[str, Sequence[Name]]],
        *,
        more: bool = False,
    ) -> None:
        args: list[str] = []
        for lead, names in leads:
            args += [record.lead_name(destination, lead), self.packed(destination, names)]
        for start in range(0, len(args), 2 * PAGE):
            self._scripts.run("learn", by, act if start == 0 else b"", "1", *args[start : start + 2 * PAGE])
        if not more:
            self.release(int(self._scripts.run("learn", by, b"", "")))

    def release(self, left: int) -> None:
        """Let go on what waits for names that are known by now, step by step until nothing is left."""
        while left:
            left = int(self._scripts.run("release"))
