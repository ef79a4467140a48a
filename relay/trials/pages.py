"""The recorded file: written as a person reads it and a diff shows it, and read again with the line of each value.

What is written is always written the same way, so that a file that says the same needs not be read at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from relay.model import METADATA, Json
from relay.rulebook import yaml_reading
from relay.rulebook.yaml_nodes import scalar_of
from relay.rulebook.yaml_reading import BadYaml, Items, Node, Scalar
from relay.trials.running import iso, ms_of

#: Where a value stands: ``('events', 0, 'update', 'first_name')``.
Path: TypeAlias = "tuple[str | int, ...]"

ENDING = ".expected.yaml"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Text that means itself without quotes, wherever it stands.
PLAIN = re.compile(r"[^\W\d_](?:[\w.,()/+@%&!?¡¿'-]| (?=\S))*")
WORDS_OF_YAML = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
RECEIVED = re.compile(r"^received: *([^\s#]+)", re.MULTILINE)
MOST_NESTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A recorded file as it was read."""

    received_ms: int
    #: As ``Ran.page`` gives it.
    page: Mapping[str, Json]
    #: Line of each value, and of each object and list.
    lines: Mapping[Path, int] = field(default_factory=dict)


class Unreadable(Exception):
    """A recorded file that says nothing; the text says why."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


def written(page: Mapping[str, Json], *, hook: str, example: str, received_ms: int) -> str:
    """Write a whole file."""
    head = (
        f"# What the rules of {hook} make of {example}: 'relay test {hook}' holds them to it,\n"
        f"# 'relay test --record {hook}' writes it anew. It counts as received at this time:\n"
        f"received: {iso(received_ms)}\n"
    )
    return head + "".join(f"{line}\n" for line in lines_for(page))


def lines_for(value: Mapping[str, Json], indent: str = "") -> Iterator[str]:
    """Write an object, a line for each value."""
    for key, one in value.items():
        name = f"{indent}{scalar(key)}:"
        if isinstance(one, Mapping) and one:
            yield name
            yield from lines_for(one, indent + "  ")
        elif isinstance(one, list) and one:
            yield name
            yield from items_for(one, indent + "  ")
        else:
            yield f"{name} {scalar(one)}"


def items_for(items: Sequence[Json], indent: str) -> Iterator[str]:
    for one in items:
        if isinstance(one, Mapping) and one:
            first, *others = lines_for(one, indent + "  ")
            yield f"{indent}- {first.strip()}"
            yield from others
        else:
            yield f"{indent}- {scalar(one)}"


def scalar(value: Json) -> str:
    """Write one value so that YAML reads it as what it is."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = UUID.fullmatch(value) or (PLAIN.fullmatch(value) and value.lower() not in WORDS_OF_YAML)
    return value if plain else UNPRINTABLE.sub(escaped, json.dumps(value, ensure_ascii=False))


def escaped(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def received_in(text: str) -> int:
    """Read when the example counts as received. Raises Unreadable."""
    found = RECEIVED.search(text)
    try:
        return ms_of(found[1].strip("'\"")) if found else missing_time()
    except (ValueError, OverflowError) as error:
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise Unreadable(line, "'received' must be a time, as in 2026-11-26T03:00:00Z") from error


def missing_time() -> int:
    raise ValueError("there is none")


def read(text: str) -> Expectation:
    """Read a recorded file. Raises Unreadable."""
    received_ms = received_in(text)
    try:
        node = yaml_reading.read(text)
    except BadYaml as error:
        raise Unreadable(error.line or 1, f"is not YAML: {error}") from error
    lines: dict[Path, int] = {}
    page = None if node is None else value_of(node, (), lines)
    if not isinstance(page, dict) or not (isinstance(page.get("events"), list) or "refused" in page):
        raise Unreadable(1, "must be an object with 'received' and a list of 'events'")
    page.pop("received")
    return Expectation(received_ms=received_ms, page=page, lines=lines)


def value_of(node: Node, path: Path, lines: dict[Path, int]) -> Json:
    """Give a node's value, and note the lines of all in it. Raises Unreadable."""
    if len(path) > MOST_NESTED:
        raise Unreadable(node.start.line + 1, "is nested too deeply")
    lines.setdefault(path, node.start.line + 1)
    if isinstance(node, Scalar):
        return scalar_of(node)
    if isinstance(node, Items):
        return [value_of(one, (*path, place), lines) for place, one in enumerate(node.items)]
    told: dict[str, Json] = {}
    for key, one in node.pairs:
        name = key.text if isinstance(key, Scalar) else ""
        if name in told:
            raise Unreadable(key.start.line + 1, f"has the key {name!r} twice")
        lines[*path, name] = key.start.line + 1
        told[name] = value_of(one, (*path, name), lines)
    return told


def leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Give every single value with its place; an empty object or list is one."""
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list) and value:
        for place, one in enumerate(value):
            yield from leaves(one, (*path, place))
    else:
        yield path, value


def register_of(path: Path) -> str:
    """Give the register that a place within an update is; empty where it is none."""
    match path:
        case ("update", "metadata", str() as key, *_):
            return METADATA + key
        case ("update", str() as name, *_):
            return name
    return ""
