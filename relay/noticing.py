"""Notices of each accepted event what its form looks like and which rules held, and tells the store every second.

The door calls ``note`` once the store has the event, so it costs a few microseconds and can't fail. Only names and
kinds of values are taken, never a value. A process that is killed takes its last second with it, and nothing else: what
the next event says of its form is as good.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from relay.coverage import Marks, counted, marks_of
from relay.hooks import Hook
from relay.model import Event, Held, Json, Mapped, State
from relay.senders import SENDERS
from relay.senders.base import Defining
from relay.shapes import FIELDS, HIDDEN, FormNoted, Question, Questions
from relay.store import Store
from relay.store.forms import MOST_NAMES
from relay.store.once import Once

#: Different sets of names, and different outcomes, that are kept apart between two calls of the store.
MOST_ALIKE = 512
LONGEST_NAME, LONGEST_LABEL = 120, 200
KINDS: dict[type, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "boolean",
    list: "list",
    dict: "object",
}
#: Values that are some, though they are false.
NEVER_EMPTY = frozenset((int, float, bool))

DEFINING = {name: sender for name, sender in SENDERS.items() if isinstance(sender, Defining)}

log = logging.getLogger("relay")


class FormOf(NamedTuple):
    """Whose events look alike."""

    hook: str
    form: str
    kind: str


class Alike(NamedTuple):
    """What an event looked like, and what became of it: those that are alike are counted, not kept."""

    hook: str
    form: str
    kind: str
    fields: tuple[str, ...]
    #: Types of the values of its fields; of one that is empty None.
    types: tuple[type | None, ...]
    hidden: tuple[str, ...]
    version: str
    held: tuple[Held, ...]
    #: Rules and registers of values that were held back.
    faults: tuple[tuple[str, str], ...]
    #: Whether the event failed as a whole.
    failed: bool


class Said(NamedTuple):
    """What an event said of its form beside its names."""

    title: str
    at_ms: int
    questions: Questions | None


@dataclass(slots=True)
class Seen:
    """How many events were alike, and when the door saw the last of them, in ms since 1970."""

    hook: Hook
    number: int
    received_ms: int


class Noted(NamedTuple):
    """What was noted between two calls of the store."""

    #: By the parts of Alike, and of FormOf, as plain tuples.
    alike: dict[tuple[Any, ...], Seen]
    #: The first event of each form, to be asked what it says of its form: it is the same in each of them.
    first: dict[tuple[Any, ...], tuple[Hook, Event, int]]


class Noticing:
    """What one process has noticed, and the store does not know yet. For any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._noted = Noted({}, {})
        #: What is to be told next.
        self._forms: list[FormNoted] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._tell_forms = Once(self._take_forms, self._add_forms)
        self._tell_counts = Once(self._take_counts, store.coverage.add)

    def note(self, hook: Hook, event: Event, mapped: Mapped, *, received_ms: int) -> None:
        """Note an event that was accepted and was none before. It is on the way of every event."""
        if event.test or event.fetch:
            return
        form = event.form.get("id")
        id = form if form.__class__ is str else _text(form)
        fields = event.fields
        alike = (
            hook.name,
            id,
            event.kind,
            tuple(fields),
            tuple([one.__class__ if one or one.__class__ in NEVER_EMPTY else None for one in fields.values()]),
            tuple(event.hidden),
            hook.version,
            mapped.held,
            tuple([(one.rule, one.register) for one in mapped.faults]) if mapped.faults else (),
            not mapped.held and mapped.state is State.DEAD,
        )
        of = alike[:3]
        with self._lock:
            noted = self._noted
            if of not in noted.first and len(noted.first) < MOST_ALIKE:
                noted.first[of] = (hook, event, received_ms)
            seen = noted.alike.get(alike)
            if seen is not None:
                seen.number += 1
                seen.received_ms = received_ms
            elif len(noted.alike) < MOST_ALIKE:
                noted.alike[alike] = Seen(hook, 1, received_ms)

    def flush(self) -> None:
        """Tell the store what was noticed. Raises StoreError, and then nothing is lost."""
        self._tell_forms.flush()
        self._tell_counts.flush()

    def _gather(self) -> None:
        """Add up what was noted since the last time."""
        with self._lock:
            noted, self._noted = self._noted, Noted({}, {})
        several = [(Alike(*one), seen) for one, seen in noted.alike.items()]
        said = {of: said_by(*one) for of, one in noted.first.items()}
        forms, counts = list(gathered(several, said)), counts_of(several)
        with self._lock:
            self._forms += forms
            self._counts.update(counts)

    def _take_forms(self) -> list[FormNoted] | None:
        self._gather()
        with self._lock:
            forms, self._forms = self._forms, []
        return forms or None

    def _add_forms(self, process: str, call: int, noted: list[FormNoted]) -> None:
        self._store.forms.add(process, call, noted, now_ms=time.time_ns() // 1_000_000)

    def _take_counts(self) -> Counter[tuple[str, str]] | None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts or None


def said_by(hook: Hook, event: Event, received_ms: int) -> Said:
    """Give what an event says of its form; never raises."""
    title = _text(event.form.get("title"))[:LONGEST_LABEL]
    try:
        sender = DEFINING.get(hook.sender)
        questions = sender.questions(event) if sender else None
    except Exception as error:
        log.error("form.unreadable", extra={"hook": hook.name, "fault": type(error).__name__})
        questions = None
    return Said(title, received_ms if event.at_ms is None else min(event.at_ms, received_ms), questions)


def counts_of(several: Iterable[tuple[Alike, Seen]]) -> Counter[tuple[str, str]]:
    """Give what is to be counted, by hook."""
    marks: dict[tuple[str, str], Mapping[str, Marks]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for one, seen in several:
        version = (one.hook, one.version)
        if version not in marks:
            marks[version] = marks_of(seen.hook)
        for what in counted(seen.hook, marks[version], held=one.held, faults=one.faults, failed=one.failed):
            counts[one.hook, what] += seen.number
    return counts


def gathered(several: Iterable[tuple[Alike, Seen]], said: Mapping[tuple[Any, ...], Said]) -> Iterator[FormNoted]:
    """Add up what was noted, by form."""
    events: Counter[FormOf] = Counter()
    names: dict[FormOf, dict[tuple[str, str], tuple[int, Counter[str]]]] = {}
    last_ms: dict[FormOf, int] = {}
    for one, alike in several:
        form, number = FormOf(*one[:3]), alike.number
        events[form] += number
        last_ms[form] = max(alike.received_ms, last_ms.get(form, 0))
        known = names.setdefault(form, {})
        for part, key, kind in told(one):
            seen, kinds = known.get((part, key), (0, Counter()))
            if kind:
                kinds[kind] += number
            known[part, key] = (seen + number, kinds)
    for form, number in events.items():
        title, at_ms, questions = said.get(form, Said("", 0, None))
        yield FormNoted(
            hook=form.hook,
            id=whole(form.form[:LONGEST_NAME]),
            kind=whole(form.kind[:LONGEST_NAME]),
            title=title,
            events=number,
            received_ms=last_ms[form],
            # One more than is kept says that there are too many.
            names=dict(islice(names[form].items(), MOST_NAMES + 1)),
            questions=bounded(questions),
            at_ms=at_ms,
        )


def told(one: Alike) -> Iterator[tuple[str, str, str]]:
    """Give part, name and kind of value of what may be kept; hidden names give no kind: they are always text."""
    for key, value in zip(one.fields, one.types, strict=True):
        if fit(key):
            yield FIELDS, key, KINDS.get(value, "") if value else ""
    yield from ((HIDDEN, key, "") for key in one.hidden if fit(key))


def fit(name: str) -> bool:
    """Whether it can be the name of a question: whoever names a field by a person's e-mail or phone is not followed."""
    return (
        0 < len(name) <= LONGEST_NAME and "@" not in name and not name.lstrip().startswith("+") and name == whole(name)
    )


def whole(text: str) -> str:
    """Give a text without half characters, which no store takes."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def bounded(questions: Questions | None) -> Questions | None:
    if questions is None:
        return None
    kept = [
        Question(
            one.key, whole(one.label[:LONGEST_LABEL]), whole(one.type[:LONGEST_NAME]), whole(one.id[:LONGEST_NAME])
        )
        for one in questions.all
        if fit(one.key)
    ]
    return Questions(tuple(kept[:MOST_NAMES]), questions.complete)


def _text(value: Json) -> str:
    return "" if value is None else whole(str(value)[:LONGEST_NAME])
