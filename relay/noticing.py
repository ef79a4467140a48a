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
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from relay.coverage import Marks, counted, marks_of
from relay.hooks import Hook
from relay.model import Event, Held, Json, Mapped, State
from relay.senders import adapter_of
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

log = logging.getLogger("relay")


class FormOf(NamedTuple):
    """Whose events look alike."""

    hook: str
    form: str
    kind: str


class Outline(NamedTuple):
    """The names that an event had, and the types of its values; of one that is empty None."""

    fields: tuple[str, ...]
    types: tuple[type | None, ...]
    hidden: tuple[str, ...]


class Outcome(NamedTuple):
    """What became of an event by the rules of its hook."""

    hook: str
    version: str
    held: tuple[Held, ...]
    #: Rules and registers.
    faults: tuple[tuple[str, str], ...]
    failed: bool


class Said(NamedTuple):
    """What the last event of a form said beside its names."""

    title: str
    at_ms: int
    questions: Questions | None


class Noticing:
    """What one process has noticed, and the store does not know yet. For any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._outlines: Counter[tuple[FormOf, Outline]] = Counter()
        self._last_ms: dict[FormOf, int] = {}
        self._said: dict[FormOf, Said] = {}
        self._outcomes: Counter[Outcome] = Counter()
        self._hooks: dict[tuple[str, str], tuple[Hook, Mapping[str, Marks]]] = {}
        self._once_forms = Once(self._take_forms, self._add_forms)
        self._once_outcomes = Once(self._take_outcomes, store.coverage.add)

    def note(self, hook: Hook, event: Event, mapped: Mapped, *, received_ms: int) -> None:
        """Note an event that was accepted and was none before. It is on the way of every event."""
        if event.test or event.fetch:
            return
        form = FormOf(hook.name, _text(event.form.get("id")), event.kind)
        outline = outline_of(event)
        failed = not mapped.held and mapped.state is State.DEAD
        faults = tuple([(one.rule, one.register) for one in mapped.faults]) if mapped.faults else ()
        outcome = Outcome(hook.name, hook.version, mapped.held, faults, failed)
        # What a form says of itself is the same in each of its events: one of each second is enough.
        said = None if form in self._said else said_by(hook, event, received_ms)
        with self._lock:
            if len(self._outlines) < MOST_ALIKE:
                self._outlines[form, outline] += 1
                self._last_ms[form] = received_ms
            if said is not None:
                self._said[form] = said
            if len(self._outcomes) < MOST_ALIKE:
                self._outcomes[outcome] += 1
            if (hook.name, hook.version) not in self._hooks:
                self._hooks[hook.name, hook.version] = (hook, marks_of(hook))

    def flush(self) -> None:
        """Tell the store what was noticed. Raises StoreError, and then nothing is lost."""
        self._once_forms.flush()
        self._once_outcomes.flush()

    def _take_forms(self) -> list[FormNoted] | None:
        with self._lock:
            outlines, self._outlines = self._outlines, Counter()
            last_ms, self._last_ms = self._last_ms, {}
            said, self._said = self._said, {}
        return list(gathered(outlines, last_ms, said)) or None

    def _add_forms(self, process: str, call: int, noted: list[FormNoted]) -> None:
        self._store.forms.add(process, call, noted, now_ms=time.time_ns() // 1_000_000)

    def _take_outcomes(self) -> Mapping[tuple[str, str], int] | None:
        with self._lock:
            outcomes, self._outcomes = self._outcomes, Counter()
            hooks, self._hooks = self._hooks, {}
        counts: Counter[tuple[str, str]] = Counter()
        for one, number in outcomes.items():
            hook, marks = hooks[one.hook, one.version]
            of_one = counted(hook, marks, held=one.held, faults=one.faults, failed=one.failed, number=number)
            for what, many in of_one:
                counts[hook.name, what] += many
        return counts or None


def outline_of(event: Event) -> Outline:
    fields = event.fields
    types = [value.__class__ if value or value.__class__ in NEVER_EMPTY else None for value in fields.values()]
    return Outline(tuple(fields), tuple(types), tuple(event.hidden))


def said_by(hook: Hook, event: Event, received_ms: int) -> Said:
    """Give what an event says of its form; never raises."""
    title = _text(event.form.get("title"))[:LONGEST_LABEL]
    try:
        sender = adapter_of(hook)
        questions = sender.questions(event) if isinstance(sender, Defining) else None
    except Exception as error:
        log.error("form.unreadable", extra={"hook": hook.name, "fault": type(error).__name__})
        questions = None
    return Said(title, received_ms if event.at_ms is None else min(event.at_ms, received_ms), questions)


def gathered(
    outlines: Mapping[tuple[FormOf, Outline], int], last_ms: Mapping[FormOf, int], said: Mapping[FormOf, Said]
) -> Iterator[FormNoted]:
    """Add up what was noted, by form."""
    events: Counter[FormOf] = Counter()
    names: dict[FormOf, dict[tuple[str, str], tuple[int, Counter[str]]]] = {}
    for (form, outline), number in outlines.items():
        events[form] += number
        known = names.setdefault(form, {})
        for part, key, kind in told(outline):
            seen, kinds = known.get((part, key), (0, Counter()))
            if kind:
                kinds[kind] += number
            known[part, key] = (seen + number, kinds)
    for form, number in events.items():
        title, at_ms, questions = said.get(form, Said("", 0, None))
        yield FormNoted(
            hook=form.hook,
            id=form.form,
            kind=form.kind[:LONGEST_NAME],
            title=title,
            events=number,
            received_ms=last_ms[form],
            # One more than is kept says that there are too many.
            names=dict(islice(names[form].items(), MOST_NAMES + 1)),
            questions=bounded(questions),
            at_ms=at_ms,
        )


def told(outline: Outline) -> Iterator[tuple[str, str, str]]:
    """Give part, name and kind of value of what may be kept; hidden names give no kind: they are always text."""
    for key, one in zip(outline.fields, outline.types, strict=True):
        if fit(key):
            yield FIELDS, key, KINDS.get(one, "") if one else ""
    yield from ((HIDDEN, key, "") for key in outline.hidden if fit(key))


def fit(name: str) -> bool:
    """Whether it can be the name of a question: whoever names a field by a person's e-mail or phone is not followed."""
    return 0 < len(name) <= LONGEST_NAME and "@" not in name and not name.lstrip().startswith("+")


def bounded(questions: Questions | None) -> Questions | None:
    if questions is None:
        return None
    kept = [
        Question(one.key, one.label[:LONGEST_LABEL], one.type[:LONGEST_NAME], one.id[:LONGEST_NAME])
        for one in questions.all
        if fit(one.key)
    ]
    return Questions(tuple(kept[:MOST_NAMES]), questions.complete)


def _text(value: Json) -> str:
    return value[:LONGEST_NAME] if isinstance(value, str) else "" if value is None else str(value)[:LONGEST_NAME]
