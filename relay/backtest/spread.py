"""Spreads a backtest over the cores of a machine: each process maps pages of events, one adds their reports up.

The processes are forks, so that they have the compiled rules; each opens a connection of its own to Redis.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import NamedTuple

from relay.backtest.report import Report
from relay.backtest.run import Backtest
from relay.errors import CommandError
from relay.store import Store

#: Fewer pages than these are not worth another process.
FEW = 4
#: Pages that wait for each process, so that none is ever idle.
AHEAD = 2


class Work(NamedTuple):
    """What every process has, from the moment at which it was forked."""

    store: Store
    backtest: Backtest


_work: list[Work] = []


def cores() -> int:
    """Give the cores that this process may use; one where it can't be forked."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(store: Store, backtest: Backtest, pages: Iterator[list[str]], *, jobs: int) -> Generator[Report, None, None]:
    """Give the report of each page of events, in the order of the pages.

    Where it is left before its end, what is in hand is forgotten. Raises StoreError, and CommandError where one of the
    processes is killed.
    """
    first = list(islice(pages, FEW))
    rest = chain(first, pages)
    if jobs < 2 or len(first) < FEW:
        yield from (backtest.look(store.events.events(page)) for page in rest)
        return
    _work[:] = [Work(store, backtest)]
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), initializer=_begin)
    try:
        yield from _in_order(pool, rest, ahead=jobs * AHEAD)
    except BrokenProcessPool as error:
        words = "one of its processes was killed, for memory most likely: let fewer of them run, as with --jobs 1"
        raise CommandError(words) from error
    finally:
        pool.shutdown(cancel_futures=True)
        _work.clear()


def _in_order(pool: ProcessPoolExecutor, pages: Iterator[list[str]], *, ahead: int) -> Iterator[Report]:
    waiting: deque[Future[Report]] = deque()
    for page in pages:
        waiting.append(pool.submit(_look, page))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _begin() -> None:
    """Leave Ctrl-C to the process that adds up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _look(page: list[str]) -> Report:
    store, backtest = _work[0]
    return backtest.look(store.events.events(page))
