"""Which drains are to run: a slot is armed while a drain serves it, or is about to."""

from __future__ import annotations

from relay.store.scripts import Scripts, store_errors

#: A drain shows itself every two seconds; one that was silent for so long is taken for dead.
SILENT_MS = 6_000
#: A drain that was asked for may take so long to start; its job may be lost with the worker that took it.
START_MS = 8_000


class Arming:
    """The slots of one destination's drains. Losing or doubling a drain does no harm; this keeps it rare."""

    def __init__(self, scripts: Scripts, *, destination: str, slots: int, room: int) -> None:
        self._scripts = scripts
        self.destination = destination
        self._slots = slots
        self._room = room

    def arm(self, name: str) -> int | None:
        """Arm a slot for a new drain of this name if leads are due that no drain serves; gives the slot."""
        slot = int(self._scripts.run("arm", self.destination, self._slots, self._room, START_MS, name))
        return None if slot < 0 else slot

    def keep(self, slot: int, name: str) -> bool:
        """Say that this drain lives; False where the slot is another's by now."""
        return self._refresh(slot, name, "keep") == 1

    def leave(self, slot: int, name: str) -> bool:
        """Give the slot up; False, and it is kept, where something is due after all."""
        return self._refresh(slot, name, "leave") != 2

    def pass_on(self, slot: int, name: str, successor: str) -> None:
        """Hand the slot to a successor, or free it where this drain died (no successor)."""
        key = f"relay:armed:{self.destination}:{slot}"
        if self._refresh(slot, name, "keep") != 1:
            return
        with store_errors():
            if successor:
                self._scripts.client.set(key, successor, px=START_MS)
            else:
                self._scripts.client.delete(key)

    def _refresh(self, slot: int, name: str, what: str) -> int:
        return int(self._scripts.run("refresh", self.destination, slot, name, SILENT_MS, what))
