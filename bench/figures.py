"""A figure is one number with its aim and the floor it was measured against; here they become a table and JSON."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row of the table: the median of its runs."""

    name: str
    runs: Sequence[float]
    #: None for a figure that is shown beside another one and has no aim of its own.
    aim: float | None
    #: Whether more is better.
    more: bool
    #: What it was measured against, in words.
    floor: str
    #: Numbers behind it: absolute rates, sizes of runs.
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def value(self) -> float:
        return statistics.median(self.runs)

    @property
    def passed(self) -> bool:
        return self.aim is None or (self.value >= self.aim if self.more else self.value <= self.aim)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What gives some figures in one go."""

    names: tuple[str, ...]
    #: Takes whether to be quick.
    run: Callable[[bool], list[Figure]]


def ratios(ours: Sequence[float], floor: Sequence[float]) -> list[float]:
    """Give the ratio of each pair; both were measured one right after the other."""
    return [one / other for one, other in zip(ours, floor, strict=True)]


def medians(**runs: Sequence[float]) -> dict[str, float]:
    return {name: round(statistics.median(values), 3) for name, values in runs.items()}


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table(title="Lead Relay, measured on this machine")
    table.add_column("name", no_wrap=True)
    for heading in ("figure", "aim", "min to max", "runs"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("measured against")
    for one in figures:
        colour = "green" if one.passed else "red"
        aim = "" if one.aim is None else f"{'>=' if one.more else '<='} {short(one.aim)}"
        spread = f"{short(min(one.runs))} to {short(max(one.runs))}" if len(one.runs) > 1 else ""
        figure = f"[{colour}]{short(one.value)}[/]"
        table.add_row(one.name, figure, aim, spread, str(len(one.runs)), one.floor)
    console.print(table)
    for one in figures:
        if one.details:
            numbers = ", ".join(f"{name} {short(number)}" for name, number in one.details.items())
            console.print(f"[dim]{one.name}: {numbers}[/]")


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write ``{name: number}``, and under ``details`` what stands behind each."""
    numbers: dict[str, object] = {one.name: one.value for one in figures}
    details = {one.name: {"runs": list(one.runs), "aim": one.aim, **one.details} for one in figures}
    path.write_bytes(orjson.dumps({**numbers, "details": details}, option=orjson.OPT_INDENT_2) + b"\n")


def short(number: float) -> str:
    """Write a number with three digits that matter, and whole numbers whole."""
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3g}"
