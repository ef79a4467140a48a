"""Goes through stored events and holds what two sets of hook files make of each side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from relay.backtest.coverage import Coverage, Memo, alike
from relay.backtest.difference import Made, difference
from relay.backtest.report import EXAMPLES, HookReport, Report
from relay.backtest.stored import Reading, as_it_stands
from relay.finding import Filter
from relay.finding.filters import fits, fits_header
from relay.finding.walking import walk
from relay.hooks import Hook
from relay.model import StoredEvent
from relay.store import Store
from relay.store.events import Header

PAGE = 500
#: Events between two looks at the clock, where there is a limit of time.
STEP = 25


class Sides:
    """The hook files of one hook, old and new; without ``old`` the events are held against their records."""

    def __init__(self, old: Hook | None, new: Hook | None, *, as_mapped: bool) -> None:
        self.as_mapped = as_mapped
        self.unchanged = not as_mapped and old is not None and new is not None and old.version == new.version
        self._memo: Memo | None = {} if old and new and not as_mapped and alike(old, new) else None
        self.old = Coverage(old, self._memo) if old and not as_mapped else None
        self.new = Coverage(new, self._memo) if new else None
        self._versions = (old.version if old and not as_mapped else "", new.version if new else "")

    def report(self, hook: str) -> HookReport:
        old, new = self._versions
        return HookReport(
            hook=hook, old_version=old, new_version=new, as_mapped=self.as_mapped, unchanged=self.unchanged
        )

    @property
    def empty(self) -> bool:
        return self.new is None and (self.old is None or self.as_mapped)

    def made(self, stored: StoredEvent) -> tuple[Made, Made]:
        reading = Reading(stored)
        if self._memo is not None:
            self._memo.clear()
        new = reading.by(self.new.hook if self.new else None)
        old = as_it_stands(stored, new) if self.as_mapped else reading.by(self.old.hook if self.old else None)
        return old, new


class Backtest:
    """Two sets of hook files, and what they make of events, one page of them at a time."""

    def __init__(
        self,
        old: Mapping[str, Hook],
        new: Mapping[str, Hook],
        *,
        as_mapped: bool = False,
        most: int = EXAMPLES,
    ) -> None:
        self._old, self._new, self._as_mapped, self._most = old, new, as_mapped, most
        self._sides: dict[str, Sides] = {}

    def sides(self, hook: str) -> Sides:
        if hook not in self._sides:
            self._sides[hook] = Sides(self._old.get(hook), self._new.get(hook), as_mapped=self._as_mapped)
        return self._sides[hook]

    def maps(self, hook: str) -> bool:
        """Whether events of this hook are to be read at all."""
        sides = self.sides(hook)
        return not (sides.unchanged or sides.empty)

    def empty(self) -> Report:
        return Report(most=self._most)

    def passed(self, hook: str, report: Report) -> None:
        """Count an event of a hook for which nothing is mapped."""
        if self.sides(hook).empty:
            report.without_rules[hook] += 1
        else:
            self._about(hook, report).events += 1

    def look(self, events: Iterable[StoredEvent]) -> Report:
        """Map these events by both sides; gives what differs."""
        report = self.empty()
        for stored in events:
            if not self.maps(stored.hook):
                self.passed(stored.hook, report)
                continue
            self._about(stored.hook, report)
            old, new = self.sides(stored.hook).made(stored)
            report.add(difference(old, new, hook=stored.hook, event=stored.id))
        for hook, sides in self._sides.items():
            if hook in report.hooks and not sides.unchanged:
                report.cover(hook, sides.old, sides.new)
        return report

    def _about(self, hook: str, report: Report) -> HookReport:
        if hook not in report.hooks:
            sides = self.sides(hook)
            report.hooks[hook] = sides.report(hook)
        return report.hooks[hook]


def run(  # noqa: PLR0913 -- what there is to say of a small backtest
    store: Store,
    old: Hook | None,
    new: Hook | None,
    chosen: Sequence[str] | Filter,
    *,
    limit: int = PAGE,
    until: float | None = None,
    as_mapped: bool = False,
    most: int = EXAMPLES,
) -> Report:
    """Hold two versions of one hook file side by side on so many events, those named or the newest that a filter finds.

    It ends at ``until``, of the monotonic clock, too; ``Report.more`` says whether there may be further events. With
    ``as_mapped`` the events' records are held against ``new``, and ``old`` is not looked at. Raises StoreError.
    """
    name = next((one.name for one in (new, old) if one is not None), "")
    hooks = [{name: one} if one else {} for one in (old, new)]
    backtest = Backtest(*hooks, as_mapped=as_mapped, most=most)
    report = backtest.empty()
    rest = iter(chosen if not isinstance(chosen, Filter) else ids_of(store, replace(chosen, hook=name)))
    ids = islice(rest, limit)
    while page := list(islice(ids, STEP)):
        report.merge(backtest.look(one for one in store.events.events(page) if one.hook == name))
        if until is not None and time.monotonic() >= until:
            break
    report.more = next(rest, None) is not None
    return report


def ids_of(store: Store, wanted: Filter) -> Iterator[str]:
    """Give the ids of the events that a filter finds, newest first, reading no more than is asked for."""
    for page in pages(store, wanted):
        yield from page


def pages(
    store: Store,
    wanted: Filter,
    *,
    hooks: Sequence[str] = (),
    limit: int = 0,
    passed: Callable[[str], bool] = lambda _: False,
) -> Iterator[list[str]]:
    """Give the ids of the events that a filter finds, newest first, page by page.

    Of ``hooks``, where some are named, alone; no more than ``limit``, where that is not 0. ``passed`` hears of the hook
    of each, and says whether its record need not be read; those are left out.
    """
    headers = (step.header for step in walk(store, wanted))
    headers = (one for one in headers if fits_header(one, wanted) and (not hooks or one.hook in hooks))
    found = _fitting(store, wanted, headers) if wanted.reads_records else ((one.id, one.hook) for one in headers)
    ids = (id for id, hook in islice(found, limit or None) if not passed(hook))
    while page := list(islice(ids, PAGE)):
        yield page


def _fitting(store: Store, wanted: Filter, headers: Iterator[Header]) -> Iterator[tuple[str, str]]:
    """Leave out what whole records say is not meant; gives ids and hooks."""
    while page := list(islice(headers, PAGE)):
        yield from ((one.id, one.hook) for one in store.events.events([it.id for it in page]) if fits(one, wanted))
