"""Reads example events from files as the requests that a sender would make of them.

A file holds the body itself, or an object with ``_transport`` that says how it travels (``content_type``, ``method``,
``headers``), beside ``form`` (fields of a form post) or ``body`` (JSON, or text as it is).
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from relay.errors import CommandError
from relay.lead_fields import kind_of
from relay.model import Json
from relay.senders.forms import MULTIPART, URLENCODED
from relay.sending import About, Request

TRANSPORT = "_transport"
#: Ends the name of a file that holds no event: what its sender answers when it is asked for the rest of one.
ANSWERS = ".answers.json"
BOUNDARY = "-----relay-example"
#: A number from here on is a time in milliseconds.
MILLISECONDS_FROM = 100_000_000_000


@dataclass(frozen=True, slots=True)
class Example:
    """What an example's file holds."""

    #: JSON of the body, or the fields of a form.
    content: Json
    content_type: str
    headers: Mapping[str, str]
    method: str = "POST"

    @property
    def body(self) -> bytes:
        """The bytes that travel."""
        if isinstance(self.content, str):
            return self.content.encode()
        if not isinstance(self.content, Mapping) or not is_form_type(self.content_type):
            return json_text(self.content).encode()
        pairs = [(name, one) for name, value in self.content.items() for one in texts_of(value)]
        if self.content_type.startswith(URLENCODED):
            return urlencode(pairs).encode()
        from urllib3.filepost import encode_multipart_formdata  # noqa: PLC0415 -- slow to load, and seldom needed

        return encode_multipart_formdata(pairs, boundary=BOUNDARY)[0]

    def request(self, *, url: str, now_ms: int) -> Request:
        """Give the request, not signed yet."""
        multipart = self.content_type.startswith(MULTIPART)
        content_type = f"{MULTIPART}; boundary={BOUNDARY}" if multipart else self.content_type
        headers = {**self.headers, "content-type": content_type}
        return Request(headers=headers, body=self.body, received_ms=now_ms, method=self.method, url=url)


def is_form_type(content_type: str) -> bool:
    return content_type.startswith((URLENCODED, MULTIPART))


def texts_of(value: Json) -> list[str]:
    """Give what a form sends for a value: each item of a list, an object as JSON."""
    if isinstance(value, list):
        return [str(one) for one in value]
    return [json_text(value) if isinstance(value, Mapping) else str(value)]


def json_text(value: Json) -> str:
    """Write JSON as senders do, without blanks; orjson would refuse a number of more than 64 bits."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def first_example(hook_file: Path) -> Path:
    """Give the first event beside a hook file: ``rules/cotiza/*.json`` for ``rules/cotiza.yaml``."""
    found = examples(hook_file)
    if not found:
        folder = hook_file.with_suffix("")
        raise CommandError(f"{folder}: no example event there: put one in as a .json file, or name one with --file")
    return found[0]


def examples(hook_file: Path) -> list[Path]:
    """Give all of them, in the order of their names."""
    found = hook_file.with_suffix("").glob("*.json")
    return sorted(one for one in found if not one.name.endswith(ANSWERS))


def read_example(path: Path, about: About) -> Example:
    """Read a file. Raises CommandError that says what is wrong with it."""
    try:
        content: Json = orjson.loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path}: can't be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{path}:{error.lineno}: is not JSON: {error.msg}") from error
    return example_of(content, about)


def example_of(content: Json, about: About) -> Example:
    """Give the example that a file's JSON stands for. Raises CommandError."""
    if not isinstance(content, Mapping) or TRANSPORT not in content:
        return Example(content, about.content_type, {})
    transport = content[TRANSPORT]
    told: Mapping[str, Json] = transport if isinstance(transport, Mapping) else {}
    named = told.get("headers")
    headers = {str(name).lower(): str(one) for name, one in named.items()} if isinstance(named, Mapping) else {}
    content_type = told.get("content_type") or headers.get("content-type") or about.content_type
    rest = {name: value for name, value in content.items() if name != TRANSPORT}
    inner = next((rest[name] for name in ("form", "body") if name in rest), rest)
    if "form" in rest and not isinstance(inner, Mapping):
        raise CommandError(f"the file's form is {kind_of(inner)}: give an object with a value for each field")
    return Example(inner, str(content_type), headers, str(told.get("method") or "POST"))


def renewed(example: Example, about: About, *, now_ms: int) -> Example:
    """Give the same event as if it happened now, with an id of its own: a second sending is then no duplicate.

    Of a sender that gives its events no id, nothing is changed but their times.
    """
    content: Any = orjson.loads(orjson.dumps(example.content))
    content = with_new(content, about.ids, new_id)
    content = with_new(content, about.times, lambda old: new_time(old, now_ms))
    headers = {name: (str(new_id(value)) if name in about.ids else value) for name, value in example.headers.items()}
    return replace(example, content=content, headers=headers)


def with_new(content: Any, paths: Sequence[str], make: Callable[[Any], Json]) -> Any:
    """Give the content with a new value at each of these places; one that ends with ``+`` is added where it is not."""
    for path in paths:
        *way, last = path.removesuffix("+").split(".")
        for container in reached(content, way):
            if path.endswith("+") and isinstance(container, dict):
                container.setdefault(last, "")
            for key in keys_of(container, last):
                container[key] = make(container[key])
    return content


def reached(value: Any, way: Sequence[str]) -> Iterator[Any]:
    """Give every container that this way leads to; ``*`` stands for each item."""
    if not way:
        yield value
        return
    for key in keys_of(value, way[0]):
        yield from reached(value[key], way[1:])


def keys_of(container: Any, name: str) -> list[Any]:
    """Give the key of that name where it is there; each of a list's for ``*``."""
    if isinstance(container, list):
        return list(range(len(container))) if name == "*" else []
    return [name] if isinstance(container, dict) and name in container else []


def new_id(old: Json) -> Json:
    """Give a new id of the same kind: some senders' are numbers, some written as text."""
    if isinstance(old, int) or (isinstance(old, str) and old.isdecimal()):
        number = random.randrange(10**14, 10**15)  # noqa: S311 -- an example's id is no secret
        return number if isinstance(old, int) else str(number)
    return str(uuid.uuid4())


def new_time(old: Json, now_ms: int) -> Json:
    """Give now as the old time was written: seconds, milliseconds, or ISO text in UTC."""
    if isinstance(old, (int, float)):
        return now_ms if old >= MILLISECONDS_FROM else now_ms // 1000
    return datetime.fromtimestamp(now_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
