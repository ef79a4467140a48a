"""The nouns of what forms look like: their questions, the names that their events had, and the versions of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

#: The parts of an event whose names are a form's own.
FIELDS, HIDDEN = "fields", "hidden"


class Question(NamedTuple):
    """One question, as its form says it."""

    #: The name under which its answer stands in ``fields``.
    key: str
    #: What the visitor reads.
    label: str = ""
    #: The sender's word for its type: ``short_text``.
    type: str = ""
    #: What the sender knows it by, also when its key and its label are changed.
    id: str = ""


class Questions(NamedTuple):
    """What an event says of its form's questions beside the answers."""

    all: tuple[Question, ...]
    #: Whether these are all questions of the form, so that one that is not here is not in the form.
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSeen:
    """One kind of value that a name had: ``text``, ``number``, ``boolean``, ``list`` or ``object``."""

    number: int
    #: Places, among all values of the name, of its first and last one of this kind.
    first: int
    last: int
    #: When the first one came, in ms since 1970.
    first_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSeen:
    """One name that events of a form had."""

    #: ``fields`` or ``hidden``.
    part: str
    key: str
    #: How many events had it, of how many that came from the first to the last of them; 0 where none had it yet.
    number: int
    of: int
    #: How many events came since, without it.
    absent: int
    #: When the first and the last event came that had it, or its question, in ms since 1970.
    first_ms: int
    last_ms: int
    #: Values that were not empty.
    values: int = 0
    kinds: Mapping[str, KindSeen] = field(default_factory=dict)
    label: str = ""
    type: str = ""
    question: str = ""
    #: Whether the form's own definition has it; None where no definition ever had it.
    defined: bool | None = None

    @property
    def name(self) -> str:
        """The name as rules write it, as far as it can be written with points."""
        return f"{self.part}.{self.key}" if self.key.isidentifier() else f"{self.part}[{self.key!r}]"


class Shown(NamedTuple):
    """One name of a version of a form."""

    part: str
    key: str
    label: str
    #: The sender's word for its type, else the kinds of its values.
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormVersion:
    """What a form looked like for a while."""

    #: First eight hex digits of a hash over its names.
    version: str
    first_ms: int
    last_ms: int
    names: tuple[Shown, ...]
    #: Whether so few events were seen that names may still be missing.
    learning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """All that is known of what events of one form, and of one kind, look like."""

    hook: str
    #: The sender's id of the form; empty where the sender has none.
    id: str
    #: The sender's word for what happened.
    kind: str
    title: str
    #: Events that were looked at.
    events: int
    first_ms: int
    last_ms: int
    names: tuple[NameSeen, ...]
    #: Whether it had more names than are remembered: then they are no questions of a form, and nothing is said of them.
    crowded: bool = False
    #: The last one last.
    versions: tuple[FormVersion, ...] = ()


class FormNoted(NamedTuple):
    """What a process saw of one form since it last told the store."""

    hook: str
    id: str
    kind: str
    title: str
    events: int
    #: When the door saw the last of them, in ms since 1970.
    received_ms: int
    #: Names, with their part before them, by how many had each, and how many had a value of each kind.
    names: Mapping[tuple[str, str], tuple[int, Mapping[str, int]]]
    #: What the event that happened last said of its questions, and when it happened; None where none said anything.
    questions: Questions | None = None
    at_ms: int = 0


class Meant(NamedTuple):
    """That a person said of a change of a form that it is meant."""

    who: str
    at_ms: int
    why: str
