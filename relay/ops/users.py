"""Who may log in: the accounts of the settings, with those of the file as it is now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import suppress

from relay.accounts import Account
from relay.settings import Settings, accounts_in

log = logging.getLogger("relay")


class Users:
    """The accounts by name. The file is read again when it has changed; while it can't be read, what was read stays."""

    def __init__(self, settings: Settings) -> None:
        self._set = settings.users
        self._file = settings.users_file
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] = ()
        self._all: Mapping[str, Account] = dict(settings.users)

    def all(self) -> Mapping[str, Account]:
        if self._file is not None:
            with self._lock:
                self._look()
        return self._all

    def find(self, name: str) -> Account | None:
        return self.all().get(name)

    def _look(self) -> None:
        now = self._mark()
        if now == self._seen or self._file is None:
            return
        self._seen = now
        found, faults = accounts_in(self._file)
        if faults:
            # Names stand in the faults that 'relay doctor' and the start tell; a log has none.
            log.error("users.unreadable", extra={"file": str(self._file), "faults": len(faults)})
        else:
            self._all = {**found, **self._set}

    def _mark(self) -> tuple[int, ...]:
        with suppress(OSError):
            if self._file is not None:
                found = self._file.stat()
                return found.st_mtime_ns, found.st_size, found.st_ino
        return (0,)
