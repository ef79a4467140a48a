"""Shows the line of a hook file that a problem is about, with a mark under the place.

Commands and pages ask for it; what may be a secret is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

from relay.errors import Problem

#: A key of the file itself, and those under which secrets are named.
KEY = re.compile(r"([\w.-]+)\s*:")
SECRET = re.compile(r"secr|token|pass|key", re.IGNORECASE)
#: What stands between punctuation in a line, and what the name of an environment variable looks like.
WORD = re.compile(r"[^\s\[\]{},:'\"-]+")
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
#: Characters of a long line that are shown around the place.
WIDEST = 110


def excerpt(problem: Problem, text: str) -> tuple[str, str] | None:
    """Give the line of the text and a line of marks under it; None where there is none to show."""
    lines = text.split("\n")
    if not problem.column or not 0 < problem.line <= len(lines) or may_hold_secret(lines[: problem.line]):
        return None
    line = lines[problem.line - 1].rstrip("\r")
    start = min(problem.column - 1, len(line))
    length = max(1, min(problem.length, len(line) - start))
    first = max(0, start - WIDEST // 2) if len(line) > WIDEST else 0
    shown = line[first : first + WIDEST]
    before, marked = line[first:start], shown[start - first : start - first + length]
    ends = ("\N{HORIZONTAL ELLIPSIS}" if first else "", "\N{HORIZONTAL ELLIPSIS}" if first + WIDEST < len(line) else "")
    marks = " " * (len(ends[0]) + cells(before)) + "^" * max(1, cells(marked))
    return printable(f"{ends[0]}{shown}{ends[1]}"), marks


def may_hold_secret(lines: Sequence[str]) -> bool:
    """Whether the last line is about secrets and holds more than names of environment variables: the secret itself."""
    key = next((found for line in reversed(lines) if (found := KEY.match(line))), None)
    if key is None or not SECRET.search(key[1]):
        return False
    held = lines[-1].removeprefix(key[0]).partition(" #")[0]
    return any(not NAME.fullmatch(word) for word in WORD.findall(held))


def cells(text: str) -> int:
    """Say how many columns of a terminal a text takes."""
    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def printable(text: str) -> str:
    """Show what a terminal would take as an order, or as a jump, as one blank."""
    return "".join(one if one.isprintable() else " " for one in text)
