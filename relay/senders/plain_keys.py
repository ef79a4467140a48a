"""Beside keys that people typed, the names that rules can write for them."""

from __future__ import annotations

from collections.abc import Mapping

from relay.model import Json
from relay.spelling import plain

__all__ = ["plain", "with_plain_keys"]


def with_plain_keys(item: Mapping[str, Json]) -> dict[str, Json]:
    """Add to each key its plain spelling, where that is not taken: people type ``Teléfono``, rules say ``telefono``."""
    fields = dict(item)
    for key, value in item.items():
        fields.setdefault(plain(key) or key, value)
    return fields
