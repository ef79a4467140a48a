"""JSON that a customer's own template puts together: what a visitor types is pasted in as it is.

A line break or a tab in an answer makes such a body invalid, and its sender often sends it only once: those are mended.
A quote in an answer can't be, since nobody can say where the answer ends.
"""

from __future__ import annotations

import re

from relay.errors import BadBody
from relay.model import Json
from relay.senders.base import read_json

#: A text of JSON with its quotes; one that is never closed ends with the body, so that no byte is looked at twice.
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\Z)', re.DOTALL)
BREAKS = {b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}
BREAK = re.compile(rb"[\n\r\t]")


def read_hand_made(body: bytes) -> Json:
    """Read a body as JSON whose texts may hold line breaks and tabs. Raises BadBody, without quoting the body."""
    try:
        return read_json(body)
    except BadBody as error:
        mended = TEXT.sub(lambda text: BREAK.sub(lambda found: BREAKS[found[0]], text[0]), body)
        if mended == body:
            raise
        return read_again(mended, error)


def read_again(mended: bytes, first: BadBody) -> Json:
    """Read a mended body; what is wrong with it is told of the body as it came."""
    try:
        return read_json(mended)
    except BadBody:
        raise first from None
