"""Writes recorded files anew where they differ; what has not changed stays byte for byte, with a person's remarks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from relay.errors import CommandError
from relay.model import Json
from relay.trials import pages
from relay.trials.judging import Standing, Verdict, same, text_of
from relay.trials.pages import Expectation, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What became of one recorded file."""

    verdict: Verdict
    #: ``new``, ``changed`` or ``unchanged``; ``left`` where there is no example that can be read.
    done: str


def record(verdict: Verdict) -> Recorded:
    """Write what was made of an example. Raises CommandError where the file can't be written."""
    if verdict.standing is Standing.AS_RECORDED:
        return Recorded(verdict=verdict, done="unchanged")
    if verdict.ran is None:
        return Recorded(verdict=verdict, done="left")
    try:
        verdict.recorded.write_text(anew(verdict), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{verdict.recorded.as_posix()}: can't be written: {error.strerror}") from error
    return Recorded(verdict=verdict, done="new" if verdict.standing is Standing.NOT_RECORDED else "changed")


def anew(verdict: Verdict) -> str:
    """Give the text of a file: that of before as far as it says the same."""
    assert verdict.ran is not None
    page, whole = verdict.ran.page, text_of(verdict.ran, verdict.example)
    if verdict.standing is not Standing.DIFFERS:
        return whole
    before = verdict.recorded.read_text(encoding="utf-8")
    with suppress(Unreadable):
        text = "".join(patched(before, pages.read(before), events_of(page)))
        if same(pages.read(text).page, page):
            return text
    return whole


def events_of(page: object) -> list[Json]:
    events = page.get("events") if isinstance(page, dict) else None
    return events if isinstance(events, list) else []


def patched(before: str, old: Expectation, events: list[Json]) -> Iterator[str]:
    """Give the text of before with those events that differ written anew; only reading it shows whether they fit in."""
    lines, were = before.splitlines(keepends=True), events_of(old.page)
    starts = [old.lines["events", place] - 1 for place in range(len(were))]
    if not starts:
        return
    yield from lines[: starts[0]]
    for place, event in enumerate(events):
        if place < len(were) and same(were[place], event):
            yield from lines[starts[place] : [*starts, len(lines)][place + 1]]
        else:
            yield from (f"{line}\n" for line in pages.items_for([event], "  "))
