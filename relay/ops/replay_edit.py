"""The form in which a person edits what an event sends: one line for each field, by its type, and a few empty ones.

What comes back is read into values by register, with a fault beside each line that can't be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from relay.lead_fields import FIELDS, NULLABLE
from relay.model import METADATA, Json, Registers, StoredEvent
from relay.replay.edit import fault_in
from relay.texts import N_

#: What a line may do with its field; 'clear' is there for fields that may be null.
TEXT, NUMBER, TRUTH, CLEAR, OUT = "text", "number", "yes or no", "clear", "out"
WHATS = {
    TEXT: N_("text"),
    NUMBER: N_("number"),
    TRUTH: N_("true or false"),
    CLEAR: N_("clear the field"),
    OUT: N_("leave it out"),
}
#: Lines for keys under metadata that are not there yet.
EMPTY = 2
TRUTHS = {"true": True, "yes": True, "sí": True, "si": True, "1": True, "false": False, "no": False, "0": False}
NO_NUMBER = N_("is not a number: write 3200 or 12.5")
NO_TRUTH = N_("write true or false")
TWICE = N_("is there twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field in the form."""

    #: Its place: of the update, and within it.
    key: str
    #: The field; under metadata only the key where ``own``, '' where it is still to be named.
    register: str
    what: str
    value: str
    #: Whether a person put it in, so that its name may be changed too.
    own: bool = False
    #: 'field' for a line where one of the lead's own fields is chosen, 'key' for one under metadata.
    adds: str = ""
    fault: str = ""

    @property
    def whats(self) -> dict[str, str]:
        """What can be done with it."""
        core = self.adds == "field" or self.register in FIELDS
        none = {NUMBER, TRUTH} if core else {CLEAR}
        if self.register in FIELDS and not NULLABLE[self.register]:
            none |= {CLEAR}
        return {what: said for what, said in WHATS.items() if what not in none}


def form_of(event: StoredEvent) -> list[list[Line]]:
    """Give the lines of an event's updates as they are, each with empty ones behind them."""
    updates = [update.set for update in event.updates] or [{}]
    return [[*_lines(place, values), *_empty(place, values)] for place, values in enumerate(updates)]


def _lines(place: int, values: Registers) -> Iterator[Line]:
    for number, (register, value) in enumerate(values.items()):
        what, text = _said(value)
        yield Line(key=f"{place}-{number}", register=register, what=what, value=text)


def _said(value: Json) -> tuple[str, str]:
    if value is None:
        return CLEAR, ""
    if isinstance(value, bool):
        return TRUTH, "true" if value else "false"
    return (NUMBER, str(value)) if isinstance(value, (int, float)) else (TEXT, str(value))


def _empty(place: int, values: Registers) -> Iterator[Line]:
    if any(field not in values for field in FIELDS):
        yield Line(key=f"{place}-field", register="", what=TEXT, value="", own=True, adds="field")
    for number in range(EMPTY):
        yield Line(key=f"{place}-key{number}", register="", what=TEXT, value="", own=True, adds="key")


def read(event: StoredEvent, form: MultiDict[str, str]) -> tuple[list[list[Line]], list[Registers]]:
    """Read a form that came back: its lines, with a fault beside each bad one, and the values of each update."""
    filled = [[_filled(line, form) for line in lines] for lines in form_of(event)]
    told: list[list[Line]] = []
    wanted: list[Registers] = []
    for lines in filled:
        values: dict[str, Json] = {}
        told.append([_judged(line, values) for line in lines])
        wanted.append(values)
    return told, wanted


def faulty(lines: Sequence[Sequence[Line]]) -> bool:
    return any(line.fault for some in lines for line in some)


def _filled(line: Line, form: Mapping[str, str]) -> Line:
    register = form.get(f"r-{line.key}", "").strip() if line.own else line.register
    what = form.get(f"w-{line.key}", line.what)
    value = form.get(f"v-{line.key}", "").replace("\r\n", "\n")
    return replace(line, register=register, what=what if what in WHATS else TEXT, value=value)


def _judged(line: Line, values: dict[str, Json]) -> Line:
    """Put a line's value among the others, or give the line with what is wrong with it."""
    if line.what == OUT or (line.own and not line.register and not line.value.strip()):
        return line
    register = METADATA + line.register if line.adds == "key" else line.register
    value, fault = _value(line)
    fault = fault or (TWICE if register in values else "") or _without(register, fault_in(register, value) or "")
    if not fault:
        values[register] = value
    return replace(line, fault=fault)


def _without(register: str, fault: str) -> str:
    """Leave out the name of the field, which stands beside it."""
    return fault.removeprefix(f"{register} ")


def _value(line: Line) -> tuple[Json, str]:
    """Give a line's value, or what is wrong with it."""
    text = line.value.strip()
    if line.what == CLEAR:
        return None, ""
    if line.what == TRUTH:
        return (TRUTHS[text.lower()], "") if text.lower() in TRUTHS else (None, NO_TRUTH)
    if line.what == NUMBER:
        return _number(text)
    return line.value, ""


def _number(text: str) -> tuple[Json, str]:
    try:
        return int(text), ""
    except ValueError:
        pass
    try:
        return float(text), ""
    except ValueError:
        return None, NO_NUMBER
