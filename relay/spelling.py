"""Names that rules can write for keys that people typed: a label is a question, with capitals, accents and marks."""

from __future__ import annotations

import re
from unicodedata import combining, normalize

WORD = re.compile(r"\w+")


def plain(key: str) -> str:
    """Give a key as a name that a rule can write, ``¿Qué día?`` as ``que_dia``."""
    bare = key.strip().lower()
    if not bare.isascii():
        bare = "".join(letter for letter in normalize("NFKD", bare) if not combining(letter))
    return "_".join(WORD.findall(bare))
