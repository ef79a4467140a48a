"""Reads a file of leads, line by line: which lead each is, what it is known by, and what is wrong with the line.

``relay leads import`` calls it. It holds one line at a time, so a file may be of any length. No word that it says of a
line holds a value.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from relay.errors import CommandError, ExpressionError
from relay.expressions import readings
from relay.identities import KINDS, name_of
from relay.lead_fields import EMAIL, is_uuid
from relay.model import Name
from relay.senders.plain_keys import plain

DELIMITERS = (",", ";", "\t")
#: Columns of the lead's id, the first that is there.
IDS = ("lead_id", "id")
CHUNK = 1 << 20
COLUMNS = "name the columns in its first line: lead_id, and phone, email or external_id"


class Row(NamedTuple):
    """One line of the file."""

    line: int
    #: In lower case; empty where there is none.
    lead: str
    names: tuple[Name, ...]
    #: What is wrong, without the value.
    faults: tuple[str, ...]


class Header(NamedTuple):
    """Where the columns stand that count."""

    delimiter: str
    width: int
    id: int
    names: Mapping[str, int]


def check_text(path: Path) -> None:
    """See that the whole file is UTF-8, before anything of it is learnt. Raises CommandError."""
    decoder, lines = codecs.getincrementaldecoder("utf-8")(), 1
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
                lines += chunk.count(b"\n")
            decoder.decode(b"", final=True)
    except OSError as error:
        raise CommandError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: from line {lines} on it is not UTF-8; save it as CSV in UTF-8") from error


def rows_of(path: Path, region: str, *, passed: Callable[[int], None] = lambda _: None) -> Iterator[Row]:
    """Give every line that is not blank; ``passed`` is told how many bytes are read. Raises CommandError."""
    with path.open("rb") as raw, codecs.getreader("utf-8-sig")(raw) as text:
        header = header_of(path, text)
        for line, cells in records(path, text, header.delimiter):
            yield row_of(line, cells, header, region)
            passed(raw.tell())


def header_of(path: Path, text: TextIO | codecs.StreamReader) -> Header:
    """Read the first line, by the delimiter that makes most of it. Raises CommandError."""
    first = text.readline()
    parted = {one: [plain(cell) for cell in next(csv.reader([first], delimiter=one), [])] for one in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda one: sum(cell in (*IDS, *KINDS) for cell in parted[one]))
    cells = parted[delimiter]
    id = next((cells.index(name) for name in IDS if name in cells), None)
    names = {kind: cells.index(kind) for kind in KINDS if kind in cells}
    if id is None or not names:
        raise CommandError(f"{path}: {'is empty' if not first else 'lacks columns'}; {COLUMNS}")
    if twice := [name for name in (*IDS, *KINDS) if cells.count(name) > 1]:
        raise CommandError(f"{path}: has the column {twice[0]} twice; leave one out")
    return Header(delimiter, len(cells), id, names)


def records(path: Path, text: TextIO | codecs.StreamReader, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each line after the first, with its number. Raises CommandError."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 2
    try:
        for cells in reader:
            if any(map(str.strip, cells)):
                yield line, cells
            line = reader.line_num + 2
    except csv.Error as error:
        raise CommandError(
            f"{path}: line {line}: is no CSV: {error}; mend it and import the whole file again, which does no harm"
        ) from error


def row_of(line: int, cells: Sequence[str], header: Header, region: str) -> Row:
    if len(cells) > header.width:
        return Row(line, "", (), (f"has {len(cells)} cells under {header.width} columns",))
    lead = cell(cells, header.id).lower()
    given = {kind: text for kind, place in header.names.items() if (text := cell(cells, place))}
    names, faults = read_names(given, region)
    if not is_uuid(lead):
        faults.insert(0, "its lead_id is no UUID" if lead else "it has no lead_id")
    if not given:
        faults.append(f"it has no {' and no '.join(header.names)}")
    return Row(line, lead, tuple(names), tuple(faults))


def cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def read_names(given: Mapping[str, str], region: str) -> tuple[list[Name], list[str]]:
    """Read what a lead is known by, and say what of it can't be read."""
    names, faults = [], []
    for kind, text in given.items():
        try:
            name = name_of(kind, readings.phone(" ".join(text.split()), region) if kind == "phone" else text)
        except ExpressionError as error:
            faults.append(f"its phone {error}")
            continue
        if name is None or (kind == "email" and not EMAIL.fullmatch(name.value)):
            faults.append("its email is not an e-mail address" if kind == "email" else f"its {kind} is too long")
        else:
            names.append(name)
    return names, faults
