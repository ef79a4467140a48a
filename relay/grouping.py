"""Which failures look alike, so that a person reads one line for hundreds of them. Pure; decides nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from relay.lead_fields import FIELDS
from relay.model import METADATA, Fault, Reason

GAP = "…"
UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
EMAIL = r"[^\s@\"'<>,;:()]+@[^\s@\"'<>,;:()]+"
NUMBER = r"\+?\d[\d.,:()\- ]*\d|\d"
#: What differs from one event to the next. Numbers that are part of a word (``rules/a2.yaml:14``) are kept.
VARIES = re.compile(rf"{UUID}|{EMAIL}|(?<![\w/.:-])(?:{NUMBER})(?![\w/])")
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”")
HELD_BACK = "value held back"
LONGEST = 200


def gist(words: str, *, quotes: bool) -> str:
    """Give words without what differs between events: ids, addresses, numbers; where ``quotes``, quoted text too."""
    if quotes:
        words = QUOTED.sub(GAP, words)
    return VARIES.sub(GAP, words)[:LONGEST]


def field_in(words: str, registers: Iterable[str]) -> str:
    """Find which field the CRM's words are about: one of those sent, else any core field; empty where none is named."""
    for register in (*sorted(registers, key=len, reverse=True), *FIELDS):
        named = re.escape(register.removeprefix(METADATA))
        if re.search(rf"(?<!\w){named}(?!\w)", words):
            return register
    return ""


def gist_of(reason: Reason) -> str:
    """Give the gist of a reason. In an answer of the far side quoted text is a value; in our own words it is a name."""
    return gist(reason.words, quotes=reason.status > 0)


def reason_of(faults: Iterable[Fault]) -> Reason | None:
    """Give the first fault as a reason, by which events that went on without a value are grouped."""
    for fault in faults:
        return Reason(kind=HELD_BACK, words=fault.words, field=fault.register or fault.rule)
    return None
