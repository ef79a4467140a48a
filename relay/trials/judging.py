"""Holds what the rules make of the examples against what was recorded: which field, which rule, which line.

``relay test`` shows all of it; ``problems`` gives it to ``relay check``, one for each example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest
from pathlib import Path

from relay.errors import CommandError, Problem
from relay.hooks import Hook
from relay.model import Json
from relay.senders.examples import examples
from relay.trials import pages
from relay.trials.pages import ENDING, Expectation, Unreadable, register_of
from relay.trials.reasons import Reasons
from relay.trials.running import Ran, ran_example

#: Stands for the whole of one that is gone, or new.
AN_EVENT = "an event"


class Standing(str, Enum):
    """How an example stands to what was recorded of it."""

    AS_RECORDED = "as recorded"
    DIFFERS = "differs"
    #: Nothing was recorded of it.
    NOT_RECORDED = "not recorded"
    #: The recorded file has no example.
    NO_EXAMPLE = "no example"
    #: The example, or the recorded file, can't be read.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One value that is another than was recorded."""

    #: As a person calls it: ``metadata.utm_source``, ``lead``, ``event 2, first_name``.
    what: str
    #: ``...`` where there is none.
    recorded: object
    made: object
    #: Of the recorded file: where the value stands, or that in which it is missing.
    line: int
    #: The rule that sets it now, or the last that could, with its line in the hook file; '' and 0 where there is none.
    rule: str = ""
    rule_line: int = 0
    #: Why nothing came of it.
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One example, or one recorded file, and how they stand to each other."""

    hook: Hook
    example: Path
    recorded: Path
    standing: Standing
    deviations: tuple[Deviation, ...] = ()
    #: Why it can't be read, and the line of the recorded file.
    words: str = ""
    line: int = 0
    #: What was made of the example; None where it can't be read.
    ran: Ran | None = None

    @property
    def failed(self) -> bool:
        return self.standing not in (Standing.AS_RECORDED, Standing.NOT_RECORDED)


def recorded_for(example: Path) -> Path:
    return example.with_name(example.name.removesuffix(".json") + ENDING)


def judged(hook: Hook, *, now_ms: int) -> Iterator[Verdict]:
    """Judge every example of a hook, and every recorded file without one. What is not recorded came at ``now_ms``."""
    file = Path(hook.file)
    found = examples(file)
    for example in found:
        yield judged_example(hook, example, now_ms=now_ms)
    known = {recorded_for(example) for example in found}
    for recorded in sorted(file.with_suffix("").glob(f"*{ENDING}")):
        if recorded not in known:
            example = recorded.with_name(recorded.name.removesuffix(ENDING) + ".json")
            words = f"there is no example {example.name} beside it: put it back, or remove this file"
            yield Verdict(
                hook=hook, example=example, recorded=recorded, standing=Standing.NO_EXAMPLE, words=words, line=1
            )


def judged_example(hook: Hook, example: Path, *, now_ms: int) -> Verdict:
    """Run one example, and hold it to its recorded file, if it has one."""
    recorded = recorded_for(example)
    verdict = Verdict(hook=hook, example=example, recorded=recorded, standing=Standing.AS_RECORDED)
    fault: Unreadable | None = None
    text, received_ms = "", now_ms
    try:
        text = text_in(recorded)
        received_ms = pages.received_in(text) if text else now_ms
    except Unreadable as error:
        fault = error
    try:
        verdict = replace(verdict, ran=ran_example(hook, example, received_ms=received_ms))
        return held(verdict, text, fault)
    except CommandError as error:
        return replace(verdict, standing=Standing.UNREADABLE, words=str(error), line=1)


def held(verdict: Verdict, text: str, fault: Unreadable | None) -> Verdict:
    """Hold what was made of an example to the text of its recorded file."""
    assert verdict.ran is not None
    try:
        if fault is not None:
            raise fault
        if not text:
            return replace(verdict, standing=Standing.NOT_RECORDED)
        if text == text_of(verdict.ran, verdict.example):
            return verdict
        deviations = tuple(deviating(pages.read(text), verdict.ran))
    except Unreadable as error:
        return replace(verdict, standing=Standing.UNREADABLE, words=str(error), line=error.line)
    return replace(verdict, standing=Standing.DIFFERS, deviations=deviations) if deviations else verdict


def text_in(recorded: Path) -> str:
    """Read a recorded file; empty where there is none. Raises Unreadable."""
    try:
        return recorded.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        words = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"can't be read: {error.strerror}"
        raise Unreadable(1, words) from error


def same(one: Json, other: Json) -> bool:
    """Whether two pages, or parts of them, say the same in the same order."""
    pairs = zip_longest(pages.leaves(one), pages.leaves(other), fillvalue=((), ...))
    return all(path == place and alike(left, right) for (path, left), (place, right) in pairs)


def text_of(ran: Ran, example: Path) -> str:
    """Write what was made of an example as its recorded file."""
    return pages.written(ran.page, hook=ran.hook.name, example=example.name, received_ms=ran.received_ms)


def deviating(expected: Expectation, ran: Ran) -> Iterator[Deviation]:
    """Give every value that is another than was recorded, in the order in which they stand there."""
    old, new = dict(pages.leaves(expected.page)), dict(pages.leaves(ran.page))
    reasons = Reasons(ran)
    were, are = number_of_events(expected.page), number_of_events(ran.page)
    several = max(were, are) > 1
    yield from whole_events(were, are, expected)
    for path in dict.fromkeys((*old, *new)):
        recorded, made = old.get(path, ...), new.get(path, ...)
        if (
            alike(recorded, made)
            or beyond(path, min(were, are))
            or hollow(recorded, path, new)
            or hollow(made, path, old)
        ):
            continue
        rule, line, words = reasons.of(path)
        yield Deviation(
            what=called(path, several=several),
            recorded=recorded,
            made=made,
            line=line_near(path, expected.lines),
            rule=rule,
            rule_line=line,
            words="" if made is not ... else words,
        )


def whole_events(were: int, are: int, expected: Expectation) -> Iterator[Deviation]:
    """Tell of each event that is gone, or new, once."""
    for place in range(min(were, are), max(were, are)):
        recorded, made = (AN_EVENT, ...) if place < were else (..., AN_EVENT)
        line = line_near(("events", place), expected.lines)
        yield Deviation(what=f"event {place + 1}", recorded=recorded, made=made, line=line)


def beyond(path: pages.Path, events: int) -> bool:
    """Whether a place is in an event that only one of the two has, or is the list of them."""
    return path[:1] == ("events",) and (len(path) == 1 or int(path[1]) >= events)


def number_of_events(page: Mapping[str, Json]) -> int:
    events = page.get("events")
    return len(events) if isinstance(events, list) else 0


def alike(one: object, other: object) -> bool:
    """Whether two values are the same, for JSON too: 1 is no true, and 3 is 3.0."""
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    both = numbers and not isinstance(one, bool) and not isinstance(other, bool)
    return one == other and (both or type(one) is type(other))


def hollow(value: object, path: pages.Path, others: Mapping[pages.Path, Json]) -> bool:
    """Whether a place is empty here, or not there, and full there: what it is full of is told instead."""
    return value in ({}, [], ...) and any(other[: len(path)] == path != other for other in others)


def line_near(path: pages.Path, lines: Mapping[pages.Path, int]) -> int:
    """Give the line of a value, or of the nearest thing around it that is there."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def called(path: pages.Path, *, several: bool) -> str:
    """Name a place as a person does."""
    if path[:1] != ("events",) or len(path) < 2:
        return str(path[0])
    event, rest = f"event {int(path[1]) + 1}", path[2:]
    before = [event] if several else []
    if rest[:1] == ("updates",) and len(rest) > 1:
        before.append(f"update {int(rest[1]) + 1}")
        rest = rest[2:]
    register = register_of(rest)
    inner = rest[len(register.split(".", 1)) + 1 :] if register else rest
    name = " ".join(
        [*([register] if register else []), *(str(one if isinstance(one, str) else one + 1) for one in inner)]
    )
    return ", ".join([*before, *([name] if name else [])]) or event


def problems(hooks: Iterable[Hook]) -> list[Problem]:
    """Give one problem for each example that differs from its recorded file, and for each that has none to it."""
    return [problem_of(one) for hook in hooks for one in judged(hook, now_ms=0) if one.failed]


def problem_of(verdict: Verdict) -> Problem:
    file = verdict.recorded.as_posix()
    if not verdict.deviations:
        return Problem(file=file, line=verdict.line, words=verdict.words)
    first, *others = verdict.deviations
    rule = f" (rule {first.rule!r}, line {first.rule_line} of {Path(verdict.hook.file).name})" if first.rule else ""
    more = f"; {len(others)} more" if others else ""
    words = f"{verdict.example.name} is no longer mapped as recorded: {first.what} {turned(first)}{rule}{more}"
    hint = f"see relay test {verdict.hook.name}"
    return Problem(file=file, line=first.line, words=f"{words}; {hint}")


def turned(one: Deviation) -> str:
    """Say what became of a value, without the value: it may be a person's."""
    if one.made is ...:
        return f"is gone, {one.words}" if one.words else "is gone"
    return "is new" if one.recorded is ... else "is another"
