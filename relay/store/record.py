"""How an event looks in Redis: a short readable header that scripts change in place, and a compressed blob that
never changes. The blob holds what was mapped, the headers that came, then the body as received; compressed together,
since the values of the one stand in the other.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Iterable
from typing import Any

import orjson

from relay import grouping
from relay.errors import StoreError
from relay.model import Arrival, Fault, Name, Reason, Stamp, State, StoredEvent, Update
from relay.store.record_words import DICTIONARIES

_VERSION = b"\x02"
_LEVEL = 6


def event_id(hook: str, sender_id: str) -> str:
    """Our id of an event: 96 bits of a hash over the hook and the sender's id, as 20 letters and digits."""
    digest = hashlib.blake2b(f"{hook}\0{sender_id}".encode(), digest_size=12).digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()


def lead_name(destination: str, lead: str) -> str:
    """A lead's name in the store: its id, with its destination before it unless that is ``default``."""
    return lead if destination == "default" else f"{destination}/{lead}"


def pack(arrival: Arrival) -> bytes:
    """Make the blob of an event."""
    mapped = arrival.mapped
    more = _more(arrival)
    facts: list[Any] = [
        arrival.sender,
        arrival.version,
        arrival.destination,
        arrival.kind,
        arrival.content_type,
        mapped.event_id,
        mapped.lead,
        int(arrival.test),
        [[dict(u.set), _runs(u), int(u.each)] for u in mapped.updates],
        [[f.rule, f.register, f.words] for f in mapped.faults],
    ]
    if more:
        facts.append(more)
    head = orjson.dumps(facts)
    came = orjson.dumps(arrival.came) if arrival.came else b""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15, zdict=DICTIONARIES[_VERSION])
    text = b"%d %d\n%b%b%b%b" % (len(head), len(came), head, came, arrival.body, arrival.fetched)
    return _VERSION + packer.compress(text) + packer.flush()


def _more(arrival: Arrival) -> dict[str, Any]:
    """Give what only some events have; the names of an id's own event are its updates', and not kept twice."""
    mapped = arrival.mapped
    more: dict[str, Any] = {}
    if arrival.headers:
        more["headers"] = arrival.headers
    if arrival.fetched:
        more["body"] = len(arrival.body)
    if arrival.secret_name:
        more["secret"] = arrival.secret_name
    if arrival.door_ms:
        more["door"] = arrival.door_ms
    if mapped.fetch:
        more["fetch"] = mapped.fetch
    if mapped.names and not mapped.lead:
        more |= {"names": [list(one) for one in mapped.names], "missing": mapped.missing}
    return more


def _runs(update: Update) -> Any:
    """Name the rules of an update: one name where all its registers come from one rule, else one for each."""
    names = [update.by[register] for register in update.set]
    return names[0] if len(set(names)) == 1 else names


def _update(packed: list[Any]) -> Update:
    values, names, each = packed
    rules = names if isinstance(names, list) else [names] * len(values)
    return Update(set=values, by=dict(zip(values, rules, strict=True)), each=bool(each))


def _opener(blob: bytes) -> Any:
    words = DICTIONARIES.get(blob[:1])
    if words is None:
        raise StoreError(f"a record has form {blob[0]}, which this relay does not know: run the one that wrote it")
    return zlib.decompressobj(-15, zdict=words)


def _parts(text: bytes) -> tuple[list[Any], dict[str, str], bytes]:
    """Part a blob's text into what was mapped, the headers that came, and the body with what follows it."""
    end = text.index(b"\n") + 1
    # Records of the first form have no headers.
    size, _, more = text[:end].partition(b" ")
    head = end + int(size)
    came = head + int(more or 0)
    return orjson.loads(text[end:head]), orjson.loads(text[head:came]) if more and came > head else {}, text[came:]


def unpack_updates(record: bytes) -> tuple[list[Update], tuple[Name, ...]]:
    """Give what delivery needs of an event: its updates, and by what its lead was found, where it was.

    Its body stays packed, and so do the rules that set each register.
    """
    blob = record[record.index(b"\n") + 1 :]
    opener = _opener(blob)
    text = opener.decompress(blob[1:], 1024)
    end = text.index(b"\n") + 1
    size = end + int(text[:end].partition(b" ")[0])
    if size > len(text):
        text += opener.decompress(opener.unconsumed_tail, size - len(text))
    facts = orjson.loads(text[end:size])
    updates = [Update(set=values, by={}, each=bool(each)) for values, _, each in facts[8]]
    return updates, _names(facts[10]) if len(facts) > 10 else ()


def _names(more: dict[str, Any]) -> tuple[Name, ...]:
    return tuple(Name(*one) for one in more.get("names", ()))


def unpack(id: str, record: bytes, why: bytes | None = None) -> StoredEvent:
    """Read a whole record."""
    header, blob = record.split(b"\n", 1)
    state, states, received, ago, number, hook, _, *found = header.decode().split(" ")
    opener = _opener(blob)
    facts, came, rest = _parts(opener.decompress(blob[1:]) + opener.flush())
    sender, version, destination, kind, content_type, sender_id, lead, test, updates, faults = facts[:10]
    more: dict[str, Any] = facts[10] if len(facts) > 10 else {}
    return StoredEvent(
        id=id,
        hook=hook,
        sender=sender,
        version=version,
        destination=destination,
        kind=kind,
        test=bool(test),
        content_type=content_type,
        body=rest[: more.get("body", len(rest))],
        sender_id=sender_id,
        lead=found[0].rpartition("/")[2] if found else lead,
        updates=tuple(_update(u) for u in updates),
        faults=tuple(Fault(rule=r, register=g, words=w) for r, g, w in faults),
        state=State(state),
        update_states=tuple(State(s) for s in states),
        stamp=Stamp(int(received) - int(ago), int(number)),
        received_ms=int(received),
        headers=more.get("headers", {}),
        fetched=rest[more["body"] :] if "body" in more else b"",
        came=came,
        secret_name=more.get("secret", ""),
        door_ms=more.get("door", 0),
        names=_names(more),
        missing=more.get("missing", "park"),
        fetch=more.get("fetch", ""),
        found=bool(found),
        reason=read_reason(why) if why else None,
    )


def write_reason(reason: Reason | None) -> bytes:
    """Write a reason, with its field and its gist, by which like ones are grouped, where they say more."""
    if reason is None:
        return b""
    told: list[Any] = [reason.kind, reason.words, reason.status, reason.at_ms, reason.attempts]
    gist = grouping.gist_of(reason)
    if reason.field or gist != reason.words:
        told += [reason.field, gist]
    return orjson.dumps(told)


def read_reason(why: bytes) -> Reason:
    kind, words, status, at_ms, attempts, *more = orjson.loads(why)
    field = more[0] if more else ""
    return Reason(kind=kind, words=words, status=status, at_ms=at_ms, attempts=attempts, field=field)


def write_fault(faults: Iterable[Fault]) -> bytes:
    """Write why an event went on without some value; empty where nothing was held back."""
    return write_reason(grouping.reason_of(faults))
