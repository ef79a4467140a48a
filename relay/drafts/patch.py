"""The difference of two texts of a hook file: as rows for a page, and as a patch that ``git apply`` takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

from relay.drafts.files import RuleFile

#: Lines around a change that are shown.
AROUND = 3
NO_END = "\\ No newline at end of file\n"
#: What must be quoted in the name of a file in a patch.
ODD = re.compile(r'[\x00-\x1f"\\\x7f]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a difference."""

    #: '' where it is the same in both, '-' where it is gone, '+' where it is new.
    sign: str
    text: str
    #: Its number in the old text and in the new one; 0 where it is not in it.
    old: int = 0
    new: int = 0
    #: Whether it is the last of its text, and no line end stands behind it.
    open: bool = False


#: Lines that belong together: a change and what stands around it.
Hunk = Sequence[Row]


def hunks(old: str, new: str) -> list[Hunk]:
    """Give the changes that make the new text of the old one; none where they are the same."""
    ours, theirs = lines_of(old), lines_of(new)
    groups = SequenceMatcher(None, ours, theirs).get_grouped_opcodes(AROUND)
    found = [[row for code in group for row in rows(code, ours, theirs)] for group in groups]
    return [hunk for hunk in found if any(row.sign for row in hunk)]


def rows(code: tuple[str, int, int, int, int], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[Row]:
    tag, first, last, start, end = code
    if tag == "equal":
        for place in range(last - first):
            yield row("", ours[first + place], old=first + place + 1, new=start + place + 1)
        return
    yield from (row("-", ours[place], old=place + 1) for place in range(first, last))
    yield from (row("+", theirs[place], new=place + 1) for place in range(start, end))


def row(sign: str, line: str, *, old: int = 0, new: int = 0) -> Row:
    return Row(sign=sign, text=line.removesuffix("\n"), old=old, new=new, open=not line.endswith("\n"))


def measure(some: Iterable[Hunk]) -> str:
    """Say how many lines are new and how many are gone: ``+3 -1``."""
    signs = [row.sign for hunk in some for row in hunk]
    return " ".join(f"{shown}{signs.count(sign)}" for sign, shown in (("+", "+"), ("-", "-")) if sign in signs)


def patch(file: RuleFile, text: str) -> bytes:
    """Write what makes this text of a file, as ``git apply`` and ``patch -p1`` take it; empty where nothing changes."""
    name = path_in_patch(file.path)
    before = "/dev/null" if file.content is None else quoted(f"a/{name}")
    # Bytes that are no UTF-8 go through as they are.
    old, new = ((one or b"").decode(errors="surrogateescape") for one in (file.content, file.written(text)))
    lines = unified_diff(lines_of(old), lines_of(new), before, quoted(f"b/{name}"), n=AROUND)
    whole = "".join(line if line.endswith("\n") else f"{line}\n{NO_END}" for line in lines)
    return whole.encode(errors="surrogateescape")


def lines_of(text: str) -> list[str]:
    """Cut behind line feeds alone, as diff does, and keep these."""
    return [line for line in re.split(r"(?<=\n)", text) if line]


def path_in_patch(path: Path) -> str:
    """Name a file from the folder that the relay was started in; one that is elsewhere by its own folder and name."""
    here, whole = Path.cwd(), path.absolute()
    parts = whole.relative_to(here).parts if whole.is_relative_to(here) else whole.parts[-2:]
    return "/".join(parts)


def quoted(name: str) -> str:
    """Write a name as git does: an odd one in quotes, and one with a blank with a tab behind it."""
    if ODD.search(name):
        written = ODD.sub(lambda found: f"\\{found[0]}" if found[0] in '"\\' else f"\\{ord(found[0]):03o}", name)
        return f'"{written}"'
    return f"{name}\t" if " " in name else name
