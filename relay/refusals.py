"""Requests that the door refused: those that were refused alike as one, with what to do about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from relay import cures
from relay.grouping import gist
from relay.hooks import Hook
from relay.model import Json, Line
from relay.senders import ABOUT
from relay.store.events import Rejection
from relay.telling import times


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Requests that one hook refused alike."""

    #: The newest, and when the oldest came.
    last: Rejection
    first_ms: int
    number: int
    kind: str
    #: The words of the refusal, with … for what differs.
    words: str
    cure: Line


def gist_of(one: Rejection) -> str:
    return gist(one.words, quotes=False)


def cure_of(one: Rejection, hooks: Mapping[str, Hook]) -> Line:
    """Say what to do about a refused request."""
    hook = hooks.get(one.hook)
    return cures.cure_of(one.status, one.words, about=ABOUT[hook.sender] if hook else None, hook=hook)


def kind_of(one: Rejection) -> str:
    return cures.kind_of(one.status, one.words).kind


def fitting(  # noqa: PLR0913 -- the parts of a filter
    found: Iterable[Rejection],
    *,
    hook: str = "",
    words: str = "",
    since_ms: int | None = None,
    until_ms: int | None = None,
    say: Callable[[str], str] = str,
) -> list[Rejection]:
    """Give those that are meant; ``words`` may be those of a refusal, or its gist, also as ``say`` says them."""
    return [
        one
        for one in found
        if hook in ("", one.hook)
        and (since_ms is None or one.at_ms >= since_ms)
        and (until_ms is None or one.at_ms < until_ms)
        and _has_words(one, words, say)
    ]


def _has_words(one: Rejection, words: str, say: Callable[[str], str]) -> bool:
    gist = gist_of(one)
    return words in ("", gist, say(gist)) or any(words.lower() in text.lower() for text in (one.words, say(one.words)))


def refusals(found: Iterable[Rejection], hooks: Mapping[str, Hook]) -> list[Refusals]:
    """Put together what was refused alike, the most frequent first. ``found`` has the newest first."""
    alike: dict[tuple[str, int, str], list[Rejection]] = {}
    for one in found:
        alike.setdefault((one.hook, one.status, gist_of(one)), []).append(one)
    groups = [
        Refusals(
            last=some[0],
            first_ms=some[-1].at_ms,
            number=len(some),
            kind=kind_of(some[0]),
            words=words,
            cure=cure_of(some[0], hooks),
        )
        for (_, _, words), some in alike.items()
    ]
    return sorted(groups, key=lambda one: -one.number)


def refusals_json(one: Refusals) -> dict[str, Json]:
    return {
        "hook": one.last.hook,
        "status": one.last.status,
        "words": one.words,
        "kind": one.kind,
        "cure": str(one.cure),
        "requests": one.number,
        **times("first", one.first_ms),
        **times("last", one.last.at_ms),
    }


def rejection_json(one: Rejection, hooks: Mapping[str, Hook]) -> dict[str, Json]:
    return {
        **times("at", one.at_ms),
        "hook": one.hook,
        "status": one.status,
        "words": one.words,
        "size": one.size,
        "kind": kind_of(one),
        "cure": str(cure_of(one, hooks)),
    }
