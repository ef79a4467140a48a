"""Pending updates and clocks in few words, for the tests of the pure decisions."""

from __future__ import annotations

from relay.model import Json, Pending, Stamp
from tests.far_crm import update


def waits(at_ms: int, *, event: str = "", place: int = 0, each: bool = False, **values: Json) -> Pending:
    """Give an update that happened then: ``waits(3, phone="B", metadata__plan="gold")``; its event is named ``e3``."""
    event = event or f"e{at_ms}"
    stamp = Stamp(at_ms, at_ms, place)
    return Pending(f"{at_ms:014d}.{place:02d}:{event}", stamp, event, update(each, **values))


def clock(**times: int) -> dict[str, tuple[Stamp, str]]:
    """Give a clock of registers that stand since then, set by the event ``e<time>``."""
    return {name.replace("__", "."): (Stamp(at_ms, at_ms), f"e{at_ms}") for name, at_ms in times.items()}
