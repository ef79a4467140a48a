"""Tables that fit a narrow screen."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from relay.commands.lead import FIELDS
from relay.commands.tables import Column, fitting
from relay.commands.told import EVENTS, HAPPENINGS

ID, LEAD = "b3yu4jpyjyrynynfvi4a", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
WHEN = "2026-11-23 14:30:00"
LONG = "campaign_id: not found among the campaigns of this account, ask who keeps them"


def lines(columns: tuple[Column, ...], row: list[str], *, width: int) -> list[str]:
    screen = Console(file=io.StringIO(), width=width, soft_wrap=True, highlight=False)
    screen.print(fitting(columns, [row], width=width))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("width", [80, 100, 120, 240])
@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (EVENTS, [WHEN, ID, "cotiza", "superseded", "lead not found", LEAD, LONG]),
        (HAPPENINGS, [WHEN, LONG, ID, "cotiza", LONG]),
        (FIELDS, ["metadata.utm_campaign", LONG, LONG, LONG, "contact details", ID, "cotiza", WHEN]),
    ],
)
def test_no_line_is_wider_than_the_screen_and_an_id_is_never_cut(
    columns: tuple[Column, ...], row: list[str], width: int
) -> None:
    shown = lines(columns, row, width=width)

    assert max(map(len, shown)) <= width
    assert ID in "".join(shown) or columns is FIELDS


def test_where_there_is_room_nothing_is_cut_or_left_out() -> None:
    row = [WHEN, ID, "cotiza", "dead", "refused", LEAD, LONG]

    header, line = lines(EVENTS, row, width=240)

    assert header.split() == ["received", header.split()[1], "event", "hook", "state", "kind", "lead", "why"]
    assert all(cell in line for cell in row)


def test_on_a_narrow_screen_a_row_is_one_line_and_what_says_least_goes_first() -> None:
    header, line = lines(EVENTS, [WHEN, ID, "cotiza", "dead", "refused", LEAD, LONG], width=80)

    assert header.split()[2:] == ["event", "hook", "state", "why"]
    assert line.startswith(f"{WHEN}  {ID}  cotiza  dead   campaign_id")
    assert line.endswith("…")


def test_a_column_that_says_nothing_goes_before_one_that_does() -> None:
    columns = (
        Column(name="a"),
        Column(name="empty", spare=1),
        Column(name="b", spare=9),
    )

    shown = lines(columns, ["x" * 10, "", "y" * 10], width=24)

    assert shown == ["a           b", f"{'x' * 10}  {'y' * 10}"]


def test_a_column_that_is_never_left_out_stays_however_narrow_the_screen() -> None:
    bare = tuple(replace(one, spare=0) for one in EVENTS[:2])

    assert len(lines(bare, [WHEN, ID], width=20)[0]) <= 20
