"""Names that rules can write for keys that people typed: a label is a question, with capitals, accents and marks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from unicodedata import combining, normalize

from relay.model import Json

WORD = re.compile(r"\w+")


def with_plain_keys(item: Mapping[str, Json]) -> dict[str, Json]:
    """Add to each key its plain spelling, where that is not taken: people type ``Teléfono``, rules say ``telefono``."""
    fields = dict(item)
    for key, value in item.items():
        fields.setdefault(plain(key) or key, value)
    return fields


def plain(key: str) -> str:
    """Give a key as a name that a rule can write, ``¿Qué día?`` as ``que_dia``."""
    bare = key.strip().lower()
    if not bare.isascii():
        bare = "".join(letter for letter in normalize("NFKD", bare) if not combining(letter))
    return "_".join(WORD.findall(bare))
