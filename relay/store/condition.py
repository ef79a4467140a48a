"""What Redis says of itself: its version, and whether it keeps what it is given. ``doctor`` judges it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import redis

from relay.store.scripts import store_errors

#: Redis 6.2 takes one pattern at a time.
PATTERNS = ("append*", "maxmemory*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A Redis server's version, memory and options; an option that it does not tell is not there."""

    version: tuple[int, int]
    used_bytes: int
    #: 0 for no limit; None where it is not told.
    most_bytes: int | None
    appendonly: str | None
    appendfsync: str | None
    policy: str | None


def condition(client: Any) -> Condition:
    """Ask a server. Managed ones forbid CONFIG; what INFO tells is taken from there. Raises StoreError."""
    with store_errors():
        info = client.info()
        told = {**_from_info(info), **_options(client)}
    version = re.match(r"(\d+)\.(\d+)", str(info["redis_version"]))
    return Condition(
        version=(int(version[1]), int(version[2])) if version else (0, 0),
        used_bytes=int(info["used_memory"]),
        most_bytes=int(told["maxmemory"]) if "maxmemory" in told else None,
        appendonly=told.get("appendonly"),
        appendfsync=told.get("appendfsync"),
        policy=told.get("maxmemory-policy"),
    )


def memory_share(client: Any) -> float:
    """Give which share of maxmemory is used; 0 where there is no limit. Raises StoreError."""
    with store_errors():
        memory = client.info("memory")
    most = int(memory.get("maxmemory", 0))
    return int(memory["used_memory"]) / most if most else 0.0


def _from_info(info: dict[str, Any]) -> dict[str, str]:
    told = {"maxmemory": info.get("maxmemory"), "maxmemory-policy": info.get("maxmemory_policy")}
    if "aof_enabled" in info:
        told["appendonly"] = "yes" if int(info["aof_enabled"]) else "no"
    return {name: str(value) for name, value in told.items() if value is not None}


def _options(client: Any) -> dict[str, str]:
    try:
        return {_text(name): _text(value) for one in PATTERNS for name, value in client.config_get(one).items()}
    except redis.ResponseError:  # "unknown command 'config'", or no permission
        return {}


def _text(told: str | bytes) -> str:
    return told.decode() if isinstance(told, bytes) else told
