"""Loads the Lua scripts and runs them: each is one atomic step, and each may be run twice by a client that retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import redis
from redis.commands.core import Script

from relay.errors import StoreError

#: The files of which each script is made, beside the common one.
FILES: dict[str, tuple[str, ...]] = {
    name: (name,)
    for name in (
        "accept",
        "extend",
        "arm",
        "refresh",
        "discard",
        "learn",
        "find",
        "release",
        "errands",
        "rest",
        "settle",
        "summon",
        "prolong",
        "steer",
        "unshelve",
        "tally",
        "alarm",
        "rule_texts",
        "serving",
        "shadow",
        "tidy",
        "ack",
        "form_shapes",
        "form_version",
        "cover",
        "meant",
    )
}
FILES["replay"], FILES["replays"] = ("runs", "replay"), ("runs", "replays")
FILES["exchange"] = ("complete", "claim", "exchange")
#: What stands before each of them.
SHARED = ("common", "search", "groups", "shelf", "names")
FULL = "Redis is full: raise maxmemory, nothing was accepted"
READ_ONLY = "Redis is a read-only replica: let REDIS_URL name the primary"


class Scripts:
    """The scripts of one Redis connection pool, by name; a call is one round trip."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        folder = files(__package__)
        texts = {
            name: "".join((folder / f"{part}.lua").read_text(encoding="utf-8") for part in (*SHARED, *parts))
            for name, parts in FILES.items()
        }
        self._all = {name: client.register_script(text) for name, text in texts.items()}

    def __getitem__(self, name: str) -> Script:
        return self._all[name]

    def run(self, name: str, *args: Any) -> Any:
        """Run one script. Raises StoreError when Redis is away, full or read-only."""
        with store_errors():
            return self._all[name](args=args)

    def load(self) -> None:
        """Have Redis know every script: a look whether it takes scripts, and that it is there."""
        with store_errors():
            for script in self._all.values():
                self.client.script_load(script.script)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what redis-py raises when Redis can't take a write, or is away, into StoreError."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError) as error:
        raise StoreError("Redis is away or still loading: start it, or check REDIS_URL") from error
    except redis.ReadOnlyError as error:
        raise StoreError(READ_ONLY) from error
    except redis.OutOfMemoryError as error:
        raise StoreError(FULL) from error
    except redis.ResponseError as error:
        text = str(error)
        if "OOM" in text:
            raise StoreError(FULL) from error
        if "READONLY" in text:  # out of a script it comes within the script's own error
            raise StoreError(READ_ONLY) from error
        if "MISCONF" in text or "LOADING" in text:
            raise StoreError("Redis refuses writes: see its log, nothing was accepted") from error
        raise StoreError(f"Redis refused a command ({text.split(' ', 1)[0]}): see its log") from error
