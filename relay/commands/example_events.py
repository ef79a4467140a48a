"""Example events from files, made new before they are sent: a second sending must not be a duplicate of the first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import orjson

from relay.errors import CommandError
from relay.model import Json

FORM = "application/x-www-form-urlencoded"


class Example(NamedTuple):
    """A body as a sender would send it."""

    body: bytes
    content_type: str


def first_example(hook_file: Path) -> Path:
    """Give the first event beside a hook file: ``rules/cotiza/*.json`` for ``rules/cotiza.yaml``."""
    folder = hook_file.with_suffix("")
    found = sorted(folder.glob("*.json"))
    if not found:
        raise CommandError(f"{folder}: no example event there: put one in as a .json file, or name one with --file")
    return found[0]


def read(path: Path) -> Json:
    """Read an event's file. Raises CommandError."""
    try:
        content: Json = orjson.loads(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path}: can't be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{path}:{error.lineno}: is not JSON: {error.msg}") from error
    return content


def example(content: Json, *, sender: str, content_type: str, as_is: bool = False) -> Example:
    """Give the body that stands for a file's content; with a ``_transport``, its ``form`` is sent as a form post."""
    form = content.get("form") if isinstance(content, Mapping) and "_transport" in content else None
    event = content if form is None else form
    event = event if as_is else renewed(event, sender)
    if form is None:
        return Example(orjson.dumps(event), content_type)
    if not isinstance(event, Mapping):
        raise CommandError("the file's form is not an object: give a value for each field")
    return Example(urlencode(event, doseq=True).encode(), FORM)


def renewed(content: Json, sender: str) -> Json:
    """Give the same event as if it happened now, with an id of its own; of a sender we can't tell, as it is."""
    renew = RENEW.get(sender)
    return renew(content) if renew else content


def new_response(content: Json) -> Json:
    """Typeform: the token is the response's id, and it is submitted now."""
    if not isinstance(content, Mapping) or not isinstance(response := content.get("form_response"), Mapping):
        return content
    # Typeform writes whole seconds; events sent within one keep their order by the milliseconds.
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fresh = {**response, "token": uuid.uuid4().hex, "submitted_at": now}
    return {**content, "event_id": uuid.uuid4().hex, "form_response": fresh}


def new_zap(content: Json) -> Json:
    """Zapier: the id is the one that the Zap maps, ``event_id``; a list holds one event in each item."""
    if isinstance(content, Mapping):
        return {**content, "event_id": uuid.uuid4().hex}
    return [new_zap(one) for one in content] if isinstance(content, list) else content


RENEW: Mapping[str, Callable[[Json], Json]] = {"typeform": new_response, "zapier": new_zap}
