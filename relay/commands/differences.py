"""How a backtest looks to a person: a sentence of the whole, then hook by hook, field by field, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from relay.backtest import Condition, HookReport, Kind, Report
from relay.backtest.coverage import Counts
from relay.backtest.report import FieldCount, Told
from relay.backtest.words import BAD, WORDS
from relay.commands.follow import shown
from relay.commands.screen import counted, errors, out
from relay.commands.tables import Cell, Column, fitting
from relay.hooks import Hook

FIELDS = (
    Column(name="field"),
    *(Column(name=kind.value, right=True) for kind in Kind),
    Column(name="old -> new", least=20, folds=True),
    Column(name="event", spare=1),
)
RULES = (Column(name="rule", least=10), *(Column(name=name, right=True) for name in ("held", "gave a value")))


def show(report: Report, *, old: Mapping[str, Hook], new: Mapping[str, Hook]) -> None:
    """Print all of it. ``old`` and ``new`` are the hooks of both sides; no ``old`` where records are looked at."""
    if not report.events and not report.without_rules:
        return
    out.print(Text(sentence(report), "bold"))
    for one in report.by_weight():
        if not one.unchanged:
            show_hook(one)
    for line in of_the_others(report, old, new):
        out.print(Text(line, "dim"))


def sentence(report: Report) -> str:
    """Say the whole: ``12,340 events, 3 hooks: 12,300 the same, 31 change, 9 no longer mapped``."""
    parts = [
        (report.same, "the same"),
        (report.only_change, "change"),
        (report.count("no_longer_mapped"), "no longer mapped"),
        (report.count("newly_mapped"), "newly mapped"),
    ]
    events, hooks = counted(report.events, "event"), counted(len(report.hooks), "hook")
    told = [f"{number:,} {words}" for number, words in parts if number]
    return f"{events}, {hooks}: {', '.join(told) or 'nothing'}"


def show_hook(one: HookReport) -> None:
    before = "as mapped" if one.as_mapped else one.old_version or "no rules"
    versions = f"{before} -> {one.new_version or 'no rules'}"
    out.print()
    out.print(Text(f"{one.hook} ({versions}): {counted(one.events, 'event')}, {one.same:,} the same", "bold"))
    for metric, words in WORDS.items():
        if told := one.metrics.get(metric):
            out.print(Text(f"  {told.count:>6,}  {words}{among(told)}", "red" if metric in BAD else ""))
    for title, some in (("ends", one.ends), ("why", one.whys), ("new fault", one.new_faults)):
        for words, told in by_count(some):
            out.print(f"  {told.count:>6,}  {title}: {words}{among(told)}")
    for words, told in by_count(one.gone_faults):
        out.print(f"  {told.count:>6,}  gone fault: {words}")
    for event, before, after in one.leads:
        out.print(f"          lead of {event}: {before} -> {after}")
    if one.fields:
        out.print(fitting(FIELDS, list(field_rows(one))))
    if one.rules:
        out.print(fitting(RULES, list(rule_rows(one))))


def among(told: Told) -> str:
    return f" ({', '.join(told.events)}{', ...' if told.count > len(told.events) else ''})" if told.events else ""


def by_count(some: Mapping[str, Told]) -> list[tuple[str, Told]]:
    return sorted(some.items(), key=lambda pair: -pair[1].count)


def field_rows(one: HookReport) -> Iterator[list[Cell]]:
    for register, count in sorted(one.fields.items(), key=lambda pair: -pair[1].counts.total()):
        numbers = [f"{count.counts[kind]:,}" if count.counts[kind] else "" for kind in Kind]
        first, *more = list(example_cells(count)) or [["", ""]]
        yield [register, *numbers, *first]
        yield from (["", *[""] * len(numbers), *cells] for cells in more)


def example_cells(count: FieldCount) -> Iterator[list[Cell]]:
    for kind in Kind:
        for one in count.of(kind):
            old = "" if kind is Kind.GAINED else shown(one.old)
            new = "(left out)" if kind is Kind.LOST else shown(one.new)
            names = " -> ".join(name for name in (one.old_rule, one.new_rule) if name)
            rules = f"  [{names}]" if one.old_rule != one.new_rule else ""
            times = f"  x {one.times:,}" if one.times > 1 else ""
            yield [f"{old or '(nothing)'} -> {new}{times}{rules}", one.event]


def rule_rows(one: HookReport) -> Iterator[list[Cell]]:
    for name, count in one.rules.items():
        old = count.new if one.as_mapped else count.old
        held, gave = (told_counts(old, count.new, place) for place in (0, 1))
        never = count.new is not None and not count.new.held
        yield [Text(name, "yellow" if never else ""), held, gave]


def told_counts(old: Counts | None, new: Counts | None, place: int) -> str:
    """Write ``120 -> 98``, one number where they are the same, and ``-`` where the rule is not there."""
    was, now = ("-" if one is None else f"{one[place]:,}" for one in (old, new))
    return now if was == now else f"{was} -> {now}"


def of_the_others(report: Report, old: Mapping[str, Hook], new: Mapping[str, Hook]) -> Iterator[str]:
    """Say of what there is nothing to show: hooks that are the same, or only on one side, or on none."""
    same = [one for one in report.hooks.values() if one.unchanged]
    if same:
        names = ", ".join(sorted(one.hook for one in same))
        yield f"the same rules on both sides, not mapped: {names} ({counted(sum(one.events for one in same), 'event')})"
    if report.without_rules:
        names = ", ".join(sorted(report.without_rules))
        yield f"no rules on either side: {names} ({counted(report.without_rules.total(), 'event')}, not counted)"
    quiet = sorted(set(new) - set(old) - set(report.hooks)) if old else []
    if quiet:
        yield f"new, without an event yet: {', '.join(quiet)}"
    if gone := sorted(set(old) - set(new)):
        yield f"without rules on the new side: {', '.join(gone)}"


def show_conditions(conditions: Sequence[Condition], report: Report) -> None:
    """Say which conditions hold, on the error stream, and which do not."""
    for one in conditions:
        if one.holds(report):
            errors.print(Text(f"fails: {one.told(report)}", "red"))
        else:
            out.print(Text(f"passes: {one.told(report)}", "green"))
