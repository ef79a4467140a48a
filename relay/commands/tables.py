"""Tables that fit the screen: where it is narrow, columns are shortened, and those that say least are left out.

A row stays a row: what is shortened ends in an ellipsis, and only columns made for long words go on below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.table import Table
from rich.text import Text

from relay.commands.screen import out

#: In the name of a column: its cells are times.
WHEN = "<when>"
#: Between two columns.
GAP = 2

Cell: TypeAlias = "str | Text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, and what becomes of it where there is little room."""

    name: str
    #: It may become as narrow as this; 0 for one that is kept whole.
    least: int = 0
    #: Those with the greatest number are left out first; 0 for one that never is.
    spare: int = 0
    #: Whether its words go on below, instead of being cut.
    folds: bool = False
    right: bool = False


def fitting(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, width: int = 0, title: str = "") -> Table:
    """Give a table that is no wider than the screen, or than ``width``, as far as its columns allow."""
    texts = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    names = [_named(column) for column in columns]
    wide = [max([len(name), *(_wide(row[place]) for row in texts)]) for place, name in enumerate(names)]
    room = width or out.width
    places = _kept(columns, wide, [any(row[place].plain for row in texts) for place in range(len(columns))], room)
    widths = _shared([columns[place] for place in places], [wide[place] for place in places], room)
    table = Table(box=None, pad_edge=False, header_style="bold", title=title or None, title_justify="left")
    for place, at_most in zip(places, widths, strict=True):
        one = columns[place]
        table.add_column(
            names[place],
            width=at_most,
            no_wrap=not one.folds,
            overflow="fold" if one.folds else "ellipsis",
            justify="right" if one.right else "left",
        )
    for row in texts:
        table.add_row(*(row[place] for place in places))
    return table


def _named(column: Column) -> str:
    """Give a column's name; that of times names their zone too."""
    if WHEN not in column.name:
        return column.name
    from relay.commands.asking import zone  # noqa: PLC0415 -- slow to load, for tables without times

    return column.name.replace(WHEN, zone())


def _wide(text: Text) -> int:
    return max((line.cell_len for line in text.split("\n")), default=0)


def _kept(columns: Sequence[Column], wide: Sequence[int], said: Sequence[bool], room: int) -> list[int]:
    """Give the places of the columns that are shown: first those go that say nothing, then the least needed."""
    places = list(range(len(columns)))
    least = [min(width, one.least or width) for one, width in zip(columns, wide, strict=True)]
    order = sorted(places, key=lambda place: (said[place], -columns[place].spare))
    for place in order:
        if sum(least[one] + GAP for one in places) - GAP <= room:
            break
        if columns[place].spare:
            places.remove(place)
    return places


def _shared(columns: Sequence[Column], wide: Sequence[int], room: int) -> list[int]:
    """Give each column its width: where all have too little, the widest of those that give way gives way first."""
    widths = list(wide)
    over = sum(widths) + GAP * (len(widths) - 1) - room
    while over > 0:
        giving = [place for place, one in enumerate(columns) if one.least and widths[place] > one.least]
        if not giving:
            break
        widths[max(giving, key=lambda place: widths[place])] -= 1
        over -= 1
    return widths
